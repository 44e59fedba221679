from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.input.rows import EarlierResult, Row
from alianza_async.bulk.input.sources import Source, open_source

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = frozenset({"account_number", "account_name", "billing_cycle_day", "tags"})


def _open(tmp_path: Path, content: str | bytes, name: str = "rows.jsonl") -> Source:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_source(path, fields=FIELDS, key_field="account_number")


@pytest.mark.parametrize("name", ["a.jsonl", "a.NDJSON", "a.json-lines", "a.json", "a.txt", "rows"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_lines_are_told_by_suffix_or_first_character(tmp_path: Path, name: str, encoding: str) -> None:
    """A known suffix says so; any other file is JSON Lines where it starts with a brace."""
    rows = list(_open(tmp_path, '\n{"accountNumber": "Ø"}\r\n'.encode(encoding), name))
    assert rows == [Row(1, {"account_number": "Ø"}, '{"accountNumber": "Ø"}')]


def test_values_keep_their_types(tmp_path: Path) -> None:
    """Numbers, booleans and lists stay as they are, strings are trimmed, null and empty are not given."""
    text = '{"account_number":12, "Account Name":" x ", "billingCycleDay":null, "tags":["a ", true]}'
    assert list(_open(tmp_path, text)) == [
        Row(1, {"account_number": 12, "account_name": "x", "tags": ["a ", True]}, text)
    ]


def test_unknown_keys_are_kept_and_named_once(tmp_path: Path) -> None:
    """They stand in the row's text and in `unknown_columns` once met, never in the values."""
    source = _open(tmp_path, '{"crm": 1}\n{"crm": 2, "ref": "x", "tags": []}\n')
    assert [row.values for row in source] == [{}, {"tags": []}]
    assert source.unknown_columns == ("crm", "ref")
    assert source.columns == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "the line is not JSON: Expecting property name enclosed in double quotes (column 2)"),
        ("not json", "the line is not JSON: Expecting value (column 1)"),
        ('{"tags": NaN}', "the line is not JSON: NaN is no JSON number"),
        ('{"tags": -Infinity}', "the line is not JSON: -Infinity is no JSON number"),
        ('{"a": 1, "a": 2}', "the line is not JSON: the key 'a' is given twice"),
        ('["a"]', "the line holds an array, where an object is needed"),
        ('"a"', "the line holds a string, where an object is needed"),
        ("null", "the line holds null, where an object is needed"),
        ("true", "the line holds true or false, where an object is needed"),
        ("7", "the line holds a number, where an object is needed"),
        ('{"tags": ' + "[" * 100_000 + "]" * 100_000 + "}", "the line is nested too deep"),
    ],
)
def test_a_line_that_is_no_object_is_one_bad_row(tmp_path: Path, line: str, told: str) -> None:
    """It is told what is wrong, its text is kept as a JSON string, and reading goes on."""
    bad, good = _open(tmp_path, f'{line}\n{{"account_number": "A-2"}}\n')
    assert [str(problem) for problem in bad.problems] == [told]
    assert bad.values == {}
    assert isinstance(bad.cells, str)
    assert json.loads(bad.cells) == {"unreadable_line": line}
    assert good == Row(2, {"account_number": "A-2"}, '{"account_number": "A-2"}')


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"account_name": "a\\u0000b"}', "account_name: holds a control character (U+0000)"),
        (b'{"account_name": "a\x01b"}', "account_name: holds a control character (U+0001)"),
        (b'{"account_name": "a\\ud800b"}', "account_name: holds half a character (U+D800)"),
        (b'{"account_name": "a\xe9b"}', "account_name: holds the byte 0xE9"),
        (b'{"tags": [{"x": "a\\nb"}]}', "tags: holds a control character (U+000A)"),
        (b'{"tags": 1e999}', "tags: is not a finite number"),
        (
            b'{"accountNumber": "A", "account_number": "A"}',
            "account_number: is given twice, by differently written keys: keep one",
        ),
        (b'{"extra_cells": ["x"]}', "the row had more cells than its header when it was CSV"),
    ],
)
def test_a_value_that_cannot_be_sent_names_its_field(tmp_path: Path, line: bytes, told: str) -> None:
    """Escaped or raw, at any depth."""
    (row,) = _open(tmp_path, line)
    assert len(row.problems) == 1
    assert str(row.problems[0]).startswith(told)


def test_a_raw_control_character_is_kept_as_strict_json(tmp_path: Path) -> None:
    """The row's text goes into a result file that every JSON parser must read."""
    (row,) = _open(tmp_path, b'{"account_name": "a\x01b"}')
    assert row.cells == '{"account_name": "a\\u0001b"}'


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"a": 1.50, "result_row": 1, "result_status": "created", "result_id": "i"}', '{"a": 1.50}'),
        ('{"a":1.50 ,"result_row":1,"result_status":"created","result_id":"i"}', '{"a":1.50}'),
        ('{"result_row": 1, "result_status": "created", "result_id": "i"}', "{}"),
        ('{"result_status": "created", "a": 1.50, "result_id": "i"}', '{"a": 1.5}'),
        ('{"result_row": 1, "result_status": "created", "a": 2, "result_id": "i"}', '{"a": 2}'),
    ],
)
def test_a_result_file_fed_back_loses_its_result_keys(tmp_path: Path, line: str, text: str) -> None:
    """The text before them stays as it was written; where they stand elsewhere it is written anew."""
    (row,) = _open(tmp_path, line)
    assert row == Row(1, {}, text, (), EarlierResult("created", "i"))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"result_status": ""}, None),
        ({"result_status": 5}, None),
        ({"result_row": 1}, None),
        (
            {"result_status": "failed", "result_attempts": "x", "result_error": "", "result_id": 5},
            EarlierResult("failed", "5"),
        ),
        (
            {"result_status": "failed", "result_attempts": 3, "result_error": "e", "result_request_id": "r"},
            EarlierResult("failed", None, "e", 3, "r"),
        ),
    ],
)
def test_an_earlier_result_is_read_as_far_as_it_goes(
    tmp_path: Path, told: dict[str, object], expected: EarlierResult | None
) -> None:
    """A result file somebody edited never breaks the reading."""
    (row,) = _open(tmp_path, json.dumps(told))
    assert row.earlier == expected


def test_a_bad_line_fed_back_is_as_bad_as_it_was(tmp_path: Path) -> None:
    """Its kept text is read again, so that the same problem is told again."""
    line = json.dumps({"unreadable_line": "not json", "result_row": 1, "result_status": "invalid"})
    (row,) = _open(tmp_path, line)
    assert [str(problem) for problem in row.problems] == ["the line is not JSON: Expecting value (column 1)"]
    assert row.cells == '{"unreadable_line": "not json"}'
    assert row.earlier == EarlierResult("invalid")
