"""Bytes that are kept outside of memory once they are many; open files are kept so before they are sent."""

from __future__ import annotations

import inspect
import io
import os
import tempfile
import threading
import weakref
from typing import IO, TYPE_CHECKING, cast

from alianza_async.calls.wording import kind_of
from alianza_async.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CHUNK", "Kept", "Spool", "checked_source", "new_spool", "read_to_its_end", "shown", "unreadable"]

Spool = tempfile.SpooledTemporaryFile[bytes]
"""Bytes kept in memory while they are few, and on disk, without a name, once they are many."""

CHUNK = 256 * 1024
_IN_MEMORY = 1024 * 1024


def new_spool() -> Spool:
    """Return an empty spool."""
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)


class Kept:
    """What an open file held: read as often as need be, whatever becomes of the file.

    Args:
        spool: The bytes; given back when this is forgotten.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._turn = threading.Lock()
        self._forget = weakref.finalize(self, spool.close)
        self.size = spool.seek(0, os.SEEK_END)

    def add(self, piece: bytes) -> None:
        """Keep more, before anybody reads."""
        self.size += self._spool.write(piece)

    def reader(self) -> IO[bytes]:
        """Return a file that reads it from its start."""
        return cast("IO[bytes]", _Reader(self))

    def read(self, position: int, size: int) -> bytes:
        """Return so many bytes from a position on; fewer at the end."""
        with self._turn:  # one spool, one position
            self._spool.seek(position)
            return self._spool.read(size)


class _Reader(io.RawIOBase):
    """Reads what was kept, with a position of its own; closing it gives nothing back."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, or all that are left."""
        wanted = self._kept.size if size < 0 else size
        piece = self._kept.read(self._position, wanted)
        self._position += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position from the start, or to the end."""
        self._position = offset if whence == os.SEEK_SET else self._kept.size
        return self._position


def checked_source(source: object) -> str | os.PathLike[str] | bytes | IO[bytes]:
    """Return what is to be uploaded.

    Raises:
        InvalidInputError: It is no path, no bytes, and no file that is open for reading bytes.
    """
    if isinstance(source, (bytearray, memoryview)):
        return bytes(cast("bytearray", source))
    if isinstance(source, (str, bytes)):
        return source
    if isinstance(source, os.PathLike):
        path = cast("os.PathLike[str] | os.PathLike[bytes]", source)
        return cast("os.PathLike[str]", path) if isinstance(os.fspath(path), str) else os.fsdecode(path)
    read = cast("Callable[..., object] | None", getattr(source, "read", None))
    if read is None:
        raise InvalidInputError(
            f'{kind_of(source)} is nothing to upload; give a pathlib.Path, bytes, or a file opened with "rb"'
        )
    if inspect.iscoroutinefunction(read):
        raise InvalidInputError(
            f"{kind_of(source)} reads asynchronously; give the file that it wraps, or its bytes"
        )
    if isinstance(source, io.TextIOBase):
        raise _not_bytes(source)
    return cast("IO[bytes]", source)


def read_to_its_end(source: IO[bytes]) -> Kept:
    """Keep what an open file holds, from where it stands; blocks while it reads.

    Raises:
        InvalidInputError: It cannot be read, reads text, or has been read to its end already.
    """
    kept = Kept(new_spool())
    try:
        stood = _position(source)
        while piece := cast("object", source.read(CHUNK)):
            if not isinstance(piece, bytes):
                raise _not_bytes(source)
            kept.add(piece)
    except (OSError, ValueError) as error:
        raise unreadable("that is open", error) from None
    if stood and not kept.size:
        raise InvalidInputError(
            "the file to upload stands at its end, so nothing of it would be sent; rewind it with seek(0)"
        )
    return kept


def _position(source: IO[bytes]) -> int:
    try:
        return source.tell()
    except (OSError, AttributeError):
        return 0  # a pipe, or the answer of another library


def _not_bytes(source: object) -> InvalidInputError:
    return InvalidInputError(f'{kind_of(source)} reads text, not bytes; open the file to upload with "rb"')


def unreadable(what: str, why: OSError | ValueError | str) -> InvalidInputError:
    """Return the error of a file that cannot be read.

    Args:
        what: Which file.
        why: Why not.
    """
    reason = why if isinstance(why, str) else getattr(why, "strerror", None) or type(why).__name__
    if isinstance(why, ValueError) and not isinstance(why, OSError):
        reason = "it is closed" if "closed" in str(why) else "its name cannot be a file's"
    return InvalidInputError(f"the file {what} cannot be read ({reason}); nothing was sent")


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path as it stands in a message: in one line, whatever is in it."""
    text = os.fspath(path)
    return text if text.isprintable() else ascii(text)
