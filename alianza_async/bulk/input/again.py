"""A job's input, read a second time: the rows that its journal's entries are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.journal import Entry, Journal

__all__ = ["RowsAgain"]


class RowsAgain:
    """Finds the row of an entry.

    A file is read along with the journal, a row at a time. The rows of an iterable may come in another order:
    they are told by their keys, and those that are needed are kept in memory, which `load` does first.

    Args:
        journal: The job's journal.
        source: Its input.
        key_of: Returns a row's natural key, where it has one.
    """

    def __init__(
        self,
        journal: Journal,
        source: Source,
        key_of: Callable[[Mapping[str, object] | BaseModel], str | None],
    ) -> None:
        self._journal = journal
        self._source = source
        self._key_of = key_of
        self._kept: dict[int, Row] = {}
        self._rows: Iterator[Row] | None = None
        self._next: Row | None = None

    @property
    def name(self) -> str:
        """The input's name, for errors."""
        return self._source.name

    async def load(self, needed: Callable[[Entry], bool] | None = None) -> None:
        """Keep the rows that can be had in no order but their own; a file's are left where they are.

        Args:
            needed: Which entries' rows will be asked for; None = all.

        Raises:
            JournalError: The journal cannot be read.
        """
        if self._source.is_file:
            return
        async for row in self._source:
            key = self._key_of(row.values)
            entry = None if key is None else self._journal.by_key(key)
            if entry is not None and (needed is None or needed(entry)):
                self._kept[entry.row] = row

    def rewind(self) -> None:
        """Begin at the first row again."""
        self._rows, self._next = None, None

    def find(self, entry: Entry) -> Row | None:
        """Return an entry's row, or None where the input has it no more; to be asked by rising number.

        Raises:
            SourceError: The file cannot be read.
        """
        if not self._source.is_file:
            return self._kept.get(entry.row)
        if self._rows is None:
            self._rows = iter(self._source)
            self._next = next(self._rows, None)
        while self._next is not None and self._next.number < entry.row:
            self._next = next(self._rows, None)
        return self._next if self._next is not None and self._next.number == entry.row else None

    def is_as_it_was(self, row: Row, entry: Entry) -> bool:
        """Tell whether a row comes to what its entry says."""
        return self._journal.digest(row.values) == entry.digest
