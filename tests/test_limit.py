from __future__ import annotations

import asyncio
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from alianza_async.policies.limit import RateLimiter, bucket_shape
from alianza_async.policies.pause import Pause
from alianza_async.policies.values import LimitPolicy
from tests.fakes import ScriptedTransport, answer, refusal, scripted
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.calls.call import Call, Reply

JITTER = 0.0173


def limiter(rate: float, *, floor: float = 1.0) -> RateLimiter:
    """Return a limiter on the running loop's clock."""
    return RateLimiter(LimitPolicy(rate=rate, floor=floor), clock=now)


async def departures(of: RateLimiter, seconds: float, *, callers: int = 50) -> list[float]:
    """Let callers pass as fast as they may, and return when each request left."""
    left: list[float] = []
    end = now() + seconds

    async def caller() -> None:
        while now() < end:
            await of.acquire()
            if now() < end:
                left.append(now())

    await asyncio.gather(*(caller() for _ in range(callers)))
    return left


def fullest_second(times: Sequence[float], *, width: float = 1.0) -> int:
    """Return the most departures that any sliding window held."""
    return max(bisect_left(times, start + width) - index for index, start in enumerate(times))


@given(st.floats(min_value=1, max_value=2000))
def test_a_second_and_its_jitter_hold_less_than_the_rate_and_one(rate: float) -> None:
    """At any rate, a second that our clock and the server's disagree on by 17 ms is not over the limit."""
    capacity, refill = bucket_shape(rate)
    assert capacity + refill * (1 + JITTER) < rate + 1
    assert capacity >= 1


@pytest.mark.parametrize("rate", [50, 100, 1000])
def test_no_sliding_second_is_over_the_limit_and_nearly_all_of_it_is_used(rate: int) -> None:
    """Over 20 seconds under load no sliding second, jitter included, is over; 97 % of the limit is used."""
    left = run_virtual(_under_load(rate))
    assert fullest_second(left, width=1 + JITTER) <= rate
    assert len(left) >= 0.97 * rate * 20


async def _under_load(rate: int) -> list[float]:
    return await departures(limiter(rate), 20)


@pytest.mark.parametrize("rate", [0.5, 1, 3])
def test_a_slow_limit_holds_too(rate: float) -> None:
    """A rate of few a second, or under one, is spaced: never two at once."""
    left = run_virtual(_slowly(rate))
    assert min(later - earlier for earlier, later in pairwise(left)) >= 1 / rate
    assert len(left) >= 0.9 * rate * 20


async def _slowly(rate: float) -> list[float]:
    return await departures(limiter(rate), 20, callers=3)


def test_first_come_first_served() -> None:
    """A thousand waiters leave in the order in which they came."""

    async def main() -> list[int]:
        of, order = limiter(500), list[int]()

        async def caller(number: int) -> None:
            await of.acquire()
            order.append(number)

        await asyncio.gather(*(caller(number) for number in range(1000)))
        return order

    assert run_virtual(main()) == list(range(1000))


