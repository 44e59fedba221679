"""Scenarios of updates: one that was cut off is finished as an update, and is owned only with proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.models.calling_plans import CallingPlanChange
from tools.scenarios_cell import NotApplicableError
from tools.scenarios_child import open_session
from tools.scenarios_kinds import OLD_PLAN
from tools.scenarios_world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from alianza_async import Session
    from tools.scenarios_cell import Cell
    from tools.scenarios_kinds import Row

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
        case "suspend-accounts" | "calling-plans" | "delete-accounts":
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


# --- made equal by somebody else ---------------------------------------------------------------------------


def made_so_by_another(*, history: bool) -> Callable[[Cell], Awaitable[None]]:
    """Return: changes never arrive, and another login makes the same ones; they are not this job's to undo.

    Args:
        history: Whether account history can say so; else their maker is unknown.
    """

    async def act(cell: Cell) -> None:
        kind = cell.kind.name
        if not cell.kind.patch and kind not in _TAKES_AWAY:
            raise NotApplicableError(cell.kind.no_update)
        # Of plans one row: another one may be killed before it has looked which plans are to go.
        count = 1 if kind == "calling-plans" else 3
        cell.begin(count, equal="crm" if cell.kind.patch and kind != "suspend-accounts" else "")
        _make_different(cell)
        ground = cell.look()
        on_exists = "skip" if kind in _TAKES_AWAY else "update"
        await cell.run_killed([_TAKES_AWAY.get(kind) or cell.kind.patch], "before", on_exists=on_exists)
        lost = cell.statuses()["intent"]
        async with open_session(cell.base_url, "bob", "x", {}) as bob:
            for row in cell.rows:
                await _make_so(cell, bob, row)
        theirs = cell.look()
        await cell.resume()
        # The plan that a row buys is its own; what it takes away is not.
        cell.expect_statuses("updated" if kind == "calling-plans" else "exists")
        cell.expect_all_there()
        if not cell.kind.undoable:
            return
        await cell.undo()
        cell.expect_none_harmed("by undo: ")
        await cell.undo(unverified=True)
        if history:
            cell.expect_none_harmed("by undo --unverified: ")
            return
        restored = [name for name in ground.objects if theirs.objects.get(name) != ground.objects[name]]
        now = World.of(cell.sandbox.store).objects
        given_back = sum(now.get(name) == ground.objects[name] for name in restored)
        cell.expect(given_back >= lost, f"undo --unverified gave {given_back} of {lost} back")

    return act


_TAKES_AWAY: Final[Mapping[str, str]] = {"calling-plans": "removePlan", "delete-accounts": "deleteAccount"}


async def _make_so(cell: Cell, bob: Session, row: Row) -> None:
    """Have another login change what a row asks for as the row asks."""
    store, kind = cell.sandbox.store, cell.kind.name
    number = row["account_number"]
    account = next(name for name, one in store.accounts.items() if one["accountNumber"] == number)
    users = [name for name, one in store.users.items() if one["username"] == row.get("username")]
    match kind:
        case "delete-accounts":
            await bob.accounts.delete(account)
        case "suspend-accounts":
            await bob.accounts.patch(account, {"status": "SUSPENDED"})
        case "calling-plans":
            old = CallingPlanChange(
                reference_type="END_USER", reference_id=users[0], calling_plan_product_id=OLD_PLAN
            )
            await bob.calling_plans.remove(account, old)
        case "users":
            await bob.users.patch(account, users[0], {"timeZone": row["time_zone"]})
        case "device-lines":
            mac = row["mac_address"]
            line = next(name for name, one in store.lines.lines.items() if one["macAddress"] == mac)
            await bob.device_lines.patch(account, line, {"deviceName": f"{mac} line 1"})
        case _:
            await bob.accounts.patch(account, {"accountName": row["account_name"]})


SCENARIOS: Final[Mapping[str, tuple[Callable[[Cell], Awaitable[None]], Mapping[str, object]]]] = {
    "update-killed-after-patch": (update_killed("after"), {}),
    "update-killed-before-patch": (update_killed("before"), {}),
    "made-so-by-another": (made_so_by_another(history=True), {"history": True}),
    "made-so-by-another-no-history": (made_so_by_another(history=False), {"history": False}),
}
"""Each scenario, with the options of its sandbox."""
