"""The rate limit: no sliding second over it, as the server sees it, and nearly all of it used.

aiolimiter's leaky bucket (`AsyncLimiter(capacity, period)`) lets `capacity` through at once and refills
steadily; the most it lets through in any second is `capacity + refill`. For a rate r it is given

    refill   = 0.978 r
    capacity = 1 + r / 200

so that a second holds at most `0.983 r + 1`, and one more request would need the second to be 17 ms longer
than it is: so much may requests bunch up on their way, or while the server is busy with something else,
before a second of the server's is over. The `r / 200` above one request is 5 ms of refill: so late may the
event loop's timer fire without a token being lost. Both times are the same at every rate.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from typing import TYPE_CHECKING

from aiolimiter import AsyncLimiter

from alianza_async.calls.options import Lane
from alianza_async.policies.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alianza_async.policies.pause import Pause
    from alianza_async.policies.values import LimitPolicy

__all__ = ["RateLimiter", "bucket_shape"]

_REFILL = 0.978
_TIMER_SLACK = 1 / 200
_STEPS_TO_FULL = 10
_NEVER = float("-inf")


def bucket_shape(rate: float) -> tuple[float, float]:
    """Return capacity and refill a second for a rate, see the module's text."""
    return 1 + rate * _TIMER_SLACK, rate * _REFILL


class RateLimiter:
    """A token bucket whose rate falls on a 429 and climbs back; whose turn is next is as `Turns` says.

    Born inside the event loop it serves. A 429 halves the rate once for all the requests that were under way
    when it came, and each quiet second after it gives back a tenth of the full rate (additive increase,
    multiplicative decrease).

    Where callers wait, one task stands at the bucket and gives each token to whoever is next at that moment.
    So a bucket of another rate can take its place, a login that comes last leaves first, and nothing takes a
    token that it could not use: during a pause, or while a login is under way that the others wait for.

    Args:
        policy: The full rate, and the floor under it.
        pause: Nothing gets a token while it lasts.
        clock: Seconds, monotonic.

    Attributes:
        refusals: 429s that came so far.
    """

    def __init__(
        self, policy: LimitPolicy, pause: Pause | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._full = policy.rate
        self._floor = policy.floor
        self._pause = pause
        self._clock = clock
        self._turns = Turns()
        self._giving: asyncio.Task[None] | None = None
        self._login: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._bucket_rate = policy.rate
        self._bucket = self._new_bucket(policy.rate)
        self._cut_rate = policy.rate
        self._cut_at = _NEVER
        self._quiet_from = _NEVER
        self.refusals = 0

    @staticmethod
    def _new_bucket(rate: float) -> AsyncLimiter:
        capacity, refill = bucket_shape(rate)
        return AsyncLimiter(capacity, capacity / refill)

    @property
    def rate(self) -> float:
        """Requests a second at this moment."""
        if self._quiet_from == _NEVER:
            return self._full
        quiet = self._clock() - self._quiet_from
        if quiet >= _STEPS_TO_FULL:
            return self._full
        climbed = self._cut_rate + max(0, int(quiet)) * self._full / _STEPS_TO_FULL
        return min(self._full, climbed)

    @property
    def full_rate(self) -> float:
        """Requests a second when all is well."""
        return self._full

    def change(self, rate: float) -> None:
        """Set another full rate, from the next request on."""
        self._full = rate
        giving = self._giving
        if giving is not None:  # it waits at a bucket of the rate that was, which may take long
            self._stop()
            self._start(giving.get_loop())

    def wait_for_login(self, login: asyncio.Task[None]) -> None:
        """Give tokens to nothing but the login until it has ended: the others could not use them."""
        if self._login is not login and not login.done():
            self._login = login
            login.add_done_callback(self._login_ended)

    def _login_ended(self, login: asyncio.Task[None]) -> None:
        if self._login is login:
            self._login = None
            self._changed.set()
            failed = login.cancelled() or login.exception() is not None  # noqa: LOG004  (a task, no logger)
            if failed:
                self._turns.send_away()
                self._stop_if_nobody_waits()

    async def acquire(self, lane: Lane = Lane.INTERACTIVE) -> bool:
        """Wait for this caller's turn, and for a token.

        Returns:
            Whether it has one; False where the login that it waited for has failed.
        """
        if (
            self._giving is None
            and (self._login is None or lane is Lane.LOGIN)
            and not (self._pause is not None and self._pause.remaining)
            and self.rate == self._bucket_rate
            and self._bucket.has_capacity()
        ):
            await self._bucket.acquire()  # nobody waits, and a token is there: it returns at once
            return True
        if self._giving is None:
            self._start(asyncio.get_running_loop())
        if lane is Lane.LOGIN:
            self._changed.set()
        try:
            return await self._turns.wait(lane, _lost)
        except asyncio.CancelledError:
            self._stop_if_nobody_waits()
            raise

    async def taken_now(self) -> None:
        """Count the latest token as taken now: its caller had to wait for something else meanwhile."""
        await self._fill_new_bucket(self._bucket_rate)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        # An empty context: it works for everybody, whoever came first.
        self._giving = loop.create_task(
            self._give(), name="alianza_async rate limit", context=contextvars.Context()
        )
        self._giving.add_done_callback(self._ended)

    def _stop_if_nobody_waits(self) -> None:
        if not self._turns:
            self._stop()

    def _stop(self) -> None:
        if self._giving is not None:
            self._giving.cancel()
            self._giving = None

    def _ended(self, giving: asyncio.Task[None]) -> None:
        """Leave nobody waiting where the task was ended by others, such as who cancels all of the loop's."""
        error = None if giving.cancelled() else giving.exception()
        if error is not None:
            self._turns.fail(error)
        if self._giving is giving:
            self._giving = None
            if self._turns:
                self._start(giving.get_loop())

    async def _give(self) -> None:
        while self._turns:
            while (closed := self._closed()) is not None:
                await closed
            rate = self.rate
            if rate != self._bucket_rate:
                await self._fill_new_bucket(rate)  # full, or the change would let a burst through
            try:
                # At a rate that climbs back, a wait is at the most as long as the climb.
                async with asyncio.timeout(None if rate == self._full else _STEPS_TO_FULL):
                    await self._bucket.acquire()
            except TimeoutError:
                continue
            # What came meanwhile, a pause or a login, costs this token.
            if self._pause is None or not self._pause.remaining:
                self._turns.give(login_only=bool(self._login))
        self._giving = None

    async def _fill_new_bucket(self, rate: float) -> None:
        self._bucket_rate = rate
        self._bucket = self._new_bucket(rate)
        await self._bucket.acquire(self._bucket.max_rate)

    def _closed(self) -> Awaitable[object] | None:
        """Return what is to be waited for before a token is of any use; None where it is."""
        if self._pause is not None and self._pause.remaining:
            return self._pause.wait()
        if self._login is not None and not self._turns.login_waits:
            self._changed.clear()
            return self._changed.wait()
        return None

    def throttled(self, *, sent_at: float, quiet_from: float) -> None:
        """Take note of a 429.

        Args:
            sent_at: When the request that brought it was sent.
            quiet_from: When the pause it asks for will be over; the climb starts there.
        """
        self.refusals += 1
        if sent_at >= self._cut_at:
            self._cut_rate = max(min(self._floor, self._full), self.rate / 2)
            self._cut_at = self._clock()
        else:
            self._cut_rate = self.rate
        self._quiet_from = max(self._quiet_from, quiet_from)


def _lost() -> None:
    """Let a token go whose caller was cancelled: another one is due in a moment."""
