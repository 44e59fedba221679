"""The sandbox's own reading of files and forms: strict enough to find a client's mistakes."""

from __future__ import annotations

import httpx
import pytest

from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.bodies import form_parts
from alianza_async.sandbox.csv_files import Row, RowError, UnusableFileError, read_csv, write_csv


def test_column_names_match_however_they_are_spelled() -> None:
    """Case, spaces, underscores and a mark at the start do not matter; values are trimmed, lines counted."""
    table = read_csv(
        b"\xef\xbb\xbfaccount_number, STATUS,More\r\n A-1 ,x,y\r\n\r\nA-2\r\n", ("Account Number", "Status")
    )
    assert table.columns == ["Account Number", "Status", "More"]
    assert table.rows == [
        Row(2, {"Account Number": "A-1", "Status": "x", "More": "y"}),
        Row(4, {"Account Number": "A-2", "Status": "", "More": ""}),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe", RowError(1, "", "", "The file is not UTF-8")),
        (b"", RowError(1, "", "", "The file is empty")),
        (b"Name\n1\n", RowError(1, "Status", "", "The file lacks the column Status")),
        (b'Status\n"open\n', RowError(1, "", "", "The file is not CSV")),
    ],
)
def test_a_file_without_rows_to_take_is_refused(content: bytes, expected: RowError) -> None:
    """A file that is no text, empty, short of a column or broken is refused as a whole."""
    with pytest.raises(UnusableFileError) as refused:
        read_csv(content, ("Status",))
    assert refused.value.error == expected


def test_columns_need_not_all_be_there_where_none_is_required() -> None:
    """Known columns only lend their spelling where they are not required."""
    assert read_csv(b"user name\nann\n", ("Username", "Email"), required=False).columns == ["Username"]


def test_written_rows_are_read_back() -> None:
    """Commas, quotes and line breaks survive; what a row lacks is empty."""
    rows: list[dict[str, object]] = [{"a": 'x,"y"', "b": "line\nbreak"}, {"a": None, "b": 0, "c": "left out"}]
    table = read_csv(write_csv(("a", "b"), rows))
    assert [row.values for row in table.rows] == [{"a": 'x,"y"', "b": "line\nbreak"}, {"a": "", "b": "0"}]


@pytest.mark.parametrize("boundary", ["plain", "with-dashes--", "x" * 70])
def test_a_form_is_read_as_httpx_writes_it(boundary: str) -> None:
    """Fields and files come out byte for byte, whatever line breaks they hold."""
    content = b"\r\n\x00\xff--not the boundary\r\n"
    request = httpx.Request(
        "POST",
        "http://sandbox.test",
        data={"kind": "Zoë"},
        files={"file": ("a.csv", content)},
        headers={"content-type": f'multipart/form-data; boundary="{boundary}"'},
    )
    declared = request.headers["content-type"]
    assert form_parts(request.read(), declared) == {"kind": "Zoë".encode(), "file": content}


@pytest.mark.parametrize(
    ("body", "declared", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--b--", "multipart/form-data", 415),
        (b"", "multipart/form-data; boundary=b", 400),
        (b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1', "multipart/form-data; boundary=b", 400),
        (b"--b\r\ncontent-disposition: form-data\r\n\r\n1\r\n--b--", "multipart/form-data; boundary=b", 400),
        (b'--b\r\nx: form-data; name="a"\r\n--b--', "multipart/form-data; boundary=b", 400),
    ],
)
def test_a_broken_form_is_refused(body: bytes, declared: str, status: int) -> None:
    """No form is a 415; a form cut short, or with a part that has no name or no content, is a 400."""
    with pytest.raises(ApiError) as refused:
        form_parts(body, declared)
    assert refused.value.status == status
