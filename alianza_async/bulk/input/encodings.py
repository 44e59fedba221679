"""Which encoding a file's bytes are in, where nothing in the file says so."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["is_windows_1252"]

_BLOCK: Final = 1 << 20
_NO_UTF8: Final = re.compile("[\udc80-\udcff]")  # how `surrogateescape` keeps bytes that are no UTF-8
_UTF8: Final = re.compile("[^\x00-\x7f\udc80-\udcff]")
_UNDEFINED: Final = re.compile(b"[\x81\x8d\x8f\x90\x9d]")


def is_windows_1252(file: BinaryIO) -> bool:
    """Tell whether bytes can only be Windows-1252, as far as a guess goes.

    They are no UTF-8, no character of several UTF-8 bytes is among them, and each byte has a meaning in
    Windows-1252. Of text in Windows-1252 that holds letters other than ASCII all three are true but by
    accident; other 8-bit encodings look the same, so whoever guesses has to say so.

    Args:
        file: The bytes, from their start; 1 MiB is in memory at a time, and most are only looked at once.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    found, waits = False, False
    while block := file.read(_BLOCK):
        if block.isascii() and not waits:
            continue
        if _UNDEFINED.search(block) is not None:
            return False
        text = decoder.decode(block)
        if _UTF8.search(text) is not None:
            return False
        found = found or _NO_UTF8.search(text) is not None
        waits = bool(decoder.getstate()[0])
    return found or waits
