"""The one thread that reads a journal for the job that writes it: no SQL runs on the event loop."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from alianza_async.bulk.journal.queries import ROWS, states_of
from alianza_async.bulk.journal.writer import reason_of
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alianza_async.bulk.journal.entries import RowState

__all__ = ["ReadingThread"]

_T = TypeVar("_T")
_MOST_ROWS: Final = 2000

_Query = Callable[[sqlite3.Connection], object]
_Waiting = tuple["_Query | tuple[int, ...]", "asyncio.Future[Any]"]


class ReadingThread:
    """Answers questions about a journal, in their order; those about rows that wait together share a query.

    Args:
        database: A connection that does nothing else; closed at the end.
        path: The journal, for messages.
    """

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path
        self._condition = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._closing = False
        self._thread = threading.Thread(target=self._work, name=f"reading {path.name}", daemon=True)
        self._thread.start()

    def rows(self, numbers: Sequence[int]) -> asyncio.Future[dict[int, RowState]]:
        """Return what is known of rows, by number.

        Raises:
            JournalError: The journal is closed or cannot be read; likewise below.
        """
        return self._put(tuple(numbers))

    def ask(self, query: Callable[[sqlite3.Connection], _T]) -> asyncio.Future[_T]:
        """Return what a query returns; it runs in the thread."""
        return self._put(query)

    def close(self) -> None:
        """Answer who waits, let go of the file; returns when that is done."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    def _put(self, query: _Query | tuple[int, ...]) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        with self._condition:
            if self._closing:
                raise JournalError(f"the journal {self._path} cannot be read: it is closed")
            self._waiting.append((query, future))
            self._condition.notify()
        return future

    # --- in the thread --------------------------------------------------------------------------------------

    def _work(self) -> None:
        while batch := self._batch():
            answers = self._rows([each for each in batch if isinstance(each[0], tuple)])
            for query, future in batch:
                if not isinstance(query, tuple):
                    answers.append((future, self._answer(query)))
            _resolve_all(answers)
        with suppress(sqlite3.Error):
            self._database.close()

    def _batch(self) -> list[_Waiting]:
        with self._condition:
            while not self._waiting and not self._closing:
                self._condition.wait()
            batch, self._waiting = self._waiting, []
        return batch

    def _rows(self, waiting: list[_Waiting]) -> list[tuple[asyncio.Future[Any], object]]:
        """Answer all who ask for rows, by as few queries as can be."""
        asked = [cast("tuple[int, ...]", numbers) for numbers, _ in waiting]
        wanted = sorted({number for numbers in asked for number in numbers})
        found: dict[int, RowState] = {}
        for start in range(0, len(wanted), _MOST_ROWS):
            part = json.dumps(wanted[start : start + _MOST_ROWS])
            answer = self._answer(lambda database, part=part: database.execute(ROWS, (part,)).fetchone())  # type: ignore[misc]
            if isinstance(answer, JournalError):
                return [(future, JournalError(str(answer))) for _, future in waiting]
            found |= states_of(*cast("tuple[str, str]", answer))
        return [
            (future, {number: found[number] for number in numbers if number in found})
            for numbers, (_, future) in zip(asked, waiting, strict=True)
        ]

    def _answer(self, query: _Query) -> object:
        try:
            return query(self._database)
        except JournalError as error:
            return error
        except sqlite3.Error as error:
            failure = JournalError(f"the journal {self._path} cannot be read ({reason_of(error)})")
            failure.__cause__ = error
            return failure
        except Exception as error:  # noqa: BLE001  (whatever the reason, no waiter may hang)
            failure = JournalError(
                f"the journal {self._path} cannot be read ({type(error).__name__}: {error})"
            )
            failure.__cause__ = error
            return failure


def _resolve_all(answers: list[tuple[asyncio.Future[Any], object]]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], object]]] = {}
    for answer in answers:
        by_loop.setdefault(answer[0].get_loop(), []).append(answer)
    for loop, its in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed, and no task waits
            loop.call_soon_threadsafe(_resolve, its)


def _resolve(answers: list[tuple[asyncio.Future[Any], object]]) -> None:
    for future, answer in answers:
        if future.done():  # its waiter was cancelled
            continue
        if isinstance(answer, JournalError):
            future.set_exception(answer)
        else:
            future.set_result(answer)
