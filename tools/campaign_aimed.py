"""A seed that aims: a job beside objects that are there already, at a server that lies, undone in the end.

Some of the rows have their objects beforehand, made days ago by another login or by the same one. Faults of
every sort strike what is sent and what is looked up. Afterwards each row is judged by what is there; and
whatever was there before the job must be there as it was, also after its undo.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from alianza_async.errors import AlianzaError
from alianza_async.sandbox import Fault
from tools.campaign_run import Outcome
from tools.scenarios_cell import DONE, OPEN, TEN_DAYS_S, THREE_DAYS_S, Cell, open_cell
from tools.scenarios_kinds import KINDS, bystander
from tools.scenarios_world import World

if TYPE_CHECKING:
    from pathlib import Path

    from tools.campaign_judge import Verdict
    from tools.campaign_plan import Plan
    from tools.scenarios_kinds import Row

# What retries log of broken connections is meant here.
logging.getLogger("stamina").addHandler(logging.NullHandler())

_MOST_RUNS: Final = 3
_LOOK_EVERY_S: Final = 0.02
_LONGEST_RUN_S: Final = 40
_CHANGED: Final = frozenset({"delete-accounts", "suspend-accounts", "calling-plans"})
"""Kinds whose rows change what is there, as they should."""


async def run_aimed(plan: Plan, folder: Path) -> Outcome:
    """Carry a plan out and judge what came of it.

    Args:
        plan: The plan.
        folder: Where its files go; made where it is missing.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    options = {"unique": False, "seed": plan.seed, **plan.options}
    async with open_cell(KINDS[plan.kind], folder, options=options) as cell:
        outcome = Outcome(plan, folder)
        there = _set_the_scene(plan, cell)
        outcome.before = len(there)
        for fault in plan.faults:
            cell.sandbox.faults.add(Fault(**fault))  # type: ignore[arg-type]  # as the plan writes it
        began = time.monotonic()
        await _run_to_its_end(plan, cell, outcome)
        outcome.seconds = time.monotonic() - began
        await asyncio.sleep(plan.latest_s)  # what the server still has up its sleeve
        cell.sandbox.truth()
        _judge(cell, there, outcome.verdict)
        if plan.undone and cell.kind.undoable:
            await _undo(cell, outcome)
        outcome.verdict.harmed = list(dict.fromkeys(outcome.verdict.harmed))
        outcome.verdict.wrong += cell.problems
        outcome.counts.update(cell.statuses())
        outcome.struck.update(cell.sandbox.faults.struck)
        outcome.requests = sum(cell.sandbox.recorder.operations.values())
        _keep(cell, outcome)
    return outcome


def _set_the_scene(plan: Plan, cell: Cell) -> set[int]:
    """Seed what rows presuppose and what some of them would make; return the numbers of the latter."""
    chance = random.Random(f"there {plan.name}")  # noqa: S311  # chances, not secrets
    kind = cell.kind
    cell.rows = kind.rows(plan.items)
    others, numbers = bystander()
    cell.sandbox.seed_inventory([*numbers, *kind.numbers(cell.rows)])
    cell.sandbox.seed(others, login="somebody-else", ago_s=TEN_DAYS_S)
    there: set[int] = set()
    for number, row in enumerate(cell.rows, 1):
        is_there = kind.name != "delete-accounts" and chance.random() < (plan.before or 0)
        login = chance.choice(("op", "crm")) if is_there else "ground"
        cell.sandbox.seed(
            kind.ground([row], equal=is_there),
            login=login,
            ago_s=THREE_DAYS_S if is_there else TEN_DAYS_S,
        )
        if is_there:
            there.add(number)
    cell.look()
    cell.write_input(cell.rows)
    return there


