"""What is written to a journal: every change goes through one view, so that a batch is one statement.

One statement is one call of SQLite. Python hands the interpreter to another thread around each call, and a
busy event loop gives it back only after milliseconds: so calls are what a commit costs.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.journal.encoding import (
    CLAIM,
    FENCE,
    INTEND_STEP,
    INTEND_UNDO,
    PUT_BACK_ROW,
    PUT_BACK_STEP,
    SETTLE_ROW,
    SETTLE_STEP,
    SETTLE_UNDO,
    SUBJECTS,
    Flat,
    stale,
    unreachable,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from alianza_async.bulk.journal.store import Fence

__all__ = ["MOST", "blamed", "fence_row", "open_inbox", "write"]

MOST: Final = 128
"""Changes in one statement."""

_STALE: Final = "the lease is not current"
_ABSENT: Final = "no such row"
_NOTHING: Final = (0, *(None,) * (len(Flat._fields) - 1))
_ROW: Final = f"({', '.join('?' * len(Flat._fields))})"
# Few sizes, so that each stays prepared; what is left over does nothing.
_SIZES: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, MOST)
_INSERTS: Final = {size: f"INSERT INTO inbox VALUES {', '.join([_ROW] * size)}" for size in _SIZES}  # noqa: S608
_SIZE_OF: Final = [next(size for size in _SIZES if size >= count) for count in range(MOST + 1)]

# What an earlier attempt came to, and what no longer holds once there is another.
_FRESH: Final = "error_class = NULL, error = NULL, settled_at = NULL"
_UNSENT: Final = (
    f"object_id = NULL, adopted = 0, evidence = NULL, message = NULL, server_request_id = NULL, {_FRESH}"
)
_UNSENT_STEP: Final = f"{_UNSENT}, detail = NULL, sent_at = NULL"
_UNSENT_ROW: Final = f"{_UNSENT}, failed_step = NULL"
_OUTCOME: Final = (
    "status, object_id, error_class, error, message, server_request_id, request_id, adopted, evidence"
)
_KEY: Final = "key = coalesce(excluded.key, key)"


def _taken(columns: str) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in columns.split(", "))


def _new(columns: str) -> str:
    return ", ".join(f"NEW.{name}" for name in columns.split(", "))


def _put_back(table: str, which: str, fresh: str) -> str:
    return (
        f"SELECT RAISE(ABORT, '{_ABSENT}') WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {which}); "  # noqa: S608
        f"UPDATE {table} SET status = NEW.status, {fresh} WHERE {which}"
    )


_DONE_BY: Final = {
    FENCE: (
        f"SELECT RAISE(ABORT, '{_STALE}') WHERE NOT EXISTS "  # noqa: S608  (our own names, here and below)
        "(SELECT 1 FROM leases WHERE job = NEW.key AND chunk = NEW.row AND epoch = NEW.attempts "
        "AND owner IS NOT NULL); "
        "UPDATE job SET sequence = sequence + 1"
    ),
    # `attempts` never falls: every intent is a request that may have left.
    INTEND_STEP: (
        "INSERT INTO items (row, key, digest, attempts, status, intent_at) "  # noqa: S608
        "VALUES (NEW.row, NEW.key, NEW.digest, 1, NEW.status, NEW.at) ON CONFLICT DO UPDATE SET "
        f"status = excluded.status, intent_at = excluded.intent_at, attempts = attempts + 1, {_UNSENT_ROW}; "
        "INSERT INTO steps (row, step, key, attempts, status, purpose, change, intent_at, first_intent_at) "
        "VALUES (NEW.row, NEW.step, NEW.step_key, 1, NEW.status, NEW.purpose, NEW.change, NEW.at, NEW.at) "
        "ON CONFLICT DO UPDATE SET "
        f"status = excluded.status, intent_at = excluded.intent_at, attempts = attempts + 1, {_KEY}, "
        "first_intent_at = coalesce(first_intent_at, excluded.first_intent_at), purpose = excluded.purpose, "
        "change = coalesce(excluded.change, CASE WHEN purpose IS excluded.purpose THEN change END), "
        f"{_UNSENT_STEP}"
    ),
    SETTLE_STEP: (
        f"INSERT INTO steps (row, step, key, {_OUTCOME}, change, sent_at, detail, settled_at) "  # noqa: S608
        f"VALUES (NEW.row, NEW.step, NEW.step_key, {_new(_OUTCOME)}, NEW.change, NEW.sent_at, "
        "NEW.tail, NEW.at) "
        f"ON CONFLICT DO UPDATE SET {_taken(f'{_OUTCOME}, sent_at, detail, settled_at')}, {_KEY}, "
        "change = coalesce(excluded.change, change)"
    ),
    SETTLE_ROW: (
        f"INSERT INTO items (row, key, digest, attempts, {_OUTCOME}, failed_step, settled_at) "  # noqa: S608
        f"VALUES (NEW.row, NEW.key, NEW.digest, NEW.attempts, {_new(_OUTCOME)}, NEW.tail, NEW.at) "
        f"ON CONFLICT DO UPDATE SET {_taken(f'{_OUTCOME}, failed_step, settled_at')}, "
        "attempts = max(attempts, excluded.attempts)"
    ),
    PUT_BACK_ROW: _put_back("items", "row = NEW.row", _UNSENT_ROW),
    PUT_BACK_STEP: _put_back("steps", "row = NEW.row AND step = NEW.step", _UNSENT_STEP),
    INTEND_UNDO: (
        "INSERT INTO undone (row, step, status, intent_at) "  # noqa: S608
        "VALUES (NEW.row, NEW.step, NEW.status, NEW.at) "
        f"ON CONFLICT DO UPDATE SET {_taken('status, intent_at')}, {_FRESH}"
    ),
    SETTLE_UNDO: (
        "INSERT INTO undone (row, step, status, object_id, error_class, error, settled_at) VALUES "  # noqa: S608
        "(NEW.row, NEW.step, NEW.status, NEW.object_id, NEW.error_class, NEW.error, NEW.at) "
        f"ON CONFLICT DO UPDATE SET {_taken('status, object_id, error_class, error, settled_at')}"
    ),
    CLAIM: ("INSERT INTO claims (step, key, row) VALUES (NEW.step, NEW.key, NEW.row) ON CONFLICT DO NOTHING"),
}


def open_inbox(database: sqlite3.Connection) -> None:
    """Make the view through which a connection writes; it is this connection's alone, and in no file."""
    database.execute("PRAGMA temp_store = MEMORY")
    columns = ", ".join(f"NULL AS {name}" for name in Flat._fields)
    database.execute(f"CREATE TEMP VIEW inbox AS SELECT {columns}")
    for what, statements in _DONE_BY.items():
        database.execute(
            f"CREATE TEMP TRIGGER inbox_{what} INSTEAD OF INSERT ON inbox WHEN NEW.what = {what} "
            f"BEGIN {statements}; END"
        )


