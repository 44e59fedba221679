"""Reconcile: what became of the items nobody could tell of, at a sandbox with uniqueness off."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.journal import JobFacts, Journal
from alianza_async.bulk.reconciling.reconcile import Reconciliation, StillUnknown, reconcile
from alianza_async.errors import (
    AuthenticationError,
    ConfigurationError,
    InputChangedError,
    JournalError,
    SourceError,
)
from alianza_async.sandbox import Fault, SandboxOptions
from tests.bulk.test_evidence import account, other_login, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from pydantic import JsonValue

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

Row = dict[str, object]


def row(number: str, name: str = "Acme") -> Row:
    """Return a row of an accounts job."""
    return {
        "account_number": number,
        "account_name": name,
        "account_type": "SIMPLE",
        "time_zone": "US/Eastern",
        "billing_cycle_day": 1,
    }


class Job:
    """A journal whose process was killed.

    Args:
        session: Where it was sent.
        folder: Where its files are.
        rows: Its input.
        facts: What differs from the usual.
    """

    def __init__(self, session: Session, folder: Path, rows: list[Row], **facts: object) -> None:
        self._session = session
        self.rows = rows
        self.input = folder / "input.jsonl"
        self.input.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
        told: dict[str, object] = {
            "job_id": "job-1",
            "kind": "accounts",
            "input": str(self.input),
            "input_sha256": None,
            "options": {},
            "base_url": "http://localhost",
            "environment": None,
            "partition_id": "sandbox-partition",
            "login": "tester",
            "rows": None,
        }
        self.journal = Journal.create(folder / "job.db", JobFacts(**{**told, **facts}))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async def intend(self, number: int, *, times: int = 1) -> None:
        """Write a row's intent: it was sent, so many times."""
        values = self.rows[number - 1]
        key = str(values.get("username") or values["account_number"])
        for _ in range(times):
            await self.journal.intend(number, key, self.journal.digest(values))

    async def settle(self, number: int, status: str) -> None:
        """Write how a row ended."""
        values = self.rows[number - 1]
        await self.journal.settle(number, str(values["account_number"]), self.journal.digest(values), status)

    async def reconcile(self, **options: object) -> Reconciliation:
        """Reconcile without waiting for anything to settle."""
        told = {"settle_s": 0, "lag_s": 0, **options}
        return await reconcile(self._session, self.journal, **told)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def statuses(self) -> list[tuple[str, str | None]]:
        """Return each row's status and object."""
        return [(entry.status, entry.object_id) for entry in self.journal.entries()]


@pytest.fixture(autouse=True)
def _not_unique(sandbox: Sandbox) -> None:
    """A sandbox that lets everything be created twice."""
    sandbox.options = SandboxOptions(unique=False)


async def test_found_once_and_ours_is_created(session: Session, tmp_path: Path) -> None:
    """What history shows as ours is created and adopted, also where somebody has changed it since."""
    job = Job(session, tmp_path, [row("A-1"), row("A-2")])
    for number in (1, 2):
        await job.intend(number)
    first = await session.accounts.create(account("A-1"))
    second = await session.accounts.create(account("A-2"))
    await session.accounts.update(second.model_copy(update={"account_name": "Changed"}))
    found = await job.reconcile()
    assert job.statuses() == [("created", first.id), ("created", second.id)]
    assert all(entry.adopted for entry in job.journal.entries())
    assert (found.looked_at, found.counts, found.settled) == (2, {"created": 2}, 2)
    assert (found.no_history, found.no_input, found.doubles, found.still_unknown) == (None, None, [], [])


