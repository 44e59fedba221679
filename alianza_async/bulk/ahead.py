"""Rows read a few ahead, and made ready in one go."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.bulk.feed import Feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.journal import Entry
    from alianza_async.bulk.report import ItemResult
    from alianza_async.bulk.work import Work

__all__ = ["Ahead", "Taken"]

_AT_ONCE: Final = 8


class Taken(NamedTuple):
    """A row that was read, and what came of it.

    Attributes:
        row: The row.
        outcome: What is to be done for it; its result, where nothing is; what the journal has of it, where an
            earlier run has done it.
        digest: What its values come to, where there is a journal.
    """

    row: Row
    outcome: Work | ItemResult | Entry
    digest: bytes | None


class Ahead:
    """Hands rows out one by one, and reads them eight by eight where no row has to be waited for.

    Doing the same to eight rows takes far less time than doing everything to one after the other: the
    processor finds the code, and what it works on, in its nearest caches.

    Args:
        source: The rows.
        take: Makes of a row what came of it.
    """

    def __init__(self, source: Source, take: Callable[[Row], Taken]) -> None:
        self._feed = Feed(source)
        self._at_once = 1 if source.is_async else _AT_ONCE
        self._take = take
        self._rows: deque[Taken] = deque()
        self._error: Exception | None = None

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
            await self._read()
        return self._rows.popleft() if self._rows else None

    async def _read(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        try:
            for _ in range(self._at_once):
                row = await self._feed.next()
                if row is None:
                    return
                self._rows.append(self._take(row))
        except Exception as error:  # the caller's own iterator may raise anything
            if not self._rows:
                raise
            self._error = error
