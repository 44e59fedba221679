"""The one thread that writes to a journal: what many wait for is one commit, and one sync of the disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.journal.statements import MOST, Change, JobChange, blamed, write, write_job
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


__all__ = ["BETWEEN_COMMITS_S", "Writer", "reason_of"]

BETWEEN_COMMITS_S: Final = 0.005
"""Seconds between the end of a commit and the next one: whoever comes meanwhile shares it."""

_Changes = tuple[Change | JobChange, ...]
_Waiting = tuple[_Changes, "asyncio.Future[None]"]
_Outcome = tuple["asyncio.Future[None]", JournalError | None]

# One row was refused, or is no row: it is that waiter's, the others go on.
_REFUSALS: Final = (
    *(sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError),
    *(OverflowError, UnicodeError),
)


class Writer:
    """Writes what is submitted, in that order, each entry whole or not at all.

    What cannot be written any more (disk full, an I/O error) breaks it: everybody who waits is told, and
    nothing more is taken. What was acknowledged before stays.

    Args:
        database: The connection it writes by; its alone from now on, and closed by it at the end.
        path: The journal, for messages.
        on_end: Called once by the thread when the last entry is written and the connection is closed.
    """

    def __init__(self, database: sqlite3.Connection, path: Path, on_end: Callable[[], None]) -> None:
        self.broken: JournalError | None = None
        self._database = database
        self._path = path
        self._on_end = on_end
        self._condition = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._idle = False
        self._closing = False
        # A daemon: a process that leaves in a hurry loses what nobody was told is written, as by a kill.
        self._thread = threading.Thread(target=self._work, name=f"journal {path.name}", daemon=True)
        self._thread.start()

    def submit(self, *changes: Change | JobChange) -> asyncio.Future[None]:
        """Have changes written together; the future is done when they are on disk.

        Whoever cancels it takes nothing back: they are written all the same.

        Raises:
            JournalError: The journal is broken or closed.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._condition:
            if self.broken is not None:
                raise JournalError(str(self.broken))
            if self._closing:
                raise JournalError(f"the journal {self._path} is closed: nothing more can be written")
            self._waiting.append((changes, future))
            if self._idle:
                self._condition.notify()
        return future

    def close(self) -> None:
        """Take nothing more, write what is waiting, end; returns when that is done."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    # --- in the thread --------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            last = 0.0
            while batch := self._batch(last):
                self._write(batch)
                last = time.monotonic()
        finally:
            with suppress(sqlite3.Error):
                self._database.close()  # the last one to close checkpoints
            self._on_end()

    def _batch(self, last: float) -> list[_Waiting]:
        """Wait for entries and return them; none once it is closed and all are written."""
        with self._condition:
            while not self._waiting and not self._closing:
                self._idle = True
                self._condition.wait()
            self._idle = False
            closing = self._closing
        if not closing and (pause := last + BETWEEN_COMMITS_S - time.monotonic()) > 0:
            time.sleep(pause)
        with self._condition:
            batch, self._waiting = self._waiting, []
        return batch

    def _write(self, batch: list[_Waiting]) -> None:
        """Commit a batch and tell everybody who waits for it."""
        try:
            outcomes = self._together(batch) or self._one_by_one(batch)
        except Exception as error:  # noqa: BLE001  (whatever it is, nobody may wait for ever)
            outcomes = self._break(batch, error)
        _tell(outcomes)

    def _together(self, batch: list[_Waiting]) -> list[_Outcome] | None:
        """Write a batch by as few calls as can be; None where it has to be written one by one."""
        changes = [change for entry, _ in batch for change in entry if isinstance(change, Change)]
        if len(changes) < sum(len(entry) for entry, _ in batch):
            return None
        try:
            if len(changes) <= MOST:
                write(self._database, changes)  # a statement alone is a transaction
            else:
                self._database.execute("BEGIN IMMEDIATE")
                for start in range(0, len(changes), MOST):
                    write(self._database, changes[start : start + MOST])
                self._database.execute("COMMIT")
        except _REFUSALS:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            return None
        return [(future, None) for _, future in batch]

    def _one_by_one(self, batch: list[_Waiting]) -> list[_Outcome]:
        self._database.execute("BEGIN IMMEDIATE")
        outcomes = [(future, self._entry(changes)) for changes, future in batch]
        self._database.execute("COMMIT")
        return outcomes

    def _entry(self, changes: _Changes) -> JournalError | None:
        """Write one entry whole, or return why nothing of it was written."""
        try:
            if isinstance(job := changes[0], JobChange):
                write_job(self._database, job)
            else:
                write(self._database, [change for change in changes if isinstance(change, Change)])
        except _REFUSALS as error:
            return JournalError(blamed(self._database, changes, error))
        return None

    def _break(self, batch: list[_Waiting], error: Exception) -> list[_Outcome]:
        """Take nothing more; return what everybody who waits is told."""
        with suppress(sqlite3.Error):
            self._database.execute("ROLLBACK")
        broken = JournalError(
            f"the journal {self._path} cannot be written ({reason_of(error)}), so nothing more is sent: "
            f"mend that, then go on by `alianza bulk resume {self._path}`"
        )
        broken.__cause__ = error
        with self._condition:
            self.broken = broken
            left, self._waiting = self._waiting, []
        return [(future, JournalError(str(broken))) for _, future in (*batch, *left)]


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


def _tell(outcomes: Sequence[_Outcome]) -> None:
    """Resolve futures, by one call into each loop that waits: as a rule there is one."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome[0].get_loop(), []).append(outcome)
    for loop, its in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            loop.call_soon_threadsafe(_resolve, its)


def _resolve(outcomes: Sequence[_Outcome]) -> None:
    for future, error in outcomes:
        if future.done():  # its waiter was cancelled
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
