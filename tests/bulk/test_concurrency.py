from __future__ import annotations

import pytest

from alianza_async.bulk.concurrency import AutoConcurrency, FixedConcurrency, SlowStart


class _Server:
    """A made-up server and clock: so long an answer, so many answers a second at the most."""

    def __init__(
        self, *, latency: float, rate: float = 100.0, most: float = float("inf"), ceiling: int = 1000
    ) -> None:
        self.now = 0.0
        self.latency = latency
        self.rate = rate
        self.most = most
        self.auto = AutoConcurrency(lambda: self.rate, ceiling, clock=lambda: self.now)

    def run(self, seconds: float) -> int:
        """Settle items for so long; returns what may then be under way."""
        until = self.now + seconds
        while self.now < until:
            pace = min(self.auto.target / self.latency, self.rate, self.most)
            self.now += 1 / pace
            # Where the server is the bottleneck its answers queue.
            busy = pace == self.most and self.auto.target / self.most > self.latency
            self.auto.settled(self.auto.target / self.most if busy else self.latency)
        return self.auto.target


def test_a_fixed_number_stays() -> None:
    """A number is a number, whatever the answers take."""
    fixed = FixedConcurrency(7)
    assert (fixed.target, fixed.settled(9.0), fixed.settled(None)) == (7, 7, 7)


@pytest.mark.parametrize(
    ("rate", "latency", "expected"),
    [(100.0, 0.05, 11), (100.0, 1.0, 201), (1000.0, 0.2, 401), (2.0, 0.001, 2)],
)
def test_the_law_of_little_is_heeded(rate: float, latency: float, expected: int) -> None:
    """Twice rate times latency, and one: at once after the first answer, and still so later."""
    server = _Server(latency=latency, rate=rate)
    assert server.auto.settled(latency) == expected
    assert server.run(60) == expected


def test_before_the_first_answer_a_second_s_worth_goes() -> None:
    """Until an answer came there may be as many under way as may leave in a second; errors do not tell."""
    server = _Server(latency=0.1, rate=80.0)
    assert (server.auto.target, server.auto.settled(None)) == (80, 80)
    server.now = 60.0
    assert server.auto.settled(None) == 80


def test_the_ceiling_is_never_passed() -> None:
    """The transport's capacity bounds it, at the start and later; and it is never below one."""
    server = _Server(latency=60.0, ceiling=40)
    assert (server.auto.target, server.run(600)) == (40, 40)
    assert AutoConcurrency(lambda: 0.01, 40).target == 1


def test_it_grows_by_doubling_as_long_as_that_brings_more() -> None:
    """Answers that become slower lengthen the pipe: it grows to what the law says."""
    server = _Server(latency=0.05)
    assert server.run(30) == 11
    server.latency = 1.0
    assert server.run(60) == 201


def test_it_grows_no_further_where_a_growth_brought_less_than_five_percent() -> None:
    """A server that does 20 a second whatever it is sent is not sent a longer and longer queue."""
    server = _Server(latency=0.1, rate=100.0, most=20.0)
    assert server.auto.settled(0.1) == 21
    held = server.run(30)
    assert held <= 42
    assert server.run(600) == held


def test_held_back_it_grows_again_once_the_answers_are_slower() -> None:
    """Where the same number brings far less than it did, the pipe became longer: it is filled again."""
    server = _Server(latency=0.1, rate=100.0, most=20.0)
    server.auto.settled(0.1)
    assert server.run(60) <= 42
    server.latency, server.most = 4.0, float("inf")
    assert server.run(120) == 801


def test_it_shrinks_with_the_rate_and_with_the_latency() -> None:
    """A rate halved by a 429 needs half as many; quicker answers need fewer, at once."""
    server = _Server(latency=1.0)
    assert server.run(20) == 201
    server.rate = 50.0
    assert server.run(20) == 101
    server.latency = 0.05
    assert server.run(20) == 6


def test_one_slow_answer_does_not_count() -> None:
    """It is the least latency of the window that counts: stragglers do not make it grow."""
    server = _Server(latency=0.05)
    server.run(5)
    server.auto.settled(30.0)
    assert server.run(5) == 11


def test_a_row_of_several_requests_counts_by_its_requests() -> None:
    """Rows in flight are rate x row latency / requests per row: 7 requests in 0.7 s are as one in 0.1 s."""
    single, several = (AutoConcurrency(lambda: 100.0, 1000, clock=lambda: 0.0) for _ in range(2))
    assert (single.settled(0.1), several.settled(0.7, 7)) == (21, 21)
    assert several.settled(0.2, 0) == 21


def test_a_job_starts_narrow_and_doubles_each_round() -> None:
    """Four under way at first; each round of successes doubles them, up to what is wanted: 100 by row 200."""
    slow = SlowStart(FixedConcurrency(100))
    widths, rows = [slow.target], 0
    while slow.target < 100:
        for _ in range(slow.target):
            slow.succeeded()
            rows += 1
        widths.append(slow.target)
    assert widths == [4, 8, 16, 32, 64, 100]
    assert rows <= 200
    assert slow.settled(None) == 100


def test_a_failure_halves_the_width() -> None:
    """Each failure halves what may be under way, never below one; successes widen it again."""
    slow = SlowStart(FixedConcurrency(100), start=64)
    widths: list[int] = []
    for _ in range(8):
        slow.failed()
        widths.append(slow.target)
    assert widths == [32, 16, 8, 4, 2, 1, 1, 1]
    slow.succeeded()
    assert slow.target == 2


def test_a_failure_halves_what_was_in_use() -> None:
    """Where the rate needs few, half of those is half the width: no store of unused width is left."""
    auto = AutoConcurrency(lambda: 10.0, 1000, clock=lambda: 0.0)
    auto.settled(0.2)
    slow = SlowStart(auto, start=64)
    assert slow.target == 5
    slow.failed()
    assert slow.target == 2


@pytest.mark.parametrize("budget", [1, 5, 50])
def test_most_failures_are_the_budget_and_what_was_under_way(budget: int) -> None:
    """Where every row fails, at most the budget and what was then under way fail: 4 with a budget of 1."""
    slow = SlowStart(FixedConcurrency(100))
    failed = under_way = 0
    while failed < budget:
        while under_way < slow.target:
            under_way += 1
        under_way -= 1
        failed += 1
        slow.failed()
    assert failed + under_way <= budget + 3


def test_without_a_budget_failures_narrow_nothing() -> None:
    """Where failures are not counted, they cost no width."""
    slow = SlowStart(FixedConcurrency(10), start=10, halves=False)
    slow.failed()
    assert slow.target == 10


def test_a_number_below_the_start_holds() -> None:
    """A job of two under way starts with two."""
    slow = SlowStart(FixedConcurrency(2))
    slow.succeeded()
    assert slow.target == 2
