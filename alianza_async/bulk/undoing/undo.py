"""Undoing a job: what it provably made is deleted, what it changed is restored, the last step first.

```
first   of each row what is its own, the last step first; rows at once
then    what several rows share (an account), once all that used it is gone; rows at once
```
Each request is journaled before it is sent. A row is looked at before its first request, and refused where it
is in service, was changed since, or something else hangs on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio

from alianza_async.bulk.engine.pool import Pool
from alianza_async.bulk.history import history_of, journaled_samples
from alianza_async.bulk.input.again import RowsAgain, read_again
from alianza_async.bulk.job_journal import refuse_elsewhere
from alianza_async.bulk.journal.files import real_path
from alianza_async.bulk.journal.job_facts import logins_of
from alianza_async.bulk.journal.leased import leased
from alianza_async.bulk.journal.reader import JournalReader
from alianza_async.bulk.kinds.by_name import kept_kind
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.undoing.undo_checks import Checks, span_of
from alianza_async.bulk.undoing.undo_plan import plan_undo, workflow_of
from alianza_async.bulk.undoing.undo_report import UndoReport
from alianza_async.bulk.undoing.undo_rows import BEGUN, Stay, UndoSteps
from alianza_async.bulk.undoing.undo_turns import Turns
from alianza_async.endpoints.matching import folded
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import AlianzaError, InputChangedError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable

    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.bulk.journal.store import Fence, JournalStore, UndoEntry
    from alianza_async.bulk.undoing.undo_plan import UndoPlan
    from alianza_async.bulk.undoing.undo_report import UndoStatus
    from alianza_async.bulk.undoing.undo_rows import Target, UndoRow
    from alianza_async.session import Session

__all__ = ["UndoJob", "undo"]

W = TypeVar("W", bound=WriteModel)

_UNDER_WAY: Final = 32
_WAITING: Final = 20_000  # rows that wait for the server: they hold no worker, and little memory
_PENDING_S: Final = 1800.0
_ENDED: Final[dict[str, UndoStatus]] = {"failed": "failed", "skipped": "refused"}


async def undo(
    session: Session,
    journal_path: str | os.PathLike[str],
    *,
    include_live: bool = False,
    unverified: bool = False,
    dry_run: bool = False,
    only: Collection[int] | None = None,
    workflow: Workflow[W] | None = None,
    source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
    file: FileOptions | None = None,
) -> UndoReport:
    """Undo a job: delete what it provably made, restore what it changed, and nothing else.

    Killed or stopped it is run again, and goes on. What is gone already counts as undone.

    Args:
        session: Where the job was sent.
        journal_path: Path of its journal.
        include_live: Whether telephone numbers in service are released too: that cuts off calls, emergency
            calls included.
        unverified: Whether objects are deleted, or restored, of which nothing proves who made or changed
            them, or shows whether they were changed since; never those that account history says somebody
            else made or changed.
        dry_run: Whether rows are looked at, and nothing is deleted or written.
        only: Numbers of the rows to undo; None = all.
        workflow: The job's workflow, where it is one of your own.
        source: Its input, where that has moved or came from Python; the same rows.
        file: How the input is read, where that is not as the job began.

    Returns:
        The sums, and each row of which something is still there.

    Raises:
        JournalError: The journal cannot be read or written, or is of another place.
        JournalLockedError: A process works with it.
        ConfigurationError: What such a job makes cannot be undone.
        SourceError: The given input cannot be read.
        AuthenticationError: The login was refused.
        CallError: The login failed.
    """
    job = UndoJob(
        session,
        journal_path,
        include_live=include_live,
        unverified=unverified,
        dry_run=dry_run,
        only=only,
        workflow=workflow,
        source=source,
        file=file,
    )
    return await job.run()


class UndoJob:
    """Undoing one job; `stop()` ends it in order, and a new one goes on where it ended.

    Args:
        session: Where the job was sent.
        journal_path: Path of its journal.
        include_live: As of `undo`, likewise those that follow.
        unverified: As of `undo`.
        dry_run: As of `undo`.
        only: As of `undo`.
        workflow: As of `undo`.
        source: As of `undo`.
        file: As of `undo`.
        pending_s: Seconds that one step may take at the server, such as an account that is DELETE_PENDING;
            what takes longer is `unknown`.

    Attributes:
        report: The sums, live while it runs.
    """

    def __init__(
        self,
        session: Session,
        journal_path: str | os.PathLike[str],
        *,
        include_live: bool = False,
        unverified: bool = False,
        dry_run: bool = False,
        only: Collection[int] | None = None,
        workflow: Workflow[W] | None = None,
        source: str | os.PathLike[str] | Iterable[object] | AsyncIterable[object] | None = None,
        file: FileOptions | None = None,
        pending_s: float = _PENDING_S,
    ) -> None:
        self._session = session
        self._path = Path(journal_path)
        self._include_live = include_live
        self._unverified = unverified
        self._dry_run = dry_run
        self._only = None if only is None else frozenset(only)
        self._workflow: Workflow[Any] | None = workflow
        self._given = source
        self._file = file
        self._pending_s = pending_s
        self._stopped = False
        self._pool: Pool[UndoRow] | None = None
        self._turns: Turns | None = None
        self._broken: AlianzaError | None = None
        self.report = UndoReport()

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished and written down."""
        self._stopped = self.report.stopped = True
        if self._turns is not None:
            self._turns.stopping = True
        if self._pool is not None:
            self._pool.abandon()  # the intents of rows that wait are on disk: the next undo looks

    async def run(self) -> UndoReport:
        """Undo it, and return the report.

        Raises:
            AlianzaError: As of `undo`.
        """
        with JournalReader(self._path) as reader:
            # Beforehand, so that what cannot be undone touches nothing.
            UndoSteps(workflow_of(reader.facts, self._workflow), unverified=self._unverified)
        async with leased(self._path) as (store, fence):
            self.report.journal_path = real_path(self._path)
            try:
                await self._run(store, fence)
            finally:
                self.report.in_flight = 0
                self.report.end()
        if self._broken is not None:
            raise self._broken
        return self.report

    async def _run(self, store: JournalStore, fence: Fence) -> None:
        session, facts, report = self._session, store.facts, self.report
        await refuse_elsewhere(session, facts, self._path, "undo")
        kind = kept_kind(session, facts, JobSettings(), self._workflow)
        steps = UndoSteps(kind.workflow, unverified=self._unverified)
        # Reading a large journal takes seconds: not on the event loop.
        plan = await anyio.to_thread.run_sync(self._planned)
        report.rows, report.done_before, report.found = plan.all_rows, plan.done_before, plan.found
        info = session.info or await session.authorize.user_info()
        rows = await read_again(store, kind, self._given, file=self._file)
        history = history_of(session, store)
        history.calibrate(await journaled_samples(store, kind, session))
        checks = Checks(
            session,
            store,
            kind,
            history,
            no_input=rows if isinstance(rows, str) else None,
            logins=frozenset(
                folded(name) for name in (*logins_of(facts), info.username, info.user_id) if name
            ),
            include_live=self._include_live,
            unverified=self._unverified,
        )
        settings = JobSettings.from_json(facts.options)
        self._turns = turns = Turns(
            store,
            fence,
            steps,
            checks,
            report,
            dry_run=self._dry_run,
            settle_s=session.retry_policy.settle_s if settings.settle_s is None else settings.settle_s,
            pending_s=self._pending_s,
        )
        turns.stopping = self._stopped
        again = None if isinstance(rows, str) else rows
        await self._pass(self._own(store, steps, checks, again), turns)
        if any(step.shared for step in steps.steps) and not self._dry_run and not self._stopped:
            await self._pass(self._shared(store, steps, again, turns, checks), turns)

    def _planned(self) -> UndoPlan:
        with JournalReader(self._path) as reader:
            return plan_undo(reader, workflow=self._workflow, only=self._only, unverified=self._unverified)

    # --- which rows -----------------------------------------------------------------------------------------

    async def _own(
        self, store: JournalStore, steps: UndoSteps, checks: Checks, rows: RowsAgain | None
    ) -> AsyncIterator[UndoRow]:
        """Yield each row with what is its own."""
        async for row in self._rows(store, steps, rows, checks):
            if not self._dry_run:
                row.later = [target for target in row.targets if target.step.shared]
                row.targets = [target for target in row.targets if not target.step.shared]
            if row.targets or (row.stays and not row.later):
                yield row

    async def _shared(
        self,
        store: JournalStore,
        steps: UndoSteps,
        rows: RowsAgain | None,
        turns: Turns,
        checks: Checks,
    ) -> AsyncIterator[UndoRow]:
        """Yield each row that made what several rows share, now that what is their own is gone."""
        async for state in store.entries(*BEGUN):
            for used in steps.used_by(state, await store.undone(state.entry.row)):
                checks.used.setdefault(used, state.entry.row)
        async for row in self._rows(store, steps, rows):
            own = [target for target in row.targets if not target.step.shared]
            row.targets = [target for target in row.targets if target.step.shared]
            row.stays += [_left(target, row.undone.get(target.name)) for target in own]
            named = {stay.name for stay in row.stays}
            harmless = turns.harmless.pop(row.number, [])
            row.stays += [stay for stay in harmless if stay.name not in named]
            steps.block(row)
            if row.targets:
                yield row

    async def _rows(
        self, store: JournalStore, steps: UndoSteps, rows: RowsAgain | None, checks: Checks | None = None
    ) -> AsyncIterator[UndoRow]:
        """Yield every row of which something may be there, by number."""
        if rows is not None:
            rows.rewind()
        begun = bool(await store.undo_counts())
        async for state in store.entries(*BEGUN):
            for step in steps.steps if checks is not None else ():
                entry = state.steps.get(step.name)
                span = None if entry is None or entry.status != "updated" else span_of(entry)
                if checks is not None and entry is not None and span is not None and step.shared:
                    checks.shared.setdefault((step.name, folded(entry.key or "")), []).append(span)
            number = state.entry.row
            if self._only is not None and number not in self._only:
                continue
            row = steps.of(state, await store.undone(number) if begun else {})
            try:
                row.row = None if rows is None else rows.find(state.entry)
            except InputChangedError:
                row.row = None  # no evidence
            yield row

    # --- their turns ----------------------------------------------------------------------------------------

    async def _pass(self, feed: AsyncIterator[UndoRow], turns: Turns) -> None:
        """Undo rows, so many at once, until there are no more and none waits."""
        began: set[int] = set()
        turn_of_feed = anyio.Lock()

        async def take() -> tuple[UndoRow, float | None] | None:
            try:
                async with turn_of_feed:  # an async generator serves one at a time
                    row = None if self._stopped else await anext(feed, None)
            except AlianzaError as error:
                self._break(error)
                return None
            return None if row is None else (row, None)

        async def turn(row: UndoRow) -> float | None:
            if row.number not in began:
                began.add(row.number)
                self.report.in_flight += 1
            due: float | None = None
            try:
                due = None if self._stopped and row.attempt is None else await turns.turn(row)
            except AlianzaError as error:
                self._break(error)
            if self._stopped or due is None:
                began.discard(row.number)
                self.report.in_flight -= 1
                return None
            return due

        width = min(_UNDER_WAY, self._session.capacity)
        self._pool = Pool(take, turn, width=lambda: width, waiting=_WAITING)
        await self._pool.run()

    def _break(self, error: AlianzaError) -> None:
        """Stop because of an error; the first one is the one that is reported."""
        self._broken = self._broken or error
        self.stop()


def _left(target: Target, undone: UndoEntry | None) -> Stay:
    """Return a step of a row's own that is still there, as its journal has it."""
    status = _ENDED.get(undone.status if undone else "", "unknown")
    error = AlianzaError((undone.error if undone else None) or "it was not undone")
    return Stay(target.name, status, error, target.entry)
