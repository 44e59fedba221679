"""Reading a query's values, each refused by name where it makes no sense."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import parse_qs

from alianza_async.sandbox.answers import ApiError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from alianza_async.sandbox.routes import Incoming

_Item = TypeVar("_Item")
_MOST: Final = 2**31 - 1
_DAY_S: Final = 86_400


def whole(query: Mapping[str, str], name: str, usual: int, low: int = 0) -> int:
    """Answer a whole number of at least `low`.

    Raises:
        ApiError: 400 where it is none.
    """
    given = query.get(name)
    if given is None:
        return usual
    if not (given.isascii() and given.isdigit()) or not low <= int(given[:11]) <= _MOST:
        raise ApiError(400, (f"{name} must be a whole number of at least {low}",), {name: given})
    return int(given)


def number(query: Mapping[str, str], name: str) -> float | None:
    """Answer a finite number; None where it is not given.

    Raises:
        ApiError: 400 where it is none.
    """
    given = query.get(name)
    if given is None:
        return None
    try:
        value = float(given)
    except ValueError:
        value = float("inf")
    if not -_MOST < value < _MOST:
        raise ApiError(400, (f"{name} must be a number",), {name: given})
    return value


def one_of(query: Mapping[str, str], name: str, allowed: Collection[str], usual: str = "") -> str:
    """Answer one of these words.

    Raises:
        ApiError: 400 where it is none of them.
    """
    given = query.get(name, usual)
    if given != usual and given not in allowed:
        raise ApiError(400, (f"{name} must be one of {', '.join(sorted(allowed))}",), {name: given})
    return given


def several(incoming: Incoming, name: str, allowed: Collection[str]) -> set[str]:
    """Answer the words given for a name that may be given more than once.

    Raises:
        ApiError: 400 where one is none of those allowed.
    """
    given = set(parse_qs(incoming.query_string.decode("latin-1")).get(name, []))
    for word in sorted(given):
        if word not in allowed:
            raise ApiError(400, (f"{name} must be one of {', '.join(sorted(allowed))}",), {name: word})
    return given


def span(query: Mapping[str, str]) -> tuple[float, float]:
    """Answer `startDate` and `endDate` as Unix times: from the first day's start to the last day's end, UTC.

    Raises:
        ApiError: 400 where one is no date.
    """
    return _day(query, "startDate", 0), _day(query, "endDate", _MOST) + _DAY_S


def page(items: Sequence[_Item], query: Mapping[str, str], usual: int) -> Sequence[_Item]:
    """Answer the part of the items that `firstResultIndex` and `maxResult` ask for.

    Raises:
        ApiError: 400 where one is no whole number.
    """
    first = whole(query, "firstResultIndex", 0)
    return items[first : first + whole(query, "maxResult", usual, 1)]


def _day(query: Mapping[str, str], name: str, usual: float) -> float:
    """Answer the start of a day as Unix time."""
    given = query.get(name)
    if not given:
        return usual
    try:
        return datetime.strptime(given[:10], "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise ApiError(400, (f"{name} must be a date such as 2026-01-31",), {name: given}) from None
