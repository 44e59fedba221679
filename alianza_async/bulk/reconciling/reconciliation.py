"""What reconcile reports: what became of rows, what is there twice, and what cannot be told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.bulk.reconciling.doubles import Creation

__all__ = ["Double", "Reconciliation", "StillUnknown"]


@dataclass(frozen=True, slots=True)
class Double:
    """A key that more than one object has.

    Attributes:
        row: The input's row.
        step: The step that sent it.
        key: Its natural key.
        creations: The objects, oldest first: which, by whom, when, and whether that was this job.
    """

    row: int
    step: str
    key: str
    creations: tuple[Creation, ...]


@dataclass(frozen=True, slots=True)
class StillUnknown:
    """A row of which something cannot be told.

    Attributes:
        row: The input's row.
        key: Its natural key.
        object_id: The one object that has its key, where there is one.
        reason: Why, and what to do.
    """

    row: int
    key: str
    object_id: str | None
    reason: str


@dataclass(slots=True)
class Reconciliation:
    """What `reconcile` found.

    Attributes:
        looked_at: Rows whose outcome was not known.
        counts: What they are now, by status; `pending` is sent, or gone on with, by a resume.
        checked: Rows looked at for doubles: sent more than once, or adopted.
        doubles: Keys that more than one object has, by row.
        still_unknown: Rows whose outcome is not known yet, by row.
        cannot_tell: Rows for which it cannot be determined whether anything exists twice, by row.
        gone: Rows of which the object that they made is no longer there, by row.
        disowned: Rows that were `created` and are `exists` now: account history shows that somebody else made
            the object, by row.
        no_history: Why account history was not consulted; None where it was.
        no_input: Why rows were not compared with what is there; None where they were.
    """

    looked_at: int = 0
    counts: dict[str, int] = field(default_factory=Counter[str])
    checked: int = 0
    doubles: list[Double] = field(default_factory=list[Double])
    still_unknown: list[StillUnknown] = field(default_factory=list[StillUnknown])
    cannot_tell: list[StillUnknown] = field(default_factory=list[StillUnknown])
    gone: list[StillUnknown] = field(default_factory=list[StillUnknown])
    disowned: list[StillUnknown] = field(default_factory=list[StillUnknown])
    no_history: str | None = None
    no_input: str | None = None

    def __repr__(self) -> str:
        """Return the sums, in one line."""
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items() if count)
        found = f"{len(self.doubles)} doubles, {len(self.still_unknown)} still unknown"
        return f"<Reconciliation {self.looked_at} rows: {counts or 'none looked up'}; {found}>"

    @property
    def settled(self) -> int:
        """Rows that were not known and are."""
        return self.looked_at - self.counts.get("unknown", 0)

    @property
    def is_clear(self) -> bool:
        """Whether every outcome is known, and nothing is there twice."""
        return not (self.doubles or self.still_unknown or self.cannot_tell)
