"""`alianza bulk run`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.input.text_files import first_bytes
from alianza_async.bulk.kinds.by_name import destroys
from alianza_async.bulk.output.place import refuse_place
from alianza_async.cli.choices import refuse_account_id
from alianza_async.cli.confirm import (
    confirm_destruction,
    confirm_production,
    refuse_unattended,
    with_production,
)
from alianza_async.cli.connect import make_session, place
from alianza_async.cli.file_options import tell_notes
from alianza_async.cli.job_place import options_given
from alianza_async.cli.journals import CREATED, new_journal, work_in_words
from alianza_async.cli.screen import plain
from alianza_async.cli.summary import Command, tell
from alianza_async.cli.watch import watch
from alianza_async.cli.whole_job import tell_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.job import BulkJob
    from alianza_async.cli.bulk_options import RunOptions
    from alianza_async.cli.file_options import FileReading
    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen
    from alianza_async.session import Session

__all__ = ["ask_first", "run_bulk", "tell_file"]

_COLUMNS: Final = "Kept in the results, not sent"


def run_bulk(file: Path, options: RunOptions, reading: FileReading, where: Where, screen: Screen) -> int:
    """Run a job and return the exit code.

    Raises:
        ConfigurationError: An option is invalid, or production was not confirmed.
        SourceError: The input cannot be read.
        InputChangedError: It is not the one that was planned.
        JournalError: There is a journal at its place, or none can be made.
        AlianzaError: The login failed, or the result file cannot be written.
    """
    choices = options.choices
    if options.account_id is not None:
        refuse_account_id(options.kind)
    first_bytes(file)  # what is not there is refused before anything else is said
    if options.results is not None and options.plan is not None:
        refuse_place(options.results, force=options.force, inputs=[file, options.plan])
    session = make_session(where, rate=options.rate)
    journal = new_journal(options.journal, file)
    job = _make_job(session, file, options, reading, journal)
    rows = job.count_rows()
    _check_plan(file, options, reading, session, None)
    destroyed = destroys(options.kind, choices)
    refuse_unattended(destroyed, yes=options.yes)
    if not destroyed:  # else the one question names the environment too
        confirm_production(session, _what(options.kind, rows), screen, yes=options.yes)
    return asyncio.run(_run(session, job, file, options, reading, journal, rows, where, screen))


def _make_job(
    session: Session, file: Path, options: RunOptions, reading: FileReading, journal: Path
) -> BulkJob:
    return session.bulk.run(
        options.kind,
        file,
        ids=options.ids,
        choices=options.choices,
        concurrency=options.concurrency,
        ensure=options.ensure,
        strict=options.strict,
        max_failures=options.max_failures,
        results=options.results,
        force=options.force,
        journal=journal,
        on_exists=options.on_exists,
        canary=options.canary,
        settle_s=options.settle,
        grace_s=options.grace,
        via=options.via,
        batch=options.batch,
        outage_limit_s=options.outage_limit,
        file=reading.options,
    )


def _what(kind: str, rows: int | None) -> str:
    """Write what a job is about to do, for whoever has to confirm it."""
    count = "an unknown number of" if rows is None else f"up to {rows:,}"
    return f"creates {count} {kind}" if kind in CREATED else f"runs {kind}"


def _check_plan(
    file: Path, options: RunOptions, reading: FileReading, session: Session, partition_id: str | None
) -> Fingerprint | None:
    """Refuse to run anything but what was planned; returns the input's fingerprint, None without a plan.

    Raises:
        InputChangedError: The input is not as it was.
        ConfigurationError: The plan is another kind's, or for another place.
    """
    if options.plan is None:
        return None
    from alianza_async.bulk.planning.plan_file import READING, check_plan

    return check_plan(
        options.plan,
        file,
        kind=options.kind,
        partition_id=partition_id,
        base_url=session.base_url,
        options={
            "ensure": options.ensure,
            "strict": options.strict,
            READING: reading.options.to_json(),
            **options.ids,
            **options.choices,
        },
    )


async def _run(  # noqa: PLR0917  (what was made of the command line)
    session: Session,
    job: BulkJob,
    file: Path,
    options: RunOptions,
    reading: FileReading,
    journal: Path,
    rows: int | None,
    where: Where,
    screen: Screen,
) -> int:
    async with session:
        partition = await session.partition_id()
        # Once more: the file may have changed while somebody typed.
        planned = _check_plan(file, options, reading, session, partition)
        if planned is not None:
            job.expect(planned)
        ask_first(options.kind, options.choices, rows, session, partition, screen, yes=options.yes)
        await job.open()
        work = work_in_words(options.kind, rows)
        screen.say(
            f"{work[0].upper()}{work[1:]} at {place(session)}, partition {partition}, "
            f"at most {session.full_rate:g} requests a second"
        )
        screen.say(f"Journal: {journal}", "dim")
        told = tell_file(job, screen)
        outcome = await watch(job, screen, rows=rows, session=session)
    tell_file(job, screen, told)
    tell_whole(outcome.report)
    command = Command(
        file,
        options.kind,
        options.account_id,
        options.choices,
        strict=options.strict,
        reading=reading.options,
        to=options_given(where, partition=False),
        run_to=options_given(where),
    )
    tell(outcome, screen, command)
    if screen.as_json:
        screen.json(outcome.to_json())
    return outcome.code


def ask_first(  # noqa: PLR0917  (what the question names)
    kind: str,
    choices: Mapping[str, str],
    rows: int | None,
    session: Session,
    partition: str,
    screen: Screen,
    *,
    yes: bool,
) -> None:
    """Have it typed that a job destroys something, where it does.

    Raises:
        ConfigurationError: It was not typed.
    """
    confirm_destruction(
        destroys(kind, choices),
        with_production(kind if rows is None else f"{kind} {rows}", session),
        where=f"{place(session)}, partition {partition}, {'each row' if rows is None else f'{rows:,} rows'}",
        screen=screen,
        yes=yes,
    )


def tell_file(job: BulkJob, screen: Screen, told: set[str] | None = None) -> set[str]:
    """Tell how a job's file is read, and name the columns that mean nothing to us; each once.

    Args:
        job: The job.
        screen: Where.
        told: What was told already.

    Returns:
        What has been told by now.
    """
    told = set() if told is None else told
    tell_notes(job.report.notes, screen, told)
    columns = job.report.unknown_columns
    if columns and _COLUMNS not in told:
        told.add(_COLUMNS)
        names = ", ".join(plain(column) for column in columns)
        screen.say(f"{_COLUMNS}: {names}", "yellow")
    return told
