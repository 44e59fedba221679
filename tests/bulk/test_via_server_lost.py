from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from alianza_async.bulk.engine import step_waits
from alianza_async.bulk.engine.recorder import Recorder
from alianza_async.bulk.engine.recording_session import RecordingSession
from alianza_async.bulk.engine.steps import Item
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.bulk.journal.store import PutBack
from alianza_async.bulk.server_side import server_jobs
from alianza_async.bulk.server_side.server_batches import ServerBatches
from alianza_async.errors import UnknownOutcomeError
from alianza_async.models.users import UserCreate
from alianza_async.policies.retry import Unsettled
from alianza_async.resources.server_jobs.bulk import CREATE_USERS
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import session_on, streamed, write_csv
from tests.bulk.server_places import Clock, add_accounts, cut, sent, server_steps, until, usernames, users

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from alianza_async.bulk.report import Report
    from alianza_async.session import Session

KEEP, START, LOOK, FIND = "create_collection", "create_job", "get_job", "retrieveEndUser"


@pytest.fixture
def sandbox() -> Sandbox:
    """Return a server that takes doubles: nothing but the client prevents them."""
    return Sandbox(SandboxOptions(unique=False))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once where a look-up could not tell."""
    monkeypatch.setattr(step_waits, "_AGAIN_S", 0.0)


@pytest.fixture
def in_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every job that an earlier run has begun for one that was begun long ago."""
    monkeypatch.setattr(server_jobs, "time", SimpleNamespace(time=lambda: time.time() + 4000))


def once(sandbox: Sandbox, count: int) -> bool:
    """Tell whether each of so many users was made, and made once."""
    made = usernames(sandbox)
    return len(made) == count and set(made.values()) == {1}


def told(report: Report) -> dict[str, int]:
    """Return how many rows are done, whoever is proven to have made them; failed or unknown; and adopted."""
    counts = {name: getattr(report, name) for name in ("failed", "unknown", "adopted")}
    counts = {"done": report.created + report.exists, **counts}
    return {name: count for name, count in counts.items() if count}


async def test_a_lost_answer_to_the_rows_is_nothing(sandbox: Sandbox) -> None:
    """Rows that are kept start nothing: where the answer is lost they are sent once more."""
    sandbox.faults.add(Fault(kind="cut_after", operation=KEEP, times=2))
    async with session_on(sandbox) as session:
        await add_accounts(session)
        report = await session.bulk.run("users", users(5), via="server").run()
    assert (told(report), once(sandbox, 5)) == ({"done": 5}, True)
    assert sent(sandbox, KEEP, START, FIND) == (3, 1, 0)


async def test_rows_that_cannot_be_kept_have_failed(sandbox: Sandbox) -> None:
    """Where no job can have been started nothing is unknown; each of its four turns asks twice."""
    sandbox.faults.add(Fault(kind="cut_after", operation=KEEP, times=None))
    async with session_on(sandbox, attempts=2) as session:
        await add_accounts(session)
        report = await session.bulk.run("users", users(5), via="server").run()
    assert (told(report), sent(sandbox, KEEP, START, FIND)) == ({"failed": 5}, (8, 0, 0))


@pytest.mark.parametrize("kind", ["cut_after", "status_after", "garbage_after"])
async def test_a_lost_answer_to_the_job_is_looked_up(sandbox: Sandbox, kind: str, tmp_path: Path) -> None:
    """A job whose start was not answered is not started again: its rows are found, and are ours."""
    sandbox.faults.add(Fault(kind=kind, operation=START))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    path = tmp_path / "job.db"
    async with session_on(sandbox) as session:
        await add_accounts(session)
        report = await session.bulk.run("users", users(8), via="server", journal=path).run()
    assert (told(report), once(sandbox, 8)) == ({"done": 8, "adopted": 8}, True)
    assert (sent(sandbox, START, FIND), server_steps(path)) == ((1, 8), {("created", None): 8})


