"""The job's journal as one row sees it: intents are awaited, outcomes ride with the next write.

An outcome that is lost with the process costs a look-up, never a second send: its intent is on disk.
So outcomes wait for the next intent, the end of the row, or its next wait, and share that commit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from alianza_async.bulk.journal.store import PutBack, StepIntent, StepOutcome

if TYPE_CHECKING:
    from alianza_async.bulk.engine.private import Change
    from alianza_async.bulk.engine.valid_row import ValidRow
    from alianza_async.bulk.journal.store import Fence, JournalStore, Purpose, StepEntry

__all__ = ["RowJournal"]


class RowJournal:
    """What is written of one row.

    Args:
        store: The job's journal.
        fence: What its writes are fenced with.
        work: The row.
        keeps: Whether anything is kept: a job without a journal writes nothing.
    """

    __slots__ = ("_fence", "_pending", "_store", "_work", "intended", "keeps")

    def __init__(self, store: JournalStore, fence: Fence, work: ValidRow, *, keeps: bool) -> None:
        self.keeps = keeps
        self._store = store
        self._fence = fence
        self._work = work
        self._pending: list[StepOutcome | PutBack] = []
        self.intended = False

    @property
    def row(self) -> int:
        """The row's number."""
        return self._work.row.number

    @property
    def known(self) -> dict[str, StepEntry]:
        """What earlier runs have written of the row's steps, by name."""
        state = self._work.state
        return {} if state is None else dict(state.steps)

    @property
    def is_known(self) -> bool:
        """Whether the journal has the row itself: from its first intent on."""
        return self.intended or self._work.state is not None

    async def intend(self, step: str, key: str | None, purpose: Purpose, change: Change | None) -> None:
        """Write that a step is about to be sent; it is on disk when this returns.

        Raises:
            JournalError: It cannot be written; then nothing may be sent.
        """
        self.intended = True
        if not self.keeps:
            return
        work, pending = self._work, self._pending
        kept = None if change is None else json.dumps(change)
        intent = StepIntent(work.row.number, work.key, work.digest, step, key, purpose, kept)
        self._pending = []
        await self._store.write(self._fence, *pending, intent)

    def note(self, change: StepOutcome | PutBack) -> None:
        """Have an outcome written with the next write."""
        self._pending.append(change)

    def taken(self) -> list[StepOutcome | PutBack]:
        """Return what is yet to be written, for whoever writes the row's own outcome with it."""
        pending, self._pending = self._pending, []
        return pending

    async def flush(self) -> None:
        """Write what waits; it is on disk when this returns.

        Raises:
            JournalError: It cannot be written.
        """
        if not self.is_known:
            return  # steps that only read: a journal that does not have the row could not find them again
        pending = self.taken()
        if pending:
            await self._store.write(self._fence, *pending)

    async def claim(self, step: str, key: str) -> int:
        """Take a key for the row; return the row that has it."""
        return await self._store.claim(self._fence, step, key, self._work.row.number)

    async def made_by(self, row: int, step: str) -> bool:
        """Tell whether another row is proven to have made a step's object."""
        known = (await self._store.rows([row])).get(row)
        entry = None if known is None else known.steps.get(step)
        return entry is not None and entry.evidence in {"answered", "history"}
