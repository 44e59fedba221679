from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from alianza_async.bulk.journal import JournalReader, ask
from alianza_async.errors import InputChangedError, JournalError, JournalLockedError
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import account, accounts, read_csv, session_on, statuses, streamed, write_csv

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alianza_async.bulk import BulkJob

CREATE = "createAccount"


@pytest.fixture
def sandbox() -> Sandbox:
    """Return a server that takes doubles: nothing but the client prevents them."""
    return Sandbox(SandboxOptions(unique=False))


async def cut(job: BulkJob, when: Callable[[], bool]) -> None:
    """Run a job and cancel it as soon as something is so."""
    task = asyncio.create_task(job.run())
    with anyio.fail_after(10):
        while not when():
            await anyio.lowlevel.checkpoint()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_journal_has_what_became_of_every_row(sandbox: Sandbox, tmp_path: Path) -> None:
    """Made, invalid, refused: each row is in the journal as its result says, and the job is finished."""
    path = tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="status_before", status=403, operation=CREATE, times=1))
    rows = [account(1), account(2, billing_cycle_day=99), account(3)]
    async with session_on(sandbox) as session:
        report = await session.bulk.create_accounts(rows, journal=path, concurrency=1).run()
    assert report.journal_path == path
    with JournalReader(path) as journal:
        kept = [(entry.row, entry.key, entry.status, entry.object_id) for entry in journal.entries()]
        facts = journal.facts
    made = sandbox.store.created[0].id
    assert kept == [
        (1, "A-00001", "failed", None),
        (2, "A-00002", "invalid", None),
        (3, "A-00003", "created", made),
    ]
    assert (facts.kind, facts.state, facts.runs, facts.login) == ("accounts", "finished", 1, "tester")


async def test_the_intent_is_on_disk_before_the_request_leaves(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the server takes a create in, a copy of the journal's files has its intent."""
    path, seen = tmp_path / "job.db", list[str]()
    make = sandbox.store.add_account

    def look(*args: object, **options: object) -> object:
        copy = tmp_path / "copy"
        copy.mkdir(exist_ok=True)
        for part in ("job.db", "job.db-wal"):
            shutil.copy(tmp_path / part, copy / part)
        with JournalReader(copy / "job.db") as journal:
            seen.extend(entry.status for entry in journal.entries())
        shutil.rmtree(copy)
        return make(*args, **options)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(sandbox.store, "add_account", look)
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(accounts(1), journal=path).run()
    assert seen == ["intent"]


async def test_a_cut_job_is_resumed_with_nothing_twice_and_nothing_lost(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Left in the middle, with answers lost: resumed, every row is there once, and all are counted."""
    path, file = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(60))
    sandbox.faults.add(Fault(kind="status_after", operation=CREATE, times=None, probability=0.3))
    async with session_on(sandbox) as session:
        cut_job = session.bulk.create_accounts(file, journal=path, concurrency=7)
        await cut(cut_job, lambda: cut_job.report.created >= 20)
        sandbox.faults.clear()
        job = session.bulk.resume(path)
        results = await streamed(job)
    truth = sandbox.truth()
    assert (truth.created_accounts, truth.duplicate_account_numbers) == (60, [])
    assert (job.report.total, job.report.created, job.report.all_done) == (60, 60, True)
    assert len(results) == 60 - job.report.previously_settled
    with JournalReader(path) as journal:
        assert (journal.counts(), journal.facts.runs, journal.facts.state) == ({"created": 60}, 2, "finished")


@pytest.mark.usefixtures("exact_clocks")
async def test_an_intent_is_looked_up_and_never_sent_blindly(sandbox: Sandbox, tmp_path: Path) -> None:
    """Killed between the server's commit and the outcome on disk: found, it is ours and is not sent again."""
    path, file = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(2))
    sandbox.faults.add(Fault(kind="hang_after", operation=CREATE, times=2))
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(file, journal=path, concurrency=2)
        await cut(job, lambda: sandbox.truth().created_accounts == 2)
        with JournalReader(path) as journal:
            assert journal.counts() == {"intent": 2}
        resumed = session.bulk.resume(path)
        results = await streamed(resumed)
    assert sorted(statuses(results)) == [(1, "created"), (2, "created")]
    assert {(result.adopted, result.evidence) for result in results} == {(True, "history")}
    assert sandbox.truth().requests[CREATE] == 2


@pytest.mark.usefixtures("exact_clocks", "short_waits")
async def test_what_an_earlier_run_could_not_tell_is_told_by_a_later_one(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Unknown, because even the look-up failed: resumed, it is looked up and found to be ours."""
    path, file = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(3))
    sandbox.faults.add(Fault(kind="cut_after", operation=CREATE, times=1))
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", times=None))
    async with session_on(sandbox, attempts=2) as session:
        first = await session.bulk.create_accounts(file, journal=path, concurrency=1).run()
        sandbox.faults.clear()
        resumed = await session.bulk.resume(path).run()
    assert (first.created, first.unknown) == (2, 1)
    assert (resumed.created, resumed.unknown, resumed.previously_settled) == (3, 0, 2)
    assert sandbox.truth().created_accounts == 3


async def test_what_failed_is_tried_again_only_where_that_is_asked_for(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A resumed job leaves what failed alone; `retry_failed` looks it up and sends it."""
    path, file = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(2))
    sandbox.faults.add(Fault(kind="status_before", status=403, operation=CREATE, times=1))
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(file, journal=path, concurrency=1).run()
        left = await session.bulk.resume(path).run()
        done = await session.bulk.resume(path, retry_failed=True).run()
    assert (left.created, left.failed, left.total) == (1, 1, 2)
    assert (done.created, done.failed, done.total, done.all_done) == (2, 0, 2, True)
    assert sandbox.truth().duplicate_account_numbers == []


async def test_another_input_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """A file that was changed, and a row from Python that is not what it was: nothing is sent."""
    path, file = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(2))
    rows_path = tmp_path / "rows.db"
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(file, journal=path).run()
        await session.bulk.create_accounts(accounts(2), journal=rows_path).run()
        write_csv(file, accounts(3))
        with pytest.raises(InputChangedError, match=r"in\.csv has changed since"):
            await session.bulk.resume(path).run()
        changed = [account(1), account(2, account_name="Other Bakery")]
        with pytest.raises(Exception, match="row 2 is not what it was") as stopped:
            await session.bulk.resume(rows_path, changed).run()
    assert isinstance(stopped.value.__cause__, InputChangedError)
    assert sandbox.truth().requests[CREATE] == 4


