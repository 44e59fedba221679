"""Standard output and standard error: one that cannot be written is given up, and the command continues.

What a command changes at Alianza, and the exit code that says so, may not hang on a full disk, on a pipe
whose reader has gone, or on a console that lacks a letter.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING, Literal, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Stream"]


class Stream:
    r"""One of the two outputs, whichever object stands for it at the moment.

    Characters that its encoding lacks are written as escapes, such as `\u5e97`.

    Args:
        name: Which one.
        on_lost: Called once, with the reason, when it cannot be written.

    Attributes:
        lost: Why it was given up; None while it works.
    """

    def __init__(
        self, name: Literal["stdout", "stderr"], on_lost: Callable[[str], None] = lambda _: None
    ) -> None:
        self.lost: str | None = None
        self._name = name
        self._on_lost = on_lost

    @property
    def encoding(self) -> str:
        """Its encoding."""
        return getattr(self._file(), "encoding", None) or "utf-8"

    def as_text_io(self) -> TextIO:
        """Return it as what a console takes, which calls nothing but what is here."""
        return cast("TextIO", self)

    def write(self, text: str) -> int:
        """Write text, or nothing where the output was given up; never fails."""
        if self.lost is not None:
            return len(text)
        try:
            file = self._open_file()
            try:
                file.write(text)
            except UnicodeEncodeError:
                encoding = file.encoding or "ascii"
                file.write(text.encode(encoding, "backslashreplace").decode(encoding))
        except (OSError, ValueError) as error:  # ValueError: it is closed
            self.give_up(error)
        return len(text)

    def write_bytes(self, piece: bytes) -> None:
        """Write bytes as they are; never fails."""
        if self.lost is not None:
            return
        try:
            self._open_file().buffer.write(piece)
        except (OSError, ValueError) as error:
            self.give_up(error)

    def flush(self) -> None:
        """Hand on what was written; never fails."""
        if self.lost is not None:
            return
        try:
            self._open_file().flush()
        except (OSError, ValueError) as error:
            self.give_up(error)

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        file = self._file()
        try:
            return file is not None and self.lost is None and file.isatty()
        except ValueError:
            return False

    def fileno(self) -> int:
        """Return its descriptor.

        Raises:
            OSError: It has none.
        """
        return self._open_file().fileno()

    def give_up(self, error: OSError | ValueError) -> None:
        """Write nothing more, and have nothing left to write when the interpreter ends."""
        reason = error.strerror if isinstance(error, OSError) else None
        self.lost = reason = reason or str(error) or "it is closed"
        file = self._file()
        if file is not None:
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                try:
                    os.dup2(nowhere, file.fileno())
                finally:
                    os.close(nowhere)
        self._on_lost(reason)

    def _file(self) -> TextIO | None:
        stream = cast("TextIO | None", getattr(sys, self._name))
        # A live display puts itself before the outputs: what it writes may not come round again.
        return cast("TextIO | None", getattr(stream, "rich_proxied_file", stream))

    def _open_file(self) -> TextIO:
        file = self._file()
        if file is None:  # it was closed before the interpreter began
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return file
