"""How many rows a file holds, counted quickly: to show how far a job is, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.input.text_files import inspect_file

if TYPE_CHECKING:
    import os

__all__ = ["count_rows"]

_LARGEST: Final = 50_000_000


def count_rows(path: str | os.PathLike[str]) -> int | None:
    """Count the rows of a CSV or JSON Lines file; None where it is too large (50 MB) or UTF-16.

    Raises:
        SourceError: It cannot be read.
    """
    path = Path(path)
    file = inspect_file(path)
    if path.stat().st_size > _LARGEST or file.encoding == "utf-16":
        return None
    rows = 0
    is_open = False  # within a quoted CSV cell, which may hold line ends
    with path.open("rb") as handle:
        for line in handle:
            if not is_open and line.strip():
                rows += 1
            if not file.is_jsonl:
                is_open ^= line.count(b'"') % 2 == 1
    return rows if file.is_jsonl else max(0, rows - 1)
