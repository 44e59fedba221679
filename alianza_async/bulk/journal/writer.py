"""The one thread that writes to a journal: what many wait for is one commit, and one sync of the disk."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from alianza_async.bulk.journal.commands import command_line
from alianza_async.bulk.journal.encoding import CLAIM, Flat
from alianza_async.bulk.journal.statements import MOST, blamed, fence_row, write
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alianza_async.bulk.journal.store import Fence

__all__ = ["BETWEEN_COMMITS_S", "Writer", "reason_of"]

BETWEEN_COMMITS_S: Final = 0.010
"""Seconds between the end of a commit and the next one: whoever comes meanwhile shares it."""

_ENOUGH: Final = 32
"""Entries for which a commit comes sooner: more of them would save little, and rows wait for it."""


_CHECKPOINTS: Final = 5
_READERS_S: Final = 0.02

_T = TypeVar("_T")
_Task = Callable[[sqlite3.Connection], object]


class _Waiting(NamedTuple):
    """An entry, and who waits for it: rows under a fence, or a task that writes something else."""

    fence: Fence | None
    rows: Sequence[Flat]
    task: _Task | None
    future: asyncio.Future[Any]
    checkpoint: bool = False


class _Outcome(NamedTuple):
    future: asyncio.Future[Any]
    value: object
    error: JournalError | None


# One row was refused, or is no row: that is its waiter's error, the others go on.
_REFUSALS: Final = (
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError),
    *(OverflowError, UnicodeError),
)
_OWNERS: Final = (
    "SELECT json_group_array(json_array(claims.step, claims.key, claims.row)) FROM json_each(?) AS wanted "
    "JOIN claims ON claims.step = json_extract(wanted.value, '$[0]') "
    "AND claims.key = json_extract(wanted.value, '$[1]')"
)


class Writer:
    """Writes what is submitted, in that order, each entry whole or not at all.

    What cannot be written any more (disk full, an I/O error) breaks it: everybody who waits gets the reason,
    and nothing more is taken. What was acknowledged before stays.

    Args:
        database: The connection it writes by; its alone from now on, and closed by it at the end.
        path: The journal, for messages.
        sequence: How many commits the journal has.
        on_commit: Called by the thread after each commit, with the sequence.
        last: What the thread does with the connection before it closes it, also where the journal is broken.
        on_end: Called once by the thread when the last entry is written and the connection is closed.
    """

    def __init__(
        self,
        database: sqlite3.Connection,
        path: Path,
        *,
        sequence: int,
        on_commit: Callable[[int], None],
        last: Callable[[sqlite3.Connection], None],
        on_end: Callable[[], None],
    ) -> None:
        self.broken: JournalError | None = None
        self.sequence = sequence
        self._database = database
        self._path = path
        self._on_commit = on_commit
        self._last = last
        self._on_end = on_end
        self._condition = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._idle = False
        self._closing = False
        # A daemon: a process that leaves in a hurry loses what was never acknowledged, as by a kill.
        self._thread = threading.Thread(target=self._work, name=f"journal {path.name}", daemon=True)
        self._thread.start()

    def submit(self, fence: Fence, rows: Sequence[Flat]) -> asyncio.Future[Any]:
        """Have rows written together; the future is done when they are on disk.

        Whoever cancels it takes nothing back: they are written all the same. Of a claim, it holds the row
        that has the key.

        Raises:
            JournalError: The journal is broken or closed.
        """
        return self._put(_Waiting(fence, rows, None, asyncio.get_running_loop().create_future()))

    def run(
        self, task: Callable[[sqlite3.Connection], _T], *, checkpoint: bool = False
    ) -> asyncio.Future[_T]:
        """Have something else written, in a transaction that also counts as a commit.

        Args:
            task: Writes it, in the thread, and returns the future's value. It checks before it writes, and
                raises JournalError where it cannot be.
            checkpoint: Whether it has to be in the file itself, not in its log.

        Raises:
            JournalError: The journal is broken or closed.
        """
        future: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._put(_Waiting(None, (), task, future, checkpoint))
        return future

    def close(self) -> None:
        """Take nothing more, write what is waiting, end; returns when that is done."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    def _put(self, entry: _Waiting) -> asyncio.Future[Any]:
        with self._condition:
            if self.broken is not None:
                raise JournalError(str(self.broken))
            if self._closing:
                raise JournalError(f"the journal {self._path} is closed: nothing more can be written")
            self._waiting.append(entry)
            if self._idle or len(self._waiting) == _ENOUGH:
                self._condition.notify()
        return entry.future

    # --- in the thread --------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            last = 0.0
            while batch := self._batch(last):
                self._write(batch)
                last = time.monotonic()
        finally:
            with suppress(sqlite3.Error):
                self._last(self._database)
            with suppress(sqlite3.Error):
                self._database.close()
            self._on_end()

    def _batch(self, last: float) -> list[_Waiting]:
        """Wait for entries and return them; none once it is closed and all are written."""
        with self._condition:
            while not self._waiting and not self._closing:
                self._idle = True
                self._condition.wait()
            self._idle = False
            while not self._closing and len(self._waiting) < _ENOUGH:
                pause = last + BETWEEN_COMMITS_S - time.monotonic()
                if pause <= 0:
                    break
                self._condition.wait(pause)
            batch, self._waiting = self._waiting, []
        return batch

    def _write(self, batch: list[_Waiting]) -> None:
        """Commit a batch and wake everybody who waits for it."""
        try:
            outcomes = self._together(batch) or self._one_by_one(batch)
        except Exception as error:  # noqa: BLE001  (whatever the reason, no waiter may hang)
            outcomes = self._break(batch, error)
        _wake(outcomes)
        with suppress(Exception):  # what is noted elsewhere must not end this thread
            self._on_commit(self.sequence)

    def _together(self, batch: list[_Waiting]) -> list[_Outcome] | None:
        """Write a batch by as few calls as can be; None where it has to be written one by one."""
        rows: list[Flat] = []
        fence: Fence | None = None
        fences = 0
        for entry in batch:
            if entry.fence is None:
                return None
            if entry.fence != fence:
                fence = entry.fence
                fences += 1
                rows.append(fence_row(fence))
            rows += entry.rows
        try:
            self._insert(rows, "BEGIN IMMEDIATE", "COMMIT")
        except _REFUSALS:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            return None
        self.sequence += fences
        owners = self._owners(rows)
        if not owners:
            return [_Outcome(entry.future, None, None) for entry in batch]
        return [_Outcome(entry.future, _owner(entry.rows, owners), None) for entry in batch]

    def _insert(self, rows: Sequence[Flat], begin: str, end: str) -> None:
        if len(rows) <= MOST:
            write(self._database, rows)  # a statement alone is whole or not there
            return
        self._database.execute(begin)
        for start in range(0, len(rows), MOST):
            write(self._database, rows[start : start + MOST])
        self._database.execute(end)

    def _owners(self, rows: Sequence[Flat]) -> dict[tuple[str | None, str | None], int]:
        """Return which row has each key that was claimed."""
        claimed = [(row.step, row.key) for row in rows if row.what == CLAIM]
        if not claimed:
            return {}
        found = self._database.execute(_OWNERS, (json.dumps(claimed),)).fetchone()
        cells = cast("list[tuple[str, str, int]]", json.loads(found[0]))
        return {(step, key): row for step, key, row in cells}

    def _one_by_one(self, batch: list[_Waiting]) -> list[_Outcome]:
        self._database.execute("BEGIN IMMEDIATE")
        sequence = self.sequence
        outcomes: list[_Outcome] = []
        for entry in batch:
            outcome = self._run(entry) if entry.task else self._entry(entry)
            sequence += outcome.error is None
            outcomes.append(outcome)
        self._database.execute("COMMIT")
        self.sequence = sequence
        if any(entry.checkpoint for entry in batch):
            self._checkpoint()
        return outcomes

    def _checkpoint(self) -> None:
        for _ in range(_CHECKPOINTS):
            _, log, folded = self._database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if log == folded:
                return
            time.sleep(_READERS_S)  # somebody reads what is older

    def _run(self, entry: _Waiting) -> _Outcome:
        task = cast("_Task", entry.task)
        try:
            value = task(self._database)
            self._database.execute("UPDATE job SET sequence = sequence + 1")
        except JournalError as error:
            return _Outcome(entry.future, None, error)
        except _REFUSALS as error:
            failure = JournalError(f"the job cannot be written to the journal ({error})")
            return _Outcome(entry.future, None, failure)
        return _Outcome(entry.future, value, None)

    def _entry(self, entry: _Waiting) -> _Outcome:
        """Write one entry whole, or say why nothing of it was written."""
        fence = cast("Fence", entry.fence)
        rows = [fence_row(fence), *entry.rows]
        try:
            self._insert(rows, "SAVEPOINT entry", "RELEASE entry")
        except _REFUSALS as error:
            if len(rows) > MOST:
                self._database.execute("ROLLBACK TO entry")
                self._database.execute("RELEASE entry")
            reason = blamed(self._database, fence, entry.rows, error)
            return _Outcome(entry.future, None, JournalError(reason))
        return _Outcome(entry.future, _owner(entry.rows, self._owners(entry.rows)), None)

    def _break(self, batch: list[_Waiting], error: Exception) -> list[_Outcome]:
        """Take nothing more; return what everybody who waits gets."""
        with suppress(sqlite3.Error):
            self._database.execute("ROLLBACK")
        broken = JournalError(
            f"the journal {self._path} cannot be written ({reason_of(error)}), so nothing more is sent: "
            f"remove the cause, then continue with `{command_line('resume', self._path)}`"
        )
        broken.__cause__ = error
        with self._condition:
            self.broken = broken
            left, self._waiting = self._waiting, []
        return [_Outcome(entry.future, None, JournalError(str(broken))) for entry in (*batch, *left)]


def reason_of(error: Exception) -> str:
    """Return in few words why a journal cannot be used."""
    match error:
        case sqlite3.Error(sqlite_errorname="SQLITE_FULL"):
            return "the disk is full"
        case sqlite3.Error(sqlite_errorname="SQLITE_BUSY"):
            return "another program keeps it locked"
        case sqlite3.Error():
            return str(error)
        case OSError(strerror=str(why)):
            return why
        case _:
            return type(error).__name__


def _owner(rows: Sequence[Flat], owners: dict[tuple[str | None, str | None], int]) -> int | None:
    return owners.get((rows[0].step, rows[0].key)) if rows and rows[0].what == CLAIM else None


def _wake(outcomes: Sequence[_Outcome]) -> None:
    """Resolve futures, by one call into each loop that waits: as a rule there is one."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome.future.get_loop(), []).append(outcome)
    for loop, its in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed, and no task waits
            loop.call_soon_threadsafe(_resolve, its)


def _resolve(outcomes: Sequence[_Outcome]) -> None:
    for future, value, error in outcomes:
        if future.done():  # its waiter was cancelled
            continue
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
