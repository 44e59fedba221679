"""A deadline bounds a call in all; what it leaves behind is told by the error."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from alianza_async.calls.options import Lane
from alianza_async.errors import (
    AlianzaError,
    ConfigurationError,
    DeadlineExceededError,
    UnknownOutcomeError,
)
from alianza_async.policies.own import per_attempt
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.sandbox import Fault, Sandbox, serve
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.fakes import (
    Answer,
    ScriptedTransport,
    Step,
    answer,
    lost,
    never_connected,
    refusal,
    scripted,
    token,
)
from tests.retry_calls import CREATE, FOUND, LOOK_UP, new_account
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alianza_async.calls.call import Call
    from alianza_async.calls.reply import Reply
    from alianza_async.policies.base import Next
    from alianza_async.transports.choice import TransportName

ME = Credentials("me", "a-password")
OK = answer(200, FOUND)
WAITING = RetryPolicy(wait_initial=60, wait_max=60, wait_jitter=0, settle_s=60)


def after(seconds: float, step: Answer) -> Step:
    """Return a step that takes so long."""

    async def later(call: Call) -> Reply[object]:
        await asyncio.sleep(seconds)
        return step(call)

    return later


async def read(session: Session) -> object:
    """Read an account."""
    return await session.accounts.get("a1")


async def write(session: Session) -> object:
    """Create an account."""
    return await session.accounts.create(new_account())


class Outcome:
    """What a call with a deadline of two seconds came to, and after how long."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        call: Callable[[Session], Awaitable[object]],
        *script: Step,
        credentials: Credentials | None = None,
        partition_id: str | None = "part",
        limit: LimitPolicy | None = None,
    ) -> None:
        use_clock(monkeypatch)
        self.transport = ScriptedTransport(*script, otherwise=after(60, OK))
        self._limit = limit or LimitPolicy(rate=1000)
        self.error, self.took = run_virtual(self._run(call, credentials, partition_id))

    async def _run(
        self,
        call: Callable[[Session], Awaitable[object]],
        credentials: Credentials | None,
        partition_id: str | None,
    ) -> tuple[AlianzaError | None, float]:
        self.session = scripted(
            self.transport,
            credentials=credentials,
            partition_id=partition_id,
            retry=WAITING,
            limit=self._limit,
        )
        async with self.session as session:
            began = now()
            try:
                await call(session.with_options(deadline=2.0))
            except AlianzaError as error:
                return error, now() - began
            return None, now() - began


@pytest.mark.parametrize("call", [read, write])
@pytest.mark.parametrize("where", ["login", "who is logged in", "back-off", "a 429's pause", "queue"])
def test_what_expires_before_it_may_have_arrived_is_not_done(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[Session], Awaitable[object]], where: str
) -> None:
    """Waiting for a login, the queue, a back-off or a pause, a call ends on time, and nothing is done."""

    async def waits(session: Session) -> object:
        if where == "queue":
            await session.call("GET", "/v2/thing")  # takes the only token
        return await call(session)

    script: dict[str, Step] = {
        "back-off": never_connected,
        "a 429's pause": refusal(429, headers={"retry-after": "60"}),
        "queue": answer(200, {}),
    }
    outcome = Outcome(
        monkeypatch,
        waits,
        *([script[where]] if where in script else []),
        credentials=ME if where in {"login", "who is logged in"} else None,
        partition_id=None if where == "who is logged in" else "part",
        limit=LimitPolicy(rate=0.1) if where == "queue" else None,
    )
    assert isinstance(outcome.error, DeadlineExceededError)
    assert outcome.took == pytest.approx(2, abs=0.01)
    assert outcome.session.unsettled == ()
    if where in {"login", "who is logged in", "queue"}:
        assert not outcome.error.sent
        assert "nothing was sent" in str(outcome.error)


def test_a_read_that_is_not_answered_says_that_it_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that left and expired has changed nothing, and says so."""
    outcome = Outcome(monkeypatch, read)
    assert isinstance(outcome.error, DeadlineExceededError)
    assert outcome.error.sent
    assert outcome.took == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([], id="under way"),
        pytest.param([lost], id="settling"),
        pytest.param([refusal(503)], id="settling after a 503"),
    ],
)
def test_a_write_that_may_be_done_is_unknown(
    monkeypatch: pytest.MonkeyPatch, script: list[Step], caplog: pytest.LogCaptureFixture
) -> None:
    """A write whose time is over after it may have arrived is unknown, kept, logged, and can be looked up."""
    outcome = Outcome(monkeypatch, write, *script)
    assert isinstance(outcome.error, UnknownOutcomeError)
    assert outcome.error.resolvable
    assert "deadline" in str(outcome.error)
    assert outcome.took == pytest.approx(2, abs=0.01)
    (kept,) = outcome.session.unsettled
    assert (kept.key, kept.request_id) == ("ACME-1", outcome.error.request_id)
    (record,) = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert "may have been carried out" in record.getMessage()


def test_the_last_look_up_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up that does not answer in time leaves the create unknown."""
    use_clock(monkeypatch)

    async def main() -> tuple[AlianzaError, list[str], float]:
        transport = ScriptedTransport(lost, otherwise=after(60, OK))
        once = RetryPolicy(attempts=1, settle_s=0.5)
        async with scripted(transport, retry=once) as session:
            with pytest.raises(UnknownOutcomeError) as caught:
                await write(session.with_options(deadline=2.0))
            return caught.value, transport.lines, now()

    error, lines, took = run_virtual(main())
    assert isinstance(error, UnknownOutcomeError)
    assert lines == [CREATE, LOOK_UP]
    assert took == pytest.approx(2, abs=0.01)


