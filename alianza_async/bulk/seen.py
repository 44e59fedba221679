"""Which keys an input had already, on disk, so that memory stays flat whatever the input's size."""

from __future__ import annotations

import sqlite3
import unicodedata
from typing import TYPE_CHECKING, Self

from alianza_async.errors import SourceError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Seen", "comparable"]

_CACHE_KIB = 4096


def comparable(key: str) -> str:
    """Return a key in the form in which two are compared: trimmed and NFC-normalised, otherwise exact."""
    return unicodedata.normalize("NFC", key).strip()


class Seen:
    """The keys met so far, each with the row that had it first.

    Kept exactly (no hashes, so never a false double) in a temporary SQLite database that goes away by itself;
    its directory is `SQLITE_TMPDIR` or `TMPDIR`.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "PRAGMA locking_mode=EXCLUSIVE",
            f"PRAGMA cache_size=-{_CACHE_KIB}",
            "CREATE TABLE seen (key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
            "BEGIN",  # one transaction for good: nothing is ever read from another connection
        ):
            self._database.execute(statement)

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
        blob = key.encode("utf-8", "surrogatepass")  # a key may hold bytes that are no UTF-8
        try:
            noted = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (blob, row))
            if noted.rowcount:
                return None
            found = self._database.execute("SELECT number FROM seen WHERE key = ?", (blob,)).fetchone()
        except sqlite3.Error as error:
            raise SourceError(
                f"the keys of row {row} and before cannot be kept in the temporary directory ({error}): "
                "free space there or set SQLITE_TMPDIR to another one"
            ) from error
        return int(found[0])

    def close(self) -> None:
        """Forget everything and free the disk."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
