from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.errors import FailureBudgetError
from alianza_async.bulk.kinds import parents
from alianza_async.bulk.kinds.parents import AccountIds
from alianza_async.errors import NotFoundError, ResponseShapeError, ServerError
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import account, session_on, statuses, user, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

LOOK_UP = "retrieveAccount"


@pytest.fixture
async def acme(session: Session) -> str:
    """The id of an account with the number `ACME`."""
    made = await session.accounts.create(AccountCreate.model_validate(account("ACME")))
    assert made.id is not None
    return made.id


async def test_a_number_is_asked_once_by_however_many_rows(
    session: Session, sandbox: Sandbox, acme: str
) -> None:
    """200 users of one account, 50 at a time: one look-up, 200 creates."""
    rows = [user(f"user-{number:03}", account_number="ACME") for number in range(200)]
    report = await session.bulk.create_users(rows, concurrency=50).run()
    assert (report.created, sandbox.truth().requests[LOOK_UP]) == (200, 1)
    assert {made["accountId"] for made in sandbox.store.users.values()} == {acme}


async def test_rows_may_name_the_id_or_the_job_may(
    session: Session, sandbox: Sandbox, acme: str, tmp_path: Path
) -> None:
    """By `account_id` in a row or for all of them nothing is looked up."""
    await session.bulk.create_users([user("ada", account_id=acme)]).run()
    source = write_csv(tmp_path / "users.csv", [user("bob"), user("cyd")])
    report = await session.bulk.create_users(source, account_id=acme).run()
    assert statuses(report.results) == [(1, "created"), (2, "created")]
    assert LOOK_UP not in sandbox.truth().requests
    assert {made["accountId"] for made in sandbox.store.users.values()} == {acme}


async def test_a_missing_account_fails_its_rows_alone(session: Session, sandbox: Sandbox, acme: str) -> None:
    """No such account: its rows failed, without a create, asked once; the others are made."""
    rows = [user(f"u-{n}", account_number="ACME" if n % 2 else "ABSENT") for n in range(10)]
    report = await session.bulk.create_users(rows, concurrency=1).run()
    assert (report.created, report.failed) == (5, 5)
    failed = [result for result in report.results if result.status == "failed"]
    assert {(type(result.error), result.attempts) for result in failed} == {(NotFoundError, 0)}
    assert "there is no account with this account_number; create it first" in str(failed[0].error)
    assert sandbox.truth().requests == {"logUserIn": 1, "createAccount": 1, LOOK_UP: 2, "createEndUser": 5}
    assert {made["accountId"] for made in sandbox.store.users.values()} == {acme}


async def test_an_id_that_cannot_stand_in_a_path_is_invalid(session: Session, sandbox: Sandbox) -> None:
    """Such a row is never sent and is no failure of the job's, nor does it end a run of failures."""
    rows = [user(f"u-{number}", account_id=".." if number % 2 else "gone") for number in range(110)]
    job = session.bulk.create_users(rows, concurrency=1)
    with pytest.raises(FailureBudgetError, match="50 rows failed one after the other"):
        await job.run()
    assert (job.report.failed, job.report.invalid, job.report.sent) == (50, 49, 50)
    assert sandbox.truth().requests["createEndUser"] == 50


@pytest.mark.usefixtures("acme")
async def test_a_failed_look_up_is_not_remembered(sandbox: Sandbox) -> None:
    """A server that could not tell is asked again by the next row; only answers are remembered."""
    sandbox.faults.add(Fault(kind="status_before", operation=LOOK_UP))
    async with session_on(sandbox, attempts=1) as session:
        ids = AccountIds(session)
        with pytest.raises(ServerError):
            await ids.find("ACME")
        assert await ids.find("ACME") == next(iter(sandbox.store.accounts))


async def test_cancelling_who_asked_first_harms_nobody(sandbox: Sandbox, session: Session, acme: str) -> None:
    """The look-up is nobody's own: the rows that wait with the cancelled one get the answer."""
    ids = AccountIds(session)
    first = asyncio.create_task(ids.find("ACME"))
    second = asyncio.create_task(ids.find("ACME"))
    while not sandbox.truth().requests.get(LOOK_UP) and not first.done():
        await asyncio.sleep(0)
        first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert (first.cancelled(), await second, sandbox.truth().requests[LOOK_UP]) == (True, acme, 1)


async def test_memory_of_numbers_is_bounded(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number used longest ago is forgotten first, and asked again when it comes back."""
    monkeypatch.setattr(parents, "_REMEMBERED", 2)
    for name in ("ONE", "TWO", "THREE"):
        await session.accounts.create(AccountCreate.model_validate(account(name)))
    ids = AccountIds(session)
    asked: list[int] = []
    for name in ("ONE", "TWO", "ONE", "THREE", "ONE", "TWO"):
        await ids.find(name)
        asked.append(sandbox.truth().requests[LOOK_UP])
    assert asked == [1, 2, 2, 3, 3, 4]


@pytest.mark.usefixtures("acme")
async def test_an_account_without_an_id_is_no_answer(session: Session, sandbox: Sandbox) -> None:
    """An answer that lacks the id is not built on, and the call it came by is named."""
    sandbox.faults.add(Fault(kind="garbage_after", operation=LOOK_UP, body=b'{"accountNumber": "ACME"}'))
    with pytest.raises(
        ResponseShapeError, match="retrieveAccount: another account was answered than was asked for"
    ):
        await AccountIds(session).find("ACME")