async def _run_to_its_end(plan: Plan, cell: Cell, outcome: Outcome) -> None:
    """Run the job, killed where the plan says so; then resume it until nothing is open."""
    retry: dict[str, object] = {"attempt_timeout": plan.timeout_s, "settle_s": plan.settle_s}
    options: dict[str, object] = {"max_failures": "off"}
    for kill in (*plan.kills, None):
        verb = "resume" if cell.journal.exists() else "run"
        child = cell.start(cell.task(verb, options=options, retry=retry))
        outcome.executions += 1
        began = time.monotonic()
        while child.is_alive():
            ran_s = time.monotonic() - began
            if (kill is not None and kill.is_due(_share(plan, cell), ran_s)) or ran_s > _LONGEST_RUN_S:
                await cell.kill(child)
                outcome.kills += 1
                if ran_s > _LONGEST_RUN_S:
                    cell.problems.append(f"a run did not end within {_LONGEST_RUN_S} s")
                break
            await asyncio.sleep(_LOOK_EVERY_S)
        child.join()
    # The faults are over: what is still open, or failed by a lie, has a way to its end.
    await asyncio.sleep(plan.latest_s)
    cell.sandbox.faults.clear()
    for _ in range(_MOST_RUNS):
        if not cell.statuses().keys() & (OPEN | {"failed", "skipped"}):
            return
        outcome.executions += 1
        try:
            await asyncio.wait_for(cell.resume(retry_failed=True, retry=retry), _LONGEST_RUN_S)
        except TimeoutError:
            cell.problems.append(f"a resume did not end within {_LONGEST_RUN_S} s")
            return


def _share(plan: Plan, cell: Cell) -> float:
    """Answer how much of the work has arrived at the sandbox."""
    return cell.sent() / (cell.kind.steps * plan.items)


def _judge(cell: Cell, there: set[int], verdict: Verdict) -> None:
    """Hold each row's truth against the job's word on it, and what was there against what is."""
    entries, store = cell.entries(), cell.sandbox.store
    new = {identity[1] for identity in World.of(store).new_since(cell.before)}
    for number, row in enumerate(cell.rows, 1):
        _judge_row(cell, row, entries.get(number), verdict, is_there=number in there, new=new)
    if cell.kind.name not in _CHANGED:
        verdict.harmed += World.of(store).harmed_since(cell.before)


def _judge_row(
    cell: Cell,
    row: Row,
    entry: Any,
    verdict: Verdict,
    *,
    is_there: bool,
    new: set[str],
) -> None:
    kind, store = cell.kind, cell.sandbox.store
    key = row["account_number"]
    is_whole = kind.is_whole(store, row)
    ids = {name for names in kind.ids(store, row).values() for name in names}
    if kind.copies(store, row) > 1:
        verdict.duplicated.append(key)
    if entry is None or entry.status in OPEN:
        verdict.unknown.append(key)
    elif entry.status in DONE:
        if not is_whole:
            verdict.lost.append(key)
        elif entry.status == "created" and is_there:
            verdict.wrong.append(f"{key} is told created and was there before")
        elif kind.creates and entry.object_id and entry.object_id not in ids | set(row.values()):
            verdict.wrong.append(f"{key} is told another object's id")
        else:
            verdict.done += 1
    elif is_whole and ids & new:
        verdict.wrong.append(f"{key} is told {entry.status} and was made")
    else:
        verdict.named.append(key)
        verdict.refused[str(entry.error or entry.error_class)] += 1


async def _undo(cell: Cell, outcome: Outcome) -> None:
    """Take the job back; what was there before stays, and what stays of the job is named."""
    try:
        report = await cell.undo(include_live=True)
    except AlianzaError as error:
        outcome.verdict.wrong.append(f"undo ended with {type(error).__name__}: {error}")
        return
    outcome.undone = report.undone + report.restored
    verdict, world = outcome.verdict, World.of(cell.sandbox.store)
    named = {result.row for result in report.results}
    # A change that nothing proves to be the job's stays as it is, and its row is named.
    numbers = {cell.rows[row - 1]["account_number"] for row in named if cell.kind.name in _CHANGED}
    accounts = cell.sandbox.store.accounts.items()
    stays = {f"account/{name}" for name, one in accounts if one["accountNumber"] in numbers}
    verdict.harmed += [
        text for text in world.harmed_since(cell.before) if text.partition(" ")[0] not in stays
    ]
    left = {identity[1] for identity in world.new_since(cell.before)}
    for number, row in enumerate(cell.rows, 1):
        ids = {name for names in cell.kind.ids(cell.sandbox.store, row).values() for name in names}
        if ids & left and number not in named and cell.entries()[number].status == "created":
            verdict.wrong.append(f"{row['account_number']} is left by undo and not named")


def _keep(cell: Cell, outcome: Outcome) -> None:
    """Write down what the sandbox has, beside the journal and the input."""
    facts = {"/".join(identity): told for identity, told in World.of(cell.sandbox.store).objects.items()}
    was = {"/".join(identity): told for identity, told in cell.before.objects.items()}
    with suppress(OSError):
        (outcome.folder / "truth.json").write_text(json.dumps({"before": was, "after": facts}))
        (outcome.folder / "verdict.txt").write_text(outcome.verdict.shown() + "\n", encoding="utf-8")
