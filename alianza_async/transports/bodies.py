"""Bodies on their way: what goes out is read a piece at a time, what comes in is inflated and counted.

Bodies are inflated by ourselves, a bounded piece at a time: see `inflating`.
"""

from __future__ import annotations

import os
import re
import secrets
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Self

from alianza_async.calls.files import Part, Spool, Upload, new_spool
from alianza_async.errors import (
    ConnectionLostError,
    InvalidInputError,
    ResponseShapeError,
    ResponseTooLargeError,
)
from alianza_async.transports.inflating import CODINGS, Inflater

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import ExitStack
    from types import TracebackType

    from alianza_async.calls.call import Call

__all__ = ["Caps", "Incoming", "Outgoing", "outgoing"]

_UPLOAD_STEP = 64 * 1024
_SUCCESS = range(200, 300)
_QUOTED = re.compile(r'[\x00-\x1f\x7f"\\]')
_LINE_END = re.compile(r"[\x00-\x1f\x7f]")

_Piece = bytes | tuple[IO[bytes], int]
"""Bytes, or a file and how many bytes of it go out."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of an answer is read.

    Attributes:
        body: Bytes of a decoded body that is kept in memory.
        download: Bytes of a decoded body that is a file.
    """

    body: int
    download: int


# --- going out ----------------------------------------------------------------------------------------


class Outgoing:
    """A body that is read as it goes out; iterate over it once.

    Args:
        call: What it is the body of.
        pieces: What it is made of.

    Attributes:
        size: Bytes.
        done: Whether all of it has gone out.
    """

    def __init__(self, call: Call, pieces: list[_Piece]) -> None:
        self._call = call
        self._pieces = pieces
        self.done = False
        self.size = sum(len(piece) if isinstance(piece, bytes) else piece[1] for piece in pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield it in pieces.

        Raises:
            ConnectionLostError: A file became shorter, or unreadable, under way.
        """
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            source, left = piece
            while left:
                try:
                    read = source.read(min(_UPLOAD_STEP, left))
                except OSError:
                    read = b""
                if not read:
                    raise ConnectionLostError(
                        "the file became shorter while it was sent", context=self._call.context()
                    )
                left -= len(read)
                yield read
        self.done = True


def outgoing(call: Call, files: ExitStack) -> tuple[Outgoing | None, dict[str, str]]:
    """Return a body that is read as it goes out, or None, and the header fields that it needs.

    Args:
        call: What is sent.
        files: What closes the files that are opened here.

    Raises:
        InvalidInputError: A file cannot be read, or its media type is none.
    """
    headers: dict[str, str] = {}
    if call.upload is not None:
        body = Outgoing(call, [_opened(call.upload, files)])
    elif call.parts:
        boundary = secrets.token_hex(16)
        body = Outgoing(call, list(_form(call.parts, boundary, files)))
        headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
    else:
        return None, headers
    headers["Content-Length"] = str(body.size)
    return body, headers


def _form(parts: tuple[Part, ...], boundary: str, files: ExitStack) -> Iterator[_Piece]:
    """Yield a multipart body (RFC 7578)."""
    for part in parts:
        fields = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(part.name)}"'
        if isinstance(part.value, str):
            yield f"{fields}\r\n\r\n{part.value}\r\n".encode()
            continue
        upload = part.value
        if _LINE_END.search(upload.media_type):
            raise InvalidInputError("the file's media type holds a line end; give one such as text/csv")
        yield (
            f'{fields}; filename="{_quoted(upload.name)}"\r\nContent-Type: {upload.media_type}\r\n\r\n'
        ).encode()
        yield _opened(upload, files)
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _quoted(text: str) -> str:
    """Return a name as it stands between quotes: none in it ends them, or the line."""
    return _QUOTED.sub(lambda odd: "\\\\" if odd[0] == "\\" else f"%{ord(odd[0]):02X}", text)


def _opened(upload: Upload, files: ExitStack) -> _Piece:
    source = upload.open()
    if isinstance(source, bytes):
        return source
    files.enter_context(source)
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    return source, size


# --- coming in ----------------------------------------------------------------------------------------


class Incoming:
    """Takes the body of an answer piece by piece: into memory, or into a spool where it is a file.

    Use it as a context manager: a body that does not come to its end leaves no spool behind.

    Args:
        call: What is answered.
        status: The answer's status.
        headers: The answer's header fields, names in lower case.
        caps: How much is read.

    Raises:
        ResponseShapeError: The body is encoded in a way that was not asked for.
    """

    def __init__(self, call: Call, status: int, headers: dict[str, str], caps: Caps) -> None:
        self._call = call
        self._status = status
        encoding = headers.get("content-encoding", "identity").strip().lower()
        packed = encoding not in {"identity", ""}
        if packed and encoding not in CODINGS:
            raise ResponseShapeError(
                f"the answer's body is encoded as {encoding[:40]!r}, which was not asked for",
                context=call.context(),
            )
        self._inflater = Inflater(encoding) if packed else None
        self._spool = new_spool() if call.wants_file and status in _SUCCESS else None
        self._cap = caps.body if self._spool is None else caps.download
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> None:
        """Take what came.

        Raises:
            ResponseTooLargeError: It is over the cap.
            ConnectionLostError: It is not compressed as it says.
        """
        if self._inflater is None:
            self._keep(piece)
            return
        try:
            for inflated in self._inflater.feed(piece):
                self._keep(inflated)
        except zlib.error:
            raise ConnectionLostError(
                "the answer's compressed body is damaged", context=self._call.context()
            ) from None

    def end(self) -> tuple[bytes, Spool | None]:
        """Return the whole body; what went into a spool is not in the bytes.

        Raises:
            ConnectionLostError: Its compressed end is missing.
        """
        # No body at all is no compressed body: a 204 may carry the header none the less.
        if self._inflater is not None and not self._inflater.finished:
            raise ConnectionLostError("the answer's compressed body is cut off", context=self._call.context())
        return b"".join(self._pieces), self._spool

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._cap:
            option = "max_body_bytes" if self._spool is None else "max_download_bytes"
            raise ResponseTooLargeError(
                f"the answer's body is over {self._cap} bytes; raise {option} if that is meant",
                context=self._call.context(),
                status=self._status,
            )
        if self._spool is None:
            self._pieces.append(piece)
        else:
            self._spool.write(piece)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the spool's disk back, where there is no answer to put it into."""
        if exc_type is not None and self._spool is not None:
            self._spool.close()