def test_whoever_comes_when_a_token_is_free_overtakes_nobody() -> None:
    """Callers that come one by one, some to a free token and some to a queue, leave as they came."""

    async def main() -> tuple[list[int], float]:
        of, order = limiter(100), list[int]()

        async def caller(number: int) -> None:
            await of.acquire()
            order.append(number)

        async with asyncio.TaskGroup() as callers:
            for number in range(1000):
                callers.create_task(caller(number))
                # Half as fast as the limit, then twice: the queue comes and goes.
                await asyncio.sleep(0.02 if number // 50 % 2 else 0.005)
                if number % 100 == 99:
                    of.change(100 + number % 3)
        return order, now()

    order, took = run_virtual(main())
    assert order == list(range(1000))
    assert took >= 12.5


def test_a_cancelled_waiter_takes_nobodys_turn() -> None:
    """Waiters that are cancelled leave the queue; those behind them still leave, in order."""

    async def main() -> list[int]:
        of, order = limiter(100), list[int]()

        async def caller(number: int) -> None:
            await of.acquire()
            order.append(number)

        tasks = [asyncio.create_task(caller(number)) for number in range(20)]
        await asyncio.sleep(0)
        for task in tasks[1::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return order

    assert run_virtual(main()) == list(range(0, 20, 2))


@pytest.mark.parametrize(("before", "after"), [(100, 20), (20, 100)])
def test_the_rate_changes_while_running(before: float, after: float) -> None:
    """Another rate holds from the next request on: no burst, nobody left at the old one."""

    async def main() -> tuple[list[float], float]:
        of = limiter(before)
        crowd = asyncio.create_task(departures(of, 10))
        await asyncio.sleep(5)
        of.change(after)
        return await crowd, of.full_rate

    left, full = run_virtual(main())
    changed = [time for time in left if time > 5.1]
    assert full == after
    assert fullest_second(changed) <= after
    assert len(changed) >= 0.9 * after * 4.9
    assert fullest_second(left) <= max(before, after)


def test_a_throttled_answer_halves_once_an_episode() -> None:
    """Many 429s to requests that were under way together halve the rate once; one sent later halves again."""

    async def main() -> list[float]:
        of, rates = limiter(100), list[float]()
        await asyncio.sleep(1)
        for _ in range(20):
            of.throttled(sent_at=0.5, quiet_from=now())
        rates.append(of.rate)
        await asyncio.sleep(0.1)
        of.throttled(sent_at=now(), quiet_from=now())
        rates.append(of.rate)
        return rates

    assert run_virtual(main()) == [50, 25]


def test_it_climbs_back_a_tenth_each_quiet_second() -> None:
    """After the pause, each quiet second gives back a tenth of the full rate, up to the full rate."""

    async def main() -> list[float]:
        of = limiter(100)
        of.throttled(sent_at=0, quiet_from=3)
        rates: list[float] = []
        for moment in (0, 3.5, 4.5, 5.5, 7.5, 8.5, 30):
            await asyncio.sleep(moment - now())
            rates.append(of.rate)
        return rates

    assert run_virtual(main()) == [50, 50, 60, 70, 90, 100, 100]


def test_a_late_429_of_the_same_episode_stops_the_climb() -> None:
    """A 429 to a request sent before the cut does not halve again, but the climb starts anew from there."""

    async def main() -> list[float]:
        of = limiter(100)
        await asyncio.sleep(1)
        of.throttled(sent_at=0.9, quiet_from=1)
        await asyncio.sleep(2.5)
        climbed = of.rate
        of.throttled(sent_at=0.9, quiet_from=10)
        return [climbed, of.rate]

    assert run_virtual(main()) == [70, 70]


def test_it_never_falls_under_the_floor() -> None:
    """However many 429s come, the rate stays at the floor, or at the full rate where that is lower."""

    async def main() -> tuple[float, float]:
        of, slow = limiter(100, floor=3), limiter(0.5)
        for _ in range(20):
            await asyncio.sleep(0.01)
            for each in (of, slow):
                each.throttled(sent_at=now(), quiet_from=now())
        return of.rate, slow.rate

    assert run_virtual(main()) == (3, 0.5)


def test_a_pause_is_the_longest_that_was_asked_for() -> None:
    """A pause is extended, never shortened, and who waits already waits for the extension too."""

    async def main() -> float:
        pause = Pause(clock=now)
        pause.extend(2)
        waiter = asyncio.create_task(pause.wait())
        await asyncio.sleep(1)
        pause.extend(4)
        pause.extend(0.1)
        await waiter
        return now()

    assert run_virtual(main()) == pytest.approx(5)


def test_one_429_pauses_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a 429's pause lasts nothing leaves, not even a call that already stood at the limiter."""
    use_clock(monkeypatch)
    times: list[float] = []

    async def first_refused(call: Call) -> Reply[object]:
        times.append(now())
        if len(times) > 1:
            return answer(200, {})(call)
        await asyncio.sleep(0.05)  # by now all the others queue for their tokens
        return refusal(429, headers={"retry-after": "5"})(call)

    async def main() -> None:
        transport = ScriptedTransport(otherwise=first_refused)
        async with scripted(transport, limit=LimitPolicy(rate=10)) as session:
            await asyncio.gather(*(session.call("GET", "/v2/thing") for _ in range(10)))
            assert session.throttled == 1

    run_virtual(main())
    first, *rest = times
    assert len(rest) == 10
    assert min(rest) - first >= 5


def test_many_changes_of_the_rate_let_no_burst_through() -> None:
    """A rate that changes twenty times a second is still a limit: no change brings a full bucket along."""

    async def main() -> list[float]:
        of = limiter(2000)
        crowd = asyncio.create_task(departures(of, 3))
        for turn in range(60):
            of.change(1999 + turn % 2)
            await asyncio.sleep(0.05)
        return await crowd

    assert fullest_second(run_virtual(main())) <= 2000


def test_each_attempt_pays_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever leaves takes a token: five 503s and an answer at 1/s take over five seconds."""
    use_clock(monkeypatch)

    async def main() -> float:
        transport = ScriptedTransport(*[refusal(503)] * 5, answer(200, {}))
        async with scripted(transport, limit=LimitPolicy(rate=1)) as session:
            await session.call("GET", "/v2/thing")
            return now()

    assert run_virtual(main()) >= 5
