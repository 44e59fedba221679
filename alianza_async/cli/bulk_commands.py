"""`alianza bulk`: what its commands are called and take, as far as they begin or change a job."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (read at run time, to convert arguments)
from typing import Final

from cyclopts import App

from alianza_async.cli import journal_commands
from alianza_async.cli.bulk_options import PlanOptions, ResumeOptions, RunOptions, UndoOptions
from alianza_async.cli.file_options import FileReading
from alianza_async.cli.finish import finish
from alianza_async.cli.options import Where

__all__ = ["bulk"]

bulk: Final = App(
    name="bulk",
    help="Work through a file of accounts, users or subscribers, each row once, also after a kill.",
)
bulk.command(journal_commands.continue_job, name="continue")
bulk.command(journal_commands.export)
bulk.command(journal_commands.list_jobs, name="list")
bulk.command(journal_commands.pause)
bulk.command(journal_commands.prune)
bulk.command(journal_commands.rate)
bulk.command(journal_commands.reconcile)
bulk.command(journal_commands.status)


@bulk.command
def plan(
    file: Path, /, *, options: PlanOptions, reading: FileReading | None = None, where: Where | None = None
) -> int:
    """Tell what `bulk run` would do with a file, and send nothing that writes.

    Example: `alianza bulk plan accounts.csv --kind accounts --check-remote`

    Without --check-remote it needs no login and asks nothing; with it rows of every kind are looked up. Exit
    codes: 0 all rows can run, 1 some cannot or differ from what is there, 2 usage or unreadable input,
    3 login refused.

    Args:
        file: CSV, JSON Lines or Excel.
        options: See `PlanOptions`.
        reading: See `FileReading`.
        where: Which Alianza.
    """
    from alianza_async.cli.plan import run_plan

    where, reading = where or Where(), reading or FileReading()
    return finish(where, lambda screen: run_plan(file, options, reading, where, screen), only_reads=True)


@bulk.command
def resume(
    journal: Path,
    /,
    *,
    options: ResumeOptions | None = None,
    reading: FileReading | None = None,
    where: Where | None = None,
) -> int:
    """Resume a job, also one that was killed: nothing is lost, nothing made twice.

    Example: `alianza bulk resume JOB.db`

    The journal knows the rest. What may have been sent is looked up before anything is sent. Counts and exit
    code are those of the whole job; the codes are those of `bulk run`.

    Args:
        journal: The job's journal, as `bulk run` named it.
        options: See `ResumeOptions`.
        reading: See `FileReading`; the job goes on reading its input as it began, or is refused.
        where: Which Alianza [default: as the job began, where that is the provider's own].
    """
    from alianza_async.cli.resume import run_resume

    where, options = where or Where(), options or ResumeOptions()
    reading = reading or FileReading()
    return finish(where, lambda screen: run_resume(journal, options, reading, where, screen))


@bulk.command
def run(
    file: Path, /, *, options: RunOptions, reading: FileReading | None = None, where: Where | None = None
) -> int:
    """Work through a file: each row becomes an account, a user, a subscriber, ...

    Example: `alianza bulk run accounts.csv --kind accounts --results accounts-results.csv`

    What delete-accounts, suspend-accounts and calling-plans destroy is said first, with host and partition,
    and has to be typed. Exit codes: 0 all done, 1 some rows not done, 2 usage, unreadable input or unwritable
    journal, 3 login refused, 4 too many failures, 129, 130 and 143 interrupted.

    Args:
        file: CSV, JSON Lines or Excel; a result file goes on where it ended.
        options: See `RunOptions`.
        reading: See `FileReading`.
        where: Which Alianza.
    """
    from alianza_async.cli.bulk import run_bulk

    where, reading = where or Where(), reading or FileReading()
    return finish(where, lambda screen: run_bulk(file, options, reading, where, screen))


@bulk.command
def undo(
    journal: Path,
    /,
    *,
    options: UndoOptions | None = None,
    reading: FileReading | None = None,
    where: Where | None = None,
) -> int:
    """Delete again what a job has made, and nothing else.

    Example: `alianza bulk undo JOB.db --dry-run`

    It tells where and what is lost for good, then wants that typed. A row that is in service, was changed
    since, or on which something else hangs, is left alone and named. Exit codes: 0 all undone, 1 some are
    still there, 2 usage or not confirmed, 3 login refused, 129, 130 and 143 interrupted: run it again.

    Args:
        journal: The job's journal.
        options: See `UndoOptions`.
        reading: See `FileReading` [default: as the job began].
        where: Which Alianza [default: as the job began, where that is the provider's own].
    """
    from alianza_async.cli.undo import run_undo

    where, options = where or Where(), options or UndoOptions()
    reading = reading or FileReading()
    return finish(where, lambda screen: run_undo(journal, options, reading, where, screen))
