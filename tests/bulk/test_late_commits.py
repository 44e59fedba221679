"""A server that commits late and refuses no double: what history prevents, and what is listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.creates import CreateKind
from alianza_async.bulk.input.rows import Row
from alianza_async.bulk.journal import Journal
from alianza_async.bulk.ledger import NullLedger
from alianza_async.bulk.reconciling.evidence import HistoryHook
from alianza_async.bulk.reconciling.reconcile import reconcile
from alianza_async.bulk.work import Ended, Settle, Work
from alianza_async.sandbox import Fault, Sandbox, SandboxOptions
from alianza_async.session import Session
from alianza_async.settings import RetryPolicy
from tests.bulk.test_evidence import account, until
from tests.conftest import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from alianza_async.models.accounts import Account
    from alianza_async.sandbox import RunningSandbox
    from alianza_async.settings import Credentials

_ROWS = 20
_IMPATIENT = RetryPolicy(
    attempt_timeout=0.2, settle_s=0.05, wait_initial=0, wait_max=0, wait_jitter=0, attempts=3
)


@pytest.fixture
async def impatient(served: RunningSandbox, credentials: Credentials) -> AsyncGenerator[Session]:
    """A session that waits a fifth of a second for an answer, on a sandbox that commits after half of one."""
    served.sandbox.options = SandboxOptions(unique=False, history_requests=True)
    late = Fault(kind="late", operation="createAccount", times=None, probability=0.5, delay_s=0.5)
    served.sandbox.faults.add(late)
    async with Session(credentials, base_url=served.base_url, retry=_IMPATIENT, limit=UNLIMITED) as session:
        await session.login()
        yield session


def _all_committed(sandbox: Sandbox) -> Callable[[], bool]:
    """Return what tells that every create that has arrived was carried out."""

    def committed() -> bool:
        truth = sandbox.truth()
        return truth.created_accounts == truth.requests["createAccount"]

    return committed


async def carried_out(kind: CreateKind[Account], number: int) -> Ended:
    """Give a row its turns until it ends, as a job does."""
    values = account(f"A-{number}")
    work = Work(Row(number, values, None), kind.read(values), f"A-{number}")
    while True:
        try:
            return await kind.carry_out(work, NullLedger(0.05))
        except Settle as settle:
            await anyio.sleep(max(0.0, settle.due - anyio.current_time()))


async def test_with_history_of_requests_nothing_is_doubled(sandbox: Sandbox, impatient: Session) -> None:
    """Answers are lost and commits come ten times later than `settle_s`: each account is there once."""
    hook = HistoryHook(impatient, since=datetime.now(UTC) - timedelta(seconds=1))
    kind = CreateKind(impatient, impatient.accounts.create, under_way=hook)
    ended: list[Ended] = []

    async def one(number: int) -> None:
        ended.append(await carried_out(kind, number))

    async with anyio.create_task_group() as group:
        for number in range(_ROWS):
            group.start_soon(one, number)
    truth = sandbox.truth()
    assert sandbox.faults.struck["late"] >= 1
    assert hook.evidence.asked >= 1
    assert [each.status for each in ended] == ["created"] * _ROWS
    assert (truth.created_accounts, truth.duplicate_account_numbers) == (_ROWS, [])


async def test_without_history_of_requests_every_double_is_listed(
    sandbox: Sandbox, impatient: Session, tmp_path: Path
) -> None:
    """What history shows only once it is done is doubled by a late commit; reconcile lists each of them."""
    sandbox.options = SandboxOptions(unique=False)
    rows = [account(f"A-{number}") for number in range(_ROWS)]
    path = tmp_path / "job.db"
    await impatient.bulk.create_accounts(rows, journal=path, max_failures="off").run()
    await until(_all_committed(sandbox))
    async with Journal.open(path) as journal:
        found = await reconcile(impatient, journal, source=rows, settle_s=0, lag_s=0)
        statuses = {entry.status for entry in journal.entries()}
    doubled = sandbox.truth().duplicate_account_numbers
    assert len(doubled) >= 1
    assert sorted(double.key for double in found.doubles) == sorted(doubled)
    assert all(each.ours for double in found.doubles for each in double.creations)
    assert statuses <= {"created", "failed", "unknown"}
