"""`NAME.partial`: the lines of a result file until its job ends, and what a killed run left of it."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import JsonValue

__all__ = ["create_partial", "free_name", "mark_of", "remove_left"]

_OWNER_ONLY: Final = 0o600
_MOST: Final = 10_000


def create_partial(path: Path) -> tuple[Path, int]:
    """Create `PATH.partial`, or the next free name, and return its path and its open, locked descriptor.

    Raises:
        OSError: It cannot be created.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for partial in _names(path):
        try:
            descriptor = os.open(partial, flags, _OWNER_ONLY)
        except FileExistsError:
            continue
        _lock(descriptor)
        return partial, descriptor
    raise FileExistsError(0, "too many partial files are there")


def mark_of(partial: Path, descriptor: int) -> dict[str, JsonValue]:
    """Return what a journal keeps of a partial file, by which `remove_left` knows it again."""
    status = os.fstat(descriptor)
    return {"path": str(partial), "device": status.st_dev, "inode": status.st_ino}


def remove_left(path: Path, own: Path, marks: Iterable[object], header: bytes) -> None:
    """Remove the partial files that killed runs of the same job left, and no other.

    A file is theirs where the job's journal has its path, device and inode. A run that was killed before it
    could note that has left the header line alone: such a file says nothing, and is removed too. Both have
    to be a regular file of this user's, with one name and mode 0600, that no process has locked.

    Args:
        path: The result file of the run that goes on.
        own: Its own partial file, which stays.
        marks: What the journal kept, see `mark_of`.
        header: What a partial file of that run begins with.
    """
    known = {_identity(mark) for mark in marks}
    known.discard(None)
    names = {each[0] for each in known if each is not None}
    for partial in _names(path):
        if not (partial.is_symlink() or partial.exists()):
            break
        names.add(str(partial))
    for name in sorted(names - {str(own)}):
        with suppress(OSError):
            _remove(Path(name), known, header)


def free_name(path: Path, partial: Path) -> Path:
    """Give a partial file the first free name, where that is a better one; returns the name that it has."""
    for better in _names(path):
        if better == partial:
            return partial
        try:
            os.link(partial, better)  # never over another file
        except FileExistsError:
            continue
        except OSError:  # a file system without links
            return partial
        partial.unlink()
        return better
    return partial


def _names(path: Path) -> Iterable[Path]:
    yield path.with_name(f"{path.name}.partial")
    for number in range(2, _MOST):
        yield path.with_name(f"{path.name}.partial.{number}")


def _identity(mark: object) -> tuple[str, int, int] | None:
    if not isinstance(mark, dict):
        return None
    kept = cast("dict[str, object]", mark)
    path, device, inode = kept.get("path"), kept.get("device"), kept.get("inode")
    if isinstance(path, str) and isinstance(device, int) and isinstance(inode, int):
        return path, device, inode
    return None


def _remove(partial: Path, known: set[tuple[str, int, int] | None], header: bytes) -> None:
    """Remove one file, where it is one of ours and no process works with it.

    Raises:
        OSError: It is not there, cannot be read, or a process has locked it.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(partial, flags)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            return
        if hasattr(os, "getuid") and (
            status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) != _OWNER_ONLY
        ):
            return
        is_known = (str(partial), status.st_dev, status.st_ino) in known
        if not is_known and os.read(descriptor, len(header) + 1) != header:
            return
        if _lock(descriptor):
            partial.unlink()
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock a file until it is closed or the process ends; False where another process has it."""
    if sys.platform == "win32":  # no open file can be removed there anyway
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
