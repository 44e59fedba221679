"""What a caller wants done before each attempt, such as writing down that it is about to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.calls.call import Call, Reply
    from alianza_async.policies.base import Next

__all__ = ["BeforeAttempt"]


class BeforeAttempt:
    """Awaits a call's `before_attempt` before each attempt that will be sent.

    It stands below the retry and the authentication, so that every attempt passes it, also after a 429, a
    connection that was never made and a new login; and above the admission, so that it holds neither a
    connection nor a token of the rate limit while the caller writes to its disk.
    """

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Let the caller act, then pass the call on; what the caller raises ends the call unsent."""
        if call.before_attempt is not None:
            await call.before_attempt(call)
        return await next_(call)
