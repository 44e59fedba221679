"""The journal as a file: who may read it, where it may be, what it refuses, and its lock."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest
from anyio import fail_after

from alianza_async.bulk.journal import JournalReader, SqliteStore, ask, files, lock as lock_module, schema
from alianza_async.bulk.journal.files import SYNCHRONOUS, build_file
from alianza_async.bulk.journal.lock import JobLock, is_locked
from alianza_async.bulk.journal.schema import VERSION
from alianza_async.errors import JournalError, JournalLockedError
from tests.bulk.journal.journals import FACTS, child, intent, leased

HOLD = """
import asyncio, sys
from alianza_async.bulk.journal import SqliteStore

async def main():
    async with await SqliteStore.open(sys.argv[1]):
        print("open", flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""


def mode(path: Path) -> int:
    """Return a file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


async def create(path: Path) -> None:
    """Make a journal and let go of it."""
    await (await SqliteStore.create(path, FACTS)).aclose()


async def reopen(path: Path) -> None:
    """Open a journal and let go of it."""
    await (await SqliteStore.open(path)).aclose()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
async def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """The file and all that SQLite puts beside it are 0600, a folder made for it 0700, whatever the umask."""
    before = os.umask(0)
    try:
        async with await SqliteStore.create(tmp_path / "state" / "jobs" / "job.db", FACTS) as journal:
            await journal.write(await leased(journal), intent(1))
            made = {path.name: mode(path) for path in journal.path.parent.iterdir()}
    finally:
        os.umask(before)

    assert made == dict.fromkeys(("job.db", "job.db-wal", "job.db-shm", "job.db.lock"), 0o600)
    assert [mode(tmp_path / "state"), mode(tmp_path / "state" / "jobs")] == [0o700, 0o700]


async def test_a_closed_journal_is_one_file(tmp_path: Path) -> None:
    """After its end nothing lies beside it: it can be copied as it is."""
    async with await SqliteStore.create(tmp_path / "job.db", FACTS) as journal:
        await journal.write(await leased(journal), intent(1))

    assert os.listdir(tmp_path) == ["job.db"]  # noqa: PTH208


async def test_a_journal_is_never_written_over(tmp_path: Path) -> None:
    """Where something is, no journal is made; the sentence names the command that goes on with it."""
    path = tmp_path / "job.db"
    await create(path)
    before = path.read_bytes()

    with pytest.raises(JournalError, match=re.escape(f"`alianza bulk resume {path}`")):
        await SqliteStore.create(path, FACTS)
    with pytest.raises(JournalError, match="is a folder"):
        await SqliteStore.create(tmp_path, FACTS)

    assert path.read_bytes() == before
    assert not is_locked(path)


async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A journal that cannot be made leaves nothing behind and says why."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(JournalError, match=r"cannot be made .*: name another place"):
        await SqliteStore.create(tmp_path / "file" / "job.db", FACTS)

    assert [path.name for path in tmp_path.iterdir()] == ["file"]  # noqa: ASYNC240


async def test_half_a_journal_is_never_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where making it fails at its last act, no file stays, and the next try succeeds."""
    path = tmp_path / "job.db"

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", fail)
        broken.setattr(os, "link", fail)
        with pytest.raises(JournalError, match="No space left on device"):
            await SqliteStore.create(path, FACTS)

    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240
    await create(path)


def not_a_database(path: Path) -> None:
    """Write a CSV file."""
    path.write_text("account_number\nA-1\n" * 100, encoding="utf-8")


async def test_a_file_that_appears_while_the_journal_is_made_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place was free when it was looked at, and is not when the journal is ready: nothing is replaced."""
    path = tmp_path / "job.db"
    build = schema.build

    def slow(database: sqlite3.Connection) -> None:
        build(database)
        path.write_bytes(b"theirs")

    monkeypatch.setattr(files, "build", slow)
    with pytest.raises(JournalError, match="exists already: continue it with"):
        await SqliteStore.create(path, FACTS)

    assert path.read_bytes() == b"theirs"
    assert sorted(tmp_path.glob(".*.new")) == []  # noqa: ASYNC240


def empty(path: Path) -> None:
    """Write an empty file."""
    path.write_bytes(b"")


def another_database(path: Path) -> None:
    """Make a SQLite file that is somebody else's."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE items (row INTEGER)")


def newer(path: Path) -> None:
    """Make a journal as a later version might."""
    build_file(path, FACTS)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (None, "there is no journal"),
        (Path.mkdir, "there is no journal"),
        (not_a_database, "is not a journal of this library"),
        (empty, "is not a journal of this library"),
        (another_database, "is not a journal of this library"),
        (newer, "made by a newer version .*: upgrade"),
    ],
)
async def test_what_is_no_journal_is_refused_and_left_alone(tmp_path: Path, make: object, told: str) -> None:
    """Whatever else lies at a path is refused in one sentence, unchanged, without a lock file beside it."""
    path = tmp_path / "job.db"
    if callable(make):
        make(path)
    before = path.read_bytes() if path.is_file() else None

    with pytest.raises(JournalError, match=told) as opened:
        await SqliteStore.open(path)
    with pytest.raises(JournalError, match=told) as read:
        JournalReader(path)
    assert "\n" not in f"{opened.value}{read.value}"

    assert (path.read_bytes() if path.is_file() else None) == before
    assert not (tmp_path / "job.db.lock").exists()


