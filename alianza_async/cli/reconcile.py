"""`alianza bulk reconcile`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from alianza_async.bulk.half_done import several
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.commands import command_line
from alianza_async.bulk.reconciling.reconcile import reconcile
from alianza_async.cli.connect import place
from alianza_async.cli.exits import Exit
from alianza_async.cli.job_place import as_it_began
from alianza_async.cli.resume import command_of
from alianza_async.cli.screen import plain
from alianza_async.errors import JournalLockedError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.reconciling.reconcile import Creation, Double, Reconciliation, StillUnknown
    from alianza_async.cli.file_options import FileReading
    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen
    from alianza_async.cli.summary import Command
    from alianza_async.session import Session

__all__ = ["run_reconcile"]

_SHOWN: Final = 100
_BECAME: Final = {
    "created": ("green", "there, proven to be made by this job"),
    "exists": ("green", "there and equal, made by somebody else or maker unknown"),
    "updated": ("green", "there, brought to the row's values by this job"),
    "failed": ("red", "not done, or there with other values"),
    "pending": ("yellow", "not complete: a resume continues it"),
    "unknown": ("red", "still not known"),
}


def run_reconcile(
    journal: Path,
    rate: float | None,
    where: Where,
    screen: Screen,
    *,
    source: Path | None = None,
    reading: FileReading,
) -> int:
    """Find out what became of a job's unknown rows, tell it, and return the exit code.

    Args:
        journal: The job's journal.
        rate: Requests a second; None = as the job began.
        where: Which Alianza; by default where the job began, where that is the provider's own.
        screen: Where it is told.
        source: The job's input, where it has moved.
        reading: How it is read, where that is not as the job began.

    Raises:
        JournalError: There is no such journal, a process works with it, or it is another partition's.
        SourceError: The input cannot be read.
        ConfigurationError: The job's kind cannot be reconciled.
        CallError: The login was refused.
    """
    with JournalReader(journal) as reader:
        facts, counts, command = reader.facts, reader.counts(), command_of(reader, None, where)
        if reader.running():
            raise JournalLockedError(
                f"a process works with {reader.path} now: see `{command_line('status', reader.path)}`"
            )
    session = as_it_began(facts, where, rate)
    lost = counts.get("intent", 0) + counts.get("unknown", 0)
    file = reading.options if reading.is_given else None
    found = asyncio.run(_run(session, journal, lost, screen, source, file))
    if screen.as_json:
        screen.json(_to_json(journal, found))
    else:
        _tell(found, command, journal, screen)
    return Exit.DONE if found.is_clear else Exit.NOT_DONE


async def _run(  # noqa: PLR0917  (what was made of the command line)
    session: Session,
    journal: Path,
    lost: int,
    screen: Screen,
    source: Path | None,
    file: FileOptions | None,
) -> Reconciliation:
    async with session:
        partition = await session.partition_id()
        screen.say(
            f"Looking up what became of {several(lost, 'row')}, and whether anything is there twice, "
            f"at {place(session)}, partition {partition}"
        )
        return await reconcile(session, journal, source=source, file=file)


def _tell(found: Reconciliation, command: Command, journal: Path, screen: Screen) -> None:
    unknown = found.counts.get("unknown", 0)
    known = f"{found.looked_at - unknown:,} of {found.looked_at:,} unknown rows are known now"
    told = known if found.looked_at else "No row was unknown"
    screen.line()
    screen.line(f"{told}; {_twice(found)}", "bold green" if found.is_clear else "bold yellow")
    sums = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    for status, (style, meaning) in _BECAME.items():
        if found.counts.get(status):
            sums.add_row(status, Text(f"{found.counts[status]:,}", style), Text(meaning, "dim"))
    if sums.row_count:
        screen.show(sums)
    if found.doubles:
        screen.line()
        screen.line(f"There twice{_of(len(found.doubles))}, oldest first:")
        _tell_doubles(found.doubles[:_SHOWN], screen)
    _tell_rows(found, screen)
    wanted = found.looked_at or found.checked  # else no row of the input was
    for why in (found.no_history, found.no_input if wanted else None):
        if why is not None:
            screen.say(f"warning: {why}", "yellow")
    if found.counts.get("pending"):
        for told, line in command.resume("To continue with what is pending", journal):
            screen.line()
            screen.line(f"{told}:")
            screen.line(f"  {line}", "bold")


def _twice(found: Reconciliation) -> str:
    """Return what is known of doubles, as half a sentence."""
    count, cannot = len(found.doubles), len(found.cannot_tell)
    keys = f"{'1 key is' if count == 1 else f'{count:,} keys are'} there twice"
    if not cannot:
        return keys if count else "nothing is there twice"
    rows = "1 row" if cannot == 1 else f"{cannot:,} rows"
    unsure = f"it cannot be determined whether anything of {rows} is there twice"
    return f"{keys}, and {unsure}" if count else unsure


def _tell_rows(found: Reconciliation, screen: Screen) -> None:
    """List the rows of which something is to be known."""
    twice = {double.row for double in found.doubles}
    unknown_rows = [each for each in found.still_unknown if each.row not in twice]
    for title, rows in (
        ("Still unknown", unknown_rows),
        ("Cannot tell whether it is there twice", found.cannot_tell),
        ("No longer there", found.gone),
        ("Not made by this job after all", found.disowned),
    ):
        if rows:
            screen.line()
            screen.line(f"{title}{_of(len(rows))}:")
            screen.show(_unknown(rows[:_SHOWN]))


def _of(count: int) -> str:
    return f", {_SHOWN} of {count:,}" if count > _SHOWN else ""


def _tell_doubles(doubles: Iterable[Double], screen: Screen) -> None:
    """Print a line an object: which, when it was made, by whom; unbroken, for an id is to be copied."""
    for double in doubles:
        screen.line(f"  row {double.row:,}, {double.step} {double.key}")
        for made in double.creations:
            who = f"{made.who or 'an unknown login'}{' (us)' if made.ours else ''}"
            when = "at an unknown time" if made.when is None else f"{made.when:%Y-%m-%d %H:%M:%S} UTC"
            screen.line(f"    {made.object_id or '-'}  {when}  by {who}")


def _unknown(rows: Iterable[StillUnknown]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 0, 0, 2))
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("key", overflow="fold", max_width=24)
    table.add_column("reason", overflow="fold")
    for each in rows:
        table.add_row(f"{each.row:,}", plain(each.key), plain(each.reason))
    return table


def _to_json(journal: Path, found: Reconciliation) -> dict[str, object]:
    return {
        "journal": str(journal),
        "looked_at": found.looked_at,
        **{status: found.counts.get(status, 0) for status in _BECAME},
        "checked": found.checked,
        "doubles": [
            {
                "row": double.row,
                "step": double.step,
                "key": double.key,
                "objects": [_made(made) for made in double.creations],
            }
            for double in found.doubles
        ],
        "still_unknown": _rows(found.still_unknown),
        "cannot_tell": _rows(found.cannot_tell),
        "gone": _rows(found.gone),
        "disowned": _rows(found.disowned),
        "no_history": found.no_history,
        "no_input": found.no_input,
    }


def _rows(found: Iterable[StillUnknown]) -> list[dict[str, object]]:
    return [{"row": each.row, "key": each.key, "id": each.object_id, "reason": each.reason} for each in found]


def _made(made: Creation) -> dict[str, object]:
    when = None if made.when is None else made.when.isoformat()
    return {"id": made.object_id, "who": made.who, "when": when, "ours": made.ours}
