"""The statements that read a journal, and its cells as values."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, cast

from alianza_async.bulk.journal.entries import Entry, JobFacts, RowState, StepEntry, UndoEntry
from alianza_async.bulk.journal.texts import as_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

__all__ = [
    "ADOPTED",
    "ENTRY_COLUMNS",
    "JOB_COLUMNS",
    "OLDER_NAMES",
    "OWNER",
    "RESENT",
    "ROWS",
    "ROW_OF_KEY",
    "STEP_COLUMNS",
    "UNDO_COLUMNS",
    "entry_of",
    "facts_of",
    "missing_as_null",
    "page_of",
    "rows_by_key",
    "states_of",
    "step_of",
    "undone_of",
]

Cells = tuple[Any, ...]  # as SQLite gives them: the columns below, in that order

ENTRY_COLUMNS: Final = tuple(field.name for field in fields(Entry))
STEP_COLUMNS: Final = tuple(field.name for field in fields(StepEntry))
UNDO_COLUMNS: Final = tuple(field.name for field in fields(UndoEntry))
JOB_COLUMNS: Final = tuple(field.name for field in fields(JobFacts))

OLDER_NAMES: Final = {"scope": "partition_id"}
"""What columns were called before version 3."""

_ADOPTED: Final = {Entry: ENTRY_COLUMNS.index("adopted"), StepEntry: STEP_COLUMNS.index("adopted")}
_DIGEST: Final = ENTRY_COLUMNS.index("digest")
_OPTIONS: Final = JOB_COLUMNS.index("options")

# A row counts all that its steps sent: a request was repeated where one of those was.
RESENT: Final = (
    "CASE WHEN EXISTS (SELECT 1 FROM steps WHERE steps.row = items.row) "
    "THEN EXISTS (SELECT 1 FROM steps WHERE steps.row = items.row AND steps.attempts > 1) "
    "ELSE attempts > 1 END"
)
ADOPTED: Final = "adopted OR EXISTS (SELECT 1 FROM steps WHERE steps.row = items.row AND steps.adopted)"

ROW_OF_KEY: Final = "SELECT row FROM items WHERE key = {} ORDER BY status = 'invalid', row LIMIT 1"
_ROWS_OF_KEYS: Final = (
    f"SELECT json_group_array(({ROW_OF_KEY.format('wanted.value')})) FROM json_each(?) AS wanted"  # noqa: S608
)
OWNER: Final = (
    "SELECT coalesce((SELECT row FROM claims WHERE step = ?1 AND key = ?2), "
    "(SELECT min(row) FROM steps WHERE key = ?2 AND step = ?1))"
)


def _as_json(table: str, columns: Sequence[str]) -> str:
    cells = ", ".join("hex(digest)" if name == "digest" else name for name in columns)
    return (
        f"SELECT json_group_array(json_array({cells})) FROM {table} "  # noqa: S608  (our own names)
        "WHERE row IN (SELECT value FROM json_each(?1))"
    )


ROWS: Final = f"SELECT ({_as_json('items', ENTRY_COLUMNS)}), ({_as_json('steps', STEP_COLUMNS)})"
"""Rows by a JSON list of numbers, as two JSON texts.

One result row is one call of SQLite: however many rows there are, the thread that reads waits for the
interpreter once.
"""


def page_of(statuses: Sequence[str], conditions: Sequence[str], size: int) -> str:
    """Return the statement for a page of row numbers as a JSON list.

    Its values are the statuses, then the last row of the page before.

    Args:
        statuses: Only rows with one of these; all where there is none.
        conditions: Only rows for which one of these holds; all where there is none.
        size: Rows on a page.
    """
    condition = f"({' OR '.join(f'({each})' for each in conditions)})" if conditions else "1"
    last = f"?{len(statuses) + 1}"
    # One scan of the index for each status, by row already.
    scans = [
        f"SELECT * FROM (SELECT row FROM items WHERE {which} AND row > {last} AND {condition} "  # noqa: S608
        f"ORDER BY row LIMIT {size})"
        for which in [f"status = ?{place}" for place in range(1, len(statuses) + 1)] or ["1"]
    ]
    return f"SELECT json_group_array(row) FROM ({' UNION ALL '.join(scans)} ORDER BY row LIMIT {size})"  # noqa: S608


def states_of(items: str, steps: str) -> dict[int, RowState]:
    """Return the rows of an answer to `ROWS`, by number."""
    by_row: dict[int, dict[str, StepEntry]] = {}
    for cells in cast("list[list[Any]]", json.loads(steps)):
        by_row.setdefault(cells[0], {})[cells[1]] = step_of(cells)
    out: dict[int, RowState] = {}
    for cells in cast("list[list[Any]]", json.loads(items)):
        cells[_DIGEST] = bytes.fromhex(cells[_DIGEST]) or None
        out[cells[0]] = RowState(entry_of(cells), by_row.get(cells[0], {}))
    return out


def rows_by_key(database: sqlite3.Connection, keys: Sequence[str]) -> dict[str, RowState]:
    """Return rows by key as given; of several rows with one key the first that is not `invalid`."""
    found = database.execute(_ROWS_OF_KEYS, (json.dumps([as_key(key) for key in keys]),)).fetchone()[0]
    states = states_of(*database.execute(ROWS, (found,)).fetchone())
    numbers = cast("list[int | None]", json.loads(found))
    return {key: states[row] for key, row in zip(keys, numbers, strict=True) if row is not None}


def undone_of(database: sqlite3.Connection, row: int) -> dict[str, UndoEntry]:
    """Return what was undone of a row, by step."""
    found = database.execute(f"SELECT {', '.join(UNDO_COLUMNS)} FROM undone WHERE row = ?", (row,))  # noqa: S608
    return {entry.step: entry for entry in (UndoEntry(*cells) for cells in found.fetchall())}


def entry_of(cells: Sequence[Any]) -> Entry:
    """Return a row of `items`."""
    return Entry(*_with_flag(cells, _ADOPTED[Entry]))


def step_of(cells: Sequence[Any]) -> StepEntry:
    """Return a row of `steps`."""
    return StepEntry(*_with_flag(cells, _ADOPTED[StepEntry]))


def facts_of(cells: Sequence[Any]) -> JobFacts:
    """Return the row of `job`."""
    values = list(cells)
    values[_OPTIONS] = json.loads(values[_OPTIONS])
    return JobFacts(*values)


def missing_as_null(database: sqlite3.Connection, table: str, columns: Sequence[str]) -> str:
    """Return columns for a SELECT: by its older name, or NULL, what a journal of an older version has not."""
    there = {cells[1] for cells in database.execute(f"PRAGMA table_info({table})")}

    def column(name: str) -> str:
        older = OLDER_NAMES.get(name)
        return name if name in there else f"{older if older in there else 'NULL'} AS {name}"

    return ", ".join(map(column, columns))


def _with_flag(cells: Sequence[Any], place: int) -> Sequence[Any]:
    """Return cells with `adopted` as a boolean."""
    out = list(cells)
    out[place] = bool(out[place])
    return out
