"""What makes a value unfit to send: control characters, bytes that are no UTF-8, numbers that are none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

from alianza_async.errors import FieldError

__all__ = ["GIVEN_TWICE", "Gatherer", "complaint", "complaints"]

GIVEN_TWICE = "is given twice, by differently written keys: keep one"

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # categories Cc and Cs
_SURROGATES = 0xD800
_ESCAPED_BYTES = range(0xDC80, 0xDD00)  # how `surrogateescape` keeps bytes 0x80 to 0xFF
_DEEPEST = 32


def complaint(value: object) -> str | None:
    """Return what makes a value unfit to send, or None where it is fit.

    Lists and mappings are looked into. The text itself is never quoted.
    """
    if isinstance(value, str):
        return None if value.isprintable() else _text_complaint(value)
    if isinstance(value, float):
        return None if math.isfinite(value) else "is not a finite number"
    if isinstance(value, (list, tuple, Mapping)):
        return _nested_complaint(cast("list[object] | tuple[object, ...] | Mapping[object, object]", value))
    return None


def complaints(values: Iterable[tuple[str, object]]) -> tuple[FieldError, ...]:
    """Return one error for each field whose value is unfit to send."""
    found: list[FieldError] = []
    for field, value in values:
        # Nearly every value is fit at a glance.
        if value.isprintable() if isinstance(value, str) else isinstance(value, int):
            continue
        message = complaint(value)
        if message is not None:
            found.append(FieldError(field, message))
    return tuple(found)


def _text_complaint(text: str) -> str | None:
    found = _UNFIT.search(text)
    if found is None:
        return None
    code = ord(found[0])
    place = f"as its character {found.start() + 1}"
    if code in _ESCAPED_BYTES:
        return (
            f"holds the byte 0x{code - 0xDC00:02X} {place}, which is not UTF-8: save the file as UTF-8, or "
            "give encoding='cp1252' where all of it is Windows-1252"
        )
    if code >= _SURROGATES:
        return f"holds half a character (U+{code:04X}) {place}: remove it"
    return f"holds a control character (U+{code:04X}) {place}: remove it"


def _nested_complaint(value: list[object] | tuple[object, ...] | Mapping[object, object]) -> str | None:
    """Walk without recursion: depth is the input's to choose."""
    waiting: list[tuple[int, object]] = [(1, value)]
    while waiting:
        depth, item = waiting.pop()
        children: Iterable[object]
        if isinstance(item, str):
            if not item.isprintable() and (message := _text_complaint(item)) is not None:
                return message
            continue
        if isinstance(item, Mapping):
            pairs = cast("Mapping[object, object]", item)
            children = [*pairs.keys(), *pairs.values()]
        elif isinstance(item, (list, tuple)):
            children = cast("Iterable[object]", item)
        else:
            message = complaint(item)
            if message is not None:
                return message
            continue
        if depth > _DEEPEST:
            return f"is nested deeper than {_DEEPEST} levels"
        waiting += [
            (depth + 1, child) for child in children if not (isinstance(child, str) and child.isprintable())
        ]
    return None


class Gatherer:
    """Gathers a row's values by our names of them: text trimmed, empty left out, nothing given twice.

    Attributes:
        values: What was given, by field.
        problems: What is wrong with the row so far.
    """

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.problems: list[FieldError] = []
        self._given: set[str] = set()

    def put(self, field: str, value: object) -> None:
        """Take a known field's value."""
        if field in self._given:
            self.problems.append(FieldError(field, GIVEN_TWICE))
            return
        self._given.add(field)
        clean = value.strip() if isinstance(value, str) else value
        if clean is not None and clean != "":
            self.values[field] = clean

    def end(self) -> tuple[dict[str, object], tuple[FieldError, ...]]:
        """Return the values, and all that is wrong with them."""
        return self.values, (*self.problems, *complaints(self.values.items()))
