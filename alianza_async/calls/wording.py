"""What values are, for checks and for the sentences that refuse them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import TypeGuard

__all__ = ["is_text", "kind_of"]

_HALF_CHARACTER: Final = re.compile(r"[\ud800-\udfff]")


def kind_of(value: object) -> str:
    """Return what a value is, for a sentence that must not repeat it: `a list`, `an int`."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeioAEIO' else 'a'} {name}"


def is_text(value: object) -> TypeGuard[str]:
    """Tell whether a value is text that can be encoded: half a character (a lone surrogate) cannot."""
    return isinstance(value, str) and _HALF_CHARACTER.search(value) is None
