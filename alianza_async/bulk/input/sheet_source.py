"""Rows of an Excel file's sheet, each cell as the text that a person sees, as far as the file tells."""

from __future__ import annotations

import datetime as dt
import hashlib
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.bulk.input.file_options import AS_IT_IS
from alianza_async.bulk.input.file_source import FileSource
from alianza_async.bulk.input.headers import Columns, read_header
from alianza_async.bulk.input.readings import NO_READINGS
from alianza_async.bulk.input.rows import RESULT_COLUMNS
from alianza_async.bulk.input.sheet_errors import error_cells
from alianza_async.bulk.input.tables import HEADER_WITHIN, Header, Record, TableRows, find_header
from alianza_async.bulk.input.text_files import TextFile, first_bytes, unreadable
from alianza_async.errors import ConfigurationError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from python_calamine import CalamineSheet, CalamineWorkbook

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.input.readings import Readings
    from alianza_async.bulk.input.rows import Row

__all__ = ["SheetSource"]

_EXACT: Final = 10**15  # Excel keeps 15 digits of a number
_MIDNIGHT: Final = dt.time()


class SheetSource(FileSource):
    """Rows of one sheet of an Excel file.

    The file is read once, into memory, and each iteration goes through what was read: a job never sends rows
    of a file that changed meanwhile.

    Args:
        path: The file.
        fields: Our names of the fields a row may have.
        required: Those that must have a column.
        expected: What the file has to hold; None = whatever it holds.
        options: Which sheet, where its header is and what its columns mean.
        readings: How the text of each field is read; by default it is taken as it stands.

    Attributes:
        name: The file's path.
        sheet: The sheet's name.
        columns: The sheet's own headers, as they stand in it, without the `result_*` ones.
        unknown_columns: Those of them that mean no field we know.
        misspelt: Those that nearly name a field, with that field.

    Raises:
        SourceError: The file cannot be read, there is no such sheet, or its header does not fit.
        ConfigurationError: The package that reads Excel files is missing.
    """

    def __init__(
        self,
        path: Path,
        *,
        fields: frozenset[str],
        required: frozenset[str],
        expected: Fingerprint | None = None,
        options: FileOptions = AS_IT_IS,
        readings: Readings = NO_READINGS,
    ) -> None:
        super().__init__(TextFile(path, "binary"), expected)
        content = _content(path)
        self._sha256 = hashlib.sha256(content).hexdigest()
        book = _book(path, content)
        names = Columns(fields | frozenset(RESULT_COLUMNS), options)
        chosen = _chosen(path, book, content, columns=names, required=required, options=options)
        self._records, header = chosen.records, chosen.header
        self.sheet = chosen.name
        self._above = header.above + 1
        self._layout = read_header(
            chosen.cells,
            fields=fields,
            required=required,
            source_name=f"{self.name}, sheet {self.sheet!r},",
            options=options,
        )
        self.columns = self._layout.columns
        self.unknown_columns = self._layout.unknown
        self.misspelt: Mapping[str, str] = self._layout.misspelt
        notes = (_sheet_note(self.sheet, book.sheet_names), header.note)
        self._table = TableRows(self._layout, [note for note in notes if note is not None], readings)

    @property
    def notes(self) -> tuple[str, ...]:
        """How the sheet was read, a sentence each; complete once it was read to its end."""
        return self._table.notes

    def count(self) -> int | None:
        """Count the rows, to show how far a job is."""
        below = islice(self._records, self._above, None)
        return sum(any(cell.strip() for cell in cells) for cells in below)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, in the sheet's order.

        Raises:
            InputChangedError: What was read is not what the file has to hold.
        """
        checked = self._rows
        checked.number, checked.handed_out = 0, None
        if checked.expected is not None and checked.expected.sha256 != self._sha256:
            raise checked.changed()
        yield from self._table.read(self._records, islice(self._records, self._above, None), checked)


class _Records:
    """The rows of a sheet that are more than empty space between others.

    Attributes:
        line: Always None: a sheet has no lines.
        sheet_row: The latest row's number in the sheet.
        text: Always empty: any row of a sheet can be read.
    """

    line: int | None = None
    text = ""

    def __init__(self, sheet: CalamineSheet, errors: Mapping[tuple[int, int], str]) -> None:
        self._sheet = sheet
        self._errors: dict[int, list[tuple[int, str]]] = {}
        left = (sheet.start or (0, 0))[1]
        for (row, column), text in errors.items():
            self._errors.setdefault(row, []).append((column - left, text))
        self.sheet_row = 0

    def __iter__(self) -> Iterator[list[str]]:
        """Yield the cells of each row, those of empty rows too."""
        errors = self._errors
        for number, values in enumerate(self._sheet.iter_rows(), 1):
            cells = [value if type(value) is str else _text(value) for value in values]
            for column, text in errors.get(number, ()):
                cells[column] = text  # the reader counts these cells too, and leaves them empty
            self.sheet_row = number
            yield cells


class _Chosen(NamedTuple):
    """The sheet that is read.

    Attributes:
        name: Its name.
        records: Its rows.
        header: Where its header is.
    """

    name: str
    records: _Records
    header: Header

    @property
    def cells(self) -> Sequence[str]:
        """The header's cells."""
        cells = self.header.record.cells
        return cells if isinstance(cells, list) else ()


