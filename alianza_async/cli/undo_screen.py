"""What the user of `alianza bulk undo` reads: what would be lost, what is undone, what is still there."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from alianza_async.bulk.half_done import several
from alianza_async.cli.file_options import as_words
from alianza_async.cli.plan_screen import in_time
from alianza_async.cli.screen import plain
from alianza_async.cli.summary import short
from alianza_async.cli.wording import in_options
from alianza_async.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.journal import JobFacts
    from alianza_async.bulk.undoing.undo_plan import UndoPlan
    from alianza_async.bulk.undoing.undo_report import UndoReport, UndoResult
    from alianza_async.cli.bulk_options import UndoOptions
    from alianza_async.cli.screen import Screen

__all__ = ["again", "tell_plan", "tell_report", "to_json"]

_SHOWN: Final = 20
_STYLES: Final = {"refused": "yellow", "maker_unknown": "yellow", "failed": "red", "unknown": "red"}
_LEFT_ALONE: Final = ("refused", "maker_unknown")
_MEANING: Final = {
    "undone": ("green", "all that the job made of it is gone"),
    "restored": ("green", "what the job changed has its old values"),
    "refused": ("yellow", "left as it is: in service, changed since, or its outcome is not known"),
    "maker_unknown": ("yellow", "exists, maker unknown: left as it is"),
    "failed": ("red", "the server refused"),
    "unknown": ("red", "may be gone: undo it again to look"),
}


def tell_plan(
    plan: UndoPlan,
    facts: JobFacts,
    rate: float,
    screen: Screen,
    *,
    journal: Path,
    to: Sequence[str] = (),
    unverified: bool,
) -> None:
    """Tell what would be lost for good, before anything is sent; on standard error.

    Args:
        plan: What the journal says would be undone.
        facts: The job.
        rate: Requests a second.
        screen: Where it is told.
        journal: The journal.
        to: The options with which a command goes where the job went.
        unverified: Whether what nobody is proven to have made is undone too.
    """
    began = datetime.fromtimestamp(facts.created_at, UTC)
    source = "Python" if facts.input is None else facts.input
    screen.say(
        f"The job: {plan.kind} from {source}, begun {began:%Y-%m-%d %H:%M} UTC by {facts.login or '?'}"
    )
    deletes = [effect for effect in plan.effects if not effect.restores]
    restores = [effect for effect in plan.effects if effect.restores]
    if deletes:
        screen.say(f"Undoing it deletes, of {several(plan.rows, 'row')}, for good:", "bold")
        table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(style="dim", overflow="fold")
        for effect in deletes:
            table.add_row(Text(f"{effect.count:,}", "bold red"), effect.step, plain(effect.lost or ""))
        screen.err.print(table)
    if restores:
        changed = ", ".join(several(effect.count, effect.step) for effect in restores)
        screen.say(f"Undoing it restores the old values of {changed}.", "bold")
    if not plan.effects:
        screen.say("There is nothing to undo.", "bold")
    _tell_left_alone(plan, screen, journal, to)
    _tell_unproven(plan, screen, unverified=unverified)
    if plan.rows:
        screen.say(
            "Each row is looked at first: one that is in service, was changed since, or on which something "
            "else hangs, is left alone."
        )
        screen.say(
            f"About {several(plan.calls, 'request')}, {in_time(plan.seconds(rate))} at {rate:g} a second."
        )


def _tell_left_alone(plan: UndoPlan, screen: Screen, journal: Path, to: Sequence[str]) -> None:
    """Tell what of the job stays, as far as its journal can tell."""
    if plan.done_before:
        screen.say(f"Undone before: {several(plan.done_before, 'row')}")
    if plan.found:
        screen.say(f"Left alone, as it was there before the job: {several(plan.found, 'row')}")
    if plan.refused_count:
        count = f"{several(plan.refused_count, 'row')}"
        screen.say(f"Refused, as far as the journal can tell: {count}", "yellow")
    if plan.refused_before:
        screen.say("Refused by an earlier undo, and looked at again:", "yellow")
    for row, sentence in (*plan.refused, *plan.refused_before):
        screen.say(f"  row {row:,}: {_to_paste(sentence, journal, to)}", "yellow")


def _to_paste(sentence: str, journal: Path, to: Sequence[str]) -> str:
    """Name the journal in the command that a sentence proposes."""
    line = shlex.join(["alianza", "bulk", "reconcile", short(journal.absolute()), *to])
    return sentence.replace("`alianza bulk reconcile`", f"`{line}`")


def _tell_unproven(plan: UndoPlan, screen: Screen, *, unverified: bool) -> None:
    """List each object of which nothing proves who made it; all of them where they would be deleted."""
    count = len(plan.unproven)
    if not count:
        return
    shown = plan.unproven if unverified else plan.unproven[:_SHOWN]
    what = f"Exists, maker unknown: {several(count, 'object')}"
    then = (
        "undone unless account history says that somebody else made it"
        if unverified
        else "left as it is; to undo it all the same, give --unverified"
    )
    screen.say(f"{what}; {then}", "yellow")
    for each in shown:
        screen.say(f"  row {each.row:,}: {each.step} {each.key or '-'}, id {each.id or '-'}", "yellow")
    if len(shown) < count:
        screen.say(f"  and {count - len(shown):,} more", "yellow")


def tell_report(
    report: UndoReport,
    screen: Screen,
    journal: Path,
    options: UndoOptions,
    *,
    file: FileOptions | None = None,
    to: Sequence[str] = (),
) -> None:
    """Tell how it ended: on standard output, or beside it where `--json` has that."""
    if not screen.as_json:
        screen.line()
        style = "bold green" if report.all_done else "bold yellow"
        rows = report.rows - report.done_before
        if options.dry_run:
            screen.line(
                f"{report.may_be_undone:,} of {several(rows, 'row')} could be undone; nothing was deleted",
                style,
            )
        else:
            done = report.undone + report.restored
            all_ = "All " if done == rows > 1 else "" if done == rows else f"{done:,} of "
            are = "is" if done == rows == 1 else "are"
            screen.line(f"{all_}{several(rows, 'row')} {are} undone: {report.elapsed_s:.1f} s", style)
        screen.show(_sums(report))
    if report.results:
        count = len(report.results)
        screen.line()
        screen.line("Still there:" if count <= _SHOWN else f"Still there, {_SHOWN} of {count:,}:")
        screen.show(_table(report.results[:_SHOWN], journal, to))
    if report.left and not options.dry_run:
        screen.say(f"Not undone yet: {several(report.left, 'row')}", "bold yellow")
    if not options.dry_run and (report.results or report.left):
        left_alone = not report.left and all(each.status in _LEFT_ALONE for each in report.results)
        screen.line("To look at them again, once the reasons are gone:" if left_alone else "To continue:")
        screen.line(f"  {again(journal, options, file, to)}", "bold")
    elif options.dry_run and report.may_be_undone:
        screen.line("To undo them:")
        screen.line(f"  {again(journal, options, file, to)}", "bold")


def again(
    journal: Path, options: UndoOptions, file: FileOptions | None = None, to: Sequence[str] = ()
) -> str:
    """Return the command line that continues."""
    told = [
        *(["--include-live"] if options.include_live else []),
        *(["--unverified"] if options.unverified else []),
        *(["--rows", options.rows] if options.rows is not None else []),
        *(["--keys", short(options.keys.absolute())] if options.keys is not None else []),
        *(word for status in options.status or () for word in ("--status", status)),
        *(["--input", short(options.input.absolute())] if options.input is not None else []),
        *(as_words(file) if file is not None else []),
    ]
    return shlex.join(["alianza", "bulk", "undo", short(journal.absolute()), *told, *to])


def to_json(
    plan: UndoPlan, report: UndoReport | None, journal: Path, *, dry_run: bool, stopped: str | None = None
) -> dict[str, object]:
    """Return what `--json` prints.

    Args:
        plan: What the journal says would be undone.
        report: How it ended; None where there was nothing to do.
        journal: The journal.
        dry_run: Whether nothing was to be deleted.
        stopped: Why it stopped before its end.
    """
    refused = [
        {"row": row, "key": None, "status": "refused", "step": None, "reason": why}
        for row, why in plan.refused
    ]
    return {
        "journal": str(journal),
        "job_id": plan.job_id,
        "kind": plan.kind,
        "dry_run": dry_run,
        "rows": plan.all_rows,
        "undone": report.undone if report else 0,
        "restored": report.restored if report else 0,
        "may_be_undone": report.may_be_undone if report else 0,
        "refused": report.refused if report else plan.refused_count,
        "failed": report.failed if report else 0,
        "unknown": report.unknown if report else 0,
        "done_before": plan.done_before,
        "maker_unknown": report.maker_unknown if report else plan.unproven_count,
        "found": plan.found,
        "left": report.left if report else 0,
        "steps": dict(report.steps) if report else {},
        "effects": {effect.step: effect.count for effect in plan.effects if not effect.restores},
        "restores": {effect.step: effect.count for effect in plan.effects if effect.restores},
        "unproven": [each._asdict() for each in plan.unproven],
        "elapsed_s": round(report.elapsed_s, 1) if report else 0.0,
        "stopped": stopped,
        "not_undone": [_as_json(result) for result in report.results] if report else refused,
    }


def _as_json(result: UndoResult) -> dict[str, object]:
    return {
        "row": result.row,
        "key": result.key,
        "status": result.status,
        "step": result.step,
        "reason": _why(result),
    }


def _sums(report: UndoReport) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for status, (style, meaning) in _MEANING.items():
        count: int = getattr(report, status)
        if count:
            told = meaning
            if status == "undone":
                told += f" ({', '.join(several(number, step) for step, number in report.steps.items())})"
            table.add_row(status, Text(f"{count:,}", style), told)
    return table


def _table(results: Sequence[UndoResult], journal: Path, to: Sequence[str]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 0, 0, 2))
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("key", overflow="fold", max_width=24)
    table.add_column("status", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for result in results:
        status = Text(result.status, _STYLES[result.status])
        why = _to_paste(_why(result), journal, to)
        table.add_row(f"{result.row:,}", plain(result.key or ""), status, plain(why))
    return table


def _why(result: UndoResult) -> str:
    match result.error:
        case CallError(message=message, request_id=request_id):
            told = f"{message} (request {request_id})"
        case error:
            told = str(error or "")
    told = in_options(told)
    return told if result.step is None else f"its {result.step}: {told}"
