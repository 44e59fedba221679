"""Migrate a journal of an older version in place, in one transaction; a copy of it stays beside it."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.input.seen import comparable
from alianza_async.bulk.journal.schema import NEW_TABLES, VERSION, hold_to_graph

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["migrate"]

_STEP_OF_KIND: Final = {
    "accounts": "account",
    "createAccount": "account",
    "users": "user",
    "createEndUser": "user",
}
"""The kinds that had rows without steps."""

_EVIDENCE: Final = "evidence TEXT CHECK (evidence IN ('answered', 'history', 'none'))"
_NEW_COLUMNS: Final = {
    "job": ("sequence INTEGER NOT NULL DEFAULT 0", "suspicion TEXT"),
    "items": (_EVIDENCE, "failed_step TEXT", "message TEXT", "server_request_id TEXT"),
    "steps": (
        "purpose TEXT CHECK (purpose IN ('create', 'update', 'delete'))",
        "change TEXT",
        _EVIDENCE,
        "first_intent_at REAL",
        "sent_at REAL",
        "message TEXT",
        "server_request_id TEXT",
    ),
}
_SAME: Final = (
    "row, key, status, object_id, error_class, error, attempts, request_id, adopted, intent_at, settled_at"
)
# What was found after its answer was lost may be anybody's: version 1 had no proof of who made it.
_PROVEN: Final = (
    "CASE WHEN status = 'created' AND NOT adopted THEN 'answered' "
    "WHEN status IN ('created', 'exists', 'updated') THEN 'none' END"
)


def migrate(database: sqlite3.Connection, path: Path) -> None:
    """Bring a journal to this version; nothing happens where it has it.

    Args:
        database: A connection that writes to it; no other process works with the journal.
        path: The journal.

    Raises:
        OSError: The copy cannot be written.
        sqlite3.Error: As above, or the journal cannot be written; it stays as it was.
    """
    ((version,),) = database.execute("PRAGMA user_version")
    if version >= VERSION:
        return
    _copy(database, path, version)
    database.execute("BEGIN IMMEDIATE")
    try:
        if version == 1:
            _prove(database)
        database.execute("ALTER TABLE job RENAME COLUMN partition_id TO scope")
        database.execute("UPDATE job SET version = ?", (VERSION,))
        database.execute(f"PRAGMA user_version = {VERSION}")
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise


def _copy(database: sqlite3.Connection, path: Path, version: int) -> None:
    """Write a copy of the journal beside it, for its owner alone; one that is there stays."""
    names = (f"{path.name}.v{version}{f'-{number}' if number > 1 else ''}" for number in count(1))
    place = next(place for name in names if not (place := path.with_name(name)).exists())
    new = path.with_name(f".{place.name}.{secrets.token_hex(4)}.new")
    try:
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(new, isolation_level=None)) as copy:
            database.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # whole in one file
        descriptor = os.open(new, os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        new.replace(place)
    except BaseException:
        for suffix in ("", "-journal", "-wal", "-shm"):
            new.with_name(new.name + suffix).unlink(missing_ok=True)
        raise


def _prove(database: sqlite3.Connection) -> None:
    """Bring a journal of version 1 to version 2: proofs, purposes, claims and leases."""
    for table, columns in _NEW_COLUMNS.items():
        for column in columns:
            database.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    for statement in NEW_TABLES:
        database.execute(statement)
    hold_to_graph(database)
    # No row begins as `created`: the steps of the rows are written before their triggers hold.
    for table in ("items", "steps"):
        database.execute(f"DROP TRIGGER {table}_begin")
    ((kind,),) = database.execute("SELECT kind FROM job")
    if kind in _STEP_OF_KIND:
        database.execute(
            f"INSERT INTO steps (step, {_SAME}) SELECT ?, {_SAME} FROM items WHERE true "  # noqa: S608
            "ON CONFLICT DO NOTHING",
            (_STEP_OF_KIND[kind],),
        )
    database.execute(f"UPDATE items SET evidence = {_PROVEN}")  # noqa: S608
    database.execute(
        f"UPDATE steps SET evidence = {_PROVEN}, first_intent_at = intent_at, "  # noqa: S608
        "purpose = CASE WHEN status = 'updated' THEN 'update' WHEN intent_at IS NOT NULL THEN 'create' END"
    )
    database.execute("UPDATE job SET sequence = 1")
    _claim(database)
    hold_to_graph(database)


def _claim(database: sqlite3.Connection) -> None:
    """Claim the keys that steps had: as they are, and folded where that is no other row's key."""
    claimed = "INSERT INTO claims (step, key, row) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    database.execute(
        "INSERT INTO claims (step, key, row) SELECT step, key, min(row) FROM steps WHERE key IS NOT NULL "
        "GROUP BY step, key"
    )
    found = database.execute("SELECT step, key, row FROM steps WHERE key IS NOT NULL ORDER BY row")
    database.executemany(claimed, ((step, comparable(key).casefold(), row) for step, key, row in found))
