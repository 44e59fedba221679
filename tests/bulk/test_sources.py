from __future__ import annotations

import codecs
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from alianza_async.bulk.input.cleaning import complaint
from alianza_async.bulk.input.rows import Row
from alianza_async.bulk.input.sources import Source, open_source
from alianza_async.errors import FieldError, SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FIELDS = frozenset({"account_number", "account_name", "billing_cycle_day", "tags"})
HEADER = "account_number,account_name,billing_cycle_day\n"


def _open(source: object, *, required: frozenset[str] = frozenset()) -> Source:
    return open_source(source, fields=FIELDS, required=required, key_field="account_number")  # type: ignore[arg-type]


def _file(tmp_path: Path, content: str | bytes, name: str = "rows.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _problems(row: Row) -> list[str]:
    return [str(problem) for problem in row.problems]


# --- files


async def test_a_file_can_be_read_again_and_by_async_for(tmp_path: Path) -> None:
    """Each iteration opens the file anew; both ways give the same rows."""
    for name, content in (("a.csv", HEADER + "A-1,x,1\n"), ("a.jsonl", '{"accountNumber": "A-1"}\n')):
        source = _open(_file(tmp_path, content, name))
        assert (source.is_file, source.is_async, source.name) == (True, False, str(tmp_path / name))
        assert [row async for row in source] == list(source) == list(source)


def test_a_path_may_be_text_bytes_or_a_path(tmp_path: Path) -> None:
    """A string is the name of a file, never an iterable of characters."""
    path = _file(tmp_path, HEADER)
    assert [_open(form).name for form in (path, str(path), os.fsencode(path))] == [str(path)] * 3


# --- files that cannot be read at all


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "a.csv", "is empty: it needs a header line and rows"),
        (b" \n\r\n\t", "a.csv", "is empty: it needs a header line and rows"),
        (b"\xef\xbb\xbf", "a.jsonl", "is empty: it needs a header line and rows"),
        (b"PK\x03\x04\x14\x00\x06\x00", "a.xls", "is not a text file: save a spreadsheet as .xlsx"),
        ("account_number\n".encode("utf-16-le"), "a.csv", "is not a text file"),
        (codecs.BOM_UTF16_LE + b"a", "a.csv", "is not valid utf-16: save it as UTF-8"),
        (b'[{"account_number": "A"}]', "a.json", "holds one JSON array: write one object a line"),
        (b"name\nx\n", "a.csv", "lacks the column account_number"),
        (b'"account_number\nx\n', "a.csv", "in the header line a quote opened in line 1 is never closed"),
        (b"account_number," + b"x" * 131073, "a.csv", "in the header line a cell of line 1 is longer than"),
    ],
)
def test_a_file_that_holds_no_rows_we_can_read_is_refused(
    tmp_path: Path, content: bytes, name: str, told: str
) -> None:
    """One sentence names the file, says what it is and what to do, before anything is sent."""
    path = _file(tmp_path, content, name)
    with pytest.raises(SourceError, match=f"^{re.escape(str(path))}:? {re.escape(told)}"):
        _open(path)


