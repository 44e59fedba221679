"""Reading a file whose bytes are known: nothing of a block is handed out before the block is checked.

The check is under the text decoder, so that every kind of source and every encoding has it. A row that
reaches into the next block is complete only when that block is checked too.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from alianza_async.bulk.input.fingerprints import BLOCK_BYTES, fill

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import WriteableBuffer

    from alianza_async.bulk.input.fingerprints import Fingerprint

__all__ = ["BlockChangedError", "VerifiedFile", "open_verified"]


class BlockChangedError(Exception):
    """The bytes that are needed next are not those that were there; its text says how, as a verb."""


def open_verified(path: Path, expected: Fingerprint) -> io.BufferedReader:
    """Open a file that yields the bytes of its fingerprint alone.

    Args:
        path: The file.
        expected: What it has to hold.

    Raises:
        BlockChangedError: It is not there any more, or cannot be opened.
    """
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(error) from error
    return io.BufferedReader(VerifiedFile(path, file, expected))


class VerifiedFile(io.RawIOBase):
    """A file that yields the bytes of its fingerprint, or stops at the first block that has others.

    A block is read whole, checked, and handed out from memory. Before each piece of it the file is looked at
    (one `stat`): where its size, time or identity changed, the block is read and checked again. So an edit
    stops the reading at once, and `touch`, or a rename of equal content over it, stops nothing.

    Args:
        path: The file.
        file: The file, open and unbuffered; it is closed with this one.
        expected: What it has to hold.
    """

    def __init__(self, path: Path, file: io.FileIO, expected: Fingerprint) -> None:
        super().__init__()
        self._path = path
        self._expected = expected
        self._memory = memoryview(bytearray(min(BLOCK_BYTES, expected.size + 1)))
        self._number = -1  # the block in memory
        self._filled = 0
        self._position = 0  # within the block
        self._file = file
        self._seen = _signature(os.fstat(file.fileno()))

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill a buffer from the checked block; returns how many bytes, 0 at the end.

        Raises:
            BlockChangedError: What comes next is not what was there.
        """
        if self._position == self._filled:
            if self._number + 1 >= self._expected.block_count:
                self._refuse_more()
                return 0
            self._number += 1
            self._position = 0
            self._load(self._look())
        else:
            now = self._look()
            if _signature(now) != self._seen:
                self._load(now)
        target = memoryview(buffer).cast("B")
        count = min(len(target), self._filled - self._position)
        target[:count] = self._memory[self._position : self._position + count]
        self._position += count
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _load(self, now: os.stat_result) -> None:
        """Read the block and check it; `now` was looked up before, so that a later change is seen."""
        try:
            file = self._reopened(now)
            file.seek(self._number * BLOCK_BYTES)
            filled = fill(file, self._memory)
        except OSError as error:
            raise _unreadable(error) from error
        if not self._expected.matches(self._number, self._memory[:filled]):
            raise BlockChangedError("changed")
        self._filled = filled
        self._seen = _signature(now)

    def _refuse_more(self) -> None:
        """Refuse bytes behind the end; all that was there is handed out, so nothing else matters any more.

        Raises:
            BlockChangedError: There are some.
        """
        try:
            size = self._path.stat().st_size
        except OSError:
            return
        if size > self._expected.size:
            raise BlockChangedError("changed")

    def _look(self) -> os.stat_result:
        try:
            return self._path.stat()
        except OSError as error:
            raise _unreadable(error) from error

    def _reopened(self, now: os.stat_result) -> io.FileIO:
        """Return the file that has the name now: it may have been replaced by another."""
        file = self._file
        if not os.path.samestat(now, os.fstat(file.fileno())):
            file.close()
            file = self._file = self._path.open("rb", buffering=0)
        return file


def _signature(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _unreadable(error: OSError) -> BlockChangedError:
    if isinstance(error, FileNotFoundError):
        return BlockChangedError("vanished")
    return BlockChangedError(f"became unreadable ({error.strerror or type(error).__name__})")