async def test_somebody_elses_exists_or_differs(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    """By another login, or before our intent, it is `exists` where it is equal and `failed` where not."""
    earlier = await session.accounts.create(account("A-3"))
    sandbox.store.history.entries[-1] = sandbox.store.history.entries[-1]._replace(logged=time.time() - 3600)
    job = Job(session, tmp_path, [row("A-1"), row("A-2", "Ours"), row("A-3")])
    async with other_login(sandbox) as other:
        equal = await other.accounts.create(account("A-1"))
        differs = await other.accounts.create(account("A-2", "Theirs"))
    for number in (1, 2, 3):
        await job.intend(number)
    found = await job.reconcile()
    assert job.statuses() == [("exists", equal.id), ("failed", differs.id), ("exists", earlier.id)]
    entry = job.journal.entry(2)
    assert entry is not None
    assert entry.error == "it exists already and differs in account_name"
    assert found.counts == {"exists": 2, "failed": 1}


async def test_absent_is_put_back_for_a_resume(session: Session, tmp_path: Path) -> None:
    """What is not there, with nothing under way, may be sent: intent and unknown alike."""
    job = Job(session, tmp_path, [row("A-1"), row("A-2")])
    await job.intend(1)
    await job.settle(2, "unknown")
    found = await job.reconcile()
    assert (job.statuses(), found.counts) == ([("pending", None), ("pending", None)], {"pending": 2})


async def test_found_twice_stays_unknown_and_is_listed(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """Two accounts of one number are a double, with who and when of each; nobody guesses."""
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1)
    ours = await session.accounts.create(account("A-1"))
    async with other_login(sandbox) as other:
        theirs = await other.accounts.create(account("A-1"))
    found = await job.reconcile()
    (double,) = found.doubles
    assert (double.row, double.key) == (1, "A-1")
    assert [(each.object_id, each.who, each.ours) for each in double.creations] == [
        (ours.id, "tester", True),
        (theirs.id, "somebody-else", False),
    ]
    assert found.still_unknown == [StillUnknown(1, "A-1", None, "2 objects have its key")]
    assert job.statuses() == [("unknown", None)]


@pytest.mark.parametrize("history", [True, False])
async def test_what_was_sent_twice_is_looked_at_however_it_ended(
    sandbox: Sandbox, session: Session, tmp_path: Path, history: bool
) -> None:
    """A created item that was sent more than once may be there twice; one sent once costs no request."""
    if not history:
        sandbox.options = SandboxOptions(unique=False, permissions={"AccountHistory": "NONE"})
    job = Job(session, tmp_path, [row("A-1"), row("A-2"), row("A-3")])
    for number, times in ((1, 2), (2, 2), (3, 1)):
        await job.intend(number, times=times)
        await job.settle(number, "created")
        await session.accounts.create(account(f"A-{number}"))
    await session.accounts.create(account("A-1"))
    before = sum(sandbox.truth().requests.values())
    found = await job.reconcile()
    assert [(double.row, len(double.creations)) for double in found.doubles] == [(1, 2)]
    assert (found.looked_at, found.checked, found.still_unknown) == (0, 2, [])
    assert found.no_history == (None if history else "the login may not read account history")
    # With history: one request each, and a search of the double. Without: one refused for each that asks
    # before the first refusal is known, and a search each.
    assert sum(sandbox.truth().requests.values()) - before <= 4
    assert [status for status, _ in job.statuses()] == ["created"] * 3


async def test_without_history_the_look_up_decides(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """Where history cannot be read: equal is created, different failed, absent pending, and it says so."""
    sandbox.options = SandboxOptions(unique=False, permissions={"AccountHistory": "NONE"})
    job = Job(session, tmp_path, [row("A-1"), row("A-2", "Ours"), row("A-3")])
    for number in (1, 2, 3):
        await job.intend(number)
    equal = await session.accounts.create(account("A-1"))
    differs = await session.accounts.create(account("A-2", "Theirs"))
    found = await job.reconcile(workers=1)
    assert job.statuses() == [("created", equal.id), ("failed", differs.id), ("pending", None)]
    assert found.no_history == "the login may not read account history"


async def test_without_the_input_only_history_proves(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """With the file gone nothing is compared: ours is created, anything else stays unknown, its id named."""
    job = Job(session, tmp_path, [row("A-1"), row("A-2"), row("A-3")])
    job.input.unlink()
    for number in (1, 2, 3):
        await job.intend(number)
    ours = await session.accounts.create(account("A-1"))
    async with other_login(sandbox) as other:
        theirs = await other.accounts.create(account("A-2"))
    found = await job.reconcile()
    assert job.statuses() == [("created", ours.id), ("unknown", theirs.id), ("pending", None)]
    assert found.still_unknown == [
        StillUnknown(
            2,
            "A-2",
            theirs.id,
            "it is there, created by somebody-else: give the input to compare it with",
        )
    ]
    assert found.no_input == f"there is no file {job.input}: check the path"
    # With the input given, from wherever it is now, it is told.
    again = await job.reconcile(source=job.rows)
    assert (again.looked_at, again.counts, again.no_input) == (1, {"exists": 1}, None)


async def test_without_input_and_history_nothing_is_guessed(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """Neither values nor history: what is there stays unknown, with its id; what is absent may be sent."""
    sandbox.options = SandboxOptions(unique=False, permissions={"AccountHistory": "NONE"})
    job = Job(session, tmp_path, [row("A-1"), row("A-2")], input=None)
    for number in (1, 2):
        await job.intend(number)
    there = await session.accounts.create(account("A-1"))
    found = await job.reconcile()
    assert job.statuses() == [("unknown", there.id), ("pending", None)]
    assert [each.reason for each in found.still_unknown] == [
        "it is there, nobody knows whose: give the input to compare it with"
    ]
    assert found.no_input == "the job's rows came from Python: give them again as source"


async def test_rows_of_an_iterable_are_told_by_key(session: Session, tmp_path: Path) -> None:
    """Rows from Python, given again in another order and asynchronously, are compared each with its own."""

    async def backwards() -> AsyncIterator[Mapping[str, object]]:
        for each in reversed(job.rows):
            yield each

    job = Job(session, tmp_path, [row("A-1"), row("A-2"), row("A-3")], input=None, login="nobody")
    for number in (1, 2, 3):
        await job.intend(number)
        await session.accounts.create(account(f"A-{number}", "Acme" if number != 2 else "Another"))
    found = await job.reconcile(source=backwards())
    assert [status for status, _ in job.statuses()] == ["exists", "failed", "exists"]
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
    assert job.statuses() == [("intent", None)]


async def test_what_is_under_way_is_waited_for(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    """A create the server is at is looked up again until it is there, and is not put back meanwhile."""
    sandbox.options = SandboxOptions(unique=False, history_requests=True)
    sandbox.faults.add(Fault(kind="late", operation="createAccount", delay_s=0.3))
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1)
    sending = asyncio.create_task(session.accounts.create(account("A-1")))
    await until(lambda: sandbox.truth().history_entries == 1)
    sending.cancel()  # as a kill would: nobody waits for the answer any more
    found = await job.reconcile()
    ((status, object_id),) = job.statuses()
    assert (status, object_id) == ("created", next(iter(sandbox.store.accounts)))
    assert (found.counts, sandbox.truth().created_accounts) == ({"created": 1}, 1)


async def test_it_waits_until_what_was_sent_has_settled(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """A look-up that comes before the settle time is over would find nothing: it does not come before."""
    sandbox.faults.add(Fault(kind="late", operation="createAccount", delay_s=0.2))
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1)
    sending = asyncio.create_task(session.accounts.create(account("A-1")))
    await until(lambda: sandbox.truth().requests.get("createAccount") == 1)
    sending.cancel()
    found = await job.reconcile(settle_s=0.5)
    assert (found.counts, sandbox.truth().created_accounts) == ({"created": 1}, 1)


async def test_a_look_up_that_fails_leaves_it_unknown(
    sandbox: Sandbox, session: Session, tmp_path: Path
) -> None:
    """Where neither look-up nor search answer, it is unknown, says why, and a later run can tell."""
    for operation in ("retrieveAccount", "accountSearch"):
        sandbox.faults.add(Fault(kind="status_before", operation=operation, times=None))
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1)
    made = await session.accounts.create(account("A-1"))
    found = await job.reconcile()
    assert job.statuses() == [("unknown", None)]
    assert [each.reason for each in found.still_unknown] == [
        "it cannot be looked up (answered 503: Injected fault)"
    ]
    sandbox.faults.clear()
    assert (await job.reconcile()).counts == {"created": 1}
    assert job.statuses() == [("created", made.id)]


async def test_users_by_the_account_of_their_row(session: Session, tmp_path: Path) -> None:
    """A user's account comes of its row, by number; without the input nothing is guessed."""
    home = await session.accounts.create(account("HOME"))
    user: Row = {"account_number": "HOME", "username": "ann@acme", "time_zone": "US/Eastern"}
    job = Job(session, tmp_path, [user], kind="users")
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
    assert [each.reason for each in blind.still_unknown] == [
        "its account is not known without the input: give it"
    ]
    job.input.write_text(text, encoding="utf-8")
    await job.reconcile()
    assert job.statuses() == [("created", made_id)]


async def test_users_of_one_account_need_no_input(session: Session, tmp_path: Path) -> None:
    """Where the job was given the account of all its rows, the journal has it."""
    home = await session.accounts.create(account("HOME"))
    options: dict[str, JsonValue] = {"kind": {"ids": {"account_id": home.id}}}
    job = Job(session, tmp_path, [{"username": "ann@acme"}], kind="users", input=None, options=options)
    await job.intend(1)
    assert (await job.reconcile()).counts == {"pending": 1}


async def test_many_items_are_each_looked_at_once(session: Session, tmp_path: Path) -> None:
    """Workers share one iterator: 300 items, and each is judged once and rightly."""
    job = Job(session, tmp_path, [row(f"A-{number}") for number in range(1, 301)])
    for number in range(1, 301):
        await job.intend(number)
        if number % 3:
            await session.accounts.create(account(f"A-{number}"))
    found = await job.reconcile()
    assert (found.looked_at, found.counts) == (300, {"created": 200, "pending": 100})
    assert [status for status, _ in job.statuses()] == ["created", "created", "pending"] * 100


async def test_another_partitions_journal_is_refused(session: Session, tmp_path: Path) -> None:
    """Elsewhere everything would be absent, and be sent again: so nothing is looked up at all."""
    job = Job(session, tmp_path, [row("A-1")], partition_id="elsewhere")
    await job.intend(1)
    with pytest.raises(JournalError, match="sent to partition 'elsewhere'"):
        await job.reconcile()
    assert job.statuses() == [("intent", None)]


async def test_what_cannot_be_reconciled_says_so(session: Session, tmp_path: Path) -> None:
    """A workflow is resumed instead; an input that is given and cannot be read is an error."""
    job = Job(session, tmp_path, [row("A-1")], kind="subscribers")
    with pytest.raises(ConfigurationError, match="jobs of kind subscribers are reconciled by resuming"):
        await job.reconcile()
    other = tmp_path / "other"
    other.mkdir()
    accounts = Job(session, other, [row("A-1")])
    with pytest.raises(SourceError):
        await accounts.reconcile(source=tmp_path / "absent.csv")


async def test_a_refused_login_ends_it(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    """No further question would be answered either: the error is raised, and what was not judged stays."""
    job = Job(session, tmp_path, [row("A-1")])
    await job.intend(1)
    await session.partition_id()
    sandbox.store.tokens.revoke_all()
    sandbox.options = SandboxOptions(login_status=401)
    with pytest.raises(AuthenticationError):
        await job.reconcile()
    assert job.statuses() == [("intent", None)]
