"""`alianza bulk list` and `prune`: the jobs in the state folder, and nothing else."""

from __future__ import annotations

import io
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import pytest

from alianza_async.bulk.journal.known_jobs import known_jobs
from alianza_async.bulk.journal.lock import JobLock
from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.bulk.journal.store import (
    JobFacts,
    PutBack,
    RowOutcome,
    StepIntent,
    StepOutcome,
    UndoIntent,
    UndoOutcome,
)
from alianza_async.cli import jobs, main
from alianza_async.errors import CallContext, UnknownOutcomeError

if TYPE_CHECKING:
    from alianza_async.bulk.journal.entries import JobState

FACTS = JobFacts(
    job_id="j-1",
    kind="accounts",
    input="/data/a.csv",
    input_sha256=None,
    options={},
    base_url="https://api.b2.alianza.com",
    environment="beta",
    scope="part-1",
    login="ann",
    rows=2,
)
LOST = UnknownOutcomeError("lost", context=CallContext("createAccount", "POST", "/v2/x", "r-1", 1))


class Terminal(io.StringIO):
    """A standard input at which somebody sits."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the state folder's jobs."""
    made = tmp_path / "state" / "alianza" / "jobs"
    made.mkdir(parents=True)
    return made


async def journal(path: Path, *, state: JobState = "finished", unknown: int = 0, **facts: object) -> Path:
    """Make the journal of a job of two rows."""
    store = await SqliteStore.create(path, replace(FACTS, **facts))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    async with store:
        fence = await store.lease(owner="test", ttl_s=60.0)
        for row in (1, 2):
            key, is_lost = f"A-{row}", row <= unknown
            await store.write(fence, StepIntent(row, key, b"d", "account", key))
            outcome = RowOutcome(row, key, b"d", "unknown", error=LOST)
            if not is_lost:
                outcome = RowOutcome(row, key, b"d", "created", f"id-{row}")
            await store.write(fence, outcome)
        await store.set_job(fence, state=state)
    return path


def names(folder: Path) -> set[str]:
    """Return the names of all files in a folder."""
    return {path.name for path in folder.iterdir()}


