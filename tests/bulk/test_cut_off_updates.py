"""An update was cut off, and somebody else changed the object meanwhile: undo gives back what they had."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.engine.private import merged
from alianza_async.bulk.undoing.undo import undo
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import account, write_csv
from tests.bulk.undo_jobs import login_of

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk import BulkJob
    from alianza_async.bulk.engine.private import Change
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

THERE: dict[str, object] = {
    "accountNumber": "A-00001",
    "accountName": "An old name",
    "accountType": "SIMPLE",
    "timeZone": "US/Eastern",
    "billingCycleDay": 5,
}


async def cut_off(sandbox: Sandbox, job: BulkJob, operation: str) -> None:
    """Run a job that ends, as by a kill, while a request hangs that is never carried out."""
    sandbox.faults.add(Fault(kind="hang_before", operation=operation, times=None))
    task = asyncio.create_task(job.run())
    with anyio.fail_after(20):
        while not sandbox.faults.held:  # noqa: ASYNC110  (the sandbox tells nobody)
            await anyio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    sandbox.faults.clear()
    sandbox.faults.release()


def there(sandbox: Sandbox) -> dict[str, object]:
    """Return the one account."""
    (only,) = sandbox.store.accounts.values()
    return dict(only)


async def changed_by_another(sandbox: Sandbox, **change: object) -> None:
    """Change the account by another login."""
    async with login_of(sandbox, "another") as another:
        await another.accounts.patch(str(there(sandbox)["id"]), change)


async def test_a_name_given_meanwhile_is_given_back(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The name that is restored is the one that the update replaced, not the one before the cut."""
    sandbox.seed({"accounts": [THERE]}, login="crm", ago_s=9_999)
    path, rows = tmp_path / "job.db", write_csv(tmp_path / "in.csv", [account(1)])
    await cut_off(
        sandbox, session.bulk.create_accounts(rows, journal=path, on_exists="update"), "accountPatch"
    )
    await changed_by_another(sandbox, accountName="Another's name")

    report = await session.bulk.resume(path).run()
    assert (report.updated, there(sandbox)["accountName"]) == (1, "Ardent Bakery")
    await undo(session, path)

    assert there(sandbox)["accountName"] == "Another's name"


