"""What a job's user reads at its end: the sums, the rows that are not done, how to continue."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from alianza_async.bulk.errors import FailureBudgetError
from alianza_async.bulk.half_done import counted
from alianza_async.bulk.kinds.by_name import KINDS
from alianza_async.bulk.output.place import free_place
from alianza_async.cli.changes_screen import tell_sums
from alianza_async.cli.choices import as_options
from alianza_async.cli.file_options import columns_as_words
from alianza_async.cli.screen import plain
from alianza_async.cli.wording import in_options
from alianza_async.errors import CallError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.report import ItemResult, Report
    from alianza_async.cli.screen import Screen
    from alianza_async.cli.watch import Outcome

__all__ = ["Command", "in_words", "short", "sums", "tell", "tell_bad", "tell_left", "ways_on"]

_MEANING: Final = {
    "created": ("green", "made by this job"),
    "exists": ("green", "there before, equal in every field sent"),
    "updated": ("green", "there before, now as sent"),
    "failed": ("red", "refused, or there with other values"),
    "invalid": ("red", "cannot be accepted as it stands; not sent"),
    "unknown": ("red", "may be there: look before sending again"),
    "skipped": ("yellow", "not sent"),
}
_MEANING_OF_KIND: Final = {
    "delete-accounts": {"exists": "gone before, or by somebody else", "updated": "deleted by this job"},
    "suspend-accounts": {
        "exists": "suspended before, or by somebody else",
        "updated": "suspended by this job",
    },
}
"""What a status means for a kind that makes nothing."""

_RANGES: Final = 5
_LONGEST_REASON: Final = 160


class Command:
    """The command lines that continue a job.

    Args:
        file: The job's input.
        kind: What a row becomes.
        account_id: The account of every row, where it was given.
        choices: What was decided of what the kind leaves open.
        strict: Whether values that would be read otherwise are refused.
        from_python: Whether the job's rows came from Python: there it goes on, not on the command line.
        undone: Whether anything of the job was undone: then it does not go on at all.
        reading: How the input was read.
        to: The options with which a command that continues its journal goes where the job went.
        run_to: The options with which a new job goes there.
    """

    def __init__(
        self,
        file: Path,
        kind: str,
        account_id: str | None = None,
        choices: Mapping[str, str] | None = None,
        *,
        strict: bool = False,
        from_python: bool = False,
        undone: bool = False,
        reading: FileOptions | None = None,
        to: Sequence[str] = (),
        run_to: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self._file = file
        self._rest = ["--kind", kind, *(["--account-id", account_id] if account_id else [])]
        self._rest += [*as_options(choices or {}), *(["--strict"] if strict else [])]
        self._rest += columns_as_words(reading) if reading is not None else []
        self._workflow = "" if kind in KINDS else ", workflow=workflow"
        self._from_python, self._undone = from_python, undone
        self._to, self._run_to = to, run_to

    def after(self, results: Path) -> str:
        """Return the command that continues from a result file."""
        return _line(
            "run", short(results), *self._rest, "--results", short(_next_name(results)), *self._run_to
        )

    def export(self, told: str, journal: Path) -> list[tuple[str, str]]:
        """Return the command that writes what became of each row to a file, where there is an input."""
        if self._from_python:
            return []
        results = free_place(Path(f"{self._file.stem}-results.csv"))
        return [(told, _line("export", short(journal), "--results", short(results)))]

    def resume(self, told: str, journal: Path, *, retry_failed: bool = False) -> list[tuple[str, str]]:
        """Return the command that continues from a journal; none where the job was undone.

        Args:
            told: What for.
            journal: The journal.
            retry_failed: Whether what failed is tried again.
        """
        if self._undone:
            return []
        if not self._from_python:
            failed = ["--retry-failed"] if retry_failed else []
            return [(told, _line("resume", short(journal), *failed, *self._to))]
        retried = ", retry_failed=True" if retry_failed else ""
        call = f"session.bulk.resume({short(journal)!r}, rows{self._workflow}{retried})"
        return [(f"{told}, in Python with the same rows", f"await {call}.run()")]

    def reconcile(self, told: str, journal: Path) -> list[tuple[str, str]]:
        """Return the command that checks what was sent more than once."""
        if not self._from_python:
            return [(told, _line("reconcile", short(journal), *self._to))]
        call = f"session.bulk.reconcile({short(journal)!r}, source=rows{self._workflow})"
        return [(f"{told}, in Python with the same rows", f"await {call}")]

    def undo(self, journal: Path) -> str:
        """Return the command that undoes what is left of a job."""
        return _line("undo", short(journal), *self._to)


def _line(*words: str) -> str:
    return shlex.join(["alianza", "bulk", *words])


def short(path: Path) -> str:
    """Write a path from here, where it lies under here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _next_name(path: Path) -> Path:
    """Return `a-2.csv` for `a.csv`, `a-3.csv` for `a-2.csv`; a later one where that is there already."""
    found = re.fullmatch(r"(.+)-([0-9]{1,4})", path.stem)
    stem, number = (found[1], int(found[2]) + 1) if found else (path.stem, 2)
    while (place := path.with_name(f"{stem}-{number}{path.suffix}")).exists():
        number += 1
    return place


