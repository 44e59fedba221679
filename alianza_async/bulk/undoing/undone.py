"""Which rows of a job were undone, as its journal has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from alianza_async.bulk.undoing.undo_rows import rows_to_undo, steps_of
from alianza_async.errors import ConfigurationError
from alianza_async.models.base import WriteModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.bulk.journal.reader import Reads
    from alianza_async.bulk.workflows.workflow import Workflow

__all__ = ["Undone", "undone_rows"]

W = TypeVar("W", bound=WriteModel)

Undone = Literal["undone", "partly undone"]
"""`undone`: all that can be undone of it is; `partly undone`: some of it still exists."""


def undone_rows(journal: Reads, *, workflow: Workflow[W] | None = None) -> Iterator[tuple[int, Undone]]:
    """Yield the number of each row that an undo has begun, by number, and how far that came.

    Args:
        journal: A `Journal`, or a `JournalReader`.
        workflow: The job's workflow, where it is one of your own; without it such a job yields nothing.

    Raises:
        JournalError: It cannot be read.
    """
    if not journal.undo_counts().get("undone"):
        return
    facts = journal.facts
    try:
        steps = steps_of(facts.kind, workflow)
    except ConfigurationError:
        return
    for row in rows_to_undo(journal, steps, kind=facts.kind):
        if row.done_before:
            yield row.number, "partly undone" if row.left or row.unsettled else "undone"
