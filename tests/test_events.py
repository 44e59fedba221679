"""`on_event`: what a session tells of its calls, its login and its jobs, and to whom."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from alianza_async.calls import events
from alianza_async.calls.events import (
    Answered,
    AttemptSent,
    CallEnded,
    CallStarted,
    Emitter,
    Event,
    JobEnded,
    JobStarted,
    LoggedIn,
    LookedUp,
    RetryPlanned,
    RowEnded,
    Throttled,
    bound,
)
from alianza_async.errors import NotFoundError
from alianza_async.policies.values import RetryPolicy
from alianza_async.sandbox import Fault
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.bulk.engine import accounts
from tests.fakes import ScriptedTransport, answer, lost, refusal, scripted, token
from tests.retry_calls import FOUND, create

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox

OK = answer(200, FOUND)


def names(told: list[Event]) -> list[str]:
    """Return the classes of what was told, in order."""
    return [type(event).__name__ for event in told]


async def test_a_call_tells_of_its_start_its_attempts_and_its_end() -> None:
    """One call that is throttled once: its events share its id, and name the operation and its template."""
    told: list[Event] = []
    slowed = refusal(429, headers={"retry-after": "0"})
    async with scripted(ScriptedTransport(slowed, OK), on_event=told.append) as session:
        await session.accounts.get("secret-id")
    assert names(told) == [
        *("CallStarted", "AttemptSent", "Answered", "Throttled", "RetryPlanned"),
        *("AttemptSent", "Answered", "CallEnded"),
    ]
    started, ended = told[0], told[-1]
    assert isinstance(started, CallStarted)
    assert isinstance(ended, CallEnded)
    assert (started.operation_id, started.method) == ("retrieveAccount", "GET")
    assert "{account_id}" in started.path_template
    assert (ended.status, ended.error, ended.attempts) == (200, None, 2)
    assert len({getattr(event, "call_id", None) for event in told}) == 1
    assert "secret-id" not in repr(told)


async def test_a_refusal_is_told_with_its_class_and_status() -> None:
    """A call that ends in an error says which."""
    told: list[Event] = []
    async with scripted(ScriptedTransport(refusal(404)), on_event=told.append) as session:
        with pytest.raises(NotFoundError):
            await session.accounts.get("a1")
    ended = told[-1]
    assert isinstance(ended, CallEnded)
    assert (ended.status, ended.error, ended.carrier) == (404, "NotFoundError", "alianza")


async def test_a_lost_create_tells_of_its_look_up() -> None:
    """A look-up is a call of its own, and its outcome is told with the create's id."""
    told: list[Event] = []
    transport = ScriptedTransport(lost, OK)
    async with scripted(transport, on_event=told.append) as session:
        await create(session)
    looked = [event for event in told if isinstance(event, LookedUp)]
    planned = [event for event in told if isinstance(event, RetryPlanned)]
    assert [(event.found, event.operation_id) for event in looked] == [(True, "createAccount")]
    assert [(event.error, event.status) for event in planned] == [("ConnectionLostError", None)]
    assert sum(isinstance(event, CallStarted) for event in told) == 2


async def test_a_login_is_told_and_has_nobodys_context() -> None:
    """The login's own calls are told too, without the context of the call that needed it."""
    told: list[Event] = []
    transport = ScriptedTransport(token(), OK)
    session = Session(
        Credentials("me", "a-password"),
        base_url="http://localhost",
        transport=transport,
        on_event=told.append,
    )
    async with session:
        with bound(tenant="t1"):
            await session.accounts.get("a1")
    by_operation = {event.operation_id: dict(event.bound) for event in told if isinstance(event, CallStarted)}
    assert by_operation == {"retrieveAccount": {"tenant": "t1"}, "logUserIn": {}}
    assert [event.error for event in told if isinstance(event, LoggedIn)] == [None]


async def test_a_context_reaches_events_logs_and_errors(caplog: pytest.LogCaptureFixture) -> None:
    """`session.bind` and `bound` add up, the nearest to the call wins, and neither outlives its place."""
    told: list[Event] = []
    caplog.set_level(logging.DEBUG, "alianza_async")
    async with scripted(ScriptedTransport(refusal(404), OK), on_event=told.append) as session:
        view = session.bind(user="u1", tenant="t2")
        with bound(tenant="t1", trace="x"), pytest.raises(NotFoundError) as caught:
            await view.accounts.get("a1")
        await session.accounts.get("a1")
    expected = {"tenant": "t2", "trace": "x", "user": "u1"}
    assert dict(caught.value.context.bound) == expected
    assert [record.__dict__["bound"] for record in caplog.records if "bound" in record.__dict__] == [
        expected,
        {},
    ]
    assert [dict(event.bound) for event in told if isinstance(event, CallStarted)] == [expected, {}]


