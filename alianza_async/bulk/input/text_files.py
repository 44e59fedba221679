"""Opening an input file as text: which encoding, and one sentence for each way it can fail."""

from __future__ import annotations

import codecs
import io
import re
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.input.verified_file import open_verified
from alianza_async.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from typing import TextIO

    from alianza_async.bulk.input.fingerprints import Fingerprint

__all__ = ["TextFile", "inspect_file"]

JSONL_SUFFIXES: Final = frozenset({".jsonl", ".ndjson", ".json-lines"})
_JSON_ARRAY: Final = re.compile(r"\[\s*[\[{]")
_SNIFFED = 4096  # characters; leading blank ones beyond this are no text file's


@dataclass(frozen=True, slots=True)
class TextFile:
    """An input file that was found readable, and how to read it.

    Attributes:
        path: Where it is.
        encoding: Python's name of its encoding.
        start: Its first characters, blank ones stripped.
    """

    path: Path
    encoding: str
    start: str = ""

    @property
    def name(self) -> str:
        """The path as text."""
        return str(self.path)

    @property
    def is_jsonl(self) -> bool:
        """Whether its suffix, or else its first character, says that it is JSON Lines."""
        return self.path.suffix.lower() in JSONL_SUFFIXES or self.start.startswith("{")

    @contextmanager
    def opened(self, *, newline: str, expected: Fingerprint | None = None) -> Generator[TextIO]:
        r"""Open the file from its start.

        Bytes that are no UTF-8 come as lone surrogates, so that they can be reported and written back.

        Args:
            newline: As for `open()`: `""` for CSV, where a cell may hold line ends, `"\n"` for JSON Lines.
            expected: What its bytes have to be; each block is checked before any of it is decoded.

        Raises:
            SourceError: It cannot be opened, or reading it fails later on.
            BlockChangedError: Its bytes are not those expected.
        """
        errors = "surrogateescape" if self.encoding == "utf-8-sig" else "surrogatepass"
        try:
            with self._open(errors, newline, expected) as handle:
                yield handle
        except OSError as error:
            raise _unreadable(self.path, error) from error
        except UnicodeDecodeError as error:
            raise SourceError(f"{self.path} is not valid {self.encoding}: save it as UTF-8") from error

    def _open(self, errors: str, newline: str, expected: Fingerprint | None) -> TextIO:
        if expected is None:
            return self.path.open(encoding=self.encoding, errors=errors, newline=newline)
        verified = open_verified(self.path, expected)
        return io.TextIOWrapper(verified, encoding=self.encoding, errors=errors, newline=newline)


def inspect_file(path: Path) -> TextFile:
    """Look at a file's first bytes.

    Raises:
        SourceError: There is no such file, it may not be read, it is empty, or it is not text.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a directory" if path.is_dir() else "not a regular file"
            raise SourceError(f"{path} is {kind}: name a CSV or JSON Lines file")
        with path.open("rb") as handle:
            first = handle.read(4)
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:  # a NUL character in the path
        raise SourceError(f"{str(path)!r} is no path: it holds what no file name can") from error
    is_utf16 = first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    file = TextFile(path, "utf-16" if is_utf16 else "utf-8-sig")
    with file.opened(newline="") as text:
        start = text.read(_SNIFFED).strip()
    if not start:
        raise SourceError(f"{path} is empty: it needs a header line and rows")
    if "\0" in start.split("\n", 1)[0]:
        raise SourceError(f"{path} is not a text file: save a spreadsheet as CSV, encoded as UTF-8")
    if _JSON_ARRAY.match(start):
        raise SourceError(f"{path} holds one JSON array: write one object a line (JSON Lines) instead")
    return TextFile(path, file.encoding, start)


def _unreadable(path: Path, error: OSError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        return SourceError(f"there is no file {path}: check the path")
    if isinstance(error, PermissionError):
        return SourceError(f"{path} may not be read by this user: change its permissions")
    return SourceError(f"{path} cannot be read: {error.strerror or type(error).__name__}")
