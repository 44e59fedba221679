from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.kinds.subscribers import SUBSCRIBERS
from alianza_async.bulk.engine.workflow import WorkflowKind
from alianza_async.sandbox import Fault
from tests.bulk.workflow.driver import Killed, MemoryLedger, any_kind, run
from tests.bulk.workflow.places import NUMBERS, a_sandbox, at, carried_out, in_area, statuses, subscriber

if TYPE_CHECKING:
    from alianza_async.session import Session

COUNT = 60
FAULTS = [
    Fault(kind="status_before", times=None, probability=0.04),
    Fault(kind="cut_before", times=None, probability=0.02),
    Fault(kind="cut_after", times=None, probability=0.03),
    Fault(kind="html_after", times=None, probability=0.02),
    Fault(kind="late", times=None, probability=0.02, delay_s=4),
]


@pytest.mark.parametrize("seed", range(4))
def test_a_storm_and_three_crashes_lose_nothing_and_double_nothing(seed: int) -> None:
    """With faults of every kind, late commits, three kills and no uniqueness, each row is made once.

    Half the rows take the first free number, three share an account, and there are as many numbers as rows:
    a reservation that is lost track of would be missed.
    """
    numbers = NUMBERS[: COUNT // 2]
    sandbox, ledger = a_sandbox(numbers, unique=False, seed=seed), MemoryLedger(settle_s=5)
    sandbox.faults.add(*FAULTS)
    rows = [
        (in_area if number % 2 else subscriber)(number, account_number=f"SUB-{number // 3:04}", **given)
        for number in range(COUNT)
        for given in ({} if number % 2 else {"telephone_number": f"1212555{number:04}"},)
    ]
    sandbox.seed_inventory(str(row["telephone_number"]) for row in rows if "telephone_number" in row)

    async def killed_at(session: Session, after: int) -> None:
        ledger.kill_after = after
        with anyio.CancelScope(shield=True):
            with pytest.raises(BaseExceptionGroup) as died:
                await run(any_kind(WorkflowKind(session, SUBSCRIBERS)), rows, ledger, workers=20)
            assert died.value.subgroup(Killed) is not None
        ledger.kill_after = None

    for after in (90, 120, 150):
        at(sandbox, lambda session, after=after: killed_at(session, after), attempt_timeout=2)  # type: ignore[misc]
    ends = carried_out(sandbox, rows, ledger, attempt_timeout=2, workers=20)

    truth = sandbox.truth()
    assert (set(statuses(ends)), truth.accounts, truth.users) == ({"created"}, COUNT // 3, COUNT)
    assert (truth.numbers, truth.active_numbers, truth.device_lines) == (COUNT, COUNT, COUNT)
    doubles = truth.duplicate_account_numbers + truth.duplicate_usernames + truth.duplicate_numbers
    assert (doubles, truth.duplicate_device_lines, truth.numbers_without_address) == ([], [], [])
    assert (truth.created_users, truth.created_numbers, truth.created_device_lines) == (COUNT,) * 3
