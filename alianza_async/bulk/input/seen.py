"""Which keys an input had already: the first in memory, the rest on disk, so that memory stays flat."""

from __future__ import annotations

import sqlite3
import unicodedata
from typing import TYPE_CHECKING, Self

from alianza_async.errors import SourceError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Seen", "cannot_keep", "comparable", "scratch"]

_CACHE_KIB = 1024
_IN_MEMORY = 20_000  # about 3 MB


def comparable(key: str) -> str:
    """Return a key in the form in which two are compared: trimmed and NFC-normalised, otherwise exact."""
    return unicodedata.normalize("NFC", key).strip()


def scratch(table: str) -> sqlite3.Connection:
    """Return a temporary database with one table: in memory while it is small, then on disk.

    It goes away by itself; its directory is `SQLITE_TMPDIR` or `TMPDIR`.

    Args:
        table: The table's name and columns.
    """
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for statement in (
        "PRAGMA journal_mode=OFF",
        "PRAGMA synchronous=OFF",
        "PRAGMA locking_mode=EXCLUSIVE",
        f"PRAGMA cache_size=-{_CACHE_KIB}",
        f"CREATE TABLE {table}",
        "BEGIN",  # one transaction for good: nothing is ever read from another connection
    ):
        database.execute(statement)
    return database


def cannot_keep(row: int, error: sqlite3.Error) -> SourceError:
    """Return the error of a temporary database that cannot be written."""
    return SourceError(
        f"the keys of row {row} and before cannot be kept in the temporary directory ({error}): "
        "free space there or set SQLITE_TMPDIR to another one"
    )


class Seen:
    """The keys met so far, each with the row that had it first.

    Kept exactly (no hashes, so never a false double): the first of them in memory, those that follow in a
    temporary SQLite database that goes away by itself; its directory is `SQLITE_TMPDIR` or `TMPDIR`.

    Args:
        in_memory: How many are kept in memory.
    """

    def __init__(self, in_memory: int = _IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._numbers: dict[str, int] = {}
        self._database = scratch("seen (key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID")

    def first(self, key: str, row: int) -> int | None:
        """Note a key, unless it was noted before.

        Args:
            key: The key, as `comparable()` returns it.
            row: The row that has it.

        Returns:
            None where the key is new, else the number of the row that had it first.

        Raises:
            SourceError: The temporary database cannot be written.
        """
        number = self._numbers.get(key)
        if number is not None:
            return number
        if len(self._numbers) < self._in_memory:
            self._numbers[key] = row
            return None
        blob = key.encode("utf-8", "surrogatepass")  # a key may hold bytes that are no UTF-8
        try:
            noted = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (blob, row))
            if noted.rowcount:
                return None
            found = self._database.execute("SELECT number FROM seen WHERE key = ?", (blob,)).fetchone()
        except sqlite3.Error as error:
            raise cannot_keep(row, error) from error
        return int(found[0])

    @property
    def on_disk(self) -> bool:
        """Whether memory is full, so that a key may have to be looked up on disk."""
        return len(self._numbers) >= self._in_memory

    def row_of(self, key: str) -> int | None:
        """Return the row that had a key first, without noting it; None where no row had it.

        Raises:
            SourceError: The temporary database cannot be read.
        """
        number = self._numbers.get(key)
        if number is not None or not self.on_disk:
            return number
        try:
            blob = key.encode("utf-8", "surrogatepass")
            found = self._database.execute("SELECT number FROM seen WHERE key = ?", (blob,)).fetchone()
        except sqlite3.Error as error:
            raise cannot_keep(0, error) from error
        return None if found is None else int(found[0])

    def close(self) -> None:
        """Forget everything and free the disk."""
        self._numbers.clear()
        self._database.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
