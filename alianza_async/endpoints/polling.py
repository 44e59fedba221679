"""Waiting for work that the server carries out in its own time: look, wait a little longer, look again."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, TypeVar

import anyio

from alianza_async.calls.logs import logger
from alianza_async.errors import (
    InvalidInputError,
    RateLimitError,
    ServerError,
    TransportError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.calls.call import Reply
    from alianza_async.endpoints.endpoint import BoundEndpoint

__all__ = ["poll"]

J = TypeVar("J")

_GROWTH = 1.5
_PASSING = (TransportError, ServerError, RateLimitError)


async def poll(
    get: BoundEndpoint[..., J],
    job_id: str,
    *,
    ended: Callable[[J], bool],
    timeout: float,  # noqa: ASYNC109  (what it runs out into is an outcome of its own)
    initial: float,
    maximum: float,
    at_once: bool,
    on_progress: Callable[[J], object] | None = None,
) -> Reply[J]:
    """Look at a job until it has ended, and return the last look.

    A look that fails for a reason that may pass (no connection, 5xx, 429) is told in the log and made again:
    the job goes on without us.

    Args:
        get: Brings the job.
        job_id: Its id.
        ended: Tells whether nothing more will come of it.
        timeout: Seconds for all of it, requests included.
        initial: Seconds between the first two looks.
        maximum: Seconds between two looks at the most.
        at_once: Whether to look before the first wait.
        on_progress: Given each look's job, before it is judged; awaited where it answers an awaitable.

    Raises:
        InvalidInputError: There is no id, or a number of seconds is not allowed.
        UnknownOutcomeError: The job has not ended in time; `resolve()` looks once more.
        CallError: A look failed for a reason that stays.
    """
    if not job_id:
        raise InvalidInputError("the job has no id; give the job as the API answered it, or its id")
    if not (timeout > 0 and 0 < initial <= maximum):
        raise InvalidInputError("a job is waited for over more than 0 s, and looked at at growing intervals")
    deadline = anyio.current_time() + timeout
    latest: Reply[J] | None = None
    with anyio.move_on_after(timeout):
        delay = initial
        if not at_once:
            await anyio.sleep(initial)
        while True:
            reply = await _look(get, job_id)
            if reply is not None:
                latest = reply
                await _tell(on_progress, reply.value)
                if ended(reply.value):
                    return reply
            left = deadline - anyio.current_time()
            # The last look is made a moment before the end, however long the wait has grown by then.
            await anyio.sleep(delay if delay < left else max(left - initial, initial))
            delay = min(delay * _GROWTH, maximum)
    raise UnknownOutcomeError(
        f"job {job_id} has not ended within {timeout:g} s, and may still be carried out; "
        "look at it again by its id before you start another",
        context=get.context(latest),
        status=None if latest is None else latest.status,
        resolver=lambda: get.raw(job_id),
    )


async def _look(get: BoundEndpoint[..., J], job_id: str) -> Reply[J] | None:
    try:
        return await get.raw(job_id)
    except _PASSING as error:
        logger.warning("looking at job %s failed, and is tried again: %s", job_id, error)
        return None


async def _tell(on_progress: Callable[[J], object] | None, job: J) -> None:
    if on_progress is not None:
        answer = on_progress(job)
        if inspect.isawaitable(answer):
            await answer