def fence_row(fence: Fence) -> Flat:
    """Return the row that holds those after it to a lease, and counts the commit."""
    return Flat(FENCE, fence.chunk, key=fence.job, attempts=fence.epoch)


def write(database: sqlite3.Connection, rows: Sequence[Flat]) -> None:
    """Write up to `MOST` rows in their order, all or none.

    Raises:
        sqlite3.Error: One was refused, or nothing can be written.
    """
    size = _SIZE_OF[len(rows)]
    values = [*chain.from_iterable(rows), *_NOTHING * (size - len(rows))]
    database.executemany(_INSERTS[size], (values,))  # `execute` would ask for the interpreter once more


def blamed(database: sqlite3.Connection, fence: Fence, rows: Sequence[Flat], error: Exception) -> str:
    """Return in one sentence why rows that belong together were refused.

    Args:
        database: Where they were refused; still in the same transaction.
        fence: The lease they were written by.
        rows: What was to be written.
        error: What SQLite said.
    """
    if str(error) == _STALE:
        return stale(*fence)
    for row in rows:
        if row.what not in SUBJECTS:
            continue
        table, _, label = SUBJECTS[row.what]
        if getattr(error, "sqlite_errorname", "") != "SQLITE_CONSTRAINT_TRIGGER":
            return f"{label.format(row.row, row.step)} cannot be written to the journal ({error})"
        if (reason := _refusal(database, table, row)) is not None:
            return reason
    return f"row {rows[0].row} cannot be written to the journal ({error})"


def _refusal(database: sqlite3.Connection, table: str, row: Flat) -> str | None:
    """Return why one row cannot move; None where it can."""
    checks = [(table, row)]
    if row.what == INTEND_STEP:  # it moves the row too
        checks.insert(0, ("items", row._replace(what=SETTLE_ROW)))
    for name, each in checks:
        of_step = "" if name == "items" else "AND step = :step"
        found = database.execute(
            f"SELECT status FROM {name} WHERE row = :row {of_step}",  # noqa: S608
            {"row": each.row, "step": each.step},
        ).fetchone()
        before: str | None = None if found is None else found[0]
        allowed = database.execute(
            "SELECT 1 FROM transitions WHERE graph = ? AND before IS ? AND after = ?",
            (SUBJECTS[each.what][1], before, each.status),
        ).fetchone()
        absent = before is None and each.what in {PUT_BACK_ROW, PUT_BACK_STEP}
        # From these only an update becomes `updated`, and this was refused.
        odd = each.status == "updated" and before in {"failed", "unknown"}
        if allowed is None or absent or odd:
            return unreachable(each, before)
    return None
