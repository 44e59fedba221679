"""Map the names of time zones to the fifteen time zones the API knows.

The API takes values such as `US/Eastern`; people and files have names such as `America/Detroit`,
`Eastern Standard Time` (Windows) or `Eastern`. An IANA name stands for the API value that keeps the same UTC
offsets at every instant from 2026 to 2030; another name stands for the zone that it means in North America.
What may mean several, such as `EST` and `GMT-5`, is refused, with the zones that may be meant. The answers
are in a generated table, so that nothing here reads a time zone database at run time.
"""

from __future__ import annotations

import functools
import re
from typing import Final, Literal, get_args

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
_OFFSET_BEFORE: Final = re.compile(r"\((?:utc|gmt)[^()]{0,8}\) ?(?=.)", re.ASCII)
"""What lists of zones put before a name: `(UTC-05:00) Eastern Time (US & Canada)`."""

_OFFSET: Final = re.compile(r"\(?(etc/)?(?:utc|gmt)? ?([+-])(\d{1,2})(?::?(\d\d))?\)?", re.ASCII)
"""An offset alone: `GMT-5`, `UTC-05:00`, `-0500`, and `Etc/GMT+5`, whose sign is the other way round."""


def to_api_time_zone(name: str) -> str:
    """Answer the API's time zone for the name of one.

    An exact name is tried first, then the name without surrounding spaces, without regard to case, and with
    spaces for underscores.

    Args:
        name: An IANA name (`America/Detroit`), one of the API's own values (`US/Eastern`), what Windows calls
            a zone (`Eastern Standard Time`, `(UTC-05:00) Eastern Time (US & Canada)`), or a name with one
            meaning in North America (`Eastern`, `Pacific Time`, `EST5EDT`).

    Returns:
        One of `API_TIME_ZONES`.

    Raises:
        ValueError: The name is unknown, or may mean several zones (`EST`, `GMT-5`), or its zone keeps other
            hours than each of the API's fifteen, or it lies outside the US, its territories and Canada. The
            message is one sentence that names it.
    """
    table = _table()
    found = table.equivalents.get(name)
    if found is not None:
        return found
    key = name.strip()
    # Without this, a Unicode look-alike such as the Kelvin sign would become an ASCII "k" in lower().
    lower = " ".join(key.lower().split()) if key.isascii() else key
    spelled = table.spellings.get(lower.replace(" ", "_"), key)
    found = table.equivalents.get(spelled) or table.others.get(_OFFSET_BEFORE.sub("", lower, count=1))
    if found is not None:
        return found
    shown = key if len(key) <= _SHOWN else f"{key[:_SHOWN]}…"
    meant = table.proposed.get(lower) or _at_offset(lower)
    if meant:
        raise ValueError(
            f"{shown!r} does not say which time zone is meant; did you mean {' or '.join(meant)}?"
        )
    spelled = table.spellings.get(lower, spelled)
    if spelled in table.refused:
        raise ValueError(
            f"{spelled!r} has no equivalent at Alianza (none of its time zones keeps the same hours in the "
            f"US, its territories or Canada); use one of {', '.join(API_TIME_ZONES)}"
        )
    raise ValueError(
        f"{shown!r} is not a time zone this library knows; use an IANA name of the US or Canada such as "
        f"'America/Detroit', or one of {', '.join(API_TIME_ZONES)}"
    )


def _at_offset(text: str) -> tuple[str, ...] | None:
    """Answer the zones that may be meant by an offset from UTC; None where the text is none."""
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    minutes = 60 * int(found[3]) + int(found[4] or 0)
    is_west = (found[2] == "-") != bool(found[1])
    return _table().at_offset.get(-minutes if is_west else minutes)


class _Table:
    """The generated table, read when a name is first asked for."""

    def __init__(self) -> None:
        from alianza_async.models import _time_zone_table as table

        self.equivalents = table.EQUIVALENTS
        self.others = table.OTHER_NAMES
        self.proposed = table.PROPOSED
        self.at_offset = table.AT_OFFSET
        self.refused = table.REFUSED | table.WINDOWS_REFUSED

    @functools.cached_property
    def spellings(self) -> dict[str, str]:
        """Each known name under its lower-case spelling; made once, only when a name is not exact."""
        return {name.lower(): name for names in (self.equivalents, self.refused) for name in names}


_table = functools.cache(_Table)
