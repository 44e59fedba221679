"""Taking a job back: what it made is deleted again, the last step first, each journaled before and after.

```
first   of each row what is its own, the last step first; rows at once
then    what several rows share (an account), once all that used it is gone; rows at once
```
Only what this job made: what was there before, and what the job changed, is left alone. A row is looked at
before its first request, and refused where it is in service, was changed since, or something else hangs on
it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import anyio
import anyio.lowlevel

from alianza_async.bulk.journal import Journal, JournalReader
from alianza_async.bulk.undoing.undo_checks import Checks
from alianza_async.bulk.undoing.undo_input import InputRows
from alianza_async.bulk.undoing.undo_kinds import undo_kind
from alianza_async.bulk.undoing.undo_plan import plan_undo
from alianza_async.bulk.undoing.undo_report import UndoReport
from alianza_async.bulk.undoing.undo_rows import rows_to_undo, steps_of
from alianza_async.bulk.undoing.undo_turns import Turns
from alianza_async.errors import AlianzaError, JournalError
from alianza_async.models.base import WriteModel

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterable, Collection, Iterable, Iterator

    from anyio.abc import TaskGroup

    from alianza_async.bulk.undoing.undo_plan import UndoPlan
    from alianza_async.bulk.undoing.undo_rows import AnyStep, RowToUndo
    from alianza_async.bulk.workflows.workflow import Workflow
    from alianza_async.session import Session

__all__ = ["UndoJob", "undo"]

W = TypeVar("W", bound=WriteModel)

_UNDER_WAY: Final = 32
_WAITING: Final = 20_000  # rows that wait for the server: they hold no worker, and little memory
_BREATHER: Final = 200
_PENDING_S: Final = 1800.0


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
) -> UndoReport:
    """Take a job back: delete what it made, and nothing else.

    Killed or stopped it is run again, and goes on. What is gone already counts as taken back.

    Args:
        session: Where the job was sent.
        journal_path: Path of its journal.
        include_live: Whether telephone numbers in service are released too: that cuts off calls, emergency
            calls included.
        unverified: Whether rows are taken back of which nobody can tell whether they were changed since.
        dry_run: Whether rows are looked at, and nothing is deleted or written.
        only: Numbers of the rows that are meant; None = all.
        workflow: The job's workflow, where it is one of your own.
        source: Its input, where that has moved or came from Python; the same rows.

    Returns:
        The sums, and each row that is still there.

    Raises:
        JournalError: The journal cannot be read or written, or is of another place.
        JournalLockedError: A process works with it.
        ConfigurationError: Nothing takes back what such a job makes.
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
    )
    return await job.run()


