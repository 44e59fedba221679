"""What is known of each journal in the state folder: which jobs there are, and that one is an older copy."""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from alianza_async.bulk.journal import KnownJob, SqliteStore, forget_job, known_jobs
from alianza_async.bulk.journal.state_folder import state_folder
from alianza_async.errors import JournalError
from tests.bulk.journal.journals import FACTS, intent, leased


async def run(path: Path, rows: int, *, restored: bool = False) -> None:
    """Open a journal, or make it, and write some rows."""
    journal = await (
        SqliteStore.open(path, restored=restored) if path.exists() else SqliteStore.create(path, FACTS)  # noqa: ASYNC240
    )
    async with journal:
        fence = await leased(journal)
        last = await journal.last_row()
        for row in range(last + 1, last + rows + 1):
            await journal.write(fence, intent(row))


async def test_jobs_are_known(tmp_path: Path, state: Path) -> None:
    """Each journal that was leased is known, the latest first, with all that tells jobs apart."""
    await (await SqliteStore.create(tmp_path / "unused.db", FACTS)).aclose()
    for name in ("a.db", "b.db"):
        await run(tmp_path / name, 3)
    latest, first = known_jobs()

    assert [Path(job.path).name for job in (first, latest)] == ["a.db", "b.db"]
    assert latest == KnownJob(
        job_id="job-1",
        sequence=4,
        path=str(tmp_path / "b.db"),
        kind="accounts",
        base_url=FACTS.base_url,
        started_at=latest.started_at,
        login="operator",
        scope=None,
        input="accounts.csv",
    )
    if os.name != "nt":
        modes = {stat.S_IMODE(file.stat().st_mode) for file in (state / "known").iterdir()}
        assert modes == {0o600}
        assert stat.S_IMODE((state / "known").stat().st_mode) == 0o700


async def test_a_job_is_known_while_it_runs(journal: SqliteStore) -> None:
    """Every commit is counted at once: a kill leaves the newest number."""
    fence = await leased(journal)
    for row in range(1, 6):
        await journal.write(fence, intent(row))
    # What is noted follows a commit: the next one comes after it.
    await journal.write(fence, intent(6))
    (job,) = known_jobs()

    assert job.sequence >= 6


async def test_an_older_copy_is_refused(tmp_path: Path) -> None:
    """A backup that is put back lacks rows which were sent: it is refused, unless said to be restored."""
    path, backup = tmp_path / "job.db", tmp_path / "backup.db"
    await run(path, 2)
    shutil.copy(path, backup)
    await run(path, 100)
    shutil.copy(backup, path)

    for place in (path, backup):
        with pytest.raises(JournalError, match=rf"older copy of itself.*resume {place} --restored"):
            await SqliteStore.open(place)
        assert not place.with_name(f"{place.name}.lock").exists()
    async with await SqliteStore.open(path, restored=True) as journal:
        assert "restored from a copy" in (journal.suspicion or "")
    async with await SqliteStore.open(path) as again:  # it is the newest now, and still lacks those rows
        assert "restored from a copy" in (again.suspicion or "")
    with pytest.raises(JournalError, match="older copy of itself"):
        await SqliteStore.open(backup)


@pytest.mark.parametrize("place", ["job.db", "backup.db"])
async def test_a_copy_that_was_taken_while_the_job_ran_is_refused_too(place: str, tmp_path: Path) -> None:
    """It lacks its log and newer rows; a killed job's own file, which lacks its log alone, is opened."""
    path, backup = tmp_path / "job.db", tmp_path / "backup.db"
    journal = await SqliteStore.create(path, FACTS)
    fence = await leased(journal)
    await journal.write(fence, intent(1))
    shutil.copy(path, backup)
    await journal.write(fence, intent(2))
    await journal.write(fence, intent(3))  # what is noted of a commit is there before the next one
    journal.close_now()
    for end in ("-wal", "-shm"):
        (tmp_path / f"job.db{end}").unlink(missing_ok=True)
    if place == "job.db":
        shutil.copyfile(backup, path)

    with pytest.raises(JournalError, match="older copy of itself"):
        await SqliteStore.open(tmp_path / place)
    async with await SqliteStore.open(tmp_path / place, restored=True) as again:
        assert "-wal, is missing" in (again.suspicion or "")


