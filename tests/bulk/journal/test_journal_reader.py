"""Looking at a journal while a job writes it, and asking that job for something."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import Control, Journal, JournalReader, ask, reader as reader_module
from alianza_async.errors import ConfigurationError, JournalError
from tests.bulk.journal.journals import FACTS, child

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

WRITE = """
import asyncio, sys
from alianza_async.bulk.journal import Journal
from tests.bulk.journal.journals import FACTS

async def main():
    journal = Journal.create(sys.argv[1], FACTS)
    row = 0
    while True:
        row += 1
        await journal.intend(row, f"A-{row}", b"d")
        await journal.settle(row, f"A-{row}", b"d", "created")
        if row == 20 or journal.control() != (False, None):
            print(row, *journal.control(), flush=True)
            if row > 20 and journal.control() == (True, 7.5):
                break
    await journal.aclose()

asyncio.run(main())
"""


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncGenerator[Journal]:
    """A new journal."""
    async with Journal.create(tmp_path / "job.db", FACTS) as made:
        yield made


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
def test_a_killed_job_is_read(tmp_path: Path) -> None:
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
    journal = Journal.open(path)
    assert journal.counts() == counts
    journal.close()


async def test_what_was_asked_ends_with_the_run(journal: Journal) -> None:
    """The next run begins as if nobody had asked; a run is asked only while it runs."""
    ask(journal.path, paused=True, rate=5)
    asked = journal.control()
    ask(journal.path, paused=False)
    went_on = journal.control()
    await journal.aclose()

    assert (asked, went_on) == (Control(paused=True, rate=5.0), Control(paused=False, rate=5.0))
    with pytest.raises(JournalError, match=r"no job works with .* `alianza bulk resume "):
        ask(journal.path, paused=True)
    async with Journal.open(journal.path) as again:
        assert again.control() == Control()


@pytest.mark.parametrize("rate", [0, -1.0, float("nan"), float("inf")])
async def test_a_rate_must_be_one(journal: Journal, rate: float) -> None:
    """A rate that cannot be kept is refused, and nothing is written."""
    with pytest.raises(ConfigurationError, match="rate is "):
        ask(journal.path, rate=rate)

    assert journal.control() == Control()


async def test_entries_come_by_row_in_pages(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the statuses asked for, entries come by row number, each once, a page at a time."""
    monkeypatch.setattr(reader_module, "_PAGE", 7)
    statuses = ["exists", "invalid", "failed"]
    await asyncio.gather(
        *(journal.settle(row, f"A-{row}", b"d", statuses[row % 3]) for row in range(100, 0, -1))
    )

    def rows(*wanted: str) -> list[int]:
        return [entry.row for entry in journal.entries(*wanted)]

    assert rows() == list(range(1, 101))
    assert rows("exists") == list(range(3, 101, 3))
    assert rows("failed", "exists") == [row for row in range(1, 101) if row % 3 != 1]
    assert rows("exists", "exists") == rows("exists")
    assert rows("unknown") == []
    assert journal.counts() == {"exists": 33, "invalid": 34, "failed": 33}


async def test_a_page_holds_nobody_up(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written between two pages is seen by the second: no read is kept open meanwhile."""
    monkeypatch.setattr(reader_module, "_PAGE", 1)
    await journal.settle(1, "A-1", b"d", "exists")
    await journal.settle(2, "A-2", b"d", "exists")
    entries = journal.entries()
    next(entries)
    await journal.settle(3, "A-3", b"d", "exists")

    assert [entry.row for entry in entries] == [2, 3]


async def test_speed_is_that_of_this_run(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Items settled within the last seconds, at most since the run began."""
    began = journal.facts.started_at
    for row, after in enumerate((1, 2, 9, 10), 1):
        monkeypatch.setattr(time, "time", lambda after=after: began + after)
        await journal.settle(row, f"A-{row}", b"d", "exists")
    with JournalReader(journal.path) as reader:
        assert reader.speed(5) == 2 / 5
        assert reader.speed(1000) == 4 / 10


async def test_a_reader_writes_nothing(journal: Journal) -> None:
    """A reader's connection cannot change the journal."""
    with JournalReader(journal.path) as reader, pytest.raises(JournalError, match="readonly"):
        reader._all("UPDATE control SET paused = 1")  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(JournalError, match="readonly"):
        journal._all("UPDATE control SET paused = 1")  # pyright: ignore[reportPrivateUsage]
