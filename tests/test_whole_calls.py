"""What holds for a call holds for what comes before it and after it: its deadline, its place in the queue."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from alianza_async.endpoints.ensure import ensure
from alianza_async.errors import (
    ConfigurationError,
    DeadlineExceededError,
    OverloadedError,
    SessionStateError,
    UnknownOutcomeError,
)
from alianza_async.policies.own import per_attempt, per_call
from alianza_async.policies.values import RetryPolicy
from alianza_async.sandbox import Fault, Sandbox, serve
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, refusal, scripted, timed_out, token
from tests.retry_calls import CREATE, FOUND, LOOK_UP, new_account
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from alianza_async.calls.call import Call
    from alianza_async.calls.reply import Reply
    from alianza_async.policies.base import Next, Policy
    from alianza_async.policies.own import OwnPolicy
    from alianza_async.transports.choice import TransportName
    from tests.fakes import Answer, Step

ME = Credentials("me", "a-password")
OK = answer(200, FOUND)
LOGIN = "POST /v2/authorize"


def after(seconds: float, step: Answer) -> Step:
    """Return a step that takes so long."""

    async def later(call: Call) -> Reply[object]:
        await asyncio.sleep(seconds)
        return step(call)

    return later


async def declared(session: Session) -> object:
    """Read an account."""
    return await session.with_options(deadline=2.0).accounts.get("a1")


async def declared_for_one_call(session: Session) -> object:
    """Read an account with a deadline of the call's own."""
    return await session.accounts.get.with_options(deadline=2.0)("a1")


async def passed_on(session: Session) -> object:
    """Read an account by `call`, with a deadline of the call's own."""
    return await session.call(session.accounts.get.with_options(deadline=2.0), "a1")


async def by_path(session: Session) -> object:
    """Read an account by verb and path."""
    return await session.with_options(deadline=2.0).call("GET", "/v2/partition/{partition_id}/account/a1")


async def ensured(session: Session) -> object:
    """Look an account up, and create it where it is absent."""
    return await ensure(session.accounts.create.with_options(deadline=2.0), new_account())


async def partition(session: Session) -> object:
    """Ask for the partition."""
    return await session.with_options(deadline=2.0).partition_id()


@pytest.mark.parametrize("call", [declared, declared_for_one_call, passed_on, by_path, ensured, partition])
@pytest.mark.parametrize("slow", ["the login", "who is logged in", "both"])
def test_a_deadline_bounds_what_comes_before_the_call(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[Session], Awaitable[object]], slow: str
) -> None:
    """However a call is made, the login and the look-up of the partition are part of its time."""
    use_clock(monkeypatch)

    async def main() -> float:
        if slow == "who is logged in":
            transport = ScriptedTransport(after(60, answer(200, {"partitionId": "part"})))
            session = scripted(transport, partition_id=None)
        else:
            first = after(1.5 if slow == "both" else 60, token())
            transport = ScriptedTransport(first, otherwise=after(1.5, answer(404)))
            session = scripted(transport, partition_id=None, credentials=ME)
        async with session:
            if slow == "both" and call is partition:
                return 2.0 if await call(session) == "part" else 0
            with pytest.raises(DeadlineExceededError):
                await call(session)
            return now()

    assert run_virtual(main()) == pytest.approx(2, abs=0.01)


