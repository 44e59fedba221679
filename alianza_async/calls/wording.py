"""Words that sentences about values have in common."""

from __future__ import annotations

__all__ = ["kind_of"]


def kind_of(value: object) -> str:
    """Return what a value is, for a sentence that must not repeat it: `a list`, `an int`."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeioAEIO' else 'a'} {name}"
