"""Find the long lists of a JSON body without parsing it, and cut each into pieces of whole items.

A list's length decides what its objects take, in memory and in time during which the event loop stands still.
Both are known before the first object is made: strings and brackets are skipped by one regular expression,
an item at a time. Nothing is judged here: what is no JSON has no layout, or pieces that cannot be parsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["MOST_A_BYTE", "Gap", "Layout", "Piece", "estimated_cost", "most_cost", "scan"]

_PIECE_BYTES: Final = 384 * 1024
_PIECE_ITEMS: Final = 2048
_LONG: Final = 8 * 1024
"""Bytes of a list that is a long one."""
_TURN_BYTES: Final = 1024 * 1024
_RUN_BYTES: Final = 64 * 1024
_DEPTH: Final = 16
"""How deeply an item may be nested; a body with a deeper one has no layout."""

_SPACE: Final = rb"[ \t\r\n]*+"
_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_PLAIN: Final = rb'[^"{}\[\], \t\r\n]++'

# What a parsed value takes at the most in CPython, measured with models of up to 30 fields.
_OBJECT_BYTES: Final = 1200
_LIST_BYTES: Final = 64
_VALUE_BYTES: Final = 60

MOST_A_BYTE: Final = _OBJECT_BYTES // len(b"{}")
"""The most that a byte of JSON costs, as estimated."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some items of a list, one after the other.

    Attributes:
        start: Where the first one begins.
        end: Where the last one ends, before the comma or bracket that follows.
        first: The first one's index in the list.
        items: How many there are.
    """

    start: int
    end: int
    first: int
    items: int


@dataclass(slots=True)
class Gap:
    """A long list.

    Attributes:
        key: The name of the member that it is; None where it is the whole body.
        start: Where its items begin, after the bracket.
        end: Where its closing bracket is.
        items: How many items it has.
        pieces: Its items, in pieces of at most 2,048 items and about 384 KiB.
    """

    key: str | None
    start: int
    end: int = 0
    items: int = 0
    pieces: list[Piece] = field(default_factory=list[Piece])


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a body's long lists are.

    Attributes:
        body: The body.
        gaps: Its long lists, in order.
    """

    body: bytes
    gaps: list[Gap]

    @property
    def skeleton(self) -> list[bytes]:
        """What lies before, between and behind the items of the lists."""
        edges = [0, *(edge for gap in self.gaps for edge in (gap.start, gap.end)), len(self.body)]
        return [self.body[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


@cache
def _patterns() -> tuple[re.Pattern[bytes], ...]:
    """Match an item and what follows it, a member's name, a string, and a run of whole strings."""
    text = rb'[^"{}\[\]]*+'
    inner = flat = text + rb"(?:" + _STRING + text + rb")*+"
    for _ in range(_DEPTH - 1):
        inner = flat + rb"(?:[{\[]" + inner + rb"[}\]]" + flat + rb")*+"
    value = rb"(?:[{\[]" + inner + rb"[}\]]|" + _STRING + rb"|" + _PLAIN + rb")"
    return (
        re.compile(_SPACE + value + _SPACE + rb"([,}\]])", re.DOTALL),
        re.compile(_SPACE + rb'"([^"\\]*+)"' + _SPACE + rb":" + _SPACE, re.DOTALL),
        re.compile(_STRING, re.DOTALL),
        re.compile(rb'(?:[^"]++|' + _STRING + rb")*+", re.DOTALL),
    )


_spaces = re.compile(_SPACE)
_after_list = re.compile(rb"\]" + _SPACE + rb"([,}]|\Z)")


def scan(body: bytes, most: int) -> Generator[None, None, Layout | None]:
    """Find a body's long lists: the body itself, or members of the object that it is.

    Args:
        body: JSON.
        most: How many items a list may have: one that has more ends the search, and the layout.

    Yields:
        Nothing, now and then: a moment to let others go on.

    Returns:
        The layout, or None where the body has no long list, or is no JSON as far as can be seen.
    """
    at = _skip(body, 0)
    opening = body[at : at + 1]
    if opening == b"[":
        gap = yield from _items(body, at + 1, None, most)
        if gap is not None and gap.items > most:
            return Layout(body, [gap])
        if gap is None or _after_list.match(body, gap.end) is None or _skip(body, gap.end + 1) != len(body):
            return None
        return Layout(body, [gap])
    if opening != b"{":
        return None
    return (yield from _members(body, at + 1, most))


def _members(body: bytes, at: int, most: int) -> Generator[None, None, Layout | None]:
    """Find the long lists among the members of an object."""
    item, name, *_ = _patterns()
    gaps: list[Gap] = []
    keys: set[bytes] = set()
    follows = b","
    while follows == b",":
        found = name.match(body, at)
        if found is None or found[1] in keys:
            return None  # the name is escaped, or stands twice: which value counts is for the parser to say
        keys.add(found[1])
        at = found.end()
        if body[at : at + 1] == b"[":
            gap = yield from _items(body, at + 1, found[1].decode(errors="replace"), most)
            if gap is not None and gap.items > most:
                return Layout(body, [*gaps, gap])
            after = None if gap is None else _after_list.match(body, gap.end)
            if gap is None or after is None:
                return None
            if gap.end - gap.start > _LONG:
                gaps.append(gap)
        else:
            after = item.match(body, at)
            if after is None:
                return None
        at, follows = after.end(), after[1]
    if follows != b"}" or _skip(body, at) != len(body):
        return None
    return Layout(body, gaps) if gaps else None


def _items(body: bytes, at: int, key: str | None, most: int) -> Generator[None, None, Gap | None]:
    """Find the items of a list, from behind its opening bracket to its closing one."""
    match = _patterns()[0].match
    gap = Gap(key, at)
    begin = _skip(body, at)
    if body[begin : begin + 1] == b"]":
        gap.end = begin
        return gap
    start, first, items = at, 0, 0
    while True:
        found = match(body, at)
        if found is None:
            return None
        at = found.end()
        items += 1
        follows = found[1]
        last = follows != b","
        if items > most:
            gap.items = items
            return gap
        if last or items - first == _PIECE_ITEMS or at - start >= _PIECE_BYTES:
            gap.pieces.append(Piece(start, at - 1, first, items - first))
            start, first = at, items
            yield
        if last:
            gap.end, gap.items = at - 1, items
            return gap if follows == b"]" else None


def _skip(body: bytes, at: int) -> int:
    found = _spaces.match(body, at)
    return at if found is None else found.end()


def estimated_cost(body: bytes, most: int) -> Generator[None, None, int]:
    """Estimate what a body's values take in memory, beside the text of their strings.

    What stands in strings is left out only where it matters: where the estimate would be over the limit.

    Args:
        body: JSON.
        most: The limit, in bytes.

    Yields:
        Nothing, now and then: a moment to let others go on.

    Returns:
        Bytes, rather too many than too few; once they are over the limit, what came to that.
    """
    cost = 0
    for at in range(0, len(body), _TURN_BYTES):
        cost += _cost(body[at : at + _TURN_BYTES])
        yield
    if cost <= most:
        return cost
    _, _, string, run = _patterns()
    cost, at = 0, 0
    while at < len(body) and cost <= most:
        found = run.match(body, at, at + _RUN_BYTES)
        if found is None or found.end() == at:  # a string that is longer than that, or has no end
            found = string.match(body, at)
            if found is None:
                break
        else:
            cost += _cost(string.sub(b"", found[0]))
        at = found.end()
        yield
    return cost


def most_cost(objects: int, size: int) -> int:
    """Return the most that so many objects and as many bytes of JSON cost, as estimated."""
    return objects * _OBJECT_BYTES + size * max(_LIST_BYTES, _VALUE_BYTES)


def _cost(part: bytes) -> int:
    return part.count(b"{") * _OBJECT_BYTES + part.count(b"[") * _LIST_BYTES + part.count(b",") * _VALUE_BYTES
