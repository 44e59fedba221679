"""Excel files as bulk input: each cell as a person sees it, rows by the sheet's own numbers."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from alianza_async import ConfigurationError, InputChangedError, Session, SourceError
from alianza_async.bulk import FileOptions, Fingerprint
from alianza_async.bulk.input.sheet_source import SheetSource
from alianza_async.bulk.input.sources import open_source
from tests.bulk.workbooks import Error, Number, write_workbook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alianza_async.bulk.input.sources import Source
    from alianza_async.sandbox import Sandbox

FIELDS = frozenset({"account_number", "account_name", "billing_cycle_day"})
HEAD = ("Account Number", "Account Name", "Billing Cycle Day")


def _open(path: Path, options: FileOptions = FileOptions()) -> Source:  # noqa: B008  (frozen)
    return open_source(path, fields=FIELDS, key_field="account_number", options=options)


def _sheet(tmp_path: Path, *rows: Sequence[object], first: int = 1) -> Path:
    return write_workbook(tmp_path / "a.xlsx", {"Sheet1": dict(enumerate(rows, first))})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('Shop 12" <&>', 'Shop 12" <&>'),
        (10001, "10001"),
        (10001.0, "10001"),
        (18015551234, "18015551234"),
        (0.1, "0.1"),
        (-3.0, "-3"),
        (Number("1.23456789012345E+21"), "1.23456789012345E+21"),
        (True, "TRUE"),
        (False, "FALSE"),
        (Number("46447:14"), "2027-03-01"),
        (Number("46447.5:22"), "2027-03-01T12:00:00"),
        (Number("0.5:20"), "12:00:00"),
        (Number("1.0625:46"), "25:30:00"),
        (Error("#N/A"), "#N/A"),
        (Error("#REF!"), "#REF!"),
        (None, ""),
    ],
)
def test_a_cell_is_the_text_that_a_person_sees(value: object, shown: str, tmp_path: Path) -> None:
    """No `.0`, dates as ISO 8601, an error as its own text: empty it would be a value that is not given."""
    (row,) = _open(_sheet(tmp_path, HEAD, ("A-1", value, 1)))
    assert row.cells == ("A-1", shown, "1")


def test_errors_are_found_wherever_the_table_begins(tmp_path: Path) -> None:
    """A table that begins neither in the first row nor in the first column has each error in its own cell."""
    path = _sheet(
        tmp_path,
        (None, *HEAD),
        (None, "A-1", Error("#DIV/0!"), 1),
        (None, "A-2", "Shop", 2),
        (None, "A-3", "Shop", Error("#NAME?")),
        first=4,
    )
    assert [(row.sheet_row, row.cells) for row in _open(path)] == [
        (5, ("A-1", "#DIV/0!", "1")),
        (6, ("A-2", "Shop", "2")),
        (7, ("A-3", "Shop", "#NAME?")),
    ]


def test_rows_are_numbered_and_know_their_row_in_the_sheet(tmp_path: Path) -> None:
    """Blank rows are counted and are no rows; numbers go on as in a CSV file."""
    path = write_workbook(
        tmp_path / "a.xlsx", {"S": {2: HEAD, 3: ("A-1", "x"), 6: ("A-2",), 9: (" ",), 10: ("A-3",)}}
    )
    source = _open(path)
    assert [str(row.place) for row in source] == [
        "row 1 (spreadsheet row 3)",
        "row 2 (spreadsheet row 6)",
        "row 3 (spreadsheet row 10)",
    ]
    assert source.notes == (
        "Header found in spreadsheet row 2; 1 row above it left out",
        "5 blank rows skipped",
    )
    assert (source.count(), len(list(source))) == (3, 3)


def test_the_first_sheet_with_a_header_is_read(tmp_path: Path) -> None:
    """Which one, and which are not read, is told; `sheet` names another one."""
    sheets: dict[str, dict[int, Sequence[object]]] = {
        "Empty": {},
        "Notes": {1: ["Call Bob", "before Friday"]},
        "New": {1: HEAD, 2: ("A-1", "New", 1)},
        "Old & gone": {1: HEAD, 2: ("A-1", "Old", Error("#N/A"))},
    }
    path = write_workbook(tmp_path / "a.xlsx", sheets)
    source = _open(path)
    assert [row.cells for row in source] == [("A-1", "New", "1")]
    assert source.notes == ("Sheet 'New' read; not read: 'Empty', 'Notes', 'Old & gone'",)
    named = _open(path, FileOptions(sheet="Old & gone"))
    assert [row.cells for row in named] == [("A-1", "Old", "#N/A")]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (FileOptions(sheet="new"), "has no sheet 'new'; it has 'New', 'Empty': name one of them"),
        (FileOptions(sheet="Empty"), "is empty: it needs a header row and rows"),
        (FileOptions(header_row=9), "has no row 9: see header_row"),
        (FileOptions(header_row=1), "lacks the column account_number (did you mean 'Acount Nr'?)"),
        (FileOptions(), "lacks the column account_number (did you mean 'Acount Nr'?)"),
    ],
)
def test_a_sheet_that_does_not_fit_is_refused(options: FileOptions, told: str, tmp_path: Path) -> None:
    """The sentence names the file, and the sheet where one was read."""
    path = write_workbook(tmp_path / "a.xlsx", {"New": {1: ["Acount Nr"], 2: ["A-1"]}, "Empty": {}})
    with pytest.raises(SourceError) as caught:
        _open(path, options)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    """Neither text by that name, nor half a file, nor a zip archive of something else is a traceback."""
    whole = _sheet(tmp_path, HEAD).read_bytes()
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as parts:
        parts.writestr("a.txt", "x")
    contents = [
        b"account_number\nA-1\n",
        whole[: len(whole) // 2],
        (tmp_path / "other.zip").read_bytes(),
        b"",
    ]
    for content in contents:
        (tmp_path / "b.xlsx").write_bytes(content)
        with pytest.raises(SourceError, match=r"b\.xlsx is no Excel file that can be read"):
            _open(tmp_path / "b.xlsx")
    with pytest.raises(SourceError, match=r"there is no file .*none\.xlsx: check the path"):
        _open(tmp_path / "none.xlsx")


def test_an_error_that_does_not_say_where_it_is_is_refused(tmp_path: Path) -> None:
    """A cell may lack its place; an error that cannot be placed would be a value that is not given."""
    path = _sheet(tmp_path, HEAD, ("A-1", Error("#N/A"), 1))
    with zipfile.ZipFile(path) as parts:
        kept = {name: parts.read(name) for name in parts.namelist()}
    with zipfile.ZipFile(path, "w") as parts:
        for name, part in kept.items():
            parts.writestr(name, part.replace(b' r="B2"', b""))
    with pytest.raises(SourceError, match=r"a\.xlsx is not built as Excel files are: save it"):
        _open(path)


def test_a_text_files_options_do_not_go_with_it(tmp_path: Path) -> None:
    """Nor the other way round, nor with rows from Python: what would mean nothing is refused."""
    path = _sheet(tmp_path, HEAD)
    (tmp_path / "a.csv").write_text("account_number\n")
    (tmp_path / "a.jsonl").write_text('{"account_number": "A"}\n')
    cases: list[tuple[object, FileOptions, str]] = [
        (path, FileOptions(encoding="utf-8"), "encoding does not go with an Excel file: leave it out"),
        (tmp_path / "a.csv", FileOptions(sheet="S"), "sheet does not go with a text file: leave it out"),
        (
            tmp_path / "a.jsonl",
            FileOptions(header_row=1),
            "header_row does not go with JSON Lines: leave it out",
        ),
        ([], FileOptions(drop=["x"]), "drop does not go with rows that come from Python: leave it out"),
    ]
    for source, options, told in cases:
        with pytest.raises(ConfigurationError) as caught:
            open_source(source, fields=FIELDS, key_field="account_number", options=options)  # type: ignore[arg-type]
        assert str(caught.value) == told


def test_without_the_package_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file and the extra."""
    path = _sheet(tmp_path, HEAD)
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ConfigurationError, match=r"run `pip install 'alianza-async\[excel\]'`, or save"):
        _open(path)


