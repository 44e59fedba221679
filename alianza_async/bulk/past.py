"""What earlier runs of a job have done: read from its journal while its input is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.bulk.half_done import NOTHING, Left, reason_of
from alianza_async.bulk.input.rows import ResultLine
from alianza_async.bulk.report import DONE
from alianza_async.errors import InputChangedError, JournalError

if TYPE_CHECKING:
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal import Entry, Journal
    from alianza_async.bulk.report import Report

__all__ = ["MAY_BE_LOST", "Past", "line_of", "refuse_undone"]

MAY_BE_LOST: Final = frozenset({"intent", "unknown"})
"""What may have been sent without anybody knowing what became of it."""

_SETTLED: Final = frozenset({*DONE, "invalid"})


class Past:
    """Tells a resumed job which rows are done, and holds the input to what it was.

    Args:
        journal: The job's journal.
        by_key: Whether rows are told by their keys, so that they may come in another order: for iterables. A
            file's rows are told by their numbers.
        retry_failed: Whether what failed is tried again.
    """

    def __init__(self, journal: Journal, *, by_key: bool, retry_failed: bool) -> None:
        self._journal = journal
        self._by_key = by_key
        self._settled = _SETTLED if retry_failed else _SETTLED | {"failed"}
        self._next_number = journal.last_row() + 1

    def seed(self, report: Report) -> None:
        """Count what is settled already."""
        for status, count in self._journal.counts().items():
            if status in self._settled:
                setattr(report, status, getattr(report, status) + count)
                report.before += count
                report.sent_before += count if status != "invalid" else 0
        report.total = report.before

    def settled(self, entry: Entry) -> bool:
        """Tell whether nothing is left to do for a row."""
        return entry.status in self._settled

    def meet(self, row: Row, key: str | None, digest: bytes) -> Entry | None:
        """Return what the journal has of a row; gives the row the number that it has there.

        Raises:
            InputChangedError: The row is not what it was.
        """
        if self._by_key:
            entry = None if key is None else self._journal.by_key(key)
            if entry is None:
                row.number, self._next_number = self._next_number, self._next_number + 1
                return None
            row.number = entry.row
        else:
            entry = self._journal.entry(row.number)
            if entry is None:
                return None
        if entry.digest is not None and entry.digest != digest:
            raise InputChangedError(
                f"row {row.number} is not what it was when the job began (its key was {entry.key!r}): resume "
                "it with the input it had, and run what has changed as a job of its own"
            )
        return entry


def refuse_undone(journal: Journal) -> None:
    """Refuse to go on with a job of which something was taken back: it would build on what is gone.

    Raises:
        JournalError: Something was.
    """
    begun = sum(count for status, count in journal.undo_counts().items() if status != "skipped")
    if begun:
        raise JournalError(
            f"the job of {journal.path} was taken back by `alianza bulk undo` ({begun:,} steps of it), so it "
            "does not go on: run its input as a job of its own"
        )


def line_of(row: Row, entry: Entry, left: Left = NOTHING) -> ResultLine:
    """Return what a result file says of a row that its journal has an end of.

    Args:
        row: The row.
        entry: What the journal has of it.
        left: What exists of it, from its steps.
    """
    earlier = row.earlier
    if earlier is not None and earlier.status in DONE and entry.status == "exists":
        return earlier  # the input is a result file, and said so already: nothing was asked
    return ResultLine(
        entry.status,
        entry.object_id,
        reason_of(entry),
        entry.attempts,
        entry.request_id,
        left.objects.get("account"),
        left.objects.get("user"),
        left.number_state,
        entry.failed_step or left.failed_step,
    )
