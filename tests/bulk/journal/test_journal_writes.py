"""The file: many share a commit, a full disk is said at once, and whoever waits gets an answer."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from alianza_async.bulk.journal import JournalReader, RowOutcome, SqliteStore, statements, writer
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import JournalError
from tests.bulk.journal.journals import FACTS, child, entry_of, intent, leased, outcome, step_of
from tests.unmeasured import unmeasured

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from alianza_async.bulk.journal.encoding import Flat


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many changes each call of SQLite carried."""
    sizes: list[int] = []
    write = statements.write

    def counted(database: sqlite3.Connection, rows: Sequence[Flat]) -> None:
        sizes.append(len(rows))
        write(database, rows)

    monkeypatch.setattr(writer, "write", counted)
    return sizes


async def test_many_share_a_commit(journal: SqliteStore, batches: list[int]) -> None:
    """What comes while a commit is under way, or within 10 ms of it, is one commit: not one each."""
    fence = await leased(journal)
    await asyncio.gather(*(journal.write(fence, intent(row)) for row in range(1, 501)))

    assert len(batches) < 50
    assert max(batches) <= statements.MOST
    assert await journal.counts() == {"intent": 500}


async def test_an_intent_and_an_outcome_are_few_calls(journal: SqliteStore, batches: list[int]) -> None:
    """An intent of row and step is one change, and outcomes that belong together are one commit."""
    fence = await leased(journal)
    await journal.write(fence, intent(1))
    await journal.write(fence, *outcome(1))

    assert batches == [2, 3]  # each with the row that checks the lease


async def test_the_sequence_grows_with_each_commit(journal: SqliteStore) -> None:
    """The file counts its commits, and what is told of them is what is in it."""
    fence = await leased(journal)
    seen: list[int] = []
    for row in range(1, 4):
        await journal.write(fence, intent(row))
        with JournalReader(journal.path) as reader:
            seen.append(reader.sequence)
    await journal.set_job(fence, state="stopped")
    await journal.heartbeat(fence, 60)
    with pytest.raises(JournalError):
        await journal.write(
            fence, RowOutcome(1, "A-1", b"d", "pending"), RowOutcome(9, None, None, "created")
        )

    assert seen == [2, 3, 4]
    with JournalReader(journal.path) as reader:
        assert (reader.sequence, journal._writer.sequence) == (6, 6)  # pyright: ignore[reportPrivateUsage]