async def test_a_copy_elsewhere_goes_on(tmp_path: Path) -> None:
    """A journal may be moved or copied: what counts is that it is the newest."""
    path, copy = tmp_path / "job.db", tmp_path / "copy.db"
    await run(path, 2)
    shutil.copy(path, copy)
    await run(copy, 2)

    (job,) = known_jobs()
    assert job.path == str(copy)
    with pytest.raises(JournalError, match="older copy"):
        await SqliteStore.open(path)


async def test_two_journals_may_have_one_job_id(tmp_path: Path) -> None:
    """A journal that was made anew is no older copy of another with its job's id."""
    await run(tmp_path / "a.db", 50)
    await run(tmp_path / "b.db", 1)
    await run(tmp_path / "b.db", 1)

    assert [job.job_id for job in known_jobs()] == ["job-1", "job-1"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"job_id": 7}', b'{"job_id": "x", "sequence": "y"}']
)
async def test_a_damaged_file_is_left_out(tmp_path: Path, state: Path, content: bytes) -> None:
    """What cannot be understood is not known, and hinders nobody."""
    await run(tmp_path / "a.db", 1)
    (file,) = (state / "known").glob("*.json")
    (state / "known" / "other.json").write_bytes(content)
    (state / "known" / "folder.json").mkdir()
    assert len(known_jobs()) == 1
    file.write_bytes(content)
    assert known_jobs() == []

    await run(tmp_path / "a.db", 1)
    assert len(known_jobs()) == 1


async def test_a_damaged_number_is_overlooked(tmp_path: Path, state: Path) -> None:
    """Where the short file is damaged, the number of the other one counts."""
    await run(tmp_path / "a.db", 1)
    (file,) = (state / "known").glob("*.sequence")
    file.write_bytes(b"many")

    assert [job.sequence for job in known_jobs()] == [2]


@pytest.mark.parametrize("home", ["file", "none"])
async def test_where_nothing_can_be_kept_nothing_is_known(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    """A state folder that cannot be used, or no home folder, is no error."""
    if home == "file":
        state.write_bytes(b"")  # noqa: ASYNC240
    else:
        monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
        monkeypatch.setattr(Path, "home", staticmethod(_no_home))
    await run(tmp_path / "a.db", 1)
    await run(tmp_path / "a.db", 1)

    assert known_jobs() == []


def _no_home() -> Path:
    raise RuntimeError("no home")


def test_the_folder_is_that_of_the_user(state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is in `$XDG_STATE_HOME` where that is absolute, else in the home folder."""
    assert state_folder() == state
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setattr(Path, "home", staticmethod(lambda: tmp_path))

    assert state_folder() == tmp_path / ".local" / "state" / "alianza"


async def test_a_job_is_forgotten(tmp_path: Path, state: Path) -> None:
    """A job that is forgotten leaves nothing in the state folder; its journal and the other jobs stay."""
    for name in ("a.db", "b.db"):
        await run(tmp_path / name, 1)
    latest, first = known_jobs()

    assert (forget_job(latest), forget_job(latest)) == (True, False)
    assert known_jobs() == [first]
    assert len(list((state / "known").iterdir())) == 2
    async with await SqliteStore.open(latest.path) as journal:
        assert await journal.last_row() == 1


async def test_no_secret_is_in_it(tmp_path: Path, state: Path) -> None:
    """Of a job's facts only those are kept that tell it apart: neither its salt nor its options."""
    facts = replace(FACTS, options={"note": "tr0ub4dor"})
    async with await SqliteStore.create(tmp_path / "a.db", facts) as journal:
        await leased(journal)
        salt = journal.facts.salt
    (file,) = (state / "known").glob("*.json")

    assert set(json.loads(file.read_text(encoding="utf-8"))) == {
        *("job_id", "sequence", "path", "kind", "base_url", "started_at", "login", "scope", "input")
    }
    assert salt.hex() not in file.read_text(encoding="utf-8")
