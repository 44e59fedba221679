"""In which order calls leave: the login first, interactive calls before bulk, and bulk keeps a tenth."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alianza_async.calls.options import Lane
from alianza_async.policies.limit import RateLimiter
from alianza_async.policies.pause import Pause
from alianza_async.policies.turns import Permits
from alianza_async.policies.values import LimitPolicy
from tests.virtual_time import now, run_virtual

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence


def limiter(rate: float, pause: Pause | None = None) -> RateLimiter:
    """Return a limiter on the running loop's clock."""
    return RateLimiter(LimitPolicy(rate=rate), pause, clock=now)


async def order_of(lanes: Sequence[Lane], acquire: Callable[[Lane], Awaitable[object]]) -> list[Lane]:
    """Return in which order callers of these lanes, who all come at once, have their turn."""
    had: list[Lane] = []

    async def caller(lane: Lane) -> None:
        await acquire(lane)
        had.append(lane)

    await asyncio.gather(*(caller(lane) for lane in lanes))
    return had


def through_limiter(lanes: Sequence[Lane]) -> list[Lane]:
    """Return the order in which a limit whose token is taken lets callers through."""

    async def main() -> list[Lane]:
        of = limiter(100)
        await of.acquire()
        return await order_of(lanes, of.acquire)

    return run_virtual(main())


def through_permits(lanes: Sequence[Lane]) -> list[Lane]:
    """Return the order in which one permit, which is taken, goes from caller to caller."""

    async def main() -> list[Lane]:
        permits = Permits(1)
        await permits.acquire(Lane.BULK)

        async def once(lane: Lane) -> None:
            await permits.acquire(lane)
            asyncio.get_running_loop().call_later(0.01, permits.release)

        asyncio.get_running_loop().call_later(0.01, permits.release)
        had = await order_of(lanes, once)
        await asyncio.sleep(1)
        assert permits.free == 1
        return had

    return run_virtual(main())


EACH = pytest.mark.parametrize("through", [through_limiter, through_permits])


@EACH
def test_interactive_calls_go_before_bulk(through: Callable[[Sequence[Lane]], list[Lane]]) -> None:
    """Of a crowd that waits, the interactive callers go first, whenever they came."""
    crowd = [Lane.BULK, Lane.INTERACTIVE] * 5
    assert through(crowd) == [Lane.INTERACTIVE] * 5 + [Lane.BULK] * 5


@EACH
def test_the_login_goes_before_everything(through: Callable[[Sequence[Lane]], list[Lane]]) -> None:
    """A login that comes last goes first."""
    crowd = [Lane.BULK] * 3 + [Lane.INTERACTIVE] * 3 + [Lane.LOGIN]
    assert through(crowd)[0] is Lane.LOGIN


@EACH
def test_bulk_keeps_a_tenth(through: Callable[[Sequence[Lane]], list[Lane]]) -> None:
    """Where interactive callers never end, every tenth turn is bulk's."""
    had = through([Lane.INTERACTIVE] * 95 + [Lane.BULK] * 10)
    assert [index for index, lane in enumerate(had) if lane is Lane.BULK] == list(range(9, 105, 10))[:10]


def test_bulk_has_what_interactive_calls_leave() -> None:
    """Forty interactive calls a second beside bulk at a rate of 100: none waits for more than two tokens."""

    async def main() -> tuple[list[float], int]:
        of, waited, bulk = limiter(100), list[float](), 0
        end = now() + 10

        async def fill() -> None:
            nonlocal bulk
            while now() < end:
                await of.acquire(Lane.BULK)
                bulk += 1

        async def ask() -> None:
            began = now()
            await of.acquire(Lane.INTERACTIVE)
            waited.append(now() - began)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(50):
                tasks.create_task(fill())
            while now() < end:
                tasks.create_task(ask())
                await asyncio.sleep(1 / 40)
        return waited, bulk

    waited, bulk = run_virtual(main())
    assert max(waited) <= 2 / 97
    assert bulk >= 0.55 * 100 * 10


def test_nothing_but_a_login_has_a_turn_while_one_is_waited_for() -> None:
    """While a login is under way that calls cannot leave without, they take no token; then all go on."""

    async def main() -> list[tuple[str, float]]:
        of, had = limiter(10), list[tuple[str, float]]()

        async def caller(name: str, lane: Lane) -> None:
            await of.acquire(lane)
            had.append((name, round(now(), 1)))

        async def login() -> None:
            await asyncio.sleep(2)
            await caller("login", Lane.LOGIN)
            await asyncio.sleep(3)

        await of.acquire()
        waiting = [asyncio.create_task(caller("early", Lane.INTERACTIVE))]
        task = asyncio.create_task(login())
        of.wait_for_login(task)
        of.wait_for_login(task)
        await asyncio.sleep(1)
        waiting.append(asyncio.create_task(caller("late", Lane.INTERACTIVE)))
        await asyncio.gather(task, *waiting)
        of.wait_for_login(task)  # it has ended: nothing waits for it any more
        await caller("after", Lane.INTERACTIVE)
        return had

    names_and_times = run_virtual(main())
    assert [name for name, _ in names_and_times] == ["login", "early", "late", "after"]
    assert names_and_times[0][1] == 2.0
    assert all(time >= 5.0 for _, time in names_and_times[1:])


