# mypy: disable-error-code="empty-body"
# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
"""Large answers are parsed in pieces, others go on meanwhile, and what takes too much is refused unparsed."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc
from typing import TYPE_CHECKING, Annotated, cast

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from alianza_async.calls.call import Call, Operation, OperationClass, Reply
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.endpoints.large_bodies import AnswerLimits, PieceError, parse_large
from alianza_async.endpoints.models import ReadModel
from alianza_async.errors import ResponseShapeError, ResponseTooLargeError
from tests.fakes import ScriptedTransport, answer, scripted
from tests.hosts import Host, session_on
from tests.raw_server import http, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.transports.choice import TransportName

MIB = 1024 * 1024
OPERATION = Operation("listThings", "GET", "/v2/thing", OperationClass.SAFE)


class Thing(ReadModel):
    """What is listed."""

    id: int | None = None
    display_name: str | None = None


class ThingPage(ReadModel):
    """A page of it."""

    total_records: int | None = None
    all_results: list[Thing] | None = None
    few: list[int] | None = None


class Things(Resource):
    """A resource with lists."""

    @declare.get("/v2/thing", operation_id="listThings")
    async def list(self) -> list[Thing]:
        """List things."""
        ...

    @declare.get("/v2/page", operation_id="pageThings")
    async def page(self) -> ThingPage:
        """List things in an envelope."""
        ...


THINGS: list[dict[str, object]] = [
    {"id": i, "displayName": f"Thing no. {i} [of], {{many}}", "other": [{"i": i}]} for i in range(5000)
]


class Parser:
    """Parses as an operation does, and notes what it was given.

    Args:
        kind: What the operation answers.
    """

    def __init__(self, kind: object) -> None:
        adapter: TypeAdapter[object] = TypeAdapter(cast("type[object]", kind))
        self._parse: Callable[[bytes], object] = adapter.validator.validate_json
        self.sizes: list[int] = []

    def __call__(self, body: bytes) -> object:
        """Parse a body."""
        self.sizes.append(len(body))
        return self._parse(body)

    async def large(self, body: bytes, limits: AnswerLimits | None = None) -> object:
        """Parse a large body."""
        call = Call(OPERATION, "/v2/thing", {}, parse=self)
        reply: Reply[object] = Reply(200, {}, body, 0.1, "1-1", None)
        return await parse_large(call, reply, limits or AnswerLimits())

    def direct(self, body: bytes) -> object:
        """Parse a body at once."""
        return self._parse(body)


BODIES: dict[str, tuple[object, object]] = {
    "a list of models": (list[Thing], THINGS),
    "a list of anything": (object, THINGS),
    "a list in a model": (
        ThingPage,
        {"totalRecords": 5000, "allResults": THINGS, "few": [1, 2], "odd": {"a": []}},
    ),
    "a list that is not declared": (ThingPage, {"totalRecords": 5000, "undeclared": THINGS}),
    "a list in an object": (dict[str, object], {"a": THINGS, "b": "text"}),
    "two lists": (dict[str, list[Thing]], {"a": THINGS, "b": THINGS[:700]}),
}


@pytest.mark.parametrize(("kind", "value"), BODIES.values(), ids=list(BODIES))
async def test_what_is_parsed_in_pieces_is_what_was_sent(kind: object, value: object) -> None:
    """The pieces come to the same value as the whole; none is large, and others go on between them."""
    body = json.dumps(value).encode()
    parser, turns, ended = Parser(kind), 0, False

    async def others() -> None:
        nonlocal turns
        while not ended:
            turns += 1
            await asyncio.sleep(0)

    going_on = asyncio.create_task(others())
    parsed = await parser.large(body)
    ended = True
    await going_on
    assert parsed == parser.direct(body)
    assert len(parser.sizes) >= 4
    assert max(parser.sizes) < 200_000 < len(body)
    assert turns >= len(parser.sizes) - 1


@pytest.mark.parametrize("collects", [True, False])
@pytest.mark.parametrize("fails", [True, False])
async def test_the_garbage_collector_is_as_it_was(collects: bool, fails: bool) -> None:
    """It is off while a piece is parsed, and between the pieces as the program has it, after an error too."""
    seen: list[bool] = []
    parser = Parser(list[Thing])

    def parse(body: bytes) -> object:
        seen.append(gc.isenabled())
        return parser.direct(body)

    things = [*THINGS, {"id": "x"}] if fails else THINGS
    call = Call(OPERATION, "/v2/thing", {}, parse=parse)
    reply: Reply[object] = Reply(200, {}, json.dumps(things).encode(), 0.1, "1-1", None)
    if not collects:
        gc.disable()
    try:
        if fails:
            with pytest.raises(PieceError):
                await parse_large(call, reply, AnswerLimits())
        else:
            await parse_large(call, reply, AnswerLimits())
        assert (gc.isenabled(), seen) == (collects, [collects, False, False, False])
    finally:
        gc.enable()


async def test_a_small_answer_is_parsed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary page takes no way round: its very bytes go to the parser, once."""
    given: list[bytes] = []
    parse = Things.list.parse

    def note(body: bytes) -> list[Thing]:
        given.append(body)
        return parse(body)

    monkeypatch.setitem(Things.list.__dict__, "parse", note)
    body = json.dumps(THINGS[:100]).encode()
    async with scripted(ScriptedTransport(answer(200, body))) as session:
        assert len(await Things(session).list()) == 100
    assert given == [body]
    assert given[0] is body


