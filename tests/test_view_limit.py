"""A view's own limit: it slows the view, by no second over it, and nobody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alianza_async.policies.values import LimitPolicy
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, refusal, scripted, token
from tests.retry_calls import FOUND
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from alianza_async.calls.call import Call
    from alianza_async.calls.reply import Reply
    from tests.fakes import Answer, Step

OK = answer(200, FOUND)


def after(seconds: float, step: Answer) -> Step:
    """Return a step that takes so long."""

    async def later(call: Call) -> Reply[object]:
        await asyncio.sleep(seconds)
        return step(call)

    return later


class Timed(ScriptedTransport):
    """Notes when each request leaves that its script does not answer, by the last part of its path.

    Args:
        *script: What happens to the first requests.
        capacity: How many may be under way at once.
        first: What the first of those that are noted is answered.
    """

    def __init__(self, *script: Step, capacity: int = 100, first: Answer | None = None) -> None:
        super().__init__(*script, otherwise=self._noted, capacity=capacity)
        self.left_at: list[tuple[str, float]] = []
        self._first = first

    async def _noted(self, call: Call) -> Reply[object]:
        self.left_at.append((call.target.partition("?")[0].rpartition("/")[2], now()))
        await asyncio.sleep(0.01)
        step, self._first = self._first or OK, None
        return step(call)

    def times(self, name: str) -> list[float]:
        """Return when the requests about an object left."""
        return [time for each, time in self.left_at if each == name]


def most_in_a_second(times: list[float]) -> int:
    """Return how many there are at the most in any second."""
    return max((sum(begin <= time < begin + 1 for time in times) for begin in times), default=0)


@pytest.mark.parametrize("nested", [False, True])
def test_a_slow_view_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch, *, nested: bool) -> None:
    """Hundreds of calls that wait for a view's limit hold no connection: the session's own leaves at once."""
    use_clock(monkeypatch)

    async def main() -> tuple[float, list[float]]:
        transport = Timed(capacity=10)
        async with scripted(transport, limit=LimitPolicy(rate=100)) as session:
            slow = session.with_options(limit=LimitPolicy(rate=50 if nested else 1))
            if nested:
                slow = slow.with_options(limit=LimitPolicy(rate=1))
            crowd = [asyncio.create_task(slow.accounts.get("slow")) for _ in range(30)]
            await asyncio.sleep(2.5)
            began = now()
            await session.accounts.get("mine")
            took = now() - began
            await asyncio.gather(*crowd)
        return took, transport.times("slow")

    took, times = run_virtual(main())
    assert took == pytest.approx(0.01, abs=0.03)
    assert most_in_a_second(times) == 1
    assert times[-1] == pytest.approx(30, abs=1.5)


def test_a_view_does_not_wait_for_a_view_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that wait for the limit of a view of a view do not hold up the view."""
    use_clock(monkeypatch)

    async def main() -> float:
        async with scripted(Timed(capacity=10), limit=LimitPolicy(rate=100)) as session:
            outer = session.with_options(limit=LimitPolicy(rate=50))
            inner = outer.with_options(limit=LimitPolicy(rate=1))
            crowd = [asyncio.create_task(inner.accounts.get("slow")) for _ in range(5)]
            await asyncio.sleep(1.5)
            began = now()
            await outer.accounts.get("mine")
            took = now() - began
            await asyncio.gather(*crowd)
        return took

    assert run_virtual(main()) <= 0.04


@pytest.mark.parametrize("held_up_by", ["pause", "login", "session", "connections"])
def test_no_second_is_over_a_views_limit(monkeypatch: pytest.MonkeyPatch, held_up_by: str) -> None:
    """After a pause, a login or a jam, what waited leaves as the view's limit says, not in one burst."""
    use_clock(monkeypatch)

    async def main() -> list[float]:
        transports = {
            "pause": Timed(first=refusal(429, headers={"retry-after": "10"})),
            "login": Timed(after(10, token())),
            "session": Timed(),
            "connections": Timed(*[after(10, OK)] * 3, capacity=3),
        }
        before = {"pause": 1, "login": 0, "session": 1000, "connections": 3}[held_up_by]
        transport = transports[held_up_by]
        credentials = Credentials("me", "a-password") if held_up_by == "login" else None
        async with scripted(transport, credentials=credentials, limit=LimitPolicy(rate=100)) as session:
            view = session.with_options(limit=LimitPolicy(rate=5))
            others = [asyncio.create_task(session.accounts.get("other")) for _ in range(before)]
            await asyncio.sleep(0.02)
            crowd = [asyncio.create_task(view.accounts.get("slow")) for _ in range(40)]
            await asyncio.gather(*crowd, *others)
        return transport.times("slow")

    times = run_virtual(main())
    assert len(times) == 40
    assert most_in_a_second(times) <= 5
    assert times[-1] - times[0] <= 40 / 5 + 2


def test_a_cancelled_call_leaves_its_views_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled wherever it waits, a call holds up no other one of its view."""
    use_clock(monkeypatch)

    async def main() -> int:
        transport = Timed(capacity=1)
        async with scripted(transport, limit=LimitPolicy(rate=10)) as session:
            view = session.with_options(limit=LimitPolicy(rate=5))
            for turn in range(40):
                calls = [asyncio.create_task(view.accounts.get("slow")) for _ in range(4)]
                await asyncio.sleep(0.013 * turn)
                for call in calls[:3]:
                    call.cancel()
                    await asyncio.sleep(0)
                await calls[3]
                await asyncio.gather(*calls, return_exceptions=True)
            before = len(transport.left_at)
            await asyncio.sleep(1)
            await asyncio.gather(*(view.accounts.get("slow") for _ in range(5)))
            return len(transport.left_at) - before

    assert run_virtual(main()) == 5


def test_a_login_waits_for_no_views_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that opened the client logs in while its own calls hold its turn, and wait for the login."""
    use_clock(monkeypatch)

    async def main() -> list[str]:
        transport = ScriptedTransport(token("first"), refusal(401), token("second"), otherwise=OK)
        view = scripted(transport, credentials=Credentials("me", "a-password")).with_options(
            limit=LimitPolicy(rate=1)
        )
        async with view, asyncio.timeout(60):
            await asyncio.gather(*(view.accounts.get("slow") for _ in range(5)))
        return transport.lines

    lines = run_virtual(main())
    assert [line for line in lines if line.startswith("POST")] == ["POST /v2/authorize"] * 2
    assert len(lines) == 8
