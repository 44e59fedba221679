"""What the sources that read a file have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from alianza_async.bulk.input.expected import CheckedRows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.text_files import TextFile

__all__ = ["FileSource"]


class FileSource(ABC):
    """Rows of a file; each iteration opens it again, and memory does not grow with it.

    Args:
        file: The file, found readable.
        expected: What the file has to hold while its rows are read; None = whatever it holds.

    Attributes:
        name: The file's path.
    """

    is_file = True
    is_async = False

    def __init__(self, file: TextFile, expected: Fingerprint | None) -> None:
        self._rows = CheckedRows(file, expected)
        self.name = file.name

    @abstractmethod
    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, in the file's order."""

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """How the file was read, a sentence each; complete once it was read to its end."""

    @abstractmethod
    def count(self) -> int | None:
        """Count the rows quickly, to show how far a job is; None where the file is too large for that.

        Raises:
            SourceError: It cannot be read.
        """

    @property
    def handed_out(self) -> int | None:
        """How many rows were handed out before the file was found changed; None where it was not."""
        return self._rows.handed_out

    def expect(self, fingerprint: Fingerprint) -> None:
        """Hold the readings that follow to a fingerprint; the first one that was given stays.

        Raises:
            InputChangedError: Another one was given before.
        """
        self._rows.expect(fingerprint)

    async def __aiter__(self) -> AsyncIterator[Row]:
        """Yield the rows, in the file's order."""
        for row in self:
            yield row
