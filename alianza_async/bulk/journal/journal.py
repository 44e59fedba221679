"""The journal of a job: what is about to be sent, what became of it; on disk before anybody relies on it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from alianza_async.bulk.input.fingerprints import RowDigest
from alianza_async.bulk.journal.files import (
    build_file,
    connect,
    connect_writing,
    make_folder,
    real_path,
    refuse_existing,
)
from alianza_async.bulk.journal.lock import JobLock
from alianza_async.bulk.journal.reader import Reads
from alianza_async.bulk.journal.statements import (
    INTEND_ITEM,
    INTEND_STEP,
    INTEND_UNDO,
    PUT_BACK_ITEM,
    PUT_BACK_STEP,
    SETTLE_ITEM,
    SETTLE_STEP,
    SETTLE_UNDO,
    Change,
    JobChange,
)
from alianza_async.bulk.journal.texts import as_key, safe_text
from alianza_async.bulk.journal.writer import Writer, reason_of
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from pydantic import BaseModel, JsonValue

    from alianza_async.bulk.journal.entries import JobFacts, JobState
    from alianza_async.errors import AlianzaError

__all__ = ["Journal"]


class Journal(Reads):
    """The journal of one job, to be written by one process: `Journal.create(...)` or `Journal.open(...)`.

    Each write is durable when its `await` returns; those that wait together share one sync of the disk.
    Whoever is cancelled while waiting loses nothing: the entry is written all the same. Once a write has
    failed (`broken`), every later one raises at once.

    A row moves along the graph of `schema.TRANSITIONS` only.
    """

    def __init__(self, path: Path, lock: JobLock, *, is_new: bool) -> None:
        super().__init__(path, connect(path, "rw"))
        try:
            self._database.execute("PRAGMA query_only = ON")
            self._facts = super().facts
            self._writer = Writer(connect_writing(path), path, lock.release)
        except BaseException:
            self._database.close()
            raise
        self._begun = is_new
        self._row_digest = RowDigest(self._facts.salt)

    @classmethod
    def create(cls, path: str | os.PathLike[str], facts: JobFacts) -> Self:
        """Make a journal where there is none, and take its lock.

        Only its owner may read it (0600; folders that are missing are made 0700).

        Args:
            path: Where.
            facts: What the job is; its times, state, runs and salt are made here.

        Raises:
            JournalError: Something is there already (names `alianza bulk resume PATH`), or it cannot be made.
            JournalLockedError: Another process is about to make it.
        """
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
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Go on with a journal, and take its lock; what another terminal asked of its last run is forgotten.

        Args:
            path: The journal.

        Raises:
            JournalError: There is none, or it is not one of ours, or a newer version's, or cannot be written.
            JournalLockedError: A process works with it; names its id.
        """
        real = real_path(path)
        connect(real, "ro").close()  # no lock file beside what is not ours
        lock: JobLock | None = None
        try:
            lock = JobLock.acquire(real)
            return cls(real, lock, is_new=False)
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
        """Return what a row's values come to: 16 bytes, comparable within this journal alone."""
        return self._row_digest(values)

    # --- writes: on disk when the await returns -------------------------------------------------------------

    async def intend(
        self,
        row: int,
        key: str | None,
        digest: bytes | None,
        *,
        step: str | None = None,
        step_key: str | None = None,
    ) -> None:
        """Write that a row, or a step of it, is about to be sent.

        Args:
            row: Its number.
            key: Its natural key.
            digest: What its values come to.
            step: The step that is about to be sent.
            step_key: The natural key of what the step makes.

        Raises:
            JournalError: It cannot be written, or the row's end is known already: nothing may be sent.
        """
        now = time.time()
        item = Change(INTEND_ITEM, row, "intent", now, None, as_key(key), digest, 0 if step else 1)
        if step is None:
            await self._writer.submit(item)
            return
        await self._writer.submit(
            item, Change(INTEND_STEP, row, "intent", now, step, as_key(step_key), attempts=1)
        )

    async def settle(
        self,
        row: int,
        key: str | None,
        digest: bytes | None,
        status: str,
        *,
        object_id: str | None = None,
        error: AlianzaError | None = None,
        attempts: int = 0,
        request_id: str | None = None,
        adopted: bool = False,
    ) -> None:
        """Write how a row ended.

        Args:
            row: Its number.
            key: Its natural key, where it has one.
            digest: What its values come to.
            status: `created exists updated failed invalid skipped unknown`.
            object_id: The object's id, where it is there.
            error: Why it did not end well; only what `safe_text` keeps of it is written.
            attempts: Requests sent for it, look-ups not counted; what is known of earlier runs stays counted.
            request_id: Our id of its last request.
            adopted: Whether it was found after its answer was lost.

        Raises:
            JournalError: It cannot be written, or the row cannot move there.
        """
        item = (SETTLE_ITEM, row, status, time.time(), None, as_key(key), digest, attempts, object_id)
        await self._writer.submit(Change(*item, *safe_text(error), request_id, adopted))

    async def settle_step(
        self,
        row: int,
        step: str,
        status: str,
        *,
        key: str | None = None,
        object_id: str | None = None,
        detail: str | None = None,
        error: AlianzaError | None = None,
        attempts: int = 0,
        request_id: str | None = None,
        adopted: bool = False,
    ) -> None:
        """Write how a step of a row ended; the row itself stays as it is.

        Args:
            row: The row's number.
            step: The step's name.
            status: As of a row.
            key: The natural key of what it makes, where its intent did not say.
            object_id: Id of what it made or found.
            detail: What else a later step needs of it; no street address, no secret.
            error: As of a row; likewise what follows.
            attempts: Requests sent for it.
            request_id: Our id of its last request.
            adopted: Whether it was found after its answer was lost.

        Raises:
            JournalError: It cannot be written, or the step cannot move there.
        """
        done = (SETTLE_STEP, row, status, time.time(), step, as_key(key), None, attempts, object_id)
        await self._writer.submit(Change(*done, *safe_text(error), request_id, adopted, detail))

    async def put_back(self, row: int, *, step: str | None = None) -> None:
        """Write that a row, or one step of it, was looked up and is absent: it may be sent.

        Raises:
            JournalError: It cannot be written, or the row is not there or cannot move back.
        """
        what = PUT_BACK_ITEM if step is None else PUT_BACK_STEP
        await self._writer.submit(Change(what, row, "pending", time.time(), step))

    async def intend_undo(self, row: int, step: str) -> None:
        """Write that a step of a row is about to be taken back.

        Raises:
            JournalError: It cannot be written, or it was taken back already.
        """
        await self._writer.submit(Change(INTEND_UNDO, row, "intent", time.time(), step))

    async def settle_undo(
        self,
        row: int,
        step: str,
        status: str,
        *,
        object_id: str | None = None,
        error: AlianzaError | None = None,
    ) -> None:
        """Write how taking a step back ended.

        Args:
            row: The row's number.
            step: The step's name.
            status: `undone failed skipped unknown`.
            object_id: Id of what was taken back.
            error: Why it was not.

        Raises:
            JournalError: It cannot be written, or the step cannot move there.
        """
        undone = Change(
            SETTLE_UNDO, row, status, time.time(), step, None, None, 0, object_id, *safe_text(error)
        )
        await self._writer.submit(undone)

    async def set_job(
        self,
        *,
        state: JobState | None = None,
        rows: int | None = None,
        partition_id: str | None = None,
        login: str | None = None,
        options: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Write what has become known of the job; what is None stays as it is.

        Args:
            state: `running` begins another run, but for the one that made the journal; the others end it.
            rows: Rows of the input.
            partition_id: The partition of its login.
            login: The user name it logged in with.
            options: The options it goes on with.

        Raises:
            JournalError: It cannot be written.
        """
        now = time.time()
        begins = state == "running" and not self._begun
        if begins:
            self._begun = True
        ended = now if state in {"stopped", "finished"} else None if state else self._facts.ended_at
        written = None if options is None else json.dumps(dict(options))
        await self._writer.submit(
            JobChange(
                *(int(begins), now if begins else None, ended, state, rows, partition_id, login, written)
            )
        )
        facts = self._facts
        self._facts = replace(
            facts,
            runs=facts.runs + begins,
            started_at=now if begins else facts.started_at,
            ended_at=ended,
            state=state or facts.state,
            rows=facts.rows if rows is None else rows,
            partition_id=partition_id or facts.partition_id,
            login=login or facts.login,
            options=facts.options if options is None else dict(options),
        )

    # --- end ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Write what is waiting, fold the log into the file, free the lock; blocks meanwhile."""
        self._database.close()
        self._writer.close()

    async def aclose(self) -> None:
        """Do what `close` does, without holding up the event loop; a second call does nothing."""
        self._database.close()
        await asyncio.to_thread(self._writer.close)

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        await self.aclose()
