"""`alianza bulk status`: how far a job is, from its journal alone."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.report import Report
from alianza_async.cli.exits import Exit
from alianza_async.cli.journals import first_bad, place_of, report_of, rows_of
from alianza_async.cli.progress import time_left
from alianza_async.cli.resume import command_of
from alianza_async.cli.screen import plain
from alianza_async.cli.summary import short, sums, tell_bad, tell_left, ways_on
from alianza_async.cli.watch import Outcome
from alianza_async.cli.whole_job import WholeJob, row_to_json

if TYPE_CHECKING:
    from alianza_async.bulk.journal import JobFacts
    from alianza_async.bulk.report import ItemResult
    from alianza_async.cli.screen import Screen
    from alianza_async.cli.summary import Command

__all__ = ["STATE_STYLES", "Standing", "run_status"]

_LOOK_EVERY_S: Final = 0.5
_LINE_EVERY_S: Final = 5.0
_SETTLED: Final = ("created", "exists", "updated", "failed", "invalid", "unknown", "skipped")
STATE_STYLES: Final = {
    "running": "cyan",
    "paused": "yellow",
    "killed": "red",
    "stopped": "yellow",
    "finished": "green",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands, at one moment.

    Attributes:
        path: Its journal.
        facts: What it is.
        state: `running`, `paused`, `killed` (it ended without a word), `stopped` or `finished`.
        counts: How many rows have which status.
        rate: Requests a second that another terminal asked for, or None.
        speed: Rows settled a second, lately.
        bad: The first rows that are not done.
    """

    path: Path
    facts: JobFacts
    state: str
    counts: dict[str, int]
    rate: float | None
    speed: float
    bad: list[ItemResult]

    @classmethod
    def of(cls, reader: JournalReader) -> Standing:
        """Read how a job stands."""
        running, facts, asked = reader.running(), reader.facts, reader.control()
        state: str = facts.state
        if state == "running":
            state = "killed" if not running else "paused" if asked.paused else "running"
        return cls(
            reader.path,
            facts,
            state,
            reader.counts(),
            asked.rate if running else None,
            reader.speed() if running else 0.0,
            first_bad(reader),
        )

    @property
    def runs(self) -> bool:
        """Whether it runs, paused or not."""
        return self.state in {"running", "paused"}

    @property
    def rows(self) -> int | None:
        """Rows of its input, where they are known."""
        return rows_of(self.facts, self.counts)

    @property
    def settled(self) -> int:
        """Rows whose end is known, or is known to be unknown."""
        return sum(self.counts.get(status, 0) for status in _SETTLED)

    @property
    def under_way(self) -> int:
        """Rows that may have been sent, and have no end yet."""
        return self.counts.get("intent", 0)

    @property
    def left(self) -> int | None:
        """Rows that were not sent yet, where that is known."""
        return None if self.rows is None else self.rows - self.settled - self.under_way

    @property
    def seconds_left(self) -> float | None:
        """Seconds until it is done at its present speed, where that can be estimated."""
        if self.rows is None or self.speed <= 0 or not self.runs:
            return None
        return (self.rows - self.settled) / self.speed

    @property
    def all_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.state == "finished" and not self.under_way and report_of(self.counts).all_done

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        facts = self.facts
        seconds = self.seconds_left
        return {
            "journal": str(self.path),
            "job_id": facts.job_id,
            "kind": facts.kind,
            "input": facts.input,
            "base_url": facts.base_url,
            "environment": facts.environment,
            "partition_id": facts.scope,
            "login": facts.login,
            "state": self.state,
            "runs": facts.runs,
            "created_at": facts.created_at,
            "started_at": facts.started_at,
            "ended_at": facts.ended_at,
            "rows": self.rows,
            **{status: self.counts.get(status, 0) for status in _SETTLED},
            "under_way": self.under_way,
            "left": self.left,
            "rate": self.rate,
            "items_per_s": round(self.speed, 1),
            "seconds_left": None if seconds is None else round(seconds),
            "not_done": [row_to_json(bad) for bad in self.bad],
        }


def run_status(journal: Path, screen: Screen, *, watch: bool = False) -> int:
    """Tell how a job stands and return the exit code.

    Args:
        journal: Its journal.
        screen: Where it is told.
        watch: Whether to go on until it ends.

    Raises:
        JournalError: There is no such journal, or it cannot be read.
    """
    with JournalReader(journal) as reader:
        standing = Standing.of(reader)
        if watch:
            standing = _watch(reader, standing, screen)
        whole, command = WholeJob.of(reader, runs=standing.runs), command_of(reader)
    if screen.as_json:
        screen.json(standing.to_json() | whole.to_json())
    else:
        if not (watch and screen.out.is_terminal):
            screen.show(_picture(standing, whole.maker_unknown))
        _tell_rest(standing, whole, command, screen)
    return Exit.NOT_DONE if watch and not standing.all_done else Exit.DONE


def _watch(reader: JournalReader, standing: Standing, screen: Screen) -> Standing:
    """Show how a job stands until it ends; returns how it ended."""
    if screen.as_json or not screen.out.is_terminal:
        told = monotonic() - _LINE_EVERY_S
        while standing.runs and not screen.is_lost:
            if monotonic() - told >= _LINE_EVERY_S:
                told = monotonic()
                screen.say(_in_a_line(standing))
            sleep(_LOOK_EVERY_S)
            standing = Standing.of(reader)
        return standing
    with Live(_picture(standing), console=screen.out, auto_refresh=False) as live:
        while standing.runs and not screen.is_lost:
            sleep(_LOOK_EVERY_S)
            standing = Standing.of(reader)
            live.update(_picture(standing), refresh=True)
    return standing


