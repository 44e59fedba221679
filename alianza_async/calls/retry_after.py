"""Read how long a server asks to wait, from `Retry-After` or a rate limit's reset header.

Both come from outside and arrive in many shapes, some of them hostile. What cannot be read plainly says
nothing: the answer is then None, and the caller's own back-off decides. The caller caps a wait, too.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESET_HEADERS = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")

# ASCII digits only, and few enough that a float holds them: 12 digits of seconds are 31,000 years.
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,30})?")
_RESET = re.compile(r"[0-9]{1,19}(?:\.[0-9]{1,30})?")

# A reset below this is "seconds from now" (three years of them), above it is a moment in Unix time.
_LEAST_UNIX_TIME = 1e8
# Unix seconds reach this in the year 5138; what is larger counts in thousandths (or their thousandths).
_LARGEST_UNIX_TIME = 1e11

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_ZONE = r"(?:GMT|UTC|UT|Z|[+-]0000)"
_HTTP_DATES = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        # Sun, 06 Nov 1994 08:49:37 GMT
        rf"[a-z]{{3}}, (?P<day>[0-9]{{1,2}}) (?P<month>[a-z]{{3}}) (?P<year>[0-9]{{4}}) {_CLOCK} {_ZONE}",
        # Sunday, 06-Nov-94 08:49:37 GMT
        rf"[a-z]{{3,9}}, (?P<day>[0-9]{{2}})-(?P<month>[a-z]{{3}})-(?P<year>[0-9]{{2}}) {_CLOCK} {_ZONE}",
        # Sun Nov  6 08:49:37 1994
        rf"[a-z]{{3}} (?P<month>[a-z]{{3}}) (?P<day>[ 0-9][0-9]) {_CLOCK} (?P<year>[0-9]{{4}})",
    )
)


def parse_retry_after(headers: Mapping[str, str], *, now: datetime | float) -> float | None:
    """Answer the seconds a reply's headers ask to wait.

    `Retry-After` (seconds, or a date in any of the three forms of RFC 9110) is asked first. Where it is
    absent or unreadable, `X-RateLimit-Reset` and its relatives are: Unix time in seconds or milliseconds, or
    seconds from now.

    Args:
        headers: The reply's headers; their names in any case.
        now: The current moment, as Unix time in seconds or as a datetime (a naive one is taken as UTC).

    Returns:
        Seconds, finite and at least 0 (a moment in the past is 0), not capped; None where nothing usable is
        said. Never raises, whatever the headers hold.
    """
    at = _unix_time(now)
    lowered = {name.lower(): value for name, value in headers.items()}
    wait = _retry_after(_text(lowered.get("retry-after")), at)
    for name in _RESET_HEADERS:
        if wait is not None:
            break
        wait = _reset(_text(lowered.get(name)), at)
    return wait


def _text(value: object) -> str:
    """Answer a header's value without the optional whitespace around it; `""` where it is no text."""
    return value.strip(" \t") if isinstance(value, str) else ""


def _unix_time(now: datetime | float) -> float:
    """Answer a moment as Unix time in seconds."""
    if isinstance(now, datetime):
        return (now if now.tzinfo else now.replace(tzinfo=UTC)).timestamp()
    return now


def _until(moment: float, now: float) -> float | None:
    """Answer the seconds to a moment, 0 where it is past."""
    wait = moment - now
    return max(wait, 0.0) if math.isfinite(wait) else None


def _retry_after(text: str, now: float) -> float | None:
    if _SECONDS.fullmatch(text):
        return float(text)
    moment = _http_date(text, now)
    return None if moment is None else _until(moment, now)


def _reset(text: str, now: float) -> float | None:
    if not _RESET.fullmatch(text):
        return None
    value = float(text)
    if value < _LEAST_UNIX_TIME:
        return value
    while value >= _LARGEST_UNIX_TIME:
        value /= 1000
    return _until(value, now)


def _http_date(text: str, now: float) -> float | None:
    """Answer an HTTP date as Unix time; the name of the weekday is not checked against the date."""
    match = next((found for pattern in _HTTP_DATES if (found := pattern.fullmatch(text))), None)
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    try:
        # A leap second (":60") is a valid time which datetime cannot hold: it is the second after.
        leap = match["second"] == "60"
        moment = datetime(
            _year(match["year"], now),
            _MONTHS.index(match["month"].lower()) + 1,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            59 if leap else int(match["second"]),
            tzinfo=UTC,
        )
        return (moment + timedelta(seconds=leap)).timestamp()
    except (ValueError, OverflowError, OSError):  # no such day, or `now` outside the calendar
        return None


def _year(digits: str, now: float) -> int:
    """Answer a year; one of two digits is never more than 50 years ahead (RFC 9110, 5.6.7)."""
    year = int(digits)
    if len(digits) == len("1994"):
        return year
    this_year = datetime.fromtimestamp(now, UTC).year
    year += this_year - this_year % 100
    return year - 100 if year > this_year + 50 else year
