"""Where a row stands: its number among the rows, its line in a text file, its row in a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        return beside([(self, self)])

    def __str__(self) -> str:
        """Return it in words: `row 3 (line 4)`."""
        also = self.beside
        return f"row {self.row}" if also is None else f"row {self.row} ({also})"


def beside(ranges: Sequence[tuple[Place, Place]]) -> str | None:
    """Return what rows are called beside their numbers; see `Place.beside`.

    Args:
        ranges: The first and the last place of rows that follow one another.

    Returns:
        Such as `lines 4-6, 9`; None where they are called nothing else.
    """
    places = [place for ends in ranges for place in ends]
    if all(place.line == place.row for place in places):
        return None
    parts: list[str] = []
    if any(place.sheet_row not in {None, place.line} for place in places):
        parts.append(_several("spreadsheet row", [(one.sheet_row, other.sheet_row) for one, other in ranges]))
    if any(place.line is not None for place in places):
        parts.append(_several("line", [(one.line, other.line) for one, other in ranges]))
    return ", ".join(parts) or None


def lines(first: int, last: int) -> str:
    """Name lines: `line 4`, `lines 4 to 6`."""
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _several(noun: str, ranges: Sequence[tuple[int | None, int | None]]) -> str:
    words = [
        f"{first:,}" if first == last else f"{first:,}-{last:,}"
        for first, last in ranges
        if first is not None and last is not None
    ]
    is_one = len(ranges) == 1 and ranges[0][0] == ranges[0][1]
    return f"{noun}{'' if is_one else 's'} {', '.join(words)}"
