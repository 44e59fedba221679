"""What the steps of one row have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from alianza_async.endpoints.models import WriteModel

if TYPE_CHECKING:
    from alianza_async.bulk.engine.claims import Claims
    from alianza_async.bulk.engine.context import JobContext
    from alianza_async.bulk.engine.recording_session import RecordingSession
    from alianza_async.bulk.engine.row_journal import RowJournal
    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.engine.valid_row import ValidRow

__all__ = ["RowContext"]

R = TypeVar("R", bound=WriteModel)


@dataclass(slots=True)  # frozen, it would take three times as long to make, for every row
class RowContext(Generic[R]):
    """What the steps of one row have in common.

    Attributes:
        job: What all rows have in common.
        work: The row.
        journal: What is written of it.
        session: Where requests go; each that changes something is journaled first.
        item: The row as its steps see it.
        claims: The values that its steps have chosen.
    """

    job: JobContext
    work: ValidRow
    journal: RowJournal
    session: RecordingSession
    item: Item[R]
    claims: Claims

    @property
    def number(self) -> int:
        """The row's number."""
        return self.work.row.number
