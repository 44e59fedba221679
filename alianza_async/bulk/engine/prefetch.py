"""Rows read a few ahead: one iterator for all workers, and one question to the journal for several rows."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from alianza_async.bulk.engine.work import Work
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.journal.store import RowState
    from alianza_async.bulk.report import ItemResult

__all__ = ["Prefetcher", "RowFeed", "Taken"]

_AT_ONCE: Final = 8


class Taken(NamedTuple):
    """A row that was read, and what follows from it.

    Attributes:
        row: The row.
        outcome: What is to be done for it; its result, where nothing is; what the journal has of it, where an
            earlier run has settled it.
        digest: What its values come to, where there is a journal.
    """

    row: Row
    outcome: Work | ItemResult | RowState
    digest: bytes | None


class RowFeed:
    """One iterator for all workers, whatever the source is.

    Args:
        source: The rows.

    Attributes:
        ended: Whether the last row was taken.
    """

    def __init__(self, source: Source) -> None:
        self._sync: Iterator[Row] | None = None if source.is_async else iter(source)
        self._async: AsyncIterator[Row] | None = aiter(source) if source.is_async else None
        self._turn = asyncio.Lock()
        self._waiting: anyio.CancelScope | None = None
        self.ended = False

    def stop(self) -> None:
        """Wait no longer for a row that an async source has yet to bring."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def next(self) -> Row | None:
        """Return the next row, or None at the end."""
        if self._sync is not None:
            row = next(self._sync, None)
            self.ended = row is None
            return row
        async with self._turn:  # an async generator serves one at a time
            if self.ended:
                return None
            row = None
            try:
                with anyio.CancelScope() as self._waiting:
                    row = await anext(cast("AsyncIterator[Row]", self._async), None)
            finally:
                self._waiting = None
            self.ended = row is None
            return row


class Prefetcher:
    """Hands rows out one by one, and reads them eight by eight where no row has to be waited for.

    Doing the same to eight rows takes far less time than doing everything to one after the other: the
    processor finds the code, and what it works on, in its nearest caches. And the journal is asked once.

    Args:
        source: The rows.
        prepare: Makes of rows what follows from each.
    """

    def __init__(self, source: Source, prepare: Callable[[list[Row]], Awaitable[list[Taken]]]) -> None:
        self._feed = RowFeed(source)
        self._at_once = 1 if source.is_async else _AT_ONCE
        self._prepare = prepare
        self._rows: deque[Taken] = deque()
        self._error: Exception | None = None
        self._turn = asyncio.Lock()

    @property
    def ended(self) -> bool:
        """Whether the last row was handed out."""
        return self._feed.ended and not self._rows

    def stop(self) -> None:
        """Wait no longer for a row that an async source has yet to bring."""
        self._feed.stop()

    async def next(self) -> Taken | None:
        """Return the next row, or None at the end; raises what the source does, after the rows before it."""
        if not self._rows:
            async with self._turn:
                if not self._rows:
                    await self._read()
        return self._rows.popleft() if self._rows else None

    async def _read(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        rows: list[Row] = []
        try:
            for _ in range(self._at_once):
                row = await self._feed.next()
                if row is None:
                    break
                rows.append(row)
        except Exception as error:  # the caller's own iterator may raise anything
            if not rows:
                raise
            self._error = error
        if rows:
            self._rows.extend(await self._prepare(rows))