async def test_rows_from_python_are_told_by_their_keys(sandbox: Sandbox, tmp_path: Path) -> None:
    """A service gives its rows again in another order, and more: what is done is left, the new is made."""
    path = tmp_path / "job.db"
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(accounts(3), journal=path, job_id="nightly").run()
        rows = [account(7), *reversed(accounts(3)), account(8)]
        job = session.bulk.create_accounts(rows, journal=path, job_id="nightly")
        results = await streamed(job)
    assert statuses(results) == [(4, "created"), (5, "created")]
    assert [result.key for result in results] == ["A-00007", "A-00008"]
    assert (job.report.total, job.report.created, job.report.previously_settled) == (5, 5, 3)
    assert sandbox.truth().requests[CREATE] == 5


async def test_a_journal_that_is_there_is_not_begun_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without its job's id, and with another's, a journal that is there is refused, and nothing is sent."""
    path = tmp_path / "job.db"
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(accounts(1), journal=path, job_id="one").run()
        with pytest.raises(JournalError, match="alianza bulk resume"):
            await session.bulk.create_accounts(accounts(2), journal=path).run()
        with pytest.raises(JournalError, match="is the journal of job 'one', not 'two'"):
            await session.bulk.create_accounts(accounts(2), journal=path, job_id="two").run()
        users = [{"username": "ada", "time_zone": "US/Eastern", "account_id": "a"}]
        with pytest.raises(JournalError, match="is the journal of kind 'accounts', not 'users'"):
            await session.bulk.create_users(users, journal=path, job_id="one").run()
    assert sandbox.truth().requests[CREATE] == 1


@pytest.mark.usefixtures("exact_clocks")
async def test_two_at_once_are_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    """While a job runs nobody else goes on with its journal."""
    path = tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="hang_after", operation=CREATE, times=1))
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(accounts(1), journal=path)
        task = asyncio.create_task(job.run())
        with anyio.fail_after(10):
            while not sandbox.truth().created_accounts:
                await anyio.lowlevel.checkpoint()
        with pytest.raises(JournalLockedError):
            await session.bulk.resume(path, accounts(1)).run()
        sandbox.faults.release()
        report = await task
    assert (report.created, report.adopted) == (1, 1)


async def test_the_result_file_of_a_resumed_job_holds_the_whole_input(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """What the first run settled stands in it as the journal has it, beside what the second did."""
    path, file, out = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(30)), tmp_path / "out.csv"
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(file, journal=path, concurrency=3, results=out)
        await cut(job, lambda: job.report.created >= 10)
        await session.bulk.resume(path).run()
    lines = read_csv(out)
    assert [line["result_row"] for line in lines] == [str(row) for row in range(1, 31)]
    assert {line["result_status"] for line in lines} == {"created"}
    assert {line["result_id"] for line in lines} == {made.id for made in sandbox.store.created}


async def test_what_an_existing_object_differs_in_is_sent_and_nothing_else(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """`on_exists="update"`: equal is left, different gets a PATCH of what differs, absent is made."""
    path = tmp_path / "job.db"
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(accounts(2)).run()
        rows = [account(1), account(2, account_name="New Name"), account(3)]
        report = await session.bulk.create_accounts(rows, on_exists="update", journal=path).run()
        changed = await session.accounts.get("A-00002", account_id_type="AccountNumber")
    assert statuses(report.results) == [(1, "exists"), (2, "updated"), (3, "created")]
    assert changed.account_name == "New Name"
    patch = next(request for request in sandbox.recorder.requests if request.operation == "accountPatch")
    assert sandbox.truth().requests["accountPatch"] == 1
    assert patch.status == 200


@pytest.mark.usefixtures("exact_clocks")
async def test_a_change_whose_answer_is_lost_is_looked_at(sandbox: Sandbox) -> None:
    """The PATCH was carried out and its answer lost: history shows that it was ours, so it is `updated`."""
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(accounts(1)).run()
        sandbox.faults.add(Fault(kind="cut_after", operation="accountPatch"))
        rows = [account(1, account_name="New Name")]
        report = await session.bulk.create_accounts(rows, on_exists="update", settle_s=0).run()
    assert statuses(report.results) == [(1, "updated")]
    assert sandbox.truth().requests["accountPatch"] == 1


async def test_what_exists_fails_where_that_is_asked_for(sandbox: Sandbox) -> None:
    """`on_exists="fail"`: even an equal one that is there makes the row `failed`."""
    sandbox.options = SandboxOptions()
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(accounts(1)).run()
        report = await session.bulk.create_accounts(accounts(2), on_exists="fail").run()
    assert statuses(report.results) == [(1, "failed"), (2, "created")]


async def test_a_row_without_a_key_is_refused_by_each_run_and_counted_once(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Rows from Python are told by their keys: one that has none is not kept, and does not add up."""
    path, nameless = tmp_path / "job.db", dict[str, object](account_name="No Number")
    rows = [account(1), nameless]
    async with session_on(sandbox) as session:
        reports = [
            await session.bulk.create_accounts(rows, journal=path, job_id="nightly").run() for _ in range(3)
        ]
    assert [(report.total, report.created, report.invalid) for report in reports] == [(2, 1, 1)] * 3
    with JournalReader(path) as journal:
        assert journal.counts() == {"created": 1}


async def test_another_terminal_pauses_a_job_and_sets_its_rate(sandbox: Sandbox, tmp_path: Path) -> None:
    """Asked to pause, a job takes no further row; asked to go on at another rate, it ends at that rate."""
    path, enough = tmp_path / "job.db", anyio.Event()

    async def rows() -> AsyncIterator[dict[str, object]]:
        number = 0
        while not enough.is_set():
            number += 1
            yield account(number)

    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(rows(), journal=path, concurrency=2)
        task = asyncio.create_task(job.run())
        with anyio.fail_after(30):
            while not job.report.created:
                await anyio.lowlevel.checkpoint()
            ask(path, paused=True)
            while not job.report.paused or job.report.in_flight:
                await anyio.lowlevel.checkpoint()
            made = job.report.created
            ask(path, paused=False, rate=5000.0)
            while job.report.created == made:
                await anyio.lowlevel.checkpoint()
            enough.set()
            report = await task
        assert (report.total, report.failed) == (report.created, 0)
        assert session.full_rate == 5000
    assert sandbox.truth().created_accounts == report.created > made
