"""Path templates and targets: each id is exactly one path segment, whatever is in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from alianza_async.calls.wording import is_text
from alianza_async.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["PathTemplate", "quote_segment", "with_query"]

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_DOT_SEGMENTS = frozenset({".", ".."})
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")


def quote_segment(value: str, *, name: str) -> str:
    """Return a value as one path segment (RFC 3986, section 3.3).

    Args:
        value: An id, a number, a name; not quoted.
        name: What it is, for the error.

    Raises:
        InvalidInputError: It is empty, a dot segment, cannot be printed, or is not Unicode: it would name
            another path, or show as another id than it is.
    """
    if _UNRESERVED.fullmatch(value) and value not in _DOT_SEGMENTS:
        return value  # as nearly every id: there is nothing to quote
    if not value or value.isspace():
        raise InvalidInputError(f"{name} is empty; give the id of the object")
    if value in _DOT_SEGMENTS:
        raise InvalidInputError(
            f"{name} is {value!r}, which would name another path; give the id of the object"
        )
    if not value.isprintable():
        raise InvalidInputError(
            f"{name} holds a character that cannot be printed; give the id of the object without it"
        )
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidInputError(f"{name} is not valid Unicode text") from None


def with_query(path: str, query: Iterable[tuple[str, str]]) -> str:
    """Return the path with a query string, where there is anything to query.

    Raises:
        InvalidInputError: A name or a value is not valid Unicode text.
    """
    pairs = list(query)
    try:
        text = urlencode(pairs)
    except UnicodeEncodeError:
        raise InvalidInputError(f"{_first_broken(pairs)} is not valid Unicode text") from None
    return f"{path}?{text}" if text else path


def _first_broken(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the name of the first parameter whose value cannot be encoded."""
    named = (name for name, value in pairs if is_text(name) and not is_text(value))
    return next(named, "the name of a query parameter")


class PathTemplate:
    """A path with placeholders, taken apart once.

    Args:
        template: Such as `/v2/tenant/{tenant_id}/line/{line_id}`.
    """

    __slots__ = ("_literals", "names", "template")

    def __init__(self, template: str) -> None:
        self.template = template
        pieces = _PLACEHOLDER.split(template)
        self._literals = tuple(pieces[0::2])
        self.names = tuple(pieces[1::2])

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the path with each placeholder filled in, quoted.

        Raises:
            InvalidInputError: A value cannot be one path segment.
        """
        parts = [self._literals[0]]
        for name, literal in zip(self.names, self._literals[1:], strict=True):
            parts.append(quote_segment(values[name], name=name))
            parts.append(literal)
        return "".join(parts)
