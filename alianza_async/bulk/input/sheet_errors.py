"""Excel's error values, such as `#N/A`: the reader leaves those cells empty, so they are found here.

An empty cell is a value that is not given. A formula that failed is something else, and is to be refused.

Source: ECMA-376 part 1, 18.3.1.4 (a cell of type `e` holds an error) and 18.2.19 (the sheets of a workbook).
"""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Final

from alianza_async.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["error_cells"]

_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_SHEET: Final = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION: Final = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE: Final = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_MARK: Final = re.compile(rb"""\st\s*=\s*["']e["']""")
_CELL: Final = re.compile(rb"<((?:\w+:)?)c\s([^>]*[^/>])>(.*?)</\1c>", re.DOTALL)
_PLACE: Final = re.compile(rb"""(?:^|\s)r\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v>([^<]*)</")
_LETTERS: Final = 26
_PIECE: Final = 1 << 20
_OVERLAP: Final = 32  # what a mark may be cut into by the end of a piece


def error_cells(path: Path, content: bytes, sheet: str) -> dict[tuple[int, int], str]:
    """Return the error values of a sheet, by row from 1 and column from 0.

    Args:
        path: The file, for messages.
        content: Its bytes.
        sheet: The sheet's name.

    Raises:
        SourceError: The file is not built as an Excel file is.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as parts:
            part = _part_of(parts, sheet)
            if not _has_errors(parts, part):
                return {}
            return dict(_errors(parts.read(part)))
    except (KeyError, ValueError, OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise SourceError(
            f"{path} is not built as Excel files are: save it again as .xlsx, or as CSV"
        ) from error


def _has_errors(parts: zipfile.ZipFile, part: str) -> bool:
    """Look for a cell that holds an error, a piece of the part in memory at a time."""
    end = b""
    with parts.open(part) as handle:
        while piece := handle.read(_PIECE):
            if _MARK.search(end + piece) is not None:
                return True
            end = piece[-_OVERLAP:]
    return False


def _errors(part: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield the place and the text of each error.

    Raises:
        ValueError: A cell does not say where it is.
    """
    for _, attributes, inside in _CELL.findall(part):
        if _MARK.search(b" " + attributes) is None:
            continue
        place, value = _PLACE.search(attributes), _VALUE.search(inside)
        if place is None:
            raise ValueError("a cell that holds an error does not say where it is")
        shown = "#VALUE!" if value is None else value[1].decode("utf-8", "replace")
        yield (int(place[2]), _column(place[1])), shown


def _part_of(parts: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part that holds a sheet.

    Raises:
        KeyError: There is none.
    """
    relations = {
        attributes["Id"]: attributes["Target"]
        for attributes in _tags(_RELATION, parts.read(_RELATIONS))
        if "Id" in attributes and "Target" in attributes
    }
    sheets = {
        attributes["name"]: value
        for attributes in _tags(_SHEET, parts.read(_WORKBOOK))
        for key, value in attributes.items()
        if key.endswith(":id") and "name" in attributes
    }
    return posixpath.normpath(posixpath.join("/xl", relations[sheets[sheet]])).lstrip("/")


def _tags(tag: re.Pattern[str], part: bytes) -> Iterator[dict[str, str]]:
    """Yield the attributes of each tag of a kind."""
    for found in tag.findall(part.decode("utf-8")):
        pairs: list[tuple[str, str, str]] = _ATTRIBUTE.findall(found)
        yield {name: html.unescape(one or other) for name, one, other in pairs}


def _column(letters: bytes) -> int:
    """Return a column's number from 0: `A` is 0, `AA` is 26."""
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number - 1
