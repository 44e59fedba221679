"""Rows of a JSON Lines file, read as a stream."""

from __future__ import annotations

import json
import re
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn, cast

from alianza_async.bulk.input.cleaning import Gatherer
from alianza_async.bulk.input.counting import count_rows
from alianza_async.bulk.input.file_options import AS_IT_IS
from alianza_async.bulk.input.file_source import FileSource
from alianza_async.bulk.input.headers import Columns, misspelt
from alianza_async.bulk.input.readings import NO_READINGS
from alianza_async.bulk.input.rows import EXTRA_CELLS, RESULT_COLUMNS, UNREADABLE_LINE, EarlierResult, Row
from alianza_async.errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.input.readings import Readings
    from alianza_async.bulk.input.rows import Change
    from alianza_async.bulk.input.text_files import TextFile

__all__ = ["JsonlSource"]

_BLANK: Final = " \t\r\n"
_RESULTS: Final = frozenset(RESULT_COLUMNS)
_CONTROL: Final = re.compile("[\x00-\x1f]")
_SHOWN = 60


class JsonlSource(FileSource):
    """Rows of a JSON Lines file: one object a line, keys in snake_case or camelCase, values as typed.

    Memory does not grow with the file. Each iteration opens it again.

    Args:
        file: The file, found readable.
        fields: Our names of the fields a row may have.
        expected: What the file has to hold while its rows are read; None = whatever it holds.
        options: What some of its keys mean.
        readings: How the text of each field is read; other values are taken as typed.

    Attributes:
        name: The file's path.
        columns: Always empty: each line has its own keys.
        misspelt: Always empty: a row that has such a key is invalid.

    Raises:
        ConfigurationError: A key is mapped to what is no field.
    """

    columns: tuple[str, ...] = ()
    misspelt: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self,
        file: TextFile,
        *,
        fields: frozenset[str],
        expected: Fingerprint | None = None,
        options: FileOptions = AS_IT_IS,
        readings: Readings = NO_READINGS,
    ) -> None:
        super().__init__(file, expected)
        self._file = file
        self._fields = fields
        self._readings = readings
        self._names = Columns(fields, options)
        self._unknown: dict[str, str | None] = {}  # by key, the field that it nearly names

    @property
    def unknown_columns(self) -> tuple[str, ...]:
        """The keys met so far that mean no field we know."""
        return tuple(self._unknown)

    @property
    def notes(self) -> tuple[str, ...]:
        """Always empty: a line is a row, or says why not."""
        return ()

    def count(self) -> int | None:
        """Count the rows quickly, to show how far a job is; None where the file is too large for that.

        Raises:
            SourceError: It cannot be read.
        """
        return None if self._file.encoding.startswith("utf-16") else count_rows(self._file.path)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, in the file's order."""
        checked = self._rows
        number = 0
        with checked.opened(newline="\n") as handle:
            for line_number, line in enumerate(handle, 1):
                text = line.strip(_BLANK)
                if text:
                    number += 1
                    checked.number = number
                    row = self._row(number, text)
                    row.line = line_number
                    yield row

    def _row(self, number: int, text: str) -> Row:
        item = _parse(text)
        earlier: EarlierResult | None = None
        if isinstance(item, dict) and not _RESULTS.isdisjoint(item):
            earlier = _earlier(item)
            text, item = _without_results(text, item)
        if isinstance(item, dict) and len(item) == 1 and isinstance(item.get(UNREADABLE_LINE), str):
            text = cast("str", item[UNREADABLE_LINE])  # a result file fed back: the line is as bad as it was
            item = _parse(text)
        if isinstance(item, dict) and not text.isprintable() and _CONTROL.search(text):
            text = json.dumps(item, ensure_ascii=False)  # the result file has to be strict JSON
        if isinstance(item, FieldError):
            kept = json.dumps({UNREADABLE_LINE: text}, ensure_ascii=False)
            return Row(number, {}, kept, (item,), earlier)
        values, problems, changes = self._values(item)
        return Row(number, values, text, problems, earlier, changes)

    def _values(
        self, item: dict[str, object]
    ) -> tuple[dict[str, object], tuple[FieldError, ...], tuple[Change, ...]]:
        row = Gatherer()
        near: dict[str, str] = {}
        for key, value in item.items():
            field = self._names.match(key)
            if field is not None:
                row.put(field, value)
            elif key == EXTRA_CELLS:
                row.problems.append(FieldError("", "the row had more cells than its header when it was CSV"))
            elif (near_field := self._near(key)) is not None:
                near[key] = near_field
        for key, near_field in near.items():
            if near_field not in row.values:
                row.problems.append(FieldError(key[:_SHOWN], f"is no field; did you mean {near_field}?"))
        values, problems = row.end()
        changes, refused = self._readings.read(values)
        return values, problems + refused, changes

    def _near(self, key: str) -> str | None:
        """Return the field that an unknown key nearly names, and note the key."""
        if key not in self._unknown:
            self._unknown[key] = None if self._names.decides(key) else misspelt(key, self._fields)
        return self._unknown[key]


def _parse(text: str) -> dict[str, object] | FieldError:
    """Return a line's object, or what is wrong with the line; its text is not quoted."""
    try:
        # strict=False: a raw control character is found later, with its field's name.
        item = cast(
            "object", json.loads(text, strict=False, parse_constant=_refuse, object_pairs_hook=_no_doubles)
        )
    except json.JSONDecodeError as error:
        return FieldError("", f"the line is not JSON: {error.msg} (column {error.colno})")
    except ValueError as error:
        return FieldError("", f"the line is not JSON: {error}")
    except RecursionError:
        return FieldError("", "the line is nested too deep")
    if isinstance(item, dict):
        return cast("dict[str, object]", item)
    return FieldError("", f"the line holds {_kind(item)}, where an object is needed")


def _kind(item: object) -> str:
    if item is None:
        return "null"
    if isinstance(item, bool):
        return "true or false"
    if isinstance(item, str):
        return "a string"
    return "an array" if isinstance(item, list) else "a number"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object, refusing one that names a key twice: JSON would silently take the last."""
    item = dict(pairs)
    if len(item) != len(pairs):
        double = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {double[:_SHOWN]!r} is given twice")
    return item


def _earlier(item: dict[str, object]) -> EarlierResult | None:
    status = item.get("result_status")
    if not isinstance(status, str) or not status:
        return None
    attempts = item.get("result_attempts")
    return EarlierResult(
        status=status,
        id=_text(item.get("result_id")),
        error=_text(item.get("result_error")),
        attempts=attempts if isinstance(attempts, int) else 0,
        request_id=_text(item.get("result_request_id")),
        account_id=_text(item.get("result_account_id")),
        user_id=_text(item.get("result_user_id")),
        number_state=_text(item.get("result_number_state")),
        failed_step=_text(item.get("result_failed_step")),
    )


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _without_results(text: str, item: dict[str, object]) -> tuple[str, dict[str, object]]:
    """Take the `result_*` keys off an object and off its text, leaving the rest as it was written."""
    own = {key: value for key, value in item.items() if key not in _RESULTS}
    end = text.rfind('"result_row"')
    cut = text[:end].rstrip(_BLANK).removesuffix(",").rstrip(_BLANK) + "}"
    if _parse(cut) == own:
        return cut, own
    return json.dumps(own, ensure_ascii=False), own
