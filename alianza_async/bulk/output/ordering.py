"""Sorting lines by row number in bounded memory: replacement selection into runs, then one merge.

Workers finish nearly in order, so a heap of a few thousand lines makes one run of almost any job; a straggler
older than the heap's reach starts a second run instead of holding the others in memory.
"""

from __future__ import annotations

import heapq
import struct
import tempfile
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

__all__ = ["in_row_order"]

_HEAD: Final = struct.Struct("<QI")  # row number, length of the line that follows
_FAN_IN = 64  # runs open at a time
_HEAP_BYTES = 8 << 20


def in_row_order(
    lines: Iterable[tuple[int, bytes]], *, directory: str, heap_lines: int = 4096
) -> Iterator[bytes]:
    """Yield lines by ascending row number.

    Args:
        lines: Row number and line, in any order.
        directory: Where the runs' unnamed temporary files go (as large as the lines together).
        heap_lines: How many lines to hold in memory at most; 8 MiB of them at most, too.

    Yields:
        The lines.

    Raises:
        OSError: A run cannot be written.
    """
    runs: list[BinaryIO] = []
    with ExitStack() as stack:
        for run in _selected_runs(lines, heap_lines):
            runs.append(_written(run, directory, stack))
            if len(runs) == _FAN_IN:
                merged = _written(heapq.merge(*map(_read, runs)), directory, stack)
                for done in runs:
                    done.close()
                runs = [merged]
        for _, line in heapq.merge(*map(_read, runs)):
            yield line


def _selected_runs(
    lines: Iterable[tuple[int, bytes]], heap_lines: int
) -> Iterator[Iterator[tuple[int, bytes]]]:
    """Yield ascending runs, each to be read to its end before the next is asked for."""
    source = iter(lines)
    heap: list[tuple[int, int, bytes]] = []  # run, row number, line
    held = 0

    def fill(run: int, last: int) -> None:
        nonlocal held
        while len(heap) < heap_lines and held < _HEAP_BYTES:
            item = next(source, None)
            if item is None:
                return
            number, line = item
            heapq.heappush(heap, (run if number >= last else run + 1, number, line))
            held += len(line)

    def ascending(run: int) -> Iterator[tuple[int, bytes]]:
        nonlocal held
        while heap and heap[0][0] == run:
            _, number, line = heapq.heappop(heap)
            held -= len(line)
            yield number, line
            fill(run, number)

    run = 0
    fill(run, 0)
    while heap:
        yield ascending(run)
        run += 1


def _written(run: Iterable[tuple[int, bytes]], directory: str, stack: ExitStack) -> BinaryIO:
    file = stack.enter_context(tempfile.TemporaryFile(dir=directory))  # noqa: SIM115 - the stack closes it
    for number, line in run:
        file.write(_HEAD.pack(number, len(line)))
        file.write(line)
    return file


def _read(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    file.seek(0)
    while head := file.read(_HEAD.size):
        number, length = _HEAD.unpack(head)
        yield number, file.read(length)