def test_no_token_is_taken_during_a_pause() -> None:
    """Callers that wait when a pause comes keep their places, and leave in order when it is over."""

    async def main() -> list[tuple[int, float]]:
        pause = Pause(clock=now)
        of, had = limiter(10, pause), list[tuple[int, float]]()
        pause.extend(5)

        async def caller(number: int) -> None:
            await of.acquire()
            had.append((number, now()))

        await asyncio.gather(*(caller(number) for number in range(5)))
        return had

    had = run_virtual(main())
    assert [number for number, _ in had] == [0, 1, 2, 3, 4]
    assert had[0][1] == pytest.approx(5, abs=0.001)
    assert had[-1][1] <= 5.5


async def test_a_caller_that_is_cancelled_with_its_permit_in_hand_gives_it_back() -> None:
    """Cancelled in the moment in which its turn comes, a caller leaves the permit to the next one."""
    permits = Permits(1)
    await permits.acquire(Lane.INTERACTIVE)
    first, second = (asyncio.create_task(permits.acquire(Lane.INTERACTIVE)) for _ in range(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    permits.release()
    first.cancel()
    await second
    assert first.cancelled()
    permits.release()
    assert permits.free == 1


async def test_nothing_is_left_when_the_last_caller_is_gone() -> None:
    """Where every caller is cancelled, nothing goes on waiting at the bucket."""
    of = RateLimiter(LimitPolicy(rate=0.01))
    await of.acquire()
    callers = [asyncio.create_task(of.acquire()) for _ in range(10)]
    await asyncio.sleep(0)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    await asyncio.sleep(0)
    assert [task.get_name() for task in asyncio.all_tasks()] == [asyncio.current_task().get_name()]  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]


async def giver_of(callers: Sequence[asyncio.Task[bool]]) -> asyncio.Task[None]:
    """Return the task that gives callers their turns, once they wait."""
    await asyncio.sleep(0.01)
    (giver,) = asyncio.all_tasks() - {*callers, asyncio.current_task()}
    return giver


def test_who_cancels_every_task_of_the_loop_leaves_nobody_waiting() -> None:
    """Where a program cancels the task that gives the turns, another one takes its place."""

    async def main() -> list[bool]:
        of = limiter(10)
        await of.acquire()
        callers = [asyncio.create_task(of.acquire()) for _ in range(5)]
        (await giver_of(callers)).cancel()
        async with asyncio.timeout(60):
            return [*await asyncio.gather(*callers), await of.acquire()]

    assert run_virtual(main()) == [True] * 6


def test_an_error_of_ours_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where giving the turns fails, who waits is told; later calls go on."""

    async def main() -> list[object]:
        pause = Pause(clock=now)
        of = limiter(10, pause)
        pause.extend(1)
        callers = [asyncio.create_task(of.acquire()) for _ in range(3)]
        await giver_of(callers)
        monkeypatch.setattr(RateLimiter, "_new_bucket", None)
        of.change(20)
        had = await asyncio.gather(*callers, return_exceptions=True)
        monkeypatch.undo()
        assert await of.acquire()
        return [type(each) for each in had]

    assert run_virtual(main()) == [TypeError] * 3


@pytest.mark.parametrize("after_a_429", [False, True])
def test_another_rate_holds_at_once_for_those_that_wait(*, after_a_429: bool) -> None:
    """A rate that was set too low by mistake is corrected in a moment, not after its own wait."""

    async def main() -> float:
        of = limiter(100)
        await of.acquire()
        if after_a_429:
            of.throttled(sent_at=now(), quiet_from=now())
        of.change(0.001)
        callers = [asyncio.create_task(of.acquire()) for _ in range(5)]
        await asyncio.sleep(0.5)
        of.change(100)
        await asyncio.gather(*callers)
        return now()

    assert run_virtual(main()) <= 0.65


def test_a_rate_that_climbs_back_is_heard_of_by_those_that_wait() -> None:
    """A 429 that cuts the rate to almost nothing costs the seconds of the climb, not a wait at that rate."""

    async def main() -> float:
        of = RateLimiter(LimitPolicy(rate=10, floor=0.001), clock=now)
        for _ in range(20):
            await asyncio.sleep(0.001)
            of.throttled(sent_at=now(), quiet_from=now())
        await of.acquire()
        await of.acquire()
        return now()

    assert run_virtual(main()) <= 11


def test_nothing_is_left_when_a_login_failed_that_everybody_waited_for() -> None:
    """Whom a failed login sends away leaves nothing behind that waits for the end of a pause."""

    async def main() -> tuple[list[bool], int]:
        pause = Pause(clock=now)
        of = limiter(10, pause)
        pause.extend(100)

        async def login() -> None:
            await asyncio.sleep(1)
            raise ValueError("refused")

        task = asyncio.create_task(login())
        of.wait_for_login(task)
        had = await asyncio.gather(*(of.acquire() for _ in range(3)))
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0)
        return had, len(asyncio.all_tasks())

    assert run_virtual(main()) == ([False] * 3, 1)


async def test_a_crowd_that_is_cancelled_leaves_nothing_behind() -> None:
    """While every permit is held, callers who come and go are forgotten."""
    permits = Permits(1)
    await permits.acquire(Lane.BULK)
    for lane in Lane:
        callers = [asyncio.create_task(permits.acquire(lane)) for _ in range(100)]
        await asyncio.sleep(0)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
    lanes = permits._turns._lanes  # pyright: ignore[reportPrivateUsage]  (no other way shows what is kept)
    assert [len(lane) for lane in lanes] == [0, 0, 0]
    permits.release()
    assert permits.free == 1
