"""Which rows of a job were undone, as its journal has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.bulk.journal.reader import JournalReader

__all__ = ["Undone", "undone_rows"]

Undone = Literal["undone", "partly undone"]
"""`undone`: all that the job made or changed of it is taken back; `partly undone`: some of it still exists."""

_MADE = frozenset({"created", "updated"})


def undone_rows(journal: JournalReader) -> Iterator[tuple[int, Undone]]:
    """Yield the number of each row that an undo has begun, by number, and how far that came.

    Raises:
        JournalError: It cannot be read.
    """
    if not journal.undo_counts().get("undone"):
        return
    for entry in journal.entries("created", "updated", "exists", "failed", "unknown", "skipped", "pending"):
        undone = {name for name, each in journal.undone(entry.row).items() if each.status == "undone"}
        if undone:
            made = {name for name, step in journal.steps(entry.row).items() if step.status in _MADE}
            yield entry.row, "undone" if made <= undone else "partly undone"
