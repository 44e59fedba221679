"""Leases in a journal's file: taken, extended, given back, checked before every write."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.journal.encoding import stale
from alianza_async.bulk.journal.store import Fence
from alianza_async.errors import JournalError, JournalLockedError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

__all__ = ["check", "extend", "give_back", "take"]

_HELD: Final = "SELECT 1 FROM leases WHERE job = ? AND chunk = ? AND epoch = ? AND owner IS NOT NULL"


def take(database: sqlite3.Connection, *, job: str, chunk: int, owner: str, ttl_s: float) -> Fence:
    """Take a lease, or take over one that has expired.

    Raises:
        JournalLockedError: Somebody else has it, and it has not expired.
    """
    now = time.time()
    found = database.execute(
        "SELECT epoch, owner, expires_at FROM leases WHERE job = ? AND chunk = ?", (job, chunk)
    ).fetchone()
    epoch, holder, expires_at = found or (0, None, 0.0)
    if holder is not None and expires_at > now:
        raise JournalLockedError(held(job, chunk, holder))
    database.execute(
        "INSERT INTO leases (job, chunk, epoch, owner, expires_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
        "DO UPDATE SET epoch = excluded.epoch, owner = excluded.owner, expires_at = excluded.expires_at",
        (job, chunk, epoch + 1, owner, now + ttl_s),
    )
    return Fence(job, chunk, epoch + 1)


def extend(database: sqlite3.Connection, *, fence: Fence, ttl_s: float) -> None:
    """Have a lease expire later.

    Raises:
        JournalError: It was taken over or given back.
    """
    check(database, fence)
    database.execute(
        "UPDATE leases SET expires_at = ? WHERE job = ? AND chunk = ?",
        (time.time() + ttl_s, fence.job, fence.chunk),
    )


def give_back(database: sqlite3.Connection, fences: Iterable[Fence]) -> None:
    """Give leases back; those that were taken over meanwhile stay with whoever has them."""
    database.executemany(
        "UPDATE leases SET owner = NULL, expires_at = 0 WHERE job = ? AND chunk = ? AND epoch = ?", fences
    )


def check(database: sqlite3.Connection, fence: Fence) -> None:
    """Check that a lease is current.

    Raises:
        JournalError: It was taken over or given back.
    """
    if database.execute(_HELD, fence).fetchone() is None:
        raise JournalError(stale(*fence))


def held(job: str, chunk: int, holder: str) -> str:
    """Return in one sentence that somebody has a lease."""
    return f"part {chunk} of job {job} is being worked on by {holder}: wait until that has ended, or stop it"
