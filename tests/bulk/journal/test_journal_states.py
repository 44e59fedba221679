"""Rows move along the graph, whoever moves them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import product
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import Journal
from alianza_async.bulk.journal.schema import TRANSITIONS, UNDO_TRANSITIONS
from alianza_async.bulk.report import STATUSES
from alianza_async.errors import JournalError
from tests.bulk.journal.journals import FACTS, move, path_to

if TYPE_CHECKING:
    from pathlib import Path

ALL = ("pending", "intent", *STATUSES)


def test_the_graph_names_every_status() -> None:
    """Each status a result can have is in the graph, and nothing else but `pending` and `intent`."""
    assert {*TRANSITIONS} == {None, *ALL}
    assert {after for afters in TRANSITIONS.values() for after in afters} == set(ALL)


@pytest.mark.parametrize("step", [None, "account"])
async def test_every_move_is_allowed_or_refused(tmp_path: Path, step: str | None) -> None:
    """Of all pairs of statuses those of the graph can follow each other, and no other; the row stays then."""
    async with Journal.create(tmp_path / "job.db", FACTS) as journal:
        for row, (before, after) in enumerate(product((None, *ALL), ALL), 1):
            for status in [] if before is None else path_to(before):
                await move(journal, row, status, step=step)
            allowed = after in TRANSITIONS[before]
            told = None
            try:
                await move(journal, row, after, step=step)
            except JournalError as error:
                told = str(error)
            entry = journal.steps(row).get(step) if step else journal.entry(row)
            assert (told is None) == allowed, (before, after, told)
            assert (entry.status if entry else None) == (after if allowed else before)
            if told is not None:
                assert f"row {row}" in told
                assert (before or "is not in the journal") in told


async def test_undoing_has_a_graph_of_its_own(tmp_path: Path) -> None:
    """A step is taken back once; what failed, was skipped or is unknown may be tried again."""
    async with Journal.create(tmp_path / "job.db", FACTS) as journal:
        await journal.settle_undo(1, "account", "skipped")
        await journal.intend_undo(1, "account")
        for status in ("failed", "unknown", "skipped"):
            await journal.settle_undo(1, "account", status)
            await journal.intend_undo(1, "account")
        await journal.intend_undo(1, "account")
        await journal.settle_undo(1, "account", "undone", object_id="id-1")
        with pytest.raises(JournalError, match="undoing step account of row 1 is undone in the journal"):
            await journal.intend_undo(1, "account")
        with pytest.raises(JournalError, match="undoing step user of row 1 is not in the journal"):
            await journal.settle_undo(1, "user", "undone")

        assert {step: entry.status for step, entry in journal.undone(1).items()} == {"account": "undone"}
    assert UNDO_TRANSITIONS["undone"] == ()


async def test_a_row_that_is_not_there_cannot_be_put_back(tmp_path: Path) -> None:
    """Putting back says so, of items and of steps."""
    async with Journal.create(tmp_path / "job.db", FACTS) as journal:
        with pytest.raises(JournalError, match="row 7 is not in the journal, so it cannot become pending"):
            await journal.put_back(7)
        with pytest.raises(JournalError, match="step user of row 7 is not in the journal"):
            await journal.put_back(7, step="user")

        assert journal.counts() == {}


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
        "UPDATE job SET state = 'lost'",
    ],
)
async def test_nobody_else_can_move_a_row_either(tmp_path: Path, statement: str) -> None:
    """The file itself holds the graph: SQL by hand is refused as well."""
    path = tmp_path / "job.db"
    async with Journal.create(path, FACTS) as journal:
        await journal.intend(1, "A-1", b"d", step="account")
        await journal.settle_step(1, "account", "created")
        await journal.settle(1, "A-1", b"d", "created")

    with closing(sqlite3.connect(path)) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute(statement)
