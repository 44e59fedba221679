from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.errors import BulkStoppedError, FailureBudgetError
from alianza_async.errors import AuthenticationError, ConfigurationError, SourceError
from alianza_async.policies.values import LimitPolicy
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.bulk.engine import (
    InstantTransport,
    account,
    accounts,
    read_csv,
    session_on,
    statuses,
    streamed,
    write_csv,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator
    from pathlib import Path

    from alianza_async.bulk import BulkJob, ItemResult

CREATE = "createAccount"


async def _settle() -> None:
    """Let every task go as far as it can without the outside world."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
async def instant() -> AsyncGenerator[Session]:
    """An open session on a server that answers at once."""
    async with Session(
        Credentials("tester", "a-made-up-password"),
        base_url="http://localhost",
        transport=InstantTransport(),
        limit=LimitPolicy(rate=1_000_000),
    ) as session:
        yield session


# --- stream and collected


async def test_a_stream_yields_every_result_once(session: Session) -> None:
    """However they end, each row has its one result, and the report keeps none of them."""
    job = session.bulk.create_accounts([*accounts(100), account(1)])
    results = await streamed(job)
    assert sorted(statuses(results)) == [*((row, "created") for row in range(1, 101)), (101, "invalid")]
    assert (job.report.created, job.report.invalid, job.report.results) == (100, 1, [])


async def test_run_returns_results_by_row(session: Session, sandbox: Sandbox) -> None:
    """Rows that end out of order stand in the input's order in the report."""
    sandbox.options = SandboxOptions(latency_ms=2, latency_jitter_ms=8)
    report = await session.bulk.create_accounts(accounts(60)).run()
    assert [result.row for result in report.results] == list(range(1, 61))


async def test_one_at_a_time_goes_in_the_input_s_order(session: Session, sandbox: Sandbox) -> None:
    """With one worker the server sees the rows as they stand."""
    results = await streamed(session.bulk.create_accounts(accounts(30), concurrency=1))
    assert [result.row for result in results] == list(range(1, 31))
    assert [made.key for made in sandbox.store.created] == [f"A-{row:05}" for row in range(1, 31)]


async def test_a_job_runs_once(session: Session) -> None:
    """The second run, of either kind, is refused with what to do."""
    job = session.bulk.create_accounts(accounts(1))
    await job.run()
    with pytest.raises(ConfigurationError, match=r"^this job ran already; make a new one$"):
        await job.run()
    with pytest.raises(ConfigurationError, match="this job ran already"):
        await streamed(job)


async def test_an_empty_input_is_a_job_too(session: Session, sandbox: Sandbox) -> None:
    """No row: no request, not even a login, and all is done."""
    report = await session.bulk.create_accounts([]).run()
    assert (report.total, report.all_done, sandbox.truth().requests) == (0, True, {})


@pytest.mark.parametrize("concurrency", [1, 7, "auto"])
async def test_async_sources_are_served_one_at_a_time(
    session: Session, sandbox: Sandbox, concurrency: int
) -> None:
    """An async generator, which allows no two callers at once, feeds all workers; each row once."""

    async def rows() -> AsyncIterator[dict[str, object]]:
        for row in accounts(40):
            await asyncio.sleep(0)
            yield row

    report = await session.bulk.create_accounts(rows(), concurrency=concurrency).run()
    assert [result.row for result in report.results] == list(range(1, 41))
    assert (report.created, sandbox.truth().requests[CREATE]) == (40, 40)


@pytest.mark.parametrize("concurrency", [1, 8])
async def test_no_more_than_told_are_under_way(sandbox: Sandbox, concurrency: int) -> None:
    """A number of items under way is kept and used."""
    sandbox.options = SandboxOptions(latency_ms=2)
    most = 0
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(accounts(60), concurrency=concurrency)
        async for _ in job:
            most = max(most, job.report.in_flight)
    assert most <= concurrency
    assert (job.report.in_flight, job.report.concurrency) == (0, concurrency)
    assert most >= concurrency - 1


# --- holding back, stopping, leaving


async def test_a_slow_reader_holds_the_workers_back(instant: Session) -> None:
    """Nothing is taken that the reader, its buffer of 256, the workers and the eight ahead cannot hold."""
    taken = 0

    def rows() -> Iterator[dict[str, object]]:
        nonlocal taken
        for row in accounts(2000):
            taken += 1
            yield row

    read = 0
    async for _ in instant.bulk.create_accounts(rows(), concurrency=5):
        read += 1
        if read % 100 == 1:
            await _settle()
            assert taken <= read + 256 + 5 + 8
    assert (read, taken) == (2000, 2000)


@pytest.mark.parametrize(("distinct", "sent"), [(1, 1), (5000, 5000)])
async def test_rows_that_wait_for_nothing_let_others_run(instant: Session, distinct: int, sent: int) -> None:
    """A million rows that are invalid, or answered at once, hold nobody up; the event loop still turns."""
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    rows = [account(number % distinct) for number in range(5000)]
    report = await instant.bulk.create_accounts(rows, concurrency=1).run()
    turning.cancel()
    assert (report.created, report.invalid) == (sent, 5000 - sent)
    assert turns >= 5000 / 20


async def test_stop_settles_what_is_under_way(session: Session, sandbox: Sandbox) -> None:
    """After `stop()` no further row is taken, and the stream ends by itself with nothing unsettled."""
    sandbox.options = SandboxOptions(latency_ms=5)
    job = session.bulk.create_accounts(accounts(500), concurrency=10)
    taken = 0
    results: list[ItemResult] = []
    async for result in job:
        results.append(result)
        if len(results) == 20:
            taken = job.report.total
            job.stop()
    assert taken < 500
    assert sorted(statuses(results)) == [(row, "created") for row in range(1, taken + 1)]
    assert (job.report.total, job.report.unsettled) == (taken, ())
    assert sandbox.truth().created_accounts == taken


async def test_a_job_stopped_before_it_began_sends_nothing(session: Session, sandbox: Sandbox) -> None:
    """`stop()` may come first."""
    job = session.bulk.create_accounts(accounts(5))
    job.stop()
    assert ((await job.run()).total, sandbox.truth().requests) == (0, {})


async def test_stop_does_not_wait_for_a_source_that_has_nothing_to_bring(session: Session) -> None:
    """An async source that waits for its next row is not waited for."""
    never = asyncio.Event()

    async def rows() -> AsyncIterator[dict[str, object]]:
        yield account(1)
        await never.wait()

    job = session.bulk.create_accounts(rows(), concurrency=3)
    async for _ in job:
        await _settle()
        job.stop()
    assert (job.report.created, job.report.total) == (1, 1)


async def test_leaving_the_loop_cuts_off_and_names_the_rows(sandbox: Sandbox, tmp_path: Path) -> None:
    """Rows under way are `unsettled`, and `unknown` in the result file, where the rest is `skipped`."""
    sandbox.faults.add(Fault(kind="hang_after", operation=CREATE, times=3))
    source = write_csv(tmp_path / "in.csv", accounts(150))
    out = tmp_path / "out.csv"
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(source, concurrency=4, results=out)
        async with aclosing(cast("AsyncGenerator[ItemResult]", aiter(job))) as results:
            async for result in results:
                if result.row == 10:
                    break
        assert set(job.report.unsettled) >= {1, 2, 3}
        assert (job.report.in_flight, job.report.all_done) == (0, False)
        told = {int(line["result_row"]): line["result_status"] for line in read_csv(out)}
        assert list(told) == list(range(1, 151))
        assert {row for row, status in told.items() if status == "unknown"} == set(job.report.unsettled)
        assert {told[row] for row in range(90, 151)} == {"skipped"}
        sandbox.options = SandboxOptions(unique=False)
        report = await session.bulk.create_accounts(out).run()
    assert (report.exists + report.created + report.done_before, report.failed) == (150, 0)
    assert (sandbox.truth().created_accounts, sandbox.truth().duplicate_account_numbers) == (150, [])


async def test_cancelling_run_cuts_off_likewise(sandbox: Sandbox) -> None:
    """A cancelled `run()` stops at once and names what was under way."""
    sandbox.faults.add(Fault(kind="hang_before", operation=CREATE, times=None))
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(accounts(9), concurrency=3)
        running = asyncio.create_task(job.run())
        while sandbox.faults.struck["hang_before"] < 3:  # noqa: ASYNC110  (the sandbox tells nobody)
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert job.report.unsettled == (1, 2, 3)


# --- what stops a job


async def test_a_refused_login_stops_the_job_at_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """One login is tried, nothing is sent, every row of the file is `skipped`, and the cause is told."""
    sandbox.options = SandboxOptions(login_status=401)
    source, out = write_csv(tmp_path / "in.csv", accounts(300)), tmp_path / "out.csv"
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(source, results=out)
        with pytest.raises(BulkStoppedError, match=r"^the job stopped: .*the login was refused") as caught:
            await job.run()
    assert isinstance(caught.value.__cause__, AuthenticationError)
    assert sandbox.truth().requests == {"logUserIn": 1}
    assert caught.value.report is job.report
    assert (job.report.total, job.report.skipped, job.report.sent) == (300, 300, 0)
    assert {line["result_status"] for line in read_csv(out)} == {"skipped"}


async def test_a_spent_budget_stops_the_job_and_tells_of_the_rest(sandbox: Sandbox, tmp_path: Path) -> None:
    """Fifty in a row: the job stops, what was under way is settled, the rest of the file is `skipped`."""
    sandbox.faults.add(Fault(kind="status_before", operation=CREATE, status=403, times=None))
    source, out = write_csv(tmp_path / "in.csv", accounts(200)), tmp_path / "out.csv"
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(source, results=out, concurrency=10)
        with pytest.raises(FailureBudgetError, match="50 rows failed one after the other; fix") as caught:
            await job.run()
    report = caught.value.report
    assert 50 <= report.failed < 60
    assert (report.failed + report.skipped, report.unsettled) == (200, ())
    lines = read_csv(out)
    assert [int(line["result_row"]) for line in lines] == list(range(1, 201))
    assert [line["result_status"] for line in lines].count("failed") == report.failed
    assert lines[-1]["result_error"] == "not sent: the job stopped before its turn"


async def test_invalid_rows_never_spend_the_budget(session: Session) -> None:
    """400 invalid rows and one good one: the job goes through."""
    report = await session.bulk.create_accounts([*[account("no")] * 400, account(1)], max_failures=1).run()
    assert (report.invalid, report.created) == (400, 1)


async def test_a_budget_may_be_off(session: Session, sandbox: Sandbox) -> None:
    """With `off` every row is tried, though all of them fail."""
    sandbox.faults.add(Fault(kind="status_before", operation=CREATE, status=403, times=None))
    report = await session.bulk.create_accounts(accounts(250), max_failures="off").run()
    assert report.failed == 250


async def test_an_error_of_the_caller_s_iterator_ends_the_job(session: Session, sandbox: Sandbox) -> None:
    """Rows taken before it are settled; then the job says that it stopped, caused by that very error."""

    def rows() -> Iterator[dict[str, object]]:
        yield from accounts(5)
        raise LookupError("the database went away")

    job = session.bulk.create_accounts(rows(), concurrency=2)
    with pytest.raises(BulkStoppedError, match=r"^the job stopped: the database went away$") as caught:
        await job.run()
    assert isinstance(caught.value.__cause__, LookupError)
    assert statuses(job.report.results) == [(row, "created") for row in range(1, 6)]
    assert sandbox.truth().created_accounts == 5


async def test_an_error_of_an_async_source_ends_the_stream(session: Session) -> None:
    """The stream hands on what was made, and raises at its end."""

    async def rows() -> AsyncIterator[dict[str, object]]:
        yield account(1)
        raise SourceError("the queue is closed")

    seen: list[ItemResult] = []

    async def read(job: BulkJob) -> None:
        async for result in job:
            seen.append(result)  # noqa: PERF401  (what came before the error is the point)

    with pytest.raises(BulkStoppedError, match="the queue is closed"):
        await read(session.bulk.create_accounts(rows()))
    assert statuses(seen) == [(1, "created")]


# --- memory


async def test_memory_does_not_grow_with_the_input(instant: Session) -> None:
    """8,000 rows more leave nothing behind: what is settled is forgotten."""

    def rows() -> Iterator[dict[str, object]]:
        return (account(number) for number in range(10_000))

    objects: dict[int, int] = {}
    read = 0
    async for _ in instant.bulk.create_accounts(rows(), concurrency=10):
        read += 1
        if read in {2000, 10_000}:
            gc.collect()
            objects[read] = len(gc.get_objects())
    assert objects[10_000] - objects[2000] < 800


async def test_a_job_that_is_open_runs_once(session: Session, tmp_path: Path) -> None:
    """Opened first, it has its journal and makes no second one; it runs once, and is not opened again."""
    path = tmp_path / "job.db"
    job = session.bulk.create_accounts(accounts(2), journal=path)
    await job.open()
    await job.open()
    assert path.exists()
    assert (await job.run()).created == 2
    for again in (job.open, job.run):
        with pytest.raises(ConfigurationError, match="ran already"):
            await again()
