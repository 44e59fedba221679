"""What we write into a table begins no formula; what the input had is the input's own."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from alianza_async.bulk.input.formulas import quoted, unquoted
from alianza_async.bulk.input.sources import open_source
from alianza_async.bulk.output.results import ResultFile, ResultLine
from tests.bulk.engine import accounts, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.input.sources import Source
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

HOSTILE = ResultLine(
    "failed",
    '=HYPERLINK("http://evil.example")',
    "@SUM(1)",
    1,
    "+1",
    "-2",
    "\t=1",
    "'=already",
    "plain",
)
SAFE = ["failed", '\'=HYPERLINK("http://evil.example")', "'@SUM(1)", "1", "'+1", "'-2", "'\t=1", "''=already"]


def source_of(rows: object) -> Source:
    """Open rows that have an account number and a name."""
    return open_source(
        rows,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        fields=frozenset({"account_number", "account_name"}),
        key_field="account_number",
    )


def written(source: Source, path: Path) -> Path:
    """Write the hostile line for each row."""
    with ResultFile(path, source=source) as file:
        for row in source:
            file.write(row, HOSTILE)
    return path


@given(st.text(st.sampled_from("'=+-@\t\ra1 "), max_size=5))
def test_what_was_quoted_comes_back(cell: str) -> None:
    """A cell that is quoted begins no formula, and taking the quote off gives back what it was."""
    shown = quoted(cell)
    assert isinstance(shown, str)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unquoted(shown) == cell


@pytest.mark.parametrize("cell", [None, 5, -5, "", "id-1", "a=b", "'quoted'"])
def test_any_other_cell_is_left_alone(cell: object) -> None:
    """Figures, nothing, and text that begins no formula are written as they are."""
    assert quoted(cell) == cell


def test_our_cells_of_a_csv_file(tmp_path: Path) -> None:
    """Of a result file our own columns are quoted, the input's are not, and all is read back as it was."""
    own = "account_number,account_name\n=A1,@name\n"
    (tmp_path / "in.csv").write_text(own, encoding="utf-8")
    out = written(source_of(tmp_path / "in.csv"), tmp_path / "out.csv")
    with out.open(encoding="utf-8", newline="") as handle:
        (_, cells) = csv.reader(handle)
    assert cells[:3] == ["=A1", "@name", "1"]
    assert cells[3:11] == SAFE
    (again,) = source_of(out)
    assert again.cells == ("=A1", "@name")
    assert again.earlier == HOSTILE


def test_our_cells_of_rows_from_python(tmp_path: Path) -> None:
    """A CSV file whose columns are known at the end is quoted likewise."""
    out = written(source_of([{"account_number": "=A1"}]), tmp_path / "out.csv")
    with out.open(encoding="utf-8", newline="") as handle:
        (_, cells) = csv.reader(handle)
    assert (cells[0], cells[2:10]) == ("=A1", SAFE)
    (again,) = source_of(out)
    assert again.earlier == HOSTILE


def test_json_is_no_spreadsheet(tmp_path: Path) -> None:
    """JSON Lines hold what there is: nothing reads formulas there."""
    out = written(source_of([{"account_number": "=A1"}]), tmp_path / "out.jsonl")
    assert json.loads(out.read_text(encoding="utf-8"))["result_id"] == HOSTILE.id
    (again,) = source_of(out)
    assert again.earlier == HOSTILE


async def test_a_job_resumes_from_quoted_cells(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """A result file whose ids were quoted is fed back: what is done is done, and nothing is sent twice."""
    source = write_csv(tmp_path / "a.csv", accounts(2))
    report = await session.bulk.create_accounts(source, results=tmp_path / "out.csv").run()
    assert report.created == 2
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    (first, *_) = [account["id"] for account in sandbox.store.accounts.values()]
    (tmp_path / "out.csv").write_text(text.replace(str(first), f"'={first}"), encoding="utf-8")
    again = await session.bulk.create_accounts(tmp_path / "out.csv", results=tmp_path / "two.csv").run()
    assert again.all_done
    assert sandbox.truth().created_accounts == 2
    assert f"'={first}" in (tmp_path / "two.csv").read_text(encoding="utf-8")
