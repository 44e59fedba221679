"""Closing a session: nothing leaves afterwards, and what is not known of a write is kept."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from typing import TYPE_CHECKING

import pytest

from alianza_async.client import in_flight
from alianza_async.errors import ClientError, SessionStateError, UnknownOutcomeError
from alianza_async.policies.own import per_call
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.httpx import InProcessTransport
from tests.fakes import ScriptedTransport, answer, lost, refusal, scripted
from tests.retry_calls import FOUND, create

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from alianza_async.calls.call import Call
    from alianza_async.calls.reply import Reply
    from alianza_async.policies.base import Next
    from alianza_async.sandbox import Sandbox

OK = answer(200, FOUND)
POST = "POST /v2/partition/part/account"
WAITING = RetryPolicy(attempts=6, wait_initial=30, wait_max=30, settle_s=30)


class Slow:
    """A step that answers once it is let, and says that a request has come."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.free = asyncio.Event()

    def __call__(self, call: Call) -> Awaitable[Reply[object]]:
        """Answer when it is free."""
        return self._later(call)

    async def _later(self, call: Call) -> Reply[object]:
        self.came.set()
        await self.free.wait()
        return OK(call)


async def outcome(task: asyncio.Task[object]) -> object:
    """Return what a call came to: its answer, or the error."""
    try:
        return await task
    except ClientError as error:
        return error


async def test_requests_under_way_may_end() -> None:
    """What is under way when a session closes has its answer; the close waits for it."""
    slow = Slow()
    session = await scripted(ScriptedTransport(slow)).open()
    call = asyncio.create_task(create(session))
    await slow.came.wait()
    closing = asyncio.create_task(session.aclose())
    await asyncio.sleep(0)
    with pytest.raises(SessionStateError, match="nothing was sent"):
        await session.accounts.get("a1")
    slow.free.set()
    await closing
    assert (await call).object_id == FOUND["id"]
    assert session.unsettled == ()


async def test_what_does_not_end_in_time_is_cut_off_and_kept() -> None:
    """A write that is not answered in time may have been carried out; another session looks it up."""
    slow = Slow()
    session = await scripted(ScriptedTransport(slow), close_timeout=0.0).open()
    call = asyncio.create_task(create(session))
    await slow.came.wait()
    await session.bind(user="u").aclose()
    error = await outcome(call)
    assert isinstance(error, UnknownOutcomeError)
    (kept,) = session.unsettled
    assert (kept.operation_id, kept.key) == ("createAccount", FOUND["accountNumber"])
    assert kept.request_id == error.request_id
    other = ScriptedTransport(OK)
    async with scripted(other) as second:
        found = await kept.resolve(second)
    assert found is not None
    assert found.object_id == FOUND["id"]
    assert [line.split()[0] for line in other.lines] == ["GET"]


@pytest.mark.parametrize(
    ("step", "kind"),
    [(refusal(429, headers={"retry-after": "30"}), SessionStateError), (lost, UnknownOutcomeError)],
    ids=["refused before", "lost before"],
)
async def test_what_waits_to_try_again_ends_at_once(step: object, kind: type[ClientError]) -> None:
    """A call that backs off is not waited for: unsent is said so, and what may have arrived is unknown."""
    transport = ScriptedTransport(step)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    session = await scripted(transport, retry=WAITING).open()
    call = asyncio.create_task(create(session))
    while not transport.sent:  # noqa: ASYNC110  (the transport has no event of its own)
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    await session.aclose()
    error = await outcome(call)
    assert type(error) is kind
    assert len(session.unsettled) == (kind is UnknownOutcomeError)
    assert transport.lines == [POST]


