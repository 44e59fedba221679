"""Running cells of the matrix, each in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from tools import (
    scenarios_files,
    scenarios_looks,
    scenarios_operator,
    scenarios_ownership,
    scenarios_sends,
    scenarios_updates,
)
from tools.scenarios_cell import Cell, NotApplicableError, open_cell
from tools.scenarios_defects import apply_defect
from tools.scenarios_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection

Scenario = Callable[[Cell], Awaitable[None]]
Colour = Literal["ok", "WRONG", "n/a"]

SCENARIOS: Final[Mapping[str, tuple[Scenario, Mapping[str, object]]]] = {
    **scenarios_ownership.SCENARIOS,
    **scenarios_updates.SCENARIOS,
    **scenarios_sends.SCENARIOS,
    **scenarios_looks.SCENARIOS,
    **scenarios_files.SCENARIOS,
    **scenarios_operator.SCENARIOS,
}
"""Each scenario by its name, with the options of its sandbox."""

_LONGEST_CELL_S: Final = 60
PRELOADED: Final = ["tools.scenarios_run", "alianza_async.bulk.kinds", "alianza_async.cli.app"]
"""What every process has loaded before it begins."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one cell.

    Attributes:
        scenario: Name of the scenario.
        kind: Name of the kind.
        colour: How it went.
        reasons: What is wrong, or why there is no such cell.
        seconds: How long it took.
    """

    scenario: str
    kind: str
    colour: Colour
    reasons: list[str] = field(default_factory=list[str])
    seconds: float = 0


def run_apart(scenario: str, kind: str, folder: Path, defect: str) -> Outcome:
    """Run one cell in a process of its own, which a defect may spoil."""
    folder.mkdir(parents=True)
    context = multiprocessing.get_context("forkserver")
    ours, its = context.Pipe()
    began = time.monotonic()
    process = context.Process(target=_cell_process, args=(its, scenario, kind, folder, defect))
    process.start()
    its.close()
    outcome = Outcome(scenario, kind, "WRONG", [f"did not end within {_LONGEST_CELL_S} s"])
    try:
        if ours.poll(_LONGEST_CELL_S):
            outcome = ours.recv()
    except EOFError:
        outcome = Outcome(scenario, kind, "WRONG", ["its process ended before it had an outcome"])
    process.join(1)
    if process.is_alive():
        process.kill()
        process.join()
    seconds = time.monotonic() - began
    return Outcome(scenario, kind, outcome.colour, outcome.reasons, seconds)


def _cell_process(ours: Connection, scenario: str, kind: str, folder: Path, defect: str) -> None:
    """Run one cell and send what came of it."""
    # What libraries log of broken connections is meant here.
    sys.stderr = (folder / "log.txt").open("w", encoding="utf-8")
    ours.send(asyncio.run(run_cell(scenario, kind, folder, defect)))
    ours.close()


async def run_cell(scenario: str, kind: str, folder: Path, defect: str = "") -> Outcome:
    """Run one cell in this process.

    Args:
        scenario: Name of the scenario.
        kind: Name of the kind.
        folder: An empty folder for its files.
        defect: The defect to switch on; empty = none.
    """
    act, options = SCENARIOS[scenario]
    problems: list[str] = []
    try:
        apply_defect(defect)
        async with open_cell(KINDS[kind], folder, defect, options=options) as cell:
            problems = cell.problems
            await act(cell)
    except NotApplicableError as reason:
        if not problems:
            return Outcome(scenario, kind, "n/a", [str(reason)])
    except Exception as error:  # noqa: BLE001  # whatever the engine raises is what is wrong with it
        place = traceback.extract_tb(error.__traceback__)[-1]
        problems.append(f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})")
    return Outcome(scenario, kind, "WRONG" if problems else "ok", problems)
