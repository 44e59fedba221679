"""The files of the sandbox's jobs: CSV in, CSV out."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class RowError(NamedTuple):
    """What is wrong in one place of a file.

    Attributes:
        line: Line number in the file; the header's is 1.
        column: Column name; empty where it is the line as a whole.
        text: The value that is wrong.
        error: What is wrong with it.
    """

    line: int
    column: str
    text: str
    error: str

    def to_json(self) -> dict[str, object]:
        """Write it as a `JobError`."""
        return {"error": self.error, "lineNumber": self.line, "column": self.column, "input": self.text}


class Row(NamedTuple):
    """One line of a file.

    Attributes:
        line: Line number in the file; the header's is 1.
        values: Its values by column name, trimmed.
    """

    line: int
    values: dict[str, str]


class UnusableFileError(Exception):
    """A file that no row can be taken from.

    Args:
        error: What is wrong with it.
    """

    def __init__(self, error: RowError) -> None:
        super().__init__(error.error)
        self.error = error


@dataclass(frozen=True, slots=True)
class Table:
    """A file taken apart.

    Attributes:
        columns: Its column names, as the reader asked for them or as the file has them.
        rows: Its lines that are not empty.
    """

    columns: list[str]
    rows: list[Row]


def read_csv(content: bytes, known: Sequence[str] = (), *, required: bool = True) -> Table:
    """Take a CSV file apart; column names match without regard to case, spaces and underscores.

    Args:
        content: The file, UTF-8 with or without a mark at its start.
        known: Columns its rows shall carry under these names.
        required: Whether it must have all of them.

    Raises:
        UnusableFileError: It is not UTF-8, or empty, or lacks a column.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableFileError(RowError(1, "", "", "The file is not UTF-8")) from None
    names = {_plain(name): name for name in known}
    try:
        return _read(text, names, known if required else ())
    except csv.Error:
        raise UnusableFileError(RowError(1, "", "", "The file is not CSV")) from None


def _read(text: str, names: Mapping[str, str], required: Sequence[str]) -> Table:
    """Take a text apart.

    Raises:
        UnusableFileError: It is empty or lacks a column.
        csv.Error: It is no CSV.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns = [names.get(_plain(name), name.strip()) for name in next(reader, list[str]())]
    if not columns:
        raise UnusableFileError(RowError(1, "", "", "The file is empty"))
    for name in required:
        if name not in columns:
            raise UnusableFileError(RowError(1, name, "", f"The file lacks the column {name}"))
    rows: list[Row] = []
    for cells in reader:
        values = [cell.strip() for cell in cells]
        if any(values):
            values += [""] * (len(columns) - len(values))
            rows.append(Row(reader.line_num, dict(zip(columns, values, strict=False))))
    return Table(columns, rows)


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Write rows as CSV; a column a row lacks, or has nothing in, is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if row.get(name) is None else row[name] for name in columns])
    return out.getvalue().encode("utf-8", "backslashreplace")


def _plain(name: str) -> str:
    """Reduce a column name to what its spellings have in common."""
    return name.replace(" ", "").replace("_", "").casefold()
