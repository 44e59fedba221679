from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import SqliteStore
from alianza_async.bulk.output.export import export
from alianza_async.bulk.output.place import refuse_place
from alianza_async.bulk.output.results import ResultFile
from alianza_async.bulk.planning.plan import plan
from alianza_async.bulk.planning.plan_file import check_plan
from alianza_async.errors import InputChangedError, ResultFileError
from tests.bulk.engine import accounts, read_csv, write_csv
from tests.bulk.journal.journals import FACTS
from tests.devices import device

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.session import Session


def names(folder: Path) -> list[str]:
    """Return the names of what lies in a folder, sorted, without those of journals' own files."""
    known = folder / "state"  # the state folder, with what is known of the user's jobs
    return sorted(
        path.name for path in folder.iterdir() if path != known and not path.name.endswith(("-wal", "-shm"))
    )


async def files(folder: Path) -> dict[str, Path]:
    """Make a journal, an input and a plan, each also under a hard and a symbolic link."""
    journal = folder / "job.db"
    async with await SqliteStore.create(journal, FACTS):
        pass
    source = write_csv(folder / "in.csv", accounts(2))
    await plan(None, "accounts", source, save=folder / "plan.json")
    made = {"journal": journal, "input": source, "plan": folder / "plan.json"}
    for name, path in list(made.items()):
        made[f"{name} hard"] = folder / f"{name}-hard"
        made[f"{name} hard"].hardlink_to(path)
        made[f"{name} soft"] = folder / f"{name}-soft"
        made[f"{name} soft"].symlink_to(path)
    return made


async def test_nothing_is_written_over_a_journal_an_input_or_a_plan(tmp_path: Path) -> None:
    """Under any name, and with --force too; each is told by what it holds, the input by its identity."""
    made = await files(tmp_path)
    before = {path: path.read_bytes() for path in made.values()}
    for name, path in made.items():
        for force in (False, True):
            with pytest.raises(ResultFileError, match=rf" is (a|the) {name.split()[0]}"):
                refuse_place(path, force=force, inputs=[made["input"]])
    assert {path: path.read_bytes() for path in made.values()} == before


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal", ".lock"])
async def test_what_belongs_to_a_journal_is_refused_too(end: str, tmp_path: Path) -> None:
    """Its log and its lock file: the job's own also where they are yet to be made, another's too."""
    own = tmp_path / "own.db"
    with pytest.raises(ResultFileError, match="is the journal of this job, or belongs to it"):
        refuse_place(f"{own}{end}", force=True, journals=[own])
    made = await files(tmp_path)
    beside = tmp_path / f"job.db{end}"
    if end:
        beside.write_bytes(b"log")
    assert made["journal"].exists()
    with pytest.raises(ResultFileError, match="is the journal of a job, or belongs to one"):
        refuse_place(beside, force=True)


async def test_other_files_are_replaced_with_force_alone(tmp_path: Path) -> None:
    """A database of somebody else's, JSON that is no plan, an empty file: each is there already."""
    database = tmp_path / "theirs.db"
    sqlite3.connect(database).execute("CREATE TABLE t (x)").connection.close()
    (tmp_path / "some.json").write_text(json.dumps({"version": 1, "kind": "x"}))
    (tmp_path / "empty").touch()
    for path in (database, tmp_path / "some.json", tmp_path / "empty"):
        with pytest.raises(ResultFileError, match=r"is there already: .* or replace it with --force"):
            refuse_place(path)
        assert refuse_place(path, force=True) == path
    assert refuse_place(tmp_path / "new") == tmp_path / "new"
    null = device(tmp_path, "null")
    assert refuse_place(null) == refuse_place(null, force=True) == null


async def test_an_export_never_destroys_the_journal(session: Session, tmp_path: Path) -> None:
    """`export --results JOB.db` is refused, with --force too; and the journal can be resumed afterwards."""
    source, journal = write_csv(tmp_path / "in.csv", accounts(2)), tmp_path / "job.db"
    await session.bulk.create_accounts(source, journal=journal).run()
    before = journal.read_bytes()
    for force in (False, True):
        with pytest.raises(ResultFileError, match="journal"):
            export(journal, journal, force=force)
    (tmp_path / "results-done.csv").hardlink_to(journal)
    with pytest.raises(ResultFileError, match="journal"):
        export(journal, tmp_path / "results.csv", separate=True, force=True)
    assert journal.read_bytes() == before
    assert names(tmp_path) == ["in.csv", "job.db", "results-done.csv"]
    assert (await session.bulk.resume(journal).run()).created == 2


async def test_an_export_replaces_a_file_only_with_force(session: Session, tmp_path: Path) -> None:
    """Where it is asked for the whole file is replaced; where it fails half way the old one stays."""
    source, journal = write_csv(tmp_path / "in.csv", accounts(2)), tmp_path / "job.db"
    await session.bulk.create_accounts(source, journal=journal).run()
    out = tmp_path / "out.csv"
    out.write_text("theirs")
    with pytest.raises(ResultFileError, match="is there already"):
        export(journal, out)
    assert out.read_text() == "theirs"
    export(journal, out, force=True)
    assert len(read_csv(out)) == 2
    with pytest.raises(ResultFileError, match="is no file: leave --separate out"):
        export(journal, device(tmp_path, "null"), separate=True)


