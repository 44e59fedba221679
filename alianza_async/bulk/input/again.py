"""A job's input, read a second time: the rows that its journal's entries are of."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Protocol

from alianza_async.bulk.input.file_options import AS_IT_IS, FileOptions
from alianza_async.bulk.input.sources import open_source
from alianza_async.errors import InputChangedError, SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.input.readings import Readings
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.journal.store import Entry, JournalStore, RowState

__all__ = ["RowsAgain", "read_again"]

_PAGE: Final = 200


class _Readable(Protocol):
    """What a source has to know of a kind."""

    @property
    def fields(self) -> frozenset[str]: ...
    @property
    def required(self) -> frozenset[str]: ...
    @property
    def key_field(self) -> str: ...
    def key_of(self, values: Mapping[str, object] | BaseModel) -> str | None: ...
    def readings(self) -> Readings: ...


class RowsAgain:
    """Finds the row of an entry.

    A file is read along with the journal, row by row. The rows of an iterable may come in another order: they
    are found by their keys, and those that are needed are kept in memory, which `load` does first.

    Args:
        store: The job's journal.
        source: Its input.
        key_of: Returns a row's natural key, where it has one.
    """

    def __init__(
        self,
        store: JournalStore,
        source: Source,
        key_of: Callable[[Mapping[str, object] | BaseModel], str | None],
    ) -> None:
        self._store = store
        self._source = source
        self._key_of = key_of
        self._kept: dict[int, Row] = {}
        self._rows: Iterator[Row] | None = None
        self._next: Row | None = None

    async def load(self, needed: Callable[[RowState], bool]) -> None:
        """Keep the rows that come in no order of their own; a file's are left where they are.

        Args:
            needed: Which rows will be asked for.

        Raises:
            JournalError: The journal cannot be read.
        """
        if self._source.is_file:
            return
        page: dict[str, Row] = {}
        async for row in self._source:
            key = self._key_of(row.given)
            if key is not None:
                page.setdefault(key, row)
            if len(page) >= _PAGE:
                await self._keep(page, needed)
        await self._keep(page, needed)

    async def _keep(self, page: dict[str, Row], needed: Callable[[RowState], bool]) -> None:
        for key, state in (await self._store.rows_by_key(list(page))).items():
            if needed(state):
                self._kept[state.entry.row] = page[key]
        page.clear()

    def rewind(self) -> None:
        """Begin at the first row again."""
        self._rows, self._next = None, None

    def find(self, entry: Entry) -> Row | None:
        """Return an entry's row; None where the input no longer has it. Ask by rising number.

        Raises:
            SourceError: The file cannot be read.
            InputChangedError: The row is not what it was.
        """
        row = self._row(entry.row)
        if row is None or entry.digest is None:
            return None
        if self._store.digest(row.given) != entry.digest:
            raise InputChangedError(
                f"{row.place} of {self._source.name} is not what it was when the job began (its key was "
                f"{entry.key!r}): give the input that the job had, or none"
            )
        return row

    def _row(self, number: int) -> Row | None:
        if not self._source.is_file:
            return self._kept.get(number)
        if self._rows is None:
            self._rows = iter(self._source)
            self._next = next(self._rows, None)
        while self._next is not None and self._next.number < number:
            self._next = next(self._rows, None)
        return self._next if self._next is not None and self._next.number == number else None


def _every(_state: RowState) -> bool:
    return True


async def read_again(
    store: JournalStore,
    kind: _Readable,
    given: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None,
    needed: Callable[[RowState], bool] = _every,
    *,
    file: FileOptions | None = None,
) -> RowsAgain | str:
    """Return the rows of a job's input, or why they cannot be had, as half a sentence.

    Args:
        store: The job's journal.
        kind: What its rows are.
        given: The input, where it is not the file that the journal names. Rows that come from Python are held
            in memory.
        needed: Which rows will be asked for.
        file: How the input is read, where that is not as the job began.

    Raises:
        SourceError: The given input cannot be read.
        ConfigurationError: An option does not go with it.
        JournalError: The journal cannot be read.
    """
    found = given if given is not None else store.facts.input
    if found is None:
        return "the job's rows came from Python: give them again as source"
    if file is None:  # rows from Python are given for a file's
        is_file = isinstance(found, (str, bytes, os.PathLike))
        file = FileOptions.from_json(store.facts.options.get("file")) if is_file else AS_IT_IS
    try:
        source = open_source(
            found,
            fields=kind.fields,
            required=kind.required,
            key_field=kind.key_field,
            readings=kind.readings(),
            options=file,
        )
    except SourceError as error:
        if given is not None:
            raise
        return str(error)
    rows = RowsAgain(store, source, kind.key_of)
    await rows.load(needed)
    return rows
