"""What a job's user reads at its end: the sums, the rows that are not done, how to go on."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from alianza_async.cli.screen import plain
from alianza_async.errors import CallError, InvalidInputError, ResultFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alianza_async.bulk.report import ItemResult, Report
    from alianza_async.cli.screen import Screen
    from alianza_async.cli.watch import Outcome

__all__ = ["Command", "in_words", "sums", "tell"]

_MEANING: Final = {
    "created": ("green", "made by this job"),
    "exists": ("green", "there before, equal in every field sent"),
    "updated": ("green", "there before, now as sent"),
    "failed": ("red", "refused, or there with other values"),
    "invalid": ("red", "cannot be accepted as it stands; not sent"),
    "unknown": ("red", "may be there: look before sending again"),
    "skipped": ("yellow", "not sent"),
}
_RANGES: Final = 5
_LONGEST_REASON: Final = 160


class Command:
    """The command line that goes on where a job ended.

    Args:
        file: The job's input.
        kind: What a row becomes.
        account_id: The account of every row, where it was given.
    """

    def __init__(self, file: Path, kind: str, account_id: str | None = None) -> None:
        self._file = file
        self._rest = ["--kind", kind, *(["--account-id", account_id] if account_id else [])]

    def after(self, results: Path) -> str:
        """Return the command that goes on from a result file."""
        return _line([short(results), *self._rest, "--results", short(_next_name(results))])

    def again(self) -> str:
        """Return the command that runs the input again and finds what is there."""
        results = Path(f"{self._file.stem}-results.csv")
        return _line([short(self._file), *self._rest, "--ensure", "--results", short(results)])


def _line(words: Sequence[str]) -> str:
    return shlex.join(["alianza", "bulk", "run", *words])


def short(path: Path) -> str:
    """Write a path from here, where it lies under here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _next_name(path: Path) -> Path:
    """Return `a-2.csv` for `a.csv`, `a-3.csv` for `a-2.csv`."""
    found = re.fullmatch(r"(.+)-([0-9]{1,4})", path.stem)
    stem, number = (found[1], int(found[2]) + 1) if found else (path.stem, 2)
    return path.with_name(f"{stem}-{number}{path.suffix}")


def in_words(ranges: Iterable[tuple[int, int]]) -> str:
    """Write ranges of rows: `3, 7-9`; the first few of many."""
    parts = [f"{first:,}" if first == last else f"{first:,}-{last:,}" for first, last in ranges]
    more = f" and {len(parts) - _RANGES:,} more ranges" if len(parts) > _RANGES else ""
    return ", ".join(parts[:_RANGES]) + more


def sums(report: Report, extra: Iterable[tuple[str, str, str]] = ()) -> Table:
    """Return the table of a job's sums: the statuses that occurred, and further lines.

    Args:
        report: The job's report.
        extra: Name, figure and meaning of each further line.
    """
    table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for status, (style, meaning) in _MEANING.items():
        count: int = getattr(report, status)
        if not count and status != "created":
            continue
        told = meaning
        if status == "created" and report.adopted:
            told = f"{meaning}; {report.adopted:,} found there after a lost answer"
        if status == "skipped" and report.done_before:
            left_out = report.skipped - report.done_before
            told = f"{report.done_before:,} done by an earlier run" + (
                f", {left_out:,} not sent" if left_out else ""
            )
        table.add_row(status, Text(f"{count:,}", style if count else ""), told)
    for name, figure, meaning in extra:
        table.add_row(name, figure, meaning)
    return table


