"""Reconcile: what became of the rows whose outcome is not known, at a sandbox with uniqueness off."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from alianza_async.bulk.engine import step_waits
from alianza_async.bulk.journal.store import StepIntent
from alianza_async.bulk.reconciling.reconcile import StillUnknown
from alianza_async.errors import (
    AuthenticationError,
    ConfigurationError,
    InputChangedError,
    JournalError,
    SourceError,
)
from alianza_async.sandbox import Fault, SandboxOptions
from tests.bulk.reconcile_jobs import Job, account, other_login, row, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from pydantic import JsonValue

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session
    from tests.bulk.reconcile_jobs import Row


@pytest.fixture(autouse=True)
def _quick(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox that lets everything be created twice, and no wait between two looks."""
    sandbox.options = SandboxOptions(unique=False)
    monkeypatch.setattr(step_waits, "_AGAIN_S", 0.01)


@pytest.mark.usefixtures("exact_clocks")
async def test_found_once_and_ours_is_created(session: Session, tmp_path: Path) -> None:
    """What history proves to be ours is created, with that proof, and adopted."""
    job = Job(session, tmp_path, [row("A-1"), row("A-2")])
    await job.measure()
    for number in (1, 2):
        await job.intend(number)
    first = await session.accounts.create(account("A-1"))
    second = await session.accounts.create(account("A-2"))
    found = await job.reconcile()
    states = await job.store.rows([1, 2])
    assert await job.statuses() == [("created", first.id), ("created", second.id)]
    assert [states[number].steps["account"].evidence for number in (1, 2)] == ["history", "history"]
    assert (found.looked_at, found.counts, found.settled, found.checked) == (2, {"created": 2}, 2, 2)
    assert (found.no_history, found.no_input, found.is_clear) == (None, None, True)


