"""The two policies that tell of a call: one around all of its attempts, one around each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from alianza_async.calls.events import Answered, AttemptSent, CallEnded, CallStarted
from alianza_async.errors import CallError

if TYPE_CHECKING:
    from alianza_async.calls.call import Call, Reply
    from alianza_async.calls.events import Emitter
    from alianza_async.policies.base import Next

__all__ = ["TellAttempts", "TellCalls"]


class TellCalls:
    """Tells that a call starts and how it ends: the outermost policy.

    Args:
        emit: Takes the events.
    """

    def __init__(self, emit: Emitter) -> None:
        self._emit = emit

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Tell, pass the call on, tell."""
        facts = call.facts()
        self._emit(CallStarted(**facts))
        began = time.monotonic()
        status: int | None = None
        error: str | None = None
        try:
            reply = await next_(call)
            status = reply.status
        except BaseException as raised:
            error = type(raised).__name__
            status = raised.status if isinstance(raised, CallError) else None
            raise
        else:
            return reply
        finally:
            elapsed = time.monotonic() - began
            self._emit(
                CallEnded(**facts, status=status, error=error, attempts=call.attempts, elapsed_s=elapsed)
            )


class TellAttempts:
    """Tells of each request that leaves and what came of it: the innermost policy.

    Args:
        emit: Takes the events.
    """

    def __init__(self, emit: Emitter) -> None:
        self._emit = emit

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Tell, pass the call on, tell."""
        facts, attempt = call.facts(), call.requests + 1
        request_id = f"{call.call_id}-{attempt}"
        self._emit(AttemptSent(**facts, request_id=request_id, attempt=attempt))
        began = time.monotonic()
        status: int | None = None
        error: str | None = None
        try:
            reply = await next_(call)
            status = reply.status
        except BaseException as raised:
            error = type(raised).__name__
            raise
        else:
            return reply
        finally:
            elapsed = time.monotonic() - began
            self._emit(
                Answered(
                    **facts,
                    request_id=request_id,
                    attempt=attempt,
                    status=status,
                    error=error,
                    elapsed_s=elapsed,
                )
            )
