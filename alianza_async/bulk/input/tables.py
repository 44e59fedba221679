"""What CSV files and spreadsheets have in common: a header somewhere near the top, then rows of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from alianza_async.bulk.input.cleaning import complaints
from alianza_async.bulk.input.formulas import unquoted
from alianza_async.bulk.input.readings import NO_READINGS
from alianza_async.bulk.input.rows import RESULT_COLUMNS, EarlierResult, Row
from alianza_async.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alianza_async.bulk.input.expected import CheckedRows
    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.input.headers import Columns, Layout
    from alianza_async.bulk.input.places import Place
    from alianza_async.bulk.input.readings import Readings

__all__ = ["HEADER_WITHIN", "Header", "Position", "Record", "TableRows", "find_header"]

HEADER_WITHIN: Final = 20
"""Among how many records from the top the header is looked for."""

_ENOUGH: Final = 2
_TOTALS: Final = frozenset({"total", "totals", "grand total", "sum"})
_TOTAL_BEGINS: Final = "tTgGsS \t\xa0"
_NOTHING: Final[frozenset[str]] = frozenset()


class Position(Protocol):
    """Where the latest record of a table stands.

    Attributes:
        line: Its first line; None where the table is no text.
        sheet_row: Its row in a spreadsheet.
    """

    line: int | None
    sheet_row: int

    @property
    def text(self) -> str:
        """The record as it stands in the file."""
        ...


class Record(NamedTuple):
    """One record from the top of a table.

    Attributes:
        cells: Its cells, or what makes it unreadable.
        line: As in `Position`.
        sheet_row: As in `Position`.
    """

    cells: Sequence[str] | FieldError
    line: int | None
    sheet_row: int


class Header(NamedTuple):
    """The header of a table.

    Attributes:
        above: How many records are above it.
        record: The record.
        known: How many of its cells name a field.
        complete: Whether it has every required column.
    """

    above: int
    record: Record
    known: int
    complete: bool

    @property
    def note(self) -> str | None:
        """What is to be told of it: where it is, unless it is at the top."""
        if not self.above:
            return None
        _, line, sheet_row = self.record
        where = f"spreadsheet row {sheet_row}" if line is None else f"line {line}"
        rows = "1 row" if self.above == 1 else f"{self.above:,} rows"
        return f"Header found in {where}; {rows} above it left out"


def find_header(
    records: Sequence[Record], columns: Columns, required: frozenset[str], options: FileOptions
) -> Header | None:
    """Return a table's header: the row that the caller names, else the first one that has what is required.

    Where none has, it is the one with the most known columns, at least two; else the first row.

    Args:
        records: The first records, those of empty cells too.
        columns: What a cell would mean as a header.
        required: The fields that need a column.
        options: What the caller says.

    Returns:
        The header; None where there is no record, or not the one that the caller names.
    """
    best: Header | None = None
    for index, record in enumerate(records):
        if options.header_row is not None and record.sheet_row != options.header_row:
            continue
        if isinstance(record.cells, FieldError):
            header = Header(index, record, 0, complete=False)
        else:
            found = {field for cell in record.cells if (field := columns.match(cell)) is not None}
            header = Header(index, record, len(found), required <= found)
        if header.complete or options.header_row is not None:
            return header
        if best is None or (header.known > best.known and header.known >= _ENOUGH):
            best = header
    return best


class TableRows:
    """Makes rows of a table's records, and counts what it passes over.

    Args:
        layout: What the columns mean.
        notes: What is to be told of how the table was opened.
        readings: How the text of each field is read; by default it is taken as it stands.

    """

    def __init__(self, layout: Layout, notes: Iterable[str], readings: Readings = NO_READINGS) -> None:
        self._layout = layout
        self._readings = readings
        self._opened = tuple(notes)
        self._blank = 0
        self._total: Place | None = None
        self._total_lacks = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """How the table was read, a sentence each; complete once it was read to its end."""
        notes = list(self._opened)
        if self._blank:
            rows = "1 blank row" if self._blank == 1 else f"{self._blank:,} blank rows"
            notes.append(f"{rows} skipped")
        if self._total is not None:
            notes.append(f"Totals at the end ({self._total.beside}) skipped: they lack {self._total_lacks}")
        return tuple(notes)

    def read(  # noqa: C901, PLR0912  (the hot path: one call for all rows, none for each)
        self, at: Position, records: Iterable[list[str] | FieldError], checked: CheckedRows
    ) -> Iterator[Row]:
        """Yield the rows.

        Args:
            at: What tells where the latest record stands.
            records: The records below the header.
            checked: What is told the number of each row before that is handed out.
        """
        self._blank, self._total = 0, None
        layout, readings = self._layout, self._readings
        width, known, required = layout.width, layout.known, layout.required
        number = 0
        held: Row | None = None  # it looks like totals: whether anything follows tells
        lacks = _NOTHING
        for cells in records:
            if isinstance(cells, FieldError):
                number += 1
                row = Row(number, {}, (at.text,), (cells,), None, (), at.line, at.sheet_row)
                lacks = _NOTHING
            else:
                text = "".join(cells)
                if not text or text.isspace():
                    self._blank += 1
                    continue
                number += 1
                problems = _fit(cells, layout) if len(cells) != width else ()
                values: dict[str, object] = {}
                for field, position in known:
                    value = cells[position].strip()
                    if value:
                        values[field] = value
                if not text.isprintable():  # one look at all cells; rarely is a second one needed
                    problems += complaints(values.items())
                changes, refused = readings.read_cells(values, text)
                if refused:
                    problems += refused
                row = Row(number, values, tuple(cells), problems, None, changes, at.line, at.sheet_row)
                if layout.results:
                    _take_results(row, cells, layout)
                may_be_total = text[0] in _TOTAL_BEGINS  # empty cells before it leave nothing in the text
                lacks = required - values.keys() if may_be_total and _is_total(cells) else _NOTHING
            if held is not None:
                checked.number = held.number
                yield held
                held = None
            if lacks:
                held = row
            else:
                checked.number = number
                yield row
        if held is not None:
            self._total, self._total_lacks = held.place, ", ".join(sorted(lacks))


def _take_results(row: Row, cells: Sequence[str], layout: Layout) -> None:
    """Take the `result_*` cells off a row: what an earlier run said of it."""
    row.cells = (*(cells[position] for position in layout.own), *cells[layout.width :])
    row.earlier = _earlier(cells, layout.results)


def _fit(cells: list[str], layout: Layout) -> tuple[FieldError, ...]:
    """Give a row as many cells as the header has; say so where one beyond it is not empty."""
    width = len(cells)
    if width < layout.width:
        cells += [""] * (layout.width - width)
        return ()
    if not "".join(cells[layout.width :]).strip():
        del cells[layout.width :]
        return ()
    return (
        FieldError(
            "",
            f"the row has {width - len(layout.results)} cells where the header has {len(layout.own)}: "
            "quote a cell that holds the delimiter",
        ),
    )


def _is_total(cells: Sequence[str]) -> bool:
    """Tell whether the first cell that is filled says that the row is of totals."""
    for cell in cells:
        text = cell.strip()
        if text:
            return text.rstrip(" :").casefold() in _TOTALS
    return False  # pragma: no cover - blank rows are passed over before


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