def run(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Run a command; returns its code and both outputs as one line."""
    capsys.readouterr()
    code = main(line.split())
    printed = capsys.readouterr()
    return code, " ".join((printed.out + printed.err).split())


def test_no_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a state folder there are no jobs to list, and none to delete."""
    code, told = run("bulk list", capsys)
    assert (code, told.startswith("No jobs in ")) == (0, True)
    assert run("bulk list --json", capsys) == (0, "[]")
    assert run("bulk prune", capsys) == (0, "0 journals deleted")


async def test_jobs_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each job has its kind, input, state, time and counts; a running one, and an unreadable one, say so."""
    await journal(folder / "a.db")
    await journal(folder / "b.db", state="stopped", unknown=1, kind="users", input=None)
    (folder / "c.db").write_text("no journal")
    (folder / "notes.txt").write_text("x")
    async with await SqliteStore.create(folder / "d.db", FACTS):
        code, told = run("bulk list", capsys)
        listed = cast("list[dict[str, object]]", json.loads(run("bulk list --json", capsys)[1]))
    assert code == 0
    for words in (
        "finished accounts a.csv 2/2 0",
        "stopped users Python 2/2 1",
        "unreadable c.db",
        "running",
    ):
        assert words in told
    by_name = {Path(str(job["journal"])).name: job for job in listed}
    assert {name: (job["state"], job.get("running")) for name, job in by_name.items()} == {
        "a.db": ("finished", False),
        "b.db": ("stopped", False),
        "c.db": ("unreadable", None),
        "d.db": ("running", True),
    }
    assert (by_name["a.db"]["created"], by_name["b.db"]["unknown"], by_name["a.db"]["kind"]) == (
        2,
        1,
        "accounts",
    )


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let forty days have passed since the jobs ended."""
    now = time.time() + 40 * 86_400
    monkeypatch.setattr(jobs, "time", type("Later", (), {"time": staticmethod(lambda: now)}))


@pytest.mark.usefixtures("later")
async def test_finished_jobs_are_pruned(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Finished jobs go; stopped ones, unknown rows, running jobs and journals elsewhere stay."""
    await journal(folder / "over.db", job_id="j-over")
    assert "j-over" in {known.job_id for known in known_jobs()}
    await journal(folder / "stopped.db", state="stopped")
    await journal(folder / "unknown.db", unknown=1)
    elsewhere = await journal(tmp_path / "elsewhere.db")
    (folder / "link.db").symlink_to(elsewhere)
    async with await SqliteStore.create(folder / "running.db", FACTS):
        code, told = run("bulk prune --yes", capsys)
        assert (code, "1 journal deleted" in told, "2 kept: not finished" in told) == (0, True, True)
        left = {name for name in names(folder) if name.endswith(".db")}
        assert left == {"stopped.db", "unknown.db", "link.db", "running.db"}
        code, told = run("bulk prune --all --yes --json", capsys)
        assert {name for name in names(folder) if name.endswith(".db")} == {"link.db", "running.db"}
    assert elsewhere.name in names(tmp_path)
    assert "j-over" not in {known.job_id for known in known_jobs()}
    assert not [name for name in names(folder) if name.startswith(("over", "stopped", "unknown"))]
    assert "stopped)" in told
    assert "1 unknown)" in told


@pytest.mark.usefixtures("later")
async def test_a_half_undone_job_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A job whose undo was cut off keeps its journal: without it the rest could not be undone."""
    path = await journal(folder / "a.db")
    async with await SqliteStore.open(path) as store:
        fence = await store.lease(owner="test", ttl_s=60.0)
        await store.write(fence, UndoIntent(1, "account"))
    assert "0 journals deleted 1 kept: not finished or undone" in run("bulk prune --yes", capsys)[1]
    assert "half undone) " in run("bulk prune --yes --all", capsys)[1]


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("how", ["put back", "skipped"])
async def test_a_job_with_rows_that_are_yet_to_be_sent_stays(
    folder: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    """A reconcile has put a row back, or a row was left unsent: a resume sends it, so the journal stays."""
    path = await journal(folder / "a.db", unknown=1)
    async with await SqliteStore.open(path) as store:
        fence = await store.lease(owner="test", ttl_s=60.0)
        await store.write(fence, PutBack(1, "account"), PutBack(1))
        if how == "skipped":
            await store.write(fence, RowOutcome(1, "A-1", b"d", "skipped"))
    assert "0 journals deleted 1 kept: not finished" in run("bulk prune --yes", capsys)[1]
    assert "(finished, 1 not sent) " in run("bulk prune --yes --all", capsys)[1]


@pytest.mark.usefixtures("later")
async def test_a_job_whose_undo_was_cut_off_between_two_rows_stays(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One row is undone and the next is untouched: the undo has not come to its end."""
    path = await journal(folder / "a.db")
    async with await SqliteStore.open(path) as store:
        fence = await store.lease(owner="test", ttl_s=60.0)
        for row in (1, 2):
            made = StepOutcome(row, "account", "created", object_id=f"id-{row}", evidence="answered")
            await store.write(fence, made)
        await store.write(fence, UndoIntent(1, "account"), UndoOutcome(1, "account", "undone"))
    assert "1 kept: not finished or undone" in run("bulk prune --yes", capsys)[1]
    async with await SqliteStore.open(path) as store:
        fence = await store.lease(owner="test", ttl_s=60.0)
        await store.write(fence, UndoIntent(2, "account"), UndoOutcome(2, "account", "undone"))
    assert "1 journal deleted" in run("bulk prune --yes", capsys)[1]


async def test_young_jobs_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Thirty days are the default; with `--older-than 0` a job of today goes."""
    await journal(folder / "a.db")
    assert run("bulk prune --yes", capsys) == (0, "0 journals deleted")
    assert "1 journal deleted" in run("bulk prune --yes --older-than 0", capsys)[1]
    assert run("bulk prune --older-than -1", capsys)[0] == 2


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(
    ("typed", "code", "left"), [("prune 1\n", 0, False), ("y\n", 2, True), (None, 2, True)]
)
async def test_it_asks_before_it_deletes(
    *,
    folder: Path,
    typed: str | None,
    code: int,
    left: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is deleted before it was typed; where nobody can type, it is `--yes` or 2."""
    await journal(folder / "a.db")
    capsys.readouterr()
    if typed is not None:
        monkeypatch.setattr(sys, "stdin", Terminal(typed))
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["bulk", "prune"]) == code
    assert ("a.db" in names(folder)) is left
    assert "can then be neither resumed nor undone" in " ".join(capsys.readouterr().err.split())


@pytest.mark.usefixtures("later")
async def test_what_cannot_be_deleted_is_not_counted(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that the system does not let go is kept, and not called deleted."""
    path = await journal(folder / "a.db")

    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError

    monkeypatch.setattr(type(path), "unlink", refuse)
    assert "0 journals deleted" in run("bulk prune --yes", capsys)[1]


@pytest.mark.usefixtures("later")
async def test_a_job_that_begins_meanwhile_stays(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that a process takes between the list and the deletion is not deleted."""
    path = await journal(folder / "a.db")
    taken = JobLock.acquire(path)

    def is_free(_: object) -> bool:
        return False

    monkeypatch.setattr("alianza_async.bulk.journal.reader.is_locked", is_free)
    try:
        assert "0 journals deleted" in run("bulk prune --yes", capsys)[1]
    finally:
        taken.release()
    assert "a.db" in names(folder)
