"""The server's jobs that rows were in: whether one may still carry a row out that was not found yet.

```
server-job   none, pending, failed   no job may be at the row
             unknown                 one may be, or was: its id where that is known
             created                 it said that it had made it
```
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import anyio

from alianza_async.bulk.engine.private import private_values
from alianza_async.bulk.engine.turns import Later
from alianza_async.bulk.journal.store import PutBack, StepOutcome
from alianza_async.bulk.report import MAY_BE_LOST
from alianza_async.errors import (
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from alianza_async.bulk.engine.row_journal import RowJournal
    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.report import Status
    from alianza_async.errors import AlianzaError, CallContext
    from alianza_async.session import Session

__all__ = ["STEP", "Sent", "ServerJobs"]

STEP: Final = "server-job"
"""The step of a row that says which of the server's jobs it is in."""

_LONGEST_S: Final = 3600.0
_FIRST_S: Final = 0.5
_GROWTH: Final = 1.5
_MOST_S: Final = 10.0
_PASSING: Final = (TransportError, ServerError, RateLimitError)


@dataclass(slots=True)
class Sent:
    """What is known of the jobs that a row was in.

    Attributes:
        status: What the journal says of its step `server-job`; None = nothing.
        job_id: The id of the latest job, where it is known.
        at: When the request that started it left, in Unix seconds.
        open: Whether that job may have been started and may not have ended.
    """

    status: str | None = None
    job_id: str | None = None
    at: float = 0.0
    open: bool = False


@dataclass(slots=True, eq=False)
class _Watch:
    """A job that rows wait for.

    Attributes:
        since: When it was first asked for, in the event loop's time.
        due: When it may be asked for again.
        delay: How long to wait after that.
        state: `running`, `over`, or `gone`: the server does not know it.
        asking: Held by whoever asks: one for all.
    """

    since: float
    due: float = 0.0
    delay: float = _FIRST_S
    state: str = "running"
    asking: anyio.Lock = field(default_factory=anyio.Lock)


class ServerJobs:
    """Knows which of the server's jobs each row is in, writes that down, and asks what they are at.

    Args:
        session: Where to ask.
        longest_s: Seconds after which a job is waited for no longer, and one without a known id is taken to
            have ended.
    """

    def __init__(self, session: Session, *, longest_s: float = _LONGEST_S) -> None:
        self.longest_s = longest_s
        self._create = session.bulk_operation_jobs.create
        self._bulk = session.bulk_operation_jobs.server_bulk
        self._sent: WeakKeyDictionary[Item[Any], Sent] = WeakKeyDictionary()
        self._watched: dict[str, _Watch] = {}

    def of(self, item: Item[Any]) -> Sent:
        """Return what is known of a row's jobs; at first that is what an earlier run wrote."""
        sent = self._sent.get(item)
        if sent is None:
            entry = None if item.journal is None else item.journal.known.get(STEP)
            self._sent[item] = sent = Sent()
            if entry is not None:
                sent.status, sent.job_id, sent.open = (
                    entry.status,
                    entry.object_id,
                    entry.status in MAY_BE_LOST,
                )
                sent.at = entry.sent_at or entry.intent_at or 0.0
        return sent

    # --- written down -----------------------------------------------------------------------------------

    def begin(self, item: Item[Any], journal: RowJournal) -> None:
        """Note that a job with the row is about to be started; written with the row's intent."""
        sent = self.of(item)
        if sent.status == "failed":
            journal.note(PutBack(journal.row, STEP))
        sent.job_id, sent.at, sent.open = None, time.time(), True
        self.note(item, "unknown")

    def note(
        self, item: Item[Any], status: Status, error: AlianzaError | None = None, *, adopted: bool = False
    ) -> None:
        """Note where the job of a row stands; written with the row's next write."""
        sent = self.of(item)
        sent.status, sent.open = status, status in MAY_BE_LOST
        if item.journal is not None:
            private = () if error is None else private_values(item.row)
            item.journal.note(
                StepOutcome(
                    item.journal.row,
                    STEP,
                    status,
                    object_id=sent.job_id,
                    error=error,
                    adopted=adopted,
                    sent_at=sent.at,
                    private=private,
                )
            )

    # --- looked at --------------------------------------------------------------------------------------

    async def wait_for(self, item: Item[Any]) -> None:
        """Return once a row's job has ended, or where nothing tells which one it is in.

        Raises:
            Later: It is at work: ask again later.
            UnknownOutcomeError: It takes too long.
            CallError: It could not be looked at.
        """
        sent = self.of(item)
        if not sent.open or sent.job_id is None:
            return
        watch = self._watched.setdefault(sent.job_id, _Watch(anyio.current_time()))
        async with watch.asking:
            now = anyio.current_time()
            if watch.state == "running" and now >= watch.due:
                watch.state = await self._state_of(sent.job_id)
                watch.due = anyio.current_time() + watch.delay
                watch.delay = min(_MOST_S, watch.delay * _GROWTH)
        if watch.state == "over":
            sent.open = False
        elif watch.state == "gone":
            sent.job_id = None
        elif now - watch.since >= self.longest_s:
            raise self.unknown(
                f"the server's job {sent.job_id} has not ended within {self.longest_s:g} s; resume later"
            )
        else:
            raise Later(watch.due)

    async def _state_of(self, job_id: str) -> str:
        try:
            return "over" if await self._bulk.is_over(job_id) else "running"
        except NotFoundError:
            return "gone"
        except _PASSING:
            return "running"  # it goes on without us

    def looked_up(self, item: Item[Any], *, there: bool) -> None:
        """Take what a look-up has found after the row's job has ended.

        Raises:
            UnknownOutcomeError: The row is absent, and may not be sent again: a job may yet make it, or said
                that it had.
        """
        sent = self.of(item)
        if there:
            if sent.status in MAY_BE_LOST:
                self.note(item, "created", adopted=True)
            return
        if sent.status == "created":
            raise self.unknown(
                "the server's job said that it had made it, and it is not there; find out who deleted it"
            )
        if not sent.open:
            return
        if time.time() - sent.at < self.longest_s:
            raise self.unknown(
                "the answer to the start of its server's job was lost, and it may still be done: "
                "resume it later"
            )
        sent.open = False

    def unknown(self, message: str) -> UnknownOutcomeError:
        """Return an error that says why the outcome is not known."""
        return UnknownOutcomeError(message, context=self.context())

    def context(self) -> CallContext:
        """Return what an error says of the operation that starts jobs."""
        return self._create.context(None)
