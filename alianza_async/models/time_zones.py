"""Map IANA time zone names to the fifteen time zones the API knows.

The API takes values such as `US/Eastern`; people and files have names such as `America/Detroit`. A name
stands for the API value that keeps the same UTC offsets at every instant from 2026 to 2030. The answers are
in a generated table, so that nothing here reads a time zone database at run time.
"""

from __future__ import annotations

import functools
from typing import Literal, get_args

__all__ = ["API_TIME_ZONES", "ApiTimeZone", "to_api_time_zone"]

ApiTimeZone = Literal[
    "US/Samoa",
    "US/Hawaii",
    "US/Alaska",
    "US/Pacific",
    "US/Arizona",
    "US/Mountain",
    "US/Central",
    "US/Eastern",
    "America/St_Thomas",
    "Canada/Pacific",
    "Canada/Mountain",
    "Canada/Central",
    "Canada/Eastern",
    "Canada/Atlantic",
    "Canada/Newfoundland",
]
"""A time zone as the API spells it."""

API_TIME_ZONES: tuple[str, ...] = get_args(ApiTimeZone)
"""Every value of `ApiTimeZone`, west to east, the US before Canada."""

# A name longer than this is cut in a message: the longest real one has 32 characters.
_SHOWN = 64


def to_api_time_zone(name: str) -> str:
    """Answer the API's time zone for an IANA name.

    An exact name is tried first, then the name without surrounding spaces and without regard to case.

    Args:
        name: An IANA name (`America/Detroit`) or one of the API's own values (`US/Eastern`).

    Returns:
        One of `API_TIME_ZONES`.

    Raises:
        ValueError: The name is unknown, or its zone keeps other hours than each of the API's fifteen, or it
            lies outside the US, its territories and Canada. The message is one sentence that names it.
    """
    equivalents, refused = _tables()
    found = equivalents.get(name)
    if found is not None:
        return found
    key = name.strip()
    # Without this, a Unicode look-alike such as the Kelvin sign would become an ASCII "k" in lower().
    spelled = _spellings().get(key.lower(), key) if key.isascii() else key
    if spelled in equivalents:
        return equivalents[spelled]
    if spelled in refused:
        raise ValueError(
            f"{spelled!r} has no equivalent at Alianza (none of its time zones keeps the same hours in the "
            f"US, its territories or Canada); use one of {', '.join(API_TIME_ZONES)}"
        )
    shown = key if len(key) <= _SHOWN else f"{key[:_SHOWN]}…"
    raise ValueError(
        f"{shown!r} is not a time zone this library knows; use an IANA name of the US or Canada such as "
        f"'America/Detroit', or one of {', '.join(API_TIME_ZONES)}"
    )


@functools.cache
def _tables() -> tuple[dict[str, str], frozenset[str]]:
    """Answer the names that have an equivalent, and those that have none; read when first asked for."""
    from alianza_async.models._time_zone_table import EQUIVALENTS, REFUSED

    return EQUIVALENTS, REFUSED


@functools.cache
def _spellings() -> dict[str, str]:
    """Answer each known name under its lower-case spelling; made once, only when a name is not exact."""
    return {name.lower(): name for names in _tables() for name in names}
