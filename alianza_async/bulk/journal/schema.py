"""The tables of a journal, and the graph along which its rows move; docs/journal.md describes both."""

from __future__ import annotations

from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

__all__ = [
    "APPLICATION_ID",
    "NEW_TABLES",
    "ROW_TRANSITIONS",
    "TRANSITIONS",
    "UNDO_TRANSITIONS",
    "VERSION",
    "build",
    "hold_to_graph",
]

APPLICATION_ID: Final = 0x414C4A44
"""What marks a SQLite file as one of our journals (`ALJD`)."""

VERSION: Final = 3
"""The schema's version; a journal with a lower one is migrated, one with a higher one is refused."""

TRANSITIONS: Final[Mapping[str | None, tuple[str, ...]]] = MappingProxyType(
    {
        None: ("pending", "intent", "exists", "failed", "invalid", "skipped", "unknown"),
        "pending": ("intent", "exists", "failed", "invalid", "skipped", "unknown"),
        # Once more an intent: it is sent again. Pending: it was looked up and is absent, so it may be sent.
        "intent": ("intent", "created", "exists", "updated", "failed", "skipped", "unknown", "pending"),
        "unknown": ("intent", "created", "exists", "updated", "failed", "pending", "unknown"),
        "failed": ("intent", "exists", "updated", "pending", "failed"),
        "skipped": ("intent", "pending", "exists", "failed", "invalid", "unknown", "skipped"),
        # Reconcile alone moves these: what was made turns out to be somebody else's, or it cannot be decided.
        "created": ("exists", "unknown"),
        "exists": (),
        "updated": ("unknown",),
        "invalid": (),
    }
)
"""What a step of a row may become next; None is what is not in the journal yet.

What is `unknown`, `failed` or `skipped` may be found so again by a later run: its reason and times are new.
"""

ROW_TRANSITIONS: Final[Mapping[str | None, tuple[str, ...]]] = MappingProxyType(
    {
        **TRANSITIONS,
        "pending": (*TRANSITIONS["pending"], "created", "updated"),
        "failed": (*TRANSITIONS["failed"], "created"),
        "skipped": (*TRANSITIONS["skipped"], "created", "updated"),
    }
)
"""The same for a row. It is what its steps add up to: one that an earlier run left half way is `created` once
its other steps are found to be done, though nothing more was sent for it."""

UNDO_TRANSITIONS: Final[Mapping[str | None, tuple[str, ...]]] = MappingProxyType(
    {
        None: ("intent", "skipped"),
        "intent": ("intent", "undone", "failed", "skipped", "unknown"),
        "failed": ("intent",),
        "skipped": ("intent", "skipped"),
        "unknown": ("intent",),
        "undone": (),
    }
)
"""The same for undoing a step; what is refused, and so never begun, is `skipped` at once, and again where it
is refused again."""

_GRAPHS: Final = (("row", ROW_TRANSITIONS), ("step", TRANSITIONS), ("undo", UNDO_TRANSITIONS))

NEW_TABLES: Final = (
    """
    CREATE TABLE leases (
        job TEXT NOT NULL,
        chunk INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        owner TEXT,
        expires_at REAL NOT NULL,
        PRIMARY KEY (job, chunk)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE claims (
        step TEXT NOT NULL,
        key TEXT NOT NULL,
        row INTEGER NOT NULL,
        PRIMARY KEY (step, key)
    ) WITHOUT ROWID
    """,
)
"""The tables that version 2 brought."""

