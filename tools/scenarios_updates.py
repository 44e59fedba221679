"""Scenarios of updates: `--on-exists update` that was cut off is finished as an update, and owned as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.scenarios_cell import NotApplicableError
from tools.scenarios_world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tools.scenarios_cell import Cell

_RENAMED: Final = "Renamed"


def update_killed(when: str) -> Callable[[Cell], Awaitable[None]]:
    """Return: `--on-exists update` killed before or after its PATCH is finished as an update.

    Args:
        when: `before` or `after` the PATCH is carried out.
    """

    async def act(cell: Cell) -> None:
        if not cell.kind.patch:
            raise NotApplicableError(cell.kind.no_update)
        is_suspension = cell.kind.name == "suspend-accounts"
        cell.begin(equal="" if is_suspension else "crm")
        _make_different(cell)
        before = cell.look()
        await cell.run_killed([cell.kind.patch], when, on_exists="update")
        await cell.resume()
        cell.expect_statuses("updated")
        cell.expect_all_there()
        if not is_suspension:
            cell.expect(not _different(cell), "what is there still differs from the rows")
        report = await cell.undo()
        there = cell.sandbox.store
        gone = [
            identity
            for identity in before.objects
            if identity[0] == "account" and identity[1] not in there.accounts
        ]
        cell.expect(not gone, f"undo deleted {len(gone)} old accounts")
        harmed = [] if report.refused or getattr(report, "updated_rows", ()) else _harmed(cell)
        cell.expect(not harmed, f"undo restored wrongly: {'; '.join(harmed[:2])}")
        cell.expect_none_left()

    return act


def _make_different(cell: Cell) -> None:
    """Have what is there differ from what the rows say."""
    store, rows = cell.sandbox.store, cell.rows
    match cell.kind.name:
        case "users":
            names = {row["username"] for row in rows}
            for user in store.users.values():
                if user["username"] in names:
                    user["timeZone"] = "US/Pacific"
        case "device-lines":
            for line in store.lines.lines.values():
                if line["deviceTypeId"] == "Generic":
                    line["deviceName"] = _RENAMED
        case "suspend-accounts":
            return
        case _:
            numbers = {row["account_number"] for row in rows}
            for account in store.accounts.values():
                if account["accountNumber"] in numbers:
                    account["accountName"] = _RENAMED


def _different(cell: Cell) -> bool:
    """Tell whether anything that rows ask for still differs."""
    store = cell.sandbox.store
    numbers = {row["account_number"] for row in cell.rows}
    names = [
        account["accountName"] for account in store.accounts.values() if account["accountNumber"] in numbers
    ]
    zones = [user["timeZone"] for user in store.users.values() if str(user["username"]).endswith("@scenario")]
    ours = {row.get("mac_address") for row in cell.rows}
    devices = [line["deviceName"] for line in store.lines.lines.values() if line.get("macAddress") in ours]
    return _RENAMED in names or "US/Pacific" in zones or _RENAMED in devices


def _harmed(cell: Cell) -> list[str]:
    return World.of(cell.sandbox.store).harmed_since(cell.before)


SCENARIOS: Final[Mapping[str, tuple[Callable[[Cell], Awaitable[None]], Mapping[str, object]]]] = {
    "update-killed-after-patch": (update_killed("after"), {}),
    "update-killed-before-patch": (update_killed("before"), {}),
}
"""Each scenario, with the options of its sandbox."""
