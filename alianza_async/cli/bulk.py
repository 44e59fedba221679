"""`alianza bulk run`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from alianza_async.bulk.input.counting import count_rows
from alianza_async.bulk.kinds.by_name import destroys
from alianza_async.bulk.output.place import refuse_place
from alianza_async.cli.choices import refuse_account_id
from alianza_async.cli.confirm import confirm_destruction, confirm_production, refuse_unattended
from alianza_async.cli.connect import make_session, place
from alianza_async.cli.journals import CREATED, new_journal, work_in_words
from alianza_async.cli.screen import plain
from alianza_async.cli.summary import Command, tell
from alianza_async.cli.watch import watch
from alianza_async.cli.whole_job import tell_whole
from alianza_async.settings import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alianza_async.bulk.engine.context import OnExists
    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.job import BulkJob
    from alianza_async.bulk.options import Via
    from alianza_async.cli.options import Where
    from alianza_async.cli.screen import Screen
    from alianza_async.session import Session

__all__ = ["BulkOptions", "ask_first", "name_unknown", "run_bulk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOptions:
    """The options of `bulk run`.

    Attributes:
        file: CSV or JSON Lines file.
        kind: What a row becomes.
        results: Where each row's outcome is written, or None.
        force: Whether a file that is there may be replaced by it.
        journal: Where the journal goes, or None for a new one in the user's state folder.
        plan: The plan that is to be run, or None.
        concurrency: Items under way.
        rate: Requests a second, or None for the session's own.
        max_failures: The failure budget, or None for the default.
        ensure: Whether each item is looked up first.
        on_exists: What becomes of rows that are there already.
        choices: What the kind leaves to be decided, by name.
        canary: How many are made and read back first.
        settle: Seconds until a lost answer is looked up, or None for the session's own.
        grace: Seconds that what is under way has after an interrupt.
        outage_limit: Seconds to wait for a host that cannot be reached.
        account_id: The account of every row, for a kind that takes one.
        via: Which way rows go.
        batch: Rows in one of the server's jobs, or None for the default.
        yes: Whether nothing has to be typed.
    """

    file: Path
    kind: str
    results: Path | None = None
    force: bool = False
    journal: Path | None = None
    plan: Path | None = None
    concurrency: int | Literal["auto"] = "auto"
    rate: float | None = None
    max_failures: str | None = None
    ensure: bool = False
    on_exists: OnExists = "skip"
    choices: Mapping[str, str] = field(default_factory=dict[str, str])
    canary: int = 0
    settle: float | None = None
    grace: float | None = 30.0
    outage_limit: float = 3600.0
    account_id: str | None = None
    via: Via = "calls"
    batch: int | None = None
    yes: bool = False

    @property
    def ids(self) -> dict[str, str]:
        """The ids that are the same for every row."""
        return {} if self.account_id is None else {"account_id": self.account_id}


def run_bulk(options: BulkOptions, where: Where, screen: Screen) -> int:
    """Run a job and return the exit code.

    Raises:
        ConfigurationError: An option is invalid, or production was not confirmed.
        SourceError: The input cannot be read.
        InputChangedError: It is not the one that was planned.
        JournalError: There is a journal at its place, or none can be made.
        AlianzaError: The login failed, or the result file cannot be written.
    """
    if options.account_id is not None:
        refuse_account_id(options.kind)
    rows = count_rows(options.file)
    if options.results is not None and options.plan is not None:
        refuse_place(options.results, force=options.force, inputs=[options.file, options.plan])
    session = make_session(where, rate=options.rate)
    journal = new_journal(options.journal, options.file)
    job = _make_job(session, options, journal)
    _check_plan(options, session, None)
    destroyed = destroys(options.kind, options.choices)
    refuse_unattended(destroyed, yes=options.yes)
    if not destroyed:  # else the one question names the environment too
        confirm_production(session, _what(options.kind, rows), screen, yes=options.yes)
    return asyncio.run(_run(session, job, options, journal, rows, screen))


def _make_job(session: Session, options: BulkOptions, journal: Path) -> BulkJob:
    return session.bulk.run(
        options.kind,
        options.file,
        ids=options.ids,
        choices=options.choices,
        concurrency=options.concurrency,
        ensure=options.ensure,
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
    )


def _what(kind: str, rows: int | None) -> str:
    """Write what a job is about to do, for whoever has to confirm it."""
    count = "an unknown number of" if rows is None else f"up to {rows:,}"
    return f"creates {count} {kind}" if kind in CREATED else f"runs {kind}"


def _check_plan(options: BulkOptions, session: Session, partition_id: str | None) -> Fingerprint | None:
    """Refuse to run anything but what was planned; returns the input's fingerprint, None without a plan.

    Raises:
        InputChangedError: The input is not as it was.
        ConfigurationError: The plan is another kind's, or for another place.
    """
    if options.plan is None:
        return None
    from alianza_async.bulk.planning.plan_file import check_plan

    return check_plan(
        options.plan,
        options.file,
        kind=options.kind,
        partition_id=partition_id,
        base_url=session.base_url,
        options={"ensure": options.ensure, **options.ids, **options.choices},
    )


async def _run(  # noqa: PLR0917  (what was made of the command line)
    session: Session,
    job: BulkJob,
    options: BulkOptions,
    journal: Path,
    rows: int | None,
    screen: Screen,
) -> int:
    async with session:
        partition = await session.partition_id()
        planned = _check_plan(options, session, partition)  # the file may have changed while somebody typed
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
        named = name_unknown(job.report.unknown_columns, screen)
        outcome = await watch(job, screen, rows=rows, session=session)
    if not named:
        name_unknown(job.report.unknown_columns, screen)
    tell_whole(outcome.report)
    tell(outcome, screen, Command(options.file, options.kind, options.account_id, options.choices))
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
    words = kind if rows is None else f"{kind} {rows}"
    if session.environment is Environment.PRODUCTION:
        words = f"{words} {Environment.PRODUCTION.value}"
    confirm_destruction(
        destroys(kind, choices),
        words,
        where=f"{place(session)}, partition {partition}, {'each row' if rows is None else f'{rows:,} rows'}",
        screen=screen,
        yes=yes,
    )


def name_unknown(columns: tuple[str, ...], screen: Screen) -> bool:
    """Name the columns that mean nothing to us, once."""
    if columns:
        names = ", ".join(plain(column) for column in columns)
        screen.say(f"Kept in the results, not sent: {names}", "yellow")
    return bool(columns)
