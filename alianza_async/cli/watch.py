"""Run a bulk job with its progress shown, and keep what the summary needs."""

from __future__ import annotations

import asyncio
from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.cli.exits import Exit, code_of, interrupted
from alianza_async.cli.file_options import in_cli_words
from alianza_async.cli.interrupts import Interrupts
from alianza_async.cli.progress import shown
from alianza_async.cli.whole_job import row_to_json
from alianza_async.cli.wording import in_options

if TYPE_CHECKING:
    import signal

    from alianza_async.bulk.job import BulkJob
    from alianza_async.bulk.report import ItemResult, Report
    from alianza_async.cli.screen import Screen
    from alianza_async.session import Session

__all__ = ["SHOWN", "Outcome", "urgency", "watch"]

SHOWN: Final = 10
"""How many rows that are not done are shown."""


@dataclass(slots=True)
class Outcome:
    """How a job ended.

    Attributes:
        report: Its sums.
        rows: Rows of the input, where they were counted.
        stopped: Why it stopped before its input ended, where it did by itself.
        signal: The signal that stopped it, where one did.
        left: Whether it was cut off, by a second signal, before what was under way had settled.
        first_bad: The first rows that are not done and were not merely left out: those whose number is on an
            account without being in service, then by number.
        passed_over: Rows that were not sent because the job stopped before their turn, as ranges.
        to_look_up: Rows that earlier runs may have sent, and whose turn never came in this one.
    """

    report: Report
    rows: int | None
    stopped: BulkStoppedError | None = None
    signal: signal.Signals | None = None
    left: bool = False
    first_bad: list[ItemResult] = field(default_factory=list["ItemResult"])
    passed_over: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    to_look_up: int = 0

    def note(self, result: ItemResult) -> None:
        """Keep a result that the summary shows."""
        if result.done:
            return
        if result.status == "skipped" and not result.objects:
            _extend(self.passed_over, result.row)
        elif len(self.first_bad) < SHOWN or urgency(result) < urgency(self.first_bad[-1]):
            insort(self.first_bad, result, key=urgency)
            del self.first_bad[SHOWN:]

    @property
    def cut_short(self) -> bool:
        """Whether it stopped before its input ended, whoever stopped it."""
        return self.stopped is not None or self.signal is not None

    @property
    def not_sent(self) -> list[tuple[int, int]]:
        """The rows whose turn never came, as ranges: those that are known by number."""
        if (
            self.report.previously_settled
        ):  # earlier runs took rows here and there: only the journal knows the others
            return []
        ranges: list[tuple[int, int]] = []
        for first, last in sorted(self.passed_over):  # they end in any order
            if ranges and ranges[-1][1] == first - 1:
                ranges[-1] = (ranges[-1][0], last)
            else:
                ranges.append((first, last))
        taken = self.report.total
        if self.cut_short and self.rows is not None and self.rows > taken:
            if ranges and ranges[-1][1] == taken:
                ranges[-1] = (ranges[-1][0], self.rows)
            else:
                ranges.append((taken + 1, self.rows))
        return ranges

    @property
    def not_sent_count(self) -> int:
        """How many rows were not sent, as far as the input was counted."""
        report = self.report
        rest = (self.rows or 0) - report.total - self.to_look_up if self.cut_short else 0
        return report.skipped - report.done_before - report.begun + max(0, rest)

    @property
    def code(self) -> int:
        """The exit code."""
        if self.stopped is not None:
            return code_of(self.stopped)
        if self.signal is not None:
            return interrupted(self.signal)
        return Exit.DONE if self.report.all_done else Exit.NOT_DONE

    @property
    def reason(self) -> str | None:
        """Why it stopped before its input ended, or None."""
        if self.stopped is not None:
            return in_options(str(self.stopped))
        return None if self.signal is None else f"interrupted by {self.signal.name}"

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        report = self.report
        return {
            "total": report.total,
            "created": report.created,
            "exists": report.exists,
            "updated": report.updated,
            "failed": report.failed,
            "invalid": report.invalid,
            "unknown": report.unknown,
            "skipped": report.skipped,
            "elapsed_s": round(report.elapsed_s, 1),
            "items_per_s": round(report.items_per_s, 1),
            "results": None if report.results_path is None else str(report.results_path),
            "journal": None if report.journal_path is None else str(report.journal_path),
            "previously_settled": report.previously_settled,
            "adopted": report.adopted,
            "done_before": report.done_before,
            "not_sent": self.not_sent_count,
            "unsettled": list(report.unsettled),
            "stopped": self.reason,
            **report.changes.to_json(),
            "half_done": report.half_done.to_json(),
            "warned": {"numbers": report.numbers_warned, "of": list(report.warns)},
            "maker_unknown": report.maker_unknown,
            "sent_again": {"rows": report.sent_again, "first": list(report.sent_again_rows)},
            "throttled": {"answers": report.throttled, "lowest_rate": report.lowest_rate},
            "outage": None if report.outage is None else report.outage._asdict(),
            "notes": in_cli_words(report.notes),
            "not_done": [row_to_json(bad) for bad in self.first_bad],
        }


def urgency(result: ItemResult) -> tuple[bool, int]:
    """Return what rows that are not done are shown by: a number that rings without 911 cannot wait."""
    return not result.without_911, result.row


def _extend(ranges: list[tuple[int, int]], row: int) -> None:
    if ranges and ranges[-1][1] == row - 1:
        ranges[-1] = (ranges[-1][0], row)
    else:
        ranges.append((row, row))


async def watch(job: BulkJob, screen: Screen, *, rows: int | None, session: Session | None = None) -> Outcome:
    """Run a job to its end, or to the end that a signal asks for.

    Args:
        job: The job, not yet begun.
        screen: Where progress is shown.
        rows: Rows of the input, where they were counted.
        session: The job's session, to show how fast it may send.
    """
    report = job.report
    outcome = Outcome(report, rows)

    def stop(number: signal.Signals) -> None:
        job.stop()
        screen.say(
            f"{number.name}: taking no further row, waiting for {report.in_flight} under way; "
            "once more to leave at once",
            "yellow",
        )

    with Interrupts(stop) as interrupts:
        async with shown(report, screen, rows, session):
            try:
                async for result in job:
                    outcome.note(result)
            except BulkStoppedError as error:
                outcome.stopped = error
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if not interrupts.left or task is None:
                    raise
                task.uncancel()
    outcome.signal, outcome.left = interrupts.number, interrupts.left
    return outcome