async def test_a_job_of_which_nobody_knows_is_not_started_again(
    sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Not there, and its job may still be at it: unknown, also when resumed; an hour later it is sent."""
    file, path = write_csv(tmp_path / "in.csv", users(3)), tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="status_before", operation=START))
    async with session_on(sandbox) as session:
        await add_accounts(session)
        first = await session.bulk.run("users", file, via="server", journal=path).run()
        second = await session.bulk.resume(path).run()
        assert (told(first), told(second)) == ({"unknown": 3}, {"unknown": 3})
        assert all(isinstance(result.error, UnknownOutcomeError) for result in second.results)
        assert (sent(sandbox, START), server_steps(path)) == ((1,), {("unknown", None): 3})
        request.getfixturevalue("in_an_hour")
        last = await session.bulk.resume(path).run()
    assert (told(last), once(sandbox, 3), sent(sandbox, START)) == ({"done": 3}, True, (2,))


async def test_a_job_that_comes_late_makes_nothing_twice(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its answer lost, its work done long after the rows were looked up: unknown, then found by a resume."""
    file, path, clock = write_csv(tmp_path / "in.csv", users(4)), tmp_path / "job.db", Clock(sandbox)
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    sandbox.faults.add(Fault(kind="cut_after", operation=START))
    async with session_on(sandbox) as session:
        await add_accounts(session)
        first = await session.bulk.run("users", file, via="server", journal=path).run()
        clock.now = 61
        second = await session.bulk.resume(path).run()
    assert (told(first), told(second)) == ({"unknown": 4}, {"done": 4, "adopted": 4})
    assert (once(sandbox, 4), sent(sandbox, START)) == (True, (1,))


async def test_a_job_that_is_aborted_halfway_is_gone_on_with(sandbox: Sandbox, tmp_path: Path) -> None:
    """What an aborted job does not tell of is looked up: a second job is given what is not there."""
    clock, path = Clock(sandbox), tmp_path / "job.db"
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    async with session_on(sandbox) as session:
        await add_accounts(session)
        job = session.bulk.run("users", users(10), via="server", journal=path)

        async def abort() -> None:
            book = sandbox.store.bulk
            await until(lambda: bool(book.jobs))
            clock.now = 30
            book.abort(next(iter(book.jobs.values())))
            sandbox.options = SandboxOptions(unique=False)
            forget_outcomes(sandbox, made=2)

        report, _ = await both(job.run, abort)
    assert (told(report), once(sandbox, 10)) == ({"done": 10, "adopted": 2}, True)
    assert sorted(job.status for job in sandbox.store.bulk.jobs.values()) == ["ABORTED", "COMPLETED"]
    assert {job_id for _, job_id in server_steps(path)} == set(sandbox.store.bulk.jobs)


async def test_what_is_refused_because_we_made_it_is_ours(sandbox: Sandbox) -> None:
    """Made by an aborted job, not seen at first, refused by the second job: found equal, it is ours."""
    clock = Clock(sandbox)
    sandbox.options = SandboxOptions(job_s=60)
    sandbox.faults.add(Fault(kind="status_before", status=404, operation=FIND, times=10))
    async with session_on(sandbox) as session:
        await add_accounts(session)
        job = session.bulk.run("users", users(10), via="server")

        async def abort() -> None:
            book = sandbox.store.bulk
            await until(lambda: bool(book.jobs))
            clock.now = 30
            book.abort(next(iter(book.jobs.values())))
            sandbox.options = SandboxOptions()
            forget_outcomes(sandbox, made=5)

        report, _ = await both(job.run, abort)
    assert (told(report), once(sandbox, 10)) == ({"done": 10, "adopted": 5}, True)


async def test_a_batch_whose_first_row_is_cut_off_is_looked_up(sandbox: Sandbox) -> None:
    """The row that sees the batch through is cut off: the others do not wait for ever, and are not lost."""
    async with session_on(sandbox) as session:
        batches = ServerBatches(session, CREATE_USERS, size=9)

        async def row() -> object:
            model = UserCreate(username="ada", time_zone="US/Eastern")
            return await batches.carry_out(Item(RecordingSession.over(session), model, {}), "a-1", {})

        first, second = asyncio.create_task(row()), asyncio.create_task(row())
        await anyio.lowlevel.checkpoint()
        first.cancel()
        with pytest.raises(Unsettled, match="its batch was cut off"):
            await second


async def test_a_job_that_is_aborted_always_fails_its_rows(sandbox: Sandbox) -> None:
    """A row is put into as many jobs as a call is tried; then it has failed, for it is known to be absent."""
    start = sandbox.store.bulk.start

    def start_and_abort(job: object, *others: object) -> None:
        start(job, *others)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        sandbox.store.bulk.abort(job)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    sandbox.store.bulk.start = start_and_abort  # type: ignore[method-assign, assignment]
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    async with session_on(sandbox, attempts=2) as session:
        await add_accounts(session)
        report = await session.bulk.run("users", users(3), via="server").run()
    assert (told(report), sent(sandbox, START), usernames(sandbox)) == ({"failed": 3}, (2,), {})
    assert {result.attempts for result in report.results} == {2}
    assert "does not tell of it, and it is not there" in str(report.results[0].error)


async def test_outcomes_that_cannot_be_read_are_looked_up(sandbox: Sandbox) -> None:
    """The job has ended and what it tells is garbage: its rows are found, or put into another job."""
    sandbox.faults.add(Fault(kind="garbage_after", operation="get_collection_file"))
    async with session_on(sandbox) as session:
        await add_accounts(session)
        report = await session.bulk.run("users", users(5), via="server").run()
    assert (told(report), once(sandbox, 5)) == ({"done": 5, "adopted": 5}, True)


async def test_a_job_that_does_not_end_leaves_its_rows_unknown(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After the longest wait the rows are unknown, and a resume waits for the same job again."""
    file, path = write_csv(tmp_path / "in.csv", users(2)), tmp_path / "job.db"
    monkeypatch.setattr(server_jobs.ServerJobs.__init__, "__kwdefaults__", {"longest_s": 0.3})
    sandbox.options = SandboxOptions(unique=False, jobs_end=False)
    async with session_on(sandbox) as session:
        await add_accounts(session)
        first = await session.bulk.run("users", file, via="server", journal=path).run()
        second = await session.bulk.resume(path).run()
    (job_id,) = sandbox.store.bulk.jobs
    assert (told(first), told(second), sent(sandbox, START)) == ({"unknown": 2}, {"unknown": 2}, (1,))
    assert all(f"job {job_id} has not ended" in str(result.error) for result in second.results)
    assert first.results[0].error is not first.results[1].error


# --- killed -------------------------------------------------------------------------------------------------


async def test_killed_before_the_job_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    """Killed between the start of the job and its answer: resumed, nothing is made twice, nothing is lost."""
    file, path = write_csv(tmp_path / "in.csv", users(40, 2)), tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="hang_after", operation=START, times=2))
    async with session_on(sandbox) as session:
        await add_accounts(session, 2)
        job = session.bulk.run("users", file, via="server", journal=path)
        await cut(job, lambda: len(sandbox.store.bulk.jobs) == 2)
        assert server_steps(path) == {("unknown", None): 40}
        resumed = session.bulk.resume(path)
        results = await streamed(resumed)
    assert all(result.done and result.adopted for result in results)
    assert (resumed.report.total, once(sandbox, 40), sent(sandbox, START)) == (40, True, (2,))
    with JournalReader(path) as journal:
        assert set(journal.counts()) <= {"created", "exists"}


async def test_killed_while_the_rows_go_up(sandbox: Sandbox, tmp_path: Path) -> None:
    """Killed before any job was started, no row has an intent: resumed, they are sent without a look-up."""
    file, path = write_csv(tmp_path / "in.csv", users(6)), tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="hang_after", operation=KEEP))
    async with session_on(sandbox) as session:
        await add_accounts(session)
        job = session.bulk.run("users", file, via="server", journal=path)
        await cut(job, lambda: sent(sandbox, KEEP) == (1,))
        report = await session.bulk.resume(path).run()
    assert (told(report), once(sandbox, 6), sent(sandbox, START, FIND)) == ({"done": 6}, True, (1, 0))


async def killed_at_work(sandbox: Sandbox, session: Session, file: Path, path: Path) -> str:
    """Begin a job and kill it while the server is at work; returns the server's job's id."""
    await add_accounts(session)
    job = session.bulk.run("users", file, via="server", journal=path)
    await cut(job, lambda: sent(sandbox, LOOK)[0] > 0)
    (job_id,) = sandbox.store.bulk.jobs
    assert server_steps(path) == {("unknown", job_id): 7}
    return job_id


@pytest.mark.parametrize("aborted", [False, True])
async def test_killed_while_the_server_is_at_work(sandbox: Sandbox, tmp_path: Path, aborted: bool) -> None:
    """Resumed, its job is waited for by its id, asked for once for all rows; then they are looked up."""
    file, path, clock = write_csv(tmp_path / "in.csv", users(7)), tmp_path / "job.db", Clock(sandbox)
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    async with session_on(sandbox) as session:
        job_id = await killed_at_work(sandbox, session, file, path)
        looks = sent(sandbox, LOOK)[0]
        resumed = session.bulk.resume(path)

        async def end() -> None:
            await until(lambda: sent(sandbox, LOOK)[0] == looks + 2)
            assert sent(sandbox, START, FIND) == (1, 0)
            clock.now = 30
            sandbox.options = SandboxOptions(unique=False)
            if aborted:
                sandbox.store.bulk.abort(sandbox.store.bulk.jobs[job_id])
            else:
                clock.now = 61

        report, _ = await both(resumed.run, end)
    adopted = 3 if aborted else 7
    assert (told(report), once(sandbox, 7)) == ({"done": 7, "adopted": adopted}, True)
    assert sent(sandbox, START) == ((2,) if aborted else (1,))


async def test_what_was_put_back_by_hand_waits_for_its_job_all_the_same(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Put back while the server is at work, rows are not sent a second time."""
    file, path, clock = write_csv(tmp_path / "in.csv", users(7)), tmp_path / "job.db", Clock(sandbox)
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    async with session_on(sandbox) as session:
        await killed_at_work(sandbox, session, file, path)
        store = await SqliteStore.open(path)
        fence = await store.lease(owner="somebody", ttl_s=60)
        await store.write(fence, *(PutBack(row, step) for row in range(1, 8) for step in ("user", None)))
        await store.aclose()
        resumed = session.bulk.resume(path)

        async def end() -> None:
            looks = sent(sandbox, LOOK)[0]
            await until(lambda: sent(sandbox, LOOK)[0] > looks)
            clock.now = 61

        report, _ = await both(resumed.run, end)
    assert (told(report), once(sandbox, 7)) == ({"done": 7, "adopted": 7}, True)


async def test_a_reconcile_waits_for_the_server_too(sandbox: Sandbox, tmp_path: Path) -> None:
    """Rows whose job is at work are not called absent: they are looked up once it has ended."""
    file, path, clock = write_csv(tmp_path / "in.csv", users(7)), tmp_path / "job.db", Clock(sandbox)
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    async with session_on(sandbox) as session:
        await killed_at_work(sandbox, session, file, path)
        looks = sent(sandbox, LOOK)[0]

        async def end() -> None:
            await until(lambda: sent(sandbox, LOOK)[0] > looks)
            assert sent(sandbox, FIND) == (0,)
            clock.now = 61

        found, _ = await asyncio.gather(session.bulk.reconcile(path), end())
    assert (found.looked_at, found.settled, found.counts.get("pending", 0)) == (7, 7, 0)
    assert (once(sandbox, 7), sent(sandbox, START)) == (True, (1,))


async def test_put_back_without_its_row_a_row_waits_for_its_job(sandbox: Sandbox, tmp_path: Path) -> None:
    """Rows from Python that a reconcile finds absent while their job is at work are not sent twice."""
    path, clock = tmp_path / "job.db", Clock(sandbox)
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    async with session_on(sandbox) as session:
        await add_accounts(session)
        job = session.bulk.run("users", users(3), via="server", journal=path, job_id="one")
        await cut(job, lambda: sent(sandbox, LOOK)[0] > 0)
        await session.bulk.reconcile(path)
        resumed = session.bulk.resume(path, users(3))

        async def end() -> None:
            looks = sent(sandbox, LOOK)[0]
            await until(lambda: sent(sandbox, LOOK)[0] > looks)
            clock.now = 61

        report, _ = await both(resumed.run, end)
    assert (told(report), once(sandbox, 3), sent(sandbox, START)) == ({"done": 3, "adopted": 3}, True, (1,))


async def test_each_attempt_to_start_a_job_is_an_intent(sandbox: Sandbox, tmp_path: Path) -> None:
    """Throttled at first, the job is started again: each row has an intent per attempt."""
    path = tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="status_before", status=429, operation=START, times=2))
    async with session_on(sandbox) as session:
        await add_accounts(session)
        report = await session.bulk.run("users", users(4), via="server", journal=path).run()
    with JournalReader(path) as journal:
        attempts = {journal.steps(row)["user"].attempts for row in range(1, 5)}
    assert (told(report), attempts, sent(sandbox, START)) == ({"done": 4}, {3}, (3,))
    assert {result.attempts for result in report.results} == {3}


