from __future__ import annotations

import dataclasses

import pytest

from alianza_async.bulk.report import STATUSES, ItemResult, Report, Status


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_has_a_sum_of_its_own(status: Status) -> None:
    """A result adds one to its own status and to nothing else."""
    report = Report()
    report.add(ItemResult(1, "A", status))
    assert {name: getattr(report, name) for name in STATUSES} == dict.fromkeys(STATUSES, 0) | {status: 1}
    assert report.settled == 1


def test_what_is_done_leaves_nothing_to_do() -> None:
    """`created`, `exists`, `updated` and what an earlier run did are done; nothing else is."""
    done = {status for status in STATUSES if ItemResult(1, "A", status).done}
    assert done == {"created", "exists", "updated"}
    assert ItemResult(1, "A", "skipped", done_before=True).done


def test_all_done_needs_every_row_done() -> None:
    """One row that is not done, or one whose end is not known, and not all is done."""
    report = Report()
    report.add(ItemResult(1, "A", "created", adopted=True))
    report.add(ItemResult(2, "B", "skipped", done_before=True))
    assert (report.all_done, report.adopted, report.done_before, report.sent) == (True, 1, 1, 1)
    assert not dataclasses.replace(report, unsettled=(3,)).all_done
    for status in ("failed", "invalid", "unknown", "skipped"):
        other = Report(created=1)
        other.add(ItemResult(2, "B", status))
        assert not other.all_done


def test_the_clock_stops_with_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elapsed seconds and items a second are live, and stand still once it has ended."""
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    report = Report()
    now = 105.0
    report.begin()
    assert (report.elapsed_s, report.items_per_s) == (0.0, 0.0)
    now = 107.0
    report.created = 8
    assert (report.elapsed_s, report.items_per_s) == (2.0, 4.0)
    report.end()
    now = 200.0
    assert (report.elapsed_s, report.items_per_s) == (2.0, 4.0)
