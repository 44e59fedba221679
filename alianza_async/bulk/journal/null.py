"""The store of a job without a journal: it keeps nothing but the keys that its steps have claimed."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from alianza_async.bulk.input.seen import Seen, comparable
from alianza_async.bulk.journal.encoding import in_milliseconds
from alianza_async.bulk.journal.entries import Control
from alianza_async.bulk.journal.job_facts import changed_facts
from alianza_async.bulk.journal.store import Fence
from alianza_async.errors import JournalError, SourceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from pydantic import BaseModel, JsonValue

    from alianza_async.bulk.journal.entries import JobFacts, JobState, RowState, UndoEntry
    from alianza_async.bulk.journal.store import Change

__all__ = ["NullStore"]


class NullStore:
    """A `JournalStore` that forgets: what a row needs from turn to turn is in its own state.

    Its memory is bounded: of the claims, the first thousands are in memory and the rest in a temporary file.

    Args:
        facts: What the job is.
    """

    broken: JournalError | None = None
    suspicion: str | None = None

    def __init__(self, facts: JobFacts) -> None:
        now = in_milliseconds(time.time())
        self._facts = replace(facts, created_at=now, started_at=now, runs=1)
        self._seen: Seen | None = None
        self._one = anyio.Lock()

    @property
    def facts(self) -> JobFacts:
        """What the job is."""
        return self._facts

    def digest(self, values: Mapping[str, object] | BaseModel) -> bytes:  # noqa: ARG002
        """Return nothing: there is no earlier run to compare a row with."""
        return b""

    async def lease(self, *, owner: str, ttl_s: float, chunk: int = 0) -> Fence:  # noqa: ARG002
        """Return a fence: no other process can have these rows."""
        return Fence(self._facts.job_id, chunk)

    async def heartbeat(self, fence: Fence, ttl_s: float) -> None:
        """Do nothing."""

    async def release(self, fence: Fence) -> None:
        """Do nothing."""

    async def rows(self, numbers: Sequence[int]) -> dict[int, RowState]:  # noqa: ARG002
        """Return nothing."""
        return {}

    async def rows_by_key(self, keys: Sequence[str]) -> dict[str, RowState]:  # noqa: ARG002
        """Return nothing."""
        return {}

    async def last_row(self) -> int:
        """Return 0."""
        return 0

    async def counts(self) -> dict[str, int]:
        """Return nothing."""
        return {}

    async def undo_counts(self) -> dict[str, int]:
        """Return nothing."""
        return {}

    async def entries(
        self,
        *statuses: str,  # noqa: ARG002
        resent: bool = False,  # noqa: ARG002
        adopted: bool = False,  # noqa: ARG002
    ) -> AsyncIterator[RowState]:
        """Yield nothing."""
        nothing: tuple[RowState, ...] = ()
        for state in nothing:
            yield state

    async def undone(self, row: int) -> dict[str, UndoEntry]:  # noqa: ARG002
        """Return nothing."""
        return {}

    async def owner_of(self, step: str, key: str) -> int | None:
        """Return the row that has claimed a key of a step, or None.

        Raises:
            JournalError: The keys cannot be kept in the temporary directory.
        """
        if self._seen is None:
            return None
        return await self._in_thread(self._seen.row_of, _place(step, key))

    async def claim(self, fence: Fence, step: str, key: str, row: int) -> int:  # noqa: ARG002
        """Claim a key of a step for a row; return the row that has it.

        Raises:
            JournalError: The keys cannot be kept in the temporary directory.
        """
        if self._seen is None:
            self._seen = Seen()
        first = await self._in_thread(self._seen.first, _place(step, key), row)
        return row if first is None else first

    async def control(self) -> Control:
        """Return that nothing is asked: no other terminal can reach it."""
        return Control()

    async def write(self, fence: Fence, *changes: Change) -> None:
        """Do nothing."""

    async def set_job(
        self,
        fence: Fence,  # noqa: ARG002
        *,
        state: JobState | None = None,
        rows: int | None = None,
        scope: str | None = None,
        login: str | None = None,
        options: Mapping[str, JsonValue] | None = None,
    ) -> None:
        """Remember what has become known of the job, as long as it runs."""
        self._facts = changed_facts(
            self._facts,
            now=in_milliseconds(time.time()),
            begins=False,
            state=state,
            rows=rows,
            scope=scope,
            login=login,
            options=options,
        )

    async def watch(self) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Forget the keys."""
        seen, self._seen = self._seen, None
        if seen is not None:
            seen.close()

    async def _in_thread(self, ask: object, *values: object) -> int | None:
        """Ask for a key: on the event loop while all are in memory, in a thread once a file may be read."""
        seen = self._seen
        try:
            if seen is None or not seen.on_disk:
                return ask(*values)  # type: ignore[operator, no-any-return]
            async with self._one:
                return await anyio.to_thread.run_sync(ask, *values)  # type: ignore[arg-type]
        except SourceError as error:
            raise JournalError(str(error)) from error


def _place(step: str, key: str) -> str:
    return f"{step}\0{comparable(key)}"
