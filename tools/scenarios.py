"""The matrix of scenarios: each promise of the bulk engine, aimed at, for every kind of job.

    python -m tools.scenarios                                   the whole matrix
    python -m tools.scenarios --scenario refusal-lost-502       one row of it
    python -m tools.scenarios --kind users --defect adopt-anything

Each cell is a sandbox of its own and a job; what is there in the end, by the sandbox's own record, is held
against what was there before and against what the job says. `ok` is right, `WRONG` is followed by a list of
what is wrong, `n/a` by why there can be no such cell. Exits with 1 where a cell is wrong. With `--defect` the
cells that look for it must be wrong: that shows that they can be.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tools.scenarios_defects import DEFECTS
from tools.scenarios_kinds import KINDS
from tools.scenarios_run import PRELOADED, SCENARIOS, Outcome, run_apart

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix; 0 where no cell is wrong."""
    given = _parser().parse_args(arguments)
    scenarios = [name for name in SCENARIOS if not given.scenario or name in given.scenario]
    kinds = [name for name in KINDS if not given.kind or name in given.kind]
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="scenarios-") as folder, ThreadPoolExecutor(given.jobs) as pool:
        asked = [
            pool.submit(run_apart, scenario, kind, Path(folder) / f"{scenario}-{kind}", given.defect)
            for scenario in scenarios
            for kind in kinds
        ]
        outcomes = [each.result() for each in asked]
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(matrix(outcomes, scenarios, kinds, time.monotonic() - began))
    for line in findings(outcomes):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if any(outcome.colour == "WRONG" for outcome in outcomes) else 0


def matrix(
    outcomes: Sequence[Outcome], scenarios: Sequence[str], kinds: Sequence[str], seconds: float
) -> Table:
    """Draw a row for each scenario and a column for each kind."""
    by_cell = {(outcome.scenario, outcome.kind): outcome.colour for outcome in outcomes}
    counts = {colour: sum(each.colour == colour for each in outcomes) for colour in ("ok", "WRONG", "n/a")}
    told = ", ".join(f"{count} {colour}" for colour, count in counts.items())
    table = Table(title=f"{len(outcomes)} cells in {seconds:.0f} s: {told}", title_justify="left", box=None)
    table.add_column("scenario")
    for kind in kinds:
        table.add_column(kind)
    styles = {"ok": "green", "WRONG": "bold red", "n/a": "dim"}
    for scenario in scenarios:
        cells = [by_cell[scenario, kind] for kind in kinds]
        table.add_row(scenario, *(f"[{styles[colour]}]{colour}[/]" for colour in cells))
    return table


def findings(outcomes: Sequence[Outcome]) -> list[str]:
    """Write what is wrong with each cell, and why each that is not applicable is so."""
    return [
        f"{outcome.colour} {outcome.scenario} x {outcome.kind}: {'; '.join(outcome.reasons)}"
        for colour in ("n/a", "WRONG")
        for outcome in outcomes
        if outcome.colour == colour
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.scenarios", description="Aim at each promise of the bulk engine."
    )
    add = parser.add_argument
    add("--kind", action="append", choices=[*KINDS], metavar="K", help=f"only this: {', '.join(KINDS)}")
    add(
        "--scenario", action="append", choices=[*SCENARIOS], metavar="S", help=f"only: {', '.join(SCENARIOS)}"
    )
    add("--defect", default="", choices=[*DEFECTS], help="switch a defect on: its cells must be wrong")
    add("--jobs", type=int, default=3 * (os.cpu_count() or 1), help="cells at once (default: three a core)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
