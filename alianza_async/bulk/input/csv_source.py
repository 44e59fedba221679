"""Rows of a CSV or TSV file, read as a stream."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.input.cleaning import complaints
from alianza_async.bulk.input.file_source import FileSource
from alianza_async.bulk.input.formulas import unquoted
from alianza_async.bulk.input.headers import FieldNames, Layout, read_header
from alianza_async.bulk.input.readings import NO_READINGS
from alianza_async.bulk.input.rows import RESULT_COLUMNS, EarlierResult, Row
from alianza_async.errors import FieldError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.input.readings import Readings
    from alianza_async.bulk.input.text_files import TextFile

__all__ = ["CsvSource"]

_DELIMITERS: Final = (",", ";", "\t", "|")


class CsvSource(FileSource):
    """Rows of a CSV file: any of four delimiters, any column order, any way of writing the headers.

    Memory does not grow with the file. Each iteration opens it again.

    Args:
        file: The file, found readable.
        fields: Our names of the fields a row may have.
        required: Those that must have a column.
        expected: What the file has to hold while its rows are read; None = whatever it holds.
        readings: How the text of each field is read; by default it is taken as it stands.

    Attributes:
        name: The file's path.
        delimiter: What parts its cells.
        columns: Its own headers, as they stand in it, without the `result_*` ones.
        unknown_columns: Those of them that mean no field we know.

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
        readings: Readings = NO_READINGS,
    ) -> None:
        super().__init__(file, expected)
        self._readings = readings
        with file.opened(newline="") as handle:
            line = next((line for line in handle if line.strip()), "")
        self.delimiter = _delimiter(line, FieldNames(fields), file)
        with file.opened(newline="") as handle:
            try:
                cells = next(_records(_Lines(handle), self.delimiter))
            except StopIteration:  # pragma: no cover - inspect_file() saw text, so it was cut just now
                raise SourceError(f"{self.name} is empty: it needs a header line and rows") from None
        if isinstance(cells, FieldError):
            raise SourceError(f"{self.name}: in the header line {cells.message}")
        self._header = cells
        self._layout = read_header(cells, fields=fields, required=required, source_name=self.name)
        self.columns = self._layout.columns
        self.unknown_columns = self._layout.unknown

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, in the file's order."""
        layout, checked, readings = self._layout, self._rows, self._readings
        with checked.opened(newline="") as handle:
            lines = _Lines(handle)
            records = _records(lines, self.delimiter)
            if next(records, None) != self._header:  # the cells that follow belong under other headers
                raise checked.changed()
            for number, cells in enumerate(records, 1):
                checked.number = number
                if isinstance(cells, FieldError):
                    yield Row(number, {}, ("".join(lines.held).rstrip("\r\n"),), (cells,))
                else:
                    yield _row(number, cells, layout, readings)


class _Lines:
    """A file's lines, with those of the record being read kept at hand.

    Attributes:
        held: The lines taken since it was last cleared.
        count: How many lines were taken in all.
        ended: Whether the reader asked for a line after the last one.
    """

    __slots__ = ("_handle", "count", "ended", "held")

    def __init__(self, handle: TextIO) -> None:
        self._handle = handle
        self.held: list[str] = []
        self.count = 0
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._handle)
        except StopIteration:
            self.ended = True
            raise
        self.count += 1
        self.held.append(line)
        return line

    def skip_quoted(self) -> None:
        """Pass over lines until the quote that is open in the held ones is closed; they are not kept."""
        is_open = sum(line.count('"') for line in self.held) % 2 == 1
        while is_open and not self.ended:
            line = next(self._handle, None)
            if line is None:
                self.ended = True
            else:
                self.count += 1
                is_open = line.count('"') % 2 == 0


def _records(lines: _Lines, delimiter: str) -> Iterator[list[str] | FieldError]:
    """Yield each record that is not blank: its cells, or what makes it unreadable.

    Where a quote is never closed, rows and the text of one cell look the same, so what follows it is
    reported with it and not guessed at.
    """
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        lines.held.clear()
        first = lines.count + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            lines.skip_quoted()  # what is skipped is not kept, so that memory stays flat
            if lines.ended:
                yield _never_closed(first, lines.count)
            else:
                where = f"line {first}" if lines.count == first else f"lines {first} to {lines.count}"
                limit = csv.field_size_limit()
                yield FieldError("", f"a cell of {where} is longer than {limit} characters: shorten it")
            continue
        if lines.ended:  # within a record the reader asks past the end only while a quote is open
            yield _never_closed(first, lines.count)
        elif len(cells) > 1 or lines.held[0].strip():
            yield cells


def _never_closed(first: int, last: int) -> FieldError:
    read = "" if last == first else f", so lines {first + 1} to {last} were not read as rows"
    return FieldError("", f"a quote opened in line {first} is never closed{read}: close it")


def _row(number: int, cells: list[str], layout: Layout, readings: Readings) -> Row:
    width = len(cells)
    problems: tuple[FieldError, ...] = ()
    if width > layout.width:
        problems = (
            FieldError(
                "",
                f"the row has {width - len(layout.results)} cells where the header has {len(layout.own)}: "
                "quote a cell that holds the delimiter",
            ),
        )
    elif width < layout.width:
        cells += [""] * (layout.width - width)
    values: dict[str, object] = {}
    for field, position in layout.known:
        text = cells[position].strip()
        if text:
            values[field] = text
    every = "".join(cells)
    if not every.isprintable():  # one look at all cells; rarely is a second one needed
        problems += complaints(values.items())
    changes, refused = readings.read_cells(values, every)
    if refused:
        problems += refused
    if not layout.results:
        return Row(number, values, tuple(cells), problems, None, changes)
    own = (*(cells[position] for position in layout.own), *cells[layout.width :])
    return Row(number, values, own, problems, _earlier(cells, layout.results), changes)


def _earlier(cells: Sequence[str], positions: dict[str, int]) -> EarlierResult | None:
    told = {name: unquoted(cells[positions[name]].strip()) for name in RESULT_COLUMNS if name in positions}
    status = told.get("result_status")
    if not status:
        return None
    attempts = told.get("result_attempts", "")
    return EarlierResult(
        status=status,
        id=told.get("result_id") or None,
        error=told.get("result_error") or None,
        attempts=int(attempts) if attempts.isdecimal() else 0,
        request_id=told.get("result_request_id") or None,
        account_id=told.get("result_account_id") or None,
        user_id=told.get("result_user_id") or None,
        number_state=told.get("result_number_state") or None,
        failed_step=told.get("result_failed_step") or None,
    )


def _delimiter(line: str, names: FieldNames, file: TextFile) -> str:
    """Return the delimiter that makes most sense of the header line: most known fields, then most cells."""
    candidates: tuple[str, ...] = _DELIMITERS
    if file.path.suffix.lower() == ".tsv":
        candidates = ("\t", *(other for other in _DELIMITERS if other != "\t"))
    best, best_score = candidates[0], (-1, -1)
    for delimiter in candidates:
        try:
            cells = next(csv.reader([line], delimiter=delimiter))
        except csv.Error:
            continue
        score = (sum(names.match(cell) is not None for cell in cells), len(cells))
        if score > best_score:
            best, best_score = delimiter, score
    return best
