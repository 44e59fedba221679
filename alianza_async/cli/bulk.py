"""`alianza bulk run`."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alianza_async.cli.connect import make_session, place
from alianza_async.cli.counting import count_rows
from alianza_async.cli.screen import plain
from alianza_async.cli.summary import Command, tell
from alianza_async.cli.watch import watch
from alianza_async.errors import ConfigurationError
from alianza_async.settings import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.job import BulkJob
    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen
    from alianza_async.models.accounts import Account
    from alianza_async.models.users import User
    from alianza_async.session import Session

__all__ = ["BulkOptions", "run_bulk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOptions:
    """What `bulk run` was told.

    Attributes:
        file: CSV or JSON Lines file.
        kind: What a row becomes.
        results: Where each row's outcome is written, or None.
        concurrency: Items under way.
        rate: Requests a second, or None for the session's own.
        max_failures: The failure budget, or None for the default.
        ensure: Whether each item is looked up first.
        account_id: The account of every row, for users.
        yes: Whether production needs no typed word.
    """

    file: Path
    kind: Literal["accounts", "users"]
    results: Path | None = None
    concurrency: int | Literal["auto"] = "auto"
    rate: float | None = None
    max_failures: str | None = None
    ensure: bool = False
    account_id: str | None = None
    yes: bool = False


def run_bulk(options: BulkOptions, where: Where, screen: Screen) -> int:
    """Run a job and return the exit code.

    Raises:
        ConfigurationError: An option cannot be meant, or production was not confirmed.
        SourceError: The input cannot be read.
        AlianzaError: The login failed, or the result file cannot be written.
    """
    if options.account_id is not None and options.kind != "users":
        raise ConfigurationError("--account-id goes with --kind users alone; leave it out")
    rows = count_rows(options.file)
    session = make_session(where, rate=options.rate)
    job = make_job(session, options)
    if session.environment is Environment.PRODUCTION and not options.yes:
        _confirm(session, options, rows, screen)
    return asyncio.run(_run(session, job, options, rows, screen))


def make_job(session: Session, options: BulkOptions) -> BulkJob[Account] | BulkJob[User]:
    """Return the job that the options ask for.

    Raises:
        ConfigurationError: An option cannot be meant.
        SourceError: The input cannot be read, or lacks a column.
    """
    if options.kind == "accounts":
        return session.bulk.create_accounts(
            options.file,
            concurrency=options.concurrency,
            ensure=options.ensure,
            max_failures=options.max_failures,
            results=options.results,
        )
    return session.bulk.create_users(
        options.file,
        account_id=options.account_id,
        concurrency=options.concurrency,
        ensure=options.ensure,
        max_failures=options.max_failures,
        results=options.results,
    )


def _confirm(session: Session, options: BulkOptions, rows: int | None, screen: Screen) -> None:
    """Have the environment's name typed before anything is sent to production.

    Raises:
        ConfigurationError: It was not, or there is nobody to type it.
    """
    word = Environment.PRODUCTION.value
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(
            f"this writes to {word} and nobody is there to confirm it; say so with --yes"
        )
    count = "an unknown number of" if rows is None else f"up to {rows:,}"
    screen.say(f"This creates {count} {options.kind} in {word} ({session.base_url}).", "bold yellow")
    screen.err.print("Type the environment's name to go on: ", end="")
    if sys.stdin.readline().strip() != word:
        raise ConfigurationError(f"{word} was not confirmed; nothing was sent")


async def _run(
    session: Session,
    job: BulkJob[Account] | BulkJob[User],
    options: BulkOptions,
    rows: int | None,
    screen: Screen,
) -> int:
    async with session:
        partition = await session.partition_id()
        count = "" if rows is None else f"{rows:,} "
        screen.say(
            f"Creating {count}{options.kind} at {place(session)}, partition {partition}, "
            f"at most {session.full_rate:g} requests a second"
        )
        named = _name_unknown(job.report.unknown_columns, screen)
        outcome = await watch(job, screen, rows=rows)
    if not named:
        _name_unknown(job.report.unknown_columns, screen)
    tell(outcome, screen, Command(options.file, options.kind, options.account_id))
    if screen.as_json:
        screen.json(outcome.to_json())
    return outcome.code


def _name_unknown(columns: tuple[str, ...], screen: Screen) -> bool:
    """Name the columns that mean nothing to us, once."""
    if columns:
        names = ", ".join(plain(column) for column in columns)
        screen.say(f"Kept in the results, not sent: {names}", "yellow")
    return bool(columns)
