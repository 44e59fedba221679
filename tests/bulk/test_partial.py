from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.input.sources import Source, open_source
from alianza_async.bulk.output.results import ResultFile, ResultLine
from alianza_async.sandbox import SandboxProcess
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.bulk.engine import accounts, read_csv, write_csv
from tests.devices import device

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import JsonValue

CREATED = ResultLine("created", "id-1", None, 1, "r-1")
FIELDS = frozenset({"account_number", "account_name"})

JOB = """
import asyncio, sys
from alianza_async import Credentials, Session

async def main():
    async with Session(Credentials("a", "b"), base_url=sys.argv[1]) as session:
        job = session.bulk.create_accounts("in.csv", journal="job.db", results="out.csv", concurrency=1)
        async for result in job:
            print(result.row, flush=True)

asyncio.run(main())
"""


def source_of(folder: Path) -> Source:
    """Open an input of three rows."""
    path = folder / "in.csv"
    path.write_text("account_number\nA-1\nA-2\nA-3\n")
    return open_source(path, fields=FIELDS, key_field="account_number")


def killed(source: Source, place: Path, rows: int) -> dict[str, JsonValue]:
    """Leave what a run leaves that is killed after so many rows; returns what its journal kept."""
    file = ResultFile(place, source=source)
    kept = file.kept({"ensure": False})
    for row in [*source][:rows]:
        file.write(row, CREATED)
    os.close(file._descriptor)  # pyright: ignore[reportPrivateUsage]  (as the system does for a killed process)
    return kept


def partials(folder: Path) -> list[str]:
    """Return the names of the partial files in a folder, sorted."""
    return sorted(path.name for path in folder.glob("*.partial*"))


def finish(source: Source, place: Path, kept: dict[str, JsonValue]) -> list[str]:
    """Go on as a resume does; returns the partial files that are there while it runs."""
    with ResultFile(place, source=source, force=True) as file:
        file.supersede(kept)
        seen = partials(place.parent)
        for row in source:
            file.write(row, CREATED)
    return seen


@pytest.mark.parametrize("rows", [0, 2])
def test_a_resume_removes_what_its_killed_run_left(rows: int, tmp_path: Path) -> None:
    """It writes a line for every row itself, under the same name; at the end no partial file is left."""
    source, place = source_of(tmp_path), tmp_path / "out.csv"
    kept = killed(source, place, rows)
    assert partials(tmp_path) == ["out.csv.partial"]
    assert finish(source, place, kept) == ["out.csv.partial"]
    assert partials(tmp_path) == []
    assert len(read_csv(place)) == 3


def test_a_resume_to_another_place_removes_it_too(tmp_path: Path) -> None:
    """The journal knows where it was."""
    source = source_of(tmp_path)
    kept = killed(source, tmp_path / "out.csv", 2)
    assert finish(source, tmp_path / "other.csv", kept) == ["other.csv.partial"]
    assert partials(tmp_path) == []


def test_a_run_that_was_killed_before_its_journal_knew_left_a_header(tmp_path: Path) -> None:
    """It says nothing, so it is removed; with a row in it the file is another job's for all that is known."""
    source, place = source_of(tmp_path), tmp_path / "out.csv"
    killed(source, place, 0)
    killed(source, place, 1)
    assert partials(tmp_path) == ["out.csv.partial", "out.csv.partial.2"]
    assert finish(source, place, {}) == ["out.csv.partial", "out.csv.partial.2"]
    assert partials(tmp_path) == ["out.csv.partial.2"]


def replaced(partial: Path) -> None:
    """Put another file in its place, as another job would."""
    text = partial.read_bytes()
    partial.rename(partial.with_name("moved"))
    partial.write_bytes(text)
    partial.chmod(0o600)


def linked(partial: Path) -> None:
    """Put a symbolic link in its place, to the same file."""
    partial.rename(partial.with_name("moved"))
    partial.symlink_to(partial.with_name("moved"))


def opened_to_all(partial: Path) -> None:
    """Let everybody read it."""
    partial.chmod(0o644)


def named_twice(partial: Path) -> None:
    """Give it a second name, as somebody does who wants to keep it."""
    partial.with_name("kept").hardlink_to(partial)


@pytest.mark.parametrize(
    "change",
    [
        replaced,
        linked,
        opened_to_all,
        named_twice,
    ],
    ids=["another file", "a link", "another mode", "a second name"],
)
def test_what_is_not_surely_ours_stays(change: Callable[[Path], None], tmp_path: Path) -> None:
    """Another file of that name, or one that somebody has since taken care of, is left alone."""
    source, place = source_of(tmp_path), tmp_path / "out.csv"
    kept = killed(source, place, 2)
    change(tmp_path / "out.csv.partial")
    text = (tmp_path / "out.csv.partial").read_bytes()
    assert finish(source, place, kept) == ["out.csv.partial", "out.csv.partial.2"]
    assert (tmp_path / "out.csv.partial").read_bytes() == text


def test_a_partial_that_is_being_written_stays(tmp_path: Path) -> None:
    """A process that lives has it locked, whatever the journal says."""
    source, place = source_of(tmp_path), tmp_path / "out.csv"
    with ResultFile(place, source=source) as living:
        kept = living.kept({})
        with (tmp_path / "out.csv.partial").open("rb") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert finish(source, tmp_path / "out.csv", kept) == ["out.csv.partial", "out.csv.partial.2"]
        assert living.partial is not None
        assert living.partial.exists()


async def test_a_killed_job_leaves_no_partial_once_it_was_resumed(tmp_path: Path) -> None:
    """SIGKILL in the middle, then a resume: one result file with every row, and nothing beside it."""
    write_csv(tmp_path / "in.csv", accounts(40))
    async with SandboxProcess() as sandbox:
        command = [sys.executable, "-c", JOB, sandbox.base_url]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as process:  # noqa: ASYNC220, S603
            assert process.stdout is not None
            for _ in range(5):
                await asyncio.to_thread(process.stdout.readline)
            process.send_signal(signal.SIGKILL)
        assert partials(tmp_path) == ["out.csv.partial"]
        async with Session(Credentials("a", "b"), base_url=sandbox.base_url) as session:
            report = await session.bulk.resume(tmp_path / "job.db").run()
    assert report.all_done
    assert partials(tmp_path) == []
    assert [line["result_status"] for line in read_csv(tmp_path / "out.csv")] == ["created"] * 40


# --- what is no file


def test_results_for_a_fifo_come_in_order_and_leave_nothing(tmp_path: Path) -> None:
    """The lines are put in input order before the first is written to it; no file appears beside it."""
    source, pipe = source_of(tmp_path), tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    with ResultFile(pipe, source=source) as file:
        assert file.partial is None
        for row in reversed([*source]):
            file.write(row, CREATED)
        file.supersede({})
        assert file.kept({})["partials"] == []
    reader.join(10)
    assert [text.split(",")[0] for text in got[0].splitlines()] == ["account_number", "A-1", "A-2", "A-3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "pipe"]


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_results_for_a_device_that_is_no_file(name: str, tmp_path: Path) -> None:
    """A device such as `/dev/null`, named by a link with a suffix, stays what it is."""
    null = device(tmp_path, "null")
    (tmp_path / name).symlink_to(null)
    source = source_of(tmp_path)
    with ResultFile(tmp_path / name, source=source) as file:
        for row in source:
            file.write(row, CREATED)
    assert (tmp_path / name).is_symlink()
    assert null.is_char_device()
    assert partials(tmp_path) == []