async def test_one_call_into_the_loop_wakes_all(
    journal: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many wait for a commit, the loop is woken once for it."""
    fence = await leased(journal)
    loop = asyncio.get_running_loop()
    call, calls = loop.call_soon_threadsafe, list[object]()

    def counted(callback: object, *arguments: object) -> asyncio.Handle:
        calls.append(callback)
        return call(callback, *arguments)  # type: ignore[arg-type]  # pyright: ignore[reportUnknownVariableType, reportArgumentType, reportCallIssue]

    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
    await asyncio.gather(*(journal.write(fence, intent(row)) for row in range(1, 201)))

    assert 1 <= len(calls) < 20


async def test_reads_that_wait_together_are_one_query(
    journal: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many ask for rows at once, the journal is asked few times, and each gets its own rows."""
    fence = await leased(journal)
    await journal.write(fence, *(intent(row) for row in range(1, 301)))
    asked: list[object] = []
    answer = journal._reading._answer  # pyright: ignore[reportPrivateUsage]

    def counted(query: object) -> object:
        asked.append(query)
        return answer(query)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(journal._reading, "_answer", counted)  # pyright: ignore[reportPrivateUsage]
    found = await asyncio.gather(*(journal.rows([row, row + 1]) for row in range(1, 301)))

    assert [sorted(each) for each in found] == [[row, row + 1] for row in range(1, 300)] + [[300]]
    assert len(asked) < 10


async def test_no_statement_runs_on_the_event_loop(journal: SqliteStore) -> None:
    """Whatever is asked of the journal or written to it, SQLite is called in threads of the journal's own."""
    used: set[int] = set()
    for database in (journal._writer._database, journal._reading._database):  # pyright: ignore[reportPrivateUsage]
        database.set_trace_callback(lambda _: used.add(threading.get_ident()))
    fence = await leased(journal)
    await journal.write(fence, intent(1))
    await journal.claim(fence, "account", "A-1", 1)
    await journal.set_job(fence, rows=1)
    await journal.heartbeat(fence, 60)
    await journal.rows([1])
    await journal.rows_by_key(["A-1"])
    await journal.owner_of("account", "A-1")
    await journal.undone(1)
    await journal.counts()
    await journal.last_row()
    await journal.control()
    await journal.watch()
    assert [state.entry.row async for state in journal.entries()] == [1]
    await journal.release(fence)

    assert len(used) == 2
    assert threading.get_ident() not in used


async def test_what_cannot_be_stored_is_refused_alone(journal: SqliteStore) -> None:
    """A value no database takes is that write's error, and the journal continues."""
    fence = await leased(journal)
    done = await asyncio.gather(
        journal.write(fence, RowOutcome(1, "A-1", b"d", "exists", object_id={"no": "text"})),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        journal.write(fence, RowOutcome(2, "A-2", b"d", "exists", attempts=2**70)),
        journal.write(fence, RowOutcome(3, "A-3", b"d", "exists", object_id="\ud800")),
        journal.write(fence, RowOutcome(4, "A-4", b"d", "exists")),
        return_exceptions=True,
    )

    assert [isinstance(each, JournalError) for each in done] == [True, True, True, False]
    assert [state.entry.row async for state in journal.entries()] == [4]


async def test_one_refusal_among_many_harms_nobody(journal: SqliteStore) -> None:
    """In a commit of many statements too, only the write that cannot be is refused; nothing counts twice."""
    fence = await leased(journal)
    await journal.write(fence, RowOutcome(77, "A-77", b"d", "exists"))

    done = await asyncio.gather(
        *(journal.write(fence, intent(row)) for row in range(1, 301)), return_exceptions=True
    )

    assert [row for row, each in enumerate(done, 1) if each is not None] == [77]
    assert await journal.counts() == {"exists": 1, "intent": 299}
    assert {state.entry.attempts async for state in journal.entries("intent")} == {1}


async def test_a_claim_and_what_follows_it_share_a_commit(journal: SqliteStore, batches: list[int]) -> None:
    """Claims go with whatever else waits, and each gets its owner."""
    fence = await leased(journal)
    done = await asyncio.gather(
        *(journal.claim(fence, "number", f"n-{row % 10}", row) for row in range(50)),
        *(journal.write(fence, intent(row)) for row in range(1, 51)),
    )

    assert done == [*(row % 10 for row in range(50)), *[None] * 50]
    assert len(batches) < 10


async def test_closing_writes_what_waits(tmp_path: Path) -> None:
    """`aclose` returns when all that was submitted is on disk; a second does nothing, a write is refused."""
    path = tmp_path / "job.db"
    journal = await SqliteStore.create(path, FACTS)
    fence = await leased(journal)
    tasks = [asyncio.ensure_future(journal.write(fence, intent(row))) for row in range(1, 201)]
    await asyncio.sleep(0)
    await journal.aclose()
    await journal.aclose()
    await asyncio.gather(*tasks)

    with JournalReader(path) as reader:
        assert (reader.counts(), reader.running()) == ({"intent": 200}, False)
    with pytest.raises(JournalError, match="is closed"):
        await journal.write(fence, intent(201))
    with pytest.raises(JournalError, match="cannot be read"):
        await journal.counts()


async def test_a_full_disk_breaks_the_journal(journal: SqliteStore) -> None:
    """Everybody who waits is told path and reason, later writes raise at once, and what was told stays."""
    fence = await leased(journal)
    await asyncio.gather(*(journal.write(fence, intent(row)) for row in range(1, 11)))
    journal._writer._database.execute("PRAGMA max_page_count = 1")  # pyright: ignore[reportPrivateUsage]

    rows = range(11, 1011)
    done = await asyncio.gather(
        *(journal.write(fence, RowOutcome(row, f"A-{row}" * 50, b"d", "exists")) for row in rows),
        return_exceptions=True,
    )
    reasons = {str(each) for each in done if isinstance(each, JournalError)}
    there = {state.entry.row async for state in journal.entries()}
    acknowledged = {row for row, each in zip(rows, done, strict=True) if each is None}

    assert len(reasons) == 1
    assert f"{journal.path} cannot be written (the disk is full), so nothing more is sent" in reasons.pop()
    assert acknowledged <= there
    assert set(range(1, 11)) <= there
    assert journal.broken is not None
    with pytest.raises(JournalError, match="the disk is full"):
        await journal.write(fence, intent(2000))
    with pytest.raises(JournalError, match="the disk is full"):
        await journal.set_job(fence, state="stopped")


FILL = """
import asyncio, resource, signal, sys
from alianza_async.bulk.journal import SqliteStore
from alianza_async.errors import JournalError
from tests.bulk.journal.journals import FACTS, intent, leased

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = await SqliteStore.create(sys.argv[1], FACTS)
    fence = await leased(journal)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    row = 0
    try:
        while True:
            row += 1
            await journal.write(fence, intent(row))
    except JournalError as error:
        print(row - 1, sum((await journal.counts()).values()), error, sep="\\n")
    await journal.aclose()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
async def test_a_file_that_may_not_grow_loses_nothing(tmp_path: Path) -> None:
    """Where the system refuses to write, the job is told, and the next run reads what was acknowledged."""
    path = tmp_path / "job.db"
    out, err = child(FILL, path, environment=unmeasured()).communicate()
    acknowledged, readable, reason = out.splitlines()
    with JournalReader(path) as reader:
        there = reader.counts()

    assert err == ""
    assert int(acknowledged) > 10
    assert int(readable) >= int(acknowledged)
    assert there["intent"] >= int(acknowledged)
    assert f"the journal {path} cannot be written" in reason
    async with await SqliteStore.open(path) as again:
        assert again.suspicion is None


async def test_facts_are_kept_by_the_file(journal: SqliteStore) -> None:
    """The next who opens it finds what was written of the job, and each run is counted."""
    fence = await leased(journal)
    await journal.set_job(fence, state="running", rows=5000, scope="p-1", options={"concurrency": 7})
    await journal.set_job(fence, state="stopped")
    stopped = journal.facts
    await journal.aclose()

    async with await SqliteStore.open(journal.path) as again:
        assert again.facts == stopped
        fence = await leased(again)
        await again.set_job(fence, state="running")
        resumed = again.facts
        with JournalReader(journal.path) as reader:
            assert reader.facts == resumed
    assert (resumed.runs, resumed.state, resumed.ended_at) == (2, "running", None)
    assert resumed.started_at >= stopped.started_at


async def test_rows_survive(journal: SqliteStore) -> None:
    """The next who opens the journal reads each row and step as they were."""
    fence = await leased(journal)
    await journal.write(fence, intent(1))
    await journal.write(fence, *outcome(1))
    await journal.claim(fence, "account", "a-1", 1)
    before = await journal.rows([1])
    await journal.aclose()

    async with await SqliteStore.open(journal.path) as again:
        assert await again.rows([1]) == before
        assert await again.owner_of("account", "a-1") == 1
        assert (await entry_of(again, 1), await step_of(again, 1)) == (
            before[1].entry,
            before[1].steps["account"],
        )


class Model(WriteModel):
    """A model whose wire names differ from ours."""

    account_name: str | None = None
    password: SecretStr | None = None


async def test_a_digest_is_of_the_values_and_of_this_journal(journal: SqliteStore, tmp_path: Path) -> None:
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
    async with await SqliteStore.create(tmp_path / "other.db", FACTS) as other:
        elsewhere = other.digest({"a": "1", "b": {"c": [1, None]}})

    assert digests[0] == digests[1]
    assert digests[3] == digests[4]
    assert len({*digests, elsewhere}) == 8
    assert {len(digest) for digest in digests} == {16}
    assert len(journal.digest({"a": 1, 2: "b"})) == 16  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
