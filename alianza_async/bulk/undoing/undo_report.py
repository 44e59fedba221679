"""What undoing a job reports: the sums, and each row of which something is still there."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.errors import AlianzaError

__all__ = ["UndoReport", "UndoResult", "UndoStatus"]

UndoStatus = Literal["undone", "restored", "failed", "unknown", "refused", "maker_unknown"]
"""The outcome of undoing a row.

* `undone`: all that the job made of it is gone, and what it changed has its old values.
* `restored`: nothing was made; what the job changed has its old values.
* `failed`: the server refused; the error says what.
* `unknown`: a request may have been carried out, and looking did not tell; run it again.
* `refused`: it stays as it is: changed since, in service, its outcome not known; the error says which.
* `maker_unknown`: something of it exists, and nothing proves that this job made it: it stays.
"""


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The outcome of one row.

    Attributes:
        row: Its number in the input.
        key: Its natural key.
        status: Its outcome.
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
        rows: Rows of which the job made or changed something, or may have.
        undone: Rows by outcome, likewise `restored` and the others.
        done_before: Rows that an earlier undo has undone; they are not in `undone`.
        found: Rows of which everything was there before the job: not of this job, and left alone.
        may_be_undone: Rows that would have been undone, had it not been a dry run.
        steps: What was undone, by step.
        in_flight: Rows under way, those that wait for the server among them.
        left: Rows that were begun, or had no turn, because it was stopped.
        stopped: Whether it was stopped before its end.
        results: Every row of which something is still there, by row.
        journal_path: Where the journal is.
    """

    rows: int = 0
    undone: int = 0
    restored: int = 0
    failed: int = 0
    unknown: int = 0
    refused: int = 0
    maker_unknown: int = 0
    done_before: int = 0
    found: int = 0
    may_be_undone: int = 0
    steps: dict[str, int] = field(default_factory=dict[str, int])
    in_flight: int = 0
    stopped: bool = False
    results: list[UndoResult] = field(default_factory=list[UndoResult], repr=False)
    journal_path: Path | None = None
    _started: float = field(default_factory=time.monotonic, repr=False)
    _ended: float | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Return the sums, in one line."""
        counts = ((getattr(self, status), status) for status in get_args(UndoStatus))
        shown = ", ".join(f"{count} {status}" for count, status in counts if count)
        return f"<UndoReport {self.rows} rows: {shown or 'none undone'}{', stopped' if self.stopped else ''}>"

    def add(self, result: UndoResult) -> None:
        """Count one row whose outcome is known."""
        setattr(self, result.status, getattr(self, result.status) + 1)
        if result.status not in {"undone", "restored"}:
            self.results.append(result)

    def add_step(self, name: str) -> None:
        """Count one step that was undone."""
        self.steps[name] = self.steps.get(name, 0) + 1

    def end(self) -> None:
        """Stop the clock, and put the results in order."""
        self._ended = time.monotonic()
        self.results.sort(key=_row)

    @property
    def ended(self) -> int:
        """Rows whose outcome is known."""
        kept = self.failed + self.unknown + self.refused + self.maker_unknown
        return self.undone + self.restored + kept + self.may_be_undone

    @property
    def left(self) -> int:
        """Rows whose outcome is not known: it was stopped before, or while they were under way."""
        return self.rows - self.ended - self.done_before

    @property
    def all_done(self) -> bool:
        """Whether nothing that the job made or changed, or may have, is still as it left it."""
        kept = self.failed or self.unknown or self.refused or self.maker_unknown
        return not (kept or self.left or self.stopped)

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began; until it ended, once it has."""
        return (time.monotonic() if self._ended is None else self._ended) - self._started


def _row(result: UndoResult) -> int:
    return result.row
