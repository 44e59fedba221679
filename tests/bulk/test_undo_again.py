from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.bulk.undoing import undo as undo_module
from alianza_async.bulk.undoing.undo import UndoJob, undo
from alianza_async.errors import AlianzaError, JournalError
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import accounts, session_on, write_csv
from tests.bulk.undo_jobs import NUMBERS, left, made, requests, sentences, subscriber, subscribers, undone

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.journal.store import Change, Fence
    from alianza_async.session import Session

STEPS = ("line", "activation", "number", "user", "account")


class Killed(BaseException):
    """The process was killed: nothing after this is run, nothing more is written."""


def killing(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Have the process killed after so many writes of an undo to its journal."""
    writes = 0
    write = SqliteStore.write

    async def counted(store: SqliteStore, fence: Fence, *changes: Change) -> None:
        nonlocal writes
        if writes == after:
            raise Killed
        writes += 1
        await write(store, fence, *changes)

    monkeypatch.setattr(SqliteStore, "write", counted)


@pytest.mark.parametrize("after", range(9))
async def test_killed_at_any_write_it_goes_on(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Wherever the process is killed, the next undo ends with all of it gone, each thing deleted once."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", subscribers(1), path)
    with monkeypatch.context() as patched:
        killing(patched, after)
        with pytest.raises(BaseExceptionGroup, match="unhandled") as killed:
            await undo(session, path, include_live=True)
    assert killed.group_contains(Killed)

    report = await undo(session, path, include_live=True)

    truth = sandbox.truth()
    assert (report.undone, report.all_done, left(sandbox)) == (1, True, (0, 0, 0, 0))
    assert undone(path) == dict.fromkeys(STEPS, "undone")
    deleted = [entry.thing.kind for entry in sandbox.store.history.entries if entry.action == "DELETE"]
    assert sorted(deleted) == ["ACCOUNT", "DEVICE", "PHONE_NUMBER", "USER"]
    assert truth.numbers_without_address == []


async def test_cut_off_in_the_middle_it_goes_on(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """An undo that is cancelled with requests under way is run again until all is gone."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", subscribers(12), path)
    sandbox.options = SandboxOptions(latency_ms=5)
    for users_left in (8, 3):
        task = asyncio.create_task(undo(session, path, include_live=True))
        with anyio.fail_after(20):
            while left(sandbox)[1] > users_left:  # noqa: ASYNC110  (the sandbox tells nobody)
                await anyio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert left(sandbox)[0] == 12

    report = await undo(session, path, include_live=True)

    assert (report.rows, report.undone + report.done_before) == (12, 12)
    assert (report.all_done, left(sandbox)) == (True, (0, 0, 0, 0))


