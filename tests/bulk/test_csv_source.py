from __future__ import annotations

import codecs
import csv
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from alianza_async.bulk.input.rows import EarlierResult, Row
from alianza_async.bulk.input.sources import Source, open_source

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = frozenset({"account_number", "account_name", "billing_cycle_day", "tags"})
HEADER = "account_number,account_name,billing_cycle_day\n"
NO_UTF_8 = (
    "holds the byte 0xE9 as its character 5, which is not UTF-8: save the file as UTF-8, or give "
    "encoding='cp1252' where all of it is Windows-1252"
)


def _open(path: Path) -> Source:
    return open_source(path, fields=FIELDS, key_field="account_number")


def _file(tmp_path: Path, content: str | bytes, name: str = "rows.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _rows(tmp_path: Path, content: str | bytes, name: str = "rows.csv") -> list[Row]:
    return list(_open(_file(tmp_path, content, name)))


def _values(rows: list[Row]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for row in rows:
        assert isinstance(row.values, Mapping)
        found.append(dict(row.values))
    return found


def _problems(row: Row) -> list[str]:
    return [str(problem) for problem in row.problems]


# --- CSV: what is accepted


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_reads_the_same_in_every_dialect(
    tmp_path: Path, delimiter: str, line_end: str, encoding: str
) -> None:
    """Delimiter, line end, byte order mark and encoding are found out, not asked for."""
    table = [["Account Name", "accountNumber"], ["Møller 🚀", "A-1"], ["x,;|\t y", "A-2"]]
    text = line_end.join(delimiter.join(f'"{cell}"' for cell in line) for line in table)
    rows = _rows(tmp_path, text.encode(encoding))
    assert [row.cells for row in rows] == [("Møller 🚀", "A-1"), ("x,;|\t y", "A-2")]
    assert _values(rows) == [
        {"account_name": "Møller 🚀", "account_number": "A-1"},
        {"account_name": "x,;|\t y", "account_number": "A-2"},
    ]


def test_big_endian_utf_16_reads_as_well(tmp_path: Path) -> None:
    """Either byte order mark of UTF-16 says how to read the file."""
    content = codecs.BOM_UTF16_BE + (HEADER + "A-1,Å,1\n").encode("utf-16-be")
    assert _values(_rows(tmp_path, content))[0]["account_name"] == "Å"


@pytest.mark.parametrize(
    ("name", "header", "expected"),
    [
        ("a.csv", "account_number", ","),
        ("a.tsv", "account_number", "\t"),
        ("a.csv", '"note, a;b;c;d",account_number', ","),
        ("a.csv", 'account_number;"x,y,z";account_name', ";"),
        ("a.csv", "a;b,account_number", ","),
        ("a.txt", "account_number\taccount_name", "\t"),
    ],
)
def test_the_delimiter_is_what_makes_sense_of_the_header(
    tmp_path: Path, name: str, header: str, expected: str
) -> None:
    """Delimiters inside quotes and inside a header's text do not count; known fields do."""
    source = _open(_file(tmp_path, f"{header}\n", name))
    assert getattr(source, "delimiter", None) == expected


def test_values_are_trimmed_and_empty_ones_are_not_given(tmp_path: Path) -> None:
    """Space around a value goes, inside it stays; an empty or blank cell is as if it were not there."""
    rows = _rows(tmp_path, HEADER + "  A-1\u00a0,Bob  Smith,   \n=1+1,'x,\n")
    assert _values(rows) == [
        {"account_number": "A-1", "account_name": "Bob  Smith"},
        {"account_number": "=1+1", "account_name": "'x"},
    ]
    assert rows[0].cells == ("  A-1\u00a0", "Bob  Smith", "   ")
    assert [row.problems for row in rows] == [(), ()]


def test_blank_lines_are_not_rows(tmp_path: Path) -> None:
    """Numbers count data records; blank lines, before the header too, and rows of empty cells do not."""
    rows = _rows(tmp_path, "\n  \n" + HEADER + '\nA-1,x,1\n \n,,\n\nA-3,"a\n\nb",3\n\n')
    assert [(row.number, row.cells) for row in rows] == [
        (1, ("A-1", "x", "1")),
        (2, ("A-3", "a\n\nb", "3")),
    ]


def test_rows_of_empty_cells_are_counted(tmp_path: Path) -> None:
    """Each is told, so that nobody wonders where they are; an empty line is none, quoted or not it is one."""
    source = _open(_file(tmp_path, 'account_number\n""\n\nA\n" "\n'))
    assert [row.cells for row in source] == [("A",)]
    assert source.notes == ("2 blank rows skipped",)


def test_unknown_columns_are_kept_and_not_sent(tmp_path: Path) -> None:
    """They stand in the cells and in `unknown_columns`, in their own text, never in the values."""
    source = _open(_file(tmp_path, "Crm Ref, Account Number ,\nr\x00,A-1,z\n"))
    rows = list(source)
    assert source.columns == ("Crm Ref", " Account Number ", "")
    assert source.unknown_columns == ("Crm Ref",)
    assert rows == [Row(1, {"account_number": "A-1"}, ("r\x00", "A-1", "z"))]


def test_a_result_file_fed_back_loses_its_result_columns(tmp_path: Path) -> None:
    """They come as `earlier`, wherever they stand; the rest is the input as it was."""
    source = _open(
        _file(
            tmp_path,
            "result_status,account_number,result_row,result_id,result_error,result_attempts,result_request_id\n"
            'created,A-1,1,id-1,,2,r-1\nfailed,A-2,2,,"no, it\'s",x,\n,A-3,,,,,\n',
        )
    )
    assert source.columns == ("account_number",)
    assert source.unknown_columns == ()
    assert list(source) == [
        Row(1, {"account_number": "A-1"}, ("A-1",), (), EarlierResult("created", "id-1", None, 2, "r-1")),
        Row(2, {"account_number": "A-2"}, ("A-2",), (), EarlierResult("failed", None, "no, it's", 0, None)),
        Row(3, {"account_number": "A-3"}, ("A-3",)),
    ]


def test_a_lone_status_column_is_enough_to_skip_by(tmp_path: Path) -> None:
    """A result file cut down in a spreadsheet still tells what is done."""
    rows = _rows(tmp_path, "account_number,result_status\nA-1,exists\n")
    assert rows[0].earlier == EarlierResult("exists")


def test_a_header_alone_is_an_input_of_no_rows(tmp_path: Path) -> None:
    """Nothing to do is no error."""
    assert _rows(tmp_path, HEADER) == []


def test_a_quote_inside_an_unquoted_cell_is_text(tmp_path: Path) -> None:
    """Only a quote that begins a cell opens one."""
    assert [row.cells for row in _rows(tmp_path, HEADER + 'A-1,6" pipe,1')] == [("A-1", '6" pipe', "1")]


# --- CSV: rows with problems


def test_control_characters_make_a_row_invalid_where_they_would_be_sent(tmp_path: Path) -> None:
    """The field is named, the value is not quoted; surrounding line ends are trimmed like space."""
    rows = _rows(tmp_path, HEADER + 'A-1,bad\x00name,\n"A-2\r\nX: 1",x,\n"A-3\n",ok,\nA\x85B,x,\n')
    assert [_problems(row) for row in rows] == [
        ["account_name: holds a control character (U+0000) as its character 4: remove it"],
        ["account_number: holds a control character (U+000D) as its character 4: remove it"],
        [],
        ["account_number: holds a control character (U+0085) as its character 2: remove it"],
    ]


def test_bytes_that_are_no_utf_8_make_a_row_invalid_where_they_would_be_sent(tmp_path: Path) -> None:
    """In a file of UTF-8 a Latin-1 name is reported, not mangled; in an unknown column it harms nobody."""
    head = "account_number,account_name,note,größe\n".encode()
    rows = _rows(tmp_path, head + b"A-1,Andr\xe9,x\nA-2,x,Andr\xe9\n")
    assert [_problems(row) for row in rows] == [
        [f"account_name: {NO_UTF_8}"],
        [],
    ]


def test_half_a_character_of_utf_16_makes_a_row_invalid(tmp_path: Path) -> None:
    """A lone surrogate cannot be sent as UTF-8."""
    content = (HEADER + "A-1,x\ud800,1\n").encode("utf-16", "surrogatepass")
    assert _problems(_rows(tmp_path, content)[0]) == [
        "account_name: holds half a character (U+D800) as its character 2: remove it"
    ]


def test_more_cells_than_the_header_is_a_problem_and_fewer_is_not(tmp_path: Path) -> None:
    """An unquoted delimiter shifts cells, so the row is not sent; missing ones at the end are not given."""
    rows = _rows(tmp_path, HEADER + "A-1,Smith, Bob,1\nA-2\n")
    assert [_problems(row) for row in rows] == [
        ["the row has 4 cells where the header has 3: quote a cell that holds the delimiter"],
        [],
    ]
    assert [row.cells for row in rows] == [("A-1", "Smith", " Bob", "1"), ("A-2", "", "")]
    assert _values(rows)[1] == {"account_number": "A-2"}


@pytest.mark.parametrize(
    ("tail", "told"),
    [
        ("", "a quote opened in line 3 is never closed: close it"),
        (
            "\nA-3,y,2\nA-4,z,3\n",
            "a quote opened in line 3 is never closed, so lines 4 to 5 were not read as rows: close it",
        ),
    ],
)
def test_a_quote_that_is_never_closed_is_one_bad_row(tmp_path: Path, tail: str, told: str) -> None:
    """What it swallows is reported with it, not guessed at; rows before it are untouched."""
    rows = _rows(tmp_path, HEADER + 'A-1,x,1\nA-2,"Bob' + tail)
    assert [(row.number, _problems(row)) for row in rows] == [(1, []), (2, [told])]
    assert rows[1].cells == ('A-2,"Bob' + tail.rstrip("\n"),)


def test_a_cell_over_the_csv_limit_is_one_bad_row_and_reading_goes_on(tmp_path: Path) -> None:
    """On one line or on many, quoted or not, only that record is lost."""
    long = "x" * (csv.field_size_limit() + 1)
    lines = "a, line\n" * (csv.field_size_limit() // 4)
    rows = _rows(tmp_path, HEADER + f'A-1,{long},1\nA-2,"{lines}""end",2\nA-3,x,3\n')
    assert [row.number for row in rows] == [1, 2, 3]
    assert _problems(rows[0]) == ["a cell of line 2 is longer than 131072 characters: shorten it"]
    assert _problems(rows[1]) == ["a cell of lines 3 to 32771 is longer than 131072 characters: shorten it"]
    assert rows[0].cells == (f"A-1,{long},1",)
    assert rows[2] == Row(
        3, {"account_number": "A-3", "account_name": "x", "billing_cycle_day": "3"}, ("A-3", "x", "3")
    )


def test_an_open_quote_in_a_long_file_swallows_it_as_in_a_short_one(tmp_path: Path) -> None:
    """Memory stays flat: past the CSV limit the lines are passed over, and counted."""
    count = 20_000
    (row,) = _rows(tmp_path, HEADER + 'A-1,"open,1\n' + "A-2,x,1\n" * count)
    lines = f"lines 3 to {count + 2}"
    assert _problems(row) == [
        f"a quote opened in line 2 is never closed, so {lines} were not read as rows: close it"
    ]


def _is_filled(cells: list[str]) -> bool:
    return bool("".join(cells).strip()) and cells[0].strip(" :").casefold() not in {"total", "sum"}


_UNQUOTED = st.text(st.characters(blacklist_characters='"\r\n', blacklist_categories=["Cs"]), max_size=5)


@given(st.lists(st.lists(_UNQUOTED, min_size=2, max_size=2).filter(_is_filled), max_size=5))
def test_every_record_gives_one_row_with_its_own_text(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    """Whatever a csv writer wrote is read back cell by cell; but for blank rows and totals."""
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, quoting=csv.QUOTE_ALL)
        writer.writerows([["account_number", "note"], *table])
    assert [row.cells for row in _open(path)] == [tuple(cells) for cells in table]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"Title,,\n\n{HEADER}A-1,x,1\n,,\nA-2,x,2\n".encode(), 2),
        (b"sep=,\n" + HEADER.encode() + b"A-1,x,1\n", 1),
        (f"{HEADER}A-1,x,1\n".encode("utf-16"), None),
    ],
)
def test_rows_are_counted_as_they_are_read(content: bytes, expected: int | None, tmp_path: Path) -> None:
    """Neither what is above the header nor blank rows count; UTF-16 is not counted."""
    assert _open(_file(tmp_path, content)).count() == expected
