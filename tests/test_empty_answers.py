"""An answer of success without a body, where the operation answers JSON: lost, never None."""
# mypy: disable-error-code="empty-body"
# ruff: noqa: PIE790, TC001  (types of declarations are read as they are used; the `...` of a declaration tells pyright that its answer comes from elsewhere)

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, get_args

import pytest

from alianza_async.calls.call import NaturalKey, OperationClass
from alianza_async.calls.files import Download
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.errors import ConflictError, ResponseShapeError, UnknownOutcomeError
from alianza_async.models.accounts import Account
from alianza_async.resources.registry import operations
from tests.fakes import ScriptedTransport, answer, lost, refusal, scripted
from tests.hosts import session_on
from tests.raw_server import http, repeating, serving

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName

KEY = NaturalKey("accountNumber", "/v2/account/{key}")
THERE = answer(200, {"id": "a1", "accountNumber": "A1"})
EMPTY = [(200, b""), (201, b""), (204, b""), (200, b" \r\n")]


class Things(Resource):
    """One operation of each class, each of which answers an account."""

    @declare.get("/v2/thing", operation_id="getThing")
    async def get(self) -> Account:
        """Return it."""
        ...

    @declare.get("/v2/list", operation_id="listThings")
    async def all(self) -> list[Account]:
        """Return all."""
        ...

    @declare.get("/v2/maybe", operation_id="maybeThing")
    async def maybe(self) -> Account | None:
        """Return it where there is one."""
        ...

    @declare.post("/v2/thing", operation_id="createThing", key=KEY)
    async def create(self, thing: dict[str, object]) -> Account:
        """Create it."""
        ...

    @declare.post("/v2/thing/start", operation_id="startThing")
    async def start(self) -> Account:
        """Start it."""
        ...

    @declare.put("/v2/thing", operation_id="putThing")
    async def put(self) -> Account:
        """Replace it."""
        ...

    @declare.delete("/v2/thing", operation_id="deleteThing")
    async def delete(self) -> Account:
        """Delete it, and return what it was."""
        ...

    @declare.delete("/v2/thing/quietly", operation_id="dropThing")
    async def drop(self) -> None:
        """Delete it."""
        ...


@pytest.mark.parametrize(("status", "body"), EMPTY)
async def test_a_create_counts_as_lost(status: int, body: bytes) -> None:
    """What it made is looked up by its key, and adopted; it is not sent again."""
    transport = ScriptedTransport(answer(status, body), THERE)
    async with scripted(transport) as session:
        reply = await Things(session).create.raw({"accountNumber": "A1"})
    assert (reply.value.id, reply.adopted) == ("a1", True)
    assert transport.lines == ["POST /v2/thing", "GET /v2/account/A1"]


async def test_a_create_that_made_nothing_is_sent_again(transport_name: TransportName) -> None:
    """Absent at the look-up, it was not made: the second attempt makes it, over each transport."""
    answers = repeating(
        http(b"", status="204 No Content", close=False),
        http(b"{}", status="404 Not Found", close=False),
        http(b'{"id":"a1","accountNumber":"A1"}', status="201 Created", close=False),
    )
    async with serving(answers) as address, session_on(address, transport=transport_name) as session:
        made = await Things(session).create({"accountNumber": "A1"})
    assert made.id == "a1"


async def test_a_create_that_found_another_object_is_a_conflict() -> None:
    """What the look-up finds is held against what was sent, as after any lost answer."""
    there = answer(200, {"accountNumber": "A1", "accountName": "theirs"})
    async with scripted(ScriptedTransport(answer(204), there)) as session:
        with pytest.raises(ConflictError):
            await Things(session).create({"accountNumber": "A1", "accountName": "ours"})


@pytest.mark.parametrize(("status", "body"), EMPTY)
async def test_an_action_is_unknown(status: int, body: bytes) -> None:
    """It may have been carried out: it is not sent again, and the error says what was answered."""
    transport = ScriptedTransport(answer(status, body))
    async with scripted(transport) as session:
        with pytest.raises(UnknownOutcomeError, match=f"answered {status} with an empty body, where"):
            await Things(session).start()
    assert transport.lines == ["POST /v2/thing/start"]


@pytest.mark.parametrize(("status", "body"), EMPTY)
@pytest.mark.parametrize("name", ["get", "all", "put", "delete"])
async def test_what_may_be_repeated_is_and_never_answers_none(name: str, status: int, body: bytes) -> None:
    """It is sent as often as after any lost answer, then the error says that there was no body."""
    transport = ScriptedTransport(otherwise=answer(status, body))
    async with scripted(transport) as session:
        with pytest.raises(
            ResponseShapeError, match=f"answered {status} with an empty body, where"
        ) as caught:
            await getattr(Things(session), name)()
    assert caught.value.malformed
    assert len(transport.sent) == 6


@pytest.mark.parametrize(("status", "body"), EMPTY)
async def test_where_there_may_be_none_there_is_none(status: int, body: bytes) -> None:
    """`T | None` and `None` are answered by no body at all."""
    async with scripted(ScriptedTransport(answer(status, body), answer(status, body))) as session:
        assert await Things(session).maybe() is None
        await Things(session).drop()


async def test_a_delete_whose_answer_was_lost_answers_what_it_declares() -> None:
    """Gone the second time, it is done; where it was to answer what it deleted, that is lost, and no None."""
    async with scripted(ScriptedTransport(lost, refusal(404, "gone"))) as session:
        await Things(session).drop()
    async with scripted(ScriptedTransport(lost, refusal(404, "gone"))) as session:
        raw = await session.call("DELETE", "/v2/thing", operation_class=OperationClass.IDEMPOTENT)
        assert raw.value is None
    transport = ScriptedTransport(lost, refusal(404, "gone"))
    async with scripted(transport) as session:
        with pytest.raises(UnknownOutcomeError, match="it is gone, and an earlier attempt") as caught:
            await Things(session).delete()
    assert (caught.value.status, caught.value.resolvable, len(transport.sent)) == (404, False, 2)


def test_none_is_answered_where_the_description_says_so() -> None:
    """The declarations that answer a model or None are those whose 204 is documented beside a body."""
    declared = {each.python for each in operations() if NoneType in get_args(each.endpoint.answer)}
    assert declared == {"user_groups.list"}


def test_no_declaration_reads_nothing_as_none_but_those() -> None:
    """Every other declaration that answers JSON refuses a body of nothing."""
    quiet = {id(NoneType), id(Download)}
    answering = [each for each in operations() if id(each.endpoint.answer) not in quiet]
    accepts: list[tuple[str, object]] = []
    for each in answering:
        try:
            accepts.append((each.python, each.endpoint.parse(b"")))
        except ValueError:
            continue
    assert len(answering) > 300
    assert accepts == [("user_groups.list", None)]
