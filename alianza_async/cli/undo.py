"""`alianza bulk undo`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, Progress, TextColumn

from alianza_async.bulk.half_done import several
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.undoing.undo import UndoJob
from alianza_async.bulk.undoing.undo_plan import plan_undo
from alianza_async.cli.confirm import confirm_destruction, with_production
from alianza_async.cli.connect import place
from alianza_async.cli.exits import Exit, code_of, interrupted
from alianza_async.cli.interrupts import Interrupts
from alianza_async.cli.job_place import as_it_began, options_to
from alianza_async.cli.selection import chosen_rows
from alianza_async.cli.ticking import ticking
from alianza_async.cli.undo_screen import tell_plan, tell_report, to_json
from alianza_async.errors import AlianzaError, JournalLockedError
from alianza_async.settings import Settings

if TYPE_CHECKING:
    import signal
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.journal import JobFacts
    from alianza_async.bulk.undoing.undo_plan import UndoPlan
    from alianza_async.bulk.undoing.undo_report import UndoReport
    from alianza_async.cli.bulk_options import UndoOptions
    from alianza_async.cli.file_options import FileReading
    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen
    from alianza_async.session import Session

__all__ = ["run_undo"]

_LINE_EVERY_S: Final = 5.0


def run_undo(journal: Path, options: UndoOptions, reading: FileReading, where: Where, screen: Screen) -> int:
    """Undo a job and return the exit code.

    Raises:
        ConfigurationError: An option is invalid, or the undo was not confirmed.
        JournalError: There is no such journal, or a process works with it.
        AlianzaError: The login failed.
    """
    with JournalReader(journal) as reader:
        facts = reader.facts
        if reader.running():
            raise JournalLockedError(
                f"a process works with {reader.path} now: undo the job once it has ended, or stop it first"
            )
        only = chosen_rows(reader, rows=options.rows, keys=options.keys, status=tuple(options.status or ()))
        plan = plan_undo(reader, only=only, unverified=options.unverified)
    session = as_it_began(facts, where, options.rate)
    if only is not None:
        screen.say(f"Chosen: {several(len(only), 'row')} of the job")
    to = options_to(facts, where)
    tell_plan(
        plan,
        facts,
        _rate(facts, where, options.rate),
        screen,
        journal=journal,
        to=to,
        unverified=options.unverified,
    )
    if not plan.rows:
        # What the journal alone refuses is shown above.
        if screen.as_json:
            screen.json(to_json(plan, None, journal, dry_run=options.dry_run))
        return Exit.NOT_DONE if plan.refused_count or plan.unproven_count else Exit.DONE
    if not options.dry_run:
        confirm_destruction(
            _done_to(plan),
            with_production(f"undo {plan.rows}", session),
            where=f"{place(session)}, partition {facts.scope or 'not known'}",
            screen=screen,
            yes=options.yes,
        )
    file = reading.options if reading.is_given else None
    return asyncio.run(_run(session, journal, options, plan, screen, only=only, file=file, to=to))


def _done_to(plan: UndoPlan) -> list[str]:
    """Return what undoing does, for whoever confirms it."""
    deletes = any(not effect.restores for effect in plan.effects)
    restores = any(effect.restores for effect in plan.effects)
    rows = "1 row has" if plan.rows == 1 else f"{plan.rows:,} rows have"
    told = [f"deletes what {rows} made"] if deletes else []
    return told + ([f"restores what {rows} changed"] if restores else [])


def _rate(facts: JobFacts, where: Where, told: float | None) -> float:
    """Return at how many requests a second it goes."""
    kept = facts.options.get("rate")
    if told is None and isinstance(kept, (int, float)):
        return float(kept)
    return told or Settings.load(where.env_file).limit_policy().rate


async def _run(
    session: Session,
    journal: Path,
    options: UndoOptions,
    plan: UndoPlan,
    screen: Screen,
    *,
    only: frozenset[int] | None,
    file: FileOptions | None,
    to: Sequence[str],
) -> int:
    job = UndoJob(
        session,
        journal,
        include_live=options.include_live,
        unverified=options.unverified,
        dry_run=options.dry_run,
        only=only,
        source=options.input,
        file=file,
    )
    ended: AlianzaError | None = None
    async with session:
        partition = await session.partition_id()
        screen.say(
            f"{'Looking at' if options.dry_run else 'Undoing'} {several(plan.rows, 'row')} of {plan.kind} at "
            f"{place(session)}, partition {partition}, at most {session.full_rate:g} requests a second"
        )
        try:
            number = await _watched(job, plan.rows, screen)
        except AlianzaError as error:
            ended, number = error, None
    report = job.report
    if ended is None or report.rows:  # a journal that is refused has no row that was looked at
        tell_report(report, screen, journal, options, file=file, to=to)
    if ended is not None:
        screen.error(ended)
    if screen.as_json:
        why = str(ended) if ended is not None else None if number is None else f"interrupted by {number.name}"
        screen.json(to_json(plan, report, journal, dry_run=options.dry_run, stopped=why))
    if ended is not None:
        return code_of(ended)
    if number is not None:
        return interrupted(number)
    return Exit.DONE if report.all_done else Exit.NOT_DONE


async def _watched(job: UndoJob, rows: int, screen: Screen) -> signal.Signals | None:
    """Run it to its end, or to the one that a signal asks for; return that signal."""

    def stop(number: signal.Signals) -> None:
        job.stop()
        screen.say(
            f"{number.name}: beginning nothing more, finishing what is under way; once more to leave at once",
            "yellow",
        )

    with Interrupts(stop) as interrupts:
        async with _progress(job.report, rows, screen):
            try:
                await job.run()
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if not interrupts.left or task is None:
                    raise
                task.uncancel()
    return interrupts.number


@contextlib.asynccontextmanager
async def _progress(report: UndoReport, rows: int, screen: Screen) -> AsyncGenerator[None]:
    """Show how many rows have come to their end: a bar on a terminal, else a line now and then."""
    columns = (BarColumn(None), TextColumn("{task.completed:,.0f}/{task.total:,.0f} rows"))
    bar = Progress(
        *columns, console=screen.err, transient=True, expand=True, disable=not screen.err.is_terminal
    )

    task, last = bar.add_task("", total=rows), time.monotonic()

    def update() -> None:
        nonlocal last
        ended = min(report.ended, rows)
        bar.update(task, completed=ended)
        if bar.disable and time.monotonic() - last >= _LINE_EVERY_S:
            last = time.monotonic()
            screen.say(f"{ended:,} of {rows:,} rows, {report.in_flight:,} under way")

    with bar:
        async with ticking(update):
            yield
