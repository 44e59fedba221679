from __future__ import annotations

import pytest

from alianza_async.bulk.budget import FailureBudget
from alianza_async.errors import ConfigurationError


def _spent(budget: FailureBudget, *runs: tuple[str, int]) -> tuple[int, str | None]:
    """Return after how many items the budget was spent, and why; (0, None) where it never was."""
    sent = 0
    for status, times in runs:
        for _ in range(times):
            sent += 1
            reason = budget.spend(status)
            if reason is not None:
                return sent, reason
    return 0, None


def test_the_default_is_fifty_in_a_row() -> None:
    """49 failures, a success and 49 more go on; the fiftieth one after the other does not."""
    assert _spent(FailureBudget.parse(None), ("failed", 49), ("created", 1), ("unknown", 49)) == (0, None)
    budget = FailureBudget.parse(None)
    assert _spent(budget, ("failed", 25), ("unknown", 25)) == (50, "50 rows failed one after the other")


def test_the_default_is_also_over_half_of_at_least_200() -> None:
    """Below 200 sent no share counts; at 200 more than half does, exactly half does not."""
    more = FailureBudget.parse(None)
    assert _spent(more, *[("failed", 1), ("created", 1)] * 99, ("failed", 2)) == (
        200,
        "101 of 200 rows failed",
    )
    half = FailureBudget.parse(None)
    assert _spent(half, *[("failed", 1), ("created", 1)] * 100) == (0, None)


def test_a_number_is_so_many_in_all() -> None:
    """`3` stops at the third failure, however many were created between."""
    for text in (3, "3", " 3 "):
        runs = [("failed", 1), ("created", 100)] * 3
        assert _spent(FailureBudget.parse(text), *runs) == (203, "3 rows failed")


def test_a_percentage_counts_from_200_on() -> None:
    """`5%` stops where more than 5 in a hundred of at least 200 failed, and not before."""
    assert _spent(FailureBudget.parse("5%"), ("failed", 10), ("created", 400)) == (0, None)
    assert _spent(FailureBudget.parse("5 %"), ("failed", 11), ("created", 400)) == (
        200,
        "11 of 200 rows failed",
    )
    assert _spent(FailureBudget.parse("0.5%"), ("created", 300), ("failed", 9)) == (
        302,
        "2 of 302 rows failed",
    )


def test_off_never_stops() -> None:
    """`off` lets everything fail."""
    assert _spent(FailureBudget.parse("OFF"), ("failed", 1000)) == (0, None)


def test_what_is_done_spends_nothing() -> None:
    """`created`, `exists` and `updated` never count."""
    runs = [("created", 300), ("exists", 300), ("updated", 300)]
    assert _spent(FailureBudget.parse(1), *runs) == (0, None)


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "1.5", "101%", "5%%", "half", True, "1_000", "٣", float("nan")]
)
def test_anything_else_is_refused(text: object) -> None:
    """What is no number, no percentage and not `off` is a configuration error that quotes it."""
    with pytest.raises(ConfigurationError, match=r"max_failures is .*; give a number, a percentage"):
        FailureBudget.parse(text)  # type: ignore[arg-type]