async def test_one_process_at_a_time(tmp_path: Path) -> None:
    """While a process has a journal, nobody else opens it, and the error names that process."""
    path = tmp_path / "job.db"
    await create(path)
    with child(HOLD, path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(JournalLockedError, match=f"by process {holder.pid}:"):
            await SqliteStore.open(path)
        assert is_locked(path)
        holder.communicate("\n")

    await reopen(path)


async def test_a_journal_that_cannot_be_written_is_not_opened(tmp_path: Path) -> None:
    """Where opening fails at its last act, the reason is told and the lock is free again."""
    path = tmp_path / "job.db"
    journal = await SqliteStore.create(path, FACTS)
    ask(path, paused=True)
    await journal.aclose()
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TRIGGER no BEFORE UPDATE ON control BEGIN SELECT RAISE(ABORT, 'not today'); END"
        )

    with pytest.raises(JournalError, match=r"cannot be opened .not today"):
        await SqliteStore.open(path)

    assert not is_locked(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
async def test_a_kill_frees_the_lock(tmp_path: Path) -> None:
    """After `kill -9` the journal can be opened at once; the lock file that stayed is no obstacle."""
    path = tmp_path / "job.db"
    await create(path)
    with child(HOLD, path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        holder.kill()
        holder.communicate()
    assert (tmp_path / "job.db.lock").exists()
    assert not is_locked(path)

    await reopen(path)


async def test_a_journal_has_one_lock_by_whatever_name(tmp_path: Path) -> None:
    """A symbolic link leads to the same lock."""
    await create(tmp_path / "job.db")
    (tmp_path / "link.db").symlink_to("job.db")
    journal = await SqliteStore.open(tmp_path / "link.db")

    with pytest.raises(JournalLockedError, match=f"by process {os.getpid()}:"):
        await SqliteStore.open(tmp_path / "job.db")

    await journal.aclose()


def test_a_lock_that_was_removed_is_no_lock(tmp_path: Path) -> None:
    """Who gets the lock of a file that its holder has removed since does not have the lock."""
    path = tmp_path / "job.db"
    first = JobLock.acquire(path)
    (tmp_path / "job.db.lock").unlink()
    second = JobLock.acquire(path)
    second.release()
    first.release()

    assert not is_locked(path)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_removed_while_it_was_waited_for_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever opened the file just before its holder removed it locks the new one instead."""
    path = tmp_path / "job.db"
    lock, locked = lock_module._lock, list[int]()  # pyright: ignore[reportPrivateUsage]

    def removed_meanwhile(descriptor: int, *, exclusive: bool) -> None:
        if not locked:
            (tmp_path / "job.db.lock").unlink()
        locked.append(descriptor)
        lock(descriptor, exclusive=exclusive)

    monkeypatch.setattr(lock_module, "_lock", removed_meanwhile)
    taken = JobLock.acquire(path)
    held = is_locked(path)
    taken.release()

    assert (held, is_locked(path), len(locked)) == (True, False, 3)


def test_looking_never_keeps_anybody_out(tmp_path: Path) -> None:
    """`is_locked` takes nothing, makes no file, and says so of a folder that is not there."""
    path = tmp_path / "absent" / "job.db"

    assert not is_locked(path)
    assert list(tmp_path.iterdir()) == []


def test_commits_wait_for_the_disk() -> None:
    """Less than FULL loses what was acknowledged, as the durability tests show."""
    assert SYNCHRONOUS == "FULL"


async def test_a_file_with_an_odd_name(tmp_path: Path) -> None:
    """A path may hold what means something in a URI."""
    path = tmp_path / "50% of #1? ü.db"
    async with await SqliteStore.create(path, FACTS) as journal:
        await journal.write(await leased(journal), intent(1))

    with JournalReader(path) as reader:
        assert reader.counts() == {"intent": 1}


@pytest.mark.parametrize("content", [b"account_number\nA-1\n", b"12345 ", b"x" * 100, b"1\n2\n", b"9" * 63])
async def test_a_file_that_is_no_lock_file_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """What somebody else has put in the lock file's place is refused by name, and not touched."""
    path, lock = tmp_path / "job.db", tmp_path / "job.db.lock"
    build_file(path, FACTS)
    lock.write_bytes(content)

    with pytest.raises(JournalError, match=r"the lock file .*job\.db\.lock is a file of somebody else's"):
        await SqliteStore.open(path)

    assert lock.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"1234\n", b"99999999"])
