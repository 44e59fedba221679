"""What is written: every fact of it, together, in order, and never lost by whoever waits."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from alianza_async.bulk.journal import Entry, Journal, JournalReader, StepEntry, UndoEntry, statements, writer
from alianza_async.errors import InvalidInputError, JournalError
from alianza_async.models.base import WriteModel
from tests.bulk.journal.journals import FACTS, child
from tests.unmeasured import unmeasured

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from alianza_async.bulk.journal.statements import Change


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncGenerator[Journal]:
    """A new journal."""
    async with Journal.create(tmp_path / "job.db", FACTS) as made:
        yield made


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many changes each call of SQLite carried."""
    sizes: list[int] = []
    write = statements.write

    def counted(database: sqlite3.Connection, changes: Sequence[Change]) -> None:
        sizes.append(len(changes))
        write(database, changes)

    monkeypatch.setattr(writer, "write", counted)
    return sizes


async def test_an_item_has_all_that_was_told_of_it(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Intent and end fill one row; times are those of the writing."""
    monkeypatch.setattr("time.time", lambda: 1000.5)
    await journal.intend(1, "A-1", b"digest")
    monkeypatch.setattr("time.time", lambda: 1002.5)
    await journal.settle(
        1, "A-1", b"digest", "created", object_id="id-1", attempts=3, request_id="r-3", adopted=True
    )

    expected = Entry(
        row=1,
        key="A-1",
        digest=b"digest",
        status="created",
        object_id="id-1",
        error_class=None,
        error=None,
        attempts=3,
        request_id="r-3",
        adopted=True,
        intent_at=1000.5,
        settled_at=1002.5,
    )
    assert journal.entry(1) == expected
    assert list(journal.entries()) == [expected]
    assert journal.by_key("A-1") == expected
    assert journal.entry(2) is None
    assert journal.last_row() == 1


async def test_an_intent_of_a_step_is_its_items_too(journal: Journal) -> None:
    """Item and step become an intent together; each step ends for itself."""
    await journal.intend(4, "A-4", b"d", step="account", step_key="A-4")
    intended = journal.entry(4)
    await journal.settle_step(
        4, "account", "created", object_id="id-4", detail="x", attempts=1, request_id="r"
    )
    await journal.settle_step(4, "user", "skipped", key="u-4")

    account, user = journal.steps(4).values()
    assert intended is not None
    assert (intended.status, intended.attempts) == ("intent", 0)
    assert account == StepEntry(
        *(4, "account", "A-4", "created", "id-4", "x", None, None, 1, "r", False),
        intent_at=account.intent_at,
        settled_at=account.settled_at,
    )
    assert (user.key, user.status, user.intent_at) == ("u-4", "skipped", None)
    assert journal.step_by_key("account", "A-4") == account
    assert journal.step_by_key("account", "A-4", other_than=4) is None
    assert journal.step_by_key("user", "A-4") is None


async def test_what_is_sent_again_stays_counted(journal: Journal) -> None:
    """Attempts of an earlier run count, and what no longer holds is gone: id, error, end."""
    await journal.intend(1, "A-1", b"d")
    await journal.settle(1, "A-1", b"d", "failed", object_id="x", error=InvalidInputError("no"), attempts=2)
    await journal.intend(1, "A-1", b"d")

    again = journal.entry(1)
    assert again is not None
    assert (again.attempts, again.object_id, again.error_class, again.settled_at) == (3, None, None, None)

    await journal.settle(1, "A-1", b"d", "created", attempts=1)
    await journal.intend(2, "A-2", b"d")
    await journal.settle(2, "A-2", b"d", "created", attempts=1)
    await journal.intend(3, "A-3", b"d", step="account")
    await journal.intend(3, "A-3", b"d", step="user")
    await journal.settle_step(3, "user", "created", attempts=1)
    await journal.settle(3, "A-3", b"d", "created", attempts=2)
    await journal.intend(4, "A-4", b"d", step="account")
    await journal.intend(4, "A-4", b"d", step="account")
    assert [entry.row for entry in journal.entries(resent=True)] == [1, 4]


async def test_what_is_put_back_may_be_sent(journal: Journal) -> None:
    """An item, and a step, that were looked up and are absent are pending, and then an intent again."""
    await journal.intend(1, "A-1", b"d", step="account")
    await journal.put_back(1, step="account")
    await journal.put_back(1)

    pending = journal.entry(1)
    assert pending is not None
    assert (pending.status, journal.steps(1)["account"].status) == ("pending", "pending")
    await journal.intend(1, "A-1", b"d", step="account")


async def test_what_is_taken_back_is_told_by_step(journal: Journal) -> None:
    """The reverse chain keeps id and reason, and nothing of a server's words."""
    await journal.intend_undo(2, "number")
    await journal.settle_undo(2, "number", "failed", object_id="n-2", error=InvalidInputError("no"))

    (entry,) = journal.undone(2).values()
    assert entry == UndoEntry(
        *(2, "number", "failed", "n-2", "InvalidInputError", "it cannot be sent"),
        entry.intent_at,
        entry.settled_at,
    )
    assert journal.undone(1) == {}


async def test_an_entry_is_whole_or_not_there(journal: Journal) -> None:
    """Where the item cannot become an intent, its step does not either; others of that commit are written."""
    await journal.settle(1, "A-1", b"d", "exists")

    done = await asyncio.gather(
        journal.intend(1, "A-1", b"d", step="account"),
        journal.intend(2, "A-2", b"d", step="account"),
        journal.settle(3, "A-3", b"d", "created"),
        journal.intend(4, "A-4", b"d"),
        return_exceptions=True,
    )

    assert [type(each).__name__ for each in done] == ["JournalError", "NoneType", "JournalError", "NoneType"]
    assert "row 1 is exists in the journal" in str(done[0])
    assert "row 3 is not in the journal, and cannot begin as created" in str(done[2])
    assert (journal.steps(1), list(journal.steps(2))) == ({}, ["account"])
    assert journal.counts() == {"exists": 1, "intent": 2}
    assert journal.broken is None


async def test_what_cannot_be_stored_is_refused_alone(journal: Journal) -> None:
    """A value no database takes is that entry's error, and the journal goes on."""
    done = await asyncio.gather(
        journal.settle(1, "A-1", b"d", "exists", object_id={"no": "text"}),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        journal.settle(2, "A-2", b"d", "exists", attempts=2**70),
        journal.settle(3, "A-3", b"d", "exists", object_id="\ud800"),
        journal.settle(4, "A-4", b"d", "exists"),
        return_exceptions=True,
    )

    assert [isinstance(each, JournalError) for each in done] == [True, True, True, False]
    assert [entry.row for entry in journal.entries()] == [4]


async def test_one_refusal_among_many_harms_nobody(journal: Journal) -> None:
    """In a commit of many statements too, only the entry that cannot be is refused."""
    await journal.settle(77, "A-77", b"d", "exists")

    done = await asyncio.gather(
        *(journal.intend(row, f"A-{row}", b"d") for row in range(1, 301)), return_exceptions=True
    )

    assert [row for row, each in enumerate(done, 1) if each is not None] == [77]
    assert journal.counts() == {"exists": 1, "intent": 299}


async def test_a_state_there_is_not_is_refused(journal: Journal) -> None:
    """What the job cannot be is an error of the call, and the journal goes on."""
    with pytest.raises(JournalError, match="the job cannot be written"):
        await journal.set_job(state="lost")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    assert (journal.facts.state, journal.broken) == ("running", None)


async def test_many_share_a_commit(journal: Journal, batches: list[int]) -> None:
    """What comes while a commit is under way, or within 5 ms of it, is one commit: not one each."""
    await asyncio.gather(*(journal.intend(row, f"A-{row}", b"d") for row in range(1, 501)))

    assert sum(batches) == 500
    assert len(batches) < 50
    assert max(batches) <= statements.MOST
    assert journal.counts() == {"intent": 500}


async def test_one_call_into_the_loop_wakes_all(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wait for a commit, the loop is woken once for it."""
    loop = asyncio.get_running_loop()
    call, calls = loop.call_soon_threadsafe, list[object]()

    def counted(callback: object, *arguments: object) -> asyncio.Handle:
        calls.append(callback)
        return call(callback, *arguments)  # type: ignore[arg-type]  # pyright: ignore[reportUnknownVariableType, reportArgumentType, reportCallIssue]

    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
    await asyncio.gather(*(journal.intend(row, f"A-{row}", b"d") for row in range(1, 201)))

    assert 1 <= len(calls) < 20


async def test_changes_of_one_row_keep_their_order(journal: Journal) -> None:
    """What is written of one row at once is written as it was submitted."""
    for row in range(1, 20):
        await asyncio.gather(
            journal.intend(row, f"A-{row}", b"d"),
            journal.settle(row, f"A-{row}", b"d", "unknown"),
            journal.put_back(row),
            journal.intend(row, f"A-{row}", b"d"),
            journal.settle(row, f"A-{row}", b"d", "created"),
        )

    assert journal.counts() == {"created": 19}


async def test_who_is_cancelled_takes_nothing_back(journal: Journal) -> None:
    """An entry whose waiter is cancelled is written all the same."""
    tasks = [asyncio.ensure_future(journal.intend(row, f"A-{row}", b"d")) for row in range(1, 31)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    await journal.intend(31, "A-31", b"d")

    assert asyncio.CancelledError in {type(each) for each in done}
    assert journal.counts() == {"intent": 31}


async def test_closing_writes_what_waits(tmp_path: Path) -> None:
    """`aclose` returns when all that was submitted is on disk; a second does nothing, a write is refused."""
    path = tmp_path / "job.db"
    journal = Journal.create(path, FACTS)
    tasks = [asyncio.ensure_future(journal.intend(row, f"A-{row}", b"d")) for row in range(1, 201)]
    await asyncio.sleep(0)
    await journal.aclose()
    await journal.aclose()
    await asyncio.gather(*tasks)

    with JournalReader(path) as reader:
        assert (reader.counts(), reader.running()) == ({"intent": 200}, False)
    with pytest.raises(JournalError, match="is closed"):
        await journal.intend(201, "A-201", b"d")
    with pytest.raises(JournalError, match="cannot be read"):
        journal.counts()


async def test_a_full_disk_breaks_the_journal(journal: Journal) -> None:
    """Everybody who waits is told path and reason, later writes raise at once, and what was told stays."""
    await asyncio.gather(*(journal.intend(row, f"A-{row}", b"d") for row in range(1, 11)))
    before = journal.counts()
    journal._writer._database.execute("PRAGMA max_page_count = 1")  # pyright: ignore[reportPrivateUsage]

    rows = range(11, 1011)
    done = await asyncio.gather(
        *(journal.intend(row, f"A-{row}" * 50, b"d") for row in rows), return_exceptions=True
    )
    told = {str(each) for each in done if isinstance(each, JournalError)}
    there = {entry.row for entry in journal.entries()}
    acknowledged = {row for row, each in zip(rows, done, strict=True) if each is None}

    assert len(told) == 1
    assert f"{journal.path} cannot be written (the disk is full), so nothing more is sent" in told.pop()
    assert acknowledged <= there
    assert before == {"intent": 10}
    assert journal.broken is not None
    with pytest.raises(JournalError, match="the disk is full"):
        await journal.intend(2000, "A-2000", b"d")
    with pytest.raises(JournalError, match="the disk is full"):
        await journal.set_job(state="stopped")


FILL = """
import asyncio, resource, signal, sys
from alianza_async.bulk.journal import Journal
from alianza_async.errors import JournalError
from tests.bulk.journal.journals import FACTS

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal.create(sys.argv[1], FACTS)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    row = 0
    try:
        while True:
            row += 1
            await journal.intend(row, f"A-{row}", b"d")
    except JournalError as error:
        print(row - 1, len(list(journal.entries())), error, sep="\\n")
    await journal.aclose()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_file_that_may_not_grow_loses_nothing(tmp_path: Path) -> None:
    """Where the system refuses to write, the job is told, and the next run reads what was acknowledged."""
    path = tmp_path / "job.db"
    out, err = child(FILL, path, environment=unmeasured()).communicate()
    acknowledged, readable, told = out.splitlines()
    with JournalReader(path) as reader:
        there = reader.counts()

    assert err == ""
    assert int(acknowledged) > 10
    assert int(readable) >= int(acknowledged)
    assert there["intent"] >= int(acknowledged)
    assert f"the journal {path} cannot be written" in told
    Journal.open(path).close()


async def test_facts_are_kept_and_live(journal: Journal) -> None:
    """What is written of the job is told at once, and by the next who opens it; each run is counted."""
    made = journal.facts
    await journal.set_job(state="running", rows=5000, partition_id="p-1")
    await journal.set_job(login="another", options={"concurrency": 7})
    running = journal.facts
    await journal.set_job(state="stopped")
    stopped = journal.facts
    await journal.aclose()

    assert (made.job_id, made.options, made.state, made.runs) == (FACTS.job_id, FACTS.options, "running", 1)
    assert (running.rows, running.partition_id, running.runs, running.ended_at) == (5000, "p-1", 1, None)
    assert (running.login, running.options) == ("another", {"concurrency": 7})
    assert (stopped.state, stopped.ended_at is None) == ("stopped", False)
    async with Journal.open(journal.path) as again:
        assert again.facts == stopped
        await again.set_job(state="running")
        resumed = again.facts
        with JournalReader(journal.path) as reader:
            assert reader.facts == resumed
    assert (resumed.runs, resumed.state, resumed.ended_at) == (2, "running", None)
    assert resumed.started_at >= made.started_at


async def test_keys_are_compared_trimmed_and_composed(journal: Journal) -> None:
    """A key is found however it is written; of several rows with one key the first that is not invalid."""
    await journal.settle(1, "Cafe\u0301", b"d", "invalid")
    await journal.settle(2, " Caf\u00e9 ", b"d", "exists")
    await journal.settle(3, "\udce9", b"d", "invalid")
    await journal.settle(4, None, None, "invalid")
    found = [journal.by_key(key) for key in ("Caf\u00e9", "Cafe\u0301 ", "\udce9", "A-1")]

    assert [entry and entry.row for entry in found] == [2, 2, 3, None]
    assert [entry.key for entry in journal.entries()] == ["Caf\u00e9", "Caf\u00e9", "\\udce9", None]


class Model(WriteModel):
    """A model whose wire names differ from ours."""

    account_name: str | None = None
    password: SecretStr | None = None


async def test_a_digest_is_of_the_values_and_of_this_journal(journal: Journal, tmp_path: Path) -> None:
    """Equal values have one digest, in whatever order; others have another, and so has another journal."""
    digests = [
        journal.digest({"a": "1", "b": {"c": [1, None]}}),
        journal.digest({"b": {"c": [1, None]}, "a": "1"}),
        journal.digest({"a": "2", "b": {"c": [1, None]}}),
        journal.digest(Model(account_name="x")),
        journal.digest({"accountName": "x"}),
        journal.digest(Model(account_name="x", password=SecretStr("one"))),
        journal.digest(Model(account_name="x", password=SecretStr("two"))),
        journal.digest({"nested": Model(account_name="x")}),
        journal.digest({"odd": "\udce9"}),
    ]
    async with Journal.create(tmp_path / "other.db", FACTS) as other:
        elsewhere = other.digest({"a": "1", "b": {"c": [1, None]}})

    assert digests[0] == digests[1]
    assert digests[3] == digests[4]
    assert len({*digests, elsewhere}) == 8
    assert {len(digest) for digest in digests} == {16}
    assert len(journal.digest({"a": 1, 2: "b"})) == 16  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
