"""`Session(policies=[...])`: a policy of a user's own has its place, and may send nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.errors import ConfigurationError, NotFoundError
from alianza_async.policies.own import OwnPolicy, per_attempt, per_call
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, lost, refusal, scripted, token
from tests.hosts import Files, Host
from tests.raw_server import http, serving
from tests.retry_calls import FOUND, create

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.calls.call import Call, Reply
    from alianza_async.calls.events import OnEvent
    from alianza_async.policies.base import Next

OK = answer(200, FOUND)


class Noting:
    """Notes what passes it, under a name."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self._name = name
        self._notes = notes

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Note the call and what came of it."""
        self._notes.append(f"{self._name} {call.operation.operation_id}")
        reply = await next_(call)
        self._notes.append(f"{self._name} {reply.status}")
        return reply


async def twice(call: Call, next_: Next) -> Reply[object]:
    """Pass a call on twice."""
    await next_(call)
    return await next_(call)


async def test_each_stands_in_its_place() -> None:
    """Outside the retries a call is seen once, in the list's order; around a request, each time."""
    notes: list[str] = []
    policies = [
        per_call(Noting("outer", notes)),
        per_attempt(Noting("request", notes)),
        per_call(Noting("inner", notes)),
    ]
    async with scripted(ScriptedTransport(refusal(503), OK), policies=policies) as session:
        await session.accounts.get("a1")
    get = "retrieveAccount"
    assert notes == [
        *(f"outer {get}", f"inner {get}", f"request {get}", "request 503"),
        *(f"request {get}", "request 200", "inner 200", "outer 200"),
    ]


async def test_look_ups_and_logins_pass_both() -> None:
    """A login, and the look-up of a create whose answer was lost, are calls that every policy sees."""
    notes: list[str] = []
    policies = [per_call(Noting("call", notes)), per_attempt(Noting("request", notes))]
    session = Session(
        Credentials("me", "a-password"),
        base_url="http://localhost",
        transport=ScriptedTransport(token(), lost, OK),
        policies=policies,
    )
    async with session:
        await create(session)
    seen = {note for note in notes if not note.rpartition(" ")[2].isdigit()}
    operations = ("logUserIn", "createAccount", "createAccount look-up")
    assert seen == {f"{place} {operation}" for place in ("call", "request") for operation in operations}


async def test_a_file_that_lies_elsewhere_is_fetched_through_both() -> None:
    """The hop to where an answer said passes the policies too: per call, per request."""
    notes: list[str] = []
    policies = [per_call(Noting("call", notes)), per_attempt(Noting("request", notes))]
    async with serving(Host(http(b"a,b\n", "Content-Type: text/csv"))) as place:
        api = Host(http(b"", f"Location: http://{place}/1", status="302 Found"))
        async with serving(api) as address:
            session = Session(base_url=f"http://{address}", auth_token="t", policies=policies)
            async with session:
                reply = await Files(session).get.raw("1")
    assert reply.value.read() == b"a,b\n"
    answers = [note for note in notes if note[-1].isdigit()]
    assert answers == ["request 302", "request 200", "call 200", "call 200"]


@pytest.mark.parametrize("place", [per_call, per_attempt])
async def test_what_may_not_be_sent_twice_is_passed_on_once(place: Callable[..., OwnPolicy]) -> None:
    """A policy that passes a create on twice is refused the second time; a read may be read twice."""
    transport = ScriptedTransport(OK, OK, OK)
    async with scripted(transport, policies=[place(twice)]) as session:
        with pytest.raises(ConfigurationError, match=r"createAccount on twice.*await next_ once"):
            await create(session)
        assert transport.lines == ["POST /v2/partition/part/account"]
        await session.accounts.get("a1")
    assert len(transport.sent) == 3


async def test_a_policy_may_answer_by_itself() -> None:
    """One that passes nothing on sends nothing."""

    async def refusing(call: Call, next_: Next) -> Reply[object]:  # noqa: ARG001  (it passes nothing on)
        raise NotFoundError("not here", context=call.context(), status=404)

    transport = ScriptedTransport()
    async with scripted(transport, policies=[per_call(refusing)]) as session:
        with pytest.raises(NotFoundError, match="not here"):
            await session.accounts.get("a1")
    assert transport.sent == []


def test_one_without_a_place_is_refused() -> None:
    """A policy that does not say where it stands is refused where the session is made."""
    with pytest.raises(ConfigurationError, match=r"per_call\(\.\.\.\) or per_attempt\(\.\.\.\)"):
        scripted(ScriptedTransport(), policies=[cast("OwnPolicy", twice)])


@pytest.mark.parametrize("place", [per_call, per_attempt])
async def test_one_that_forgets_to_return_is_named(place: Callable[..., OwnPolicy]) -> None:
    """A policy that returns nothing is said by its name, with what to write."""

    async def forgets(call: Call, next_: Next) -> Reply[object]:
        await next_(call)
        return cast("Reply[object]", None)

    async with scripted(ScriptedTransport(OK), policies=[place(forgets)]) as session:
        with pytest.raises(ConfigurationError, match=r"forgets returned NoneType.*return await next_"):
            await session.accounts.get("a1")


def test_one_without_a_list_is_refused() -> None:
    """`policies=per_call(...)` says that a list is wanted."""
    with pytest.raises(ConfigurationError, match=r"policies=\[per_call"):
        scripted(ScriptedTransport(), policies=cast("list[OwnPolicy]", per_call(twice)))


def test_a_consumer_that_cannot_be_called_is_refused() -> None:
    """`on_event=5` is refused where the session is made."""
    with pytest.raises(ConfigurationError, match="on_event is not callable"):
        scripted(ScriptedTransport(), on_event=cast("OnEvent", 5))
