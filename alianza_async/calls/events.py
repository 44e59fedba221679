"""What a client and its jobs tell: small frozen values, and how they reach who asked for them.

```python
def on_event(event: Event) -> None:
    if isinstance(event, RetryPlanned):
        retries.labels(event.operation_id).inc()

async with Session(on_event=on_event) as session: ...
```

An event holds no body, no header, no id of an object and no message of the server's.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from alianza_async.calls.logs import logger
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping

__all__ = [
    "Answered",
    "AttemptSent",
    "CallEnded",
    "CallStarted",
    "Emitter",
    "Event",
    "JobEnded",
    "JobPaused",
    "JobStarted",
    "LoggedIn",
    "LookedUp",
    "OnEvent",
    "OutageChanged",
    "RetryPlanned",
    "RowEnded",
    "Throttled",
    "bound",
    "current_context",
]

_QUEUED_AT_MOST: Final = 10_000
_DRAIN_S: Final = 1.0
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

_context: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar(
    "alianza_async_context", default=_NOTHING
)


@contextmanager
def bound(**values: str) -> Generator[None]:
    """Give every call that is made inside the block a context: a tenant, an end user, a correlation id.

    It reaches events, debug logs and `error.context.bound`, and travels with tasks as `contextvars` do. The
    login, which is made for everybody, has none.

    Args:
        **values: Names and values of the context, added to those of a block around this one.
    """
    token = _context.set(MappingProxyType({**_context.get(), **values}))
    try:
        yield
    finally:
        _context.reset(token)


def current_context() -> Mapping[str, str]:
    """Return the context of the calls that are made here."""
    return _context.get()


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfCall:
    """What every event of a call holds.

    Attributes:
        carrier: Whose API is called.
        operation_id: The operation's id in the published description.
        method: HTTP method.
        path_template: Path with its placeholders.
        call_id: Our id of the call: the events of a call share it.
        bound: The caller's context.
    """

    carrier: str | None
    operation_id: str
    method: str
    path_template: str
    call_id: str
    bound: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(_OfCall):
    """A call enters the pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSent(_OfCall):
    """A request is about to leave.

    Attributes:
        request_id: Our id of the request.
        attempt: Which request of the call it is, from 1.
    """

    request_id: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(_OfCall):
    """A request was answered, or broke.

    Attributes:
        request_id: Our id of the request.
        attempt: Which request of the call it was.
        status: HTTP status; None where there was no whole answer.
        error: The class of what happened instead, such as `ConnectionLostError`.
        elapsed_s: Seconds from sending it to its last byte.
    """

    request_id: str
    attempt: int
    status: int | None
    error: str | None
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPlanned(_OfCall):
    """A call will be tried again.

    Attributes:
        attempt: How many requests it has sent so far.
        error: The class of what happened.
        status: HTTP status, where there was one.
        wait_s: Seconds until then, without jitter.
    """

    attempt: int
    error: str
    status: int | None
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp(_OfCall):
    """An object was looked up by its natural key, because an answer was lost or a create was refused.

    Attributes:
        found: Whether it is there; None where the look-up failed.
    """

    found: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled(_OfCall):
    """The server answered 429: everybody pauses.

    Attributes:
        wait_s: Seconds of the pause.
        rate: Requests a second from then on.
    """

    wait_s: float
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(_OfCall):
    """A call left the pipeline.

    Attributes:
        status: HTTP status of its answer; None where there was none.
        error: The class of the error it raised; None where it went well.
        attempts: Requests it sent, look-ups not counted.
        elapsed_s: Seconds it took in all, waits included.
    """

    status: int | None
    error: str | None
    attempts: int
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A login ended; its calls have events of their own.

    Attributes:
        carrier: Whose API it is.
        error: The class of the error, such as `AuthenticationError`; None where it went well.
    """

    carrier: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted:
    """A bulk job begins.

    Attributes:
        job_id: Its id, where it has a journal.
        kind: What its rows become.
        source: Where they come from.
        resumed: Whether an earlier run of it goes on.
    """

    job_id: str | None
    kind: str
    source: str
    resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEnded:
    """A row of a job has its outcome.

    Attributes:
        job_id: The job's id, where it has a journal.
        kind: What it was to become.
        row: Its number.
        status: `created`, `exists`, `failed` and the like.
        attempts: Requests that may create, change or delete, sent for it.
        elapsed_s: Seconds from its turn to its end.
    """

    job_id: str | None
    kind: str
    row: int
    status: str
    attempts: int
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPaused:
    """A job takes no further row for now, or goes on.

    Attributes:
        job_id: Its id, where it has a journal.
        kind: What its rows become.
        paused: True where it pauses.
    """

    job_id: str | None
    kind: str
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageChanged:
    """A job cannot reach the server, or can again.

    Attributes:
        job_id: Its id, where it has a journal.
        kind: What its rows become.
        since: Since when it cannot, in Unix seconds; None where it can again.
    """

    job_id: str | None
    kind: str
    since: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded:
    """A bulk job has ended, or stopped.

    Attributes:
        job_id: Its id, where it has a journal.
        kind: What its rows became.
        counts: How many rows ended how, by status.
        error: The class of what stopped it; None where it went to its end.
    """

    job_id: str | None
    kind: str
    counts: Mapping[str, int]
    error: str | None


Event: TypeAlias = (
    CallStarted
    | AttemptSent
    | Answered
    | RetryPlanned
    | LookedUp
    | Throttled
    | CallEnded
    | LoggedIn
    | JobStarted
    | RowEnded
    | JobPaused
    | OutageChanged
    | JobEnded
)
"""Whatever a client tells."""

OnEvent: TypeAlias = "Callable[[Event], Awaitable[None] | None]"
"""Takes events on the event loop: a function at once, a coroutine function from a queue."""


class Emitter:
    """Hands events to who asked for them, and lets nobody suffer for it.

    A function is called at once: it must not block. A coroutine function is awaited by a task of its own, one
    event after the other; while it is slow, up to 10,000 events wait, and more are dropped and counted. What
    it raises is logged and dropped.

    Args:
        consumer: Takes the events.

    Attributes:
        dropped: How many events were dropped because the consumer was too slow.
    """

    def __init__(self, consumer: OnEvent) -> None:
        if not callable(consumer):
            raise ConfigurationError("on_event is not callable: give a function that takes an event")
        self._consumer = consumer
        self._waits = inspect.iscoroutinefunction(consumer) or inspect.iscoroutinefunction(
            getattr(consumer, "__call__", None)  # noqa: B004  (an object whose `__call__` is `async def`)
        )
        self._queue: deque[Event] = deque()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def __call__(self, event: Event) -> None:
        """Hand an event on; never raises."""
        if self._waits:
            self._put(event)
            return
        try:
            self._consumer(event)
        except (Exception, asyncio.CancelledError):  # a consumer's fault is no call's
            logger.exception("on_event raised at %s; the event is dropped", type(event).__name__)

    def _put(self, event: Event) -> None:
        if len(self._queue) >= _QUEUED_AT_MOST:
            self.dropped += 1
            return
        self._queue.append(event)
        if self._task is None:
            # An empty context: the consumer is nobody's call.
            self._task = asyncio.get_running_loop().create_task(
                self._drain(), name="alianza_async events", context=contextvars.Context()
            )

    async def _drain(self) -> None:
        try:
            while self._queue:
                event = self._queue.popleft()
                try:
                    handled = self._consumer(event)
                    if handled is not None:
                        await handled
                except (Exception, asyncio.CancelledError):  # as above, unless it is this task that is ended
                    task = asyncio.current_task()
                    if task is not None and task.cancelling():
                        self.dropped += 1
                        raise
                    logger.exception("on_event raised at %s; the event is dropped", type(event).__name__)
        finally:
            self._task = None

    async def aclose(self) -> None:
        """Give a slow consumer a second for what waits, then drop and count the rest."""
        task, self._task = self._task, None
        if task is not None and task is not asyncio.current_task():  # a consumer may close the client
            await asyncio.wait([task], timeout=_DRAIN_S)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self.dropped += len(self._queue)
        self._queue.clear()