@pytest.mark.parametrize(
    ("body", "small"),
    [
        (b"[" + b"{}," * 5000 + b"{}]", True),
        (b"[" + b"{}," * 6000 + b"{}]", False),
        (json.dumps(THINGS[:1300]).encode(), True),
        (b'{"a":"' + b"x" * 1_000_000 + b'"}', True),
        (b'{"a":"' + b"x" * 1_100_000 + b'"}', False),
    ],
    ids=["16 KiB", "18 KiB of objects", "a page of 1300", "one string", "over 1 MiB"],
)
def test_what_is_small(body: bytes, small: bool) -> None:
    """Up to 16 KiB anything; up to 1 MiB what has few objects."""
    assert AnswerLimits().is_small(body) is small


async def test_a_list_of_too_many_items_is_not_parsed() -> None:
    """The items are counted first; at the limit a list is let through."""
    parser, body = Parser(list[Thing]), json.dumps(THINGS).encode()
    with pytest.raises(
        ResponseTooLargeError,
        match="listThings: the answer's list has more than 4999 items; raise max_list_items if that is meant",
    ) as caught:
        await parser.large(body, AnswerLimits(items=4999))
    assert (caught.value.status, parser.sizes) == (200, [])
    assert await parser.large(body, AnswerLimits(items=5000)) == parser.direct(body)


@pytest.mark.parametrize(
    "value", [THINGS, {"deep": [THINGS]}, [THINGS]], ids=["a list", "in a list", "one item"]
)
async def test_what_takes_too_much_memory_is_not_parsed(value: object) -> None:
    """What the values take is estimated first, wherever in the answer they stand."""
    parser, body = Parser(object), json.dumps(value).encode()
    with pytest.raises(
        ResponseTooLargeError, match=r"would take more than 1000000 bytes .*; raise max_parsed_bytes if"
    ):
        await parser.large(body, AnswerLimits(parsed_bytes=1_000_000))
    assert parser.sizes == []
    assert await parser.large(body, AnswerLimits(parsed_bytes=20_000_000)) == value


async def test_an_item_that_cannot_be_read_is_told_by_its_own_index() -> None:
    """The place that is named is the one in the whole list, not in the piece."""
    things: list[object] = [*THINGS[:3000], {"id": "x"}, *THINGS]
    with pytest.raises(PieceError) as caught:
        await Parser(list[Thing]).large(json.dumps(things).encode())
    assert caught.value.first == 2048
    page = {"totalRecords": 1, "allResults": things}
    transport = ScriptedTransport(answer(200, things), answer(200, page))
    async with scripted(transport) as session:
        with pytest.raises(ResponseShapeError, match=r"cannot be read: 3000\.id: ") as shape:
            await Things(session).list()
        assert not shape.value.malformed
        with pytest.raises(ResponseShapeError, match=r"cannot be read: all_results\.3000\.id: "):
            await Things(session).page()


@pytest.mark.parametrize("end", [b"", b"}", b",]", b'{"id":', b"] x", b",,{}]"])
async def test_a_body_that_is_no_json_is_told_as_that(end: bytes) -> None:
    """What is cut off, or badly put together, cannot be read in pieces either."""
    body = json.dumps(THINGS).encode()[:-1] + end
    async with scripted(ScriptedTransport(otherwise=answer(200, body))) as session:
        with pytest.raises(ResponseShapeError, match="not the JSON the operation answers") as caught:
            await Things(session).list()
    assert caught.value.malformed


class Odd(ReadModel):
    """An answer with a mind of its own about its list."""

    full: Annotated[list[Thing], Field(min_length=1)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Odd, {"full": THINGS}),
        (dict[str, tuple[Thing, ...]], {"a": THINGS}),
        (set[int], list(range(5000))),
        (dict[str, set[int]], {"a": [1, 2] * 500}),
    ],
    ids=["must not be empty", "a tuple", "a set", "a set in an object"],
)
async def test_a_list_that_is_none_once_it_is_parsed_is_parsed_at_once(kind: object, value: object) -> None:
    """Where pieces would not come to the same, the body goes to the parser as a whole."""
    body = json.dumps(value).encode()
    parser = Parser(kind)
    assert await parser.large(body) == parser.direct(body)
    assert parser.sizes[-1] == len(body)


