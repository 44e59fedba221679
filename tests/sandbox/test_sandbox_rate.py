"""The rate limit and the peak: no second over, none under without need, and what is told of it."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.rate import PeakMeter, SlidingLimit
from tests.sandbox.sandbox_caller import ACCOUNTS, Caller, logged_in, refusal

# Multiples of 1/16: sums of them are exact, so the test's own arithmetic is beyond doubt.
GAPS = st.lists(st.integers(0, 24).map(lambda sixteenths: sixteenths / 16), max_size=200)


def _arrivals(gaps: list[float]) -> list[float]:
    """Turn gaps into arrival times."""
    now, times = 0.0, list[float]()
    for gap in gaps:
        now += gap
        times.append(now)
    return times


def _most_in_a_second(times: list[float]) -> int:
    """Count by brute force the most arrivals in any span shorter than a second."""
    return max((sum(start <= time < start + 1 for time in times) for start in times), default=0)


@given(GAPS, st.integers(1, 5))
def test_no_second_is_over_the_limit_and_none_refused_without_need(gaps: list[float], rate: int) -> None:
    """Whatever arrives, no second admits more than the rate, and a refusal had a full second before it."""
    limit = SlidingLimit()
    admitted = list[float]()
    for now in _arrivals(gaps):
        full = sum(now - time < 1 for time in admitted) >= rate
        assert limit.admit(now, rate) is not full
        if not full:
            admitted.append(now)
    assert _most_in_a_second(admitted) <= rate


@given(GAPS)
def test_peak_is_exact(gaps: list[float]) -> None:
    """The peak is what counting every possible second finds."""
    meter = PeakMeter()
    times = _arrivals(gaps)
    for now in times:
        meter.mark(now)
    assert meter.peak == _most_in_a_second(times)


@pytest.mark.parametrize(
    ("rate", "times", "expected"),
    [
        (0.5, [0.0, 1.9, 2.0], [True, False, True]),
        (2.5, [0.0, 0.0, 0.9, 1.0], [True, True, False, True]),
        (1, [0.0, 0.999, 1.0], [True, False, True]),
    ],
)
def test_rates_that_are_no_whole_number(rate: float, times: list[float], expected: list[bool]) -> None:
    """Below one a second the span grows instead; a broken rate is never exceeded."""
    limit = SlidingLimit()
    assert [limit.admit(time, rate) for time in times] == expected


async def test_over_the_limit_is_a_429_that_says_when() -> None:
    """A request over the limit, login included, is refused with `Retry-After` and does nothing."""
    caller = Caller(Sandbox(SandboxOptions(rate=0.001, retry_after_s=2)))
    await caller.log_in()  # the one request that fits
    response = await caller.call("GET", ACCOUNTS)
    assert refusal(response) == (429, ["Too many requests"], {})
    assert response.headers["Retry-After"] == "2"
    login = await caller.call("POST", "/v2/authorize", {"username": "ann", "password": "secret"})
    assert login.status_code == 429
    truth = caller.sandbox.truth()
    assert (truth.throttled, truth.logins, truth.statuses) == (2, 1, {"200": 1, "429": 2})


async def test_health_and_the_tests_own_pages_are_free() -> None:
    """Pages outside the API are not limited and not counted."""
    caller = Caller(Sandbox(SandboxOptions(rate=0.001)))
    await caller.log_in()
    for path in ("/health", "/_sandbox/truth"):
        assert (await caller.call("GET", path)).status_code == 200
    assert caller.sandbox.truth().requests == {"logUserIn": 1}


async def test_a_new_rate_holds_at_once() -> None:
    """Options replaced while serving decide the very next request."""
    caller = await logged_in()
    caller.sandbox.options = SandboxOptions(rate=0.001)
    assert (await caller.call("GET", ACCOUNTS)).status_code == 200
    assert (await caller.call("GET", ACCOUNTS)).status_code == 429
    caller.sandbox.options = SandboxOptions()
    assert (await caller.call("GET", ACCOUNTS)).status_code == 200
