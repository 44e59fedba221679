"""Cells that a spreadsheet would take for formulas: quoted as they are written, and back as they are read."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["quoted", "unquoted"]

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""How such a cell begins; with apostrophes before it too, so that taking one off gives back what was."""


def quoted(cell: object) -> object:
    """Return a cell that is text to a spreadsheet: with an apostrophe before what would begin a formula."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def unquoted(cell: str) -> str:
    """Return a cell as it was before it was quoted."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
