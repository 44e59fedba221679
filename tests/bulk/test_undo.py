from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.engine.steps import Item, Made, step
from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.bulk.journal.store import JobFacts, RowOutcome, StepIntent, StepOutcome
from alianza_async.bulk.undoing import undo as undo_module
from alianza_async.bulk.undoing.undo import UndoJob, undo
from alianza_async.bulk.undoing.undo_plan import plan_undo
from alianza_async.errors import (
    AuthenticationError,
    ConfigurationError,
    JournalError,
    JournalLockedError,
)
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import account, accounts, user, write_csv
from tests.bulk.undo_jobs import NUMBERS, left, made, requests, sentences, subscriber, subscribers, undone

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.endpoints.models import WriteModel
    from alianza_async.session import Session

DELETE = "deleteAccount"


def older_facts(session: Session, kind: str) -> JobFacts:
    """Return what a journal says of a job whose rows came from Python."""
    return JobFacts(
        "job-1", kind, None, None, {}, session.base_url, None, "sandbox-partition", "tester", None
    )


async def test_accounts_that_a_job_made_are_deleted(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Each account of the job is deleted once, and its journal says so."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(20), path)

    report = await undo(session, path)

    assert (report.rows, report.undone, report.steps, report.all_done) == (20, 20, {"account": 20}, True)
    assert (left(sandbox)[0], requests(sandbox, DELETE)) == (0, [20])
    assert undone(path, 7) == {"account": "undone"}


async def test_what_was_there_before_is_left_alone(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Only what this job made goes: an account it found, and one that differs, stay as they are."""
    path = tmp_path / "job.db"
    await session.bulk.create_accounts([account(1), account(2, account_name="Other")]).run()
    await session.bulk.create_accounts(accounts(3), journal=path).run()

    report = await undo(session, path)

    assert (report.rows, report.undone, report.found, report.all_done) == (1, 1, 1, True)
    assert [one["accountNumber"] for one in sandbox.store.accounts.values()] == ["A-00001", "A-00002"]


async def test_what_was_updated_is_restored(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """An account that the job brought up to date has its old values again; it is not deleted."""
    path = tmp_path / "job.db"
    await session.bulk.create_accounts([account(1, account_name="Old name")]).run()
    await session.bulk.create_accounts(accounts(2), journal=path, on_exists="update").run()
    with JournalReader(path) as journal:
        effects = [(each.restores, each.count) for each in plan_undo(journal).effects]

    report = await undo(session, path)

    assert effects == [(True, 1), (False, 1)]
    assert (report.restored, report.undone, report.all_done) == (1, 1, True)
    assert [one["accountName"] for one in sandbox.store.accounts.values()] == ["Old name"]


async def test_what_somebody_updated_since_is_not_restored(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Where the present value is not the job's any more, it stays, and the row says so."""
    path = tmp_path / "job.db"
    await session.bulk.create_accounts([account(1, account_name="Old name")]).run()
    await session.bulk.create_accounts(accounts(1), journal=path, on_exists="update").run()
    there = await session.accounts.get_by_number("A-00001")
    await session.accounts.patch(there.id or "", {"accountName": "Newer name"})

    report = await undo(session, path)

    assert (report.refused, report.all_done, undone(path)) == (1, False, {"account": "skipped"})
    assert "account_name was changed since" in sentences(report)[1]
    assert [one["accountName"] for one in sandbox.store.accounts.values()] == ["Newer name"]


async def test_subscribers_are_taken_apart_in_reverse(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Line, number, user, account: all of it is gone, and the numbers are free again."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", [*subscribers(4), subscriber(5, account_number="SUB-0001")], path)

    report = await undo(session, path, include_live=True)

    assert (report.undone, left(sandbox)) == (5, (0, 0, 0, 0))
    assert report.steps == {"line": 5, "activation": 5, "number": 5, "user": 5, "account": 4}
    assert sandbox.store.numbers.inventory.one("sandbox-partition", NUMBERS[1]).account_id is None
    assert undone(path, 5) == dict.fromkeys(("line", "activation", "number", "user"), "undone")


async def test_a_row_that_failed_half_way_is_taken_back(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """What a failed row has made until then is taken back too: its account, user and reservation."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    refused = Fault(kind="status_before", operation="createOrAddTelephoneNumberToAccount", status=403)
    sandbox.faults.add(refused)
    report = await session.bulk.run("subscribers", subscribers(1), journal=path).run()
    assert report.failed == 1

    taken = await undo(session, path)

    assert (taken.undone, taken.steps, left(sandbox)[:2]) == (
        1,
        {"number": 1, "user": 1, "account": 1},
        (0, 0),
    )
    assert requests(sandbox, "releaseReservation") == [1]


async def test_users_are_deleted_and_their_account_stays(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A job of users deletes users alone; its journal says in which account each one is."""
    path = tmp_path / "job.db"
    await session.bulk.create_accounts(accounts(1)).run()
    rows = [user(f"user.{number}", account_number="A-00001") for number in range(3)]
    await made(session, "users", write_csv(tmp_path / "in.csv", rows), path)

    report = await undo(session, path)

    assert (report.undone, left(sandbox)[:2]) == (3, (1, 0))


async def test_users_of_an_older_journal_want_their_rows_again(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Where the journal does not say in which account a user is, the rows have to be given again."""
    path = tmp_path / "job.db"
    await session.bulk.create_accounts(accounts(1)).run()
    row = user("ann", account_number="A-00001")
    home = await session.accounts.get_by_number("A-00001")
    await session.bulk.create_users([row]).run()
    (made_user,) = await session.users.list(home.id or "")
    async with await SqliteStore.create(path, older_facts(session, "users")) as store:
        fence = await store.lease(owner="test", ttl_s=30)
        digest = store.digest(row)
        await store.write(
            fence,
            StepIntent(1, "ann", digest, "user", "ann"),
            StepOutcome(1, "user", "created", "ann", made_user.id, evidence="answered"),
            RowOutcome(1, "ann", digest, "created", made_user.id),
        )

    refused = await undo(session, path)
    report = await undo(session, path, source=[row], unverified=True)

    assert "does not say which account it belongs to" in sentences(refused)[1]
    assert (report.undone, left(sandbox)[1]) == (1, 0)


async def test_a_status_is_given_back(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """Suspended accounts have the status again that they had: the journal keeps it."""
    path = tmp_path / "job.db"
    await session.bulk.create_accounts(accounts(2)).run()
    rows = [{"account_number": "A-00001"}, {"account_number": "A-00002"}]
    await made(session, "suspend-accounts", write_csv(tmp_path / "in.csv", rows), path)
    assert {one["status"] for one in sandbox.store.accounts.values()} == {"SUSPENDED"}

    report = await undo(session, path)

    assert (report.restored, report.all_done) == (2, True)
    assert {one["status"] for one in sandbox.store.accounts.values()} == {"ACTIVE"}


async def test_only_the_rows_that_are_named(session: Session, tmp_path: Path) -> None:
    """`only` names rows: the others stay, and can be taken back later."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(3), path)

    report = await undo(session, path, only={2})
    rest = await undo(session, path)

    assert (report.rows, report.undone, report.all_done) == (1, 1, True)
    assert (rest.rows, rest.undone, rest.done_before) == (3, 2, 1)


async def test_a_dry_run_deletes_and_writes_nothing(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A dry run looks at each row and tells which could go; server and journal stay as they are."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", [subscriber(1), subscriber(2, mac_address=None)], path)
    before = left(sandbox)

    refused = await undo(session, path, dry_run=True)
    report = await undo(session, path, dry_run=True, include_live=True)

    assert (refused.refused, refused.may_be_undone) == (2, 0)
    assert (report.refused, report.may_be_undone, report.all_done) == (0, 2, True)
    assert (left(sandbox), undone(path)) == (before, {})


async def test_a_plan_asks_nobody(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """What would be deleted, and what that loses for good, stands in the journal: no request is sent."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", [*subscribers(2), subscriber(3, account_number="SUB-0001")], path)
    asked = sum(sandbox.truth().requests.values())

    with JournalReader(path) as journal:
        plan = plan_undo(journal)

    assert [(effect.step, effect.count) for effect in plan.effects] == [
        ("line", 3),
        ("activation", 3),
        ("number", 3),
        ("user", 3),
        ("account", 2),
    ]
    assert all(effect.lost for effect in plan.effects)
    assert (plan.rows, plan.kind, plan.calls) == (3, "subscribers", 3 * 4 + 14 * 3)
    assert plan.seconds(27) == 2.0
    assert sum(sandbox.truth().requests.values()) == asked


async def test_an_account_that_takes_long_holds_no_worker(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While an account is DELETE_PENDING its row waits outside: one worker has all of them deleted."""
    path = tmp_path / "job.db"
    clock = 0.0
    sandbox.store.agenda.clock = lambda: clock
    sandbox.options = SandboxOptions(delete_pending_s=3600)
    await made(session, "accounts", accounts(5), path)
    monkeypatch.setattr(undo_module, "_UNDER_WAY", 1)

    job = UndoJob(session, path)
    async with anyio.create_task_group() as group:
        group.start_soon(job.run)
        with anyio.fail_after(10):
            while requests(sandbox, DELETE) != [5]:  # noqa: ASYNC110  (the sandbox tells nobody)
                await anyio.sleep(0.01)
        assert (left(sandbox)[0], job.report.undone, job.report.in_flight) == (5, 0, 5)
        assert undone(path) == {"account": "intent"}
        clock = 3601.0

    assert (left(sandbox)[0], job.report.undone, requests(sandbox, DELETE)) == (0, 5, [5])


async def test_what_takes_too_long_is_unknown(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """An account that is DELETE_PENDING for longer than is waited is unknown; the next undo looks again."""
    path = tmp_path / "job.db"
    clock = 0.0
    sandbox.store.agenda.clock = lambda: clock
    sandbox.options = SandboxOptions(delete_pending_s=3600)
    await made(session, "accounts", accounts(1), path)

    first = await UndoJob(session, path, pending_s=0).run()
    clock = 3601.0
    second = await undo(session, path)

    assert (first.unknown, first.all_done, undone(path)) == (1, False, {"account": "undone"})
    assert "undo it again to look" in sentences(first)[1]
    assert (second.undone, left(sandbox)[0]) == (1, 0)


async def test_a_job_of_your_own_workflow(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """Steps of one's own are taken back by their own `undo`; without the workflow it is refused."""
    path, taken = tmp_path / "job.db", list[str]()

    async def do(item: Item[AccountCreate]) -> str:
        return f"id of {item.key}"

    async def back(_item: Item[WriteModel], done: Made) -> None:
        taken.append(f"{done.key} {done.id}")

    workflow = Workflow(
        "mine", step("thing", do, key="account_number", undo=back), fields=AccountCreate, key="account_number"
    )
    await session.bulk.workflow(workflow, accounts(1), journal=path).run()

    with pytest.raises(ConfigurationError, match="a workflow of your own is given to"):
        await undo(session, path)
    with pytest.raises(ConfigurationError, match="of mine, not of telephone-numbers"):
        await undo(
            session,
            path,
            workflow=Workflow(
                "telephone-numbers", *workflow.steps, fields=AccountCreate, key="account_number"
            ),
        )
    report = await undo(session, path, workflow=workflow, unverified=True)

    assert (report.undone, taken, left(sandbox)[0]) == (1, ["A-00001 id of A-00001"], 0)


async def test_a_journal_that_somebody_has_open(session: Session, tmp_path: Path) -> None:
    """A job that runs is not taken back: its journal is locked."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(1), path)

    async with await SqliteStore.open(path):
        with pytest.raises(JournalLockedError):
            await undo(session, path)


async def test_another_place(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """A job is taken back where it was sent: another partition is refused before anything is asked."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(1), path)
    async with await SqliteStore.open(path) as store:
        fence = await store.lease(owner="test", ttl_s=30)
        await store.set_job(fence, scope="elsewhere")

    with pytest.raises(JournalError, match="was sent to partition 'elsewhere', not 'sandbox-partition'"):
        await undo(session, path)
    assert left(sandbox)[0] == 1


async def test_a_refused_login_stops_it(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """Where the login is refused no row will do better: it stops, and nothing is deleted."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(3), path)
    sandbox.store.tokens.revoke_all()
    sandbox.options = SandboxOptions(login_status=401)

    with pytest.raises(AuthenticationError):
        await undo(session, path)
    assert left(sandbox)[0] == 3
