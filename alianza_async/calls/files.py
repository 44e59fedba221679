"""Bodies that are not JSON: files that go up from disk, and files that come down to it."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import threading
import weakref
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Self

import anyio.lowlevel
import anyio.to_thread

from alianza_async.calls.output_files import OutputFile
from alianza_async.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from types import TracebackType

__all__ = ["DEFAULT_MAX_DOWNLOAD_BYTES", "Download", "Part", "Spool", "Upload", "new_spool"]

Spool = tempfile.SpooledTemporaryFile[bytes]
"""Bytes kept in memory while they are few, and on disk, without a name, once they are many."""

DEFAULT_MAX_DOWNLOAD_BYTES = 1024 * 1024 * 1024
_IN_MEMORY = 1024 * 1024
_CHUNK = 256 * 1024
_LONGEST_NAME = 180
"""Bytes of a file's name before its suffix; most file systems have 255 for all that is put beside them."""

_LONGEST_SUFFIX = 16
_NO_START = ".-~=+@ "
_UNFIT = re.compile(r'[<>:"|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])\s*(\.|$)", re.IGNORECASE)


def new_spool() -> Spool:
    """Return an empty spool."""
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send; read from disk as it goes out, and again from its start where it is sent again.

    Attributes:
        source: Its path, or its bytes.
        filename: The name to send; the path's own where none is given.
        media_type: What it is (RFC 6838).
    """

    source: str | os.PathLike[str] | bytes = field(repr=False)
    filename: str | None = None
    media_type: str = "application/octet-stream"

    @property
    def name(self) -> str:
        """The name that is sent."""
        if self.filename is not None:
            return self.filename
        return "file" if isinstance(self.source, bytes) else Path(self.source).name

    @property
    def size(self) -> int:
        """Bytes.

        Raises:
            InvalidInputError: The file cannot be read.
        """
        if isinstance(self.source, bytes):
            return len(self.source)
        try:
            found = Path(self.source).stat()
        except OSError as error:
            raise _unreadable(self.source, error.strerror) from None
        if not stat.S_ISREG(found.st_mode):
            # A pipe has no size, cannot be read twice, and would hold everybody up until it is written to.
            raise _unreadable(self.source, "it is no regular file")
        return found.st_size

    def check(self) -> None:
        """See that it can be read, before anything is sent for its sake.

        Raises:
            InvalidInputError: The file cannot be read.
        """
        source = self.open()
        if not isinstance(source, bytes):
            source.close()

    def open(self) -> IO[bytes] | bytes:
        """Return what is to be read.

        Raises:
            InvalidInputError: The file cannot be read.
        """
        if isinstance(self.source, bytes):
            return self.source
        _ = self.size  # opening what is no regular file might never return
        try:
            return Path(self.source).open("rb")
        except OSError as error:
            raise _unreadable(self.source, error.strerror) from None


def _unreadable(path: str | os.PathLike[str], why: str | None) -> InvalidInputError:
    return InvalidInputError(f"the file {os.fspath(path)} cannot be read ({why}); nothing was sent")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body (RFC 7578).

    Attributes:
        name: The part's name on the wire.
        value: Its text, or a file.
    """

    name: str
    value: str | Upload = field(repr=False)


class Download:
    """An answer that is a file: CSV, audio, whatever is not JSON.

    It was read to its end before you got it, into memory or, where it is large, into a file without a name,
    so a broken connection is never half a file and a slow reader holds no connection. Read it, iterate over
    it, or save it; `with` or `close()` gives its disk back at once, else that happens when it is forgotten.

    Attributes:
        size: Bytes.
        media_type: What the server says it is.
        filename: The name the server gives it, made safe to save under: without any directory, and neither
            hidden nor an option of a command; None where it gives none.
    """

    def __init__(self, spool: Spool, headers: Mapping[str, str]) -> None:
        self._spool = spool
        self._turn = threading.Lock()
        self._forget = weakref.finalize(self, spool.close)
        self.size = spool.seek(0, os.SEEK_END)
        message = Message()
        message["content-type"] = headers.get("content-type", "application/octet-stream")
        message["content-disposition"] = headers.get("content-disposition", "")
        self.media_type = message.get_content_type()
        self.filename = _safe_name(message.get_filename())

    def read(self) -> bytes:
        """Return all of it."""
        return b"".join(self._pieces())

    def text(self, encoding: str = "utf-8-sig") -> str:
        """Return all of it as text; a byte order mark is dropped."""
        return self.read().decode(encoding, "replace")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield it in pieces of at most 256 KiB."""
        for piece in self._pieces():
            yield piece
            await anyio.lowlevel.checkpoint()

    def _pieces(self) -> Iterator[bytes]:
        position = 0
        while True:
            with self._turn:  # one spool, one position: whoever reads beside us, `save` in its thread too
                self._spool.seek(position)
                piece = self._spool.read(_CHUNK)
            if not piece:
                return
            position += len(piece)
            yield piece

    async def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file that only its owner may read, in one step; returns the path.

        A symbolic link is followed; a device or a FIFO is written directly.

        Raises:
            OSError: The file cannot be written; what was there before is untouched.
        """
        return await anyio.to_thread.run_sync(self._save, Path(path))

    def _save(self, path: Path) -> Path:
        with OutputFile(path) as output:
            for piece in self._pieces():
                output.handle.write(piece)
        return path

    def close(self) -> None:
        """Give its memory or disk back."""
        self._forget()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Return its kind and size."""
        return f"<Download {self.media_type} {self.size} bytes>"


def _safe_name(name: str | None) -> str | None:
    """Return the last part of a name that a server gave, as a file may be called; None where nothing is left.

    A name that begins with a dot is hidden, or a shell's own file; one that begins with a hyphen is an option
    of the next command, with `=` a formula of the next table. Windows gives some letters and names a meaning.
    """
    bare = PurePosixPath((name or "").replace("\\", "/")).name
    if not bare.isprintable():
        return None
    bare = _UNFIT.sub("_", bare).lstrip(_NO_START).rstrip(". ")
    if _DEVICE.match(bare):
        bare = f"_{bare}"
    if len(bare.encode()) > _LONGEST_NAME:
        stem, suffix = os.path.splitext(bare)  # noqa: PTH122  (a name, not a path)
        suffix = suffix if len(suffix) <= _LONGEST_SUFFIX else ""
        bare = stem.encode()[:_LONGEST_NAME].decode(errors="ignore") + suffix
    return bare or None
