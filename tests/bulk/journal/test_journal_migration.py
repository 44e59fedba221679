"""A journal of an older version is read as it is, and migrated when it is opened for writing."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import JournalReader, SqliteStore, StepEntry, migrate
from alianza_async.bulk.journal.schema import VERSION, build
from alianza_async.errors import JournalError
from tests.bulk.journal import version_1
from tests.bulk.journal.journals import FACTS, intent, leased, outcome

if TYPE_CHECKING:
    from pathlib import Path


def test_an_older_journal_is_read_as_it_is(tmp_path: Path) -> None:
    """A reader shows what version 1 kept, None for what it did not, and changes nothing."""
    path = tmp_path / "job.db"
    version_1.write(path, steps=True)
    before = path.read_bytes()
    with JournalReader(path) as reader:
        entry = reader.entry(2)
        facts = reader.facts
        assert entry is not None
        assert (entry.status, entry.attempts, entry.adopted, entry.evidence, entry.message) == (
            *("created", 2, True),
            *(None, None),
        )
        assert reader.steps(2)["number"].purpose is None
        assert [each.row for each in reader.entries(resent=True)] == [2, 4]
        assert [each.row for each in reader.entries(adopted=True)] == [2]
        assert (reader.sequence, reader.suspicion) == (0, None)

    assert (facts.kind, facts.options, facts.salt) == ("accounts", {"concurrency": 7}, b"s" * 16)
    assert path.read_bytes() == before
    assert not (tmp_path / "job.db.v1").exists()


async def test_rows_become_rows_of_one_step(tmp_path: Path) -> None:
    """Each row of an old `accounts` job has its step; only an answer proves who made an object."""
    path = tmp_path / "job.db"
    version_1.write(path)
    async with await SqliteStore.open(path) as journal:
        states = {state.entry.row: state async for state in journal.entries()}
        owners = [await journal.owner_of("account", key) for key in ("A-1", "a-1", "A-2", "a-2", "A-9")]
        facts = journal.facts

    assert {
        row: (state.entry.evidence, state.steps["account"].evidence) for row, state in states.items()
    } == {
        1: ("answered", "answered"),
        2: ("none", "none"),
        3: ("none", "none"),
        4: ("none", "none"),
        **dict.fromkeys((5, 6, 7), (None, None)),
    }
    assert states[2].steps["account"] == StepEntry(
        *(2, "account", "A-2", "created", "id-2"),
        attempts=2,
        adopted=True,
        intent_at=102.0,
        settled_at=103.0,
        purpose="create",
        evidence="none",
        first_intent_at=102.0,
    )
    assert [states[row].steps["account"].purpose for row in (1, 3, 4, 6)] == ["create", None, "update", None]
    assert owners == [1, 1, 2, 3, None]
    assert (facts.job_id, facts.runs, facts.state, facts.options) == (
        *("job-1", 1, "stopped"),
        {"concurrency": 7},
    )


@pytest.mark.parametrize(
    ("kind", "step"),
    [("users", "user"), ("createAccount", "account"), ("createEndUser", "user"), ("subscribers", None)],
)
async def test_only_kinds_without_steps_get_one(tmp_path: Path, kind: str, step: str | None) -> None:
    """The step is called after what the kind creates; a workflow has its own steps already."""
    path = tmp_path / "job.db"
    version_1.write(path, kind=kind, steps=step is None)
    async with await SqliteStore.open(path) as journal:
        names = {name async for state in journal.entries() for name in state.steps}

    assert names == {step or "number"}


async def test_a_migrated_journal_is_like_a_new_one(tmp_path: Path) -> None:
    """Its tables have the columns of a new journal, in their order; its graph holds, and a job continues."""
    path = tmp_path / "job.db"
    version_1.write(path)
    async with await SqliteStore.open(path) as journal:
        fence = await leased(journal)
        await journal.write(fence, intent(7))
        await journal.write(fence, *outcome(7))
        await journal.write(fence, *outcome(1, "unknown"))
        with pytest.raises(JournalError, match="row 3 is exists"):
            await journal.write(fence, intent(3))
        assert (await journal.counts())["created"] == 2
    with (
        closing(sqlite3.connect(path)) as old,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as new,
    ):
        build(new)
        shapes = [
            {
                name: [column[1:3] for column in database.execute(f"PRAGMA table_info({name})")]
                for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            }
            for database in (old, new)
        ]
        names = [
            {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type != 'table'")}
            for database in (old, new)
        ]
        assert old.execute("PRAGMA user_version").fetchone() == (VERSION,)

    assert shapes[0] == shapes[1]
    assert names[0] == names[1]


async def test_a_copy_stays_beside_it(tmp_path: Path) -> None:
    """The journal as it was is kept for its owner alone, whole in one file; no copy is written over."""
    path, copy = tmp_path / "job.db", tmp_path / "job.db.v1"
    version_1.write(path)
    copy.write_text("somebody's", encoding="utf-8")
    await (await SqliteStore.open(path)).aclose()

    assert sorted(os.listdir(tmp_path)) == ["job.db", "job.db.v1", "job.db.v1-2"]  # noqa: PTH208
    assert copy.read_text(encoding="utf-8") == "somebody's"
    with JournalReader(tmp_path / "job.db.v1-2") as reader:
        assert reader.counts()["created"] == 2
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "job.db.v1-2").stat().st_mode) == 0o600


async def test_a_migration_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it fails at its last act the journal is as it was, and the next try succeeds."""
    path = tmp_path / "job.db"
    version_1.write(path)

    def fail(_: object) -> None:
        raise sqlite3.OperationalError("not today")

    with monkeypatch.context() as broken:
        broken.setattr(migrate, "_claim", fail)
        with pytest.raises(JournalError, match=r"cannot be opened .not today"):
            await SqliteStore.open(path)
    with JournalReader(path) as reader:
        assert (reader.sequence, reader.steps(1)) == (0, {})

    async with await SqliteStore.open(path) as journal:
        assert (await journal.counts())["created"] == 2


async def test_an_older_journal_in_use_without_its_log_is_suspect(tmp_path: Path) -> None:
    """Version 1 had no leases: the state `running` says that it was in use."""
    for name, state in (("a.db", "running"), ("b.db", "stopped")):
        version_1.write(tmp_path / name, state=state)
    async with await SqliteStore.open(tmp_path / "a.db") as running:
        assert "a.db-wal, is missing" in (running.suspicion or "")
    (tmp_path / "b.db").with_name("other").mkdir()
    (tmp_path / "b.db").replace(tmp_path / "other" / "b.db")
    async with await SqliteStore.open(tmp_path / "other" / "b.db", restored=True) as stopped:
        assert "restored" in (stopped.suspicion or "")


async def test_version_2_is_read_and_migrated(tmp_path: Path) -> None:
    """Version 2 called the scope `partition_id`: it is read by that name, and gets the new one."""
    path = tmp_path / "job.db"
    await (await SqliteStore.create(path, replace(FACTS, scope="part-1"))).aclose()
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("ALTER TABLE job RENAME COLUMN scope TO partition_id")
        old.execute("PRAGMA user_version = 2")

    with JournalReader(path) as read:
        assert read.facts.scope == "part-1"
    async with await SqliteStore.open(path) as store:
        assert store.facts.scope == "part-1"
    assert (tmp_path / "job.db.v2").exists()
    with closing(sqlite3.connect(path)) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (VERSION,)
