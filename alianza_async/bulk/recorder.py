"""What is done with a result: the journal first, then the sums, the result file, and whoever waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.bulk.half_done import MAKER_UNKNOWN
from alianza_async.bulk.input.rows import ResultLine
from alianza_async.bulk.intake import MAY_BE_THERE
from alianza_async.bulk.past import line_of
from alianza_async.bulk.report import DONE
from alianza_async.errors import FailureBudgetError, JournalError, ResultFileError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alianza_async.bulk.budget import FailureBudget
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal import Entry, Journal
    from alianza_async.bulk.output.results import ResultFile
    from alianza_async.bulk.report import ItemResult, Report
    from alianza_async.bulk.work import Work

__all__ = ["Recorder"]


class Recorder:
    """Takes results in the order in which rows end; what it has told is on disk.

    Args:
        report: The sums, kept live.
        budget: How many items may fail.
        journal: Where each outcome is kept, or None.
        results: Where each row's outcome is written, or None.
        emit: Takes each result; may wait, and so hold the workers back.
        stop: Stops the job because of an error.

    Attributes:
        under_way: The rows that may have been sent and have no result, by number.
    """

    def __init__(
        self,
        report: Report,
        *,
        budget: FailureBudget,
        journal: Journal | None,
        results: ResultFile | None,
        emit: Callable[[ItemResult], Awaitable[None]],
        stop: Callable[[Exception], None],
    ) -> None:
        self._report = report
        self._budget = budget
        self._journal = journal
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

    async def ended(self, work: Work, result: ItemResult) -> None:
        """Take the result of a row that was under way."""
        if self._journal is not None and not await self._journaled(self._journal, work, result):
            return  # what is not on disk is not told: the row stays under way
        del self.under_way[work.row.number]
        self._report.in_flight -= 1
        if result.status not in {"invalid", "skipped"}:
            reason = self._budget.spend(result.status)
            if reason is not None:
                self._stop(
                    FailureBudgetError(
                        f"the job stopped: {reason}; mend the cause and go on from its journal or its result "
                        "file, or raise max_failures",
                        report=self._report,
                    )
                )
        await self._tell(work.row, result)

    async def refused(self, row: Row, result: ItemResult, digest: bytes | None) -> None:
        """Take the result of a row that was never under way."""
        if self._journal is not None and digest is not None:
            status = "exists" if result.done_before else result.status
            try:
                await self._journal.settle(
                    result.row, result.key, digest, status, object_id=result.id, error=result.error
                )
            except JournalError as error:
                self._stop(error)
                return
        await self._tell(row, result)

    def passed_over(self, row: Row, entry: Entry) -> None:
        """Write the line of a row that an earlier run of the job has settled; it is counted already."""
        self._write(row, line_of(row, entry))

    async def not_sent(self, row: Row, result: ItemResult) -> None:
        """Take the result of a row whose turn never came; the journal does not know it, or has it pending."""
        await self._tell(row, result)

    def cut_off(self, how: str) -> None:
        """Tell the result file of the rows that are under way; from now on nobody reads results."""
        self._emit = None
        for row in self.under_way.values():
            self._write(row, ResultLine("unknown", None, how))

    async def _journaled(self, journal: Journal, work: Work, result: ItemResult) -> bool:
        """Write the outcome; False where it cannot be written, and the job stops."""
        try:
            if result.status == "skipped":
                if work.intended:
                    await journal.put_back(result.row)
                return True
            await journal.settle(
                result.row,
                result.key,
                work.digest,
                result.status,
                object_id=result.id,
                error=result.error,
                attempts=result.attempts,
                request_id=result.request_id,
                adopted=result.adopted,
            )
        except JournalError as error:
            self._stop(error)
            return False
        return True

    async def _tell(self, row: Row, result: ItemResult) -> None:
        """Count a result, write it, hand it on; in this order, so that nothing that was told is lost."""
        self._report.add(result)
        earlier = row.earlier
        # A row that had no turn is as an earlier run left it: without its `unknown` it would be sent blindly.
        keep = result.status == "skipped" and earlier is not None and earlier.status in DONE | MAY_BE_THERE
        self._write(row, earlier if keep and earlier else _line(result))
        if self._emit is not None:
            await self._emit(result)

    def _write(self, row: Row, line: ResultLine) -> None:
        if self._results is None:
            return
        try:
            self._results.write(row, line)
        except ResultFileError as error:
            # What cannot be told must not be done: stop sending first.
            self._stop(error)


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