async def test_what_a_killed_process_left_is_taken(tmp_path: Path, content: bytes) -> None:
    """A lock file with a process id, or cut off before one, is ours; it becomes its owner's alone."""
    path, lock = tmp_path / "job.db", tmp_path / "job.db.lock"
    build_file(path, FACTS)
    lock.write_bytes(content)
    lock.chmod(0o644)
    async with await SqliteStore.open(path):
        assert lock.read_bytes() == f"{os.getpid()}\n".encode()
        if os.name != "nt":
            assert mode(lock) == 0o600


@pytest.mark.parametrize("target", ["victim.csv", "absent.csv"])
async def test_the_lock_follows_no_link(tmp_path: Path, target: str) -> None:
    """A symbolic link in the lock file's place is refused: nothing that it points to is touched or made."""
    path, victim = tmp_path / "job.db", tmp_path / "victim.csv"
    build_file(path, FACTS)
    victim.write_bytes(b"123\n")  # like our own
    (tmp_path / "job.db.lock").symlink_to(target)

    with pytest.raises(JournalError, match="is a symbolic link, and is left alone"):
        await SqliteStore.open(path)

    assert victim.read_bytes() == b"123\n"
    assert not (tmp_path / "absent.csv").exists()
    assert not is_locked(path)


async def test_a_folder_or_pipe_is_no_lock_file(tmp_path: Path) -> None:
    """Neither holds a lock, and neither keeps anybody waiting."""
    (tmp_path / "a.db.lock").mkdir()
    with pytest.raises(JournalError, match="is a folder"):
        JobLock.acquire(tmp_path / "a.db")
    if os.name != "nt":
        os.mkfifo(tmp_path / "b.db.lock")
        with pytest.raises(JournalError, match="is no plain file"):
            JobLock.acquire(tmp_path / "b.db")


async def test_who_stops_waiting_leaves_no_lock(tmp_path: Path) -> None:
    """A journal that opens after its waiter was cancelled is closed again."""
    path = tmp_path / "job.db"
    build_file(path, FACTS)
    task = asyncio.ensure_future(SqliteStore.open(path))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with fail_after(10):
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
        await asyncio.sleep(0)
    assert not is_locked(path)
    await reopen(path)