async def test_nothing_leaves_after_the_close() -> None:
    """Of twelve creates with four connections, those that wait for a connection are never sent."""
    slow = Slow()
    transport = ScriptedTransport(otherwise=slow, capacity=4)
    session = await scripted(transport, close_timeout=0.0).open()
    calls = [asyncio.create_task(create(session)) for _ in range(12)]
    while len(transport.sent) < 4:  # noqa: ASYNC110  (as above)
        await asyncio.sleep(0)
    await session.aclose()
    errors = [await outcome(call) for call in calls]
    assert sorted(type(error).__name__ for error in errors) == [
        *["SessionStateError"] * 8,
        *["UnknownOutcomeError"] * 4,
    ]
    assert (len(transport.sent), len(session.unsettled)) == (4, 4)
    gc.collect()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_cancelled_write_is_not_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    """A caller that goes away leaves a warning, a note on its cancellation and an entry; a read, none."""
    slow = Slow()
    async with scripted(ScriptedTransport(slow, slow, OK)) as session:
        write = asyncio.create_task(create(session))
        await slow.came.wait()
        write.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await write
        slow.came.clear()
        read = asyncio.create_task(session.accounts.get("a1"))
        await slow.came.wait()
        read.cancel()
        await asyncio.gather(read, return_exceptions=True)
        (kept,) = session.unsettled
        assert kept.settled is False
        assert await kept.resolve(session) is not None
        assert [each.settled for each in session.unsettled] == [True]
    records = [record for record in caplog.records if record.levelno == logging.WARNING]
    (said,) = [record.getMessage() for record in records]
    assert said.startswith(f"cut off: createAccount of {FOUND['accountNumber']} may have been carried out")
    assert kept.request_id in said
    assert any(kept.request_id in note for note in caught.value.__notes__)


