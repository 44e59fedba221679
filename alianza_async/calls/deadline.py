"""The end of a call's time: what it bounds, and how that is reported."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from alianza_async.errors import DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alianza_async.errors import CallContext

__all__ = ["before", "too_late"]

T = TypeVar("T")


async def before(ends_at: float, work: Awaitable[T], context: Callable[[], CallContext]) -> T:
    """Do what comes before a call is sent, such as a login, within the call's time.

    Args:
        ends_at: When that is over, by the event loop's clock.
        work: What to do.
        context: What an error says of the call.

    Raises:
        DeadlineExceededError: The time was over first.
    """
    limit = asyncio.timeout_at(ends_at)
    try:
        async with limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise too_late(context(), sent=False) from None


def too_late(context: CallContext, *, sent: bool) -> DeadlineExceededError:
    """Return the error of a call whose time was over; one that may have changed something has another."""
    so_far = "it was sent and changes nothing" if sent else "nothing was sent"
    error = DeadlineExceededError(f"its deadline passed before it was answered; {so_far}", context=context)
    error.sent = sent
    return error
