"""What earlier runs of a job have done: read from its journal while its input is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from alianza_async.bulk.half_done import NOTHING, Left, reason_of
from alianza_async.bulk.input.rows import ResultLine
from alianza_async.bulk.report import DONE
from alianza_async.errors import InputChangedError, JournalError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal.store import Entry, JournalStore, RowState
    from alianza_async.bulk.report import Report

__all__ = ["ResumeState", "line_of", "refuse_undone", "refuse_where_undone"]

_SETTLED: Final = frozenset({*DONE, "invalid"})


class ResumeState:
    """Tells a resumed job which rows are settled, and holds the input to what it was.

    Args:
        store: The job's journal.
        by_key: Whether keys identify the rows, so that they may come in another order: for
            iterables. Their numbers identify a file's rows.
        retry_failed: Whether what failed is tried again.
        next_number: The number of the next row that the journal does not know.
    """

    def __init__(self, store: JournalStore, *, by_key: bool, retry_failed: bool, next_number: int) -> None:
        self._store = store
        self._by_key = by_key
        self._settled = _SETTLED if retry_failed else _SETTLED | {"failed"}
        self._next_number = next_number

    @classmethod
    async def of(cls, store: JournalStore, *, by_key: bool, retry_failed: bool) -> Self:
        """Return what earlier runs have left.

        Raises:
            JournalError: The journal cannot be read.
        """
        next_number = await store.last_row() + 1
        return cls(store, by_key=by_key, retry_failed=retry_failed, next_number=next_number)

    async def seed(self, report: Report) -> None:
        """Count what is settled already."""
        for status, count in (await self._store.counts()).items():
            if status in self._settled:
                setattr(report, status, getattr(report, status) + count)
                report.previously_settled += count
                report.previously_sent += count if status != "invalid" else 0
        report.total = report.previously_settled

    def is_settled(self, entry: Entry) -> bool:
        """Tell whether nothing is left to do for a row."""
        return entry.status in self._settled

    async def unsettled(self) -> list[int]:
        """Return the rows of the journal that are not settled: a later input may lack some of them."""
        counts = await self._store.counts()
        open_ones = [status for status in counts if status not in self._settled and status != "failed"]
        if not open_ones:
            return []
        return [state.entry.row async for state in self._store.entries(*open_ones)]

    async def meet(self, rows: Sequence[tuple[Row, str | None, bytes | None]]) -> list[RowState | None]:
        """Return what the journal has of rows; gives each the number that it has there.

        Args:
            rows: Each with its key and what its values come to.

        Raises:
            InputChangedError: A row is not what it was.
            JournalError: The journal cannot be read.
        """
        if not self._by_key:
            known = await self._store.rows([row.number for row, _, _ in rows])
            return [_same(known.get(row.number), row, digest) for row, _, digest in rows]
        by_key = await self._store.rows_by_key([key for _, key, _ in rows if key is not None])
        found: list[RowState | None] = []
        for row, key, digest in rows:
            if digest is None:
                found.append(None)
                continue
            state = None if key is None else by_key.get(key)
            if state is None:
                row.number, self._next_number = self._next_number, self._next_number + 1
            else:
                row.number = state.entry.row
            found.append(_same(state, row, digest))
        return found


def _same(state: RowState | None, row: Row, digest: bytes | None) -> RowState | None:
    """Return what the journal has of a row, where that is the row it was.

    Raises:
        InputChangedError: It is another one.
    """
    if state is None or digest is None:
        return None
    entry = state.entry
    if entry.digest is not None and entry.digest != digest:
        raise InputChangedError(
            f"row {row.number} is not what it was when the job began (its key was {entry.key!r}): resume the "
            "job with the input it had, and run what has changed as a job of its own"
        )
    return state


async def refuse_undone(store: JournalStore, path: object) -> None:
    """Refuse to go on with a job of which something was undone: it would build on what is gone.

    Raises:
        JournalError: Something was.
    """
    refuse_where_undone(await store.undo_counts(), path)


def refuse_where_undone(counts: Mapping[str, int], path: object) -> None:
    """Do as `refuse_undone`, by how many steps an undo left in each status.

    Raises:
        JournalError: Something was undone.
    """
    begun = sum(count for status, count in counts.items() if status != "skipped")
    if begun:
        raise JournalError(
            f"the job of {path} was undone by `alianza bulk undo` ({begun:,} steps of it), so it cannot be "
            "resumed: run its input as a job of its own"
        )


def line_of(row: Row, entry: Entry, left: Left = NOTHING) -> ResultLine:
    """Return what a result file says of a row that its journal has the outcome of.

    Args:
        row: The row.
        entry: What the journal has of it.
        left: What exists of it, from its steps.
    """
    earlier = row.earlier
    if earlier is not None and earlier.status in DONE and entry.status == "exists":
        return earlier  # the input is a result file, and said so already: nothing was asked
    return ResultLine(
        entry.status,
        entry.object_id,
        reason_of(entry),
        entry.attempts,
        entry.request_id,
        left.objects.get("account"),
        left.objects.get("user"),
        left.number_state,
        entry.failed_step or left.failed_step,
    )
