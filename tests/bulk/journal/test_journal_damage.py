"""A journal whose newest part is gone says so, and goes on saying so until its job has finished."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import SqliteStore
from tests.bulk.journal.journals import FACTS, intent, leased

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 4096
FRAME = 24 + PAGE


async def killed(folder: Path, rows: int = 20) -> Path:
    """Return a journal as a kill leaves it, in a place of its own: rows are in its log alone."""
    path = folder / "job.db"
    async with await SqliteStore.create(path, FACTS) as journal:
        fence = await leased(journal)
        for row in range(1, rows + 1):
            await journal.write(fence, intent(row))
        copy = folder / "killed"
        copy.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", copy / f"job.db{suffix}")
    return copy / "job.db"


async def suspicion_of(path: Path) -> str | None:
    """Open a journal and let go of it; return its suspicion."""
    async with await SqliteStore.open(path) as journal:
        return journal.suspicion


@pytest.fixture
def forgotten(state: Path) -> None:
    """Nothing is known of any journal: no state folder can be made."""
    state.parent.mkdir(exist_ok=True)
    state.write_bytes(b"")


@pytest.mark.usefixtures("forgotten")
async def test_a_kill_is_no_damage(tmp_path: Path) -> None:
    """What a kill leaves is whole; so is a journal that was closed, and one that never had a lease."""
    assert await suspicion_of(await killed(tmp_path)) is None
    assert await suspicion_of(tmp_path / "job.db") is None
    await (await SqliteStore.create(tmp_path / "new.db", FACTS)).aclose()
    assert await suspicion_of(tmp_path / "new.db") is None


@pytest.mark.usefixtures("forgotten")
async def test_a_log_that_is_gone_is_suspect(tmp_path: Path) -> None:
    """In use, and without its log: every row must be looked up, and the reason is one sentence."""
    path = await killed(tmp_path)
    (path.parent / "job.db-wal").unlink()
    async with await SqliteStore.open(path) as journal:
        assert await journal.counts() == {}
        reason = journal.suspicion

    assert reason is not None
    assert (
        f"{path} was in use when it was last written, and its newest part, job.db-wal, is missing" in reason
    )


@pytest.mark.usefixtures("forgotten")
@pytest.mark.parametrize(
    "place",
    [0, 3, 17, 26, 32 + FRAME + 30, 32 + 5 * FRAME + 9],
    ids=["magic", "magic's end", "salt", "checksum", "a page", "a frame's salt"],
)
async def test_a_log_that_is_damaged_is_suspect(tmp_path: Path, place: int) -> None:
    """One wrong byte at its head, or before transactions that were on the disk, is damage."""
    path = await killed(tmp_path)
    log = path.parent / "job.db-wal"
    content = bytearray(log.read_bytes())
    content[place] ^= 0x55
    log.write_bytes(content)

    assert "job.db-wal, is damaged" in (await suspicion_of(path) or "")


@pytest.mark.usefixtures("forgotten")
async def test_an_empty_log_is_a_missing_one(tmp_path: Path) -> None:
    """Whoever looks at a journal makes an empty log where there is none."""
    path = await killed(tmp_path)
    (path.parent / "job.db-wal").write_bytes(b"")

    assert "job.db-wal, is missing" in (await suspicion_of(path) or "")


@pytest.mark.usefixtures("forgotten")
async def test_a_torn_last_transaction_is_normal(tmp_path: Path) -> None:
    """After a power cut the last transaction may be half there: it was never acknowledged."""
    path = await killed(tmp_path)
    log = path.parent / "job.db-wal"
    content = log.read_bytes()
    for cut in (1, FRAME - 1, FRAME + 5):
        log.write_bytes(content[:-cut])
        torn = bytearray(content)
        torn[-cut - 100] ^= 0x55
        copy = tmp_path / f"cut-{cut}"
        copy.mkdir()
        shutil.copy(path, copy / "job.db")
        (copy / "job.db-wal").write_bytes(torn if cut == 1 else content[:-cut])

        assert await suspicion_of(copy / "job.db") is None


@pytest.mark.usefixtures("forgotten")
async def test_a_suspicion_lasts_until_the_job_has_finished(tmp_path: Path) -> None:
    """A second kill, or a stop, does not clear it; a finished job has looked up all of its rows."""
    path = await killed(tmp_path)
    (path.parent / "job.db-wal").unlink()
    first = await suspicion_of(path)
    async with await SqliteStore.open(path) as journal:
        fence = await leased(journal)
        again = journal.suspicion
        await journal.set_job(fence, state="stopped")
        stopped = journal.suspicion
        await journal.set_job(fence, state="finished")
        finished = journal.suspicion

    assert first is not None
    assert (again, stopped, finished) == (first, first, None)
    assert await suspicion_of(path) is None


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
@pytest.mark.usefixtures("forgotten")
async def test_a_log_that_cannot_be_read_is_no_reason_to_go_on(tmp_path: Path) -> None:
    """SQLite cannot read it either, and says so."""
    path = await killed(tmp_path)
    (path.parent / "job.db-wal").chmod(0)

    with pytest.raises(Exception, match="cannot be opened"):
        await suspicion_of(path)
