"""README and docs as data: their code blocks, tables, headings and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of code.

    Attributes:
        page: The file it is in.
        line: The line of its first line of code, from 1.
        language: What stands behind the fence.
        text: The code.
    """

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        """Return `bulk.md:12`, the name of its test."""
        return f"{self.page.name}:{self.line}"


def blocks(language: str) -> Iterator[Block]:
    """Yield the blocks of a language, page by page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(text):
            if found[1] == language:
                yield Block(page, text[: found.start(2)].count("\n") + 1, language, found[2])


def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def table(page: Path, first: str, *, number: int = 1) -> list[list[str]]:
    """Return the rows of a table, without its header.

    Args:
        page: The file it is in.
        first: The text of its first header cell.
        number: Which of the tables whose header starts so.

    Raises:
        LookupError: There is no such table.
    """
    lines = iter(prose(page).splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            number -= 1
            if number == 0:
                next(lines)
                return [_cells(row) for row in _until_blank(lines)]
    raise LookupError(f"{page.name} has no table that starts with {first!r}")


def _until_blank(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield line


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(row)[1:-1]]


def codes(text: str) -> list[str]:
    """Return what stands in backquotes."""
    return re.findall(r"`([^`]+)`", text)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
