"""The lines of a result file, as CSV and as JSON: how one is written, found again and numbered."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Final, cast

from pydantic import BaseModel

from alianza_async.bulk.input.headers import normalise
from alianza_async.bulk.input.rows import EXTRA_CELLS, RESULT_COLUMNS, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from alianza_async.bulk.input.rows import ResultLine

__all__ = ["CsvLines", "CsvTable", "JsonLines"]

_RESULTS: Final = frozenset(RESULT_COLUMNS)
_NUMBER_KEY: Final = b'"result_row": '


def encoded(text: str) -> bytes:
    """Return text as UTF-8, with bytes that were no UTF-8 in the input as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, from UTF-16 or from Python
        return text.encode("utf-8", "surrogatepass")


class _LastLine:
    """A file for `csv.writer` that holds what was written last."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


class _CsvEncoder:
    """Turn cells into one CSV record."""

    def __init__(self) -> None:
        self._last = _LastLine()
        # Before Python 3.13 the writer quotes a carriage return only where its own line end has one: so let
        # it have one, and take it off again.
        self._writer = csv.writer(self._last, lineterminator="\r\n")

    def record(self, cells: Iterable[object]) -> bytes:
        self._writer.writerow(cells)
        return encoded(self._last.text[:-2] + "\n")


class CsvLines:
    """CSV lines of rows that came from CSV.

    A row with more cells than the header has them after its `result_*` cells, so that every column keeps its
    place and the row is found too long again when the file is fed back.

    Args:
        columns: The input's own headers.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._width = len(columns)
        self._encoder = _CsvEncoder()

    def header(self) -> bytes:
        """Return the header line."""
        return self._encoder.record((*self._columns, *RESULT_COLUMNS))

    def line(self, row: Row, result: ResultLine) -> bytes:
        """Return one row's line."""
        width = self._width
        own = row.cells if isinstance(row.cells, tuple) else ()
        if len(own) < width:
            own += ("",) * (width - len(own))
        return self._encoder.record((*own[:width], row.number, *_values(result), *own[width:]))

    def split(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield each record of a file that this class wrote; a quoted cell may hold line ends."""
        held: list[bytes] = []
        is_open = False
        for line in lines:
            held.append(line)
            is_open ^= line.count(b'"') % 2 == 1
            if not is_open:
                yield b"".join(held)
                held.clear()

    def number(self, record: bytes) -> int:
        """Return the row number in a record that this class wrote."""
        if b'"' not in record:
            return int(record.split(b",", self._width + 1)[self._width])
        left = self._width
        for outside in record.split(b'"')[::2]:  # the commas between cells are those outside quotes
            found = outside.count(b",")
            if found >= left:
                return int(outside.split(b",")[left])
            left -= found
        raise AssertionError("a record without a row number")  # pragma: no cover - line() always writes one


class JsonLines:
    """JSON lines of rows from anywhere.

    Args:
        columns: A CSV input's own headers, empty otherwise.
        on_object: Called with the input's own object of each line.
    """

    def __init__(
        self,
        columns: Sequence[str],
        *,
        on_object: Callable[[Mapping[str, object]], None] | None = None,
    ) -> None:
        self._keys = _distinct(columns)
        self._on_object = on_object

    def line(self, row: Row, result: ResultLine) -> bytes:
        """Return one row's line; the text of a row that came as JSON is kept as it was written."""
        if isinstance(row.cells, str):
            text = row.cells
            if self._on_object is not None:
                self._on_object(cast("dict[str, object]", json.loads(text, strict=False)))
        else:
            own = _python_object(row) if row.cells is None else self._csv_object(row.cells)
            text = _dumped(own)
            if self._on_object is not None:
                self._on_object(own)
        told = json.dumps(
            dict(zip(RESULT_COLUMNS, (row.number, *_values(result)), strict=True)), ensure_ascii=False
        )
        start = text[:-1].rstrip()
        return encoded(f"{start}{'' if start == '{' else ', '}{told[1:]}\n")

    def split(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield each record of a file that this class wrote."""
        yield from lines

    def number(self, record: bytes) -> int:
        """Return the row number in a record that this class wrote.

        Inside a string the key's quotes would be escaped, so its last occurrence is ours.
        """
        start = record.rindex(_NUMBER_KEY) + len(_NUMBER_KEY)
        return int(record[start : record.index(b",", start)])

    def _csv_object(self, cells: tuple[str, ...]) -> dict[str, object]:
        own: dict[str, object] = dict(zip(self._keys, cells, strict=False))
        if len(cells) > len(self._keys):
            own[EXTRA_CELLS] = list(cells[len(self._keys) :])
        return own


class CsvTable:
    """CSV whose columns are known only when every row has been seen."""

    def __init__(self) -> None:
        self._columns: dict[
            str, str
        ] = {}  # by normalised name, so that two ways of writing one are one column
        self._encoder = _CsvEncoder()

    def learn(self, own: Mapping[str, object]) -> None:
        """Note the columns of one row."""
        for key in own:
            name = normalise(key) or key
            if name not in self._columns:
                self._columns[name] = key

    def rewritten(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the header, and each line that `JsonLines` wrote as a line of CSV."""
        yield self._encoder.record((*self._columns.values(), *RESULT_COLUMNS))
        for line in lines:
            item = cast(
                "dict[str, object]", json.loads(line.decode("utf-8", "surrogateescape"), strict=False)
            )
            told = [item.pop(name) for name in RESULT_COLUMNS]
            own = {normalise(key) or key: value for key, value in item.items()}
            yield self._encoder.record((*(_cell(own.get(name)) for name in self._columns), *told))


def _values(result: ResultLine) -> tuple[object, ...]:
    return (
        result.status,
        result.id,
        result.error,
        result.attempts,
        result.request_id,
        result.account_id,
        result.user_id,
        result.number_state,
        result.failed_step,
    )


def _distinct(columns: Sequence[str]) -> tuple[str, ...]:
    """Return each header as a key of its own: JSON has no nameless and no double ones."""
    keys: dict[str, None] = {}
    for position, column in enumerate(columns, 1):
        key = column if column.strip() and column not in keys else f"{column.strip() or 'column'}_{position}"
        while key in keys:
            key += "_"
        keys[key] = None
    return tuple(keys)


def _python_object(row: Row) -> dict[str, object]:
    values = row.given
    if isinstance(values, BaseModel):
        values = values.model_dump(exclude_unset=True, warnings=False)
    return {key: value for key, value in values.items() if key not in _RESULTS}


def _dumped(own: Mapping[str, object]) -> str:
    """Return an object as JSON, whatever Python put into it: a row that cannot be sent has its line, too."""
    try:
        return json.dumps(own, ensure_ascii=False, allow_nan=False, default=_text)
    except (ValueError, TypeError, RecursionError):
        shown = {key: value if isinstance(value, (str, int)) else _text(value) for key, value in own.items()}
        return json.dumps(shown, ensure_ascii=False)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a value's own `__str__` may do anything
        return f"<{type(value).__name__}>"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
