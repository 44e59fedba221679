"""Opening an input file as text: which encoding, and one sentence for each way it can fail."""

from __future__ import annotations

import codecs
import io
import re
import stat
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.input.encodings import is_windows_1252
from alianza_async.bulk.input.file_options import AS_IT_IS
from alianza_async.bulk.input.verified_file import open_verified
from alianza_async.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from typing import TextIO

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.input.fingerprints import Fingerprint

__all__ = ["TextFile", "first_bytes", "guessed", "inspect_file", "is_spreadsheet", "unreadable"]

JSONL_SUFFIXES: Final = frozenset({".jsonl", ".ndjson", ".json-lines"})
SPREADSHEETS: Final = frozenset({".xlsx", ".xlsm"})
_JSON_ARRAY: Final = re.compile(r"\[\s*[\[{]")
_ENCODINGS: Final = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252"}
"""Python's names of the encodings, by ours."""
_ERRORS: Final = {"utf-8-sig": "surrogateescape", "cp1252": "strict"}  # of UTF-16 `surrogatepass`
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""How a file begins that says its encoding itself."""
_SNIFFED = 4096  # characters; leading blank ones beyond this are no text file's


@dataclass(frozen=True, slots=True)
class TextFile:
    """An input file that was found readable, and how to read it.

    Attributes:
        path: Where it is.
        encoding: Python's name of its encoding.
        start: Its first characters, blank ones stripped.
        note: What is to be told of the encoding, where it was guessed.
    """

    path: Path
    encoding: str
    start: str = ""
    note: str | None = None

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
        errors = _ERRORS.get(self.encoding, "surrogatepass")
        try:
            with self._open(errors, newline, expected) as handle:
                yield handle
        except OSError as error:
            raise unreadable(self.path, error) from error
        except UnicodeDecodeError as error:
            raise SourceError(f"{self.path} is not valid {self.encoding}: save it as UTF-8") from error

    def _open(self, errors: str, newline: str, expected: Fingerprint | None) -> TextIO:
        if expected is None:
            return self.path.open(encoding=self.encoding, errors=errors, newline=newline)
        verified = open_verified(self.path, expected)
        return io.TextIOWrapper(verified, encoding=self.encoding, errors=errors, newline=newline)


def is_spreadsheet(path: Path) -> bool:
    """Tell whether a file's suffix says that it is a spreadsheet that we read."""
    return path.suffix.lower() in SPREADSHEETS


def first_bytes(path: Path) -> bytes:
    """Return a file's first four bytes.

    Raises:
        SourceError: There is no such file, or it may not be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a directory" if path.is_dir() else "not a regular file"
            raise SourceError(f"{path} is {kind}: name a CSV, JSON Lines or Excel file")
        with path.open("rb") as handle:
            return handle.read(4)
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:  # a NUL character in the path
        raise SourceError(f"{str(path)!r} is no path: it holds what no file name can") from error


def inspect_file(path: Path, options: FileOptions = AS_IT_IS) -> TextFile:
    """Look at a text file's first bytes.

    Args:
        path: The file.
        options: Its encoding, where that is given.

    Raises:
        SourceError: There is no such file, it may not be read, it is empty, or it is not text.
    """
    first = first_bytes(path)
    mark = next((name for begin, name in _MARKS if first.startswith(begin)), None)
    if mark is not None and options.encoding not in {None, mark}:
        raise SourceError(
            f"{path} begins as {mark} does, and is no {options.encoding}: leave its encoding out"
        )
    encoding = _ENCODINGS[mark or options.encoding or "utf-8"]
    if (
        encoding == "utf-16" and mark is None
    ):  # the header begins with a letter: its zero byte tells the order
        encoding = "utf-16-be" if first.startswith(b"\0") else "utf-16-le"
    file = TextFile(path, encoding)
    with file.opened(newline="") as text:
        start = text.read(_SNIFFED).strip()
    if not start:
        raise SourceError(f"{path} is empty: it needs a header line and rows")
    if "\0" in start.split("\n", 1)[0]:
        raise SourceError(
            f"{path} is not a text file: save a spreadsheet as .xlsx or as CSV, encoded as UTF-8"
        )
    if _JSON_ARRAY.match(start):
        raise SourceError(f"{path} holds one JSON array: write one object a line (JSON Lines) instead")
    return TextFile(path, encoding, start)


def guessed(file: TextFile) -> TextFile:
    """Return a file that was taken for UTF-8 as Windows-1252, where it can be nothing else, and say so.

    Raises:
        SourceError: It cannot be read.
    """
    if file.encoding != _ENCODINGS["utf-8"]:
        return file
    try:
        with file.path.open("rb") as handle:
            if not is_windows_1252(handle):
                return file
    except OSError as error:
        raise unreadable(file.path, error) from error
    note = "Read as Windows-1252, as it is not UTF-8: that is a guess; to be sure, give encoding='cp1252'"
    return replace(file, encoding=_ENCODINGS["cp1252"], note=note)


def unreadable(path: Path, error: OSError) -> SourceError:
    """Return the error for a file that cannot be read."""
    if isinstance(error, FileNotFoundError):
        return SourceError(f"there is no file {path}: check the path")
    if isinstance(error, PermissionError):
        return SourceError(f"{path} may not be read by this user: change its permissions")
    return SourceError(f"{path} cannot be read: {error.strerror or type(error).__name__}")