async def test_a_job_that_the_server_has_forgotten_is_not_begun_again(
    sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A job that is not there any more proves nothing of its rows; an hour later they are sent."""
    file, path = write_csv(tmp_path / "in.csv", users(7)), tmp_path / "job.db"
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    Clock(sandbox)
    async with session_on(sandbox) as session:
        await killed_at_work(sandbox, session, file, path)
        sandbox.store.bulk.jobs.clear()
        sandbox.options = SandboxOptions(unique=False)
        first = await session.bulk.resume(path).run()
        request.getfixturevalue("in_an_hour")
        second = await session.bulk.resume(path).run()
    assert (told(first), told(second), once(sandbox, 7)) == ({"unknown": 7}, {"done": 7}, True)


async def test_looks_that_fail_for_a_while_are_made_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """The server is down when the job is looked at: it goes on without us."""
    file, path, clock = write_csv(tmp_path / "in.csv", users(7)), tmp_path / "job.db", Clock(sandbox)
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    async with session_on(sandbox, attempts=1) as session:
        await killed_at_work(sandbox, session, file, path)
        sandbox.faults.add(Fault(kind="status_before", operation=LOOK))
        clock.now = 61
        report = await session.bulk.resume(path).run()
    assert (told(report), once(sandbox, 7)) == ({"done": 7, "adopted": 7}, True)


async def test_what_was_told_and_is_gone_is_not_made_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """The job told of a row, the process was killed, somebody deleted the user: that is not ours to undo."""
    file, path = write_csv(tmp_path / "in.csv", users(1)), tmp_path / "job.db"
    async with session_on(sandbox) as session:
        await add_accounts(session)
        # What is written last is the row's own outcome, together with its step's.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Recorder, "ended", _never)
            await cut(
                session.bulk.run("users", file, via="server", journal=path),
                lambda: path.exists() and {status for status, _ in server_steps(path)} == {"created"},
            )
        for account_id in list(sandbox.store.accounts):
            for there in await session.users.list(account_id):
                await session.users.delete(account_id, there.id or "")
        report = await session.bulk.resume(path).run()
    assert (told(report), sent(sandbox, START)) == ({"unknown": 1}, (1,))
    assert "find out who deleted it" in str(report.results[0].error)


async def _never(*_args: object, **_options: object) -> None:
    """Write nothing, ever."""
    await anyio.sleep_forever()


async def both(
    run: Callable[[], Awaitable[Report]], do: Callable[[], Awaitable[None]]
) -> tuple[Report, None]:
    """Run a job, and do something meanwhile."""
    return await asyncio.gather(run(), do())


def forget_outcomes(sandbox: Sandbox, *, made: int) -> None:
    """Have an aborted job not tell of the last rows that it has carried out."""
    (job,) = sandbox.store.bulk.jobs.values()
    success = sandbox.store.bulk.collection(job.partition_id, job.outputs["success"])
    assert success is not None
    del success.rows[-made:]
