"""Which rows of a job were undone, as its journal has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from alianza_async.bulk.journal.store import RowState
from alianza_async.bulk.undoing.undo_plan import workflow_of
from alianza_async.bulk.undoing.undo_rows import BEGUN, UndoSteps
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.journal.reader import JournalReader

__all__ = ["Undone", "is_partly_undone", "undone_rows"]

W = TypeVar("W", bound=WriteModel)

Undone = Literal["undone", "partly undone"]
"""`undone`: all that can be undone of it is; `partly undone`: some of it still exists."""


def undone_rows(
    journal: JournalReader, *, workflow: Workflow[W] | None = None
) -> Iterator[tuple[int, Undone]]:
    """Yield the number of each row that an undo has begun, by number, and how far that came.

    Args:
        journal: The job's journal.
        workflow: The job's workflow, where it is one of your own; without it such a job yields nothing.

    Raises:
        JournalError: It cannot be read.
    """
    if not journal.undo_counts().get("undone"):
        return
    try:
        steps = UndoSteps(workflow_of(journal.facts, workflow), unverified=False)
    except ConfigurationError:
        return
    for entry in journal.entries(*BEGUN):
        row = steps.of(RowState(entry, journal.steps(entry.row)), journal.undone(entry.row))
        if row.done_before:
            yield row.number, "partly undone" if row.targets or row.stays else "undone"


def is_partly_undone(journal: JournalReader) -> bool:
    """Tell whether an undo of a job has begun and has something left to do: cut off, or of chosen rows.

    Args:
        journal: The job's journal.

    Raises:
        JournalError: It cannot be read.
    """
    counts = journal.undo_counts()
    if any(counts.get(status) for status in ("intent", "failed", "unknown")):
        return True
    if not counts.get("undone"):
        return False
    try:
        steps = UndoSteps(workflow_of(journal.facts, None), unverified=False)
    except ConfigurationError:
        return True  # a workflow of one's own: only it can tell
    return any(
        steps.of(RowState(entry, journal.steps(entry.row)), journal.undone(entry.row)).targets
        for entry in journal.entries(*BEGUN)
    )
