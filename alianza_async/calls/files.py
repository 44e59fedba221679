"""Bodies that are not JSON: files that go up from disk, and files that come down to it."""

from __future__ import annotations

import os
import re
import stat
import threading
import weakref
from dataclasses import dataclass, field, replace
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Self, cast

import anyio.lowlevel
import anyio.to_thread

from alianza_async.calls.output_files import OutputFile
from alianza_async.calls.spools import (
    CHUNK,
    Kept,
    Spool,
    checked_source,
    new_spool,
    read_to_its_end,
    shown,
    unreadable,
)
from alianza_async.calls.wording import is_text
from alianza_async.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from types import TracebackType

__all__ = ["DEFAULT_MAX_DOWNLOAD_BYTES", "Download", "Part", "Spool", "Upload", "UploadSource", "new_spool"]

DEFAULT_MAX_DOWNLOAD_BYTES = 1024 * 1024 * 1024
_CHUNK = 256 * 1024
_LONGEST_NAME = 180
"""Bytes of a file's name before its suffix; most file systems have 255 for all that is put beside them."""

_LONGEST_SUFFIX = 16
_NO_START = ".-~=+@ "
_UNFIT = re.compile(r'[<>:"|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])\s*(\.|$)", re.IGNORECASE)


_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:[ \t]*;[\x20-\x7e]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send; a path is read from disk as it goes out, again from its start where it is sent again.

    Attributes:
        source: Its path, its bytes, or a file that is open for reading bytes: that is read from where it
            stands to its end, once, before anything is sent.
        filename: The name to send; the file's own where none is given.
        media_type: What it is (RFC 6838).

    Raises:
        InvalidInputError: It is none of these, or name or media type cannot be sent.
    """

    source: str | os.PathLike[str] | bytes | IO[bytes] = field(repr=False)
    filename: str | None = None
    media_type: str = "application/octet-stream"
    _stamp: tuple[int, ...] | None = field(default=None, init=False, repr=False, compare=False)
    _kept: Kept | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be sent."""
        object.__setattr__(self, "source", checked_source(self.source))
        filename = cast("object", self.filename)  # callers without types give anything
        media_type = cast("object", self.media_type)
        if not (filename is None or is_text(filename)):
            raise InvalidInputError("filename is no valid Unicode text; give the name to send")
        if not (isinstance(media_type, str) and _MEDIA_TYPE.fullmatch(media_type)):
            raise InvalidInputError("media_type is no media type; give one such as text/csv")

    @property
    def name(self) -> str:
        """The name that is sent."""
        if self.filename is not None:
            return self.filename
        source = self.source
        if isinstance(source, (str, os.PathLike)):
            name = Path(source).name
        else:
            named: object = getattr(source, "name", None)  # a file without a name has a number
            name = Path(named).name if isinstance(named, str) else ""
        return name.encode("utf-8", "replace").decode() or "file"

    @property
    def size(self) -> int:
        """Bytes.

        Raises:
            InvalidInputError: The file cannot be read.
        """
        source = self.source
        if self._kept is not None:
            return self._kept.size
        if isinstance(source, bytes):
            return len(source)
        if isinstance(source, (str, os.PathLike)):
            return self._found(source).st_size
        try:
            stands = source.tell()
            return source.seek(0, os.SEEK_END) - source.seek(stands)
        except (OSError, ValueError) as error:
            raise unreadable("that is open", error) from None

    def check(self) -> None:
        """See that a path can be read, before anything is sent for its sake.

        Raises:
            InvalidInputError: The file cannot be read.
        """
        if isinstance(self.source, (str, os.PathLike)):
            self._open_path(self.source).close()

    def ready(self) -> Upload:
        """Return it as what can be read again and again, the same bytes each time; blocks while it reads.

        Raises:
            InvalidInputError: The file cannot be read.
        """
        source = self.source
        if isinstance(source, bytes) or self._kept is not None:
            return self
        ready = replace(self, filename=self.name)
        if isinstance(source, (str, os.PathLike)):
            self.check()
            object.__setattr__(ready, "_stamp", _stamp(self._found(source)))
        else:
            object.__setattr__(ready, "_kept", read_to_its_end(source))
        return ready

    def open(self) -> IO[bytes] | bytes:
        """Return what is to be read, from its start; whoever opens it closes it.

        Raises:
            InvalidInputError: The file cannot be read, or is another one than when it was made ready.
        """
        source = self.source
        if isinstance(source, bytes):
            return source
        if isinstance(source, (str, os.PathLike)):
            return self._open_path(source)
        return (self._kept or read_to_its_end(source)).reader()

    def _found(self, path: str | os.PathLike[str]) -> os.stat_result:
        try:
            found = Path(path).stat()
        except (OSError, ValueError) as error:
            raise unreadable(shown(path), error) from None
        if not stat.S_ISREG(found.st_mode):
            # A pipe has no size, cannot be read twice, and would hold everybody up until it is written to.
            raise unreadable(shown(path), "it is no regular file")
        return found

    def _open_path(self, path: str | os.PathLike[str]) -> IO[bytes]:
        found = self._found(path)  # opening what is no regular file might never return
        if self._stamp is not None and self._stamp != _stamp(found):
            raise InvalidInputError(
                f"the file {shown(path)} was changed before it was sent; make the call again"
            )
        try:
            return Path(path).open("rb")
        except OSError as error:
            raise unreadable(shown(path), error) from None


def _stamp(found: os.stat_result) -> tuple[int, ...]:
    """Return what changes where a file is written or put in another's place."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


UploadSource = Upload | os.PathLike[str] | bytes | IO[bytes]
"""What can be uploaded: a path, bytes, or a file that is open for reading bytes; `Upload` names it, too."""


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
                piece = self._spool.read(CHUNK)
            if not piece:
                return
            position += len(piece)
            yield piece

    async def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file that only its owner may read, in one step; returns the path.

        A symbolic link is followed; a device or a FIFO is written directly.

        Raises:
            InvalidInputError: The path is a directory.
            OSError: The file cannot be written; what was there before is untouched.
        """
        return await anyio.to_thread.run_sync(self._save, Path(path))

    def _save(self, path: Path) -> Path:
        if path.is_dir():
            raise InvalidInputError(f"{shown(path)} is a directory; give the path of a file in it")
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
