from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.kinds.subscribers import SUBSCRIBERS
from alianza_async.sandbox import Fault
from tests.bulk.workflow.driver import KillableStore, Killed, run
from tests.bulk.workflow.places import (
    a_sandbox,
    at,
    carried_out,
    in_area,
    kind_on,
    statuses,
    subscriber,
)

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

    Half the rows take the first free number, and three share an account. A reservation whose answer was lost
    is given up and another number is taken, so there are more numbers than rows.
    """
    sandbox, store = a_sandbox(unique=False, seed=seed), KillableStore(settle_s=5)
    sandbox.faults.add(*FAULTS)
    rows = [
        (in_area if number % 2 else subscriber)(number, account_number=f"SUB-{number // 3:04}", **given)
        for number in range(COUNT)
        for given in ({} if number % 2 else {"telephone_number": f"1212555{number:04}"},)
    ]
    sandbox.seed_inventory(str(row["telephone_number"]) for row in rows if "telephone_number" in row)

    async def killed_at(session: Session, after: int) -> None:
        store.kill_after = after
        with anyio.CancelScope(shield=True):
            with pytest.raises(BaseExceptionGroup) as died:
                await run(kind_on(session, SUBSCRIBERS), rows, store, workers=20)
            assert died.value.subgroup(Killed) is not None
        store.kill_after = None

    for after in (50, 70, 90):
        at(sandbox, lambda session, after=after: killed_at(session, after), attempt_timeout=2)  # type: ignore[misc]
    ends = carried_out(sandbox, rows, store, attempt_timeout=2, workers=20)

    truth = sandbox.truth()
    assert (set(statuses(ends)), truth.accounts, truth.users) == ({"created"}, COUNT // 3, COUNT)
    assert (truth.numbers, truth.active_numbers, truth.device_lines) == (COUNT, COUNT, COUNT)
    doubles = truth.duplicate_account_numbers + truth.duplicate_usernames + truth.duplicate_numbers
    assert (doubles, truth.duplicate_device_lines, truth.numbers_without_address) == ([], [], [])
    assert (truth.created_users, truth.created_numbers, truth.created_device_lines) == (COUNT,) * 3