def test_a_missing_file_a_directory_a_pipe_and_no_path_are_refused(tmp_path: Path) -> None:
    """Each in its own sentence."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, told in (
        (tmp_path / "none.csv", f"there is no file {tmp_path / 'none.csv'}: check the path"),
        (tmp_path, f"{tmp_path} is a directory: name a CSV, JSON Lines or Excel file"),
        (pipe, f"{pipe} is not a regular file: name a CSV, JSON Lines or Excel file"),
        ("a\0b", "'a\\x00b' is no path: it holds what no file name can"),
        (tmp_path / ("x" * 300), f"{tmp_path / ('x' * 300)} cannot be read: File name too long"),
    ):
        with pytest.raises(SourceError) as caught:
            _open(path)
        assert str(caught.value) == told


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says to change the permissions; root reads everything, so the refusal is made up."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = _file(tmp_path, HEADER)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match="may not be read by this user: change its permissions"):
        _open(path)


def test_a_file_that_vanishes_before_it_is_read_is_our_error(tmp_path: Path) -> None:
    """Reading is checked like opening."""
    path = _file(tmp_path, HEADER)
    source = _open(path)
    path.unlink()
    with pytest.raises(SourceError, match="there is no file"):
        list(source)


def test_every_required_column_must_be_there_and_the_key_always(tmp_path: Path) -> None:
    """What no row can do without is asked for before the first row."""
    path = _file(tmp_path, "account_number\nA\n")
    with pytest.raises(SourceError, match="lacks the column account_name"):
        _open(path, required=frozenset({"account_name"}))


# --- rows from Python


class _Model(BaseModel):
    account_number: str
    account_name: str | None = None


def test_models_are_rows_as_they_are() -> None:
    """A model is handed on untouched; a control character in it is a problem all the same."""
    good, bad = _Model(account_number="A-1"), _Model(account_number="A\t2")
    assert list(_open([good, bad])) == [
        Row(1, good, None),
        Row(
            2, bad, None, _first_problem("account_number", "a control character (U+0009) as its character 2")
        ),
    ]


def _first_problem(field: str, what: str) -> tuple[FieldError, ...]:
    row = next(iter(_open([{field: "A\t2"}])))
    assert _problems(row) == [f"{field}: holds {what}: remove it"]
    return row.problems


def test_mappings_are_rows_with_our_names() -> None:
    """Known keys become snake_case, values trimmed, empty ones dropped; unknown keys stay for the model."""
    items: list[dict[str, object]] = [
        {"accountNumber": " A-1 ", "account_name": "", "billingCycleDay": None, "tags": []},
        {"x": None},
    ]
    assert list(_open(items)) == [
        Row(1, {"account_number": "A-1", "tags": []}, None),
        Row(2, {"x": None}, None),
    ]


def test_each_row_is_read_by_its_own_keys() -> None:
    """Keys are worked out once for rows that have the same ones, and for no others, however many."""
    wild: list[dict[object, object]] = [{f"x{number}": number, "accountNumber": "A"} for number in range(600)]
    alike: list[dict[object, object]] = [
        {"accountNumber": "A-1", "x": " "},
        {"x": " ", "accountNumber": "A-1"},
        {1: "x"},
        {True: "x"},
        {1.0: "x"},
    ]
    rows = list(_open([*wild, *alike, *wild]))
    expected = [{f"x{number}": number, "account_number": "A"} for number in range(600)]
    assert [row.values for row in rows] == [
        *expected,
        {"account_number": "A-1", "x": " "},
        {"account_number": "A-1", "x": " "},
        *({}, {}, {}),
        *expected,
    ]
    told = [f"a key is of type {name}, where text is needed" for name in ("int", "bool", "float")]
    assert [_problems(row) for row in rows[602:605]] == [[each] for each in told]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (7, "the row is of type int, where a mapping or a model is needed"),
        ("A-1", "the row is of type str, where a mapping or a model is needed"),
        (None, "the row is of type NoneType, where a mapping or a model is needed"),
        ({1: "x"}, "a key is of type int, where text is needed"),
        (
            {"accountNumber": "A", "account_number": "A"},
            "account_number: is given twice, by differently written keys: keep one",
        ),
        ({"x": "a\x1bb"}, "x: holds a control character (U+001B) as its character 2: remove it"),
        ({"billing_cycle_day": float("nan")}, "billing_cycle_day: is not a finite number"),
    ],
)
def test_one_bad_item_is_one_bad_row(item: object, told: str) -> None:
    """It never stops the rest, whatever it is."""
    first, second = _open([item, {"account_number": "A-2"}])
    assert _problems(first) == [told]
    assert second == Row(2, {"account_number": "A-2"}, None)


async def test_async_iterables_give_the_same_rows() -> None:
    """They are numbered from 1 too, and refuse the plain `for`."""

    async def items() -> AsyncIterator[object]:
        yield {"accountNumber": "A-1"}
        yield 5

    source = _open(items())
    assert (source.name, source.is_file, source.is_async) == ("<iterable>", False, True)
    assert (source.columns, source.unknown_columns) == ((), ())
    with pytest.raises(TypeError, match="async for"):
        iter(source)
    expected = list(_open([{"accountNumber": "A-1"}, 5]))
    assert [row async for row in source] == expected
    assert [row async for row in _open([{"accountNumber": "A-1"}, 5])] == expected


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"account_number": "A"}, "one dict was given where rows are needed: put it in a list"),
        (_Model(account_number="A"), "one _Model was given where rows are needed: put it in a list"),
        (5, "a value of type int holds no rows: give a path, an iterable or an async iterable"),
    ],
)
def test_what_holds_no_rows_is_refused(source: object, told: str) -> None:
    """One item instead of a list of items is the common mistake, and is named."""
    with pytest.raises(SourceError) as caught:
        _open(source)
    assert str(caught.value) == told


# --- values


def _nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Çağr\u0131 Møller 株式会社 🚀", None),
        ("no-break\u00a0space, zero\u200bwidth", None),
        (5, None),
        (None, None),
        (1.5, None),
        (float("inf"), "is not a finite number"),
        (["a", {"b": ("c", 1)}], None),
        (["a", {"b": ["c\x7f"]}], "holds a control character (U+007F) as its character 2: remove it"),
        ({"k\x00": 1}, "holds a control character (U+0000) as its character 2: remove it"),
        (_nested(32), None),
        (_nested(33), "is nested deeper than 32 levels"),
        (_nested(100_000), "is nested deeper than 32 levels"),
    ],
)
def test_what_is_unfit_to_send(value: object, expected: str | None) -> None:
    """Control characters and impossible numbers are found at any depth; everything else is sent as it is."""
    assert complaint(value) == expected
