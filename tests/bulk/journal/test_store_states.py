"""Rows move along the graph, whatever keeps them and whoever moves them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import product
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import PutBack, RowOutcome, StepOutcome, UndoIntent, UndoOutcome
from alianza_async.bulk.journal.schema import ROW_TRANSITIONS, TRANSITIONS, UNDO_TRANSITIONS
from alianza_async.bulk.report import STATUSES
from alianza_async.errors import JournalError
from tests.bulk.journal.journals import entry_of, intent, leased, move, path_to, step_of

if TYPE_CHECKING:
    from alianza_async.bulk.journal import Fence, JournalStore, SqliteStore

ALL = ("pending", "intent", *STATUSES)


def test_the_graph_names_every_status() -> None:
    """Each status a result can have is in the graph, and nothing else but `pending` and `intent`."""
    assert {*TRANSITIONS} == {None, *ALL}
    assert {after for afters in TRANSITIONS.values() for after in afters} == set(ALL)


@pytest.mark.parametrize("of_step", [False, True], ids=["row", "step"])
async def test_every_move_is_allowed_or_refused(store: JournalStore, fence: Fence, *, of_step: bool) -> None:
    """Of all pairs of statuses those of the graph can follow each other, and no other; the row stays then."""
    for row, (before, after) in enumerate(product((None, *ALL), ALL), 1):
        if of_step:
            await store.write(fence, RowOutcome(row, f"A-{row}", b"d", "pending"))
        way = [] if before is None else path_to(before)
        for place, status in enumerate(way):
            await store.write(fence, move(row, status, of_step=of_step, is_there=place > 0))
        allowed = after in (TRANSITIONS if of_step else ROW_TRANSITIONS)[before]
        reason = None
        try:
            await store.write(fence, move(row, after, of_step=of_step, is_there=before is not None))
        except JournalError as error:
            reason = str(error)
        there = await (step_of(store, row) if of_step else entry_of(store, row))
        assert (reason is None) == allowed, (before, after, reason)
        assert (there.status if there else None) == (after if allowed else before)
        if reason is not None:
            assert f"row {row}" in reason
            assert (before or "is not in the journal") in reason


async def test_undoing_has_a_graph_of_its_own(store: JournalStore, fence: Fence) -> None:
    """A step is undone once; what failed, was skipped or is unknown may be tried again."""
    await store.write(fence, UndoOutcome(1, "account", "skipped"))
    await store.write(fence, UndoIntent(1, "account"))
    for status in ("failed", "unknown", "skipped"):
        await store.write(fence, UndoOutcome(1, "account", status))
        await store.write(fence, UndoIntent(1, "account"))
    await store.write(fence, UndoIntent(1, "account"))
    await store.write(fence, UndoOutcome(1, "account", "undone", object_id="id-1"))
    with pytest.raises(JournalError, match="undoing step account of row 1 is undone in the journal"):
        await store.write(fence, UndoIntent(1, "account"))
    with pytest.raises(JournalError, match="undoing step user of row 1 is not in the journal"):
        await store.write(fence, UndoOutcome(1, "user", "undone"))

    assert {step: entry.status for step, entry in (await store.undone(1)).items()} == {"account": "undone"}
    assert UNDO_TRANSITIONS["undone"] == ()


async def test_a_row_that_is_not_there_cannot_be_put_back(store: JournalStore, fence: Fence) -> None:
    """Putting back names the row, or the step, that is not in the journal."""
    with pytest.raises(JournalError, match="row 7 is not in the journal, so it cannot become pending"):
        await store.write(fence, PutBack(7))
    with pytest.raises(JournalError, match="step user of row 7 is not in the journal"):
        await store.write(fence, PutBack(7, "user"))

    assert await store.counts() == {}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE items SET status = 'pending' WHERE row = 1",
        "UPDATE items SET status = 'done' WHERE row = 1",
        "INSERT INTO items (row, status) VALUES (2, 'created')",
        "INSERT OR REPLACE INTO items (row, status) VALUES (1, 'created')",
        "DELETE FROM items",
        "DELETE FROM steps",
        "UPDATE steps SET status = 'pending'",
        "UPDATE steps SET evidence = 'certain'",
        "UPDATE steps SET purpose = 'hope'",
        "INSERT INTO claims (step, key, row) VALUES ('account', 'A-1', 2)",
        "UPDATE job SET state = 'lost'",
    ],
)
async def test_nobody_else_can_break_it_either(journal: SqliteStore, statement: str) -> None:
    """The file itself holds the graph: SQL by hand is refused as well."""
    fence = await leased(journal)
    await journal.claim(fence, "account", "A-1", 1)
    await journal.write(fence, intent(1), StepOutcome(1, "account", "created"))
    await journal.write(fence, RowOutcome(1, "A-1", b"d", "created"))

    with closing(sqlite3.connect(journal.path)) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute(statement)
