from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from pydantic import BaseModel, SecretStr

from alianza_async.bulk.input.rows import RESULT_COLUMNS
from alianza_async.bulk.input.sources import Source, open_source
from alianza_async.bulk.output.results import ResultFile, ResultLine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FIELDS = frozenset({"account_number", "account_name"})
RESULT_HEADER = ",".join(RESULT_COLUMNS)
CREATED = ResultLine("created", "id-1", None, 1, "r-1")


def _open(source: object) -> Source:
    return open_source(source, fields=FIELDS, key_field="account_number")  # type: ignore[arg-type]


def _file(tmp_path: Path, content: str | bytes, name: str = "in.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _run(source: Source, path: Path, *, order: Sequence[int] | None = None) -> Path:
    """Write one `created` line a row, in the given order of positions."""
    rows = list(source)
    with ResultFile(path, source=source) as file:
        for position in order if order is not None else range(len(rows)):
            file.write(rows[position], CREATED)
    return path


def _records(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as handle:
        return list(csv.reader(handle))


def _objects(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# --- what a line holds


def test_a_csv_line_is_the_inputs_own_text_and_what_became_of_it(tmp_path: Path) -> None:
    """Headers, unknown columns, spaces and formulas stay; commas and line feeds whatever the input had."""
    source = _open(_file(tmp_path, 'Note; Account Number\r\n =1+1;"A;1"\r\n;"say ""hi"""\r\n'))
    first, second = source
    with ResultFile(tmp_path / "out.csv", source=source) as file:
        file.write(first, CREATED)
        file.write(
            second,
            ResultLine(
                "failed",
                error="no, really\nnot",
                attempts=2,
                account_id="A-1",
                user_id="U-1",
                number_state="in service",
                failed_step="line",
            ),
        )
    assert (tmp_path / "out.csv").read_bytes().decode() == (
        f"Note, Account Number,{RESULT_HEADER}\n"
        " =1+1,A;1,1,created,id-1,,1,r-1,,,,\n"
        ',"say ""hi""",2,failed,,"no, really\nnot",2,,A-1,U-1,in service,line\n'
    )


def test_a_json_line_is_the_inputs_own_text_and_what_became_of_it(tmp_path: Path) -> None:
    """Number formats, escapes and spacing stay as they were written."""
    text = '{"accountNumber":"\\u00c5-1", "price": 1.50}\n{}\n'
    _run(_open(_file(tmp_path, text, "in.jsonl")), tmp_path / "out.jsonl")
    told = (
        '"result_status": "created", "result_id": "id-1", "result_error": null, "result_attempts": 1, '
        '"result_request_id": "r-1", "result_account_id": null, "result_user_id": null, '
        '"result_number_state": null, "result_failed_step": null}'
    )
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8") == (
        f'{{"accountNumber":"\\u00c5-1", "price": 1.50, "result_row": 1, {told}\n{{"result_row": 2, {told}\n'
    )


def test_a_csv_input_makes_json_lines_by_its_headers(tmp_path: Path) -> None:
    """Nameless and double headers become keys of their own; cells beyond the header are kept too."""
    source = _open(_file(tmp_path, "account_number,Note,Note,,Note_3\nA-1,a,b,c,d,e,f\n"))
    (item,) = _objects(_run(source, tmp_path / "out.ndjson"))
    assert list(item.items())[:6] == [
        ("account_number", "A-1"),
        ("Note", "a"),
        ("Note_3", "b"),
        ("column_4", "c"),
        ("Note_3_5", "d"),
        ("extra_cells", ["e", "f"]),
    ]
    assert list(item)[6:] == list(RESULT_COLUMNS)


def test_double_headers_never_share_a_key(tmp_path: Path) -> None:
    """Even a header that looks like the name made up for another one keeps its cells."""
    source = _open(_file(tmp_path, "account_number,n_4,n,n,n_4\nA-1,a,b,c,d\n"))
    (item,) = _objects(_run(source, tmp_path / "out.json"))
    assert list(item.values())[:5] == ["A-1", "a", "b", "c", "d"]


def test_a_json_lines_input_makes_csv_with_the_columns_of_all_lines(tmp_path: Path) -> None:
    """In the order in which they were met; two ways of writing a key are one column; values as JSON."""
    text = (
        '{"accountNumber": "A-1", "n": 1.5, "—": "x"}\nnot json\n'
        '{"tags": ["ü"], "account_number": "A-2", "n": null, "ok": true}\n'
    )
    path = _run(_open(_file(tmp_path, text, "in.jsonl")), tmp_path / "out.csv", order=[2, 0, 1])
    tail = ["created", "id-1", "", "1", "r-1", "", "", "", ""]
    assert _records(path) == [
        ["tags", "account_number", "n", "ok", "—", "unreadable_line", *RESULT_COLUMNS],
        ["", "A-1", "1.5", "", "x", "", "1", *tail],
        ["", "", "", "", "", "not json", "2", *tail],
        ['["ü"]', "A-2", "", "true", "", "", "3", *tail],
    ]


class _Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no text")


class _Model(BaseModel):
    account_number: str
    account_name: str | None = None
    secret: SecretStr = SecretStr("hunter2")


def _python_rows() -> list[object]:
    return [
        {"accountNumber": " A-1 ", "result_status": "mine"},
        _Model(account_number="A-2", secret=SecretStr("hunter2")),
        {"account_name": float("nan"), "x": _Unspeakable(), "n": 5},
        {"y": {"z": b"raw"}},
        7,
    ]


def test_rows_from_python_make_json_lines_of_their_fields(tmp_path: Path) -> None:
    """Models by the fields that were set, secrets masked; what JSON cannot say is said as text."""
    path = _run(_open(_python_rows()), tmp_path / "out.jsonl")
    own = [
        {key: value for key, value in item.items() if key not in RESULT_COLUMNS} for item in _objects(path)
    ]
    assert own == [
        {"account_number": "A-1"},
        {"account_number": "A-2", "secret": "**********"},
        {"account_name": "nan", "x": "<_Unspeakable>", "n": 5},
        {"y": {"z": "b'raw'"}},
        {},
    ]
    assert [item["result_status"] for item in _objects(path)] == ["created"] * 5


def test_rows_from_python_make_csv_of_their_fields(tmp_path: Path) -> None:
    """One column a field that any row had, in the order met."""
    path = _run(_open(_python_rows()), tmp_path / "out.csv")
    assert [record[: 1 - len(RESULT_COLUMNS)] for record in _records(path)] == [
        ["account_number", "secret", "account_name", "x", "n", "y", "result_row"],
        ["A-1", "", "", "", "", "", "1"],
        ["A-2", "**********", "", "", "", "", "2"],
        ["", "", "nan", "<_Unspeakable>", "5", "", "3"],
        ["", "", "", "", "", '{"z": "b\'raw\'"}', "4"],
        ["", "", "", "", "", "", "5"],
    ]


def test_half_a_character_from_python_is_written_somehow(tmp_path: Path) -> None:
    """A row that cannot be sent has its line too."""
    path = _run(_open([{"account_number": "x\ud800"}]), tmp_path / "out.jsonl")
    assert path.read_bytes().startswith(b'{"account_number": "x\xed\xa0\x80", "result_row": 1')
