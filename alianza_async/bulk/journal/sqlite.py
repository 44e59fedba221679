"""The journal of a job as a SQLite file, written by one process at a time."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar, cast

from alianza_async.bulk.input.fingerprints import RowDigest
from alianza_async.bulk.journal import leases
from alianza_async.bulk.journal.encoding import CLAIM, Flat, flat, in_milliseconds
from alianza_async.bulk.journal.entries import Control
from alianza_async.bulk.journal.files import (
    build_file,
    check_place,
    connect,
    connect_writing,
    make_folder,
    real_path,
    refuse_existing,
)
from alianza_async.bulk.journal.job_facts import changed_facts
from alianza_async.bulk.journal.known_jobs import Registration
from alianza_async.bulk.journal.lock import JobLock
from alianza_async.bulk.journal.queries import (
    ADOPTED,
    JOB_COLUMNS,
    OWNER,
    RESENT,
    ROWS,
    facts_of,
    page_of,
    rows_by_key,
    states_of,
    undone_of,
)
from alianza_async.bulk.journal.reading import ReadingThread
from alianza_async.bulk.journal.texts import as_key
from alianza_async.bulk.journal.writer import Writer, reason_of
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from pydantic import BaseModel, JsonValue

    from alianza_async.bulk.journal.entries import JobFacts, JobState, RowState, UndoEntry
    from alianza_async.bulk.journal.store import Change, Fence

__all__ = ["SqliteStore"]

_PAGE = 500
_Store = TypeVar("_Store", bound="SqliteStore")


class SqliteStore:
    """A `JournalStore` in a file: `await SqliteStore.create(...)` or `await SqliteStore.open(...)`.

    Writes that wait together share one sync of the disk; SQL runs in two threads of its own, never on the
    event loop.

    Attributes:
        path: The file, without symbolic links.
        suspicion: Why every row must be looked up before it is sent, until the job has finished; None as a
            rule.
    """

    def __init__(self, path: Path, lock: JobLock, *, is_new: bool, restored: bool = False) -> None:
        self.path = path
        opened = connect_writing(path, restored=restored)
        try:
            database = connect(path, "rw")
            database.execute("PRAGMA query_only = ON")
            cells = database.execute(f"SELECT {', '.join(JOB_COLUMNS)} FROM job").fetchone()  # noqa: S608
            self._facts = facts_of(cells)
            self._place = os.stat(path)  # noqa: PTH116  (what SQLite has open: its name stays while it is)
        except BaseException:
            opened.database.close()
            raise
        self.suspicion = opened.suspicion
        self._begun = is_new
        self._row_digest = RowDigest(self._facts.salt)
        self._fences: set[Fence] = set()
        self._registration = Registration(path)
        self._lock = lock
        self._reading = ReadingThread(database, path)
        self._writer = Writer(
            opened.database,
            path,
            sequence=opened.sequence,
            on_commit=self._committed,
            last=self._leave,
            on_end=self._ended,
        )

    @classmethod
    async def create(cls, path: str | os.PathLike[str], facts: JobFacts) -> Self:
        """Make a journal where there is none, and take its lock.

        Only its owner may read it (0600; folders that are missing are made 0700).

        Args:
            path: Where.
            facts: What the job is; its times, state, runs and salt are made here.

        Raises:
            JournalError: Something is there already (names `alianza bulk resume PATH`), or it cannot be made.
            JournalLockedError: Another process is about to make it.
        """
        return await _opened(partial(cls._create, path, facts))

    @classmethod
    async def open(cls, path: str | os.PathLike[str], *, restored: bool = False) -> Self:
        """Continue with a journal, and take its lock; what its last run was asked is forgotten.

        A journal of an older version is migrated; a copy of it stays beside it.

        Args:
            path: The journal.
            restored: Whether it is a copy that was put back, of which the newest rows may be missing: every
                row is then to be looked up before it is sent.

        Raises:
            JournalError: There is none, or it is not one of ours, or a newer version's, or cannot be written;
                or it is older than it was when last seen, and not said to be restored.
            JournalLockedError: A process works with it; names its id.
        """
        return await _opened(partial(cls._open, path, restored=restored))

    @classmethod
    def _create(cls, path: str | os.PathLike[str], facts: JobFacts) -> Self:
        real = real_path(path)
        refuse_existing(real)
        lock: JobLock | None = None
        try:
            make_folder(real.parent)
            lock = JobLock.acquire(real)
            refuse_existing(real)
            build_file(real, facts)
            return cls(real, lock, is_new=True)
        except BaseException as error:
            if lock is not None:
                lock.release()
            if isinstance(error, (OSError, sqlite3.Error)):
                raise JournalError(
                    f"the journal {real} cannot be made ({reason_of(error)}): name another place"
                ) from error
            raise

    @classmethod
    def _open(cls, path: str | os.PathLike[str], *, restored: bool) -> Self:
        real = real_path(path)
        connect(real, "ro").close()  # no lock file beside what is not ours
        lock: JobLock | None = None
        try:
            lock = JobLock.acquire(real)
            return cls(real, lock, is_new=False, restored=restored)
        except BaseException as error:
            if lock is not None:
                lock.release()
            if isinstance(error, (OSError, sqlite3.Error)):
                raise JournalError(f"the journal {real} cannot be opened ({reason_of(error)})") from error
            raise

    @property
    def facts(self) -> JobFacts:
        """What the job is, as last written."""
        return self._facts

    @property
    def broken(self) -> JournalError | None:
        """Why nothing more can be written; None as long as all is well."""
        return self._writer.broken

    def digest(self, values: Mapping[str, object] | BaseModel) -> bytes:
        """Return the keyed hash of a row's values: 16 bytes, comparable within this journal alone."""
        return self._row_digest(values)

    # --- leases ---------------------------------------------------------------------------------------------

    async def lease(self, *, owner: str, ttl_s: float, chunk: int = 0) -> Fence:
        """Take a part of the job's rows; see `JournalStore.lease`."""
        take = partial(leases.take, job=self._facts.job_id, chunk=chunk, owner=owner, ttl_s=ttl_s)
        # The file itself must say that it is in use: its log may be lost.
        fence = await self._writer.run(take, checkpoint=True)
        self._fences.add(fence)
        return fence

    async def heartbeat(self, fence: Fence, ttl_s: float) -> None:
        """Have a lease expire later; see `JournalStore.heartbeat`."""
        await self._writer.run(partial(leases.extend, fence=fence, ttl_s=ttl_s))

    async def release(self, fence: Fence) -> None:
        """Give a lease back; see `JournalStore.release`."""
        await self._writer.run(partial(leases.give_back, fences=[fence]))
        self._fences.discard(fence)

    # --- reads ----------------------------------------------------------------------------------------------

    async def rows(self, numbers: Sequence[int]) -> dict[int, RowState]:
        """Return what is known of rows; see `JournalStore.rows`."""
        return await self._reading.rows(numbers)

    async def rows_by_key(self, keys: Sequence[str]) -> dict[str, RowState]:
        """Return what is known of rows by key; see `JournalStore.rows_by_key`."""
        return await self._reading.ask(partial(rows_by_key, keys=keys))

    async def last_row(self) -> int:
        """Return the highest row number; 0 where there is none."""
        return cast("int", await self._one("SELECT coalesce(max(row), 0) FROM items"))

    async def counts(self) -> dict[str, int]:
        """Return how many rows have which status."""
        return await self._counts("items")

    async def undo_counts(self) -> dict[str, int]:
        """Return how many steps have which status of being undone."""
        return await self._counts("undone")

    async def entries(
        self, *statuses: str, resent: bool = False, adopted: bool = False
    ) -> AsyncIterator[RowState]:
        """Yield rows by number; see `JournalStore.entries`."""
        named = tuple(dict.fromkeys(statuses))
        conditions = [each for each, asked in ((RESENT, resent), (ADOPTED, adopted)) if asked]
        statement = page_of(named, conditions, _PAGE)

        def page(database: sqlite3.Connection, last: int) -> list[RowState]:
            numbers = database.execute(statement, (*named, last)).fetchone()
            states = states_of(*database.execute(ROWS, numbers).fetchone())
            return [states[row] for row in sorted(states)]

        last = 0
        # Each page is a read of its own: a long one would keep the writer from tidying its log.
        while states := await self._reading.ask(partial(page, last=last)):
            for state in states:
                yield state
            last = states[-1].entry.row

    async def undone(self, row: int) -> dict[str, UndoEntry]:
        """Return what was undone of a row, by step."""
        return await self._reading.ask(partial(undone_of, row=row))

    async def owner_of(self, step: str, key: str) -> int | None:
        """Return the row that has a key of a step; see `JournalStore.owner_of`."""
        return cast("int | None", await self._one(OWNER, step, as_key(key)))

    async def control(self) -> Control:
        """Return what another terminal asks of the job."""
        asked = await self._one("SELECT json_array(paused, rate) FROM control")
        paused, rate = json.loads(cast("str", asked))
        return Control(bool(paused), rate)

    async def _one(self, statement: str, *values: object) -> object:
        return await self._reading.ask(lambda database: database.execute(statement, values).fetchone()[0])

    async def _counts(self, table: str) -> dict[str, int]:
        counted = f"SELECT status, count(*) AS rows FROM {table} GROUP BY status"  # noqa: S608
        statement = f"SELECT json_group_object(status, rows) FROM ({counted})"  # noqa: S608
        return cast("dict[str, int]", json.loads(cast("str", await self._one(statement))))

    # --- writes: on disk when the await returns -------------------------------------------------------------

    async def claim(self, fence: Fence, step: str, key: str, row: int) -> int:
        """Claim a key of a step for a row; see `JournalStore.claim`."""
        return cast("int", await self._writer.submit(fence, (Flat(CLAIM, row, step=step, key=as_key(key)),)))

    async def write(self, fence: Fence, *changes: Change) -> None:
        """Write changes, all or none; see `JournalStore.write`."""
        now = in_milliseconds(time.time())
        await self._writer.submit(fence, [flat(change, now) for change in changes])

    async def set_job(
        self,
        fence: Fence,
        *,
        state: JobState | None = None,
        rows: int | None = None,
        scope: str | None = None,
        login: str | None = None,
        options: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Write what has become known of the job; see `JournalStore.set_job`."""

        def change(database: sqlite3.Connection) -> None:
            leases.check(database, fence)
            begins = state == "running" and not self._begun
            facts = changed_facts(
                self._facts,
                now=in_milliseconds(time.time()),
                begins=begins,
                state=state,
                rows=rows,
                scope=scope,
                login=login,
                options=options,
            )
            suspicion = None if state == "finished" else self.suspicion
            database.execute(
                "UPDATE job SET runs = ?, started_at = ?, ended_at = ?, state = ?, rows = ?, "
                "scope = ?, login = ?, options = ?, suspicion = ?",
                (
                    *(
                        facts.runs,
                        facts.started_at,
                        facts.ended_at,
                        facts.state,
                        facts.rows,
                        facts.scope,
                    ),
                    *(facts.login, json.dumps(dict(facts.options)), suspicion),
                ),
            )
            self._facts, self._begun, self.suspicion = facts, self._begun or begins, suspicion

        await self._writer.run(change)

    async def watch(self) -> None:
        """Check that the journal is still where it was; what is written meanwhile goes where it went.

        Raises:
            JournalError: It was deleted, moved or replaced.
        """
        await self._reading.ask(lambda _: check_place(self.path, self._place, in_use=bool(self._fences)))

    # --- end ------------------------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Write what is waiting, give the leases back, fold the log into the file, free the lock.

        A second call does nothing.
        """
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """Do what `aclose` does; blocks meanwhile."""
        self._reading.close()
        self._writer.close()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        await self.aclose()

    # --- in the writing thread ------------------------------------------------------------------------------

    def _committed(self, sequence: int) -> None:
        self._registration.note(self._facts, sequence)

    def _leave(self, database: sqlite3.Connection) -> None:
        """Have the file say that nothing is missing, and be whole in itself.

        Where the disk is full, folding the log into the file makes room for it; where that fails too, the log
        stays.
        """
        try:
            leases.give_back(database, self._fences)
        except sqlite3.Error:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")
            leases.give_back(database, self._fences)
        # Closing would leave it out where the file has been moved.
        database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _ended(self) -> None:
        self._registration.close(self._facts, self._writer.sequence)
        self._lock.release()


async def _opened(work: Callable[[], _Store]) -> _Store:
    """Return a store that is opened in a thread; where no task waits for it any more, it is closed again."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_close_unwanted)
        raise


def _close_unwanted(task: asyncio.Future[_Store]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close_now()