def test_a_deadline_bounds_look_up_and_create_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ensure` has one deadline, not one for the look-up and another for the create."""
    use_clock(monkeypatch)

    async def main() -> float:
        transport = ScriptedTransport(after(1.5, refusal(404)), after(1.5, OK))
        async with scripted(transport) as session:
            with pytest.raises(UnknownOutcomeError) as caught:
                await ensured(session)
            assert transport.lines == [LOOK_UP, CREATE]
            assert caught.value.resolvable
            return now()

    assert run_virtual(main()) == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("how", ["cancelled", "deadline"])
def test_a_look_up_that_is_cut_off_is_no_write_of_its_own(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Looking a write up again and again, in vain, leaves one write that is not settled."""
    use_clock(monkeypatch)

    async def main() -> tuple[str, ...]:
        transport = ScriptedTransport(otherwise=after(60, OK))
        async with scripted(transport) as session:
            with pytest.raises(UnknownOutcomeError):
                await session.accounts.create.with_options(deadline=1.0)(new_account())
            (write,) = session.unsettled
            for _ in range(3):
                if how == "deadline":
                    with pytest.raises(UnknownOutcomeError, match="deadline"):
                        await write.resolve(session.with_options(deadline=1.0))
                else:
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(1):
                            await write.resolve(session)
            assert session.queued == 0
            return tuple(each.request_id for each in session.unsettled)

    assert len(run_virtual(main())) == 1


@pytest.mark.parametrize("call", [declared, by_path])
def test_those_that_wait_for_the_partition_count(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[Session], Coroutine[object, object, object]]
) -> None:
    """The calls that come while the first login takes long fill the queue too, and beyond it are refused."""
    use_clock(monkeypatch)

    async def main() -> tuple[int, int, int, list[str]]:
        transport = ScriptedTransport(after(1, token()), otherwise=OK)
        async with scripted(transport, partition_id=None, credentials=ME, max_queue=3) as session:
            calls = [asyncio.create_task(call(session)) for _ in range(10)]
            await asyncio.sleep(0.5)
            waiting = session.queued
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            refused = sum(isinstance(outcome, OverloadedError) for outcome in outcomes)
            return waiting, refused, session.queued, transport.lines

    waiting, refused, left, lines = run_virtual(main())
    assert (waiting, refused, left) == (3, 7, 0)
    assert lines[0] == LOGIN
    assert len(lines) == 4


async def test_the_look_up_of_the_partition_is_not_refused() -> None:
    """Asking whose token it is belongs to a call that was accepted, however small the queue is."""
    transport = ScriptedTransport(answer(200, {"partitionId": "part"}), OK)
    async with scripted(transport, partition_id=None, max_queue=1) as session:
        await session.accounts.get("a1")
        assert session.queued == 0
    assert transport.left == 0


def test_who_waits_for_the_partition_ends_with_the_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that closes sends away who waits for a login that it shares with another one."""
    use_clock(monkeypatch)

    async def main() -> float:
        transport = ScriptedTransport(after(60, token()), otherwise=OK)
        async with scripted(transport, partition_id=None, credentials=ME) as first:
            other = asyncio.create_task(first.accounts.get("a1"))
            async with scripted(transport, partition_id=None, credentials=ME) as second:
                waiting = asyncio.create_task(second.accounts.get("a1"))
                await asyncio.sleep(1)
            with pytest.raises(SessionStateError):
                await waiting
            took = now()
            other.cancel()
        return took

    assert run_virtual(main()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("place", [per_call, per_attempt])
@pytest.mark.parametrize("how", ["twice", "not at all", "both at once", "fails", "swallows"])
async def test_no_policy_makes_the_queue_drift(place: Callable[[Policy], OwnPolicy], how: str) -> None:
    """Whatever a policy does with a call, nobody waits when all is over, and never less than nobody."""
    seen: list[int] = []

    async def policy(call: Call, next_: Next) -> Reply[object]:
        seen.append(session.queued)
        if how == "not at all":
            return OK(call)
        if how == "fails":
            raise ValueError("mine")
        if how == "both at once":
            first, _ = await asyncio.gather(next_(call), next_(call))
            return first
        try:
            reply = await next_(call)
        except asyncio.CancelledError:
            return OK(call)
        return await next_(call) if how == "twice" else reply

    async def look(call: Call) -> Reply[object]:
        seen.append(session.queued)
        await asyncio.sleep(0.02 if how == "swallows" else 0)
        return OK(call)

    session = scripted(ScriptedTransport(otherwise=look), policies=[place(policy)], max_queue=5)
    async with session:
        get = session.accounts.get.with_options(deadline=0.01 if how == "swallows" else 60)
        await asyncio.gather(*(get("a1") for _ in range(5)), return_exceptions=True)
        assert session.queued == 0
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
    gc.collect()
    assert min(seen) >= 0


async def test_a_call_that_survives_the_close_is_not_cancelled_afterwards() -> None:
    """Where a policy answers in place of a call that the close cuts off, its task is as it was before."""

    async def keep(call: Call, next_: Next) -> Reply[object]:
        try:
            return await next_(call)
        except asyncio.CancelledError:
            return OK(call)

    async def caller() -> int:
        await session.accounts.get("a1")
        async with asyncio.timeout(60):
            await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    transport = ScriptedTransport(otherwise=after(60, OK))
    session = scripted(transport, policies=[per_call(keep)], close_timeout=0.01)
    async with session:
        calling = asyncio.create_task(caller())
        await asyncio.sleep(0.01)
    assert await calling == 0


def test_a_lost_create_with_a_deadline_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off by the deadline while it closes, a create is unknown, and stands there once."""
    use_clock(monkeypatch)

    async def main() -> tuple[object, int]:
        transport = ScriptedTransport(timed_out, otherwise=after(60, OK))
        retry = RetryPolicy(settle_s=5, wait_jitter=0)
        session = scripted(transport, retry=retry, close_timeout=1)
        async with session:
            call = asyncio.create_task(session.accounts.create.with_options(deadline=7.0)(new_account()))
            await asyncio.sleep(6)
        (outcome,) = await asyncio.gather(call, return_exceptions=True)
        return outcome, len(session.unsettled)

    outcome, kept = run_virtual(main())
    assert isinstance(outcome, UnknownOutcomeError)
    assert kept == 1


async def test_an_option_that_does_not_exist_is_refused() -> None:
    """A deadline that is misspelt bounds nothing: it is a wrong argument, as Python has it."""
    async with scripted(ScriptedTransport()) as session:
        for target in (session, session.accounts.get):
            with pytest.raises(TypeError, match="unexpected keyword argument 'dealine'"):
                target.with_options(dealine=2.0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def test_a_job_does_not_drop_options_silently() -> None:
    """An operation's own options do not reach the rows of a job, and are refused; a view's do reach them."""
    async with scripted(ScriptedTransport()) as session:
        with pytest.raises(ConfigurationError, match=r"\(deadline\); give them to the session"):
            session.bulk.create(session.accounts.create.with_options(deadline=2.0), [])


async def test_a_job_with_a_deadline(transport_name: TransportName) -> None:
    """Creates that hang past the deadline of a job's view are looked up: each row exists once."""
    sandbox = Sandbox()
    async with (
        serve(sandbox) as running,
        Session(
            ME,
            base_url=running.base_url,
            transport=transport_name,
            retry=RetryPolicy(settle_s=0.2, wait_initial=0.05, wait_jitter=0.05),
        ) as session,
    ):
        await session.login()
        for kind in ("hang_after", "hang_before", "hang_before", "hang_after"):
            sandbox.faults.add(Fault(kind=kind, operation="createAccount"))
        rows = [{**new_account().model_dump(), "account_number": f"ACME-{number}"} for number in range(12)]
        job = session.with_options(deadline=1.0).bulk.create_accounts(rows)
        told = [result.status async for result in job]
        sandbox.faults.release()
    assert told == ["created"] * 12
    assert sandbox.truth().accounts == 12
    assert session.unsettled == ()
