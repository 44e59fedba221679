"""The server's clock against ours: what is certain holds, and what is not certain is not claimed."""

from __future__ import annotations

import math
import random

import pytest

from alianza_async.bulk.engine.clock import Bounds, ServerClock

NOW = 1_790_000_000.25


def cut(moment: float, places: int) -> float:
    """Write a time as a server does: cut to so many places."""
    scale = float(10**places)
    return math.floor(moment * scale) / scale


def measured(offset: float, *trips: tuple[float, float], places: int = 3) -> ServerClock:
    """Return a clock that has seen creates, each so long on its way there and back."""
    clock = ServerClock()
    for number, (there, back) in enumerate(trips):
        sent = NOW + number * 1.37
        clock.observe(sent, sent + there + back, cut(sent + offset + there, places))
    return clock


def test_nothing_is_certain_before_anything_is_known() -> None:
    """Without a sample and without a `Date`, no moment of the server's is before or after one of ours."""
    clock = ServerClock()
    assert clock.bounds == Bounds(-math.inf, math.inf)
    assert not clock.sampled
    for server_time in (0.5, NOW, NOW + 1e6):
        assert not clock.certainly_after(server_time, NOW)
        assert not clock.certainly_before(server_time, NOW)


@pytest.mark.parametrize("offset", [0.0, 37.2, -3600.007])
@pytest.mark.parametrize("after_s", [0.004, 0.01, 0.05])
def test_a_lost_create_some_milliseconds_after_its_intent_is_certainly_after_it(
    offset: float, after_s: float
) -> None:
    """Answered creates bound the clocks so closely that a lost one is proven, however far apart they are."""
    clock = measured(offset, (0.004, 0.002), (0.002, 0.002), (0.03, 0.002))
    intent = NOW + 60.0
    assert clock.certainly_after(cut(intent + offset + after_s, 3), intent)
    assert clock.certainly_before(cut(intent + offset - 0.01, 3), intent)


def test_what_was_made_just_before_the_intent_is_not_after_it() -> None:
    """Within the clocks' uncertainty nothing is claimed, neither before nor after."""
    clock = measured(0.0, (0.02, 0.02))
    intent = NOW + 60.0
    for made in (intent - 0.005, intent, intent + 0.005):
        assert not clock.certainly_after(cut(made, 3), intent)
        assert not clock.certainly_before(cut(made, 3), intent)


def test_whole_seconds_prove_nothing_within_their_second() -> None:
    """A history that counts whole seconds leaves a lost create of the same second unproven, never wrong."""
    clock = measured(0.0, *((0.005, 0.005) for _ in range(5)), places=0)
    intent = NOW + 60.0
    for made in (intent - 0.2, intent - 0.001, intent + 0.002, intent + 0.2):
        assert not clock.certainly_after(cut(made, 0), intent)
        assert not clock.certainly_before(cut(made, 0), intent)
    assert clock.certainly_after(cut(intent + 2.0, 0), intent)
    assert clock.certainly_before(cut(intent - 2.0, 0), intent)


@pytest.mark.parametrize("places", [3, 0])
@pytest.mark.parametrize("seed", range(20))
def test_what_is_certain_is_true(seed: int, places: int) -> None:
    """Whatever the offset, the ways and the digits: no moment is called before or after that was not."""
    draw = random.Random(seed)  # noqa: S311  (figures for a test)
    offset = draw.uniform(-5, 5)
    trips = [(draw.uniform(0.0012, 0.2), draw.uniform(0.0012, 0.2)) for _ in range(draw.randint(1, 8))]
    clock = measured(offset, *trips, places=places)
    assert clock.bounds.lo <= offset <= clock.bounds.hi
    for _ in range(200):
        ours, made = NOW + draw.uniform(0, 3), NOW + draw.uniform(0, 3)
        logged = cut(made + offset, places)
        assert not (clock.certainly_after(logged, ours) and made < ours)
        assert not (clock.certainly_before(logged, ours) and made >= ours)


def test_the_date_of_answers_serves_while_there_is_no_sample() -> None:
    """A `Date` field, cut to seconds and a quarter of one stale, bounds the clocks until a sample does."""
    clock = ServerClock()
    for number in range(20):
        sent = NOW + number * 1.07
        clock.observe_date(sent, sent + 0.02, math.floor(sent + 0.01 - 0.25))
    assert clock.bounds.lo <= 0.0 <= clock.bounds.hi
    assert clock.bounds.hi - clock.bounds.lo < 1.5
    assert clock.certainly_after(NOW + 2.0, NOW)
    assert clock.certainly_before(NOW - 2.0, NOW)
    assert not clock.certainly_after(NOW + 0.01, NOW)
    clock.observe(NOW, NOW + 0.01, NOW + 0.004)
    assert clock.sampled
    assert clock.certainly_after(NOW + 0.01, NOW)


def test_a_clock_that_was_set_widens_the_bounds() -> None:
    """Samples that contradict each other leave both offsets possible: what was before stays judged right."""
    clock = ServerClock()
    clock.observe(NOW, NOW + 0.01, NOW + 0.004)
    for number in range(3):
        sent = NOW + 100 + number
        clock.observe(sent, sent + 0.01, sent + 10.004)
    assert clock.bounds.lo <= 0.0
    assert clock.bounds.hi >= 10.0
    assert not clock.certainly_after(NOW + 5.0, NOW)
    assert clock.certainly_after(NOW + 10.1, NOW)
    assert not clock.certainly_before(NOW - 0.001, NOW)
    # Set once more: all three count.
    clock.observe(NOW + 200, NOW + 200.01, NOW + 150.004)
    assert clock.bounds.lo <= -49.9
    assert clock.bounds.hi >= 10.0
