"""Scenarios of ownership: what was there before, whose answer was lost, which answers and look-ups lie."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tools.scenarios_cell import DONE, OPEN, NotApplicableError
from tools.scenarios_kinds import LOOKS, NO_UNDO

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tools.scenarios_cell import Cell

HISTORY: Final[Mapping[str, object]] = {"history": True}
NO_HISTORY: Final[Mapping[str, object]] = {"history": False}
LOOSE: Final[Mapping[str, object]] = {"unique": False, "history_requests": True}
LATE_S: Final = 0.9


# --- made before, by somebody ----------------------------------------------------------------------------


def refusal_lost(login: str, *, killed: bool) -> Callable[[Cell], Awaitable[None]]:
    """Return: equal objects are there, the refusal of the second ones is lost; undo leaves them alone.

    Args:
        login: Whose they are.
        killed: Whether a kill loses the refusal, or else a gateway's page.
    """

    async def act(cell: Cell) -> None:
        cell.begin(equal=login)
        if cell.kind.name == "delete-accounts":
            for account in list(cell.sandbox.store.accounts.values()):
                if str(account["accountNumber"]).startswith("SC-"):
                    cell.sandbox.store.remove_account(account)
            cell.look()
        if killed:
            # What is looked up first sends nothing that could be refused: it is killed at its look-up.
            looks = [] if cell.kind.name in _LOOK_FIRST else [*cell.kind.sends]
            await cell.run_killed(looks or ["retrieveAccount"], "after")
            await cell.resume()
        else:
            cell.fault("html_after", cell.kind.sends, times=None)
            await cell.run()
        cell.sandbox.faults.clear()
        cell.expect_statuses("exists")
        cell.expect_none_harmed("by the job: ")
        if not cell.kind.undoable:
            return
        await cell.undo()
        cell.expect_none_harmed("by undo: ")
        if login != "op":
            await cell.undo(unverified=True)
            harmed = "by undo --unverified: " if cell.sandbox.options.history else ""
            if harmed:
                cell.expect_none_harmed(harmed)

    return act


_LOOK_FIRST: Final = frozenset({"calling-plans", "delete-accounts", "suspend-accounts"})


# --- our own work ----------------------------------------------------------------------------------------


async def kill_and_undo_with_history(cell: Cell) -> None:
    """A job is killed after a request was carried out; resumed and undone, all that it made is gone.

    The server's clock is measured by the rows that were answered: of eight of them one is quick.
    """
    await _killed_and_resumed(cell, 8)
    if not cell.kind.undoable:
        return
    report = await cell.undo(include_live=True)
    cell.expect(report.all_done, f"undo left {_left(report)}")
    cell.expect_none_left()
    cell.expect_none_harmed("by undo: ")


async def kill_and_undo_without_history(cell: Cell) -> None:
    """The same where nothing proves who made it: undo refuses, says so, and obeys `unverified`."""
    await _killed_and_resumed(cell)
    if not cell.kind.undoable:
        return
    proven = cell.statuses()["exists"] == 0
    report = await cell.undo(include_live=True)
    if cell.kind.creates or proven:
        cell.expect_none_harmed("by undo: ")
    if cell.kind.creates or not proven:
        refused = [row for row in report.results if row.status != "undone"]
        cell.expect(refused, "undo took back what nothing proves to be ours")
        cell.expect(all(row.error is not None for row in report.results), "a refusal without a reason")
        await cell.undo(include_live=True, unverified=True)
    cell.expect_none_left()
    cell.expect_none_harmed("by undo --unverified: ")


async def _killed_and_resumed(cell: Cell, rows: int = 3) -> None:
    cell.begin(rows)
    await cell.run_killed(cell.kind.sends[-1:], "after")
    await cell.resume()
    cell.expect_all_there()
    cell.expect_no_doubles()
    allowed = (
        {"created", "exists"} if cell.kind.creates and cell.kind.name != "calling-plans" else {"updated"}
    )
    # Of a change that was answered by nobody, history alone proves that it is the job's.
    unproven = cell.kind.name == "delete-accounts" or not cell.sandbox.options.history
    cell.expect_statuses(*allowed, *(("exists",) if unproven and not cell.kind.creates else ()))


def _left(report: object) -> str:
    results = getattr(report, "results", ())
    return "; ".join(f"row {row.row} {row.status}: {row.error}" for row in list(results)[:2])


async def undo_of_what_existed(cell: Cell) -> None:
    """Where half of what rows ask for was there already, undo takes back the other half alone."""
    if not cell.kind.undoable:
        raise NotApplicableError(NO_UNDO)
    cell.begin(4)
    ground = cell.kind.ground(cell.rows[:2], equal=True)
    given = cell.kind.given if cell.kind.name != "suspend-accounts" else ()
    existing = {name: things for name, things in ground.items() if name not in given}
    if cell.kind.name == "subscribers":
        existing = {name: existing[name] for name in ("accounts", "users", "numbers")}
    if cell.kind.name == "customers":
        existing = {"accounts": existing["accounts"]}
    if cell.kind.name == "suspend-accounts":
        for account in cell.sandbox.store.accounts.values():
            if account["accountNumber"] in {row["account_number"] for row in cell.rows[:2]}:
                account["status"] = "SUSPENDED"
    else:
        cell.sandbox.seed(existing)
    cell.look()
    await cell.run()
    cell.expect_all_there()
    report = await cell.undo(include_live=True)
    cell.expect(report.all_done, f"undo left {_left(report)}")
    cell.expect_none_left()
    cell.expect_none_harmed("by undo: ")


# --- answers that lie --------------------------------------------------------------------------------------


def lying_answer(fault: str) -> Callable[[Cell], Awaitable[None]]:
    """Return: each request that creates or changes something is answered with something else, once.

    Args:
        fault: `foreign_after`, `foreign_before` or `empty_after`.
    """

    async def act(cell: Cell) -> None:
        cell.begin()
        cell.fault(fault, cell.kind.sends)
        await cell.run()
        if cell.statuses().keys() & OPEN:
            await cell.resume()
        cell.expect(cell.sandbox.faults.struck[fault] >= 1, "no answer lied")
        cell.expect_statuses("created", "exists", "updated")
        cell.expect_told_truly()
        cell.expect_all_there()
        cell.expect_no_doubles()
        if cell.kind.undoable:
            await cell.undo(include_live=True)
            cell.expect_none_harmed("by undo: ")

    return act


def lying_look_up(fault: str, **options: object) -> Callable[[Cell], Awaitable[None]]:
    """Return: an answer is lost, and the look-ups that follow lie for a while; nothing is sent on their word.

    Args:
        fault: Kind of the lie.
        **options: Further facts of the fault.
    """

    async def act(cell: Cell) -> None:
        cell.begin(1)
        operation = cell.kind.sends[-1]
        cell.fault("cut_after", operation)

        def lie() -> None:
            for look in LOOKS[operation]:
                cell.fault(fault, look, times=4, **options)

        job = asyncio.create_task(cell.run())
        await cell.once_struck("cut_after", lie)
        await job
        sent = cell.sent([operation])
        cell.expect(
            "failed" not in cell.statuses(), f"{cell.statuses()['failed']} failed on the word of a lie"
        )
        # What changes to a state may be sent twice: only what creates may not.
        cell.expect(sent == 1 or not cell.kind.creates, f"sent {sent} times")
        cell.expect_no_doubles()
        cell.sandbox.faults.clear()
        if cell.statuses().keys() & OPEN:
            await cell.resume()
        cell.expect_statuses(*DONE)
        cell.expect_told_truly()
        cell.expect_all_there()
        cell.expect_no_doubles()

    return act


async def unknown_has_a_way_out(cell: Cell) -> None:
    """A row that is `unknown` is settled by reconcile, which sends nothing, and is undone afterwards."""
    cell.begin(2)
    operation = cell.kind.sends[-1]
    cell.fault("cut_after", operation)

    def silence() -> None:
        for look in {
            *LOOKS[operation],
            "accountHistoryByAccountNumberSearch",
            "accountHistoryByAccountIdSearch",
        }:
            cell.fault("status_before", look, times=None, status=500)

    job = asyncio.create_task(cell.run())
    await cell.once_struck("cut_after", silence)
    await job
    if cell.kind.creates:
        cell.expect(cell.statuses()["unknown"] >= 1, "no row is unknown though nothing could tell")
    cell.sandbox.faults.clear()
    sent = cell.sent()
    if cell.statuses().keys() & OPEN:
        await cell.reconcile()
    cell.expect(cell.sent() == sent, f"reconcile sent {cell.sent() - sent} requests that change something")
    opened = {name for name in cell.statuses() if name == "unknown"}
    cell.expect(not opened, "reconcile leaves the row unknown")
    if not cell.kind.undoable:
        return
    report = await cell.undo(include_live=True, unverified=True)
    cell.expect(not report.unknown and not report.refused, f"undo left {_left(report)}")
    cell.expect(cell.sent(cell.kind.sends) <= sent or not cell.kind.creates, "undo created something")
    cell.expect_none_harmed("by undo: ")


# --- servers that are late ---------------------------------------------------------------------------------


def late(*, settle_s: float) -> Callable[[Cell], Awaitable[None]]:
    """Return: everything that creates is carried out after the client gave up on it; nothing is doubled.

    Args:
        settle_s: Seconds that the client waits before it looks.
    """

    async def act(cell: Cell) -> None:
        cell.begin()
        cell.fault("late", cell.kind.sends, times=2, delay_s=LATE_S)
        await cell.run(retry={"settle_s": settle_s})
        await asyncio.sleep(LATE_S)
        cell.sandbox.truth()
        cell.expect_no_doubles()
        if cell.statuses().keys() & (OPEN | {"failed", "skipped"}):
            await cell.resume(retry_failed=True, retry={"settle_s": settle_s})
        cell.expect(cell.sandbox.faults.struck["late"] >= 1, "nothing was late")
        cell.expect_statuses(*DONE)
        cell.expect_told_truly()
        cell.expect_all_there()
        cell.expect_no_doubles()

    return act


def history_fails(**fault: object) -> Callable[[Cell], Awaitable[None]]:
    """Return: history cannot answer while a late create is looked up; then nothing may be sent again.

    Args:
        **fault: Facts of the fault on the search of history.
    """

    async def act(cell: Cell) -> None:
        cell.begin()
        kind = str(fault.get("kind", "status_before"))
        facts = {name: value for name, value in fault.items() if name != "kind"}
        for operation in ("accountHistoryByAccountNumberSearch", "accountHistoryByAccountIdSearch"):
            cell.fault(kind, operation, times=None, **facts)
        cell.fault("late", cell.kind.sends[-1], times=2, delay_s=LATE_S)
        await cell.run(retry={"attempt_timeout": 0.3})
        await asyncio.sleep(LATE_S)
        cell.expect_no_doubles()
        cell.expect("failed" not in cell.statuses(), f"{cell.statuses()['failed']} failed")
        cell.sandbox.faults.clear()
        if cell.statuses().keys() & OPEN:
            await cell.resume()
        cell.expect_statuses(*DONE)
        cell.expect_all_there()
        cell.expect_no_doubles()

    return act


async def history_is_forbidden(cell: Cell) -> None:
    """A login that may not read history has none: an absent row is sent again, an adopted one is unproven."""
    cell.begin()
    for operation in ("accountHistoryByAccountNumberSearch", "accountHistoryByAccountIdSearch"):
        cell.fault("status_before", operation, times=None, status=403)
    cell.fault("cut_before", cell.kind.sends[-1])
    cell.fault("cut_after", cell.kind.sends[-1])
    await cell.run()
    cell.expect_statuses(*DONE)
    cell.expect_all_there()
    cell.expect_no_doubles()
    if cell.kind.undoable:
        report = await cell.undo(include_live=True)
        if not cell.kind.creates and report.maker_unknown:  # a change that nothing proves to be this job's
            await cell.undo(unverified=True)
        cell.expect_none_harmed("by undo: ")


async def reservation_runs_out(cell: Cell) -> None:
    """A reservation that is older than its life is renewed before its number is put into service."""
    if "reserve" not in cell.kind.sends:
        raise NotApplicableError("its rows reserve nothing")
    cell.begin(2)
    await cell.run_killed(["createOrAddTelephoneNumberToAccount"], "before")
    for stocked in cell.sandbox.store.numbers.inventory.everything():
        stocked.reserved_at -= 1000
    await cell.resume()
    cell.expect_statuses("created")
    cell.expect_all_there()
    cell.expect_no_doubles()


async def refused_by_911(cell: Cell) -> None:
    """A number whose 911 address is refused is there once, fails its row, and is never called in service."""
    if "reserve" not in cell.kind.sends:
        raise NotApplicableError("its rows put no number into service")
    cell.begin(2)
    await cell.run_killed(["statusSearch"], "before")
    await cell.resume()
    cell.expect_statuses("failed")
    cell.expect_no_doubles()
    steps = {getattr(entry, "failed_step", None) for entry in cell.entries().values()}
    cell.expect(steps == {"service"}, f"stopped at {steps}")
    refused = len(cell.sandbox.truth().numbers_without_911)
    cell.expect(refused == len(cell.rows), f"{refused} numbers ring without 911")


SCENARIOS: Final[Mapping[str, tuple[Callable[[Cell], Awaitable[None]], Mapping[str, object]]]] = {
    "refusal-lost-502-other": (refusal_lost("crm", killed=False), HISTORY),
    "refusal-lost-502-self": (refusal_lost("op", killed=False), HISTORY),
    "refusal-lost-502-no-history": (refusal_lost("crm", killed=False), NO_HISTORY),
    "refusal-lost-kill-other": (refusal_lost("crm", killed=True), HISTORY),
    "refusal-lost-kill-self": (refusal_lost("op", killed=True), HISTORY),
    "refusal-lost-kill-no-history": (refusal_lost("crm", killed=True), NO_HISTORY),
    "kill-resume-undo": (kill_and_undo_with_history, HISTORY),
    "kill-resume-undo-no-history": (kill_and_undo_without_history, NO_HISTORY),
    "undo-of-what-existed": (undo_of_what_existed, HISTORY),
    "foreign-answer": (lying_answer("foreign_after"), LOOSE),
    "foreign-answer-before": (lying_answer("foreign_before"), LOOSE),
    "empty-answer": (lying_answer("empty_after"), LOOSE),
    "look-up-another": (lying_look_up("another"), LOOSE),
    "look-up-twice": (lying_look_up("twice"), LOOSE),
    "look-up-absent": (lying_look_up("absent"), LOOSE),
    "look-up-500": (lying_look_up("status_before", status=500), LOOSE),
    "unknown-way-out": (unknown_has_a_way_out, LOOSE),
    "late-shown-by-history": (late(settle_s=0.1), LOOSE),
    "late-within-settle": (late(settle_s=LATE_S + 0.3), {"unique": False, "history": False}),
    "history-500": (history_fails(status=500), LOOSE),
    "history-timeout": (history_fails(kind="hang_before", delay_s=0.5), LOOSE),
    "history-forbidden": (history_is_forbidden, {"unique": False}),
    "reservation-runs-out": (reservation_runs_out, {"reservation_s": 600}),
    "911-refused": (refused_by_911, {"e911_reject_rate": 1}),
}
"""Each scenario, with the options of its sandbox."""