def test_a_file_that_changed_since_is_not_sent(tmp_path: Path) -> None:
    """Rows are those of the bytes that the job is held to; what is in memory does not change any more."""
    path = _sheet(tmp_path, HEAD, ("A-1", "x", 1))
    source = _open(path)
    before = Fingerprint.of(path)
    source.expect(before)
    _sheet(tmp_path, HEAD, ("A-2", "y", 2))
    assert [row.cells for row in source] == [("A-1", "x", "1")]

    stale = _open(path)
    stale.expect(before)
    with pytest.raises(InputChangedError, match="rows from 1 on were not sent"):
        list(stale)
    assert stale.handed_out == 0


async def test_a_job_of_a_sheet_is_resumed(tmp_path: Path, sandbox: Sandbox, session: Session) -> None:
    """It runs, writes results, is resumed with nothing left to do, and refuses another file of that name."""
    titles = ("account_number", "account_name", "account_type", "time_zone", "billing_cycle_day")
    rows = [(f"{number}", "Shop", "SIMPLE", "US/Eastern", 1) for number in range(10001, 10004)]
    path = _sheet(tmp_path, titles, *rows)
    journal, results = tmp_path / "job.db", tmp_path / "results.csv"
    report = await session.bulk.run("accounts", path, journal=journal, results=results).run()
    assert (report.created, sandbox.truth().created_accounts) == (3, 3)
    assert results.read_text().splitlines()[1].startswith("10001,Shop,SIMPLE,US/Eastern,1,1,created,")

    resumed = await session.bulk.resume(journal).run()
    assert (resumed.created, sandbox.truth().created_accounts) == (3, 3)
    _sheet(tmp_path, titles, *rows[1:])
    with pytest.raises(InputChangedError, match="has changed since"):
        await session.bulk.resume(journal).run()


def test_each_reading_begins_anew(tmp_path: Path) -> None:
    """A source can be read as often as needed, and counts nothing twice."""
    source = _open(_sheet(tmp_path, HEAD, ("A-1", "x", 1), (), ("Total", 3)))
    assert isinstance(source, SheetSource)
    first, second = list(source), list(source)
    assert (source.sheet, first) == ("Sheet1", second)
