from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alianza_async import errors
from alianza_async.bulk.engine.outage import OutageDetector

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

CONTEXT = errors.CallContext("createAccount", "POST", "/v2/x", "r-1", 1)
UNREACHABLE = errors.ConnectionFailedError("no connection", context=CONTEXT)
REFUSED = errors.RequestRejectedError("no", context=CONTEXT, status=422)


def gateway(status: int = 503) -> errors.AlianzaError:
    """Make the answer of a gateway."""
    return errors.ServerError("not there", context=CONTEXT, status=status)


class Host:
    """A host that answers or not, with a clock that jumps when somebody sleeps."""

    def __init__(self, *, limit_s: float = 3600.0) -> None:
        self.now = 0.0
        self.probes: list[float] = []
        self.up_at = float("inf")
        self.fails_with: errors.AlianzaError = UNREACHABLE
        self.changes: list[str | None] = []
        self.detector = OutageDetector(
            "api.example.com",
            probe=self.probe,
            limit_s=limit_s,
            clock=lambda: self.now,
            wall=lambda: 1_000_000.0 + self.now,
            sleep=self.sleep,
            on_change=lambda detector: self.changes.append(detector.message),
        )

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, and others run."""
        await asyncio.sleep(0)
        self.now += seconds

    async def probe(self) -> None:
        """Answer, or not."""
        self.probes.append(self.now)
        if self.now < self.up_at:
            raise self.fails_with


def lost(cause: Exception) -> errors.UnknownOutcomeError:
    """Make the error of a row whose answer was lost, and whose look-up failed."""
    error = errors.UnknownOutcomeError("it may be there", context=CONTEXT)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("error", [UNREACHABLE, lost(UNREACHABLE)], ids=["not sent", "lost"])
def test_a_host_that_cannot_be_reached_is_an_outage_at_once(error: errors.AlianzaError) -> None:
    """The first row that finds no connection is parked, one whose answer was lost before likewise."""
    host = Host()
    assert host.detector.note_failure(1, error)
    assert (host.detector.active, host.detector.since, host.detector.outages) == (True, 1_000_000.0, 1)
    message = host.detector.message or ""
    assert message.startswith("cannot reach api.example.com since ")
    assert message.endswith("; waiting")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_ten_different_rows_in_a_row_are_an_outage(status: int) -> None:
    """A gateway's refusal parks each row, and the tenth different row in a row makes it an outage."""
    host = Host()
    for row in range(9):
        assert host.detector.note_failure(row, gateway(status))
    assert not host.detector.active
    assert host.detector.note_failure(99, lost(gateway(status)))
    assert host.detector.active


def test_an_answer_in_between_begins_the_count_again() -> None:
    """Nine rows, one that succeeds or is refused by the server itself, nine rows: no outage."""
    host = Host()
    for between in (lambda: host.detector.note_success(50), lambda: host.detector.note_failure(51, REFUSED)):
        for row in range(9):
            host.detector.note_failure(row, gateway())
        between()
    assert not host.detector.active


def test_a_row_that_alone_meets_the_gateway_fails_in_the_end() -> None:
    """A row that is answered 503 three times while others succeed is a failure of its own."""
    host = Host()
    seen: list[bool] = []
    for _ in range(3):
        seen.append(host.detector.note_failure(7, gateway()))
        host.detector.note_success(8)
    assert seen == [True, True, False]


@pytest.mark.parametrize("rows", [(1,), (1, 2)], ids=["one row", "two rows"])
async def test_a_row_that_meets_the_gateway_three_times_in_a_row_is_an_outage(rows: tuple[int, ...]) -> None:
    """With few rows, and one at a time, none fails: where no row is answered in between, it is an outage."""
    host = Host(limit_s=1000.0)
    host.fails_with = gateway()
    for row in rows:
        for turn in range(3):
            assert host.detector.active == (row != rows[0])
            assert host.detector.note_failure(row, gateway()), (row, turn)
            assert host.detector.active or await host.detector.wait_over(row)
    assert host.detector.active
    assert not await host.detector.wait_over(rows[-1])
    assert host.detector.given_up


def test_an_answer_just_after_its_first_refusal_makes_no_failure_of_a_row() -> None:
    """Another row was answered once as the host went: the row has to be refused between answers, twice."""
    host = Host()
    assert host.detector.note_failure(1, gateway())
    host.detector.note_success(2)
    assert [host.detector.note_failure(1, gateway()) for _ in range(3)] == [True] * 3
    assert host.detector.active