class UndoJob:
    """Taking one job back; `stop()` ends it in order, and a new one goes on where it ended.

    Args:
        session: Where the job was sent.
        journal_path: Path of its journal.
        include_live: As of `undo`, likewise those that follow.
        unverified: As of `undo`.
        dry_run: As of `undo`.
        only: As of `undo`.
        workflow: As of `undo`.
        source: As of `undo`.
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
        pending_s: float = _PENDING_S,
    ) -> None:
        self._session = session
        self._path = Path(journal_path)
        self._include_live = include_live
        self._unverified = unverified
        self._dry_run = dry_run
        self._only = None if only is None else frozenset(only)
        self._workflow = workflow
        self._given = source
        self._pending_s = pending_s
        self._stopped = anyio.Event()
        self._turns: Turns | None = None
        self._broken: AlianzaError | None = None
        self._waiting = 0
        self._room = anyio.Event()
        self._until: dict[tuple[str, str], float] = {}
        self._since = time.time()
        self.report = UndoReport()

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished and written down."""
        self.report.stopped = True
        self._stopped.set()
        self._room.set()
        if self._turns is not None:
            self._turns.stopping = True

    async def run(self) -> UndoReport:
        """Take it back, and return the report.

        Raises:
            JournalError: As of `undo`, likewise those that follow.
            ConfigurationError: As of `undo`.
            AuthenticationError: As of `undo`.
            CallError: As of `undo`.
        """
        journal = Journal.open(self._path)
        try:
            self.report.journal_path = journal.path
            await self._run(journal)
        finally:
            self.report.in_flight = 0
            self.report.end()
            with anyio.CancelScope(shield=True):
                await journal.aclose()
        if self._broken is not None:
            raise self._broken
        return self.report

    async def _run(self, journal: Journal) -> None:
        session, facts = self._session, journal.facts
        workflow: Workflow[Any] | None = self._workflow
        steps = steps_of(facts.kind, workflow)
        kind = undo_kind(session, facts, workflow)
        await _check_place(session, journal)
        # Reading a large journal takes seconds: not on the event loop.
        plan = await anyio.to_thread.run_sync(self._planned, journal.path)
        self.report.rows = plan.rows + plan.refused_count + plan.done_before
        self.report.done_before, self.report.found = plan.done_before, plan.found
        self.report.updated_rows = plan.updated_rows
        info = session.info or await session.authorize.user_info()
        logins = frozenset(name.casefold() for name in (facts.login, info.username, info.user_id) if name)
        rows = InputRows(journal)
        await rows.open(kind, self._given)
        checks = Checks(
            session,
            journal,
            kind,
            rows,
            logins=logins,
            include_live=self._include_live,
            unverified=self._unverified,
        )
        self._turns = turns = Turns(
            journal, checks, self.report, dry_run=self._dry_run, pending_s=self._pending_s
        )
        turns.stopping = self._stopped.is_set()
        await self._pass(self._own(journal, steps, rows), turns)
        if any(step.shared for step in steps) and not self._dry_run and not turns.stopping:
            await self._pass(self._shared(journal, steps, rows), turns)

    def _planned(self, path: Path) -> UndoPlan:
        workflow: Workflow[Any] | None = self._workflow
        with JournalReader(path) as reader:
            return plan_undo(reader, workflow=workflow, only=self._only)

    # --- which rows -----------------------------------------------------------------------------------------

    def _own(
        self, journal: Journal, steps: tuple[AnyStep, ...], rows: InputRows
    ) -> Iterator[RowToUndo | None]:
        """Yield each row with what is its own; None for a row of which there is nothing to do now."""
        rows.rewind()
        for undoing in rows_to_undo(journal, steps, kind=journal.facts.kind):
            self._note(undoing, steps)
            if self._only is not None and undoing.number not in self._only:
                yield None
                continue
            own = [step for step in undoing.left if not step.shared]
            if undoing.unsettled or (self._dry_run and undoing.left and not own):
                own = undoing.left
            elif not own:
                yield None
                continue
            undoing.last = self._dry_run or len(own) == len(undoing.left)
            undoing.left = own
            undoing.row = rows.get(undoing.entry)
            yield undoing

    def _shared(
        self, journal: Journal, steps: tuple[AnyStep, ...], rows: InputRows
    ) -> Iterator[RowToUndo | None]:
        """Yield each row that made what several rows share, now that what is their own is gone."""
        rows.rewind()
        for undoing in rows_to_undo(journal, steps, kind=journal.facts.kind, only=self._only):
            shared = [step for step in undoing.left if step.shared]
            if undoing.unsettled or not shared:
                yield None
                continue
            own = [step.name for step in undoing.left if not step.shared]
            undoing.blocked = own[-1] if own else None
            undoing.left = shared
            keys = ((step.name, undoing.made[step.name].key or "") for step in shared)
            undoing.until = max(self._until.get(key, 0.0) for key in keys)
            undoing.since = self._since
            undoing.row = rows.get(undoing.entry)
            yield undoing

    def _note(self, undoing: RowToUndo, steps: tuple[AnyStep, ...]) -> None:
        """Remember when the job was through with what a row shares, and when that was first taken back."""
        self._since = min(self._since, undoing.undo_began or self._since)
        for step in steps:
            of = undoing.made.get(step.name) if step.shared else None
            if of is not None and of.key is not None:
                key = step.name, of.key
                self._until[key] = max(undoing.ended, self._until.get(key, 0.0))

    # --- their turns ----------------------------------------------------------------------------------------

    async def _pass(self, feed: Iterator[RowToUndo | None], turns: Turns) -> None:
        """Take rows back, so many at once, until there are no more and none waits."""
        async with anyio.create_task_group() as group:
            for _ in range(min(_UNDER_WAY, self._session.capacity)):
                group.start_soon(self._work, feed, turns, group)

    async def _work(self, feed: Iterator[RowToUndo | None], turns: Turns, group: TaskGroup) -> None:
        passed_over = 0
        while not self._stopped.is_set():
            if self._waiting >= _WAITING:
                self._room = anyio.Event()
                await self._room.wait()
                continue
            try:
                undoing = next(feed)
            except StopIteration:
                return
            except AlianzaError as error:
                self._break(error)
                return
            if undoing is None:
                passed_over += 1
                if passed_over % _BREATHER == 0:
                    await anyio.lowlevel.checkpoint()
                continue
            self.report.in_flight += 1
            due = await self._turn(undoing, turns)
            if due is not None:
                self._waiting += 1
                group.start_soon(self._wait, undoing, due, turns)

    async def _wait(self, undoing: RowToUndo, due: float | None, turns: Turns) -> None:
        """Have a row wait for the server; it holds no worker, and a stop ends the wait."""
        while due is not None:
            with anyio.CancelScope(deadline=due):
                await self._stopped.wait()
            if self._stopped.is_set():
                break  # its intent is written: the next undo looks
            due = await self._turn(undoing, turns)
        else:
            self._waiting -= 1
            self._room.set()
            return
        self.report.in_flight -= 1

    async def _turn(self, undoing: RowToUndo, turns: Turns) -> float | None:
        due: float | None = None
        try:
            due = await turns.turn(undoing)
        except AlianzaError as error:
            self._break(error)
        if due is None:
            self.report.in_flight -= 1
        return due

    def _break(self, error: AlianzaError) -> None:
        """Stop because of an error; the first one is the one that is told."""
        self._broken = self._broken or error
        self.stop()


async def _check_place(session: Session, journal: Journal) -> None:
    """Refuse a session that is not where the job was sent.

    Raises:
        JournalError: It is not.
        CallError: The login failed.
    """
    facts, partition_id = journal.facts, await session.partition_id()
    for what, was, now in (
        ("base URL", facts.base_url, session.base_url),
        ("partition", facts.partition_id or partition_id, partition_id),
    ):
        if was != now:
            raise JournalError(
                f"the job of {journal.path} was sent to {what} {was!r}, not {now!r}: undo it there"
            )