def _in_a_line(standing: Standing) -> str:
    of = "" if standing.rows is None else f" of {standing.rows:,}"
    bad = sum(standing.counts.get(status, 0) for status in ("failed", "invalid", "unknown"))
    pace = "paused" if standing.state == "paused" else f"{standing.speed:.0f}/s, {_time_left(standing)} left"
    return f"{standing.settled:,}{of} rows, {standing.under_way} under way, {bad:,} errors, {pace}"


def _time_left(standing: Standing) -> str:
    return "-:--" if standing.seconds_left is None else time_left(round(standing.seconds_left), 1)


def _picture(standing: Standing, maker_unknown: int = 0) -> Group:
    """Draw how a job stands: what it is, how far it is, its sums.

    Args:
        standing: How it stands.
        maker_unknown: How many of its rows have an object whose maker is not known.
    """
    facts = standing.facts
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("job", Text(plain(f"{facts.kind} from {_input(facts)}"), "bold"))
    table.add_row("at", plain(f"{place_of(facts)}, partition {facts.scope or 'not known'}"))
    table.add_row("state", Text(_state(standing), STATE_STYLES[standing.state]))
    if standing.state == "running":
        table.add_row("pace", _pace(standing))
    parts: list[Table | Text | ProgressBar] = [table, Text()]
    if standing.rows:
        parts.append(_bar(standing, standing.rows))
    report = report_of(standing.counts)
    report.maker_unknown = maker_unknown
    extra: list[tuple[str, str, str]] = []
    if standing.under_way:
        meaning = "sent, not answered yet" if standing.runs else "may have been sent: looked up by resume"
        extra.append(("under way", f"{standing.under_way:,}", meaning))
    if standing.left:
        # A named job tells its rows by their keys, so one without has no place in its journal.
        ended = standing.state == "finished"
        meaning = "invalid: without a key of their own, so not in the journal" if ended else "not sent yet"
        extra.append(("left", f"{standing.left:,}", meaning))
    return Group(*parts, sums(report, extra, kind=facts.kind))


def _bar(standing: Standing, rows: int) -> Table:
    bar = Table.grid(padding=(0, 1), expand=True)
    bar.add_column(ratio=1)
    bar.add_column(no_wrap=True)
    drawn = ProgressBar(total=rows, completed=standing.settled, complete_style="cyan", finished_style="green")
    bar.add_row(drawn, f"{standing.settled:,}/{rows:,}")
    return bar


def _pace(standing: Standing) -> str:
    asked = "" if standing.rate is None else f", at most {standing.rate:g} requests a second"
    return f"{standing.speed:.1f} rows a second, {_time_left(standing)} left{asked}"


def _input(facts: JobFacts) -> str:
    return "rows given in Python" if facts.input is None else short(Path(facts.input))


def _state(standing: Standing) -> str:
    facts = standing.facts
    run = "" if facts.runs <= 1 else f", run {facts.runs}"
    match standing.state:
        case "killed":
            return f"killed: begun {_when(facts.started_at)}{run}, and no process works with it"
        case "stopped" | "finished":
            return f"{standing.state} {_when(facts.ended_at)}{run}"
        case _:
            return f"{standing.state}, since {_when(facts.started_at)}{run}"


def _when(seconds: float | None) -> str:
    if seconds is None:
        return "at an unknown time"
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M:%S}"


def _tell_rest(standing: Standing, whole: WholeJob, command: Command, screen: Screen) -> None:
    """Show which rows are not done, and how to continue."""
    counts, left = standing.counts, Report()
    whole.tell(left)
    tell_left(left, screen)
    if whole.undone:
        screen.line(f"Undone: {whole.undone:,} {'row' if whole.undone == 1 else 'rows'}", "bold yellow")
    if whole.partly_undone:
        screen.line(
            f"Partly undone: {whole.partly_undone:,} {'row' if whole.partly_undone == 1 else 'rows'}",
            "bold yellow",
        )
    bad = sum(counts.get(status, 0) for status in ("failed", "invalid", "unknown"))
    tell_bad(standing.bad, bad, screen)
    ways = _ways_on(standing, command)
    if whole.partly_undone:
        ways.append(("To undo the rest", command.undo(standing.path)))
    if ways:
        screen.line()
    for told, line in ways:
        screen.line(f"{told}:")
        screen.line(f"  {line}", "bold")


def _ways_on(standing: Standing, command: Command) -> list[tuple[str, str]]:
    """Return what may be typed next, each with what for."""
    journal = shlex.quote(short(standing.path))
    match standing.state:
        case "running":
            return [("To pause it", f"alianza bulk pause {journal}")]
        case "paused":
            return [("To have it go on", f"alianza bulk continue {journal}")]
        case "killed" | "stopped":
            return command.resume("To continue", standing.path)
        case _:
            report = report_of(standing.counts)
            report.journal_path = standing.path
            return ways_on(Outcome(report, standing.rows), command)
