"""Keys that people take for one and the same: they differ in case, spaces or how letters are written."""

from __future__ import annotations

import sqlite3
import unicodedata
from typing import TYPE_CHECKING, NamedTuple, Self

from alianza_async.bulk.input.seen import cannot_keep, comparable, scratch

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["NearKeys", "Twin", "folded", "told_apart_by"]

_TABLE = "near (folded BLOB PRIMARY KEY, key BLOB NOT NULL, number INTEGER NOT NULL) WITHOUT ROWID"
_INVISIBLE = "Cf"  # the category of soft hyphens, joiners and byte order marks


class Twin(NamedTuple):
    """An earlier row whose key is nearly the same.

    Attributes:
        row: Its number.
        key: Its key.
    """

    row: int
    key: str


def folded(key: str) -> str:
    """Return what is left of a key without case, spaces, invisible characters and ways of writing a letter.

    `Acme-1`, `ACME-1` and `acme - 1` leave the same, and so do an `é` of one character and of two (Unicode's
    compatibility caseless matching, definition D146).
    """
    if key.isascii():
        return _spaceless(key.lower())
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", key).casefold())
    return _spaceless(_one_form(text.casefold()))


def told_apart_by(key: str, other: str) -> str:
    """Say in what two keys differ that are the same when folded: `case`, `spaces`, `letter forms`.

    In one of the three they differ where taking the other two away leaves a difference.
    """
    one, two = comparable(key), comparable(other)
    kinds = (
        ("case", _spaceless(_one_form(one)), _spaceless(_one_form(two))),
        ("spaces", _one_form(one).casefold(), _one_form(two).casefold()),
        ("letter forms", _spaceless(one.lower()), _spaceless(two.lower())),
    )
    return ", ".join(name for name, left, right in kinds if left != right) or "letter forms"


def _spaceless(text: str) -> str:
    return "".join(text.split())


def _one_form(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    return "".join(character for character in text if unicodedata.category(character) != _INVISIBLE)


class NearKeys:
    """The keys met so far, by what is left of them when folded; on disk where there are many, as `Seen`.

    Keys that are the same once trimmed and NFC-normalised are no near-duplicates but duplicates: `Seen`
    refuses those, so only keys that it let pass belong here.
    """

    def __init__(self) -> None:
        self._database = scratch(_TABLE)

    def note(self, key: str, row: int) -> int | None:
        """Note a key, and return the first row that has nearly the same one.

        Args:
            key: The key as it will be sent.
            row: The row that has it.

        Raises:
            SourceError: The temporary database cannot be written.
        """
        twin = self.twin(key, row)
        return None if twin is None else twin.row

    def twin(self, key: str, row: int) -> Twin | None:
        """Note a key as `note`, and return that row with its key.

        Raises:
            SourceError: The temporary database cannot be written.
        """
        exact = comparable(key)
        blobs = (_blob(folded(exact)), _blob(exact))
        try:
            noted = self._database.execute("INSERT OR IGNORE INTO near VALUES (?, ?, ?)", (*blobs, row))
            if noted.rowcount:
                return None
            query = "SELECT key, number FROM near WHERE folded = ?"
            earlier, number = self._database.execute(query, blobs[:1]).fetchone()
        except sqlite3.Error as error:
            raise cannot_keep(row, error) from error
        if earlier == blobs[1]:
            return None
        return Twin(int(number), bytes(earlier).decode("utf-8", "surrogatepass"))

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


def _blob(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a key may hold bytes that are no UTF-8
