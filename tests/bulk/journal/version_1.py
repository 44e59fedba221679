"""A journal as version 1 of the schema made it: what its tables and triggers were, word for word."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TABLES = """
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
    partition_id TEXT,
    login TEXT,
    rows INTEGER,
    created_at REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'finished')),
    started_at REAL NOT NULL,
    ended_at REAL,
    runs INTEGER NOT NULL
    );
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
    settled_at REAL
    );
CREATE INDEX items_by_key ON items (key);
CREATE INDEX items_by_status ON items (status);
CREATE INDEX items_by_end ON items (settled_at) WHERE settled_at IS NOT NULL;
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
    PRIMARY KEY (row, step)
    ) WITHOUT ROWID
;
CREATE INDEX steps_by_key ON steps (key, step) WHERE key IS NOT NULL;
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
;
CREATE TABLE control (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    paused INTEGER NOT NULL DEFAULT 0,
    rate REAL,
    asked_at REAL
    );
CREATE TABLE transitions (graph TEXT NOT NULL, before TEXT, after TEXT NOT NULL);
CREATE UNIQUE INDEX transitions_each ON transitions (graph, before, after);
CREATE TRIGGER items_begin AFTER INSERT ON items
WHEN NOT EXISTS (SELECT 1 FROM transitions WHERE graph = 'item' AND before IS NULL AND after = NEW.status)
BEGIN SELECT RAISE(ABORT, 'no row begins so: see the table transitions'); END;
CREATE TRIGGER items_move BEFORE UPDATE OF status ON items
WHEN NOT EXISTS (SELECT 1 FROM transitions WHERE graph = 'item'
AND before IS OLD.status AND after = NEW.status)
BEGIN SELECT RAISE(ABORT, 'no row moves so: see the table transitions'); END;
CREATE TRIGGER items_stay BEFORE DELETE ON items
BEGIN SELECT RAISE(ABORT, 'a row of a journal is never deleted'); END;
CREATE TRIGGER steps_begin AFTER INSERT ON steps
WHEN NOT EXISTS (SELECT 1 FROM transitions WHERE graph = 'item' AND before IS NULL AND after = NEW.status)
BEGIN SELECT RAISE(ABORT, 'no row begins so: see the table transitions'); END;
CREATE TRIGGER steps_move BEFORE UPDATE OF status ON steps
WHEN NOT EXISTS (SELECT 1 FROM transitions WHERE graph = 'item'
AND before IS OLD.status AND after = NEW.status)
BEGIN SELECT RAISE(ABORT, 'no row moves so: see the table transitions'); END;
CREATE TRIGGER steps_stay BEFORE DELETE ON steps
BEGIN SELECT RAISE(ABORT, 'a row of a journal is never deleted'); END;
CREATE TRIGGER undone_begin AFTER INSERT ON undone
WHEN NOT EXISTS (SELECT 1 FROM transitions WHERE graph = 'undo' AND before IS NULL AND after = NEW.status)
BEGIN SELECT RAISE(ABORT, 'no row begins so: see the table transitions'); END;
CREATE TRIGGER undone_move BEFORE UPDATE OF status ON undone
WHEN NOT EXISTS (SELECT 1 FROM transitions WHERE graph = 'undo'
AND before IS OLD.status AND after = NEW.status)
BEGIN SELECT RAISE(ABORT, 'no row moves so: see the table transitions'); END;
CREATE TRIGGER undone_stay BEFORE DELETE ON undone
BEGIN SELECT RAISE(ABORT, 'a row of a journal is never deleted'); END;
"""

_TRANSITIONS = (
    ("item", None, "pending intent exists failed invalid skipped unknown"),
    ("item", "pending", "intent exists failed invalid skipped unknown"),
    ("item", "intent", "intent created exists updated failed skipped unknown pending"),
    ("item", "unknown", "intent created exists failed pending unknown"),
    ("item", "failed", "intent exists pending failed"),
    ("item", "skipped", "intent pending exists failed invalid unknown skipped"),
    ("undo", None, "intent skipped"),
    ("undo", "intent", "intent undone failed skipped unknown"),
    ("undo", "failed", "intent"),
    ("undo", "skipped", "intent skipped"),
    ("undo", "unknown", "intent"),
)

ITEM = "row, key, status, object_id, attempts, adopted, intent_at, settled_at"
ROWS = (
    (1, "A-1", "created", "id-1", 1, 0, 100.0, 101.0),
    (2, "A-2", "created", "id-2", 2, 1, 102.0, 103.0),
    (3, "a-2", "exists", "id-3", 0, 0, None, 103.0),
    (4, "A-4", "updated", "id-4", 2, 0, 104.0, 105.0),
    (5, "A-5", "failed", None, 1, 0, 106.0, 107.0),
    (6, None, "invalid", None, 0, 0, None, 108.0),
    (7, "A-7", "intent", None, 1, 0, 109.0, None),
)
"""Rows of each kind: `ITEM`."""


def write(path: Path, *, kind: str = "accounts", state: str = "stopped", steps: bool = False) -> None:
    """Make a journal of version 1.

    Args:
        path: Where.
        kind: The job's kind.
        state: The job's state.
        steps: Whether each row has a step, named `number`.
    """
    path.touch(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(_TABLES)
        database.execute("INSERT INTO control (id) VALUES (1)")
        database.executemany(
            "INSERT INTO transitions (graph, before, after) VALUES (?, ?, ?)",
            [(graph, before, after) for graph, before, afters in _TRANSITIONS for after in afters.split()],
        )
        database.execute(
            "INSERT INTO job VALUES "
            "(1, 1, 'job-1', ?, NULL, NULL, ?, ?, 'https://x', NULL, NULL, 'operator', "
            "7, 1.0, ?, 2.0, 3.0, 1)",
            (kind, json.dumps({"concurrency": 7}), b"s" * 16, state),
        )
        # No row begins as `created`: the triggers come back once the rows are there.
        begin = "SELECT name, sql FROM sqlite_schema WHERE name IN ('items_begin', 'steps_begin')"
        triggers = database.execute(begin).fetchall()
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        slots = ", ".join("?" * 8)
        database.executemany(f"INSERT INTO items ({ITEM}) VALUES ({slots})", ROWS)  # noqa: S608
        if steps:
            database.execute(f"INSERT INTO steps (step, {ITEM}) SELECT 'number', {ITEM} FROM items")  # noqa: S608
        for _, statement in triggers:
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {0x414C4A44}")
        database.execute("PRAGMA user_version = 1")
        database.execute("PRAGMA journal_mode = WAL")