async def test_an_account_disabled_meanwhile_is_not_activated(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """What another login disabled before it was suspended is disabled once the suspension is undone."""
    sandbox.seed({"accounts": [THERE]}, login="crm", ago_s=9_999)
    path, rows = tmp_path / "job.db", write_csv(tmp_path / "in.csv", [{"account_number": "A-00001"}])
    await cut_off(sandbox, session.bulk.run("suspend-accounts", rows, journal=path), "accountPatch")
    await changed_by_another(sandbox, status="DISABLED")

    report = await session.bulk.resume(path).run()
    assert (report.updated, there(sandbox)["status"]) == (1, "SUSPENDED")
    await undo(session, path)

    assert there(sandbox)["status"] == "DISABLED"


def test_what_follows_a_change_of_its_own_keeps_the_first_old_value() -> None:
    """A server that respells what it was sent is not somebody else."""
    first: Change = {"name": ["old", "New "], "zone": ["a", "b"], "tags": None}
    later: Change = {"name": ["NEW", "New "], "zone": ["c", "b"], "tags": None}
    assert merged(None, first) == first
    assert merged(first, later) == {"name": ["old", "New "], "zone": ["c", "b"], "tags": None}


async def test_one_look_up_that_does_not_find_it_is_asked_again(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """An account that one look-up denies has its old name again before it is said to have it."""
    sandbox.seed({"accounts": [THERE]}, login="crm", ago_s=9_999)
    path = tmp_path / "job.db"
    await session.bulk.create_accounts([account(1)], journal=path, on_exists="update").run()
    sandbox.faults.add(Fault(kind="absent", operation="retrieveAccount"))

    report = await undo(session, path)

    assert (report.restored, there(sandbox)["accountName"]) == (1, THERE["accountName"])


async def gone(sandbox: Sandbox) -> None:
    """Delete the account by another login."""
    async with login_of(sandbox, "another") as another:
        await another.accounts.delete(str(there(sandbox)["id"]))


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("reconciled", [False, True])
async def test_what_is_gone_meanwhile_has_failed_and_may_be_made(
    session: Session, sandbox: Sandbox, tmp_path: Path, *, reconciled: bool
) -> None:
    """Its row does not stay unknown for ever: it is said to be gone, and is made once that is asked for."""
    sandbox.seed({"accounts": [THERE]}, login="crm", ago_s=9_999)
    path, rows = tmp_path / "job.db", write_csv(tmp_path / "in.csv", [account(1)])
    await cut_off(
        sandbox, session.bulk.create_accounts(rows, journal=path, on_exists="update"), "accountPatch"
    )
    await gone(sandbox)
    if reconciled:
        assert (await session.bulk.reconcile(path)).counts == {"failed": 1}
    report = await session.bulk.resume(path).run()
    assert (report.failed, sandbox.truth().accounts) == (1, 0)

    report = await session.bulk.resume(path, retry_failed=True).run()
    assert (report.created, there(sandbox)["accountName"]) == (1, "Ardent Bakery")
    assert (await undo(session, path)).undone == 1
    assert sandbox.truth().accounts == 0


@pytest.mark.usefixtures("exact_clocks")
async def test_what_is_made_instead_of_updated_is_no_update(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Where an update was refused, and what it was of is gone, a create whose answer is lost is a create."""
    sandbox.seed({"accounts": [THERE]}, login="crm", ago_s=9_999)
    path, rows = tmp_path / "job.db", write_csv(tmp_path / "in.csv", [account(1)])
    sandbox.faults.add(Fault(kind="status_before", operation="accountPatch", status=400))
    await session.bulk.create_accounts(rows, journal=path, on_exists="update").run()
    await gone(sandbox)
    await asyncio.sleep(0.05)
    sandbox.faults.add(Fault(kind="cut_after", operation="createAccount"))

    report = await session.bulk.resume(path, retry_failed=True).run()

    assert (report.created, report.updated) == (1, 0)
    assert (await undo(session, path)).undone == 1
    assert sandbox.truth().accounts == 0


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("kind", ["accounts", "suspend-accounts"])
async def test_an_answer_that_shows_the_old_value_is_not_believed(
    session: Session, sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    """What an answer shows as it was before is looked up, by a run and by its undo."""
    sandbox.seed({"accounts": [THERE]}, login="crm", ago_s=9_999)
    old = there(sandbox)
    path, rows = tmp_path / "job.db", [account(1) if kind == "accounts" else {"account_number": "A-00001"}]
    lie = Fault(kind="foreign_before", operation="accountPatch")  # the one account, as it is
    sandbox.faults.add(lie)
    report = await session.bulk.run(kind, rows, journal=path, on_exists="update").run()
    now = there(sandbox)
    assert report.updated == 1
    assert now["accountName" if kind == "accounts" else "status"] in {"Ardent Bakery", "SUSPENDED"}

    sandbox.faults.add(lie)
    assert (await undo(session, path)).restored == 1

    assert there(sandbox) == old


async def test_an_update_that_never_arrives_has_failed_and_was_looked_up(
    session: Session, sandbox: Sandbox
) -> None:
    """Each answer is lost and each look-up shows the old name: the row says that it was not carried out."""
    sandbox.seed({"accounts": [THERE]}, login="crm", ago_s=9_999)
    sandbox.faults.add(Fault(kind="cut_before", operation="accountPatch", times=None))

    report = await session.bulk.create_accounts([account(1)], on_exists="update").run()

    (result,) = report.results
    said = str(result.error)
    assert (result.status, "may have been" in said, "you send it again" in said) == ("failed", False, False)
    assert "its update did not arrive, which look-ups after each try show" in said
    assert there(sandbox)["accountName"] == "An old name"


async def test_a_reconcile_that_cannot_look_up_an_update_does_not_say_what_became_of_it(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The update was cut off and its look-up fails: the row is unknown for that reason, not as unarrived."""
    sandbox.seed({"accounts": [THERE]}, login="crm", ago_s=9_999)
    path, rows = tmp_path / "job.db", write_csv(tmp_path / "in.csv", [account(1)])
    await cut_off(
        sandbox, session.bulk.create_accounts(rows, journal=path, on_exists="update"), "accountPatch"
    )
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", status=403, times=None))

    found = await session.bulk.reconcile(path)

    (unknown,) = found.still_unknown
    assert "did not arrive" not in unknown.reason
    assert "looking it up failed" in unknown.reason
