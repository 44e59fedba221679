"""Write a generated page, or say whether it is as it would be written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_or_check"]


def write_or_check(page: Path, text: str) -> int:
    """Write a page; with --check among the process's arguments compare it instead.

    Args:
        page: Where it lies.
        text: What it should hold.

    Returns:
        The exit code: 1 where it was compared and is stale.
    """
    if "--check" in sys.argv[1:]:
        is_fresh = page.exists() and page.read_text(encoding="utf-8") == text
        print("fresh" if is_fresh else f"stale: {page}; run `make docs`")
        return 0 if is_fresh else 1
    page.write_text(text, encoding="utf-8")
    return 0