def tell(
    outcome: Outcome, screen: Screen, command: Command | None, extra: Sequence[tuple[str, str, str]] = ()
) -> None:
    """Print how a job ended: on standard output, or on standard error where `--json` has that.

    Args:
        outcome: How it ended.
        screen: Where.
        command: How to go on, where one can.
        extra: Further lines of the table: name, figure, meaning.
    """
    report = outcome.report
    if not screen.as_json:
        done = report.created + report.exists + report.updated + report.done_before
        complete = report.all_done and not outcome.cut_short
        screen.line()
        figures = f"All {done:,}" if complete else f"{done:,} of {_all(outcome)}"
        screen.line(
            f"{figures} rows are done: {report.elapsed_s:.1f} s, {report.items_per_s:.1f} a second",
            "bold green" if complete else "bold yellow",
        )
        screen.show(sums(report, extra))
    _tell_bad(outcome, screen)
    _tell_rest(outcome, screen)
    if report.results_path is not None and not screen.as_json:
        screen.line()
        screen.line(f"Results: {short(report.results_path)}")
    hint = None if command is None else _how_to_go_on(outcome, command)
    if hint is not None:
        screen.line(f"{hint[0]}:")
        screen.line(f"  {hint[1]}", "bold")


def _all(outcome: Outcome) -> str:
    if not outcome.cut_short:
        return f"{outcome.report.total:,}"
    # An interrupted job knows only the rows it took, unless they were counted.
    return "so far unknown many" if outcome.rows is None else f"{max(outcome.rows, outcome.report.total):,}"


def _tell_bad(outcome: Outcome, screen: Screen) -> None:
    bad = sorted(outcome.first_bad, key=lambda result: result.row)
    if not bad:
        return
    report = outcome.report
    count = report.failed + report.invalid + report.unknown
    table = Table(box=None, header_style="dim", padding=(0, 0, 0, 2))
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("key", overflow="fold", max_width=24)
    table.add_column("status", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for result in bad:
        status = Text(result.status, _MEANING[result.status][0])
        table.add_row(f"{result.row:,}", plain(result.key or ""), status, _abridged(why(result)))
    screen.line()
    screen.line("Not done:" if count == len(bad) else f"Not done, {len(bad)} of {count:,}:")
    screen.show(table)


def _abridged(reason: str) -> str:
    reason = plain(reason)
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 4].rstrip()} ..."


def why(result: ItemResult) -> str:
    """Return why an item is not done, without what the table shows in its other columns."""
    match result.error:
        case InvalidInputError(fields=fields) if fields:
            return "; ".join(str(field) for field in fields)
        case CallError(message=message, request_id=request_id):
            return f"{message} (request {request_id})"
        case error:
            return str(error or "")


def _tell_rest(outcome: Outcome, screen: Screen) -> None:
    """Name the rows that a job cut short did not settle, and those it did not send."""
    if not outcome.cut_short:
        return
    screen.line()
    if outcome.stopped is not None:
        screen.error(outcome.stopped)
    else:
        screen.say(f"{outcome.reason}", "bold yellow")
    unsettled, ranges, count = outcome.report.unsettled, outcome.not_sent, outcome.not_sent_count
    if unsettled:
        rows = ", ".join(f"{row:,}" for row in unsettled)
        screen.say(f"Not settled, may have been carried out: {_rows(len(unsettled))} {rows}")
    elif outcome.stopped is None:
        screen.say("Everything that was under way is settled.")
    if count and count == sum(last - first + 1 for first, last in ranges):
        screen.say(f"Not sent: {_rows(count)} {in_words(ranges)}")
    elif count:  # cut off: the result file was told, we were not
        screen.say(f"Not sent: {count:,} {_rows(count)}, called skipped in the results")
    if outcome.rows is None and outcome.report.results_path is None:
        screen.say(f"Not sent: every row after row {outcome.report.total:,}")


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def _how_to_go_on(outcome: Outcome, command: Command) -> tuple[str, str] | None:
    report = outcome.report
    if report.all_done and not outcome.cut_short:
        return None
    is_whole = not (outcome.stopped and isinstance(outcome.stopped.__cause__, ResultFileError))
    if report.results_path is not None and is_whole:
        told = "To go on" if outcome.cut_short else "To go on, mend the rows in the results, then run"
        return told, command.after(report.results_path)
    told = "To go on (what is there is found, not made again)" if outcome.cut_short else "To see them all"
    return told, command.again()