_TABLES: Final = (
    """
    CREATE TABLE job (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        version INTEGER NOT NULL,
        job_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        input TEXT,
        input_sha256 TEXT,
        options TEXT NOT NULL,
        salt BLOB NOT NULL,
        base_url TEXT NOT NULL,
        environment TEXT,
        scope TEXT,
        login TEXT,
        rows INTEGER,
        created_at REAL NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'finished')),
        started_at REAL NOT NULL,
        ended_at REAL,
        runs INTEGER NOT NULL,
        sequence INTEGER NOT NULL DEFAULT 0,
        suspicion TEXT
    )
    """,
    """
    CREATE TABLE items (
        row INTEGER PRIMARY KEY,
        key TEXT,
        digest BLOB,
        status TEXT NOT NULL,
        object_id TEXT,
        error_class TEXT,
        error TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        request_id TEXT,
        adopted INTEGER NOT NULL DEFAULT 0,
        intent_at REAL,
        settled_at REAL,
        evidence TEXT CHECK (evidence IN ('answered', 'history', 'none')),
        failed_step TEXT,
        message TEXT,
        server_request_id TEXT
    )
    """,
    "CREATE INDEX items_by_key ON items (key)",
    "CREATE INDEX items_by_status ON items (status)",
    # Times only grow, so this one is written at its end alone; it tells how fast a job is.
    "CREATE INDEX items_by_end ON items (settled_at) WHERE settled_at IS NOT NULL",
    """
    CREATE TABLE steps (
        row INTEGER NOT NULL,
        step TEXT NOT NULL,
        key TEXT,
        status TEXT NOT NULL,
        object_id TEXT,
        detail TEXT,
        error_class TEXT,
        error TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        request_id TEXT,
        adopted INTEGER NOT NULL DEFAULT 0,
        intent_at REAL,
        settled_at REAL,
        purpose TEXT CHECK (purpose IN ('create', 'update', 'delete')),
        change TEXT,
        evidence TEXT CHECK (evidence IN ('answered', 'history', 'none')),
        first_intent_at REAL,
        sent_at REAL,
        message TEXT,
        server_request_id TEXT,
        PRIMARY KEY (row, step)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX steps_by_key ON steps (key, step) WHERE key IS NOT NULL",
    """
    CREATE TABLE undone (
        row INTEGER NOT NULL,
        step TEXT NOT NULL,
        status TEXT NOT NULL,
        object_id TEXT,
        error_class TEXT,
        error TEXT,
        intent_at REAL,
        settled_at REAL,
        PRIMARY KEY (row, step)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE control (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        paused INTEGER NOT NULL DEFAULT 0,
        rate REAL,
        asked_at REAL
    )
    """,
    "INSERT INTO control (id) VALUES (1)",
    # "before" is NULL for what is not there yet, so this cannot be a primary key.
    "CREATE TABLE transitions (graph TEXT NOT NULL, before TEXT, after TEXT NOT NULL)",
    "CREATE UNIQUE INDEX transitions_each ON transitions (graph, before, after)",
)


def build(database: sqlite3.Connection) -> None:
    """Make the tables and triggers in an empty database, in one transaction."""
    database.execute("BEGIN")
    for statement in (*_TABLES, *NEW_TABLES):
        database.execute(statement)
    hold_to_graph(database)
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")


def hold_to_graph(database: sqlite3.Connection) -> None:
    """Write the graphs and the triggers that hold tables to them, in place of those of an older version."""
    database.execute("DELETE FROM transitions")
    database.executemany(
        "INSERT INTO transitions (graph, before, after) VALUES (?, ?, ?)",
        [
            (graph, before, after)
            for graph, moves in _GRAPHS
            for before, afters in moves.items()
            for after in afters
        ],
    )
    for statement in chain(*map(_triggers, ("items", "steps", "undone"), ("row", "step", "undo"))):
        database.execute(statement)


def _triggers(table: str, graph: str) -> tuple[str, ...]:
    """Return what holds a table to its graph, whoever writes to it."""
    no_move = (
        "NOT EXISTS (SELECT 1 FROM transitions WHERE graph = '{}' AND before IS {} AND after = NEW.status)"
    )
    refused = "BEGIN SELECT RAISE(ABORT, '{}'); END"
    return (
        *(f"DROP TRIGGER IF EXISTS {table}_{name}" for name in ("begin", "move", "stay")),
        # AFTER: a trigger before it would also see an upsert that ends as an update.
        f"CREATE TRIGGER {table}_begin AFTER INSERT ON {table} WHEN {no_move.format(graph, 'NULL')} "
        + refused.format("no row begins so: see the table transitions"),
        f"CREATE TRIGGER {table}_move BEFORE UPDATE OF status ON {table} "
        f"WHEN {no_move.format(graph, 'OLD.status')} "
        + refused.format("no row moves so: see the table transitions"),
        f"CREATE TRIGGER {table}_stay BEFORE DELETE ON {table} "
        + refused.format("a row of a journal is never deleted"),
    )
