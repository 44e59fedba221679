"""What a bulk job tells of itself: that it starts, each row's outcome, pauses, outages, and its end."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, get_args

from alianza_async.bulk.report import Status
from alianza_async.calls.events import JobEnded, JobPaused, JobStarted, OutageChanged, RowEnded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from alianza_async.bulk.report import ItemResult, Report
    from alianza_async.session import Session

__all__ = ["JobEvents"]


class JobEvents:
    """Tells of one job, where its session has somebody to tell.

    Args:
        session: The job's session.
        job_id: The job's id; None where it has no journal.
        kind: What its rows become.
    """

    def __init__(self, session: Session, job_id: str | None, kind: str) -> None:
        self._session = session
        self._job_id = job_id
        self._kind = kind

    @asynccontextmanager
    async def of_run(self, report: Report, *, source: str, resumed: bool) -> AsyncGenerator[None]:
        """Tell that the job starts, and how it ends.

        Args:
            report: Its sums.
            source: Where its rows come from.
            resumed: Whether an earlier run of it goes on.
        """
        emit = self._session.emit
        emit(JobStarted(job_id=self._job_id, kind=self._kind, source=source, resumed=resumed))
        error: str | None = None
        try:
            yield
        except BaseException as raised:
            error = type(raised).__name__
            raise
        finally:
            counts = {name: getattr(report, name) for name in get_args(Status)}
            emit(JobEnded(job_id=self._job_id, kind=self._kind, counts=counts, error=error))

    def of_rows(
        self, hand_on: Callable[[ItemResult], Awaitable[None]]
    ) -> Callable[[ItemResult], Awaitable[None]]:
        """Return what tells of each result, then hands it on; `hand_on` itself where nobody is to be told."""
        session = self._session
        if not session.emits:
            return hand_on

        async def told(result: ItemResult) -> None:
            session.emit(
                RowEnded(
                    job_id=self._job_id,
                    kind=self._kind,
                    row=result.row,
                    status=result.status,
                    attempts=result.attempts,
                    elapsed_s=result.elapsed,
                )
            )
            await hand_on(result)

        return told

    def paused(self, paused: bool) -> None:
        """Tell that the job pauses, or goes on."""
        self._session.emit(JobPaused(job_id=self._job_id, kind=self._kind, paused=paused))

    def outage(self, since: float | None) -> None:
        """Tell that the server cannot be reached, or can again."""
        self._session.emit(OutageChanged(job_id=self._job_id, kind=self._kind, since=since))
