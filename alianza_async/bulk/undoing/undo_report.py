"""What taking a job back tells: the sums, and each row that is still there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.errors import AlianzaError

__all__ = ["UndoReport", "UndoResult", "UndoStatus"]

UndoStatus = Literal["undone", "failed", "unknown", "refused"]
"""How taking back a row ended.

* `undone`: all that the job made of it is gone.
* `failed`: the server refused; the error says what.
* `unknown`: it may be gone, and nobody could tell; run it again.
* `refused`: it was left as it is: changed since, in service, not to be told; the error says which.
"""


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What became of one row.

    Attributes:
        row: Its number in the input.
        key: Its natural key.
        status: How it ended.
        step: The step at which it stopped; None where all went well, or nothing was begun.
        error: Why it is still there.
    """

    row: int
    key: str | None
    status: UndoStatus
    step: str | None = None
    error: AlianzaError | None = None


@dataclass(slots=True)
class UndoReport:
    """The sums; live while it runs.

    Attributes:
        rows: Rows of which the job has made something, or may have.
        undone: Rows by how they ended, likewise `failed` and the others.
        done_before: Rows that an earlier undo has taken back; they are not in `undone`.
        updated_rows: Numbers of the rows that the job changed: what was there before is not known, so what it
            changed is left as it is.
        found: Rows of which everything was there before the job: not of this job, and left alone.
        may_be_undone: Rows that would have been taken back, had it not been a dry run.
        steps: What was taken back, by step.
        in_flight: Rows under way, those that wait for the server among them.
        left: Rows that were begun, or had no turn, because it was stopped.
        stopped: Whether it was stopped before its end.
        results: Every row that is still there and should not be, by row.
        journal_path: Where the journal is.
    """

    rows: int = 0
    undone: int = 0
    failed: int = 0
    unknown: int = 0
    refused: int = 0
    done_before: int = 0
    updated_rows: list[int] = field(default_factory=list[int], repr=False)
    found: int = 0
    may_be_undone: int = 0
    steps: dict[str, int] = field(default_factory=dict[str, int])
    in_flight: int = 0
    stopped: bool = False
    results: list[UndoResult] = field(default_factory=list["UndoResult"], repr=False)
    journal_path: Path | None = None
    _started: float = field(default_factory=time.monotonic, repr=False)
    _ended: float | None = field(default=None, repr=False)

    def add(self, result: UndoResult) -> None:
        """Count one row that has come to its end."""
        setattr(self, result.status, getattr(self, result.status) + 1)
        if result.status != "undone":
            self.results.append(result)

    def add_step(self, name: str) -> None:
        """Count one step that was taken back."""
        self.steps[name] = self.steps.get(name, 0) + 1

    def end(self) -> None:
        """Stop the clock, and put the results in order."""
        self._ended = time.monotonic()
        self.results.sort(key=_row)

    @property
    def left(self) -> int:
        """Rows whose end is not known: it was stopped before, or while they were under way."""
        ended = self.undone + self.failed + self.unknown + self.refused
        return self.rows - ended - self.done_before - self.may_be_undone

    @property
    def all_done(self) -> bool:
        """Whether nothing that the job made, or changed, is still as it left it."""
        return not (
            self.failed or self.unknown or self.refused or self.updated_rows or self.left or self.stopped
        )

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began; until it ended, once it has."""
        return (time.monotonic() if self._ended is None else self._ended) - self._started


def _row(result: UndoResult) -> int:
    return result.row
