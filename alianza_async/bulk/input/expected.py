"""What a file of rows has to hold while a job reads it, and the sentence where it does not."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from alianza_async.bulk.input.verified_file import BlockChangedError
from alianza_async.errors import InputChangedError

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import TextIO

    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.input.text_files import TextFile

__all__ = ["CheckedRows"]


class CheckedRows:
    """Opens a file for a source, held to a fingerprint where there is one.

    Args:
        file: The file.
        expected: What it has to hold; None = whatever it holds.

    Attributes:
        expected: As given, or as `expect` set it.
        handed_out: How many rows the latest reading handed out before the file was found changed; None where
            it was not.
    """

    def __init__(self, file: TextFile, expected: Fingerprint | None) -> None:
        self._file = file
        self.expected = expected
        self.handed_out: int | None = None
        self.number = 0

    def expect(self, fingerprint: Fingerprint) -> None:
        """Hold the readings that follow to a fingerprint; the first one that was given stays.

        Raises:
            InputChangedError: Another one was given before.
        """
        if self.expected is not None and self.expected != fingerprint:
            raise InputChangedError(
                f"{self._file.name} changed before the job began: nothing was sent; look at the file, then "
                "plan and run it again"
            )
        self.expected = fingerprint

    @contextmanager
    def opened(self, *, newline: str) -> Generator[TextIO]:
        """Open the file from its start; `number` is to be set to that of each row before it is handed out.

        Args:
            newline: As for `TextFile.opened`.

        Raises:
            InputChangedError: The file is not what it has to be; names the rows that were not handed out.
            SourceError: It cannot be read.
        """
        self.number, self.handed_out = 0, None
        try:
            with self._file.opened(newline=newline, expected=self.expected) as handle:
                yield handle
        except BlockChangedError as change:
            raise self.changed(str(change)) from None

    def changed(self, how: str = "changed") -> InputChangedError:
        """Return the error that names what is missing, and note how many rows are not."""
        self.handed_out = self.number
        return InputChangedError(
            f"{self._file.name} {how} while the job ran: rows from {self.number + 1} on were not sent; put "
            "the file back as it was and resume the job, or run what has changed as a job of its own"
        )
