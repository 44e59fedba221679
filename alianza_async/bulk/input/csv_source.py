"""Rows of a CSV or TSV file, read as a stream."""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.bulk.input.counting import count_rows
from alianza_async.bulk.input.csv_records import CsvRecords
from alianza_async.bulk.input.file_options import AS_IT_IS
from alianza_async.bulk.input.file_source import FileSource
from alianza_async.bulk.input.headers import Columns, read_header
from alianza_async.bulk.input.readings import NO_READINGS
from alianza_async.bulk.input.rows import RESULT_COLUMNS
from alianza_async.bulk.input.tables import HEADER_WITHIN, Header, Record, TableRows, find_header
from alianza_async.errors import FieldError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.input.readings import Readings
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.text_files import TextFile

__all__ = ["CsvSource"]

_DELIMITERS: Final[tuple[str, ...]] = (",", ";", "\t", "|")
_LOOKED_AT: Final = 200  # lines from the top among which the header's are
_SEP_LINE: Final = re.compile(r'"?sep=([^"])"?\s*', re.IGNORECASE)


class CsvSource(FileSource):
    """Rows of a CSV file: any of four delimiters, any column order, any way of writing the headers.

    Memory does not grow with the file. Each iteration opens it again.

    Args:
        file: The file, found readable.
        fields: Our names of the fields a row may have.
        required: Those that must have a column.
        expected: What the file has to hold while its rows are read; None = whatever it holds.
        options: How the file is to be read.
        readings: How the text of each field is read; by default it is taken as it stands.

    Attributes:
        name: The file's path.
        delimiter: What parts its cells.
        columns: Its own headers, as they stand in it, without the `result_*` ones.
        unknown_columns: Those of them that mean no field we know.
        misspelt: Those that nearly name a field, with that field.

    Raises:
        SourceError: The header has two columns for one field, or lacks a required one.
    """

    def __init__(
        self,
        file: TextFile,
        *,
        fields: frozenset[str],
        required: frozenset[str],
        expected: Fingerprint | None = None,
        options: FileOptions = AS_IT_IS,
        readings: Readings = NO_READINGS,
    ) -> None:
        super().__init__(file, expected)
        self._file = file
        names = Columns(fields | frozenset(RESULT_COLUMNS), options)
        top = _top(file, options)
        sep_line = _SEP_LINE.fullmatch(top[0]) if top else None
        self._has_sep_line = sep_line is not None
        candidates = _DELIMITERS
        if sep_line is not None:
            candidates = (sep_line[1],)
        elif file.path.suffix.lower() == ".tsv":
            candidates = ("\t", *(other for other in _DELIMITERS if other != "\t"))
        reading = _best(top, candidates, names, required, options, skip_first=self._has_sep_line)
        if reading is None:
            row = options.header_row
            how = (
                "is empty: it needs a header line and rows"
                if row is None
                else f"has no row {row}: see header_row"
            )
            raise SourceError(f"{self.name} {how}")
        self.delimiter, header = reading
        cells = header.record.cells
        if isinstance(cells, FieldError):
            raise SourceError(f"{self.name}: in the header line {cells.message}")
        self._header, self._above = cells, header.above
        self._layout = read_header(
            cells, fields=fields, required=required, source_name=self.name, options=options
        )
        self.columns = self._layout.columns
        self.unknown_columns = self._layout.unknown
        self.misspelt: Mapping[str, str] = self._layout.misspelt
        self._first_line = header.record.line or 1
        notes = (file.note, _sep_note(self.delimiter) if self._has_sep_line else None, header.note)
        self._table = TableRows(self._layout, [note for note in notes if note is not None], readings)

    @property
    def notes(self) -> tuple[str, ...]:
        """How the file was read, a sentence each; complete once it was read to its end."""
        return self._table.notes

    def count(self) -> int | None:
        """Count the rows quickly, to show how far a job is; None where the file is too large for that.

        Raises:
            SourceError: It cannot be read.
        """
        if self._file.encoding.startswith("utf-16"):
            return None
        return count_rows(self._file.path, header_line=self._first_line)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, in the file's order."""
        checked = self._rows
        with checked.opened(newline="") as handle:
            records = CsvRecords(handle, self.delimiter, skip_first=self._has_sep_line)
            below = iter(records)
            if next(islice(below, self._above, None), None) != self._header:
                raise checked.changed()  # the cells that follow belong under other headers
            yield from self._table.read(records, below, checked)


class _Reading(NamedTuple):
    """What the top of a file is taken for.

    Attributes:
        delimiter: What parts its cells.
        header: Its header.
    """

    delimiter: str
    header: Header


def _top(file: TextFile, options: FileOptions) -> list[str]:
    """Return the first lines: as many as the header can be in."""
    with file.opened(newline="") as handle:
        blank: list[str] = []
        for line in handle:
            if line.strip():
                return [*blank, *islice(chain([line], handle), _LOOKED_AT + (options.header_row or 0))]
            blank.append(line)
    return []  # pragma: no cover - inspect_file() saw text, so it was cut just now


def _best(
    top: list[str],
    delimiters: Iterable[str],
    names: Columns,
    required: frozenset[str],
    options: FileOptions,
    *,
    skip_first: bool,
) -> _Reading | None:
    """Return the delimiter that makes most sense of the header: most known fields, then most cells."""
    best: _Reading | None = None
    best_score = (False, -1, -1)
    most = HEADER_WITHIN if options.header_row is None else None
    for delimiter in delimiters:
        records = CsvRecords(iter(top), delimiter, skip_first=skip_first)
        first = [Record(cells, records.line, records.sheet_row) for cells in islice(records, most)]
        header = find_header(first, names, required, options)
        if header is None:
            continue
        width = 0 if isinstance(header.record.cells, FieldError) else len(header.record.cells)
        score = (header.complete, header.known, width)
        if score > best_score:
            best, best_score = _Reading(delimiter, header), score
    return best


def _sep_note(delimiter: str) -> str:
    shown = "tab" if delimiter == "\t" else repr(delimiter)
    return f"Delimiter {shown} taken from the sep= line"