async def test_a_consumer_that_raises_is_logged_and_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """What a consumer raises is dropped: the call goes on."""

    def consumer(_event: Event) -> None:
        raise ValueError("a fault of the consumer")

    async with scripted(ScriptedTransport(OK), on_event=consumer) as session:
        assert (await session.accounts.get("a1")).id is not None
    assert "on_event raised at CallStarted" in caplog.text


async def test_a_slow_consumer_loses_what_is_over_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A coroutine function gets events one by one; those that do not fit are dropped and counted."""
    monkeypatch.setattr(events, "_QUEUED_AT_MOST", 3)
    free = asyncio.Event()
    got: list[Event] = []

    async def consumer(event: Event) -> None:
        await free.wait()
        got.append(event)

    emitter = Emitter(consumer)
    told = [LoggedIn(carrier=str(number), error=None) for number in range(6)]
    emitter(told[0])
    await asyncio.sleep(0)  # the first is taken from the queue, and waits
    for event in told[1:]:
        emitter(event)
    free.set()
    await emitter.aclose()
    assert (got, emitter.dropped) == (told[:4], 2)


async def test_a_consumer_whose_own_wait_is_cancelled_goes_on() -> None:
    """A cancellation that the consumer met by itself is its own fault: the next event comes all the same."""
    got: list[Event] = []

    async def consumer(event: Event) -> None:
        got.append(event)
        if len(got) == 1:
            raise asyncio.CancelledError

    emitter = Emitter(consumer)
    told = [LoggedIn(carrier=str(number), error=None) for number in range(2)]
    for event in told:
        emitter(event)
    await emitter.aclose()
    assert (got, emitter.dropped) == (told, 0)


async def test_closing_gives_a_consumer_that_hangs_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A consumer that never returns does not keep a session open; what waits is counted."""
    monkeypatch.setattr(events, "_DRAIN_S", 0.0)

    async def consumer(_event: Event) -> None:
        await asyncio.Event().wait()

    session = scripted(ScriptedTransport(OK), on_event=consumer)
    async with session:
        await session.accounts.get("a1")
    assert session.events_dropped == 4
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "alianza_async events"]


async def test_a_job_tells_of_its_rows(sandbox: Sandbox) -> None:
    """A job tells that it starts, how each row ends, and its sums at the end."""
    told: list[Event] = []
    sandbox.faults.add(Fault(kind="status_before", operation="createAccount", status=400))
    transport = ScriptedTransport()
    del transport
    from alianza_async.transports.httpx import InProcessTransport

    session = Session(
        Credentials("me", "a-password"),
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
        retry=RetryPolicy(settle_s=0),
        on_event=told.append,
    )
    async with session:
        report = await session.bulk.create_accounts(accounts(3)).run()
    started = [event for event in told if isinstance(event, JobStarted)]
    rows = [(event.row, event.status) for event in told if isinstance(event, RowEnded)]
    ended = [event for event in told if isinstance(event, JobEnded)]
    assert [(event.kind, event.job_id, event.resumed) for event in started] == [("accounts", None, False)]
    assert sorted(rows) == sorted((result.row, result.status) for result in report.results)
    assert [(event.counts["created"], event.counts["failed"], event.error) for event in ended] == [
        (2, 1, None)
    ]


async def test_nothing_is_told_where_nobody_asked() -> None:
    """Without `on_event` the pipeline has no policy that tells."""
    async with scripted(ScriptedTransport(OK)) as session:
        await session.accounts.get("a1")
        assert not session.emits
        assert session.events_dropped == 0


async def test_attempts_are_numbered_as_their_request_ids() -> None:
    """What is told of a request names the id under which it left."""
    told: list[Event] = []
    transport = ScriptedTransport(refusal(503), OK)
    async with scripted(transport, on_event=told.append) as session:
        await session.accounts.get("a1")
    sent = [event for event in told if isinstance(event, AttemptSent)]
    answered = [event for event in told if isinstance(event, Answered)]
    ids = [request.headers["X-Request-ID"] for request in transport.sent]
    assert [event.request_id for event in sent] == [event.request_id for event in answered] == ids
    assert [event.status for event in answered] == [503, 200]
    assert not [event for event in told if isinstance(event, Throttled)]