def in_words(ranges: Iterable[tuple[int, int]]) -> str:
    """Write ranges of rows: `3, 7-9`; the first few of many."""
    parts = [f"{first:,}" if first == last else f"{first:,}-{last:,}" for first, last in ranges]
    more = f" and {len(parts) - _RANGES:,} more ranges" if len(parts) > _RANGES else ""
    return ", ".join(parts[:_RANGES]) + more


def sums(report: Report, extra: Iterable[tuple[str, str, str]] = (), *, kind: str | None = None) -> Table:
    """Return the table of a job's sums: the statuses that occurred, and further lines.

    Args:
        report: The job's report.
        extra: Name, figure and meaning of each further line.
        kind: The job's kind, where it is known: one that makes nothing has words of its own.
    """
    table = Table(box=None, show_header=False, padding=(0, 0, 0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    own = _MEANING_OF_KIND.get(kind or "", {})
    for status, (style, usual) in _MEANING.items():
        count: int = getattr(report, status)
        if not count and (own or status != "created"):
            continue
        told = meaning = own.get(status, usual)
        # What was found and is proven ours; of what is not, the line below tells.
        proven = min(report.adopted - report.maker_unknown, report.created)
        if status == "created" and proven > 0:
            told = f"{meaning}; {proven:,} found there after a lost answer"
        if status == "skipped" and (report.done_before or report.begun):
            parts = {
                "done by an earlier run": report.done_before,
                "sent in part": report.begun,
                "not sent": report.skipped - report.done_before - report.begun,
            }
            told = ", ".join(f"{rows:,} {how}" for how, rows in parts.items() if rows)
        table.add_row(status, Text(f"{count:,}", style if count else ""), told)
    if report.maker_unknown:
        told = "of these: found there after a lost answer, so an undo leaves it"
        table.add_row("maker unknown", f"{report.maker_unknown:,}", told)
    for name, figure, meaning in extra:
        table.add_row(name, figure, meaning)
    return table


def tell(
    outcome: Outcome,
    screen: Screen,
    command: Command | None,
    extra: Sequence[tuple[str, str, str]] = (),
    *,
    ended: bool = False,
) -> None:
    """Print how a job ended: on standard output, or on standard error where `--json` has that.

    Args:
        outcome: How it ended.
        screen: Where.
        command: How to go on, where one can.
        extra: Further lines of the table: name, figure, meaning.
        ended: Whether it ended some time ago: then it has no pace.
    """
    report = outcome.report
    if not screen.as_json:
        done = report.created + report.exists + report.updated + report.done_before
        complete = report.all_done and not outcome.cut_short
        screen.line()
        figures = f"All {done:,}" if complete else f"{done:,} of {_all(outcome)}"
        rows = "1 row is" if complete and done == 1 else f"{figures} rows are"
        before = (
            f", {report.previously_settled:,} settled by earlier runs"
            if report.previously_settled and not ended
            else ""
        )
        pace = f": {report.elapsed_s:.1f} s, {report.items_per_s:.1f} a second" if not ended else ""
        screen.line(f"{rows} done{pace}{before}", "bold green" if complete else "bold yellow")
        screen.show(sums(report, extra, kind=None if command is None else command.kind))
    tell_left(report, screen)
    tell_bad(outcome.first_bad, report.failed + report.invalid + report.unknown + report.begun, screen)
    _tell_rest(outcome, screen)
    ways = [] if command is None else ways_on(outcome, command)
    has_results = report.results_path is not None and not screen.as_json
    if ways or has_results:
        screen.line()
    if report.results_path is not None and has_results:
        screen.line(f"Results: {short(report.results_path)}")
    for told, line in ways:
        screen.line(f"{told}:")
        screen.line(f"  {line}", "bold")


def tell_left(report: Report, screen: Screen) -> None:
    """Print what the sums do not show: rows without 911, values read otherwise, half done or sent again."""
    warning = report.half_done.warning()
    if warning is not None:
        screen.line(warning, "bold red")
    tell_sums(report.changes, screen)
    if report.half_done.rows:
        screen.line(report.half_done.in_words(), "bold yellow")
    for what in report.warns:
        screen.line(counted(report.numbers_warned, what), "bold yellow")
    if report.sent_again:
        rows = _named(report.sent_again_rows)
        more = report.sent_again - len(report.sent_again_rows)
        rest = f" and {more:,} more" if more else ""
        count = f"{report.sent_again:,} {_rows(report.sent_again)}"
        screen.line(f"{count} tried more than once: {rows}{rest}", "yellow")
    if report.throttled:
        slowest = (
            "" if report.lowest_rate is None else f"; at the slowest {report.lowest_rate:g} requests a second"
        )
        screen.line(f"Slowed down by the server: {report.throttled:,} answers with 429{slowest}", "yellow")
    if report.outage is not None:
        screen.line(report.outage.what, "bold yellow")


def _all(outcome: Outcome) -> str:
    if not outcome.cut_short:
        return f"{outcome.report.total:,}"
    # An interrupted job knows only the rows it took, unless they were counted.
    return "so far unknown many" if outcome.rows is None else f"{max(outcome.rows, outcome.report.total):,}"


def tell_bad(first_bad: Iterable[ItemResult], count: int, screen: Screen) -> None:
    """Print the first rows that are not done, with the reason.

    Args:
        first_bad: Those rows.
        count: How many there are in all.
        screen: Where.
    """
    bad = sorted(first_bad, key=lambda result: (not result.without_911, result.row))
    if not bad:
        return
    table = Table(box=None, header_style="dim", padding=(0, 0, 0, 2))
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("key", overflow="fold", max_width=24)
    table.add_column("status", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for result in bad:
        status = Text(result.status, _MEANING[result.status][0])
        table.add_row(_numbered(result), plain(result.key or ""), status, _abridged(why(result)))
    screen.line()
    screen.line("Not done:" if count == len(bad) else f"Not done, {len(bad)} of {count:,}:")
    screen.show(table)


def _numbered(result: ItemResult) -> str:
    """Return a row's number and what it is called beside that: `3 (line 4)`."""
    also = None if result.place is None else result.place.beside
    return f"{result.row:,}" if also is None else f"{result.row:,} ({also})"


def _abridged(reason: str) -> str:
    reason = plain(reason)
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 4].rstrip()} ..."


def why(result: ItemResult) -> str:
    """Return why an item is not done, without what the table shows in its other columns."""
    match result.error:
        case InvalidInputError(fields=fields) if fields:
            return in_options("; ".join(str(field) for field in fields))
        case CallError(message=message, request_id=request_id):
            return in_options(f"{message} (request {request_id})")
        case error:
            return in_options(str(error or ""))


def _tell_rest(outcome: Outcome, screen: Screen) -> None:
    """Name the rows that a job cut short did not settle, and those it did not send."""
    if not outcome.cut_short:
        return
    screen.line()
    if outcome.stopped is not None:
        screen.error(outcome.stopped)
    else:
        screen.say(f"{outcome.reason}", "bold yellow")
    report = outcome.report
    unsettled, ranges, count = report.unsettled, outcome.not_sent, outcome.not_sent_count
    if unsettled:
        screen.say(f"Not settled, may have been carried out: {_rows(len(unsettled))} {_named(unsettled)}")
    elif outcome.stopped is None:
        screen.say("Everything that was under way is settled.")
    if outcome.to_look_up:
        screen.say(
            f"Still to be looked up: {outcome.to_look_up:,} {_rows(outcome.to_look_up)} of earlier runs"
        )
    if count and count == sum(last - first + 1 for first, last in ranges):
        screen.say(f"Not sent: {_rows(count)} {in_words(ranges)}")
    elif count:  # cut off, or gone on with: the journal and the result file know which
        screen.say(f"Not sent: {count:,} {_rows(count)}")
    if outcome.rows is None and report.results_path is None and not report.previously_settled:
        screen.say(f"Not sent: every row after row {report.total:,}")


def _named(rows: Sequence[int]) -> str:
    """Name rows, the first few of many: the journal has them all."""
    ranges: list[tuple[int, int]] = []
    for row in rows:
        if ranges and ranges[-1][1] == row - 1:
            ranges[-1] = (ranges[-1][0], row)
        else:
            ranges.append((row, row))
    return in_words(ranges)


def _checks(report: Report, command: Command, journal: Path) -> list[tuple[str, str]]:
    """Return how to check what was sent more than once, where anything was."""
    if not report.sent_again:
        return []
    return command.reconcile("To check that nothing was made twice", journal)


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"


def ways_on(outcome: Outcome, command: Command) -> list[tuple[str, str]]:
    """Return what may be typed next, each with what for; nothing where all is done.

    Args:
        outcome: How the job ended.
        command: Its command lines.
    """
    report = outcome.report
    journal, results = report.journal_path, report.results_path
    if journal is None:
        return []
    if report.all_done and not outcome.cut_short:
        return _checks(report, command, journal)
    if outcome.cut_short:
        # What failed of a spent budget failed for a reason that is gone since, or it would be spent again.
        retry_failed = isinstance(outcome.stopped, FailureBudgetError)
        told = "To continue, once the cause is fixed" if outcome.stopped else "To continue"
        return command.resume(told, journal, retry_failed=retry_failed)
    ways = _checks(report, command, journal)
    if report.unknown:
        ways += command.resume("To look up what became of the unknown", journal)
    elif report.failed:
        ways += command.resume("To try again what failed", journal, retry_failed=True)
    if results is None:
        ways += command.export("To have every row with its reason in a file", journal)
    elif report.invalid or report.failed:
        ways.append(("To continue, fix the rows in the results, then run", command.after(results)))
    return ways
