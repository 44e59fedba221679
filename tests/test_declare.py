# mypy: disable-error-code="empty-body"
# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

import inspect
import warnings
from datetime import UTC, date, datetime
from typing import Annotated

import pytest

from alianza_async.calls.files import Part, Upload
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.errors import InvalidInputError, UnknownOutcomeError
from tests.fakes import ScriptedTransport, answer, lost, scripted
from tests.test_operations import Nowhere


class Marked(Resource):
    """What these tests declare of the rarer kinds."""

    @declare.get("/v2/report", operation_id="getReport", deprecated="getReport is old; use reports.get")
    async def report(
        self,
        *,
        kinds: Annotated[list[str] | None, declare.Named("kind_type")] = None,
        since: date | None = None,
        until: datetime | None = None,
        accept: Annotated[str | None, declare.Header("Accept")] = None,
        override: Annotated[str, declare.Header("X-Override")] | None = None,
        strict: Annotated[bool | None, declare.Header("X-Strict")] = None,
    ) -> dict[str, object]:
        """Return a report."""
        ...

    @declare.put("/v2/form", operation_id="putForm")
    async def form(
        self,
        *,
        a_file: Upload | None = None,
        title: Annotated[str, declare.PartField("Title")] | None = None,
        facts: Annotated[object, declare.PartField("facts")] = None,
    ) -> None:
        """Send a form."""
        ...

    @declare.post("/v2/thing/{thing_id}/start", operation_id="startThing", probe="things.get_status")
    async def start(self, thing_id: str) -> None:
        """Start a thing."""
        ...

    @declare.patch("/v2/thing/{thing_id}", operation_id="touchThing")
    async def touch(self, thing_id: str) -> None:
        """Touch a thing."""
        ...

    @declare.post("/v2/two", operation_id="twoBodies")
    async def two(self, first: object, second: object) -> None:
        """Declare more than can be sent."""
        ...


MARKED = Marked(Nowhere())


@pytest.mark.filterwarnings("ignore:getReport is old")
async def test_a_query_parameter_may_have_a_name_of_its_own() -> None:
    """`Named` says the name on the wire; a list is repeated, an empty one left out; dates are ISO 8601."""
    call = await MARKED.report.prepare(
        kinds=["A", "B C"], since=date(2026, 2, 1), until=datetime(2026, 2, 1, 12, 30, tzinfo=UTC)
    )
    assert call.target == (
        "/v2/report?kind_type=A&kind_type=B+C&since=2026-02-01&until=2026-02-01T12%3A30%3A00%2B00%3A00"
    )
    assert (await MARKED.report.prepare(kinds=[])).target == "/v2/report"


@pytest.mark.filterwarnings("ignore:getReport is old")
async def test_a_header_is_sent_as_one() -> None:
    """`Header` arguments are header fields, also inside a union, and win over ours; None is not sent."""
    call = await MARKED.report.prepare(accept="audio/wave", override="https://a.example", strict=True)
    assert call.target == "/v2/report"
    assert call.headers == {"Accept": "audio/wave", "X-Override": "https://a.example", "X-Strict": "true"}
    assert (await MARKED.report.prepare()).headers == {}
    transport = ScriptedTransport(answer(200, {}))
    async with scripted(transport) as session:
        await Marked(session).report(accept="audio/wave")
    assert transport.sent[0].headers["Accept"] == "audio/wave"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "caf\xe9", "a\x00b", "\ud800"])
async def test_a_header_cannot_become_two(value: str) -> None:
    """What no header field can hold is refused by our name of it, and nothing is sent."""
    with pytest.raises(InvalidInputError, match="override holds a character that no header can"):
        await MARKED.report.prepare(override=value)


async def test_parts_are_what_is_marked_and_files() -> None:
    """An `Upload` is a part of its own name, `PartField` says another; text as it is, the rest as JSON."""
    file = Upload(b"x")
    call = await MARKED.form.prepare(a_file=file, title="T", facts=[1, {"a": None}])
    assert call.parts == (Part("aFile", file), Part("Title", "T"), Part("facts", '[1,{"a":null}]'))
    assert (call.body, call.target) == (None, "/v2/form")
    assert (await MARKED.form.prepare()).parts == ()
    with pytest.raises(InvalidInputError, match="JSON cannot"):
        await MARKED.form.prepare(facts=object())


async def test_two_bodies_are_refused() -> None:
    """A declaration one of whose arguments would never be sent cannot be used at all."""
    with pytest.raises(TypeError, match=r"two\(\) has more than one body: first, second"):
        await MARKED.two.prepare({}, {})


async def test_a_deprecated_operation_warns_its_caller_once_a_call() -> None:
    """The warning says what to use instead, at the line that made the call, whichever way it was made."""
    transport = ScriptedTransport(lost, answer(200, {}), answer(200, {}), answer(200, {}))
    async with scripted(transport) as session:
        marked = Marked(session)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            lines = [inspect.currentframe().f_lineno + 1]  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
            await marked.report()
            await marked.report.raw()
            await session.call(marked.report)
            lines += [lines[0] + 1, lines[0] + 2]
    assert [(str(warning.message), warning.category) for warning in caught] == [
        ("getReport is old; use reports.get", DeprecationWarning)
    ] * 3
    assert [(warning.filename, warning.lineno) for warning in caught] == [(__file__, line) for line in lines]
    assert len(transport.sent) == 4


async def test_an_unknown_outcome_says_where_to_look() -> None:
    """The operation's probe is named in the sentence; without one it is the object itself."""
    async with scripted(ScriptedTransport(lost, lost)) as session:
        with pytest.raises(
            UnknownOutcomeError, match=r"look with things\.get_status before you send it again"
        ):
            await Marked(session).start("t")
        with pytest.raises(UnknownOutcomeError, match="look at the object before you send it again"):
            await Marked(session).touch("t")


class Mistaken(Resource):
    """Declarations that cannot be called."""

    @declare.get("/v2/thing/{thing_id}", operation_id="noParameter")
    async def no_parameter(self) -> None:
        """Name no placeholder."""
        ...

    @declare.get("/v2/thing", operation_id="noAnswer")
    async def no_answer(self):  # type: ignore[no-untyped-def]  # noqa: ANN201  # pyright: ignore[reportUnknownParameterType]
        """Say nothing of the answer."""
        ...


@pytest.mark.parametrize(
    ("name", "said"),
    [("no_parameter", r"has \{thing_id\}, and no parameter"), ("no_answer", "write `-> None`")],
)
async def test_a_mistaken_declaration_says_what_is_wrong(name: str, said: str) -> None:
    """A placeholder without a parameter, and an answer without a type, are named at the first call."""
    with pytest.raises(TypeError, match=said):
        await getattr(Mistaken(Nowhere()), name).prepare()
