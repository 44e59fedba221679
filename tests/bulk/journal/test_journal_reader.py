"""Looking at a journal while a job writes it, and asking that job for something."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import (
    Control,
    JournalReader,
    RowOutcome,
    SqliteStore,
    StepOutcome,
    ask,
    reader as reader_module,
)
from alianza_async.errors import ConfigurationError, JournalError
from tests.bulk.journal.journals import child, intent, leased

if TYPE_CHECKING:
    from pathlib import Path

WRITE = """
import asyncio, sys
from alianza_async.bulk.journal import SqliteStore
from tests.bulk.journal.journals import FACTS, intent, leased, outcome

async def main():
    journal = await SqliteStore.create(sys.argv[1], FACTS)
    fence = await leased(journal)
    row = 0
    while True:
        row += 1
        await journal.write(fence, intent(row))
        await journal.write(fence, *outcome(row))
        asked = await journal.control()
        if row == 20 or asked != (False, None):
            print(row, *asked, flush=True)
            if row > 20 and asked == (True, 7.5):
                break
    await journal.aclose()

asyncio.run(main())
"""


def test_a_running_job_is_read_and_asked(tmp_path: Path) -> None:
    """While another process writes without a pause, its journal is read, and hears what it is asked."""
    path = tmp_path / "job.db"
    with child(WRITE, path) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        with JournalReader(path) as reader:
            running, there = reader.running(), reader.counts()["created"]
            speed = reader.speed()
            ask(path, paused=True)
            ask(path, rate=7.5)
            out, err = writer.communicate()
            after = reader.running(), reader.control()

    assert (first.split()[1:], err) == (["False", "None"], "")
    assert out.splitlines()[-1].split()[1:] == ["True", "7.5"]
    assert (running, there >= 20, speed > 0) == (True, True, True)
    assert after == (False, Control(paused=True, rate=7.5))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
async def test_a_killed_job_is_read(tmp_path: Path) -> None:
    """After `kill -9` the journal is read as it is: all that was acknowledged, and nobody runs."""
    path = tmp_path / "job.db"
    with child(WRITE, path) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        writer.kill()
        writer.communicate()
    with JournalReader(path) as reader:
        counts, state = reader.counts(), reader.facts.state

        assert (reader.running(), state) == (False, "running")
    assert counts["created"] >= 20
    async with await SqliteStore.open(path) as journal:
        assert await journal.counts() == counts


async def test_what_was_asked_ends_with_the_run(journal: SqliteStore) -> None:
    """The next run begins as if nothing was asked; a run is asked only while it runs."""
    ask(journal.path, paused=True, rate=5)
    asked = await journal.control()
    ask(journal.path, paused=False)
    went_on = await journal.control()
    await journal.aclose()

    assert (asked, went_on) == (Control(paused=True, rate=5.0), Control(paused=False, rate=5.0))
    with pytest.raises(JournalError, match=r"no job works with .* `alianza bulk resume "):
        ask(journal.path, paused=True)
    async with await SqliteStore.open(journal.path) as again:
        assert await again.control() == Control()


@pytest.mark.parametrize("rate", [0, -1.0, float("nan"), float("inf")])
async def test_a_rate_must_be_one(journal: SqliteStore, rate: float) -> None:
    """A rate that cannot be kept is refused, and nothing is written."""
    with pytest.raises(ConfigurationError, match="rate is "):
        ask(journal.path, rate=rate)

    assert await journal.control() == Control()


async def test_entries_come_by_row_in_pages(journal: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the statuses asked for, entries come by row number, each once, a page at a time."""
    monkeypatch.setattr(reader_module, "_PAGE", 7)
    statuses = ["exists", "invalid", "failed"]
    fence = await leased(journal)
    await journal.write(
        fence, *(RowOutcome(row, f"A-{row}", b"d", statuses[row % 3]) for row in range(100, 0, -1))
    )
    await journal.write(
        fence, intent(101), intent(101), intent(102), StepOutcome(102, "account", "exists", adopted=True)
    )
    with JournalReader(journal.path) as reader:

        def rows(*wanted: str, resent: bool = False, adopted: bool = False) -> list[int]:
            return [entry.row for entry in reader.entries(*wanted, resent=resent, adopted=adopted)]

        assert rows() == list(range(1, 103))
        assert rows("exists") == list(range(3, 101, 3))
        assert rows("failed", "exists") == [row for row in range(1, 101) if row % 3 != 1]
        assert rows("exists", "exists") == rows("exists")
        assert rows("unknown") == []
        assert (rows(resent=True), rows(adopted=True)) == ([101], [102])
        assert rows(resent=True, adopted=True) == [101, 102]
        assert reader.counts() == {"exists": 33, "invalid": 34, "failed": 33, "intent": 2}


async def test_a_reader_shows_what_the_store_shows(journal: SqliteStore) -> None:
    """Rows, steps and keys are the same from another process."""
    fence = await leased(journal)
    await journal.write(
        fence, intent(1), StepOutcome(1, "account", "created", object_id="x", evidence="answered")
    )
    await journal.write(fence, RowOutcome(1, "A-1", b"d", "failed", failed_step="user"))
    state = (await journal.rows([1]))[1]
    with JournalReader(journal.path) as reader:
        assert (reader.entry(1), reader.by_key(" A-1"), reader.steps(1)) == (
            *(state.entry, state.entry),
            state.steps,
        )
        assert (reader.entry(2), reader.by_key("A-2"), reader.steps(2)) == (None, None, {})
        assert (reader.last_row(), reader.undone(1), reader.undo_counts()) == (1, {}, {})
        assert (reader.facts, reader.suspicion) == (journal.facts, None)


async def test_a_page_holds_nobody_up(journal: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written between two pages is seen by the second: no read is kept open meanwhile."""
    monkeypatch.setattr(reader_module, "_PAGE", 1)
    fence = await leased(journal)
    await journal.write(fence, intent(1), intent(2))
    with JournalReader(journal.path) as reader:
        entries = reader.entries()
        next(entries)
        await journal.write(fence, intent(3))

        assert [entry.row for entry in entries] == [2, 3]


async def test_speed_is_that_of_this_run(journal: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Items settled within the last seconds, at most since the run began."""
    fence = await leased(journal)
    began = journal.facts.started_at
    for row, after in enumerate((1, 2, 9, 10), 1):
        monkeypatch.setattr(time, "time", lambda after=after: began + after)
        await journal.write(fence, RowOutcome(row, f"A-{row}", b"d", "exists"))
    with JournalReader(journal.path) as reader:
        assert reader.speed(5) == 2 / 5
        assert reader.speed(1000) == 4 / 10


async def test_a_reader_writes_nothing(journal: SqliteStore) -> None:
    """A reader's connection cannot change the journal, nor can that which reads for the job."""
    with JournalReader(journal.path) as reader, pytest.raises(JournalError, match="readonly"):
        reader._all("UPDATE control SET paused = 1")  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(JournalError, match="readonly"):
        await journal._one("UPDATE control SET paused = 1")  # pyright: ignore[reportPrivateUsage]
