"""What is written to a journal: every change goes through one view, so that a batch is one statement.

One statement is one call of SQLite. Python hands the interpreter to another thread around each call, and a
busy event loop gives it back only after milliseconds: so calls are what a commit costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

__all__ = [
    "INTEND_ITEM",
    "INTEND_STEP",
    "INTEND_UNDO",
    "MOST",
    "PUT_BACK_ITEM",
    "PUT_BACK_STEP",
    "SETTLE_ITEM",
    "SETTLE_STEP",
    "SETTLE_UNDO",
    "Change",
    "JobChange",
    "blamed",
    "open_inbox",
    "write",
    "write_job",
]

INTEND_ITEM, INTEND_STEP, INTEND_UNDO, SETTLE_ITEM, SETTLE_STEP, SETTLE_UNDO, PUT_BACK_ITEM, PUT_BACK_STEP = (
    range(1, 9)
)
"""What a change does."""

MOST: Final = 64
"""Changes a statement: SQLite before 3.32 takes 999 values."""


class Change(NamedTuple):
    """One change of one row; what it does says which of the others count.

    Attributes:
        what: `INTEND_ITEM` or another of them; 0 does nothing.
        row: Which row.
        status: What it becomes.
        at: When, in Unix seconds.
        step: Which step of it.
        key: Its natural key.
        digest: What its values come to.
        attempts: Requests sent for it; for an intent, how many to add.
        object_id: As in the table; likewise what follows.
    """

    what: int
    row: int
    status: str
    at: float
    step: str | None = None
    key: str | None = None
    digest: bytes | None = None
    attempts: int = 0
    object_id: str | None = None
    error_class: str | None = None
    error: str | None = None
    request_id: str | None = None
    adopted: bool = False
    detail: str | None = None


class JobChange(NamedTuple):
    """What becomes known of the job; what is None stays as it is, `ended_at` aside."""

    begun: int
    started_at: float | None
    ended_at: float | None
    state: str | None
    rows: int | None
    partition_id: str | None
    login: str | None
    options: str | None


_NOTHING: Final = (0, *(None,) * (len(Change._fields) - 1))
_ROW: Final = f"({', '.join('?' * len(Change._fields))})"
_SIZES: Final = tuple(1 << power for power in range(MOST.bit_length()))
_INSERTS: Final = {size: f"INSERT INTO inbox VALUES {', '.join([_ROW] * size)}" for size in _SIZES}  # noqa: S608
_JOB: Final = (
    "UPDATE job SET runs = runs + ?, started_at = coalesce(?, started_at), ended_at = ?, "
    "state = coalesce(?, state), rows = coalesce(?, rows), partition_id = coalesce(?, partition_id), "
    "login = coalesce(?, login), options = coalesce(?, options)"
)

_ENDED: Final = "status, object_id, error_class, error"
_SENT: Final = f"{_ENDED}, request_id, adopted"
_FRESH: Final = "error_class = NULL, error = NULL, settled_at = NULL"
_UNSENT: Final = f"object_id = NULL, adopted = 0, {_FRESH}"


def _upsert(table: str, columns: str, time: str, updates: str) -> str:
    values = ", ".join(f"NEW.{name}" for name in columns.split(", "))
    return (
        f"INSERT INTO {table} ({columns}, {time}) VALUES ({values}, NEW.at) "  # noqa: S608  (our own names)
        f"ON CONFLICT DO UPDATE SET {time} = excluded.{time}, {updates}"
    )


def _taken(columns: str) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in columns.split(", "))


def _put_back(table: str, which: str) -> str:
    return (
        f"SELECT RAISE(ABORT, 'no such row') WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {which}); "  # noqa: S608
        f"UPDATE {table} SET status = NEW.status, {_UNSENT} WHERE {which}"
    )


# What an earlier run sent counts too: `attempts` never falls.
_MORE: Final = "attempts = attempts + excluded.attempts"
_MOST_SENT: Final = "attempts = max(attempts, excluded.attempts)"
_KEY: Final = "key = coalesce(excluded.key, key)"

_DONE_BY: Final = {
    INTEND_ITEM: _upsert(
        "items", "row, key, digest, attempts, status", "intent_at", f"{_taken('status')}, {_UNSENT}, {_MORE}"
    ),
    INTEND_STEP: _upsert(
        "steps",
        "row, step, key, attempts, status",
        "intent_at",
        f"{_taken('status')}, detail = NULL, {_UNSENT}, {_MORE}, {_KEY}",
    ),
    INTEND_UNDO: _upsert("undone", "row, step, status", "intent_at", f"{_taken('status')}, {_FRESH}"),
    SETTLE_ITEM: _upsert(
        "items", f"row, key, digest, attempts, {_SENT}", "settled_at", f"{_taken(_SENT)}, {_MOST_SENT}"
    ),
    SETTLE_STEP: _upsert(
        "steps",
        f"row, step, key, attempts, detail, {_SENT}",
        "settled_at",
        f"{_taken(_SENT)}, {_taken('detail')}, {_MOST_SENT}, {_KEY}",
    ),
    SETTLE_UNDO: _upsert("undone", f"row, step, {_ENDED}", "settled_at", _taken(_ENDED)),
    PUT_BACK_ITEM: _put_back("items", "row = NEW.row"),
    PUT_BACK_STEP: _put_back("steps", "row = NEW.row AND step = NEW.step"),
}

_SUBJECTS: Final = {
    **dict.fromkeys((INTEND_ITEM, SETTLE_ITEM, PUT_BACK_ITEM), ("items", "item", "row {}")),
    **dict.fromkeys((INTEND_STEP, SETTLE_STEP, PUT_BACK_STEP), ("steps", "item", "step {1} of row {0}")),
    **dict.fromkeys((INTEND_UNDO, SETTLE_UNDO), ("undone", "undo", "undoing step {1} of row {0}")),
}


def open_inbox(database: sqlite3.Connection) -> None:
    """Make the view through which a connection writes; it is this connection's alone, and in no file."""
    database.execute("PRAGMA temp_store = MEMORY")
    columns = ", ".join(f"NULL AS {name}" for name in Change._fields)
    database.execute(f"CREATE TEMP VIEW inbox AS SELECT {columns}")
    for what, statements in _DONE_BY.items():
        database.execute(
            f"CREATE TEMP TRIGGER inbox_{what} INSTEAD OF INSERT ON inbox WHEN NEW.what = {what} "
            f"BEGIN {statements}; END"
        )


