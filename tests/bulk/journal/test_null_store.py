"""A job without a journal: nothing is kept but which row has which key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.input import seen as seen_module
from alianza_async.bulk.journal import Control, NullStore, PutBack, null
from alianza_async.errors import JournalError, SourceError
from tests.bulk.journal.journals import FACTS, intent, leased, outcome

if TYPE_CHECKING:
    from alianza_async.bulk.journal import JournalStore


async def test_it_forgets_all_that_is_written() -> None:
    """Whatever is written, nothing is known of any row; what is known of the job lasts as long as it."""
    store: JournalStore = NullStore(FACTS)
    fence = await leased(store)
    await store.write(fence, intent(1), *outcome(1), PutBack(1))
    await store.set_job(fence, state="running", rows=7)
    await store.heartbeat(fence, 60)
    await store.watch()

    assert (await store.rows([1]), await store.rows_by_key(["A-1"]), await store.undone(1)) == ({}, {}, {})
    assert (await store.counts(), await store.undo_counts(), await store.last_row()) == ({}, {}, 0)
    assert [state async for state in store.entries()] == []
    assert (store.facts.rows, store.facts.runs, store.digest({"a": 1})) == (7, 1, b"")
    assert (await store.control(), store.broken, store.suspicion) == (Control(), None, None)
    await store.release(fence)
    await store.aclose()


@pytest.mark.parametrize("in_memory", [20_000, 3])
async def test_a_key_has_one_owner(monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    """Claims are kept exactly, the first in memory and the rest on disk; each step has keys of its own."""
    monkeypatch.setattr(null, "Seen", lambda: seen_module.Seen(in_memory))
    store = NullStore(FACTS)
    fence = await leased(store)
    assert await store.owner_of("number", "n-1") is None
    owners = await asyncio.gather(
        *(store.claim(fence, "number", f"n-{row % 10}", row) for row in range(1, 51))
    )
    other = await store.claim(fence, "user", "n-1", 99)
    asked = [await store.owner_of("number", f" n-{row} ") for row in range(12)]
    await store.aclose()

    assert set(owners) == set(range(1, 11))
    assert owners[:10] == owners[10:20]
    assert (asked[:10], asked[10:], other) == ([10, *range(1, 10)], [None, None], 99)
    assert await store.owner_of("number", "n-1") is None


async def test_a_full_temporary_folder_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the keys cannot be kept, a claim is an error of the journal."""
    store = NullStore(FACTS)
    fence = await leased(store)

    def fail(*_: object) -> None:
        raise SourceError("the keys cannot be kept")

    monkeypatch.setattr(seen_module.Seen, "first", fail)
    with pytest.raises(JournalError, match="the keys cannot be kept"):
        await store.claim(fence, "number", "n-1", 1)
