"""Reading a journal from another process: what is committed, also while a job writes it."""

from __future__ import annotations

import heapq
import sqlite3
import time
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Self, cast

from alianza_async.bulk.journal.entries import Control, UndoEntry
from alianza_async.bulk.journal.files import connect, real_path
from alianza_async.bulk.journal.lock import is_locked
from alianza_async.bulk.journal.queries import (
    ADOPTED,
    ENTRY_COLUMNS,
    JOB_COLUMNS,
    RESENT,
    ROW_OF_KEY,
    STEP_COLUMNS,
    UNDO_COLUMNS,
    entry_of,
    facts_of,
    missing_as_null,
    step_of,
)
from alianza_async.bulk.journal.texts import as_key
from alianza_async.bulk.journal.writer import reason_of
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from types import TracebackType

    from alianza_async.bulk.journal.entries import Entry, JobFacts, StepEntry
    from alianza_async.bulk.journal.queries import Cells

__all__ = ["JournalReader"]

_PAGE: Final = 1000


class JournalReader:
    """A journal to look at: `status`, `export`, and whoever wants to know.

    It writes nothing and takes no lock; it works while a job runs, and after one was killed. A journal of an
    older version is read as it is: what that did not keep is None.

    Args:
        path: The journal.

    Raises:
        JournalError: There is none, or it is not one of ours, or a newer version's, or cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = real_path(path)
        self._database = connect(self.path, "ro")
        try:
            self._item, self._step, self._job = (
                missing_as_null(self._database, table, columns)
                for table, columns in (
                    ("items", ENTRY_COLUMNS),
                    ("steps", STEP_COLUMNS),
                    ("job", (*JOB_COLUMNS, "sequence", "suspicion")),
                )
            )
        except sqlite3.Error as error:
            self._database.close()
            raise JournalError(f"the journal {self.path} cannot be read ({reason_of(error)})") from error

    def __repr__(self) -> str:
        """Return which journal it reads."""
        return f"<JournalReader {self.path}>"

    @property
    def facts(self) -> JobFacts:
        """What the job is.

        Raises:
            JournalError: It cannot be read; likewise below.
        """
        (cells,) = self._all(f"SELECT {self._job} FROM job")  # noqa: S608
        return facts_of(cells[: len(JOB_COLUMNS)])

    @property
    def sequence(self) -> int:
        """How many commits the journal has; 0 in one of version 1."""
        (cells,) = self._all(f"SELECT {self._job} FROM job")  # noqa: S608
        return cast("int | None", cells[-2]) or 0

    @property
    def suspicion(self) -> str | None:
        """Why every row is looked up before it is sent, until the job has finished; None as a rule."""
        (cells,) = self._all(f"SELECT {self._job} FROM job")  # noqa: S608
        return cast("str | None", cells[-1])

    def entry(self, row: int) -> Entry | None:
        """Return a row's entry, or None where it has none."""
        return _first(self._items("row = ?", row))

    def by_key(self, key: str) -> Entry | None:
        """Return the entry with a natural key, or None; of several the first that is not `invalid`."""
        return _first(self._items(f"row = ({ROW_OF_KEY.format('?')})", as_key(key)))

    def last_row(self) -> int:
        """Return the highest row number there is; 0 where there is none."""
        ((row,),) = self._all("SELECT coalesce(max(row), 0) FROM items")
        return cast("int", row)

    def steps(self, row: int) -> dict[str, StepEntry]:
        """Return a row's steps, by name."""
        found = self._all(f"SELECT {self._step} FROM steps WHERE row = ?", row)  # noqa: S608
        return {step.step: step for step in map(step_of, found)}

    def undone(self, row: int) -> dict[str, UndoEntry]:
        """Return what was undone of a row, by step."""
        found = self._all(f"SELECT {', '.join(UNDO_COLUMNS)} FROM undone WHERE row = ?", row)  # noqa: S608
        return {entry.step: entry for entry in (UndoEntry(*cells) for cells in found)}

    def entries(self, *statuses: str, resent: bool = False, adopted: bool = False) -> Iterator[Entry]:
        """Yield entries by row number, in bounded memory.

        Args:
            statuses: Only these; all where none is named.
            resent: Only rows of which a request was sent more than once. Where `adopted` is given too, rows
                of either kind.
            adopted: Only rows of which an object was found after its answer was lost.
        """
        wanted = [f"({each})" for each, asked in ((RESENT, resent), (ADOPTED, adopted)) if asked]
        condition = f"({' OR '.join(wanted) or '1'})"
        if not statuses:
            return self._pages(condition)
        # One scan of the index for each status, by row already.
        pages = (self._pages(f"status = ? AND {condition}", status) for status in dict.fromkeys(statuses))
        return heapq.merge(*pages, key=attrgetter("row"))

    def sent_key(self, key: str, *, since: float | None = None) -> bool:
        """Tell whether a step with a natural key was ever sent, or since a moment in Unix seconds."""
        sent = "SELECT 1 FROM steps WHERE key = ? AND intent_at >= ? LIMIT 1"
        return bool(self._all(sent, as_key(key), since or 0.0))

    def counts(self) -> dict[str, int]:
        """Return how many rows have which status; a status that no row has is left out."""
        found = self._all("SELECT status, count(*) FROM items GROUP BY status")
        return {cast("str", status): cast("int", count) for status, count in found}

    def undo_counts(self) -> dict[str, int]:
        """Return how many steps have which status of being undone; empty where none was."""
        found = self._all("SELECT status, count(*) FROM undone GROUP BY status")
        return {cast("str", status): cast("int", count) for status, count in found}

    def control(self) -> Control:
        """Return what another terminal asks of the job."""
        ((paused, rate),) = self._all("SELECT paused, rate FROM control")
        return Control(bool(paused), cast("float | None", rate))

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

    def _items(self, condition: str, *values: object) -> list[Entry]:
        found = self._all(f"SELECT {self._item} FROM items WHERE {condition}", *values)  # noqa: S608
        return [entry_of(cells) for cells in found]

    def _pages(self, condition: str, *values: object) -> Iterator[Entry]:
        # Each page is a read of its own: a long one would keep the writer from tidying its log.
        last = 0
        while page := self._items(f"{condition} AND row > ? ORDER BY row LIMIT {_PAGE}", *values, last):
            yield from page
            last = page[-1].row

    def _all(self, statement: str, *values: object) -> list[Cells]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise JournalError(f"the journal {self.path} cannot be read ({reason_of(error)})") from error


def _first(entries: list[Entry]) -> Entry | None:
    return entries[0] if entries else None
