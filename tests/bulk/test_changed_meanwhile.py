"""A whole job whose input changes under it: stopped, what is missing named, nothing lost or doubled."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.bulk.journal import JournalReader
from alianza_async.cli.exits import code_of
from alianza_async.errors import InputChangedError
from alianza_async.sandbox import Sandbox
from tests.bulk.engine import accounts, read_csv, session_on, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 1_500


def cut(path: Path) -> None:
    """Cut the file to half of its bytes."""
    os.truncate(path, path.stat().st_size // 2)


def edit(path: Path) -> None:
    """Write another name into the last row."""
    text = path.read_bytes()
    with path.open("r+b") as handle:
        handle.seek(text.rindex(b"Ardent"))
        handle.write(b"Ardens")


def append(path: Path) -> None:
    """Add a row."""
    with path.open("a", encoding="utf-8") as handle:
        handle.write("A-99999,Ardent Bakery,SIMPLE,US/Eastern,5\r\n")


def delete(path: Path) -> None:
    """Remove the file."""
    path.unlink()


@pytest.mark.parametrize("change", [cut, edit, append, delete])
async def test_a_job_stops_and_its_resume_does_the_rest(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    """Each row before the named one is made; once the file is as it was, the resume makes all that follow."""
    sandbox = Sandbox()
    path, journal, out = tmp_path / "in.csv", tmp_path / "job.db", tmp_path / "out.csv"
    write_csv(path, accounts(ROWS))
    whole = path.read_bytes()
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(path, journal=journal, results=out)

        async def run() -> None:
            async for result in job:
                if result.row == 100:
                    change(path)

        with pytest.raises(
            BulkStoppedError, match=r"while the job ran: rows from \d+ on were not sent"
        ) as caught:
            await run()
        made = sandbox.truth().created_accounts
        assert isinstance(caught.value.__cause__, InputChangedError)
        assert code_of(caught.value) == 2
        assert f"rows from {made + 1} on were not sent" in str(caught.value)
        assert 100 <= made < ROWS
        assert job.report.created == made == len(read_csv(out))
        with JournalReader(journal) as reader:
            assert reader.facts.state == "stopped"
        path.write_bytes(whole)
        report = await session.bulk.resume(journal).run()
    assert (report.created, report.total) == (ROWS, ROWS)
    assert (sandbox.truth().created_accounts, sandbox.truth().duplicate_account_numbers) == (ROWS, [])


async def test_touch_and_a_rename_of_equal_content_stop_nothing(tmp_path: Path) -> None:
    """A synchronising tool writes the same file anew while the job runs: all rows are made."""
    path, sandbox = write_csv(tmp_path / "in.csv", accounts(ROWS)), Sandbox()
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(path, journal=tmp_path / "job.db")
        async for result in job:
            if result.row == 100:
                os.utime(path, (1, 1))
            elif result.row == 600:
                copy = tmp_path / "copy"
                copy.write_bytes(path.read_bytes())
                copy.replace(path)
    assert (job.report.created, sandbox.truth().created_accounts) == (ROWS, ROWS)


async def test_a_job_without_a_journal_is_held_to_its_input_too(tmp_path: Path) -> None:
    """It has no resume, so the rows that are missing have to be named all the more."""
    path, sandbox = write_csv(tmp_path / "in.csv", accounts(ROWS)), Sandbox()
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(path)

        async def run() -> None:
            async for result in job:
                if result.row == 100:
                    cut(path)

        with pytest.raises(BulkStoppedError, match="were not sent") as caught:
            await run()
    made = sandbox.truth().created_accounts
    assert f"rows from {made + 1} on were not sent" in str(caught.value)