async def test_an_answer_of_two_names_for_one_field_is_parsed_as_the_parser_has_it() -> None:
    """A list whose field takes its value from elsewhere is not mixed with that."""
    body = json.dumps({"allResults": THINGS[:600], "all_results": THINGS}).encode()
    parser = Parser(ThingPage)
    assert await parser.large(body) == parser.direct(body)


async def test_what_is_wrong_beside_the_list_is_told() -> None:
    """A member that cannot be read is the parser's own complaint."""
    with pytest.raises(ValidationError, match="total_records"):
        await Parser(ThingPage).large(json.dumps({"totalRecords": "x", "allResults": THINGS}).encode())


# --- over the network -----------------------------------------------------------------------------------


async def test_a_million_objects_are_refused_in_bounded_memory(transport_name: TransportName) -> None:
    """3 MB that would become 1.2 GB are refused, and told which setting says so; the session goes on."""
    body = b"[" + b"{}," * 1_000_000 + b"{}]"
    host = Host(http(body), http(b"[{}]"))
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        tracemalloc.start()
        try:
            with pytest.raises(
                ResponseTooLargeError, match="has more than 50000 items; raise max_list_items"
            ):
                await Things(session).list()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(await Things(session).list()) == 1
    assert peak < 32 * MIB


SIZES: list[tuple[object, AnswerLimits, bool]] = [
    ([{}] * 10, AnswerLimits(items=10), True),
    ([{}] * 11, AnswerLimits(items=10), False),
    ({"allResults": [1] * 11}, AnswerLimits(items=10), False),
    ([0] * 50_001, AnswerLimits(), False),
    ([0] * 50_000, AnswerLimits(), True),
    ({str(name): name for name in range(60_000)}, AnswerLimits(), True),
    ([{}] * 10, AnswerLimits(parsed_bytes=13_000), True),
    ([{}] * 11, AnswerLimits(parsed_bytes=13_000), False),
    (["{[," * 5_000], AnswerLimits(items=10, parsed_bytes=1_000), True),
    ({}, AnswerLimits(items=1, parsed_bytes=1_200), True),
    ({}, AnswerLimits(items=1, parsed_bytes=1_199), False),
]


@pytest.mark.parametrize(
    ("value", "limits", "within"),
    SIZES,
    ids=[
        "ten of ten",
        "eleven of ten",
        "eleven in a field",
        "numbers",
        "as many numbers as may be",
        "no list",
        "in memory",
        "over the memory",
        "text",
        "one object",
        "one object too many",
    ],
)
async def test_the_limits_hold_for_every_size(value: object, limits: AnswerLimits, within: bool) -> None:
    """Low limits refuse small answers too, and no limit refuses what is within it."""
    body = json.dumps(value).encode()
    async with scripted(
        ScriptedTransport(answer(200, body)),
        max_list_items=limits.items,
        max_parsed_bytes=limits.parsed_bytes,
    ) as session:
        if within:
            assert (await session.call("GET", "/v2/any")).value == value
        else:
            with pytest.raises(ResponseTooLargeError, match="if that is meant"):
                await session.call("GET", "/v2/any")


def test_the_size_alone_tells_of_an_ordinary_answer() -> None:
    """Nothing is counted in up to 16 KiB, unless a limit is so low that so little may be over it."""

    class Counted(bytes):
        def count(self, *_: object) -> int:
            raise AssertionError("nothing has to be counted")

    assert AnswerLimits().is_small(Counted(16 * 1024))
    assert AnswerLimits(items=1_000, parsed_bytes=1_000_000).is_small(Counted(1_600))


@pytest.mark.parametrize("things", [THINGS, THINGS[:101]], ids=["a long list", "a short one"])
@pytest.mark.parametrize("option", ["max_list_items", "max_parsed_bytes"])
async def test_the_limits_are_the_sessions(
    transport_name: TransportName, option: str, things: list[dict[str, object]]
) -> None:
    """Each limit is an option of the session, holds for short answers too, and the error names it."""
    host = Host(http(json.dumps(things).encode()))
    async with serving(host) as address:
        async with session_on(address, transport=transport_name) as session:
            assert [thing.id for thing in await Things(session).list()] == list(range(len(things)))
        async with (
            session_on(address, transport=transport_name, max_list_items=100)
            if option == "max_list_items"
            else session_on(address, transport=transport_name, max_parsed_bytes=100)
        ) as session:
            with pytest.raises(ResponseTooLargeError, match=f"raise {option} if that is meant"):
                await Things(session).list()
    assert len(host.heads) == 2