def write(database: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Write up to `MOST` changes in their order, all or none.

    Raises:
        sqlite3.Error: One was refused, or nothing can be written.
    """
    # Few sizes, so that each stays prepared; what is left over does nothing.
    size = next(size for size in _SIZES if size >= len(changes))
    flat = [value for change in changes for value in change]
    flat += _NOTHING * (size - len(changes))
    database.executemany(_INSERTS[size], (flat,))  # `execute` would ask for the interpreter once more


def write_job(database: sqlite3.Connection, change: JobChange) -> None:
    """Write what has become known of the job.

    Raises:
        sqlite3.Error: It was refused, or nothing can be written.
    """
    database.execute(_JOB, change)


def blamed(database: sqlite3.Connection, changes: Sequence[Change | JobChange], error: Exception) -> str:
    """Return in one sentence why changes that belong together were refused.

    Args:
        database: Where they were refused; still in the same transaction.
        changes: What was to be written.
        error: What SQLite said.
    """
    for change in changes:
        if isinstance(change, JobChange):
            return f"the job cannot be written to the journal ({error})"
        table, graph, label = _SUBJECTS[change.what]
        named = label.format(change.row, change.step)
        if getattr(error, "sqlite_errorname", "") != "SQLITE_CONSTRAINT_TRIGGER":
            return f"{named} cannot be written to the journal ({error})"
        which, key = (
            ("row = ?", [change.row])
            if table == "items"
            else ("row = ? AND step = ?", [change.row, change.step])
        )
        found = database.execute(f"SELECT status FROM {table} WHERE {which}", key).fetchone()  # noqa: S608
        before = None if found is None else found[0]
        if before is None and change.what in {PUT_BACK_ITEM, PUT_BACK_STEP}:
            return f"{named} is not in the journal, so it cannot become {change.status}"
        allowed = database.execute(
            "SELECT 1 FROM transitions WHERE graph = ? AND before IS ? AND after = ?",
            (graph, before, change.status),
        ).fetchone()
        if allowed is None and before is None:
            return (
                f"{named} is not in the journal, and cannot begin as {change.status}: write its intent first"
            )
        if allowed is None:
            return f"{named} is {before} in the journal, and from there it cannot become {change.status}"
    return f"row {changes[0][1]} cannot be written to the journal ({error})"
