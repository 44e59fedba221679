"""The commands of `alianza bulk` that look at a journal, or speak to the job that works with it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (read at run time, to convert arguments)
from typing import Annotated

from cyclopts import Parameter

from alianza_async.cli.file_options import FileReading
from alianza_async.cli.finish import finish
from alianza_async.cli.options import Output, Where

__all__ = ["continue_job", "export", "list_jobs", "pause", "prune", "rate", "reconcile", "status"]

_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def continue_job(journal: Path, /, *, output: Output | None = None) -> int:
    """Have a paused job in another terminal take rows again.

    Example: `alianza bulk continue JOB.db`

    Args:
        journal: The job's journal.
        output: How the output is shown.
    """
    from alianza_async.cli.steer import run_pause

    return finish(output or Output(), lambda screen: run_pause(journal, screen, paused=False))


def export(
    journal: Path,
    /,
    *,
    results: Path,
    separate: _Flag = False,
    force: _Flag = False,
    input: Path | None = None,  # noqa: A002  (it is what the option is called)
    output: Output | None = None,
) -> int:
    """Write what became of each row to a file, from the journal and the input; no login is needed.

    Example: `alianza bulk export JOB.db --results accounts-results.csv`

    It is the result file as the job would write it, also while it runs and after it was killed.

    Args:
        journal: The job's journal.
        results: The file, CSV or JSON Lines by its name; it can be fed to `bulk run`.
        separate: Write three files instead, such as F-done.csv, F-failed.csv and F-unknown.csv.
        force: Replace the file where it is there already; never a journal, an input or a plan.
        input: The input, where it has moved; the same file.
        output: How the output is shown.
    """
    from alianza_async.cli.export import run_export

    return finish(
        output or Output(),
        lambda screen: run_export(journal, results, screen, separate=separate, force=force, source=input),
    )


def list_jobs(*, output: Output | None = None) -> int:
    """List the jobs whose journals are in the user's state folder: kind, input, state, when, how far.

    Example: `alianza bulk list`

    With --json it is one array of objects.

    Args:
        output: How the output is shown.
    """
    from alianza_async.cli.jobs import run_list

    return finish(output or Output(), run_list, only_reads=True)


def prune(
    *,
    older_than: float = 30,
    all: _Flag = False,  # noqa: A002  (it is what the option is called)
    yes: _Flag = False,
    output: Output | None = None,
) -> int:
    """Delete the journals of jobs that leave nothing to do from the user's state folder.

    Example: `alianza bulk prune --older-than 90`

    Those are finished jobs with no unknown row, no row that a resume would send and no half done undo. They
    can then be neither resumed nor undone: the number of journals has to be typed. Never a running job's,
    never one outside the state folder. Exit codes: 0 done, 2 usage or not confirmed.

    Args:
        older_than: Days since the job ended.
        all: Also jobs that are not finished, have unknown or unsent rows, or are half undone.
        yes: Ask nothing.
        output: How the output is shown.
    """
    from alianza_async.cli.jobs import run_prune

    return finish(
        output or Output(), lambda screen: run_prune(screen, older_than=older_than, every=all, yes=yes)
    )


def pause(journal: Path, /, *, output: Output | None = None) -> int:
    """Have a job in another terminal take no further row for now.

    Example: `alianza bulk pause JOB.db`

    What is under way ends. `bulk continue` has it go on.

    Args:
        journal: The job's journal.
        output: How the output is shown.
    """
    from alianza_async.cli.steer import run_pause

    return finish(output or Output(), lambda screen: run_pause(journal, screen, paused=True))


def rate(requests: float, journal: Path, /, *, output: Output | None = None) -> int:
    """Have a job in another terminal send at another rate.

    Example: `alianza bulk rate 50 JOB.db`

    It holds for this run of the job; to begin with another rate, resume it with --rate.

    Args:
        requests: Requests a second.
        journal: The job's journal.
        output: How the output is shown.
    """
    from alianza_async.cli.steer import run_rate

    return finish(output or Output(), lambda screen: run_rate(journal, requests, screen))


def reconcile(
    journal: Path,
    /,
    *,
    rate: float | None = None,
    input: Path | None = None,  # noqa: A002  (it is what the option is called)
    reading: FileReading | None = None,
    where: Where | None = None,
) -> int:
    """Find the outcome of the rows whose outcome is unknown, and list what exists twice; creates nothing.

    Example: `alianza bulk reconcile JOB.db`

    Exit codes: 0 all known and nothing twice, 1 otherwise, 2 usage, 3 login refused.

    Args:
        journal: The job's journal.
        rate: Requests a second [default: as the job began].
        input: The job's input, where it has moved; the same file.
        reading: See `FileReading` [default: as the job began].
        where: Which Alianza [default: as the job began, where that is the provider's own].
    """
    from alianza_async.cli.reconcile import run_reconcile

    where, reading = where or Where(), reading or FileReading()
    return finish(
        where, lambda screen: run_reconcile(journal, rate, where, screen, source=input, reading=reading)
    )


def status(journal: Path, /, *, watch: _Flag = False, output: Output | None = None) -> int:
    """Show how far a job is, whether it runs, and how to continue; no login is needed.

    Example: `alianza bulk status JOB.db --watch`

    Exit codes: 0; with --watch 1 where some rows are not done at the end; 2 no such journal.

    Args:
        journal: The job's journal.
        watch: Keep the display current until the job ends.
        output: How the output is shown.
    """
    from alianza_async.cli.status import run_status

    return finish(
        output or Output(), lambda screen: run_status(journal, screen, watch=watch), only_reads=True
    )
