"""The campaign: jobs that are killed, cut off and lied to, and a judge who counts what is really there.

    python -m tools.campaign --seeds 100 --items 500    what `make campaign` runs
    python -m tools.campaign --full                     10,000 accounts, 1,000 subscribers, fixed rates
    python -m tools.campaign --late                     a server that carries creates out seconds later
    python -m tools.campaign --aimed                    every kind, beside objects that are there already
    python -m tools.campaign --seed 17 --items 500      one seed again

A seed is a sandbox in a process of its own, with uniqueness off, and the `alianza` command in others, over
real sockets; its faults, kills (SIGKILL) and revocations are drawn from it. Afterwards the sandbox's own
lists are held against the input: lost = not there and not named with a reason; duplicated = there twice;
unknown = of which the job cannot tell; told wrongly = said to be one thing and in truth another; harmed =
there before the job, and gone or changed by it or by its undo. Exits with 1 where there is any, and keeps
that seed's journal, input and truth.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast, get_args

from rich.console import Console

from alianza_async.errors import AlianzaError
from tools.campaign_aimed import run_aimed
from tools.campaign_plan import Kind, Knows, aimed_plan, full_plan, late_plan, random_plan
from tools.campaign_report import again, line, table
from tools.campaign_run import run_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.campaign_plan import Plan
    from tools.campaign_run import Outcome

_KEPT: Final = Path("campaign-failures")
_SUBSCRIBERS_EVERY: Final = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign; 0 where nothing was lost, duplicated or unknown."""
    options = _parser().parse_args(arguments)
    plans = plans_of(options)
    # Most of a seed's time is waiting: for what may yet be carried out, and for what hangs.
    jobs = cast("int | None", options.jobs) or (1 if options.full else 2 * (os.cpu_count() or 1))
    keep = cast("Path", options.keep)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        outcomes = asyncio.run(
            run_all(plans, Path(folder), jobs=jobs, keep=keep, has_journal=not options.without_journal)
        )
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table(outcomes, time.monotonic() - began))
    all_clean = all(outcome.verdict.is_clean for outcome in outcomes)
    return 0 if len(outcomes) == len(plans) and all_clean else 1


def plans_of(options: argparse.Namespace) -> list[Plan]:
    """Return the plans that the options ask for."""
    items = cast("int | None", options.items)
    every = get_args(Kind) if options.aimed else ("accounts", "subscribers")
    kinds = cast("list[Kind]", [options.kind] if options.kind else [*every])
    first = cast("int", options.seed if options.seed is not None else options.first)
    seeds = range(first, first + (1 if options.seed is not None else cast("int", options.seeds)))
    if options.full:
        sizes = {"accounts": 10_000, "subscribers": 1_000}
        return [full_plan(first, items or sizes[kind], kind) for kind in kinds]
    if options.aimed:
        return [aimed_plan(seed, items or 60, kind) for seed in seeds for kind in kinds]
    if options.late:
        return [late_plan(seed, items or 300, knows=knows) for seed in seeds for knows in get_args(Knows)]
    return [
        random_plan(seed, items or 500, kind)
        for seed in seeds
        for kind in kinds
        # Four requests and more a row: they are a tenth of the seeds, unless only they are asked for.
        if kind == "accounts" or options.kind or options.seed is not None or seed % _SUBSCRIBERS_EVERY == 0
    ]


async def run_all(
    plans: Sequence[Plan], folder: Path, *, jobs: int, keep: Path, has_journal: bool = True
) -> list[Outcome]:
    """Carry plans out, a few at once; print a line for each and keep the files of those that failed."""
    turns = asyncio.Semaphore(jobs)
    outcomes: list[Outcome] = []

    async def one(plan: Plan) -> None:
        async with turns:
            place = folder / plan.name
            try:
                if plan.before is None:
                    outcome = await run_plan(plan, place, has_journal=has_journal)
                else:
                    outcome = await run_aimed(plan, place)
            except (AlianzaError, OSError, RuntimeError, TimeoutError, ValueError) as error:
                print(f"{plan.name}: could not be carried out: {type(error).__name__}: {error}", flush=True)
                _preserve(place, keep / plan.name)
                return
            outcomes.append(outcome)
            print(line(outcome), flush=True)
            if outcome.verdict.is_clean:
                shutil.rmtree(place)
            else:
                _preserve(place, keep / plan.name)
                print(f"  its files: {keep / plan.name}\n  again: {again(plan)}", flush=True)

    await asyncio.gather(*(one(plan) for plan in plans))
    return outcomes


def _preserve(place: Path, kept: Path) -> None:
    """Move a seed's files to where they stay."""
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(place, kept)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.campaign", description="Prove: exactly once.")
    add = parser.add_argument
    add("--seeds", type=int, default=100, help="how many (default: 100)")
    add("--first", type=int, default=1, help="the first of them (default: 1)")
    add("--seed", type=int, help="one seed alone")
    add("--items", type=int, help="rows of each seed's input (default: 500; --full: the issue's)")
    add("--kind", choices=get_args(Kind), help="only these; --aimed has all of them")
    add("--jobs", type=int, help="seeds at once (default: two a core)")
    add("--keep", type=Path, default=_KEPT, help=f"where failing seeds are kept (default: {_KEPT})")
    add("--full", action="store_true", help="10,000 accounts and 1,000 subscribers at fixed rates")
    add("--aimed", action="store_true", help="every kind, with foreign objects, foreign answers and an undo")
    add("--late", action="store_true", help="a server that commits up to three seconds late")
    add("--without-journal", action="store_true", help="feed result files back instead: it fails, as it must")
    return parser


if __name__ == "__main__":
    sys.exit(main())
