"""Undo deletes only what is proven to be the job's: each way in which the proof may be missing or wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.bulk.journal.store import StepIntent
from alianza_async.bulk.undoing.undo import undo
from alianza_async.bulk.undoing.undo_plan import Unproven, plan_undo
from alianza_async.errors import ConfigurationError
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from tests.bulk.conftest import measured_exactly
from tests.bulk.engine import account, accounts, session_on, write_csv
from tests.bulk.undo_jobs import NUMBERS, left, made, requests, sentences, subscriber, undone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from alianza_async.bulk.journal.store import Change, Fence
    from alianza_async.session import Session

CREATE = "createAccount"
SAMPLES = [account(f"SAMPLE-{number}") for number in range(3)]
"""Rows that go well first: by them the server's clock is known to some milliseconds."""


class Killed(BaseException):
    """The process was killed: nothing after this is run, nothing more is written."""


def dying(patched: pytest.MonkeyPatch, dies: Callable[[int, Sequence[Change]], str | None]) -> None:
    """Have the process killed at a write that reaches the disk: `now`, or `later`, at the next write."""
    write, count, dead = SqliteStore.write, 0, False

    async def written(store: SqliteStore, fence: Fence, *changes: Change) -> None:
        nonlocal count, dead
        if dead:
            raise Killed
        count += 1
        when = dies(count, changes)
        await write(store, fence, *changes)
        dead = when is not None
        if when == "now":
            raise Killed

    patched.setattr(SqliteStore, "write", written)


def api_account(number: str) -> dict[str, object]:
    """Return an account as the API takes it, equal to the row `account(number)`."""
    return {
        "accountNumber": number,
        "accountName": "Ardent Bakery",
        "accountType": "SIMPLE",
        "timeZone": "US/Eastern",
        "billingCycleDay": 5,
    }


def without_history(sandbox: Sandbox) -> None:
    """Have the server keep no history that the login may read."""
    sandbox.options = SandboxOptions(permissions={"AccountHistory": "NONE"})


def evidence_of(path: Path, row: int, step: str = "account") -> tuple[str, str | None, bool]:
    """Return what the journal has of a step: its status, what proves it, whether it was adopted."""
    with JournalReader(path) as journal:
        entry = journal.steps(row)[step]
    return entry.status, entry.evidence, entry.adopted


@pytest.mark.parametrize("history", [True, False])
@pytest.mark.parametrize(("login", "ago_s"), [("somebody-else", 3 * 86_400.0), ("tester", 3600.0)])
async def test_what_was_there_before_is_never_deleted(
    session: Session, sandbox: Sandbox, tmp_path: Path, *, history: bool, login: str, ago_s: float
) -> None:
    """A refusal that is lost does not make an old account ours, whoever made it, with history or without."""
    path = tmp_path / "job.db"
    sandbox.seed({"accounts": [api_account("OLD")]}, login=login, ago_s=ago_s)
    if not history:
        without_history(sandbox)
    source = write_csv(tmp_path / "in.csv", [*SAMPLES, account("OLD")])
    lost = session.bulk.create_accounts(source, journal=path, concurrency=1)
    async for result in lost:
        if result.row == len(SAMPLES):
            sandbox.faults.add(Fault(kind="html_after", operation=CREATE, times=None))

    report = await undo(session, path)

    assert evidence_of(path, 4) == ("exists", "none", not history)
    assert [one["accountNumber"] for one in sandbox.store.accounts.values()] == ["OLD"]
    assert (report.undone, report.found, report.maker_unknown) == (3, int(history), int(not history))


