"""The server's jobs that rows were in: whether one may still carry a row out that was not found yet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio

from alianza_async.bulk.past import MAY_BE_LOST
from alianza_async.bulk.work import Settle
from alianza_async.errors import (
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
    UnknownOutcomeError,
)
from alianza_async.polling import context_of

if TYPE_CHECKING:
    from alianza_async.bulk.journal.entries import StepEntry
    from alianza_async.bulk.work import Ledger, Work
    from alianza_async.errors import CallContext
    from alianza_async.session import Session

__all__ = ["STEP", "Sent", "ServerJobs", "last_seen"]

STEP: Final = "server-job"
"""The step of a row that says which of the server's jobs it is in."""

_LONGEST_S: Final = 3600.0
_LOOKS: Final = 3
_LONGER: Final = 4.0
_FIRST_S: Final = 0.5
_GROWTH: Final = 1.5
_MOST_S: Final = 10.0
_PASSING: Final = (TransportError, ServerError, RateLimitError)


@dataclass(slots=True)
class Sent:
    """What is known of the jobs that a row was in.

    Attributes:
        journaled: The status of its step; None = it has none.
        job_id: The id of the latest job, where it is known.
        open: Whether that job may have been started and may not have ended.
        at: When its request left, in Unix seconds.
        jobs: How many jobs this run has put it in.
        looks: How often it was looked up in vain while nobody knew whether its job was at it.
    """

    journaled: str | None = None
    job_id: str | None = None
    open: bool = False
    at: float = 0.0
    jobs: int = 0
    looks: int = 0

    def begin(self, at: float) -> None:
        """Note that a job with it is about to be started, and that this is on disk."""
        self.journaled, self.job_id, self.open, self.at, self.looks = "intent", None, True, at, 0
        self.jobs += 1


def last_seen(entry: StepEntry | None) -> Sent:
    """Return what an earlier run knew of a row's jobs."""
    if entry is None:
        return Sent()
    may_run = entry.status in MAY_BE_LOST
    return Sent(entry.status, entry.object_id, open=may_run, at=entry.intent_at or 0.0)


@dataclass(slots=True, eq=False)
class _Watch:
    """A job that rows of an earlier run wait for.

    Attributes:
        since: When it was first asked for, in the event loop's time.
        due: When it may be asked for again.
        delay: How long to wait after that.
        state: Where it stands; `gone` is one that the server does not know.
        asking: Held by whoever asks: one for all.
    """

    since: float
    due: float = 0.0
    delay: float = _FIRST_S
    state: str = "running"
    asking: anyio.Lock = field(default_factory=anyio.Lock)


class ServerJobs:
    """Tells what the server's jobs are at.

    Args:
        session: Where to ask.
        longest_s: Seconds after which a job is waited for no longer, and one of which nobody knows the id is
            taken to have ended.
    """

    def __init__(self, session: Session, *, longest_s: float = _LONGEST_S) -> None:
        self.longest_s = longest_s
        self._create = session.bulk_operation_jobs.create
        self._bulk = session.bulk_operation_jobs.server_bulk
        self._watched: dict[str, _Watch] = {}

    async def wait_for(self, sent: Sent) -> None:
        """Return once a row's job has ended, or where nobody can tell which one it is in.

        Raises:
            Settle: It is at work: ask again later.
            UnknownOutcomeError: It takes too long.
            CallError: It could not be looked at.
        """
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
            raise Settle(watch.due)

    async def _state_of(self, job_id: str) -> str:
        try:
            return "over" if await self._bulk.is_over(job_id) else "running"
        except NotFoundError:
            return "gone"
        except _PASSING:
            return "running"  # it goes on without us

    def absent(self, sent: Sent, settle_s: float) -> None:
        """Return where a row that was looked up in vain may be sent again.

        Raises:
            Settle: A job may be about to carry it out: look again later.
            UnknownOutcomeError: The same, and it was looked up often enough; or a job told that it had.
        """
        if sent.journaled == "created":
            raise self.unknown(
                "the server's job told that it had made it, and it is not there; find out who deleted it"
            )
        if not sent.open:
            return
        if time.time() - sent.at >= self.longest_s:
            sent.open = False
            return
        sent.looks += 1
        if sent.looks < _LOOKS:
            raise Settle(anyio.current_time() + settle_s * _LONGER**sent.looks)
        raise self.unknown(
            "the answer to the start of its server's job was lost, and it may still be done: resume it later"
        )

    async def found(self, work: Work, ledger: Ledger, sent: Sent) -> None:
        """Write that a row was carried out after all."""
        if sent.journaled in MAY_BE_LOST:
            await ledger.settle_step(work, STEP, "created", object_id=sent.job_id, adopted=True)
            sent.journaled, sent.open = "created", False

    def unknown(self, message: str) -> UnknownOutcomeError:
        """Return an error that says why nobody can tell."""
        return UnknownOutcomeError(message, context=self.context())

    def context(self) -> CallContext:
        """Return what an error says of the operation that starts jobs."""
        return context_of(self._create, None)
