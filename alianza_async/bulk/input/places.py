"""Where a row stands: its number among the rows, its line in a text file, its row in a spreadsheet."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Place", "beside", "lines"]


class Place(NamedTuple):
    """Where a row stands.

    Attributes:
        row: Its number among the rows of data, from 1: what the journal and the results call it.
        line: The first of its lines in a text file, from 1; None where it came from elsewhere.
        sheet_row: Its row in a spreadsheet that opened the file, from 1; None where none opens it.
    """

    row: int
    line: int | None = None
    sheet_row: int | None = None

    @property
    def beside(self) -> str | None:
        """What it is called beside its number: `line 4`, `spreadsheet row 5, line 7`; None = nothing else."""
        return beside(self, self)

    def __str__(self) -> str:
        """Return it in words: `row 3 (line 4)`."""
        also = self.beside
        return f"row {self.row}" if also is None else f"row {self.row} ({also})"


def beside(first: Place, last: Place) -> str | None:
    """Return what rows that follow one another are called beside their numbers; see `Place.beside`."""
    if first.line is not None and first.line == first.row and last.line == last.row:
        return None
    parts: list[str] = []
    if first.sheet_row is not None and (first.sheet_row, last.sheet_row) != (first.line, last.line):
        parts.append(_several("spreadsheet row", first.sheet_row, last.sheet_row))
    if first.line is not None:
        parts.append(_several("line", first.line, last.line))
    return ", ".join(parts) or None


def lines(first: int, last: int) -> str:
    """Name lines: `line 4`, `lines 4 to 6`."""
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _several(noun: str, first: int, last: int | None) -> str:
    return f"{noun} {first:,}" if last is None or first == last else f"{noun}s {first:,}-{last:,}"