async def test_stopped_it_ends_in_order(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """A stop finishes what is under way and begins nothing more; rows that wait are left to the next undo."""
    path = tmp_path / "job.db"
    clock = 0.0
    sandbox.store.agenda.clock = lambda: clock
    sandbox.options = SandboxOptions(delete_pending_s=3600)
    await made(session, "accounts", accounts(60), path)

    job = UndoJob(session, path)
    task = asyncio.create_task(job.run())
    with anyio.fail_after(10):
        while requests(sandbox, "deleteAccount")[0] < 10:
            await anyio.lowlevel.checkpoint()
        job.stop()
        stopped = await task
    begun = requests(sandbox, "deleteAccount")[0]
    clock, sandbox.options = 3601.0, SandboxOptions()
    report = await undo(session, path)

    assert (stopped.undone, stopped.left, stopped.stopped, stopped.all_done) == (0, 60, True, False)
    assert begun < 60
    assert (report.undone, left(sandbox)[0]) == (60, 0)


async def test_stopped_before_it_begins(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """A stop that comes first has nothing deleted."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(2), path)
    job = UndoJob(session, path)
    job.stop()

    report = await job.run()

    assert (report.stopped, report.undone, left(sandbox)[0]) == (True, 0, 2)


@pytest.mark.parametrize("kind", ["cut_after", "status_after", "html_after"])
async def test_lost_answers(session: Session, sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    """A delete whose answer was lost is sent again, and absent is done."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", subscribers(2), path)
    for operation in ("removeDevice", "deleteTelephoneNumberOnAccount", "deleteEndUser", "deleteAccount"):
        sandbox.faults.add(Fault(kind=kind, operation=operation, times=2))  # type: ignore[arg-type]

    report = await undo(session, path, include_live=True)

    assert (report.undone, left(sandbox)) == (2, (0, 0, 0, 0))


async def test_what_is_gone_already_is_done(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """What somebody has deleted meanwhile is as it should be: the rest goes, and all of it counts."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", [*subscribers(2), subscriber(3, mac_address=None)], path)
    (line, _) = sandbox.store.lines.lines.values()
    account_id = str(line["accountId"])
    await session.device_lines.delete(account_id, str(line["id"]))
    await session.telephone_numbers.delete(account_id, NUMBERS[1])

    report = await undo(session, path, include_live=True)

    assert (report.undone, report.all_done, left(sandbox)) == (3, True, (0, 0, 0, 0))


async def test_a_refusal_keeps_what_was_made_before(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Where the server refuses a step the earlier ones stay too, and say why; the next undo goes on there."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", subscribers(1), path)
    sandbox.faults.add(Fault(kind="status_before", operation="deleteEndUser", status=403))

    first = await undo(session, path, include_live=True)
    states = undone(path)
    second = await undo(session, path, include_live=True)

    assert (first.failed, first.results[0].step, left(sandbox)[:2]) == (1, "user", (0, 0))
    assert states == {
        **dict.fromkeys(("line", "activation", "number"), "undone"),
        "user": "failed",
        "account": "skipped",
    }
    assert (second.undone, undone(path)) == (1, dict.fromkeys(STEPS, "undone"))


async def test_what_may_be_gone_is_unknown(sandbox: Sandbox, tmp_path: Path) -> None:
    """A delete that is never answered may have been carried out: unknown, until the next undo looks."""
    path = tmp_path / "job.db"
    async with session_on(sandbox, attempts=2) as session:
        await made(session, "accounts", accounts(1), path)
        sandbox.faults.add(Fault(kind="cut_before", operation="deleteAccount", times=None))

        first = await undo(session, path)
        states = undone(path)
        sandbox.faults.clear()
        second = await undo(session, path)

    assert (first.unknown, states, second.undone) == (1, {"account": "unknown"}, 1)


async def test_an_error_nobody_thought_of_is_one_row(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that raises what it should not spoils its row alone: it failed, for nothing was sent."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(2), path)
    delete = type(session.accounts).delete

    def spoilt(*_: object) -> object:
        monkeypatch.setattr(type(session.accounts), "delete", delete)
        raise ZeroDivisionError

    monkeypatch.setattr(type(session.accounts), "delete", spoilt)
    report = await undo(session, path)

    assert (report.failed, report.undone, left(sandbox)[0]) == (1, 1, 1)
    (sentence,) = sentences(report).values()
    assert sentence.endswith("met an unexpected ZeroDivisionError; please report it")


async def test_a_journal_that_cannot_be_written_stops_it(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an intent cannot be written nothing is deleted, and the error says what to mend."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(3), path)

    async def full(*_: object) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(SqliteStore, "write", full)
    with pytest.raises(JournalError, match="the disk is full"):
        await undo(session, path)

    assert left(sandbox)[0] == 3


async def test_a_job_that_was_taken_back_does_not_go_on(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Resume must not make again what was undone, nor build on it: it is refused, and says what to do."""
    path, source = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(2))
    await made(session, "accounts", source, path)
    await undo(session, path, only={1})

    with pytest.raises(AlianzaError, match=r"was undone by `alianza bulk undo` \(1 steps of it\)"):
        await session.bulk.resume(path).run()

    assert (left(sandbox)[0], sandbox.truth().created_accounts) == (1, 2)


async def test_a_job_that_refused_all_goes_on(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """An undo that left every row as it is has changed nothing: the job can be resumed."""
    path, source = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(1))
    await made(session, "accounts", source, path)
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveEndUserList", status=403))
    refused = await undo(session, path)

    report = await session.bulk.resume(path).run()

    assert (refused.refused, report.created, report.previously_settled) == (1, 1, 1)


async def test_a_reservation_whose_release_was_lost(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A release that was lost is never sent again, for the number may be somebody else's: the rest goes."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    activate = "createOrAddTelephoneNumberToAccount"
    sandbox.faults.add(Fault(kind="status_before", operation=activate, status=403))
    await session.bulk.run("subscribers", subscribers(1), journal=path).run()
    sandbox.faults.add(Fault(kind="cut_after", operation="releaseReservation"))

    first = await undo(session, path)
    released = requests(sandbox, "releaseReservation")
    second = await undo(session, path)

    assert (first.unknown, first.results[0].step, left(sandbox)) == (1, "number", (0, 0, 0, 0))
    assert (second.all_done, released, requests(sandbox, "releaseReservation")) == (True, [1], [1])


async def test_only_so_many_rows_wait(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While enough rows wait for the server no further one is begun: memory stays bounded."""
    path = tmp_path / "job.db"
    clock = 0.0
    sandbox.store.agenda.clock = lambda: clock
    sandbox.options = SandboxOptions(delete_pending_s=3600)
    await made(session, "accounts", accounts(5), path)
    monkeypatch.setattr(undo_module, "_UNDER_WAY", 1)
    monkeypatch.setattr(undo_module, "_WAITING", 2)
    job, begun = UndoJob(session, path), list[int]()
    async with anyio.create_task_group() as group:
        group.start_soon(job.run)
        with anyio.fail_after(10):
            while job.report.in_flight < 2 or undone(path, 2) != {"account": "intent"}:
                await anyio.lowlevel.checkpoint()
        for _ in range(200):
            await anyio.lowlevel.checkpoint()
        begun += requests(sandbox, "deleteAccount")
        clock, sandbox.options = 3601.0, SandboxOptions()

    assert (begun, job.report.undone, left(sandbox)[0]) == ([2], 5, 0)
