"""The options of `alianza bulk undo`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["UndoOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOptions:
    """The options of `bulk undo`.

    Attributes:
        journal: The job's journal.
        include_live: Whether numbers in service are released too.
        unverified: Whether objects are deleted, or restored, of which nothing proves who made or changed
            them, or shows whether they were changed since.
        dry_run: Whether rows are looked at, and nothing is deleted.
        rows: Which rows, by number, or None.
        keys: A file of the keys of the rows, or None.
        status: Which rows, by status; empty for any.
        input: The job's input, where that has moved.
        rate: Requests a second, or None for the session's own.
        yes: Whether nothing has to be typed.
    """

    journal: Path
    include_live: bool = False
    unverified: bool = False
    dry_run: bool = False
    rows: str | None = None
    keys: Path | None = None
    status: tuple[str, ...] = ()
    input: Path | None = None
    rate: float | None = None
    yes: bool = False