async def test_unverified_spares_what_history_says_is_somebody_elses(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """`unverified` asks history first, and leaves what another login made, however long ago."""
    path = tmp_path / "job.db"
    sandbox.seed({"accounts": [api_account("OLD")]})
    without_history(sandbox)
    sandbox.faults.add(Fault(kind="html_after", operation=CREATE))
    await session.bulk.create_accounts([account("OLD")], journal=path).run()
    sandbox.options = SandboxOptions()

    report = await undo(session, path, unverified=True)

    assert (report.refused, left(sandbox)[0]) == (1, 1)
    assert sentences(report)[1].startswith("its account is not this job's: made by somebody-else on 20")


async def test_unverified_deletes_what_nothing_proves(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Without history an adopted account is maker unknown: named with its id, and deleted only if told to."""
    path = tmp_path / "job.db"
    without_history(sandbox)
    sandbox.faults.add(Fault(kind="html_after", operation=CREATE))
    source = write_csv(tmp_path / "in.csv", [account("NEW")])
    await session.bulk.create_accounts(source, journal=path).run()
    (object_id,) = sandbox.store.accounts
    with JournalReader(path) as journal:
        plan, other = plan_undo(journal), plan_undo(journal, unverified=True)

    kept = await undo(session, path)
    dry = await undo(session, path, unverified=True, dry_run=True)
    report = await undo(session, path, unverified=True)

    assert plan.unproven == other.unproven == [Unproven(1, "account", "NEW", object_id)]
    assert (plan.rows, plan.unproven_count, other.rows, other.unproven_count) == (0, 1, 1, 0)
    assert (kept.maker_unknown, kept.failed, kept.all_done, dry.may_be_undone) == (1, 0, False, 1)
    assert sentences(kept)[1].startswith("its account exists, maker unknown")
    assert (report.undone, left(sandbox)[0]) == (1, 0)


async def test_what_history_proves_is_deleted(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """An account whose answer was lost, and that history shows as ours in our time, is the job's."""
    path = tmp_path / "job.db"
    source = write_csv(tmp_path / "in.csv", [*SAMPLES, account("NEW")])
    async for result in session.bulk.create_accounts(source, journal=path, concurrency=1):
        if result.row == len(SAMPLES):
            sandbox.faults.add(Fault(kind="cut_after", operation=CREATE))

    report = await undo(session, path)

    assert evidence_of(path, 4) == ("created", "history", True)
    assert (report.undone, left(sandbox)[0]) == (4, 0)


async def test_a_foreign_answer_makes_nothing_ours(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A create that is answered with another customer's account does not have that one deleted."""
    path = tmp_path / "job.db"
    sandbox.seed({"accounts": [api_account("BIGCUST")]})
    sandbox.faults.add(Fault(kind="foreign_before", operation=CREATE))
    report = await session.bulk.create_accounts([*SAMPLES, account("NEW")], journal=path).run()

    taken = await undo(session, path)

    assert report.created == 4
    assert (taken.undone, [one["accountNumber"] for one in sandbox.store.accounts.values()]) == (
        4,
        ["BIGCUST"],
    )


async def test_an_old_account_under_new_subscribers_stays(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """In a workflow likewise: the row's own user and number go, the account that was there stays."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    row = subscriber(1, time_zone="US/Central")
    names = {"accountNumber": "account_number", "accountName": "account_name", "accountType": "account_type"}
    wanted = {api: row[ours] for api, ours in names.items()}
    sandbox.seed({"accounts": [{**wanted, "timeZone": "US/Central", "billingCycleDay": 5}]})
    sandbox.faults.add(Fault(kind="html_after", operation=CREATE))
    await made(session, "subscribers", [row], path)

    report = await undo(session, path, include_live=True)

    assert evidence_of(path, 1)[:2] == ("exists", "none")
    assert (report.undone, left(sandbox)) == (1, (1, 0, 0, 0))


@pytest.mark.parametrize("arrives", [True, False])
async def test_an_update_that_was_cut_off_is_finished_and_restored(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    """Killed before the PATCH or after it, a resume calls the row updated, and undo restores it."""
    path, source = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(1))
    sandbox.seed({"accounts": [{**api_account("A-00001"), "accountName": "Old name"}]})

    def at_the_update(_count: int, changes: Sequence[Change]) -> str | None:
        updates = any(isinstance(change, StepIntent) and change.purpose == "update" for change in changes)
        return ("later" if arrives else "now") if updates else None

    async with session_on(sandbox) as session:
        with monkeypatch.context() as patched:
            dying(patched, at_the_update)
            with pytest.raises(BaseExceptionGroup) as group:
                await session.bulk.create_accounts(source, journal=path, on_exists="update").run()
        assert group.group_contains(Killed)
        with monkeypatch.context() as patched:
            measured_exactly(patched)
            resumed = await session.bulk.resume(path).run()
        names = [one["accountName"] for one in sandbox.store.accounts.values()]
        report = await undo(session, path)

    assert (resumed.updated, names) == (1, ["Ardent Bakery"])
    assert (report.restored, report.all_done) == (1, True)
    assert [one["accountName"] for one in sandbox.store.accounts.values()] == ["Old name"]


async def test_a_job_that_was_killed_and_resumed_is_undone(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ordinary kill and resume leaves nothing that undo takes for somebody else's work."""
    path, rows = tmp_path / "job.db", [subscriber(number) for number in range(1, 7)]
    source = write_csv(tmp_path / "in.csv", rows)
    sandbox.seed_inventory(NUMBERS)

    def amid(count: int, _changes: Sequence[Change]) -> str | None:
        return "later" if count == 20 else None

    async with session_on(sandbox) as session:
        with monkeypatch.context() as patched:
            dying(patched, amid)
            with pytest.raises(BaseExceptionGroup):
                await session.bulk.run("subscribers", source, journal=path).run()
        resumed = await session.bulk.resume(path).run()
        report = await undo(session, path, include_live=True)

    assert (resumed.all_done, report.refused) == (True, 0)
    assert (report.undone, left(sandbox)) == (6, (0, 0, 0, 0))


async def test_calling_plans_are_taken_back(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """The plan that was given goes, the plans that were taken away come back, as the journal has them."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    sandbox.seed(
        {
            "accounts": [api_account("A-1")],
            "users": [{"accountNumber": "A-1", "username": "ann", "timeZone": "US/Eastern"}],
            "plans": [
                {"accountNumber": "A-1", "username": "ann", "callingPlanProductId": "sandbox-plan-500"}
            ],
        }
    )
    row = {"account_number": "A-1", "username": "ann", "calling_plan_product_id": "sandbox-plan-2000"}
    await made(session, "calling-plans", [row], path)
    account_id = next(iter(sandbox.store.accounts))
    (user,) = await session.users.list(account_id)

    report = await undo(session, path)

    plans = await session.calling_plans.list(account_id, reference_id=user.id, reference_type="END_USER")
    assert (report.undone, sentences(report)) == (1, {})
    assert [plan.calling_plan_product_id for plan in plans] == ["sandbox-plan-500"]


@pytest.mark.usefixtures("short_waits")
async def test_an_unknown_step_keeps_what_it_hangs_on(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A step whose outcome is not known blocks the steps it needs, and names the way out."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    sandbox.faults.add(Fault(kind="cut_after", operation="createDevice"))
    sandbox.faults.add(Fault(kind="status_before", operation="listDevices", status=500, times=None))
    lost = await session.bulk.run("subscribers", [subscriber(1)], journal=path).run()
    sandbox.faults.clear()

    report = await undo(session, path, include_live=True)

    assert lost.unknown == 1
    assert (report.refused, report.steps) == (1, {})
    assert "`alianza bulk reconcile`, which creates nothing" in sentences(report)[1]
    assert set(undone(path).values()) == {"skipped"}
    assert requests(sandbox, "deleteEndUser", "deleteAccount") == [0, 0]


async def test_a_private_old_value_is_not_restored(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was never kept, for it is private, cannot be given back: the row says which field it is."""

    def is_private(_field: str) -> bool:
        return True

    path = tmp_path / "job.db"
    monkeypatch.setattr("alianza_async.bulk.engine.private.is_private", is_private)
    sandbox.seed({"accounts": [{**api_account("A-00001"), "accountName": "Old name"}]})
    await session.bulk.create_accounts(accounts(1), journal=path, on_exists="update").run()

    report = await undo(session, path)

    assert (report.refused, requests(sandbox, "accountPatch")[0]) == (1, 1)
    assert "the old value of account_name is private" in sentences(report)[1]


async def test_what_cannot_be_undone_says_so_beforehand(session: Session, tmp_path: Path) -> None:
    """A job of deletions is refused by name, before its journal is even locked."""
    path = tmp_path / "job.db"
    await session.bulk.create_accounts(accounts(1)).run()
    await made(session, "delete-accounts", [{"account_number": "A-00001"}], path)

    with JournalReader(path) as journal, pytest.raises(ConfigurationError, match="delete-accounts cannot be"):
        plan_undo(journal)
    with pytest.raises(ConfigurationError, match="a deleted account cannot be brought back"):
        await undo(session, path)


@pytest.mark.parametrize("refused", [True, False])
async def test_a_reservation_whose_answer_was_lost_is_not_released(
    session: Session, sandbox: Sandbox, tmp_path: Path, *, refused: bool
) -> None:
    """It may be somebody else's by now: it stays, `unverified` or not, unless an activation used it up."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    sandbox.faults.add(Fault(kind="cut_after", operation="reserve", times=None))
    if refused:
        activate = "createOrAddTelephoneNumberToAccount"
        sandbox.faults.add(Fault(kind="status_before", operation=activate, status=403))
    await session.bulk.run("subscribers", [subscriber(1)], journal=path).run()

    report = await undo(session, path, include_live=True, unverified=True)

    assert evidence_of(path, 1, "number") == ("exists", "none", True)
    assert (report.maker_unknown, report.undone) == (int(refused), int(not refused))
    assert (left(sandbox), requests(sandbox, "releaseReservation")) == ((0, 0, 0, 0), [0])


async def test_a_look_that_finds_nothing_is_no_proof_that_it_is_gone(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Where the look-up lies that an account is absent, its deletion is sent all the same."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(1), path)
    sandbox.faults.add(Fault(kind="absent", operation="retrieveAccount", times=None))

    report = await undo(session, path)

    assert (report.undone, left(sandbox)[0], requests(sandbox, "deleteAccount")) == (1, 0, [1])


@pytest.mark.parametrize("broken", ["accountHistoryByAccountIdSearch", "retrieveEndUserList"])
async def test_a_look_that_fails_for_a_while_deletes_nothing(
    session: Session, sandbox: Sandbox, tmp_path: Path, broken: str
) -> None:
    """History or a list that answers 500 keeps the row as it is; the next undo looks again."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(1), path)
    sandbox.faults.add(Fault(kind="status_before", operation=broken, status=500, times=None))

    refused = await undo(session, path)
    sandbox.faults.clear()
    report = await undo(session, path)

    assert (refused.refused, sentences(refused)[1].endswith("undo it again")) == (1, True)
    assert (report.undone, left(sandbox)[0]) == (1, 0)
