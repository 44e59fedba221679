"""Chosen rows of a job: by number, by key, by status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from alianza_async.errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alianza_async.bulk.journal import JournalReader

__all__ = ["chosen_rows", "in_ranges"]

_RANGE: Final = re.compile(r"([0-9]{1,12})(?:-([0-9]{1,12}))?")
_NAMED: Final = 5


def chosen_rows(
    reader: JournalReader, *, rows: str | None = None, keys: Path | None = None, status: Sequence[str] = ()
) -> frozenset[int] | None:
    """Return the numbers of the rows that every given choice names; None where none is given.

    Args:
        reader: The job's journal.
        rows: Numbers and ranges, such as `1,5-9`.
        keys: A file of natural keys, one per line.
        status: What a row has to be, one of these.

    Raises:
        ConfigurationError: The rows cannot be read, or the job has no such row, or a key is not one of its.
        SourceError: The file cannot be read.
        JournalError: The journal cannot be read.
    """
    chosen: list[frozenset[int]] = []
    if rows is not None:
        chosen.append(_by_number(rows, reader.last_row()))
    if keys is not None:
        chosen.append(_by_key(keys, reader))
    if status:
        chosen.append(frozenset(entry.row for entry in reader.entries(*status)))
    if not chosen:
        return None
    first, *others = chosen
    return first.intersection(*others)


def in_ranges(text: str) -> list[tuple[int, int]]:
    """Read numbers and ranges: `1,5-9` is 1-1 and 5-9.

    Raises:
        ConfigurationError: It is something else.
    """
    ranges: list[tuple[int, int]] = []
    for part in text.split(","):
        found = _RANGE.fullmatch(part.strip())
        first = int(found[1]) if found else 0
        last = int(found[2] or first) if found else 0
        if not 1 <= first <= last:
            raise ConfigurationError(f"--rows is {text[:60]!r}; give row numbers and ranges, such as 1,5-9")
        ranges.append((first, last))
    return ranges


def _by_number(text: str, last_row: int) -> frozenset[int]:
    numbers: set[int] = set()
    for first, last in in_ranges(text):
        if first > last_row:
            raise ConfigurationError(f"--rows names row {first:,}; the job has rows 1 to {last_row:,}")
        numbers.update(range(first, min(last, last_row) + 1))
    return frozenset(numbers)


def _by_key(file: Path, reader: JournalReader) -> frozenset[int]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise SourceError(f"the file of --keys cannot be read ({error.strerror}): {file}") from None
    except UnicodeDecodeError:
        raise SourceError(f"the file of --keys is not UTF-8 text: {file}") from None
    numbers: set[int] = set()
    missing: list[str] = []
    for key in filter(None, (line.strip() for line in lines)):
        entry = reader.by_key(key)
        if entry is None:
            missing.append(key)
        else:
            numbers.add(entry.row)
    if missing:
        named = ", ".join(repr(key) for key in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED:,} more" if len(missing) > _NAMED else ""
        raise ConfigurationError(
            f"the job has no row with these keys: {named}{more}; take them out of {file}"
        )
    return frozenset(numbers)
