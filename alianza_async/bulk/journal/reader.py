"""Reading a journal: what is committed, also while a job writes it."""

from __future__ import annotations

import heapq
import json
import sqlite3
import time
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Self, cast

from alianza_async.bulk.journal.entries import Control, Entry, JobFacts, StepEntry, UndoEntry
from alianza_async.bulk.journal.files import connect, real_path
from alianza_async.bulk.journal.lock import is_locked
from alianza_async.bulk.journal.texts import as_key
from alianza_async.bulk.journal.writer import reason_of
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

__all__ = ["JournalReader", "Reads"]

_PAGE: Final = 1000
_ITEM: Final = (
    "row, key, digest, status, object_id, error_class, error, attempts, request_id, adopted, "
    "intent_at, settled_at"
)
_STEP: Final = (
    "row, step, key, status, object_id, detail, error_class, error, attempts, request_id, adopted, "
    "intent_at, settled_at"
)
_UNDO: Final = "row, step, status, object_id, error_class, error, intent_at, settled_at"
_JOB: Final = (
    "job_id, kind, input, input_sha256, options, base_url, environment, partition_id, login, rows, "
    "created_at, started_at, ended_at, state, runs, salt"
)
_OPTIONS: Final = 4
# An item of a workflow counts all that its steps sent: it was sent again where one of those was.
_RESENT: Final = (
    "CASE WHEN EXISTS (SELECT 1 FROM steps WHERE steps.row = items.row) "
    "THEN EXISTS (SELECT 1 FROM steps WHERE steps.row = items.row AND steps.attempts > 1) "
    "ELSE attempts > 1 END"
)

_Cells = tuple[Any, ...]  # as SQLite gives them: the columns above, in that order


class Reads:
    """What can be asked of a journal; every answer is of what is on disk by then.

    Args:
        path: The journal.
        database: A connection to it.
    """

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database
        self._control: tuple[int, Control] | None = None

    @property
    def facts(self) -> JobFacts:
        """What the job is.

        Raises:
            JournalError: It cannot be read; likewise below.
        """
        (found,) = self._all(f"SELECT {_JOB} FROM job")  # noqa: S608
        cells = list(found)
        cells[_OPTIONS] = json.loads(cast("str", cells[_OPTIONS]))
        return JobFacts(*cells)

    def entry(self, row: int) -> Entry | None:
        """Return a row's entry, or None where it has none."""
        return _first(self._items("row = ?", row))

    def by_key(self, key: str) -> Entry | None:
        """Return the entry with a natural key, or None; of several the first that is not `invalid`."""
        return _first(self._items("key = ? ORDER BY status = 'invalid', row LIMIT 1", as_key(key)))

    def last_row(self) -> int:
        """Return the highest row number there is; 0 where there is none."""
        ((row,),) = self._all("SELECT coalesce(max(row), 0) FROM items")
        return cast("int", row)

    def steps(self, row: int) -> dict[str, StepEntry]:
        """Return a row's steps, by name."""
        found = self._all(f"SELECT {_STEP} FROM steps WHERE row = ?", row)  # noqa: S608
        return {step.step: step for step in map(_step, found)}

    def undone(self, row: int) -> dict[str, UndoEntry]:
        """Return what was taken back of a row, by step."""
        found = self._all(f"SELECT {_UNDO} FROM undone WHERE row = ?", row)  # noqa: S608
        return {entry.step: entry for entry in (UndoEntry(*cells) for cells in found)}

    def entries(self, *statuses: str, resent: bool = False) -> Iterator[Entry]:
        """Yield entries by row number, in bounded memory.

        Args:
            statuses: Only these; all where none is named.
            resent: Only what was sent more than once, or of which a step was.
        """
        condition = _RESENT if resent else "1"
        if not statuses:
            return self._pages(condition)
        # One scan of the index a status, each by row already.
        pages = (self._pages(f"status = ? AND {condition}", status) for status in dict.fromkeys(statuses))
        return heapq.merge(*pages, key=attrgetter("row"))

    def step_by_key(self, step: str, key: str, *, other_than: int | None = None) -> StepEntry | None:
        """Return a step with a natural key, or None.

        Args:
            step: The step's name.
            key: The key of what it makes.
            other_than: A row to leave out: the one that asks.
        """
        found = self._all(
            f"SELECT {_STEP} FROM steps WHERE key = ? AND step = ? AND row IS NOT ? ORDER BY row LIMIT 1",  # noqa: S608
            as_key(key),
            step,
            other_than,
        )
        return _step(found[0]) if found else None

    def counts(self) -> dict[str, int]:
        """Return how many rows have which status; a status that no row has is left out."""
        found = self._all("SELECT status, count(*) FROM items GROUP BY status")
        return {cast("str", status): cast("int", count) for status, count in found}

    def undo_counts(self) -> dict[str, int]:
        """Return how many steps have which status of being taken back; empty where nothing ever was."""
        found = self._all("SELECT status, count(*) FROM undone GROUP BY status")
        return {cast("str", status): cast("int", count) for status, count in found}

    def control(self) -> Control:
        """Return what another terminal asks of the job; next to free where nothing was written."""
        ((version,),) = self._all("PRAGMA data_version")
        if self._control is None or self._control[0] != version:
            ((paused, rate),) = self._all("SELECT paused, rate FROM control")
            self._control = cast("int", version), Control(bool(paused), cast("float | None", rate))
        return self._control[1]

    def _items(self, condition: str, *values: object) -> list[Entry]:
        return [_entry(cells) for cells in self._all(f"SELECT {_ITEM} FROM items WHERE {condition}", *values)]  # noqa: S608

    def _pages(self, condition: str, *values: object) -> Iterator[Entry]:
        # Each page is a read of its own: a long one would keep the writer from tidying its log.
        last = 0
        while page := self._items(f"{condition} AND row > ? ORDER BY row LIMIT {_PAGE}", *values, last):
            yield from page
            last = page[-1].row

    def _all(self, statement: str, *values: object) -> list[_Cells]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise JournalError(f"the journal {self.path} cannot be read ({reason_of(error)})") from error


class JournalReader(Reads):
    """A journal to look at: `status`, `export`, and whoever wants to know.

    It writes nothing and takes no lock; it works while a job runs, and after one was killed.

    Args:
        path: The journal.

    Raises:
        JournalError: There is none, or it is not one of ours, or a newer version's, or cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        real = real_path(path)
        super().__init__(real, connect(real, "ro"))

    def running(self) -> bool:
        """Tell whether a process works with the journal now."""
        return is_locked(self.path)

    def speed(self, seconds: float = 10.0) -> float:
        """Return how many items a second were settled lately.

        Args:
            seconds: How far back to look; at most to the start of the latest run.
        """
        now = time.time()
        ((started, settled),) = self._all(
            "SELECT started_at, (SELECT count(*) FROM items WHERE settled_at > max(?, started_at)) FROM job",
            now - seconds,
        )
        elapsed = min(seconds, now - cast("float", started))
        return cast("int", settled) / elapsed if elapsed > 0 else 0.0

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def _first(entries: list[Entry]) -> Entry | None:
    return entries[0] if entries else None


def _entry(cells: _Cells) -> Entry:
    return Entry(*_with_flag(cells))


def _step(cells: _Cells) -> StepEntry:
    return StepEntry(*_with_flag(cells))


def _with_flag(cells: _Cells) -> _Cells:
    """Return cells with `adopted`, the third from the end, as a boolean."""
    return (*cells[:-3], bool(cells[-3]), *cells[-2:])
