"""The rows of a job's input, read once more: what was sent is to be compared with what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import anyio

from alianza_async.bulk.input.again import RowsAgain
from alianza_async.bulk.input.fingerprints import sha256_of
from alianza_async.bulk.input.sources import open_source
from alianza_async.errors import AlianzaError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Iterable, Mapping

    from pydantic import BaseModel

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal.entries import Entry
    from alianza_async.bulk.journal.journal import Journal

__all__ = ["InputRows"]


class _Readable(Protocol):
    """What a source has to know of a kind."""

    @property
    def fields(self) -> frozenset[str]: ...
    @property
    def required(self) -> frozenset[str]: ...
    @property
    def key_field(self) -> str: ...
    def key_of(self, values: Mapping[str, object] | BaseModel) -> str | None: ...


class InputRows:
    """The rows of a job's input, where it is still what it was.

    Args:
        journal: The job's journal: a row must have the digest that it had.

    Attributes:
        why_not: Why there are none; None where there are.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: RowsAgain | None = None
        self.why_not: str | None = "the rows came from Python and were not given again"

    async def open(
        self,
        kind: _Readable,
        given: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None,
    ) -> None:
        """Find the input; that there is none is no error.

        Args:
            kind: What its rows are.
            given: The input, where it is not the file that the journal names. Rows that come from Python are
                held in memory.
        """
        facts = self._journal.facts
        found = given if given is not None else facts.input
        if found is None:
            return
        try:
            source = open_source(found, fields=kind.fields, required=kind.required, key_field=kind.key_field)
            # Reading a large file takes seconds: not on the event loop.
            now = await anyio.to_thread.run_sync(sha256_of, source.name) if source.is_file else None
            if source.is_file and now != facts.input_sha256:
                self.why_not = f"the input {Path(source.name).name} is not what it was when the job began"
                return
            rows = RowsAgain(self._journal, source, kind.key_of)
            await rows.load()
        except AlianzaError as error:
            self.why_not = f"the input cannot be read: {error}"
        else:
            self._rows, self.why_not = rows, None

    def rewind(self) -> None:
        """Begin at the first row again."""
        if self._rows is not None:
            self._rows.rewind()

    def get(self, entry: Entry) -> Row | None:
        """Return a row, or None where it cannot be had; rows are to be asked for by rising number."""
        row = None if self._rows is None else self._rows.find(entry)
        if self._rows is None or row is None or entry.digest is None:
            return None
        return row if self._rows.is_as_it_was(row, entry) else None
