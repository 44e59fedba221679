"""`alianza bulk resume`."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from alianza_async.bulk.engine.resume_state import refuse_where_undone
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.commands import command_line
from alianza_async.bulk.kinds.by_name import choices_of, destroys, ids_of, kept_kind_options
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.output.export import export
from alianza_async.bulk.output.results import is_result_file, own_places
from alianza_async.cli.bulk import ask_first, tell_file
from alianza_async.cli.confirm import confirm_production, refuse_unattended
from alianza_async.cli.connect import place
from alianza_async.cli.exits import Exit
from alianza_async.cli.job_place import as_it_began, options_to
from alianza_async.cli.journals import first_bad, report_of, rows_of, work_in_words
from alianza_async.cli.summary import Command, tell
from alianza_async.cli.watch import SHOWN, Outcome, watch
from alianza_async.cli.whole_job import WholeJob
from alianza_async.errors import ConfigurationError, JournalLockedError, SourceError

if TYPE_CHECKING:
    from alianza_async.bulk.job import BulkJob
    from alianza_async.bulk.journal import JobFacts
    from alianza_async.bulk.options import JobOptions
    from alianza_async.cli.bulk_options import ResumeOptions
    from alianza_async.cli.file_options import FileReading
    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen
    from alianza_async.session import Session

__all__ = ["command_of", "run_resume"]

_OPEN = ("pending", "intent", "unknown", "skipped")


def run_resume(
    journal: Path, options: ResumeOptions, reading: FileReading, where: Where, screen: Screen
) -> int:
    """Go on with a job and return the exit code: that of the whole job.

    Raises:
        ConfigurationError: An option is invalid, or production was not confirmed.
        SourceError: The input cannot be read.
        JournalError: There is no such journal, a process works with it, or it is another job's.
        AlianzaError: The login failed, or the result file cannot be written.
    """
    with JournalReader(journal) as reader:
        facts, counts = reader.facts, reader.counts()
        if reader.running():
            raise JournalLockedError(
                f"a process works with {reader.path} now: see `{command_line('status', reader.path)}`"
            )
        left = sum(counts.get(status, 0) for status in _OPEN)
        if options.retry_failed:
            left += counts.get("failed", 0)
        if facts.state == "finished" and not left and not options.restored:
            return _finished(reader, options, counts, where, screen)
    file = _input(options, facts)
    rows = rows_of(facts, counts)
    session = as_it_began(facts, where, options.rate)
    job = _make_job(session, journal, options, reading, file)
    destroyed = destroys(facts.kind, choices_of(kept_kind_options(facts.options)))
    refuse_unattended(destroyed, yes=options.yes)
    if not destroyed:
        confirm_production(session, f"continues {work_in_words(facts.kind, rows)}", screen, yes=options.yes)
    resumed = _Resumed(facts, file, job.count_rows() if rows is None else rows, counts, left, yes=options.yes)
    return asyncio.run(_run(session, job, resumed, where, screen))


def command_of(reader: JournalReader, file: Path | None = None, where: Where | None = None) -> Command:
    """Return how a job continues, from what its journal says of it.

    Args:
        reader: The journal.
        file: The job's input, where that has moved.
        where: The options of the command that tells it; None for one that goes nowhere.

    Raises:
        JournalError: It cannot be read.
    """
    facts = reader.facts
    told = kept_kind_options(facts.options)
    source = file or Path(facts.input or "")
    return Command(
        source,
        facts.kind,
        ids_of(told).get("account_id"),
        choices_of(told),
        reading=JobSettings.from_json(facts.options).file,
        strict=facts.options.get("strict") is True,
        from_python=file is None and facts.input is None,
        undone=any(count for status, count in reader.undo_counts().items() if status != "skipped"),
        to=options_to(facts, where),
        run_to=options_to(facts, where, has_journal=False),
    )


def _finished(
    reader: JournalReader, options: ResumeOptions, counts: dict[str, int], where: Where, screen: Screen
) -> int:
    """Show how a job ended that has nothing left to do."""
    refuse_where_undone(reader.undo_counts(), reader.path)
    facts, report = reader.facts, report_of(counts)
    report.previously_settled, report.journal_path = report.total, reader.path
    if options.results is not None:
        own = os.path.realpath(options.results) in own_places(facts.options)
        force = options.force or (own and is_result_file(options.results))
        (report.results_path,) = export(reader.path, options.results, options.input, force=force).files
    WholeJob.of(reader).tell(report)
    outcome = Outcome(report, rows_of(facts, counts), first_bad=first_bad(reader))
    report.end()
    screen.say("The job is finished: nothing is left to do, and nothing was sent.")
    tell(outcome, screen, command_of(reader, None, where), ended=True)
    if screen.as_json:
        screen.json(outcome.to_json())
    return Exit.DONE if report.all_done else Exit.NOT_DONE


def _input(options: ResumeOptions, facts: JobFacts) -> Path:
    """Return the job's input.

    Raises:
        ConfigurationError: Its rows came from Python.
        SourceError: It is not where it was.
    """
    if options.input is not None:
        return options.input
    if facts.input is None:
        raise ConfigurationError(
            "this job's rows came from Python, not from a file: resume it there, by session.bulk.resume"
        )
    file = Path(facts.input)
    if not file.exists():
        raise SourceError(f"the job's input {file} is not there any more: name where it is with --input")
    return file


def _make_job(
    session: Session, journal: Path, options: ResumeOptions, reading: FileReading, file: Path
) -> BulkJob:
    changes: JobOptions = {}
    if reading.is_given:
        changes["file"] = reading.options
    if options.results is not None:
        changes["results"] = options.results
        changes["force"] = options.force
    if options.concurrency is not None:
        changes["concurrency"] = options.concurrency
    if options.grace is not None:
        changes["grace_s"] = options.grace
    if options.outage_limit is not None:
        changes["outage_limit_s"] = options.outage_limit
    return session.bulk.resume(
        journal, file, retry_failed=options.retry_failed, restored=options.restored, **changes
    )


@dataclass(frozen=True, slots=True)
class _Resumed:
    """What a resumed job starts from: the job, its input, and the contents of its journal.

    Attributes:
        facts: What it is.
        file: Its input.
        rows: Rows of the input, where they could be counted.
        counts: How many rows of the journal have which status.
        left: Rows of the journal that are taken again.
        yes: Whether nothing has to be typed.
    """

    facts: JobFacts
    file: Path
    rows: int | None
    counts: dict[str, int]
    left: int
    yes: bool

    @property
    def settled(self) -> int:
        """Rows that are left alone."""
        return sum(self.counts.values()) - self.left

    @property
    def to_do(self) -> int | None:
        """Rows that may be sent: those of the journal, and those that the job never came to."""
        return None if self.rows is None else self.rows - self.settled


async def _run(session: Session, job: BulkJob, resumed: _Resumed, where: Where, screen: Screen) -> int:
    facts, counts = resumed.facts, resumed.counts
    async with session:
        partition = await session.partition_id()
        screen.say(
            f"Going on {work_in_words(facts.kind, resumed.rows)} at {place(session)}, partition {partition}, "
            f"at most {session.full_rate:g} requests a second"
        )
        lost = counts.get("intent", 0) + counts.get("unknown", 0)
        screen.say(
            f"{_are_settled(sum(counts.values()) - resumed.left)}"
            + (f"; {lost:,} may have been sent and are looked up first" if lost else "")
        )
        choices = choices_of(kept_kind_options(facts.options))
        ask_first(facts.kind, choices, resumed.to_do, session, partition, screen, yes=resumed.yes)
        told = tell_file(job, screen)
        outcome = await watch(job, screen, rows=resumed.rows, session=session)
    tell_file(job, screen, told)
    with JournalReader(job.report.journal_path or "") as reader:
        _whole(outcome, reader)
        command = command_of(reader, resumed.file, where)
    tell(outcome, screen, command)
    if screen.as_json:
        screen.json(outcome.to_json())
    return outcome.code


def _are_settled(count: int) -> str:
    return "1 row is settled" if count == 1 else f"{count:,} rows are settled"


def _whole(outcome: Outcome, reader: JournalReader) -> None:
    """Have an outcome tell of the whole job, not of its latest run alone."""
    now = {result.row: result for result in outcome.first_bad}
    kept = [result for result in first_bad(reader) if result.row not in now]
    outcome.first_bad = sorted(chain(now.values(), kept), key=lambda result: result.row)[:SHOWN]
    WholeJob.of(reader).tell(outcome.report)
    counts = reader.counts()
    open_rows = counts.get("intent", 0) + counts.get("unknown", 0)
    report = outcome.report
    outcome.to_look_up = max(0, open_rows - report.unknown - len(report.unsettled))