async def test_a_write_cancelled_in_the_queue_is_nothing_to_keep() -> None:
    """What was never sent needs no look-up."""
    slow = Slow()
    async with scripted(ScriptedTransport(slow, capacity=1)) as session:
        first = asyncio.create_task(create(session))
        await slow.came.wait()
        second = asyncio.create_task(create(session))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        slow.free.set()
        await first
        assert session.unsettled == ()


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded: the oldest goes first."""
    monkeypatch.setattr(in_flight, "_KEPT_AT_MOST", 2)
    transport = ScriptedTransport(otherwise=Slow())
    session = scripted(transport, close_timeout=0.0)
    async with session:
        calls = [asyncio.create_task(create(session)) for _ in range(3)]
        while len(transport.sent) < 3:  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0)
    await asyncio.gather(*calls, return_exceptions=True)
    assert len(session.unsettled) == 2


async def test_another_loop_is_refused_and_harms_nothing() -> None:
    """A call, or a close, from another thread's event loop says why; the owner's calls go on."""
    session = scripted(ScriptedTransport(OK))
    raised: list[BaseException] = []

    async def use(what: str) -> None:
        try:
            await (session.aclose() if what == "close" else session.accounts.get("a1"))
        except SessionStateError as error:
            raised.append(error)

    async with session:
        for what in ("call", "close"):
            thread = threading.Thread(target=asyncio.run, args=(use(what),))
            thread.start()
            await asyncio.to_thread(thread.join)
        assert (await session.accounts.get("a1")).id is not None
    assert len(raised) == 2
    assert all("another event loop" in str(error) for error in raised)


async def test_closing_while_it_closes_is_refused() -> None:
    """Two closes at once: the second one says so."""
    slow = Slow()
    session = await scripted(ScriptedTransport(slow)).open()
    call = asyncio.create_task(create(session))
    await slow.came.wait()
    first = asyncio.create_task(session.aclose())
    await asyncio.sleep(0)
    with pytest.raises(SessionStateError, match="closed already"):
        await session.aclose()
    slow.free.set()
    await first
    await call


async def test_another_loop_makes_no_login(sandbox: Sandbox) -> None:
    """Before the first login too: a call from another loop sends nothing, and the owner logs in as ever."""
    raised: list[BaseException] = []
    session = Session(
        Credentials("me", "a-password"),
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
    )

    async def use() -> None:
        for call in (session.accounts.list(), session.login(), session.partition_id()):
            try:
                await call
            except SessionStateError as error:
                raised.append(error)

    async with session:
        await asyncio.to_thread(asyncio.run, use())
        assert (len(raised), sandbox.truth().logins) == (3, 0)
        assert await session.accounts.list() == []


async def test_a_second_close_does_nothing() -> None:
    """Closing in a `finally` after a block is no fault; the session may be opened again."""
    session = scripted(ScriptedTransport(OK))
    async with session:
        pass
    await session.aclose()
    async with session:
        await session.accounts.get("a1")


async def slow_after(call: Call, next_: Next) -> Reply[object]:
    """Take a while over each answer."""
    reply = await next_(call)
    await asyncio.sleep(30)
    return reply


@pytest.mark.parametrize("how", ["close", "cancel", "timeout"])
async def test_an_answer_that_a_policy_holds_back_is_not_forgotten(how: str) -> None:
    """A create whose answer its caller never sees is kept: after the close, a cancel, a time limit."""
    transport = ScriptedTransport(OK)
    session = await scripted(transport, policies=[per_call(slow_after)], close_timeout=0.0).open()

    async def limited() -> object:
        async with asyncio.timeout(0.05 if how == "timeout" else None):
            return await create(session)

    call = asyncio.create_task(limited())
    while not transport.sent:  # noqa: ASYNC110  (as above)
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    if how == "cancel":
        call.cancel()
    if how == "close":
        await session.aclose()
    await asyncio.gather(call, return_exceptions=True)
    assert [write.key for write in session.unsettled] == [FOUND["accountNumber"]]
    await session.aclose()


async def test_a_views_own_limit_is_its_views_too() -> None:
    """`bind` and `with_options` on a view keep its limiter: it is one for all of them."""
    async with scripted(ScriptedTransport(OK, OK)) as session:
        slow = session.with_options(limit=LimitPolicy(rate=2))
        views = [slow.bind(user="u"), slow.with_options(timeout=3)]
        for view in views:
            await view.accounts.get("a1")
        limiters = {id(view._current_pipeline().limiters[0]) for view in views}  # pyright: ignore[reportPrivateUsage]
    assert len(limiters) == 1


async def test_two_openings_at_once_are_one() -> None:
    """The second `open` is refused while the first one is at work."""
    session = Session(base_url="http://localhost", auth_token="t", transport="httpx")
    opened = await asyncio.gather(session.open(), session.open(), return_exceptions=True)
    assert sorted(type(each).__name__ for each in opened) == ["Session", "SessionStateError"]
    await session.aclose()


async def test_a_look_up_of_ones_own_ends_with_the_close() -> None:
    """`resolve` through a session that closes ends at once, and the write is as unknown as before."""
    slow = Slow()
    first = scripted(ScriptedTransport(slow), close_timeout=0.0)
    async with first:
        call = asyncio.create_task(create(first))
        await slow.came.wait()
    await outcome(call)
    (kept,) = first.unsettled
    waiting = ScriptedTransport(refusal(429, headers={"retry-after": "30"}))
    second = await scripted(waiting, retry=WAITING).open()
    resolving: asyncio.Task[object] = asyncio.create_task(kept.resolve(second))
    while not waiting.sent:  # noqa: ASYNC110  (as above)
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    await second.aclose()
    assert isinstance(await outcome(resolving), UnknownOutcomeError)
    assert len(second.unsettled) == 1


async def test_what_a_close_cuts_off_is_told_in_the_log_and_truly(caplog: pytest.LogCaptureFixture) -> None:
    """A write that may be done is one WARNING with its key; a read that left does not say it never did."""
    writing, reading = Slow(), Slow()
    session = await scripted(ScriptedTransport(writing, reading), close_timeout=0.0).open()
    write = asyncio.create_task(create(session))
    await writing.came.wait()
    read = asyncio.create_task(session.accounts.get("a1"))
    await reading.came.wait()
    with caplog.at_level(logging.WARNING, "alianza_async"):
        await session.aclose()
    assert isinstance(await outcome(write), UnknownOutcomeError)
    refused = await outcome(read)
    assert isinstance(refused, SessionStateError)
    assert "was sent has changed nothing" in str(refused)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "createAccount of ACME-1 may have been carried out" in line


async def test_a_look_up_that_finds_nothing_settles_nothing() -> None:
    """It may have come too early: the write is not settled until one shows the object."""
    slow = Slow()
    async with scripted(ScriptedTransport(slow, refusal(404), OK)) as session:
        write = asyncio.create_task(create(session))
        await slow.came.wait()
        write.cancel()
        await asyncio.gather(write, return_exceptions=True)
        (kept,) = session.unsettled
        seen = [(await kept.resolve(session) is not None, kept.settled) for _ in range(2)]
    assert seen == [(False, False), (True, True)]
