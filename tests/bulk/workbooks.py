"""Excel files, written cell by cell: what a spreadsheet program writes, and no more than that."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Error", "Number", "write_workbook"]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


class Error(str):
    """An error value, such as `#N/A`."""

    __slots__ = ()


class Number(str):
    """A number as the file holds it, with the number format it is shown in: `46447:14` is a date."""

    __slots__ = ()


def write_workbook(path: Path, sheets: Mapping[str, Mapping[int, Sequence[object]]]) -> Path:
    """Write a workbook.

    Args:
        path: Where.
        sheets: By name, the cells of each row by the row's number; None is no cell.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        )
        parts.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        listed = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
            for number, name in enumerate(sheets, 1)
        )
        parts.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{listed}</sheets></workbook>',
        )
        files = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
        parts.writestr("xl/_rels/workbook.xml.rels", _relations([*files, ("styles", "styles.xml")]))
        formats = "".join(f'<xf numFmtId="{number}"/>' for number in range(47))
        parts.writestr(
            "xl/styles.xml", f'<styleSheet xmlns="{_MAIN}"><cellXfs>{formats}</cellXfs></styleSheet>'
        )
        for (_, file), rows in zip(files, sheets.values(), strict=True):
            data = "".join(
                f'<row r="{number}">{"".join(_cells(number, cells))}</row>' for number, cells in rows.items()
            )
            parts.writestr(
                f"xl/{file}", f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>'
            )
    return path


def _relations(targets: Iterable[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{_DOCUMENT}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_RELATIONS}">{listed}</Relationships>'


def _cells(row: int, cells: Sequence[object]) -> Iterable[str]:
    for position, value in enumerate(cells):
        place = f'r="{chr(ord("A") + position)}{row}"'
        match value:
            case None:
                yield f"<c {place}/>"
            case Error():
                yield f'<c {place} t="e"><f>1/0</f><v>{escape(value)}</v></c>'
            case Number():
                text, _, number_format = value.partition(":")
                yield f'<c {place} s="{number_format or 0}"><v>{text}</v></c>'
            case bool():
                yield f'<c {place} t="b"><v>{int(value)}</v></c>'
            case int() | float():
                yield f"<c {place}><v>{value}</v></c>"
            case _:
                yield f'<c {place} t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
