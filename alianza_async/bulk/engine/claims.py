"""Values that the steps of a row choose: none that another row has, or that turned out to be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.endpoints.matching import folded

if TYPE_CHECKING:
    from alianza_async.bulk.engine.row_journal import RowJournal

__all__ = ["Claims"]


class Claims:
    """Takes values for the steps of one row.

    Args:
        journal: Where claims are kept.
        row: The row's number.
    """

    __slots__ = ("_journal", "_row", "_spoiled")

    def __init__(self, journal: RowJournal, row: int) -> None:
        self._journal = journal
        self._row = row
        self._spoiled: set[tuple[str, str]] = set()

    async def __call__(self, step: str, value: str) -> bool:
        """Take a value for a step; False where another row has it, or it turned out to be taken."""
        if (step, value) in self._spoiled:
            return False
        return await self._journal.claim(step, folded(value)) == self._row

    def spoil(self, step: str, value: str) -> None:
        """Never take a value again: it is somebody else's."""
        self._spoiled.add((step, value))
