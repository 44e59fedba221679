"""The half done rows of a whole job, counted from its journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.bulk.half_done import HalfDone, left_by

if TYPE_CHECKING:
    from alianza_async.bulk.journal.reader import JournalReader

__all__ = ["half_done_rows"]

_NOT_DONE: Final = ("failed", "unknown", "skipped")


def half_done_rows(journal: JournalReader, *, under_way: bool = True) -> HalfDone:
    """Return the half done rows of a whole job, as its journal has them.

    Args:
        journal: The job's journal.
        under_way: Whether rows that were sent and have no outcome count: not while the job runs.

    Raises:
        JournalError: It cannot be read.
    """
    found = HalfDone()
    for entry in journal.entries(*_NOT_DONE, *(("intent",) if under_way else ())):
        left = left_by(journal.steps(entry.row))
        if left.objects:
            found.add(left.objects, left.number_state)
    return found
