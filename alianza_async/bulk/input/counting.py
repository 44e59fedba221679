"""How many rows a file holds, counted quickly: to show how far a job is, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.input.text_files import inspect_file, is_spreadsheet

if TYPE_CHECKING:
    import os

__all__ = ["count_rows"]

_LARGEST: Final = 50_000_000
_EMPTY: Final = b' ,;|"\t\r\n'  # what a row of empty cells is made of


def count_rows(path: str | os.PathLike[str], *, header_line: int = 1) -> int | None:
    """Count the rows of a text file; None where it is too large (50 MB) or UTF-16, and for a spreadsheet.

    Args:
        path: The file.
        header_line: The line that a CSV file's header begins in; blank ones above it do not matter.

    Raises:
        SourceError: It cannot be read.
    """
    path = Path(path)
    if is_spreadsheet(path):
        return None
    file = inspect_file(path)
    if path.stat().st_size > _LARGEST or file.encoding == "utf-16":
        return None
    rows = 0
    is_open = False  # within a quoted CSV cell, which may hold line ends
    with path.open("rb") as handle:
        for number, line in enumerate(handle, 1):
            if not is_open and line.strip(_EMPTY) and number >= header_line:
                rows += 1
            if not file.is_jsonl:
                is_open ^= line.count(b'"') % 2 == 1
    return rows if file.is_jsonl else max(0, rows - 1)
