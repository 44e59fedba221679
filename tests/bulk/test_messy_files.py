"""Files as people have them, one fault each: what becomes of each row, and what is told of the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from alianza_async import SourceError
from alianza_async.bulk import FileOptions, plan
from alianza_async.bulk.input.file_options import AS_IT_IS
from tests.bulk.workbooks import Number, write_workbook

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "account_number,account_name,account_type,time_zone,billing_cycle_day"
REST = "SIMPLE,US/Eastern,1"
TITLES = ("account_number", "account_name", "account_type", "time_zone", "billing_cycle_day")
TWICE = 'write it twice (""), or leave the outer quotes out'
AS_ONE = f"a quote inside a quoted cell, so lines 2 to 3 were read as one row: {TWICE}"
NO_UTF_8 = (
    "holds the byte 0xE9 as its character 4, which is not UTF-8: save the file as UTF-8, or give "
    "encoding='cp1252' where all of it is Windows-1252"
)
LACKS = "they lack account_type, billing_cycle_day, time_zone"
SURPLUS = "the row has 6 cells where the header has 5: quote a cell that holds the delimiter"


@dataclass(frozen=True, slots=True)
class Messy:
    """A file, and what is to become of it.

    Attributes:
        name: Its name.
        content: Its bytes; for a spreadsheet its sheets.
        rows: How many rows it has.
        invalid: Why which rows are invalid, as `place: reason`.
        notes: What is told of how it was read.
        options: How it is to be read.
    """

    name: str
    content: bytes | str | dict[str, dict[int, list[object]]]
    rows: int
    invalid: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    options: FileOptions = AS_IT_IS


MESSY = [
    Messy("plain.csv", f"{HEAD}\nA-1,Shop,{REST}\n", 1),
    Messy(
        "blank-tail.csv",
        f"{HEAD}\nA-1,Shop,{REST}\n" + ",,,,\n" * 60,
        1,
        notes=["60 blank rows skipped"],
    ),
    Messy(
        "blank-between.csv",
        f"{HEAD}\nA-1,Shop,{REST}\n , ,,,\nA-2,Sh,{REST}\n",
        2,
        ["row 2 (line 4): account_name: string should have at least 3 characters"],
        ["1 blank row skipped"],
    ),
    Messy("ragged.csv", f"{HEAD}\nA-1,Shop,{REST},\nA-2,Shop,{REST}, ,,\n", 2),
    Messy(
        "surplus.csv", f"{HEAD}\nA-1,Shop,{REST}\nA-2,Smith, Bob,{REST}\n", 2, [f"row 2 (line 3): {SURPLUS}"]
    ),
    Messy(
        "sep-line.csv",
        "sep=;\n" + HEAD.replace(",", ";") + f"\nA-1;Shop, Inc.;{REST.replace(',', ';')}\nA-2;;;;\n",
        2,
        [
            "row 2 (spreadsheet row 3, line 4): account_name: field required",
            "row 2 (spreadsheet row 3, line 4): account_type: field required",
            "row 2 (spreadsheet row 3, line 4): billing_cycle_day: field required",
            "row 2 (spreadsheet row 3, line 4): time_zone: field required",
        ],
        ["Delimiter ';' taken from the sep= line"],
    ),
    Messy(
        "sep-tab.csv",
        '"sep=\t"\r\n' + HEAD.replace(",", "\t") + f"\r\nA-1\tShop, Inc.\t{REST.replace(',', chr(9))}\r\n",
        1,
        notes=["Delimiter tab taken from the sep= line"],
    ),
    Messy(
        "quote-inch.csv",
        f'{HEAD}\nA-100,Shop 12" Pizza,{REST}\nA-200,"Shop 12" Pizza",{REST}\nA-300,Shop,{REST}\n',
        3,
        [f"row 2 (line 3): a quote inside a quoted cell: {TWICE}"],
    ),
    Messy(
        "quote-over-lines.csv",
        f'{HEAD}\nA-1,"Shop\ntwo" Pizza",{REST}\nA-2,Shop,{REST}\n',
        2,
        [f"row 1 (line 2): {AS_ONE}"],
    ),
    Messy(
        "quote-swallows.csv",
        f'{HEAD}\nA-1,"Shop,{REST}\nA-2,"Shop two",{REST}\nA-3,Shop,{REST}\n',
        2,
        [f"row 1 (line 2): {AS_ONE}"],
    ),
    Messy(
        "line-breaks.csv",
        f'{HEAD},Note\nA-1,Shop,{REST},"one\ntwo"\nA-2,Sh,{REST},\n',
        2,
        ["row 2 (spreadsheet row 3, line 4): account_name: string should have at least 3 characters"],
    ),
    Messy(
        "title.csv",
        f"Customers of 2026,,,,\n\nas of March,,,,\n{HEAD}\nA-1,Shop,{REST}\n",
        1,
        notes=["Header found in line 4; 2 rows above it left out"],
    ),
    Messy(
        "header-row.csv",
        f"{HEAD}\nold,old,old,old,old\n{HEAD}\nA-1,Shop,{REST}\n",
        1,
        notes=["Header found in line 3; 2 rows above it left out"],
        options=FileOptions(header_row=3),
    ),
    Messy(
        "totals.csv",
        f"{HEAD}\nA-1,Shop,{REST}\nA-2,Shop,{REST}\nTotal:,2,,,\n\n,,,,\n",
        2,
        notes=[
            "1 blank row skipped",
            f"Totals at the end (line 4) skipped: {LACKS}",
        ],
    ),
    Messy(
        "totals-between.csv",
        f"{HEAD}\nTOTAL,,,,\nA-1,Shop,{REST}\n",
        2,
        [
            "row 1 (line 2): account_name: field required",
            "row 1 (line 2): account_type: field required",
            "row 1 (line 2): billing_cycle_day: field required",
            "row 1 (line 2): time_zone: field required",
        ],
    ),
    Messy("called-total.csv", f"{HEAD}\nA-1,Shop,{REST}\nTotal,Total Wine,{REST}\n", 2),
    Messy("utf-8-bom.csv", b"\xef\xbb\xbf" + f"{HEAD}\nA-1,Café,{REST}\n".encode(), 1),
    Messy("utf-16.csv", f"{HEAD}\nA-1,Café,{REST}\n".encode("utf-16"), 1),
    *(
        Messy(
            f"utf-16-{order}.csv",
            f"{HEAD}\nA-1,Café,{REST}\n".encode(f"utf-16-{order}"),
            1,
            options=FileOptions(encoding="utf-16"),
        )
        for order in ("le", "be")
    ),
    Messy(
        "windows.csv",
        f"{HEAD}\nA-1,Café “Zürich”,{REST}\n".encode("cp1252"),
        1,
        notes=[
            "Read as Windows-1252, as it is not UTF-8: that is a guess; to be sure, give encoding='cp1252'"
        ],
    ),
    Messy(
        "windows-named.csv",
        f"{HEAD}\nA-1,Café,{REST}\n".encode("cp1252"),
        1,
        options=FileOptions(encoding="cp1252"),
    ),
    Messy(
        "mixed.csv",
        f"{HEAD}\nA-1,Zürich,{REST}\nA-2,Caf".encode() + b"\xe9," + f"{REST}\n".encode(),
        2,
        [f"row 2 (line 3): account_name: {NO_UTF_8}"],
    ),
    Messy(
        "mapped.csv",
        f"{HEAD.replace('account_number', 'Acct #').replace('time_zone', 'TZ')}\nA-1,Shop,{REST}\n",
        1,
        options=FileOptions(columns={"Acct #": "account_number", "tz": "time_zone"}),
    ),
    Messy(
        "blank-line.jsonl",
        '\n{"account_number": "A-1", "account_name": "Shop", "account_type": "SIMPLE", '
        '"time_zone": "US/Eastern", "billing_cycle_day": 1, "extension_lenght": 4}\n',
        1,
        ["row 1 (line 2): extension_lenght: is no field; did you mean extension_length?"],
    ),
    Messy(
        "sheet.xlsx",
        {
            "Read me": {1: ["How to fill this in"]},
            "Customers": {
                1: ["Customers of 2026"],
                3: [*TITLES, "Extension Length", "Since"],
                4: [10001, "Shop", "SIMPLE", "US/Eastern", 1, None, Number("46447:14")],
                6: ["A-2", "Sh", "SIMPLE", "US/Eastern", 1.0],
                7: ["A-3", "Shop", "SIMPLE", "US/Eastern", 45],
                8: ["Total", 3],
            },
        },
        3,
        [
            "row 2 (spreadsheet row 6): account_name: string should have at least 3 characters",
            "row 3 (spreadsheet row 7): billing_cycle_day: input should be less than or equal to 28",
        ],
        [
            "Sheet 'Customers' read; not read: 'Read me'",
            "Header found in spreadsheet row 3; 2 rows above it left out",
            "1 blank row skipped",
            f"Totals at the end (spreadsheet row 8) skipped: {LACKS}",
        ],
    ),
]


@pytest.mark.parametrize("messy", MESSY, ids=[messy.name for messy in MESSY])
async def test_each_row_has_the_verdict_it_should(messy: Messy, tmp_path: Path) -> None:
    """A fault costs the rows that have it, never others, and what was guessed or skipped is told."""
    path = tmp_path / messy.name
    if isinstance(messy.content, dict):
        write_workbook(path, messy.content)
    else:
        path.write_bytes(messy.content.encode() if isinstance(messy.content, str) else messy.content)
    made = await plan(None, "accounts", path, file=messy.options)

    complaints = [
        f"{row.place}: {complaint}" for row in made.first["invalid"] for complaint in row.complaints
    ]
    assert made.rows == messy.rows
    assert sorted(complaints) == messy.invalid
    assert made.notes == tuple(messy.notes)


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (f"{HEAD}\nA-1,Shop,{REST}\n", FileOptions(header_row=3), "has no row 3: see header_row"),
        (f"{HEAD}\nA-1,Shop,{REST}\n", FileOptions(header_row=2), "lacks the columns account_name"),
        (f"{HEAD}\n", FileOptions(columns={"Acct": "account_number"}), "there is no column 'Acct'"),
        (
            f"{HEAD},Crm Refs\n",
            FileOptions(drop=["Crm Ref"]),
            "there is no column 'Crm Ref' (did you mean 'Crm Refs'?): name one as it stands in the header",
        ),
        (
            f"{HEAD},Acct\n",
            FileOptions(columns={"Acct": "account_number"}),
            "the columns 'account_number' and 'Acct' both mean account_number",
        ),
        (f"\ufeff{HEAD}\n", FileOptions(encoding="cp1252"), "begins as utf-8 does, and is no cp1252"),
        (b"a\x81", FileOptions(encoding="cp1252"), "is not valid cp1252: save it as UTF-8"),
        ("sep=;\n", FileOptions(), "is empty: it needs a header line and rows"),
    ],
)
async def test_what_cannot_be_read_as_asked_is_refused(
    content: str | bytes, options: FileOptions, told: str, tmp_path: Path
) -> None:
    """One sentence names the file, what is wrong and what to do; nothing is guessed instead."""
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SourceError) as caught:
        await plan(None, "accounts", path, file=options)
    assert str(caught.value).startswith(str(path))
    assert told in str(caught.value)