async def test_an_export_that_breaks_leaves_the_old_file(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an export is none."""
    source, journal = write_csv(tmp_path / "in.csv", accounts(2)), tmp_path / "job.db"
    await session.bulk.create_accounts(source, journal=journal).run()
    (tmp_path / "out.csv").write_text("old")

    def fail(*_: object) -> None:
        raise ResultFileError("the disk is full")

    monkeypatch.setattr(ResultFile, "write", fail)
    with pytest.raises(ResultFileError, match="the disk is full"):
        export(journal, tmp_path / "out.csv", force=True)
    assert (tmp_path / "out.csv").read_text() == "old"
    assert names(tmp_path) == ["in.csv", "job.db", "out.csv"]


async def test_a_plan_is_replaced_by_a_plan_with_force(tmp_path: Path) -> None:
    """Planned again, its file is there already; --force replaces it, but never a journal or the input."""
    made = await files(tmp_path)
    before = made["plan"].read_bytes()
    with pytest.raises(ResultFileError, match="is there already: name another file for the plan"):
        await plan(None, "accounts", made["input"], save=made["plan"])
    assert made["plan"].read_bytes() == before
    await plan(None, "accounts", made["input"], save=made["plan"], force=True)
    assert made["plan"].read_bytes() != before
    for name in ("journal", "input"):
        with pytest.raises(ResultFileError, match=rf" is the {name}"):
            await plan(None, "accounts", made["input"], save=made[name], force=True)


async def test_a_jobs_results_never_go_to_its_journal(session: Session, tmp_path: Path) -> None:
    """Not even where the journal is yet to be made: nothing is sent, and neither file is left."""
    source = write_csv(tmp_path / "in.csv", accounts(2))
    with pytest.raises(ResultFileError, match="is the journal of this job"):
        await session.bulk.create_accounts(
            source, results=tmp_path / "same", journal=tmp_path / "same", force=True
        ).run()
    assert names(tmp_path) == ["in.csv"]


async def test_a_journal_that_came_meanwhile_is_not_replaced(session: Session, tmp_path: Path) -> None:
    """Another job began its journal where the results were to go: they stay in the partial file."""
    source = write_csv(tmp_path / "in.csv", accounts(3))
    theirs = tmp_path / "theirs.db"
    async with await SqliteStore.create(theirs, FACTS):
        pass
    job = session.bulk.create_accounts(source, results=tmp_path / "out.csv")

    async def run() -> None:
        async for result in job:
            if result.row == 1:
                theirs.rename(tmp_path / "out.csv")  # at once: the job ends no sooner

    with pytest.raises(Exception, match=r"journal of a job.*its lines.* are in .*out\.csv\.partial"):
        await run()
    assert (tmp_path / "out.csv").read_bytes().startswith(b"SQLite format 3")


# --- a job that is resumed


async def test_a_resume_replaces_the_jobs_own_result_file(session: Session, tmp_path: Path) -> None:
    """Without force: where the job began to write it, or an earlier resume did; not somebody else's file."""
    source, journal = write_csv(tmp_path / "in.csv", accounts(2)), tmp_path / "job.db"
    out, other = tmp_path / "out.csv", tmp_path / "other.csv"
    await session.bulk.create_accounts(source, results=out, journal=journal).run()
    await session.bulk.resume(journal).run()
    other.write_text("theirs")
    with pytest.raises(ResultFileError, match="is there already"):
        await session.bulk.resume(journal, results=other).run()
    other.unlink()
    for _ in range(2):
        await session.bulk.resume(journal, results=other).run()
    out.write_text("somebody put this here since")
    with pytest.raises(ResultFileError, match="is there already"):
        await session.bulk.resume(journal).run()
    await session.bulk.resume(journal, force=True).run()
    assert read_csv(out) == read_csv(other)
    with pytest.raises(ResultFileError, match="is there already"):
        await session.bulk.create_accounts(source, results=out).run()


async def test_a_named_job_replaces_its_own_result_file(session: Session, tmp_path: Path) -> None:
    """A nightly job that goes on by its name writes the same file again."""
    source, journal = write_csv(tmp_path / "in.csv", accounts(2)), tmp_path / "job.db"
    for _ in range(2):
        await session.bulk.create_accounts(
            source, results=tmp_path / "out.csv", journal=journal, job_id="nightly"
        ).run()
    assert len(read_csv(tmp_path / "out.csv")) == 2


async def test_the_input_is_held_to_the_plan(session: Session, tmp_path: Path) -> None:
    """A file that changed between the check of its plan and the run is refused before a row is sent."""
    source = write_csv(tmp_path / "in.csv", accounts(2))
    job = session.bulk.create_accounts(source, journal=tmp_path / "job.db")
    await plan(None, "accounts", source, save=tmp_path / "plan.json")
    job.expect(check_plan(tmp_path / "plan.json", source))
    write_csv(source, accounts(3))
    with pytest.raises(InputChangedError, match="changed before the job began: nothing was sent"):
        await job.run()
    assert not (tmp_path / "job.db").exists()
