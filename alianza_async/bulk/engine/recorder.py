"""What is done with a result: the journal first, then the sums, the result file, and whoever waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.bulk.engine.private import private_values
from alianza_async.bulk.engine.resume_state import line_of
from alianza_async.bulk.engine.validation import MAY_BE_THERE
from alianza_async.bulk.errors import FailureBudgetError
from alianza_async.bulk.half_done import MAKER_UNKNOWN, left_by
from alianza_async.bulk.input.rows import ResultLine
from alianza_async.bulk.journal.store import RowOutcome
from alianza_async.bulk.report import DONE
from alianza_async.errors import JournalError, ResultFileError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alianza_async.bulk.budget import FailureBudget
    from alianza_async.bulk.concurrency import SlowStart
    from alianza_async.bulk.engine.context import JobContext
    from alianza_async.bulk.engine.work import Work
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal.store import RowState
    from alianza_async.bulk.output.results import ResultFile
    from alianza_async.bulk.report import ItemResult, Report

__all__ = ["Recorder", "outcome_of"]


class Recorder:
    """Takes results in the order in which rows end; what it has reported is on disk.

    Args:
        report: The sums, kept live.
        job: What all rows have in common; its journal keeps each outcome.
        budget: How many rows may fail.
        concurrency: What is narrowed by failures.
        results: Where each row's outcome is written, or None.
        emit: Takes each result; may wait, and so hold the workers back.
        stop: Stops the job because of an error.

    Attributes:
        under_way: The rows that may have been sent and have no result, by number.
    """

    def __init__(
        self,
        report: Report,
        job: JobContext,
        *,
        budget: FailureBudget,
        concurrency: SlowStart,
        results: ResultFile | None,
        emit: Callable[[ItemResult], Awaitable[None]],
        stop: Callable[[Exception], None],
    ) -> None:
        self._report = report
        self._job = job
        self._budget = budget
        self._concurrency = concurrency
        self._results = results
        self._emit: Callable[[ItemResult], Awaitable[None]] | None = emit
        self._stop = stop
        self.under_way: dict[int, Row] = {}

    @property
    def writes_lines(self) -> bool:
        """Whether there is a result file, which holds a line for every row of the input."""
        return self._results is not None

    def took(self, row: Row) -> None:
        """Note that a row is under way."""
        self.under_way[row.number] = row
        self._report.in_flight += 1

    async def ended(self, work: Work, result: ItemResult, *, keep: bool = False) -> None:
        """Take the result of a row that was under way.

        Args:
            work: The row.
            result: Its result.
            keep: Whether its journal entry stays as it is, where this run has sent nothing for it.
        """
        try:
            await self._journal(work, result, keep=keep)
        except JournalError as error:
            self._stop(error)
            return  # what is not on disk is not reported: the row stays under way
        del self.under_way[work.row.number]
        self._report.in_flight -= 1
        if result.status not in {"invalid", "skipped"} and not keep:
            self._count(result)
        await self._report_result(work.row, result)

    def _count(self, result: ItemResult) -> None:
        reason = self._budget.spend(result.status)
        if result.status in {"failed", "unknown"}:
            self._concurrency.failed()
        else:
            self._concurrency.succeeded()
        if reason is not None:
            self._stop(
                FailureBudgetError(
                    f"the job stopped: {reason}; fix the cause, then resume it from its journal or its "
                    "result file, or raise max_failures",
                    report=self._report,
                )
            )

    async def refused(self, row: Row, result: ItemResult, digest: bytes | None) -> None:
        """Take the result of a row that was never under way."""
        if digest is not None:
            status = "exists" if result.done_before else result.status
            outcome = RowOutcome(
                result.row, result.key, digest, status, object_id=result.id, error=result.error
            )
            try:
                await self._job.store.write(self._job.fence, outcome)
            except JournalError as error:
                self._stop(error)
                return
        await self._report_result(row, result)

    def passed_over(self, row: Row, state: RowState) -> None:
        """Write the line of a row that an earlier run of the job has settled; it is counted already."""
        self._write(row, line_of(row, state.entry, left_by(state.steps)))

    async def not_sent(self, row: Row, result: ItemResult) -> None:
        """Take the result of a row whose turn never came; the journal does not know it, or has it pending."""
        await self._report_result(row, result)

    def cut_off(self, how: str) -> None:
        """Name the rows that are under way in the result file; from now on nothing reads results."""
        self._emit = None
        for row in self.under_way.values():
            self._write(row, ResultLine("unknown", None, how))

    async def _journal(self, work: Work, result: ItemResult, *, keep: bool) -> None:
        """Write the outcome, with those of its steps.

        Raises:
            JournalError: It cannot be written.
        """
        run, job = work.run, self._job
        if not job.keeps_journal:
            return
        pending = [] if run is None else run.journal.taken()
        sent = run is not None and run.journal.intended
        if keep and not sent:
            if pending and run is not None and run.journal.is_known:
                await job.store.write(job.fence, *pending)
            return
        await job.store.write(job.fence, *pending, outcome_of(work, result))

    async def _report_result(self, row: Row, result: ItemResult) -> None:
        """Count a result, write it, hand it on; in this order, so that nothing that was reported is lost."""
        self._report.add(result)
        if self.writes_lines:
            earlier = row.earlier
            # A row that had no turn is as an earlier run left it: without `unknown` it would be sent blindly.
            keep = result.status == "skipped" and earlier and earlier.status in DONE | MAY_BE_THERE
            self._write(row, earlier if keep and earlier else _line(result))
        if self._emit is not None:
            await self._emit(result)

    def _write(self, row: Row, line: ResultLine) -> None:
        if self._results is None:
            return
        try:
            self._results.write(row, line)
        except ResultFileError as error:
            # What cannot be reported must not be done: stop sending first.
            self._stop(error)


def outcome_of(work: Work, result: ItemResult) -> RowOutcome:
    """Return what the journal is to keep of a row's result."""
    return RowOutcome(
        result.row,
        result.key,
        work.digest,
        result.status,
        object_id=result.id,
        evidence=result.evidence,
        error=result.error,
        request_id=result.request_id,
        adopted=result.adopted,
        failed_step=result.failed_step,
        attempts=result.attempts,
        private=() if result.error is None else private_values(work.payload.model),
    )


def _line(result: ItemResult) -> ResultLine:
    error = str(result.error) if result.error else MAKER_UNKNOWN if result.maker_unknown else None
    return ResultLine(
        result.status,
        result.id,
        error,
        result.attempts,
        result.request_id,
        result.objects.get("account"),
        result.objects.get("user"),
        result.number_state,
        result.failed_step,
    )