def _chosen(
    path: Path,
    book: CalamineWorkbook,
    content: bytes,
    *,
    columns: Columns,
    required: frozenset[str],
    options: FileOptions,
) -> _Chosen:
    """Return the sheet that the caller names, else the first one with a header, else the first one with rows.

    Raises:
        SourceError: There is no such sheet, or none has a row.
    """
    names = book.sheet_names if options.sheet is None else [options.sheet]
    best: _Chosen | None = None
    for name in names:
        if name not in book.sheet_names:
            there = ", ".join(repr(each) for each in book.sheet_names)
            raise SourceError(f"{path} has no sheet {name!r}; it has {there}: name one of them")
        sheet = book.get_sheet_by_name(name)
        if sheet.start is None:  # it is empty
            continue
        records = _Records(sheet, error_cells(path, content, name))
        most = options.header_row or HEADER_WITHIN
        top = [Record(cells, None, records.sheet_row) for cells in islice(records, most)]
        header = find_header(top, columns, required, options)
        if header is None:
            continue
        if header.complete:
            return _Chosen(name, records, header)
        best = best or _Chosen(name, records, header)
    if best is None:
        what = f"sheet {options.sheet!r} of {path}" if options.sheet is not None else str(path)
        row = options.header_row
        how = (
            "is empty: it needs a header row and rows" if row is None else f"has no row {row}: see header_row"
        )
        raise SourceError(f"{what} {how}")
    return best


def _content(path: Path) -> bytes:
    first_bytes(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def _book(path: Path, content: bytes) -> CalamineWorkbook:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise ConfigurationError(
            f"{path} is an Excel file, and the package that reads it is missing: run `pip install "
            "'alianza-async[excel]'`, or save the file as CSV"
        ) from error
    try:
        return CalamineWorkbook.from_filelike(BytesIO(content))
    except CalamineError as error:
        raise SourceError(
            f"{path} is no Excel file that can be read ({error}): save it again as .xlsx"
        ) from error


def _text(value: object) -> str:
    """Return a cell's value as a person sees it, as far as it can be told without its number format."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # As Excel shows it: no `.0`, at most 15 digits, and an exponent where there are more.
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else format(value, ".15G")
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == _MIDNIGHT else value.isoformat()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value)


def _sheet_note(name: str, names: Sequence[str]) -> str | None:
    others = ", ".join(repr(other) for other in names if other != name)
    return f"Sheet {name!r} read; not read: {others}" if others else None
