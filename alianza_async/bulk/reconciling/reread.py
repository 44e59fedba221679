"""A job's input, read a second time: the values of those rows whose journal entries need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.errors import InputChangedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.journal import Entry, Journal
    from alianza_async.bulk.work import Kind

__all__ = ["RowsAgain"]


class RowsAgain:
    """Finds the row of an entry.

    A file is read along with the journal, a row at a time. The rows of an iterable may come in another order:
    they are told by their keys, and those that are needed are kept in memory, which `load` does first.

    Args:
        journal: The job's journal.
        source: Its input.
        kind: What a row was to become.
    """

    def __init__(self, journal: Journal, source: Source, kind: Kind[object]) -> None:
        self._journal = journal
        self._source = source
        self._kind = kind
        self._kept: dict[int, Row] = {}
        self._rows: Iterator[Row] = iter(source) if source.is_file else iter(())

    async def load(self) -> None:
        """Keep the rows that are needed, where they can be had in no order but their own.

        Raises:
            JournalError: The journal cannot be read.
        """
        if self._source.is_file:
            return
        async for row in self._source:
            key = self._kind.key_of(row.values)
            entry = None if key is None else self._journal.by_key(key)
            if entry is not None and (entry.status in {"intent", "unknown"} or entry.attempts > 1):
                self._kept[entry.row] = row

    def of(self, entry: Entry) -> Mapping[str, object] | BaseModel | None:
        """Return the values of an entry's row, or None where the input has it no more; to be asked by row.

        Raises:
            InputChangedError: The row is not what it was.
            SourceError: The file cannot be read.
        """
        row = self._kept.pop(entry.row, None)
        if row is None:
            row = next((row for row in self._rows if row.number >= entry.row), None)
        if row is None or (self._source.is_file and row.number != entry.row):
            return None
        if entry.digest is not None and self._journal.digest(row.values) != entry.digest:
            raise InputChangedError(
                f"row {entry.row} of {self._source.name} is not what it was when the job began (its key was "
                f"{entry.key!r}): reconcile with the input it had, or with none"
            )
        return row.values
