from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.undoing.undo import undo
from alianza_async.bulk.undoing.undo_plan import plan_undo
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import account, accounts, user, write_csv
from tests.bulk.undo_jobs import (
    NUMBERS,
    left,
    login_of,
    made,
    requests,
    sentences,
    subscriber,
    subscribers,
    undone,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alianza_async.session import Session

HISTORY = "accountHistoryByAccountIdSearch"


async def renamed(session: Session, number: str) -> None:
    """Change an account."""
    there = await session.accounts.get_by_number(number)
    await session.accounts.patch(there.id or "", {"accountName": "Somebody else's name"})


@pytest.fixture
def later(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return what lets the server's history tell of what follows as if it came so much later."""

    def shift(seconds: float) -> None:
        monkeypatch.setattr(sandbox.store.history, "_wall", lambda: time.time() + seconds)

    return shift


async def test_a_number_in_service_is_left(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """A number that is active and rings somewhere keeps its whole row; one that is not goes."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", subscribers(3), path)
    staged = next(one for one in sandbox.store.numbers.active.values() if one["phoneNumber"] == NUMBERS[2])
    staged["carrierStatus"] = staged["operationalStatus"] = "STAGED"

    report = await undo(session, path)

    assert (report.refused, report.undone, left(sandbox)) == (2, 1, (2, 2, 2, 2))
    assert sentences(report)[1] == (
        "its number 18015550001 is in service: to cut off its calls all the same, emergency calls among "
        "them, undo with include_live=True"
    )
    assert requests(sandbox, "removeDevice", "deleteTelephoneNumberOnAccount", "deleteEndUser") == [1, 1, 1]
    assert undone(path, 3) == dict.fromkeys(("line", "activation", "number", "user", "account"), "skipped")


@pytest.mark.parametrize("lie", ["absent", "another"])
async def test_a_number_that_its_look_up_denies_is_left(
    session: Session, sandbox: Sandbox, tmp_path: Path, lie: str
) -> None:
    """A look-up that answers 404, or another number, cuts nobody off: the account's list has it."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", subscribers(2), path)
    staged = next(one for one in sandbox.store.numbers.active.values() if one["phoneNumber"] == NUMBERS[2])
    staged["carrierStatus"] = staged["operationalStatus"] = "STAGED"
    sandbox.faults.add(Fault(kind=lie, operation="retrieveTelephoneNumberOnAccount", times=None))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    report = await undo(session, path, only=[1])

    assert (report.refused, left(sandbox)) == (1, (2, 2, 2, 2))
    assert "is in service" in sentences(report)[1]


async def test_what_somebody_changed_is_left(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """An account that another login changed is named with who and what; the others go."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(3), path)
    async with login_of(sandbox, "colleague") as colleague:
        await renamed(colleague, "A-00002")

    report = await undo(session, path)

    assert (report.undone, report.refused, left(sandbox)[0]) == (2, 1, 1)
    (sentence,) = sentences(report).values()
    assert sentence.startswith("it is not as the job left it: account changed by colleague on 20")
    with JournalReader(path) as journal:
        kept = journal.undone(2)["account"]
    assert (kept.status, kept.error_class, kept.error) == ("skipped", "UndoRefusedError", sentence)


async def test_what_our_own_login_changed_later_is_left(
    session: Session, tmp_path: Path, later: Callable[[float], None]
) -> None:
    """The same login may have done more since: what came after the job was through is somebody's work too."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(2), path)
    later(10)
    await renamed(session, "A-00001")

    report = await undo(session, path)

    assert (report.undone, report.refused) == (1, 1)
    assert "account changed by tester on 20" in sentences(report)[1]


@pytest.mark.parametrize("ahead", [-86_000.0, 0.0, 86_000.0])
async def test_clocks_may_differ(
    session: Session, sandbox: Sandbox, tmp_path: Path, later: Callable[[float], None], ahead: float
) -> None:
    """A server whose clock is a day off shows our own work as ours, and later work as later."""
    path = tmp_path / "job.db"
    later(ahead)
    sandbox.seed_inventory(NUMBERS)
    rows = [*subscribers(2), subscriber(3, account_number="SUB-0001")]
    await made(session, "subscribers", rows, path)
    later(ahead + 10)
    await renamed(session, "SUB-0002")

    report = await undo(session, path, include_live=True)

    assert (report.undone, list(sentences(report))) == (2, [2])


async def test_a_change_of_what_is_shared_keeps_it(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A changed user keeps its row; the account that it shares with another row stays as well."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", [subscriber(1), subscriber(2, account_number="SUB-0001")], path)
    async with login_of(sandbox, "colleague") as colleague:
        (there,) = sandbox.store.accounts.values()
        changed = await colleague.users.get_by_name(str(there["id"]), "user.2")
        await colleague.users.patch(str(there["id"]), changed.id or "", {"firstName": "Anne"})

    report = await undo(session, path, include_live=True)

    assert (report.undone, report.refused, left(sandbox)) == (0, 2, (1, 1, 1, 1))
    assert sentences(report)[1].startswith("something else hangs on it: user user.2, of row 2")
    assert "user changed by colleague" in sentences(report)[2]
    assert undone(path, 1) == {
        **dict.fromkeys(("line", "activation", "number", "user"), "undone"),
        "account": "skipped",
    }


async def test_something_else_on_the_account_keeps_it(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A user that another job put on an account of this one keeps the account, and is named."""
    path = tmp_path / "job.db"
    sandbox.options = SandboxOptions(history=False)
    await made(session, "accounts", write_csv(tmp_path / "in.csv", accounts(2)), path)
    rows = [user("ann@acme", account_number="A-00001"), user("bob@acme", account_number="A-00001")]
    await session.bulk.create_users(rows).run()

    report = await undo(session, path)

    assert (report.undone, left(sandbox)[:2]) == (1, (1, 2))
    assert sentences(report) == {
        1: "something else hangs on it: user ann@acme, which is not of this job, and 1 more"
    }


async def test_a_number_that_rings_at_a_user_keeps_the_user(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A user to whom somebody routed a number is not deleted under it; nor one with somebody's device."""
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    sandbox.seed_inventory(NUMBERS)
    await session.bulk.create_accounts(accounts(1)).run()
    users = [user(name, account_number="A-00001") for name in ("ann", "bob", "cid")]
    await made(session, "users", write_csv(tmp_path / "users.csv", users), first)
    number = subscriber(1, account_number="A-00001", username="ann")
    fields = ("account_number", "username", "telephone_number", "postal_code", "mac_address")
    wanted = {name: value for name, value in number.items() if name in fields or name.startswith("e911")}
    line = {"mac_address": wanted.pop("mac_address"), "account_number": "A-00001", "username": "bob"}
    await made(session, "telephone-numbers", write_csv(tmp_path / "n.csv", [wanted]), second)
    await made(session, "device-lines", write_csv(tmp_path / "l.csv", [line]), tmp_path / "third.db")

    report = await undo(session, first)
    numbers = await undo(session, second, include_live=True)
    lines = await undo(session, tmp_path / "third.db")
    again = await undo(session, first)

    assert sentences(report) == {
        1: "something else hangs on it: number 18015550001, which is not of this job",
        2: "something else hangs on it: device line 4AE1BC530001, which is not of this job",
    }
    assert (numbers.undone, numbers.steps) == (1, {"activation": 1, "number": 1})
    assert (lines.undone, again.undone, again.done_before, left(sandbox)) == (1, 2, 1, (1, 0, 0, 0))


def _no_history(sandbox: Sandbox) -> None:
    sandbox.options = SandboxOptions(history=False)


def _forbidden(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="status_before", operation=HISTORY, status=403, times=None))


def _none_such(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="status_before", operation=HISTORY, status=501, times=None))


@pytest.mark.parametrize("blind", [_no_history, _forbidden, _none_such])
async def test_without_history_what_was_sent_is_compared(
    session: Session, sandbox: Sandbox, tmp_path: Path, blind: Callable[[Sandbox], object]
) -> None:
    """Where history tells nothing, each row is compared with the input: what differs is named and left."""
    path = tmp_path / "job.db"
    blind(sandbox)
    await made(session, "accounts", write_csv(tmp_path / "in.csv", accounts(3)), path)
    await renamed(session, "A-00002")

    report = await undo(session, path)

    assert (report.undone, requests(sandbox, "deleteAccount")) == (2, [2])
    assert sentences(report) == {2: "its account is not as the job left it: it differs in account_name"}


async def test_without_history_steps_are_compared(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """Without history each step of a subscriber looks for what it made, as the input has it."""
    path = tmp_path / "job.db"
    sandbox.options = SandboxOptions(history=False)
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", write_csv(tmp_path / "in.csv", subscribers(3)), path)
    user_id = next(one["id"] for one in sandbox.store.users.values() if one["username"] == "user.2")
    sandbox.store.users[str(user_id)]["firstName"] = "Anne"

    report = await undo(session, path, include_live=True)

    assert (report.undone, left(sandbox)) == (2, (1, 1, 1, 1))
    assert sentences(report) == {2: "its user is not as the job left it: it differs in first_name"}


async def test_where_nobody_can_tell_it_is_left(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """Neither history nor the input: the row is refused, and says why; `unverified` takes it back."""
    path = tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="status_before", operation=HISTORY, status=403, times=None))
    await made(session, "accounts", accounts(1), path)

    refused = await undo(session, path)
    report = await undo(session, path, unverified=True)

    assert sentences(refused) == {
        1: "nothing shows whether its account was changed since: the login may not read account history, "
        "and the job's rows came from Python: give them again as source; to delete it all the same, undo "
        "with unverified (--unverified)"
    }
    assert (report.undone, left(sandbox)[0]) == (1, 0)


def _other_text(path: Path) -> None:
    write_csv(path, [account(1, account_name="Another")])


def _gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("change", "why"), [(_other_text, "its row of the input is not as it was"), (_gone, "there is no file")]
)
async def test_an_input_that_changed_tells_nothing(
    session: Session, sandbox: Sandbox, tmp_path: Path, change: Callable[[Path], object], why: str
) -> None:
    """What was sent is known from the input as it was: another file, or none, is no evidence."""
    path, source = tmp_path / "job.db", tmp_path / "in.csv"
    sandbox.options = SandboxOptions(history=False)
    await made(session, "accounts", write_csv(source, accounts(1)), path)
    change(source)

    report = await undo(session, path)
    moved = await undo(session, path, source=write_csv(tmp_path / "moved.csv", accounts(1)))

    assert why in sentences(report)[1]
    assert (moved.undone, left(sandbox)[0]) == (1, 0)


async def test_rows_given_again_are_found_by_key(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """Rows from Python are given again in any order; one that is not what it was is no evidence."""
    path = tmp_path / "job.db"
    sandbox.options = SandboxOptions(history=False)
    await made(session, "accounts", accounts(3), path)

    report = await undo(session, path, source=[account(3), account(2, account_name="Other"), account(1)])

    assert (report.undone, list(sentences(report))) == (2, [2])
    assert "its row of the input is not as it was" in sentences(report)[2]
    assert left(sandbox)[0] == 1


@pytest.mark.usefixtures("short_waits")
async def test_an_unsettled_row_is_left(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """A row of which nobody knows whether it is there is refused before anything is asked."""
    path = tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="cut_after", operation="createAccount"))
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", status=403, times=None))
    await session.bulk.create_accounts(accounts(2), journal=path, concurrency=1).run()
    sandbox.faults.clear()
    with JournalReader(path) as journal:
        plan = plan_undo(journal)

    report = await undo(session, path)

    why = (
        "whether its account is there is not known: settle that with `alianza bulk reconcile`, which creates "
        "nothing"
    )
    assert (plan.rows, plan.refused_count, plan.refused[0][0]) == (1, 1, 1)
    assert plan.refused[0][1].startswith(why)
    assert (report.undone, report.refused, undone(path, 1)) == (1, 1, {"account": "skipped"})
    assert sentences(report)[1].startswith(why)


async def test_a_look_that_fails_keeps_the_row(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """A row that cannot be looked at is left; the next undo looks again, and says so no more."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(1), path)
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveEndUserList", status=403))

    refused = await undo(session, path)
    with JournalReader(path) as journal:
        plan = plan_undo(journal)
    report = await undo(session, path)

    assert sentences(refused) == {1: "looking at it failed (403: refused); undo it again"}
    assert plan.refused_before == [(1, "looking at it failed (403: refused); undo it again")]
    assert (report.undone, undone(path)) == (1, {"account": "undone"})


async def test_a_job_resumed_by_another_login_is_one_job(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """What the job's first login has made is the job's, whoever resumed it later and takes it back."""
    path, source = tmp_path / "job.db", write_csv(tmp_path / "in.csv", accounts(2))
    await made(session, "accounts", source, path)
    async with login_of(sandbox, "colleague") as colleague:
        await colleague.bulk.resume(path).run()

        report = await undo(colleague, path)

    assert (report.undone, left(sandbox)[0]) == (2, 0)


async def test_a_row_that_cannot_be_read_spoils_itself_alone(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error nobody thought of while a row is looked at refuses that row; the others go."""
    path = tmp_path / "job.db"
    await made(session, "accounts", accounts(2), path)
    kind = type(session.users)
    listed = kind.list

    def spoilt(*_: object) -> object:
        monkeypatch.setattr(kind, "list", listed)
        raise ZeroDivisionError

    monkeypatch.setattr(kind, "list", spoilt)
    report = await undo(session, path)

    assert (report.undone, report.refused, left(sandbox)[0]) == (1, 1, 1)
    (sentence,) = sentences(report).values()
    assert sentence == "looking at it met an unexpected ZeroDivisionError; please report it"