async def test_the_error_looks_the_object_up() -> None:
    """`resolve()` finds what the call made, past its deadline."""
    transport = ScriptedTransport(after(60, OK), OK)
    async with scripted(transport) as session:
        with pytest.raises(UnknownOutcomeError) as caught:
            await write(session.with_options(deadline=0.01))
        found = await caught.value.resolve()
    assert found is not None
    assert transport.lines == [CREATE, LOOK_UP]


def test_a_call_that_is_in_time_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer within the deadline is an answer."""
    outcome = Outcome(monkeypatch, read, after(1.9, OK))
    assert outcome.error is None


async def test_one_call_has_a_deadline_of_its_own() -> None:
    """An operation takes options for one call: a deadline, a timeout, a class of traffic."""
    seen: list[Call] = []

    async def look(call: Call, next_: Next) -> Reply[object]:
        seen.append(call)
        return await next_(call)

    transport = ScriptedTransport(OK, OK, otherwise=after(60, OK))
    async with scripted(transport, policies=[per_attempt(look)]) as session:
        get = session.accounts.get.with_options(timeout=7, traffic="bulk")
        await get("a1")
        await session.accounts.get("a1")
        with pytest.raises(DeadlineExceededError):
            await get.with_options(deadline=0.01)("a1")
        with pytest.raises(DeadlineExceededError):
            await session.accounts.get.with_options(deadline=0.01).raw("a1")
    assert [sent.timeout for sent in transport.sent] == [7, 30, 7, 30]
    assert [call.lane for call in seen] == [Lane.BULK, Lane.INTERACTIVE, Lane.BULK, Lane.INTERACTIVE]


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
async def test_values_that_are_not_allowed(value: float) -> None:
    """Seconds are positive and finite, and there are two classes of traffic."""
    async with scripted(ScriptedTransport()) as session:
        with pytest.raises(ConfigurationError, match="deadline"):
            session.with_options(deadline=value)
        with pytest.raises(ConfigurationError, match="timeout"):
            session.accounts.get.with_options(timeout=value)
        with pytest.raises(ConfigurationError, match="give interactive or bulk"):
            session.with_options(traffic="fast")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        with pytest.raises(ConfigurationError, match="give interactive or bulk"):
            session.accounts.get.with_options(traffic="fast")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_a_timeout_of_a_policys_own_is_its_own() -> None:
    """A `TimeoutError` that something else raises is not taken for the deadline."""

    async def fail(call: Call, next_: Next) -> Reply[object]:  # noqa: ARG001  (a policy's arguments)
        raise TimeoutError("mine")

    async with scripted(ScriptedTransport(), policies=[per_attempt(fail)]) as session:
        with pytest.raises(TimeoutError, match="mine"):
            await read(session.with_options(deadline=60))


async def test_a_login_that_others_wait_for_goes_on() -> None:
    """A deadline ends its own call's waiting for the login, not the login."""
    transport = ScriptedTransport(after(0.05, token()), OK)
    async with scripted(transport, credentials=ME) as session:
        other = asyncio.create_task(read(session))
        with pytest.raises(DeadlineExceededError):
            await read(session.with_options(deadline=0.01))
        await other
    assert transport.lines == ["POST /v2/authorize", "GET /v2/partition/part/account/a1"]


async def test_over_the_wire(transport_name: TransportName) -> None:
    """Over a socket: the read has changed nothing, the create is there, found by its resolver."""
    sandbox = Sandbox()
    async with (
        serve(sandbox) as running,
        Session(ME, base_url=running.base_url, transport=transport_name) as session,
    ):
        await session.login()
        sandbox.faults.add(Fault(kind="hang_before", operation="getAccounts"))
        with pytest.raises(DeadlineExceededError):
            await session.accounts.list.with_options(deadline=0.2)()
        sandbox.faults.add(Fault(kind="hang_after", operation="createAccount"))
        with pytest.raises(UnknownOutcomeError) as caught:
            await session.accounts.create.with_options(deadline=0.5)(new_account())
        found = await caught.value.resolve()
        assert found is not None
        sandbox.faults.release()
    assert sandbox.truth().requests["createAccount"] == 1


async def test_each_page_of_a_list_has_it() -> None:
    """A list that pages takes options as any operation does: they hold for each page's call."""
    seen: list[tuple[Lane | None, float | None]] = []

    async def look(call: Call, next_: Next) -> Reply[object]:
        seen.append((call.lane, call.timeout))
        return await next_(call)

    page = answer(200, {"results": [{"id": "d1"}], "totalRecords": 1})
    transport = ScriptedTransport(page, page, otherwise=after(60, page))
    async with scripted(transport, policies=[per_attempt(look)]) as session:
        search = session.accounts.history.with_options(traffic="bulk", timeout=7)
        await search("a1")
        assert [item async for item in search("a1")]
        with pytest.raises(DeadlineExceededError):
            await search.with_options(deadline=0.01)("a1")
    assert set(seen) == {(Lane.BULK, 7)}
