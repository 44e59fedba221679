"""docs/journal.md says what the journal is: its graph, its tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import product

import pytest

from alianza_async.bulk.journal.schema import ROW_TRANSITIONS, TRANSITIONS, UNDO_TRANSITIONS, VERSION, build
from tests.markdown import ROOT, codes, prose, table

PAGE = ROOT / "docs" / "journal.md"


@pytest.mark.parametrize(("header", "graph"), [("from", TRANSITIONS), ("undo from", UNDO_TRANSITIONS)])
def test_the_graph_is_shown_as_it_is(header: str, graph: dict[str | None, tuple[str, ...]]) -> None:
    """Each status has one line, with what may follow it."""
    shown = {row[0]: codes(row[1]) for row in table(PAGE, header)}

    assert shown == {
        "nothing" if before is None else f"`{before}`": [*afters] for before, afters in graph.items()
    }


def test_what_a_row_may_do_besides_is_told() -> None:
    """The sentence under the graph names each move that a row has and a step has not."""
    besides = {
        (before, after)
        for before, afters in ROW_TRANSITIONS.items()
        for after in afters
        if after not in TRANSITIONS[before]
    }
    assert besides == {("failed", "created"), *product(("pending", "skipped"), ("created", "updated"))}
    assert "from `pending` and `skipped` to `created` and `updated`, and from `failed` to `created`" in prose(
        PAGE
    )


def test_every_table_and_column_is_shown() -> None:
    """Whoever queries the file finds each column on the page, in the order of the file."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        build(database)
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        real = {
            name: [column[1] for column in database.execute(f"PRAGMA table_info({name})")] for name in names
        }
    shown = {codes(row[0])[0]: codes(row[1]) for row in table(PAGE, "table")}

    assert shown == real
    assert f"Version {VERSION} " in prose(PAGE)
