from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from alianza_async.calls.retry_after import parse_retry_after

# Sun, 06 Nov 1994 08:49:37 GMT is RFC 9110's own example of a date.
EXAMPLE = 784111777.0
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", 0.0),
        ("5", 5.0),
        ("120", 120.0),
        ("0.5", 0.5),
        ("1.25", 1.25),
        ("  7\t", 7.0),
        ("007", 7.0),
        ("999999999999", 999999999999.0),
    ],
)
def test_retry_after_in_seconds(value: str, wait: float) -> None:
    """A number of seconds, whole or decimal, is the wait."""
    assert parse_retry_after({"retry-after": value}, now=NOW) == wait


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_retry_after_as_a_date(date: str) -> None:
    """Each form of an HTTP date names the same moment; the wait is what is left until then."""
    assert parse_retry_after({"retry-after": date}, now=EXAMPLE - 90) == 90.0


def test_a_date_in_the_past_is_no_wait() -> None:
    """A moment that is over asks for no wait at all."""
    assert parse_retry_after({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, now=NOW) == 0.0


def test_two_digit_years_are_never_far_ahead() -> None:
    """A year of two digits more than 50 years ahead is taken from the century before."""
    year = timedelta(days=365).total_seconds()
    in_2027 = parse_retry_after({"retry-after": "Friday, 01-Jan-27 00:00:00 GMT"}, now=NOW - year)
    assert in_2027 == datetime(2027, 1, 1, tzinfo=UTC).timestamp() - (NOW - year)
    assert parse_retry_after({"retry-after": "Saturday, 01-Jan-94 00:00:00 GMT"}, now=NOW) == 0.0


def test_a_leap_second_is_the_second_after() -> None:
    """`:60` is a valid time of day and must not make the date unreadable."""
    new_year = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    assert parse_retry_after({"retry-after": "Thu, 31 Dec 2026 23:59:60 GMT"}, now=new_year - 10) == 10.0


HOSTILE = [
    "",
    " ",
    "-1",
    "-0",
    "+5",
    ".5",
    "5.",
    "5s",
    "5, 10",
    "5,5",
    "5;q=1",
    "5\n",
    "5\n6",
    "\x005",
    "1e3",
    "1e999",
    "0x10",
    "1_000",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "Infinity",
    "9" * 13,
    "9" * 400,
    "9" * 5000,
    "\u0665",
    "\uff15",
    "²",
    "soon",
    "null",
    "{}",
    "Sun, 06 Nov 1994",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 PST",
    "Sun, 06 Nov 1994 08:49:37 +0100",
    "Sun, 31 Feb 2027 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 0000 08:49:37 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov 1994 08:49:3\uff17 GMT",
    "Fri, 31 Dec 9999 23:59:60 GMT",
    "Sunday, 06-Nov-1994 08:49:37 GMT",
    "Sun Nov 31 08:49:37 1994",
    "2027-01-01T00:00:00Z",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_what_cannot_be_read_says_nothing(value: str) -> None:
    """A hostile or meaningless value is neither a crash nor a wait."""
    assert parse_retry_after({"retry-after": value}, now=NOW) is None


@pytest.mark.parametrize("value", [text for text in HOSTILE if text != "9" * 13])
def test_what_cannot_be_read_as_a_reset_says_nothing(value: str) -> None:
    """The reset header refuses what `Retry-After` refuses, apart from numbers as long as milliseconds."""
    assert parse_retry_after({"x-ratelimit-reset": value}, now=NOW) is None


@pytest.mark.parametrize(
    "name", ["x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset", "RateLimit-Reset"]
)
@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("1800000030", 30.0),
        ("1800000030.5", 30.5),
        ("1800000030500", 30.5),
        ("1800000030500000", 30.5),
        ("1799999999", 0.0),
        ("0", 0.0),
        ("17", 17.0),
        ("2.5", 2.5),
    ],
)
def test_rate_limit_reset(name: str, value: str, wait: float) -> None:
    """A reset is Unix time in seconds or smaller units, or a small count of seconds from now."""
    assert parse_retry_after({name: value}, now=NOW) == wait


def test_retry_after_comes_first() -> None:
    """Where both headers are usable, `Retry-After` is the one that counts."""
    assert parse_retry_after({"x-ratelimit-reset": "50", "retry-after": "3"}, now=NOW) == 3.0


def test_an_unreadable_retry_after_leaves_the_reset() -> None:
    """An unusable `Retry-After` does not hide a usable reset."""
    assert parse_retry_after({"retry-after": "soon", "x-ratelimit-reset": "50"}, now=NOW) == 50.0


def test_names_are_read_in_any_case() -> None:
    """A header's name has no case."""
    assert parse_retry_after({"Retry-After": "4"}, now=NOW) == 4.0


def test_no_header_says_nothing() -> None:
    """Without either header there is no told wait."""
    assert parse_retry_after({"date": "Sun, 06 Nov 1994 08:49:37 GMT"}, now=NOW) is None


def test_now_may_be_a_datetime() -> None:
    """The same moment given as a datetime of any zone, or naive in UTC, gives the same wait."""
    headers = {"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}
    moment = datetime(1994, 11, 6, 8, 49, 7, tzinfo=UTC)
    assert parse_retry_after(headers, now=moment) == 30.0
    assert parse_retry_after(headers, now=moment.astimezone(timezone(timedelta(hours=5)))) == 30.0
    assert parse_retry_after(headers, now=moment.replace(tzinfo=None)) == 30.0


@pytest.mark.parametrize("now", [math.nan, math.inf, -math.inf, 1e300])
@pytest.mark.parametrize("value", ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"])
def test_a_broken_clock_is_no_wait(now: float, value: str) -> None:
    """A clock outside the calendar neither crashes nor gives a wait that is not finite."""
    assert parse_retry_after({"retry-after": value}, now=now) in (None, 0.0)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_gives_a_finite_wait_or_none(after: str, reset: str) -> None:
    """Whatever the headers hold, the answer is None or a finite number of seconds not below 0."""
    wait = parse_retry_after({"retry-after": after, "x-ratelimit-reset": reset}, now=NOW)
    assert wait is None or (math.isfinite(wait) and wait >= 0)
