"""The result file as a job writes it; what the file itself promises is in `test_results.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.bulk.output.results import ResultFile
from alianza_async.errors import ResultFileError
from tests.bulk.engine import accounts, read_csv, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alianza_async.bulk.input.rows import ResultLine, Row
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


async def test_a_result_is_written_before_it_is_handed_on(session: Session, tmp_path: Path) -> None:
    """What a reader was told is on its way to the disk already."""
    source, out = write_csv(tmp_path / "in.csv", accounts(30)), tmp_path / "out.csv"
    job = session.bulk.create_accounts(source, results=out)
    partial = tmp_path / "out.csv.partial"
    async for result in job:
        assert f",created,{result.id}," in partial.read_text()
    assert (job.report.results_path, partial.exists()) == (out, False)
    assert [line["result_row"] for line in read_csv(out)] == [str(row) for row in range(1, 31)]


def _full_after(lines: int) -> Callable[[ResultFile, Row, ResultLine], None]:
    write, written = ResultFile.write, 0

    def limited(self: ResultFile, row: Row, result: ResultLine) -> None:
        nonlocal written
        written += 1
        if written > lines:
            raise ResultFileError("the disk is full")
        write(self, row, result)

    return limited


async def test_a_result_file_that_cannot_be_written_stops_the_sending(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be told is not done: after the first line that fails nothing more is taken."""
    monkeypatch.setattr(ResultFile, "write", _full_after(10))
    job = session.bulk.create_accounts(accounts(300), results=tmp_path / "out.csv", concurrency=5)
    with pytest.raises(BulkStoppedError, match="the disk is full") as caught:
        await job.run()
    assert isinstance(caught.value.__cause__, ResultFileError)
    assert 11 <= sandbox.truth().created_accounts <= 15
    assert len(job.report.results) == sandbox.truth().created_accounts


async def test_a_result_file_that_cannot_be_put_in_place_is_told(session: Session, tmp_path: Path) -> None:
    """All rows are made, and yet the job says that its results are not where they should be."""
    place = tmp_path / "results"
    place.mkdir()
    job = session.bulk.create_accounts(accounts(3), results=place / "out.csv")

    async def read() -> None:
        async for result in job:
            if result.row == 1:
                (place / "out.csv").mkdir()

    with pytest.raises(BulkStoppedError, match=r"out\.csv cannot be written") as caught:
        await read()
    assert isinstance(caught.value.__cause__, ResultFileError)
    assert (job.report.created, job.report.elapsed_s > 0) == (3, True)


async def test_a_place_that_cannot_be_written_is_told_before_anything_is_sent(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """No such directory: nothing is sent, and the job may be run once that is mended."""
    job = session.bulk.create_accounts(accounts(1), results=tmp_path / "new" / "out.csv")
    with pytest.raises(ResultFileError, match="cannot be written"):
        await job.run()
    assert sandbox.truth().requests == {}
    (tmp_path / "new").mkdir()
    assert (await job.run()).created == 1
