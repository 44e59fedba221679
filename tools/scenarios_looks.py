"""Scenarios of looks after sending: a request was accepted, and a gateway answers what looks at it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tools.scenarios_cell import DONE
from tools.scenarios_kinds import LOOKS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tools.scenarios_cell import Cell

_A_WHILE: Final = 8  # answers of the gateway: more than the attempts of one look
_ANSWERED_S: Final = 0.2  # within the patience of an attempt
_LOOKS_ITSELF: Final = frozenset({"delete-accounts", "customers"})
"""Kinds whose last step looks at what it has sent, though it was answered; of others the answer is lost."""


def accepted_and_looked_at(status: int) -> Callable[[Cell], Awaitable[None]]:
    """Return: what looks at an accepted request is answered by a gateway for a while; it is not sent again.

    Args:
        status: The gateway's status.
    """

    async def act(cell: Cell) -> None:
        cell.begin()
        operation, looks = cell.kind.sends[-1], LOOKS[cell.kind.sends[-1]]
        itself = cell.kind.name in _LOOKS_ITSELF
        fault = "late" if itself else "cut_after"
        cell.fault(fault, operation, times=len(cell.rows), delay_s=_ANSWERED_S if itself else 0)

        def gateway() -> None:
            cell.fault("status_before", looks, times=None, status=status)

        options: dict[str, object] = {"choices": {"look": "yes"}} if cell.kind.is_own else {}
        job = asyncio.create_task(cell.run(retry={}, rows=None, **options))
        await cell.once_struck(fault, gateway)
        await cell.until(lambda: cell.sandbox.faults.struck["status_before"] >= _A_WHILE or job.done())
        cell.expect(cell.sandbox.faults.struck["status_before"], "nothing looked at it")
        cell.sandbox.faults.clear()
        await job
        await cell.resume()
        sent = cell.sent([operation])
        cell.expect(sent == len(cell.rows), f"{sent} requests of {len(cell.rows)} accepted rows")
        cell.expect_statuses(*DONE)
        cell.expect_told_truly()
        cell.expect_all_there()
        cell.expect_no_doubles()

    return act


SCENARIOS: Final[Mapping[str, tuple[Callable[[Cell], Awaitable[None]], Mapping[str, object]]]] = {
    f"accepted-look-{status}": (accepted_and_looked_at(status), {"unique": False})
    for status in (502, 503, 504)
}
"""Each scenario, with the options of its sandbox."""