@pytest.mark.parametrize(
    ("others", "fails"),
    [((), True), ((2,), True), (range(2, 12), False)],
    ids=["alone", "with another", "with ten"],
)
async def test_a_row_that_alone_is_refused_for_long_fails(others: Iterable[int], *, fails: bool) -> None:
    """The probe is answered for five minutes and a few rows are not: they fail, and the job goes on."""
    host = Host()
    host.up_at = 0.0
    for row in others:
        host.detector.note_failure(row, gateway())
    parked = True
    while parked and host.now < 400.0:
        parked = host.detector.note_failure(1, gateway())
        assert not parked or await host.detector.wait_over(1)
    assert (parked, host.detector.active) == (not fails, False)
    assert not fails or 300.0 <= host.now < 340.0


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        errors.ServerError("500", context=CONTEXT, status=500),
        errors.CallTimeoutError("late", context=CONTEXT),
        errors.UnknownOutcomeError("two were found", context=CONTEXT),
    ],
    ids=["422", "500", "timeout", "unknown"],
)
def test_other_failures_are_the_row_s_own(error: errors.AlianzaError) -> None:
    """What the server itself refuses, and what says nothing of the host, parks no row."""
    host = Host()
    assert not host.detector.note_failure(1, error)
    assert not host.detector.active


def test_a_lost_answer_during_an_outage_is_parked() -> None:
    """While there is an outage, a timeout or an outcome nobody could look up waits with the others."""
    host = Host()
    host.detector.note_failure(1, UNREACHABLE)
    assert host.detector.note_failure(2, errors.CallTimeoutError("late", context=CONTEXT))


async def test_it_probes_with_growing_pauses_until_the_host_answers() -> None:
    """All waiters share one probe; its pauses grow; then every row has its turn."""
    host = Host()
    host.up_at = 20.0
    host.detector.note_failure(1, UNREACHABLE)
    over = await asyncio.gather(*(host.detector.wait_over(row) for row in range(5)))
    assert over == [True] * 5
    assert host.probes == [2.0, 5.0, 9.5, 16.25, 26.375]
    assert (host.detector.active, host.detector.message) == (False, None)
    assert [change is not None for change in host.changes] == [True, False]


@pytest.mark.parametrize(("fails_with", "probes"), [(REFUSED, 1), (gateway(502), 2)])
async def test_what_counts_as_an_answer(fails_with: errors.AlianzaError, probes: int) -> None:
    """A refusal of the server ends the outage; a gateway's does not."""
    host = Host()
    host.fails_with, host.up_at = fails_with, 3.0
    host.detector.note_failure(1, UNREACHABLE)
    assert await host.detector.wait_over(1)
    assert len(host.probes) == probes


async def test_the_limit_ends_the_wait() -> None:
    """After the limit nobody waits: the rows are not sent, and the message says what to do."""
    host = Host(limit_s=60.0)
    host.detector.note_failure(1, UNREACHABLE)
    assert not await host.detector.wait_over(1)
    assert not await host.detector.wait_over(2)
    assert (host.detector.given_up, host.now) == (True, 60.0)
    assert "longer than the outage limit; stopped; resume the job" in (host.detector.message or "")


async def test_an_outage_that_a_probe_does_not_show_has_one_limit() -> None:
    """Where the probe is answered and no row is, it is one outage: its limit counts from its beginning."""
    host = Host(limit_s=30.0)
    host.up_at = 0.0
    turns = 0
    while host.now < 200.0:
        turns += 1
        for row in range(10):
            host.detector.note_failure(row, gateway())
        if not await host.detector.wait_over(0):
            break
    assert (host.detector.given_up, host.detector.outages, host.now <= 31.0) == (True, 1, True)
    assert turns > 1


async def test_a_row_parked_without_an_outage_waits_for_what_others_show() -> None:
    """A single 503 waits two seconds, and its turn comes without a probe."""
    host = Host()
    host.detector.note_failure(1, gateway())
    assert await host.detector.wait_over(1)
    assert (host.now, host.probes) == (2.0, [])


async def test_a_row_that_gets_through_ends_it() -> None:
    """An answer to a row under way ends the outage before the next probe."""
    host = Host()
    host.detector.note_failure(1, UNREACHABLE)
    host.detector.note_success(2)
    assert await host.detector.wait_over(1)
    assert host.probes == []


@pytest.mark.parametrize("is_out", [True, False])
async def test_a_stop_ends_every_wait(*, is_out: bool) -> None:
    """Once the job stops, no row waits for the host: it is not sent."""
    host = Host()
    if is_out:
        host.detector.note_failure(1, UNREACHABLE)
    host.detector.stop()
    assert not await host.detector.wait_over(1)
    assert host.probes == []


async def test_a_stop_wakes_who_waits() -> None:
    """A stop ends a wait that has begun, whatever is left of its pause."""
    began = asyncio.Event()

    async def for_ever(_: float) -> None:
        began.set()
        await asyncio.Event().wait()

    async def probe() -> None:
        raise AssertionError("never sent")

    detector = OutageDetector("h", probe=probe, sleep=for_ever)
    detector.note_failure(1, UNREACHABLE)
    waiting: asyncio.Future[bool] = asyncio.ensure_future(detector.wait_over(1))
    await began.wait()
    detector.stop()
    assert not await waiting


async def test_another_waiter_goes_on_where_the_prober_is_cancelled() -> None:
    """The row that probes may be cut off: the next one probes, and nobody hangs."""
    host = Host()
    host.up_at = 3.0
    host.detector.note_failure(1, UNREACHABLE)
    first: asyncio.Future[bool] = asyncio.ensure_future(host.detector.wait_over(1))
    second: Awaitable[bool] = asyncio.ensure_future(host.detector.wait_over(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second
