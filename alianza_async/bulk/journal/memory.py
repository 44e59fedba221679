"""A journal in memory, for tests and for whoever needs no file; it holds rows to the same graph."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from alianza_async.bulk.input.fingerprints import RowDigest
from alianza_async.bulk.journal import leases
from alianza_async.bulk.journal.encoding import (
    INTEND_STEP,
    INTEND_UNDO,
    PUT_BACK_ROW,
    PUT_BACK_STEP,
    SETTLE_ROW,
    SETTLE_STEP,
    flat,
    in_milliseconds,
    stale,
    unreachable,
)
from alianza_async.bulk.journal.entries import Control, Entry, RowState, StepEntry, UndoEntry
from alianza_async.bulk.journal.job_facts import changed_facts
from alianza_async.bulk.journal.schema import ROW_TRANSITIONS, TRANSITIONS, UNDO_TRANSITIONS
from alianza_async.bulk.journal.store import Fence
from alianza_async.bulk.journal.texts import as_key
from alianza_async.errors import JournalError, JournalLockedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from pydantic import BaseModel, JsonValue

    from alianza_async.bulk.journal.encoding import Flat
    from alianza_async.bulk.journal.entries import JobFacts, JobState
    from alianza_async.bulk.journal.store import Change

__all__ = ["MemoryStore"]

_Settled = TypeVar("_Settled", Entry, StepEntry)
_JOB_STATES: Final = {None, "running", "stopped", "finished"}


@dataclass(slots=True)
class _Lease:
    owner: str | None
    epoch: int
    expires_at: float


class MemoryStore:
    """A `JournalStore` that keeps everything in memory.

    Args:
        facts: What the job is; its times, state, runs and salt are made here where they are missing.
        suspicion: Why every row must be looked up before it is sent.

    Attributes:
        asked: What another terminal asks of the job: a test sets it.
        broken: Why nothing more can be written: a test sets it.
        sequence: How many commits there were.
    """

    def __init__(self, facts: JobFacts, *, suspicion: str | None = None) -> None:
        now = in_milliseconds(time.time())
        made = {"created_at": now, "started_at": now, "runs": 1, "salt": secrets.token_bytes(16)}
        self._facts = facts if facts.salt else replace(facts, **made)  # type: ignore[arg-type]
        self._begun = not facts.salt
        self._row_digest = RowDigest(self._facts.salt)
        self.suspicion = suspicion
        self.broken: JournalError | None = None
        self.asked = Control()
        self.sequence = 0
        self._closed = False
        self._entries: dict[int, Entry] = {}
        self._steps: dict[int, dict[str, StepEntry]] = {}
        self._undone: dict[int, dict[str, UndoEntry]] = {}
        self._claims: dict[tuple[str, str], int] = {}
        self._leases: dict[int, _Lease] = {}

    @property
    def facts(self) -> JobFacts:
        """What the job is, as last written."""
        return self._facts

    def digest(self, values: Mapping[str, object] | BaseModel) -> bytes:
        """Return the keyed hash of a row's values, comparable within this journal alone."""
        return self._row_digest(values)

    # --- leases ---------------------------------------------------------------------------------------------

    async def lease(self, *, owner: str, ttl_s: float, chunk: int = 0) -> Fence:
        """Take a part of the job's rows; see `JournalStore.lease`."""
        await self._turn()
        now = time.time()
        held = self._leases.get(chunk)
        if held is not None and held.owner is not None and held.expires_at > now:
            raise JournalLockedError(leases.held(self._facts.job_id, chunk, held.owner))
        epoch = 1 if held is None else held.epoch + 1
        self._leases[chunk] = _Lease(owner, epoch, now + ttl_s)
        self.sequence += 1
        return Fence(self._facts.job_id, chunk, epoch)

    async def heartbeat(self, fence: Fence, ttl_s: float) -> None:
        """Have a lease expire later; see `JournalStore.heartbeat`."""
        await self._turn()
        self._check(fence).expires_at = time.time() + ttl_s

    async def release(self, fence: Fence) -> None:
        """Give a lease back; see `JournalStore.release`."""
        held = self._leases.get(fence.chunk)
        if held is not None and held.epoch == fence.epoch:
            held.owner = None

    def _check(self, fence: Fence) -> _Lease:
        held = self._leases.get(fence.chunk)
        current = held is not None and held.owner is not None and held.epoch == fence.epoch
        if held is None or not current or fence.job != self._facts.job_id:
            raise JournalError(stale(*fence))
        return held

    # --- reads ----------------------------------------------------------------------------------------------

    async def rows(self, numbers: Sequence[int]) -> dict[int, RowState]:
        """Return what is known of rows; see `JournalStore.rows`."""
        await self._turn()
        return {number: self._state(number) for number in numbers if number in self._entries}

    async def rows_by_key(self, keys: Sequence[str]) -> dict[str, RowState]:
        """Return what is known of rows by key; see `JournalStore.rows_by_key`."""
        await self._turn()
        out: dict[str, RowState] = {}
        for key in keys:
            wanted = as_key(key)
            having = [entry for entry in self._entries.values() if entry.key == wanted]
            if having:
                first = min(having, key=lambda entry: (entry.status == "invalid", entry.row))
                out[key] = self._state(first.row)
        return out

    async def last_row(self) -> int:
        """Return the highest row number; 0 where there is none."""
        await self._turn()
        return max(self._entries, default=0)

    async def counts(self) -> dict[str, int]:
        """Return how many rows have which status."""
        await self._turn()
        return dict(Counter(entry.status for entry in self._entries.values()))

    async def undo_counts(self) -> dict[str, int]:
        """Return how many steps have which status of being undone."""
        await self._turn()
        return dict(Counter(entry.status for steps in self._undone.values() for entry in steps.values()))

    async def entries(
        self, *statuses: str, resent: bool = False, adopted: bool = False
    ) -> AsyncIterator[RowState]:
        """Yield rows by number; see `JournalStore.entries`."""
        await self._turn()
        last = 0
        while (number := min((row for row in self._entries if row > last), default=None)) is not None:
            last = number
            state = self._state(number)
            if statuses and state.entry.status not in statuses:
                continue
            steps = state.steps.values()
            was_resent = any(step.attempts > 1 for step in steps)
            was_adopted = state.entry.adopted or any(step.adopted for step in steps)
            wanted = (resent and was_resent) or (adopted and was_adopted) or not (resent or adopted)
            if wanted:
                yield state

    async def undone(self, row: int) -> dict[str, UndoEntry]:
        """Return what was undone of a row, by step."""
        await self._turn()
        return dict(self._undone.get(row, {}))

    async def owner_of(self, step: str, key: str) -> int | None:
        """Return the row that has a key of a step; see `JournalStore.owner_of`."""
        await self._turn()
        if (row := self._claims.get((step, as_key(key) or ""))) is not None:
            return row
        wanted = as_key(key)
        having = (row for row, steps in self._steps.items() if step in steps and steps[step].key == wanted)
        return min(having, default=None)

    async def control(self) -> Control:
        """Return what another terminal asks of the job."""
        await self._turn()
        return self.asked

    # --- writes ---------------------------------------------------------------------------------------------

    async def claim(self, fence: Fence, step: str, key: str, row: int) -> int:
        """Claim a key of a step for a row; see `JournalStore.claim`."""
        await self._turn()
        self._check(fence)
        self.sequence += 1
        return self._claims.setdefault((step, as_key(key) or ""), row)

    async def write(self, fence: Fence, *changes: Change) -> None:
        """Write changes, all or none; see `JournalStore.write`."""
        now = in_milliseconds(time.time())
        rows = [flat(change, now) for change in changes]
        self._usable()
        self._check(fence)
        before = {
            row.row: (
                self._entries.get(row.row),
                dict(self._steps.get(row.row, {})),
                dict(self._undone.get(row.row, {})),
            )
            for row in rows
        }
        try:
            for row in rows:
                self._apply(row)
        except JournalError:
            for number, (entry, steps, undone) in before.items():
                self._entries.pop(number, None)
                if entry is not None:
                    self._entries[number] = entry
                self._steps[number], self._undone[number] = steps, undone
            raise
        self.sequence += 1
        await asyncio.sleep(0)  # as with a disk, others have a turn before it is known

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
        await self._turn()
        self._check(fence)
        if state not in _JOB_STATES:
            raise JournalError(f"the job cannot be written to the journal (it has no state {state})")
        begins = state == "running" and not self._begun
        self._begun = self._begun or begins
        self._facts = changed_facts(
            self._facts,
            now=in_milliseconds(time.time()),
            begins=begins,
            state=state,
            rows=rows,
            scope=scope,
            login=login,
            options=options,
        )
        if state == "finished":
            self.suspicion = None
        self.sequence += 1

    async def watch(self) -> None:
        """Do nothing: memory is where it was."""

    async def aclose(self) -> None:
        """Give the leases back, and take nothing more; what was written can still be read."""
        self._closed = True
        for held in self._leases.values():
            held.owner = None

    async def _turn(self) -> None:
        """Let others have a turn, as with a disk; refuse what cannot be done any more."""
        self._usable()
        await asyncio.sleep(0)

    def _usable(self) -> None:
        if self.broken is not None:
            raise JournalError(str(self.broken))
        if self._closed:
            raise JournalError(f"the journal of job {self._facts.job_id} is closed")

    def _state(self, number: int) -> RowState:
        return RowState(self._entries[number], dict(self._steps.get(number, {})))

    # --- one change -----------------------------------------------------------------------------------------

    def _apply(self, row: Flat) -> None:
        if row.what in {INTEND_STEP, SETTLE_ROW, PUT_BACK_ROW}:
            self._apply_to_entry(row)
        if row.what in {INTEND_STEP, SETTLE_STEP, PUT_BACK_STEP}:
            self._apply_to_step(row)
        elif row.what not in {SETTLE_ROW, PUT_BACK_ROW}:
            self._apply_to_undone(row)

    def _apply_to_entry(self, row: Flat) -> None:
        old = self._entries.get(row.row)
        whole = row if row.what != INTEND_STEP else row._replace(what=SETTLE_ROW)
        _move(
            whole,
            None if old is None else old.status,
            graph=ROW_TRANSITIONS,
            may_begin=row.what != PUT_BACK_ROW,
        )
        entry = old or Entry(row.row, row.key, row.digest, "")
        if row.what == SETTLE_ROW:
            self._entries[row.row] = replace(
                _settled(entry, row),
                failed_step=row.tail,
                attempts=max(entry.attempts, row.attempts),
            )
            return
        self._entries[row.row] = replace(
            Entry(row.row, entry.key, entry.digest, str(row.status)),
            attempts=entry.attempts + row.attempts,
            request_id=entry.request_id,
            intent_at=row.at if row.what == INTEND_STEP else entry.intent_at,
        )

    def _apply_to_step(self, row: Flat) -> None:
        steps = self._steps.setdefault(row.row, {})
        name = str(row.step)
        old = steps.get(name)
        _move(row, None if old is None else old.status, may_begin=row.what != PUT_BACK_STEP)
        step = old or StepEntry(row.row, name, row.step_key, "")
        if row.what == SETTLE_STEP:
            steps[name] = replace(
                _settled(step, row),
                key=row.step_key or step.key,
                detail=row.tail,
                change=row.change or step.change,
                sent_at=row.sent_at,
            )
            return
        intends = row.what == INTEND_STEP
        steps[name] = replace(
            StepEntry(row.row, name, row.step_key or step.key, str(row.status)),
            attempts=step.attempts + row.attempts,
            request_id=step.request_id,
            intent_at=row.at if intends else step.intent_at,
            first_intent_at=step.first_intent_at or (row.at if intends else None),
            purpose=row.purpose if intends else step.purpose,
            change=row.change or (step.change if not intends or step.purpose == row.purpose else None),
        )

    def _apply_to_undone(self, row: Flat) -> None:
        steps = self._undone.setdefault(row.row, {})
        name = str(row.step)
        old = steps.get(name)
        _move(row, None if old is None else old.status, graph=UNDO_TRANSITIONS)
        entry = old or UndoEntry(row.row, name, "", None, None, None, None, None)
        facts = {"status": row.status, "error_class": row.error_class, "error": row.error}
        if row.what == INTEND_UNDO:
            steps[name] = replace(entry, **facts, intent_at=row.at, settled_at=None)  # type: ignore[arg-type]
        else:
            steps[name] = replace(entry, **facts, object_id=row.object_id, settled_at=row.at)  # type: ignore[arg-type]


def _move(
    row: Flat,
    before: str | None,
    *,
    graph: Mapping[str | None, tuple[str, ...]] = TRANSITIONS,
    may_begin: bool = True,
) -> None:
    """Refuse a move that the graph has not."""
    allowed = row.status in graph[before] and (may_begin or before is not None)
    if not allowed:
        raise JournalError(unreachable(row, before))


def _settled(old: _Settled, row: Flat) -> _Settled:
    """Return a row or step with what an outcome replaces in both."""
    return replace(
        old,
        status=str(row.status),
        object_id=row.object_id,
        error_class=row.error_class,
        error=row.error,
        message=row.message,
        server_request_id=row.server_request_id,
        request_id=row.request_id,
        adopted=row.adopted,
        settled_at=row.at,
        evidence=row.evidence,
    )
