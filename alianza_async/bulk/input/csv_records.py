"""The records of a CSV file, each with its place, also where one cannot be read."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from alianza_async.bulk.input.places import lines
from alianza_async.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CsvRecords"]


class CsvRecords:
    """Reads the records of a CSV file.

    Where a quote is never closed, rows and the text of one cell look the same, so what follows it is reported
    with it and not guessed at.

    Args:
        handle: The file's lines.
        delimiter: What parts the cells.
        skip_first: Whether the first line is no record, and no row where a spreadsheet opens the file.

    Attributes:
        line: The number of the latest record's first line, from 1.
        sheet_row: The latest record's row where a spreadsheet opens the file, from 1: an empty line is one.
    """

    def __init__(self, handle: Iterator[str], delimiter: str, *, skip_first: bool = False) -> None:
        self._handle = handle
        self._delimiter = delimiter
        self._skip_first = skip_first
        self._held: list[str] = []  # the lines of the record being read
        self._passed_over = 0  # lines that the reader did not see
        self._ended = False
        self.line: int | None = 0
        self.sheet_row = 0

    @property
    def text(self) -> str:
        """The latest record as it stands in the file, as far as it is kept."""
        return "".join(self._held).rstrip("\r\n")

    def __iter__(self) -> Iterator[list[str] | FieldError]:
        """Yield each record that is more than an empty line: its cells, or what makes it unreadable."""
        if self._skip_first and next(self._handle, None) is not None:
            self._passed_over = 1
        # strict: a quote inside a quoted cell is an error, and not a cell that silently loses it
        reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        sheet_row = 0
        held = self._held
        while True:
            held.clear()
            first = reader.line_num + self._passed_over + 1
            sheet_row += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.line, self.sheet_row = first, sheet_row
                yield self._unreadable(first, reader.line_num, error)
                continue
            if len(cells) > 1 or held[0].strip():
                self.line = first
                self.sheet_row = sheet_row
                yield cells

    def _lines(self) -> Iterator[str]:
        """Yield the lines, those of the record being read kept at hand."""
        keep = self._held.append
        for line in self._handle:
            keep(line)
            yield line
        self._ended = True

    def _unreadable(self, first: int, seen: int, error: csv.Error) -> FieldError:
        """Return what makes a record unreadable.

        Args:
            first: Its first line.
            seen: How many lines the reader has seen.
            error: What the reader says.
        """
        too_long = "field limit" in str(error)
        if too_long:
            self._skip_quoted()  # what is skipped is not kept, so that memory stays flat
        last = seen + self._passed_over
        if self._ended:
            verb = "was" if last == first + 1 else "were"
            unread = "" if last == first else f", so {lines(first + 1, last)} {verb} not read as rows"
            return FieldError("", f"a quote opened in line {first} is never closed{unread}: close it")
        where = lines(first, last)
        if too_long:
            limit = csv.field_size_limit()
            return FieldError("", f"a cell of {where} is longer than {limit} characters: shorten it")
        as_one = "" if last == first else f", so {where} were read as one row"
        how = 'write it twice (""), or leave the outer quotes out'
        return FieldError("", f"a quote inside a quoted cell{as_one}: {how}")

    def _skip_quoted(self) -> None:
        """Pass over lines until the quote that is open in the held ones is closed; they are not kept."""
        is_open = sum(line.count('"') for line in self._held) % 2 == 1
        while is_open and not self._ended:
            line = next(self._handle, None)
            if line is None:
                self._ended = True
            else:
                self._passed_over += 1
                is_open = line.count('"') % 2 == 0
