"""One process at a time works with a journal: a lock of the operating system, free after a kill.

The lock is on a file beside the journal. On the journal itself it would not hold: whoever closes a second
descriptor of that file would drop SQLite's own locks.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from alianza_async.errors import JournalError, JournalLockedError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["JobLock", "is_locked"]

_TRIES: Final = 5
_PAUSE_S: Final = 0.01  # `is_locked` of another process holds the lock for a moment
_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_READ_BYTES: Final = 64
_OURS: Final = re.compile(
    rb"\d{0,20}\n?"
)  # the id of the process that has it; empty where one was killed early
_FAR: Final = 1 << 30  # Windows locks bytes, and no process may read a locked one: lock one behind the text


class JobLock:
    """The lock of one journal, held from `acquire` to `release`, or to the end of the process.

    Args:
        file: Path of the lock file.
        descriptor: Its open, locked file.
    """

    def __init__(self, file: Path, descriptor: int) -> None:
        self._file = file
        self._descriptor: int | None = descriptor

    @classmethod
    def acquire(cls, path: Path) -> JobLock:
        """Take the lock of a journal.

        Args:
            path: The journal.

        Raises:
            JournalLockedError: A process has it; names its id.
            JournalError: Something that is not our lock file is in its place; it stays as it is.
            OSError: The lock file cannot be made.
        """
        file = _lock_file(path)
        holder = ""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE_S)
            descriptor = _open(file, os.O_RDWR | os.O_CREAT)
            try:
                _lock(descriptor, exclusive=True)
                if not _is_still(file, descriptor):  # whoever had it has removed it meanwhile
                    os.close(descriptor)
                    continue
                _refuse_foreign(file, descriptor)
                os.ftruncate(descriptor, 0)
                os.lseek(descriptor, 0, os.SEEK_SET)
                os.write(descriptor, f"{os.getpid()}\n".encode())
            except (BlockingIOError, PermissionError):
                holder = os.read(descriptor, 32).decode("ascii", "replace").strip()
                os.close(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            else:
                return cls(file, descriptor)
        who = f"process {holder}" if holder.isdigit() else "another process"
        raise JournalLockedError(
            f"the journal {path} is being worked with by {who}: wait until that has ended, or stop it"
        )

    def release(self) -> None:
        """Free the lock; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        # Removed while it is locked: who waits for it finds that out, and makes a new one. Windows cannot.
        with suppress(OSError):
            if _is_still(self._file, descriptor):  # somebody else's stays
                self._file.unlink()
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Tell whether a process works with a journal; takes nothing."""
    try:
        descriptor = _open(_lock_file(path), os.O_RDONLY)
    except (FileNotFoundError, JournalError):
        return False
    try:
        _lock(descriptor, exclusive=False)
    except (BlockingIOError, PermissionError):
        return True
    finally:
        os.close(descriptor)
    return False


def _lock_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _open(file: Path, flags: int) -> int:
    """Open a lock file, and nothing that a link, or somebody else, has put in its place."""
    if file.is_symlink():  # also where the system cannot refuse one by itself
        raise _not_ours(file, "a symbolic link")
    try:
        descriptor = os.open(file, flags | _NO_LINKS, 0o600)
    except IsADirectoryError:
        raise _not_ours(file, "a folder") from None
    except OSError as error:
        if file.is_symlink():
            raise _not_ours(file, "a symbolic link") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_ours(file, "no plain file")
    return descriptor


def _refuse_foreign(file: Path, descriptor: int) -> None:
    """Raise where a file holds anything but a process id; otherwise have it be its owner's alone."""
    if not _OURS.fullmatch(os.read(descriptor, _READ_BYTES)):
        raise _not_ours(file, "a file of somebody else's")
    if os.name != "nt":
        with suppress(PermissionError):  # another user's, whom it was shared by
            os.fchmod(descriptor, 0o600)


def _not_ours(file: Path, found: str) -> JournalError:
    return JournalError(f"the lock file {file} is {found}, and is left alone: move it away, then try again")


def _is_still(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(file.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, *, exclusive: bool) -> None:  # noqa: ARG001  (Windows has one kind)
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int, *, exclusive: bool) -> None:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
