"""`alianza bulk`: what its commands are called and take, as far as they begin or change a job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path  # noqa: TC003  (read at run time, to convert arguments)
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import App, Parameter

from alianza_async.cli import journal_commands
from alianza_async.cli.finish import finish
from alianza_async.cli.options import Where

if TYPE_CHECKING:
    from alianza_async.cli.screen import Screen

__all__ = ["KindName", "bulk"]

KindName = Literal[
    "accounts",
    "users",
    "subscribers",
    "telephone-numbers",
    "device-lines",
    "calling-plans",
    "delete-accounts",
    "suspend-accounts",
]
"""The names of `alianza_async.bulk.KINDS`, written out for `--help`; a test holds them to it."""

Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
Corrections = Annotated[Literal["fail", "accept", "keep"] | None, Parameter(show_default=False)]
Others = Annotated[Literal["keep", "remove"] | None, Parameter(show_default=False)]
UndoableStatus = Literal["created", "exists", "updated", "failed", "skipped", "unknown"]
Choice = Annotated[list[str] | None, Parameter(negative=(), show_default=False)]

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
    file: Path,
    /,
    *,
    kind: KindName,
    check_remote: Flag = False,
    save: Path | None = None,
    force: Flag = False,
    ensure: Flag = False,
    rate: float | None = None,
    account_id: str | None = None,
    corrections: Corrections = None,
    others: Others = None,
    choice: Choice = None,
    where: Where | None = None,
) -> int:
    """Tell what `bulk run` would do with a file, and send nothing that writes.

    Example: `alianza bulk plan accounts.csv --kind accounts --check-remote`

    Without --check-remote it needs no login and asks nothing; with it rows of every kind are looked up. Exit
    codes: 0 all rows can run, 1 some cannot or differ from what is there, 2 usage or unreadable input,
    3 login refused.

    Args:
        file: CSV or JSON Lines.
        kind: What each row becomes.
        check_remote: Look each row up: is it there, and the same?
        save: Write the plan to a file; bulk run --plan refuses an input that is not the one planned.
        force: Replace the file of --save where it is there already; never a journal or the input.
        ensure: Count the calls of a run with --ensure.
        rate: Requests a second [default: 100].
        account_id: The account of every user in the file.
        corrections: An address the server would correct: fail, accept the correction, or keep it as given.
        others: For calling-plans: what becomes of each user's other plans.
        choice: Decide what the kind leaves open, as NAME=VALUE; once for each.
        where: Which Alianza.
    """
    from alianza_async.cli.choices import chosen
    from alianza_async.cli.plan import PlanOptions, run_plan

    options = PlanOptions(
        file=file,
        kind=kind,
        check_remote=check_remote,
        save=save,
        force=force,
        ensure=ensure,
        rate=rate,
        account_id=account_id,
    )
    where = where or Where()

    def work(screen: Screen) -> int:
        choices = chosen(choice, corrections=corrections, others=others)
        return run_plan(replace(options, choices=choices), where, screen)

    return finish(where, work, only_reads=True)


@bulk.command
def resume(
    journal: Path,
    /,
    *,
    input: Path | None = None,  # noqa: A002  (it is what the option is called)
    retry_failed: Flag = False,
    restored: Flag = False,
    results: Path | None = None,
    force: Flag = False,
    concurrency: int | Literal["auto"] | None = None,
    rate: float | None = None,
    grace: float | None = None,
    outage_limit: float | None = None,
    yes: Flag = False,
    where: Where | None = None,
) -> int:
    """Resume a job, also one that was killed: nothing is lost, nothing made twice.

    Example: `alianza bulk resume JOB.db`

    The journal knows the rest. What may have been sent is looked up before anything is sent. Counts and exit
    code are those of the whole job; the codes are those of `bulk run`.

    Args:
        journal: The job's journal, as `bulk run` named it.
        input: The input, where it has moved; the same rows.
        retry_failed: Try again what failed, too.
        restored: The journal is a copy from a backup, older than the job: look every row up before it is
            sent.
        results: Write what became of each row [default: as the job began].
        force: Replace the file of --results where it is there already and not the job's own.
        concurrency: Rows under way at once [default: as the job began].
        rate: Requests a second [default: as the job began].
        grace: Seconds for what is under way after an interrupt [default: as the job began].
        outage_limit: Seconds to wait for a host that cannot be reached [default: as the job began].
        yes: Write to production, or destroy what the kind destroys, without asking.
        where: Which Alianza [default: as the job began].
    """
    from alianza_async.cli.resume import ResumeOptions, run_resume

    told = ResumeOptions(
        journal=journal,
        input=input,
        retry_failed=retry_failed,
        restored=restored,
        results=results,
        force=force,
        concurrency=concurrency,
        rate=rate,
        grace=grace,
        outage_limit=outage_limit,
        yes=yes,
    )
    where = where or Where()
    return finish(where, lambda screen: run_resume(told, where, screen))


@bulk.command
def run(
    file: Path,
    /,
    *,
    kind: KindName,
    results: Path | None = None,
    force: Flag = False,
    journal: Path | None = None,
    plan: Path | None = None,
    concurrency: int | Literal["auto"] = "auto",
    rate: float | None = None,
    max_failures: str | None = None,
    ensure: Flag = False,
    on_exists: Literal["skip", "update", "fail"] = "skip",
    corrections: Corrections = None,
    others: Others = None,
    choice: Choice = None,
    canary: Annotated[int, Parameter(show_default=False)] = 0,
    settle: float | None = None,
    grace: float = 30,
    outage_limit: float = 3600,
    account_id: str | None = None,
    via: Literal["calls", "server"] = "calls",
    batch: int | None = None,
    yes: Flag = False,
    where: Where | None = None,
) -> int:
    """Work through a file: each row becomes an account, a user, a subscriber, ...

    Example: `alianza bulk run accounts.csv --kind accounts --results accounts-results.csv`

    What delete-accounts, suspend-accounts and calling-plans destroy is said first, with host and partition,
    and has to be typed. Exit codes: 0 all done, 1 some rows not done, 2 usage, unreadable input or unwritable
    journal, 3 login refused, 4 too many failures, 129, 130 and 143 interrupted.

    Args:
        file: CSV or JSON Lines; a result file goes on where it ended.
        kind: What each row becomes.
        results: Write what became of each row, CSV or JSON Lines by the name.
        force: Replace the file of --results where it is there already; never a journal, the input or a plan.
        journal: Where the journal is kept, for `bulk resume` [default: a new one in the user's state folder].
        plan: Refuse to run anything but what was planned (`bulk plan --save`).
        concurrency: Rows under way at once.
        rate: Requests a second [default: 100].
        max_failures: Stop after N failures, or over P%; off = never [default: 50 in a row or over half].
        ensure: Look each one up before creating it.
        on_exists: What becomes of a row that is there already: left, changed where it differs, or failed;
            telephone-numbers, calling-plans and delete-accounts change nothing.
        corrections: An address the server would correct: fail, accept the correction, or keep it as given.
        others: For calling-plans: what becomes of each user's other plans [default: remove].
        choice: Decide what the kind leaves open, as NAME=VALUE; once for each.
        canary: Create N first, read them back, compare; stop where they differ.
        settle: Seconds until what was sent and not answered is looked up [default: 2].
        grace: Seconds for what is under way after an interrupt.
        outage_limit: Seconds to wait for a host that cannot be reached, before the job stops.
        account_id: The account of every user in the file.
        via: Each row as calls of its own, or users and telephone-numbers by the server's own bulk operations.
        batch: Rows in one of the server's jobs, for --via server [default: 500].
        yes: Write to production, or destroy what the kind destroys, without asking.
        where: Which Alianza.
    """
    from alianza_async.cli.bulk import BulkOptions, run_bulk
    from alianza_async.cli.choices import chosen

    options = BulkOptions(
        file=file,
        kind=kind,
        results=results,
        force=force,
        journal=journal,
        plan=plan,
        concurrency=concurrency,
        rate=rate,
        max_failures=max_failures,
        ensure=ensure,
        on_exists=on_exists,
        canary=canary,
        settle=settle,
        grace=grace,
        outage_limit=outage_limit,
        account_id=account_id,
        via=via,
        batch=batch,
        yes=yes,
    )
    where = where or Where()

    def work(screen: Screen) -> int:
        choices = chosen(choice, corrections=corrections, others=others)
        return run_bulk(replace(options, choices=choices), where, screen)

    return finish(where, work)


@bulk.command
def undo(
    journal: Path,
    /,
    *,
    include_live: Flag = False,
    unverified: Flag = False,
    dry_run: Flag = False,
    rows: str | None = None,
    keys: Path | None = None,
    status: Annotated[list[UndoableStatus] | None, Parameter(negative=(), show_default=False)] = None,
    input: Path | None = None,  # noqa: A002  (it is what the option is called)
    rate: float | None = None,
    yes: Flag = False,
    where: Where | None = None,
) -> int:
    """Delete again what a job has made, and nothing else.

    Example: `alianza bulk undo JOB.db --dry-run`

    It tells where and what is lost for good, then wants that typed. A row that is in service, was changed
    since, or on which something else hangs, is left alone and named. Exit codes: 0 all undone, 1 some are
    still there, 2 usage or not confirmed, 3 login refused, 129, 130 and 143 interrupted: run it again.

    Args:
        journal: The job's journal.
        include_live: Release numbers in service too: that cuts off calls, emergency calls included.
        unverified: Also where it cannot be determined whether it was changed since.
        dry_run: Look at each row and tell which could be undone; delete nothing.
        rows: Only these rows, by number, such as 1,5-9.
        keys: Only the rows with these keys: a file, one key per line.
        status: Only rows of this status; once for each. Given with --rows or --keys, all have to fit.
        input: The job's input, where it has moved; the same file.
        rate: Requests a second [default: as the job began].
        yes: Ask nothing.
        where: Which Alianza [default: as the job began].
    """
    from alianza_async.cli.undo import run_undo
    from alianza_async.cli.undo_options import UndoOptions

    told = UndoOptions(
        journal=journal,
        include_live=include_live,
        unverified=unverified,
        dry_run=dry_run,
        rows=rows,
        keys=keys,
        status=tuple(status or ()),
        input=input,
        rate=rate,
        yes=yes,
    )
    where = where or Where()
    return finish(where, lambda screen: run_undo(told, where, screen))
