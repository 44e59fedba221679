"""Where workers take their rows from: one iterator for all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source

__all__ = ["Feed"]


class Feed:
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
