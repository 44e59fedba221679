"""What a request needs before it may leave: no pause, a permit, a token of the rate limit, and a login."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from alianza_async.calls.events import Throttled
from alianza_async.calls.options import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.calls.call import Call, Reply
    from alianza_async.calls.events import Emitter
    from alianza_async.policies.authentication import Authenticator
    from alianza_async.policies.base import Next
    from alianza_async.policies.limit import RateLimiter
    from alianza_async.policies.pause import Pause
    from alianza_async.policies.turns import Permits
    from alianza_async.policies.view_limit import ViewGate

__all__ = ["Admission"]

_TOO_MANY_REQUESTS = 429
_DEFAULT_WAIT = 1.0


class Admission:
    """Lets a request leave when it may: its view's turn, then permit, then token, then off.

    The permits equal the transport's capacity and stand outside its pool: httpx 0.28 loses connections for
    good where calls are cancelled while they queue inside it. The login needs none, or it could wait for
    calls that wait for it.

    Args:
        pause: Shared by everybody.
        permits: One a connection.
        limiter: Gives the tokens.
        gates: Limits of the view's own, the innermost one first.
        longest_wait: Seconds that everybody pauses at the most, whatever a 429 asks for.
        retry_after: Reads how long a 429 asks to wait, given the time in Unix seconds.
        authenticator: Whose token the request carries; None for the login itself.
        emit: Told of each 429, where somebody asked for events.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        *,
        pause: Pause,
        permits: Permits,
        limiter: RateLimiter,
        longest_wait: float,
        retry_after: Callable[[Reply[object], float], float | None],
        gates: Sequence[ViewGate] = (),
        authenticator: Authenticator | None = None,
        emit: Emitter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._emit = emit
        self._pause = pause
        self._permits = permits
        self._limiter = limiter
        self._gates = tuple(gates)
        self._longest_wait = longest_wait
        self._retry_after = retry_after
        self._authenticator = authenticator
        self._clock = clock

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Wait until the request may leave, send it, and heed a 429."""
        lane = Lane.INTERACTIVE if call.lane is None else call.lane
        is_login = lane is Lane.LOGIN
        if is_login:
            await self._has_token(call, lane)
        elif self._gates:
            async with AsyncExitStack() as passed:
                for gate in self._gates:
                    await passed.enter_async_context(gate.passed(lane))
                await self._has_permit(call, lane)
        else:
            await self._has_permit(call, lane)
        try:
            sent_at = self._clock()
            reply = await next_(call)
            if reply.status == _TOO_MANY_REQUESTS:
                self._throttled(call, reply, sent_at)
            return reply
        finally:
            if not is_login:
                self._permits.release()

    async def _has_permit(self, call: Call, lane: Lane) -> None:
        """Wait for a permit, which is the caller's to give back, and for a token."""
        await self._permits.acquire(lane)
        try:
            await self._has_token(call, lane)
        except BaseException:
            self._permits.release()
            raise

    async def _has_token(self, call: Call, lane: Lane) -> None:
        authenticator = self._authenticator if call.operation.authenticated else None
        while True:
            has_one = await self._limiter.acquire(lane)
            # A pause may begin between the moment in which a token is given and this one.
            if has_one and not self._pause.remaining and (authenticator is None or authenticator.serves):
                return
            if authenticator is not None:
                await authenticator.ready()  # the login that everybody waited for brought no token

    def _throttled(self, call: Call, reply: Reply[object], sent_at: float) -> None:
        asked = self._retry_after(reply, time.time())
        wait = _DEFAULT_WAIT if asked is None else min(asked, self._longest_wait)
        over = self._pause.extend(wait)
        limiters = (self._limiter, *(gate.limiter for gate in self._gates))
        for limiter in limiters:
            limiter.throttled(sent_at=sent_at, quiet_from=over)
        if self._emit is not None:
            rate = min(limiter.rate for limiter in limiters)
            self._emit(Throttled(**call.facts(), wait_s=wait, rate=rate))
