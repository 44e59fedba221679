"""Rows that are read a few ahead: none is lost, none comes out of its order, none is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine.prefetch import Prefetcher, Taken
from alianza_async.bulk.input.sources import open_source
from alianza_async.bulk.report import ItemResult
from alianza_async.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from alianza_async.bulk.input.rows import Row


async def _prepare(rows: list[Row]) -> list[Taken]:
    return [Taken(row, ItemResult(row.number, None, "invalid"), None) for row in rows]


def _prefetcher(rows: Iterator[object] | AsyncIterator[object]) -> Prefetcher:
    return Prefetcher(open_source(rows, fields=frozenset({"a"}), key_field="a"), _prepare)


class _Counted:
    """Rows that count how many of them were read; the last one may be an error."""

    def __init__(self, rows: int, error: Exception | None = None) -> None:
        self.read = 0
        self._rows = rows
        self._error = error

    def __iter__(self) -> Iterator[object]:
        for number in range(self._rows):
            self.read += 1
            yield {"a": number}
        if self._error is not None:
            raise self._error


async def _number(prefetcher: Prefetcher) -> int | None:
    taken = await prefetcher.next()
    return None if taken is None else taken.row.number


async def test_rows_are_read_eight_at_once_and_handed_out_in_their_order() -> None:
    """The ninth is read when it is asked for, and the end is told after the last one."""
    source = _Counted(10)
    prefetcher = _prefetcher(iter(source))
    seen = [(await _number(prefetcher), source.read, prefetcher.ended) for _ in range(11)]
    assert seen == [
        *((number, 8, False) for number in range(1, 9)),
        (9, 10, False),
        (10, 10, True),
        (None, 10, True),
    ]


@pytest.mark.parametrize("before", [0, 1, 7, 8, 9])
async def test_an_error_of_the_source_comes_after_the_rows_before_it(before: int) -> None:
    """It is told once, in its place: the rows that were read before it have their turn."""
    prefetcher = _prefetcher(iter(_Counted(before, SourceError("broken off"))))
    assert [await _number(prefetcher) for _ in range(before)] == list(range(1, before + 1))
    with pytest.raises(SourceError, match="broken off"):
        await prefetcher.next()
    assert await prefetcher.next() is None


async def test_what_has_to_be_waited_for_is_read_one_by_one() -> None:
    """An async source may bring a row an hour: the one that is there is handed out."""
    read = 0

    async def rows() -> AsyncIterator[object]:
        nonlocal read
        for number in range(3):
            read += 1
            yield {"a": number}

    prefetcher = _prefetcher(rows())
    assert [(await _number(prefetcher), read) for _ in range(4)] == [(1, 1), (2, 2), (3, 3), (None, 3)]
    assert prefetcher.ended