@pytest.mark.usefixtures("exact_clocks")
async def test_somebody_elses_exists_or_differs(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    """By another login, or before our intent, it is `exists` where it is equal and `failed` where not."""
    earlier = await session.accounts.create(account("A-3"))
    sandbox.store.history.entries[-1] = sandbox.store.history.entries[-1]._replace(logged=time.time() - 3600)
    job = Job(session, tmp_path, [row("A-1"), row("A-2", "Ours"), row("A-3")])
    await job.measure()
    async with other_login(sandbox) as other:
        equal = await other.accounts.create(account("A-1"))
        await other.accounts.create(account("A-2", "Theirs"))
    for number in (1, 2, 3):
        await job.intend(number)
    found = await job.reconcile()
    states = await job.store.rows([1, 2, 3])
    assert [status for status, _ in await job.statuses()] == ["exists", "failed", "exists"]
    assert [states[n].entry.object_id for n in (1, 3)] == [equal.id, earlier.id]
    assert "differs in account_name" in str(states[2].entry.error)
    assert (found.counts, found.is_clear) == ({"exists": 2, "failed": 1}, True)


async def test_what_nothing_proves_is_maker_unknown(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """Without history an equal object exists, maker unknown: no evidence, so that undo leaves it."""
    sandbox.options = SandboxOptions(unique=False, permissions={"AccountHistory": "NONE"})
    job = Job(session, tmp_path, [row("A-1"), row("A-2", "Ours"), row("A-3")])
    for number in (1, 2, 3):
        await job.intend(number)
    equal = await session.accounts.create(account("A-1"))
    await session.accounts.create(account("A-2", "Theirs"))
    found = await job.reconcile()
    step = (await job.store.rows([1]))[1].steps["account"]
    assert [status for status, _ in await job.statuses()] == ["exists", "failed", "pending"]
    assert (step.object_id, step.evidence, step.adopted) == (equal.id, "none", True)
    assert found.no_history == "the login may not read account history"


async def test_absent_is_put_back_for_a_resume(session: Session, tmp_path: Path) -> None:
    """What is not there, with nothing under way, may be sent: intent and unknown alike."""
    job = Job(session, tmp_path, [row("A-1"), row("A-2")])
    await job.intend(1)
    await job.intend(2)
    await job.settle(2, "unknown")
    found = await job.reconcile()
    assert (await job.statuses(), found.counts) == ([("pending", None), ("pending", None)], {"pending": 2})


@pytest.mark.usefixtures("exact_clocks")
async def test_found_twice_stays_unknown_and_is_listed(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """Two accounts of one number are a double, with who and when of each; nothing is guessed."""
    job = Job(session, tmp_path, [row("A-1")])
    await job.measure()
    await job.intend(1)
    ours = await session.accounts.create(account("A-1"))
    async with other_login(sandbox) as other:
        theirs = await other.accounts.create(account("A-1"))
    found = await job.reconcile()
    (double,) = found.doubles
    assert (double.row, double.step, double.key) == (1, "account", "A-1")
    assert [(each.object_id, each.who, each.ours) for each in double.creations] == [
        (ours.id, "tester", True),
        (theirs.id, "somebody-else", False),
    ]
    assert [each.row for each in found.still_unknown] == [1]
    assert await job.statuses() == [("unknown", None)]


@pytest.mark.parametrize("history", [True, False])
async def test_what_was_sent_twice_is_looked_at_however_it_ended(
    sandbox: Sandbox, session: Session, tmp_path: Path, history: bool
) -> None:
    """A created row that was sent more than once may be there twice; one sent once is not asked about."""
    if not history:
        sandbox.options = SandboxOptions(unique=False, permissions={"AccountHistory": "NONE"})
    job = Job(session, tmp_path, [row("A-1"), row("A-2"), row("A-3")])
    for number, times in ((1, 2), (2, 2), (3, 1)):
        await job.intend(number, times=times)
        made = await session.accounts.create(account(f"A-{number}"))
        await job.settle(number, "created", made.id, "answered")
    await session.accounts.create(account("A-1"))
    found = await job.reconcile()
    assert [(double.row, len(double.creations)) for double in found.doubles] == [(1, 2)]
    assert (found.looked_at, found.checked, found.still_unknown, found.cannot_tell) == (0, 2, [], [])
    assert found.no_history == (None if history else "the login may not read account history")
    assert [status for status, _ in await job.statuses()] == ["created"] * 3


@pytest.mark.parametrize("status", [404, 500, 501])
async def test_a_search_that_is_not_there_cannot_tell(
    sandbox: Sandbox, session: Session, tmp_path: Path, status: int
) -> None:
    """Where the search answers an error, reconcile says that it cannot tell, never that there is one."""
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1, times=2)
    made = await session.accounts.create(account("A-1"))
    await job.settle(1, "created", made.id, "answered")
    sandbox.faults.add(Fault(kind="status_before", operation="accountSearch", status=status, times=None))
    found = await job.reconcile()
    assert [(each.row, each.object_id) for each in found.cannot_tell] == [(1, made.id)]
    assert "cannot tell whether its account exists twice" in found.cannot_tell[0].reason
    assert (found.doubles, found.is_clear) == ([], False)


@pytest.mark.parametrize("lie", ["absent", "another"])
async def test_a_search_that_does_not_show_what_is_there_cannot_tell(
    sandbox: Sandbox, session: Session, tmp_path: Path, lie: str
) -> None:
    """Where neither search nor history show the object that was made, they cannot tell of another one."""
    sandbox.options = SandboxOptions(unique=False, permissions={"AccountHistory": "NONE"})
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1, times=2)
    made = await session.accounts.create(account("A-1"))
    await session.accounts.create(account("B-1"))
    await job.settle(1, "created", made.id, "answered")
    sandbox.faults.add(Fault(kind=lie, operation="accountSearch", times=None))  # type: ignore[arg-type]
    found = await job.reconcile()
    assert [each.row for each in found.cannot_tell] == [1]
    assert "does not show the object that is known to be there" in found.cannot_tell[0].reason


async def test_a_history_that_fails_cannot_tell(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    """A history that answers 500 is not switched off: what it would say is needed, and is not known."""
    job = Job(session, tmp_path, [row("A-1"), row("A-2")])
    await job.intend(1, times=2)
    made = await session.accounts.create(account("A-1"))
    await job.settle(1, "created", made.id, "answered")
    await job.intend(2)
    await session.accounts.create(account("A-2"))
    history = "accountHistoryByAccountNumberSearch"
    sandbox.faults.add(Fault(kind="status_before", operation=history, status=500, times=None))
    found = await job.reconcile()
    assert [each.row for each in found.cannot_tell] == [1, 2]
    assert [each.row for each in found.still_unknown] == [2]
    assert [status for status, _ in await job.statuses()] == ["created", "unknown"]


async def test_a_created_row_that_is_somebody_elses_exists(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """What an earlier run adopted, and history shows as another login's, is `exists` from now on."""
    async with other_login(sandbox) as other:
        theirs = await other.accounts.create(account("A-1"))
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1)
    await job.settle(1, "created", theirs.id, "history")
    found = await job.reconcile()
    step = (await job.store.rows([1]))[1].steps["account"]
    assert await job.statuses() == [("exists", theirs.id)]
    assert (step.status, step.evidence) == ("exists", "none")
    assert "made by somebody-else" in found.disowned[0].reason


async def test_a_created_row_that_is_gone_is_named(session: Session, tmp_path: Path) -> None:
    """What was deleted meanwhile stays created in the journal, and is named: nothing makes it again."""
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1, times=2)
    made = await session.accounts.create(account("A-1"))
    await job.settle(1, "created", made.id, "answered")
    await session.accounts.delete(made.id or "")
    found = await job.reconcile()
    assert [each.object_id for each in found.gone] == [made.id]
    assert (await job.statuses(), found.is_clear) == ([("created", made.id)], True)


@pytest.mark.usefixtures("exact_clocks")
async def test_without_the_input_only_history_proves(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """With the file gone nothing is compared: ours is created, anything else stays unknown, its id named."""
    job = Job(session, tmp_path, [row("A-1"), row("A-2"), row("A-3")])
    await job.measure()
    job.input.unlink()
    for number in (1, 2, 3):
        await job.intend(number)
    ours = await session.accounts.create(account("A-1"))
    async with other_login(sandbox) as other:
        theirs = await other.accounts.create(account("A-2"))
    found = await job.reconcile()
    assert await job.statuses() == [("created", ours.id), ("unknown", theirs.id), ("pending", None)]
    ((number, reason),) = [(each.row, each.reason) for each in found.still_unknown]
    assert number == 2
    assert reason.startswith("its account is there, made by somebody-else on 20")
    assert reason.endswith("give the input to compare it with")
    assert found.no_input == f"there is no file {job.input}: check the path"
    # With the input given, from wherever it is now, it is settled.
    again = await job.reconcile(source=job.rows)
    assert (again.looked_at, again.counts, again.no_input) == (1, {"exists": 1}, None)


async def test_rows_of_an_iterable_are_found_by_key(session: Session, tmp_path: Path) -> None:
    """Rows from Python, given again in another order and asynchronously, are compared each with its own."""

    async def backwards() -> AsyncIterator[Mapping[str, object]]:
        for each in reversed(job.rows):
            yield each

    job = Job(session, tmp_path, [row("A-1"), row("A-2"), row("A-3")], input=None, login="another")
    for number in (1, 2, 3):
        await job.intend(number)
        await session.accounts.create(account(f"A-{number}", "Acme" if number != 2 else "Another"))
    found = await job.reconcile(source=backwards())
    assert [status for status, _ in await job.statuses()] == ["exists", "failed", "exists"]
    assert found.counts == {"exists": 2, "failed": 1}


@pytest.mark.parametrize("given", ["file", "iterable"])
async def test_a_changed_row_is_refused(session: Session, tmp_path: Path, given: str) -> None:
    """A row whose values are not those that were sent is named, and nothing is written of it."""
    job = Job(session, tmp_path, [row("A-1"), row("A-2")])
    await job.intend(2)
    changed = [row("A-1"), row("A-2", "Another")]
    job.input.write_text("".join(json.dumps(each) + "\n" for each in changed), encoding="utf-8")
    with pytest.raises(InputChangedError, match=r"^row 2 of .* is not what it was .*'A-2'"):
        await job.reconcile(source=changed if given == "iterable" else None)
    assert await job.statuses() == [("intent", None)]


@pytest.mark.usefixtures("exact_clocks")
async def test_what_is_under_way_is_waited_for(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    """A create that the server is at is looked up again until it is there, and is not put back meanwhile."""
    sandbox.options = SandboxOptions(unique=False, history_requests=True)
    job = Job(session, tmp_path, [row("A-1")])
    await job.measure()
    sandbox.faults.add(Fault(kind="late", operation="createAccount", delay_s=0.3))
    await job.intend(1)
    before = sandbox.truth().history_entries
    sending = asyncio.create_task(session.accounts.create(account("A-1")))
    await until(lambda: sandbox.truth().history_entries == before + 1)
    sending.cancel()  # as a kill would: nothing waits for the answer any more
    found = await job.reconcile()
    ((status, object_id),) = await job.statuses()
    assert (status, object_id in sandbox.store.accounts) == ("created", True)
    assert (found.counts, sandbox.truth().created_accounts) == ({"created": 1}, 4)


@pytest.mark.usefixtures("exact_clocks")
async def test_it_waits_until_what_was_sent_has_settled(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """A look-up that comes before the settle time is over would find nothing: it does not come before."""
    job = Job(session, tmp_path, [row("A-1")])
    await job.measure()
    sandbox.faults.add(Fault(kind="late", operation="createAccount", delay_s=0.2))
    await job.intend(1)
    sending = asyncio.create_task(session.accounts.create(account("A-1")))
    await until(lambda: sandbox.truth().requests.get("createAccount") == 4)
    sending.cancel()
    found = await job.reconcile(settle_s=0.5)
    assert (found.counts, sandbox.truth().created_accounts) == ({"created": 1}, 4)


@pytest.mark.parametrize("lie", ["status_before", "another", "twice"])
@pytest.mark.usefixtures("exact_clocks")
async def test_a_look_up_that_fails_or_lies_leaves_it_unknown(
    sandbox: Sandbox, session: Session, tmp_path: Path, lie: str
) -> None:
    """A look-up that answers an error, another account, or two, settles nothing; a later one does."""
    job = Job(session, tmp_path, [row("A-1")])
    await job.measure()
    await job.intend(1)
    made = await session.accounts.create(account("A-1"))
    sandbox.faults.add(Fault(kind=lie, operation="retrieveAccount", times=None))  # type: ignore[arg-type]
    found = await job.reconcile()
    assert await job.statuses() == [("unknown", None)]
    assert "and looking it up failed" in found.still_unknown[0].reason
    sandbox.faults.clear()
    assert (await job.reconcile()).counts == {"created": 1}
    assert await job.statuses() == [("created", made.id)]


async def test_users_by_the_account_of_their_row(session: Session, tmp_path: Path) -> None:
    """A user's account comes of its row, by number; without the input nothing is guessed."""
    home = await session.accounts.create(account("HOME"))
    user: Row = {"account_number": "HOME", "username": "ann@acme", "time_zone": "US/Eastern"}
    job = Job(session, tmp_path, [user], "user", kind="users")
    await job.intend(1)
    made = await session.call(
        "POST",
        "/v2/partition/{partition_id}/account/{account_id}/user",
        ids={"account_id": str(home.id)},
        body={"username": "ann@acme", "timeZone": "US/Eastern"},
    )
    made_id = cast("dict[str, object]", made.value)["id"]
    text = job.input.read_text(encoding="utf-8")
    job.input.unlink()
    blind = await job.reconcile()
    assert [each.row for each in blind.still_unknown] == [1]
    job.input.write_text(text, encoding="utf-8")
    await job.reconcile()
    assert await job.statuses() == [("exists", made_id)]  # too close to its intent to be proven ours


async def test_users_of_one_account_need_no_input(session: Session, tmp_path: Path) -> None:
    """Where the job was given the account of all its rows, the journal has it."""
    home = await session.accounts.create(account("HOME"))
    options: dict[str, JsonValue] = {"kind": {"ids": {"account_id": home.id}}}
    user: Row = {"username": "ann@acme", "time_zone": "US/Eastern"}
    job = Job(session, tmp_path, [user], "user", kind="users", options=options)
    await job.intend(1)
    assert (await job.reconcile()).counts == {"pending": 1}


@pytest.mark.usefixtures("exact_clocks")
@pytest.mark.parametrize("given", [True, False])
async def test_a_row_of_a_workflow_has_a_way_out(session: Session, tmp_path: Path, given: bool) -> None:
    """An unknown step of subscribers is settled and the row pending, for a resume; nothing was created."""
    values: Row = {
        **row("SUB-1"),
        "username": "user.1",
        "first_name": "Anna",
        "last_name": "Baker",
        "telephone_number": "18015550001",
        "e911_address": "12 Main St",
        "e911_city": "Springfield",
        "e911_state": "IL",
        "postal_code": "62701",
    }
    facts: dict[str, Any] = {} if given else {"input": None}
    job = Job(session, tmp_path, [values], kind="subscribers", **facts)
    await job.measure()
    await job.write(StepIntent(1, "user.1", job.store.digest(values), "account", "SUB-1"))
    made = await session.accounts.create(account("SUB-1"))
    found = await job.reconcile()
    state = (await job.store.rows([1]))[1]
    assert (found.counts, state.entry.status) == ({"pending": 1}, "pending")
    assert (state.steps["account"].status, state.steps["account"].object_id) == ("created", made.id)
    assert state.steps["account"].evidence == "history"
    assert (await session.users.list(made.id or ""), found.is_clear) == ([], True)


@pytest.mark.usefixtures("exact_clocks")
async def test_many_rows_are_each_looked_at_once(session: Session, tmp_path: Path) -> None:
    """Workers share one iterator: 100 rows, and each is settled once and rightly."""
    job = Job(session, tmp_path, [row(f"A-{number}") for number in range(1, 101)])
    await job.measure()
    for number in range(1, 101):
        await job.intend(number)
        if number % 3:
            await session.accounts.create(account(f"A-{number}"))
    found = await job.reconcile()
    assert (found.looked_at, found.counts) == (100, {"created": 67, "pending": 33})
    statuses = ["pending" if number % 3 == 0 else "created" for number in range(1, 101)]
    assert [status for status, _ in await job.statuses()] == statuses


async def test_another_partitions_journal_is_refused(session: Session, tmp_path: Path) -> None:
    """Elsewhere everything would be absent, and be sent again: so nothing is looked up at all."""
    job = Job(session, tmp_path, [row("A-1")], scope="elsewhere")
    await job.intend(1)
    with pytest.raises(JournalError, match="sent to partition 'elsewhere'"):
        await job.reconcile()
    assert await job.statuses() == [("intent", None)]


async def test_what_cannot_be_reconciled_says_so(session: Session, tmp_path: Path) -> None:
    """A kind that there is not, and an input that is given and cannot be read, are errors."""
    job = Job(session, tmp_path, [row("A-1")], kind="mine")
    await job.intend(1)
    with pytest.raises(ConfigurationError, match="there is no kind 'mine'"):
        await job.reconcile()
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(SourceError):
        await Job(session, other, [row("A-1")]).reconcile(source=tmp_path / "absent.csv")


async def test_a_refused_login_ends_it(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    """No further question would be answered either: the error is raised, and what was not settled stays."""
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1)
    await session.partition_id()
    sandbox.store.tokens.revoke_all()
    sandbox.options = SandboxOptions(login_status=401)
    with pytest.raises(AuthenticationError):
        await job.reconcile()
    assert await job.statuses() == [("intent", None)]


async def test_an_update_that_was_cut_off_is_left_to_a_resume(session: Session, tmp_path: Path) -> None:
    """An update is finished by a resume: reconcile changes nothing, and says so."""
    await session.accounts.create(account("A-1", "Old name"))
    job = Job(session, tmp_path, [row("A-1")])
    change = json.dumps({"account_name": ["Old name", "Acme"]})
    digest = job.store.digest(job.rows[0])
    await job.write(StepIntent(1, "A-1", digest, "account", "A-1", "update", change))
    found = await job.reconcile()
    reason = "its update was sent and did not arrive: `alianza bulk resume` finishes it"
    assert found.still_unknown == [StillUnknown(1, "A-1", None, reason)]
    assert (await session.accounts.get_by_number("A-1")).account_name == "Old name"
