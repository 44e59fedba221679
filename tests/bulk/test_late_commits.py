"""A server that commits late and refuses no double: what history prevents, and what reconcile lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.reconciling.reconcile import reconcile
from alianza_async.policies.values import RetryPolicy
from alianza_async.sandbox import Fault, Sandbox, SandboxOptions
from alianza_async.session import Session
from tests.bulk.engine import account, write_csv
from tests.bulk.reconcile_jobs import until
from tests.bulk.undo_jobs import NUMBERS, subscribers
from tests.conftest import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from pathlib import Path

    from alianza_async.sandbox import RunningSandbox
    from alianza_async.settings import Credentials

_ROWS = 12
_IMPATIENT = RetryPolicy(
    attempt_timeout=0.2, settle_s=0.05, wait_initial=0, wait_max=0, wait_jitter=0, attempts=3
)
_CREATES = ("createAccount", "createEndUser", "createDevice", "createOrAddTelephoneNumberToAccount")


@pytest.fixture
async def impatient(served: RunningSandbox, credentials: Credentials) -> AsyncGenerator[Session]:
    """A session that waits a fifth of a second for an answer, on a sandbox that commits after half of one."""
    served.sandbox.options = SandboxOptions(unique=False, history_requests=True)
    served.sandbox.seed_inventory(NUMBERS)
    for operation in _CREATES:
        late = Fault(kind="late", operation=operation, times=None, probability=0.5, delay_s=0.5)
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


def _account_rows() -> list[dict[str, object]]:
    return [account(f"A-{number}") for number in range(_ROWS)]


def _subscriber_rows() -> list[dict[str, object]]:
    return [{**row, "time_zone": "US/Central"} for row in subscribers(_ROWS)]


@pytest.mark.parametrize(("kind", "rows"), [("accounts", _account_rows), ("subscribers", _subscriber_rows)])
async def test_with_history_of_requests_nothing_is_doubled(
    sandbox: Sandbox,
    impatient: Session,
    tmp_path: Path,
    kind: str,
    rows: Callable[[], list[Mapping[str, object]]],
) -> None:
    """Answers are lost and commits come ten times later than `settle_s`: each object is there once."""
    source = write_csv(tmp_path / "in.csv", rows())
    report = await impatient.bulk.run(kind, source, journal=tmp_path / "job.db", max_failures="off").run()
    truth = sandbox.truth()
    assert sandbox.faults.struck["late"] >= 1
    assert (report.created + report.exists, report.unknown) == (_ROWS, 0)
    assert (truth.created_accounts, truth.duplicate_account_numbers, truth.duplicate_usernames) == (
        _ROWS,
        [],
        [],
    )
    assert (truth.duplicate_numbers, truth.duplicate_device_lines) == ([], [])


async def test_without_history_of_requests_every_double_is_listed(
    sandbox: Sandbox, impatient: Session, tmp_path: Path
) -> None:
    """What history shows only once it is done is doubled by a late commit; reconcile lists each of them."""
    sandbox.options = SandboxOptions(unique=False)
    rows, path = _account_rows(), tmp_path / "job.db"
    await impatient.bulk.create_accounts(rows, journal=path, max_failures="off").run()
    await until(_all_committed(sandbox))
    sandbox.faults.clear()
    found = await reconcile(impatient, path, source=rows, settle_s=0)
    doubled = sandbox.truth().duplicate_account_numbers
    assert len(doubled) >= 1
    assert sorted(double.key for double in found.doubles) == sorted(doubled)
    assert all(each.who == "tester" for double in found.doubles for each in double.creations)
    assert not found.is_clear
