"""What travels through a bulk job: one row, from its validation to its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alianza_async.bulk.engine.valid_row import ValidRow

if TYPE_CHECKING:
    from alianza_async.bulk.engine.row_run import AnyRowRun

__all__ = ["Work"]


@dataclass(slots=True, eq=False)
class Work(ValidRow):
    """One row on its way, from its first turn to its outcome.

    Attributes:
        run: Its way through the steps, between two turns.
    """

    run: AnyRowRun | None = None
