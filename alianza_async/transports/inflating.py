"""Inflate a compressed body, a bounded piece at a time: 1 MB of gzip may be 1 GB.

A gzip body may have several members (RFC 1952, section 2.2), as `cat a.gz b.gz` and some proxies make them;
zlib's object stops after the first. `deflate` is a zlib stream (RFC 9110, section 8.4.1.2), which some
servers send without its wrapper.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CODINGS", "Inflater"]

CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
"""The content codings that are understood."""

_STEP = 256 * 1024
_GZIP = b"\x1f\x8b"
_PADDING = b"\0"
_ZLIB_METHOD = 8
_HEADER = 2
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_BARE = -zlib.MAX_WBITS


class _Member(Protocol):
    """What inflates one member; zlib has no public name for it."""

    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Inflater:
    """Inflates one body.

    Args:
        coding: Its content coding. Only `deflate` may lack a wrapper: anything might be taken for that.

    Zeros after its end are padding, as gzip(1) has it. Anything else there makes the body a damaged one: to
    drop it would be to lose, without a word, what may have been a member.
    """

    def __init__(self, coding: str) -> None:
        self._bare = _BARE if coding == "deflate" else _GZIP_OR_ZLIB
        self._inflate: _Member | None = None
        self._begun = b""
        self._members = 0

    @property
    def finished(self) -> bool:
        """Whether the body may end here: nothing came at all, or the last member is whole."""
        return self._inflate is None and not self._begun

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield what a piece inflates to, at most 256 KiB at a time.

        Raises:
            zlib.error: It is no such body.
        """
        while piece:
            inflate = self._inflate
            if inflate is None:
                piece = self._begun + piece
                if self._members:
                    piece = piece.lstrip(_PADDING)
                if len(piece) < _HEADER:
                    self._begun = piece
                    return
                self._begun = b""
                inflate = self._inflate = self._member(piece[:_HEADER])
            more = True
            while more:
                inflated = inflate.decompress(piece, _STEP)
                yield inflated
                piece = inflate.unconsumed_tail
                # All of it may be taken before all that it stands for is given.
                more = not inflate.eof and (bool(piece) or len(inflated) == _STEP)
            if inflate.eof:
                piece = inflate.unused_data
                self._inflate = None
                self._members += 1

    def _member(self, header: bytes) -> _Member:
        """Return what inflates a member that begins so."""
        is_gzip = header == _GZIP
        if self._members and not is_gzip:
            raise zlib.error("bytes after the end")
        is_zlib = header[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(header, "big") % 31 == 0
        return zlib.decompressobj(_GZIP_OR_ZLIB if is_gzip or is_zlib else self._bare)
