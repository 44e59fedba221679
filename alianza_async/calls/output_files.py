"""Writing a file whole or not at all: beside its place first, for its owner alone, then renamed over it.

What is no file (a device such as `/dev/null`, a FIFO, a descriptor of this process such as `/dev/stdout`) is
written directly: a rename would put a file in its place.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO

__all__ = ["OutputFile", "is_direct", "open_direct", "put_new"]

_MOST_LINKS: Final = 40
_DESCRIPTOR: Final = re.compile(r"/(?:proc/(?:self|thread-self|\d+)(?:/task/\d+)?|dev)/fd/(\d+)")


def is_direct(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path, or what it links to, is written directly: no file, or one of our descriptors.

    Raises:
        OSError: It is a disk: writing to it would destroy what is on it.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  (a link to a pipe has no path of its own)
    except OSError:
        return False
    if stat.S_ISBLK(mode):
        raise IsADirectoryError(0, "it is a disk, not a file")
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or _descriptor(path) is not None


def open_direct(path: str | os.PathLike[str]) -> BinaryIO:
    """Open what is written directly; nothing is created or cut off.

    A descriptor of this process is used as it is, so that what follows on it does not write over ours.

    Raises:
        OSError: It cannot be opened.
    """
    number = _descriptor(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND) if number is None else os.dup(number)
    return open(descriptor, "wb")  # noqa: PTH123 - a descriptor, not a path


def put_new(temporary: Path, place: Path) -> None:
    """Give a file that is ready its name, where nothing has that name: also not since somebody looked.

    Raises:
        FileExistsError: Something has the name; it is untouched, and so is the file.
        OSError: It cannot be renamed.
    """
    try:
        os.link(temporary, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is taken first, and then filled
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            temporary.replace(place)
        except BaseException:
            place.unlink()
            raise
    else:
        temporary.unlink()


class OutputFile:
    """A file that is being written; a context puts it in its place at the end, or drops it after an error.

    Args:
        path: Its place. A symbolic link is followed: the file that it names is replaced, not the link.
        over: Whether a file that is at its place at the end is replaced.

    Attributes:
        path: The place, without symbolic links where it is a file.
        handle: Where the bytes go.

    Raises:
        OSError: It cannot be created.
    """

    def __init__(self, path: str | os.PathLike[str], *, over: bool = True) -> None:
        self._over = over
        self._temporary: Path | None = None
        if is_direct(path):
            self.path = Path(path)
            self.handle = open_direct(path)
            return
        self.path = Path(os.path.realpath(path))
        descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)  # mode 0600
        self._temporary = Path(name)
        self.handle = open(descriptor, "wb")  # noqa: PTH123, SIM115 - a descriptor; `finish` closes it

    def finish(self) -> None:
        """Put the file in its place in one step; after an error nothing is left behind.

        Raises:
            FileExistsError: A file came to its place meanwhile, and may not be replaced.
            OSError: It cannot be written; what was there before is untouched.
        """
        temporary, self._temporary = self._temporary, None
        try:
            with self.handle:
                self.handle.flush()
                if temporary is not None:
                    os.fsync(self.handle.fileno())  # or a power cut may leave the new name with nothing in it
            if temporary is not None and self._over:
                temporary.replace(self.path)
            elif temporary is not None:
                put_new(temporary, self.path)
        except BaseException:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
            raise

    def drop(self) -> None:
        """Leave nothing behind; after `finish` it does nothing."""
        with suppress(OSError):  # what is buffered may not fit, and is not wanted
            self.handle.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Put the file in its place, or drop it after an error."""
        if exc is None:
            self.finish()
        else:
            self.drop()


def _descriptor(path: str | os.PathLike[str]) -> int | None:
    """Return the descriptor of this process that a path leads to, such as 1 for `/dev/stdout`."""
    current = os.path.abspath(path)  # noqa: PTH100  (resolving would follow the link that tells)
    for _ in range(_MOST_LINKS):
        current = os.path.join(os.path.realpath(os.path.dirname(current)), os.path.basename(current))  # noqa: PTH118, PTH119, PTH120
        found = _DESCRIPTOR.fullmatch(current)
        if found is not None and os.path.dirname(current) in _own_folders():  # noqa: PTH120
            return int(found[1])
        try:
            target = os.readlink(current)  # noqa: PTH115
        except OSError:  # no link
            return None
        current = os.path.join(os.path.dirname(current), target)  # noqa: PTH118, PTH120
    return None


def _own_folders() -> set[str]:
    return {"/dev/fd", os.path.realpath("/dev/fd"), f"/proc/{os.getpid()}/fd"}
