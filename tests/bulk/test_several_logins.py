"""A job that is gone on with by another login: what either made is the job's, what others made is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.undoing.undo import undo
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import account, write_csv
from tests.bulk.undo_jobs import NUMBERS, login_of, made, sentences, subscriber

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


@pytest.mark.usefixtures("exact_clocks")
async def test_what_the_first_login_made_is_the_jobs(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Cut off before its answer came, and found by a resume of another login, it is `created`."""
    path, rows = tmp_path / "job.db", write_csv(tmp_path / "in.csv", [account(1), account(2)])
    sandbox.faults.add(Fault(kind="hang_after", operation="createAccount", times=None))
    task = asyncio.create_task(session.bulk.create_accounts(rows, journal=path).run())
    with anyio.fail_after(20):
        while sandbox.faults.held < 2:  # noqa: ASYNC110  (the sandbox tells nobody)
            await anyio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    sandbox.faults.clear()
    sandbox.faults.release()

    async with login_of(sandbox, "another") as another:
        report = await another.bulk.resume(path).run()
        assert (report.created, report.exists, sandbox.truth().created_accounts) == (2, 0, 2)
        with JournalReader(path) as reader:
            assert reader.facts.login == "another"
        assert (await undo(another, path)).undone == 2
    assert sandbox.truth().accounts == 0


async def test_a_number_that_another_login_activated_anew_is_left(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A login that makes once more, within a second, what the job made is not taken for one of the job's."""
    path, row = tmp_path / "job.db", subscriber(1)
    sandbox.seed_inventory(NUMBERS)
    names = ("account_number", "username", "telephone_number", "e911_address", "e911_city", "e911_state")
    number = {name: row[name] for name in (*names, "postal_code")}
    there = {"accountNumber": row["account_number"], "username": row["username"]}
    account = {"accountName": "Ardent", "accountType": "SIMPLE", "timeZone": "US/Central"}
    accounts = [{"accountNumber": row["account_number"], "billingCycleDay": 5, **account}]
    sandbox.seed({"accounts": accounts, "users": [{**there, "timeZone": "US/Central"}]}, ago_s=9_999)
    await made(session, "telephone-numbers", [number], path)
    async with login_of(sandbox, "another") as another:
        await another.telephone_numbers.delete(next(iter(sandbox.store.accounts)), NUMBERS[1])
        await made(another, "telephone-numbers", [number], tmp_path / "another.db")

    report = await undo(session, path, include_live=True)

    assert (report.refused, len(sandbox.store.numbers.active)) == (1, 1)
    assert "by another" in sentences(report)[1]
