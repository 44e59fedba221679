"""The power is cut: whatever was acknowledged is there, whatever the moment."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import SqliteStore
from tests.bulk.journal.journals import ROOT
from tests.bulk.journal.power_cut import Disk, records

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
COMPILER = shutil.which("cc") or shutil.which("gcc")
ROWS = 60

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or COMPILER is None, reason="needs Linux and a C compiler, to see what is synced"
)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that notes what a process does to its files."""
    library = tmp_path_factory.mktemp("shim") / "fsync_shim.so"
    source = HERE / "fsync_shim.c"
    subprocess.run(  # noqa: S603
        [str(COMPILER), "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl", "-lpthread"],
        check=True,
    )
    return library


def log_of(folder: Path, shim: Path, synchronous: str) -> Path:
    """Write a journal under the shim; return the log of what was done."""
    (folder / "job").mkdir()
    log = folder / "log"
    path = folder / "job" / "job.db"
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "tests.bulk.journal.durable_child", str(path), synchronous, str(ROWS)],
        cwd=ROOT,
        env=os.environ
        | {"LD_PRELOAD": str(shim), "FSYNC_SHIM_FOLDER": str(path.parent), "FSYNC_SHIM_LOG": str(log)},
        check=True,
    )
    return log


def cuts(log: Path, rng: Random | None = None) -> Iterator[tuple[dict[str, bytes], list[str]]]:
    """Yield, at the last moment before each sync and at the end, the files and what was acknowledged."""
    disk = Disk()
    for record in records(log):
        if record.what in "SD":
            yield disk.after_cut(rng), list(disk.acknowledged)
        disk.apply(record)
    yield disk.after_cut(rng), list(disk.acknowledged)


async def lost(
    files: dict[str, bytes], acknowledged: list[str], folder: Path
) -> tuple[list[str], str | None]:
    """Continue after a cut; return what was acknowledged and is not there, and the suspicion."""
    folder.mkdir()  # noqa: ASYNC240
    os.environ["XDG_STATE_HOME"] = str(folder / "state")  # each cut is a machine of its own
    for name, content in files.items():
        if name in {"job.db", "job.db-wal"}:
            (folder / name).write_bytes(content)
    if "job.db" not in files:
        return acknowledged, None
    async with await SqliteStore.open(folder / "job.db") as journal:
        states = {state.entry.row: state async for state in journal.entries()}
        suspicion = journal.suspicion
    with closing(sqlite3.connect(folder / "job.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    shutil.rmtree(folder)
    out: list[str] = []
    for line in acknowledged:
        status, number = line.split()
        state = states.get(int(number))
        kept = state is not None and (
            status == "intent" or {state.entry.status, state.steps["account"].status} == {"created"}
        )
        if not kept:
            out.append(line)
    # The outcomes of a row and of its step are one commit.
    torn = [
        row
        for row, state in states.items()
        if (state.entry.status == "created") != (state.steps["account"].status == "created")
    ]
    assert torn == []
    return out, suspicion


@pytest.mark.parametrize("seed", [None, 1, 2], ids=["only what was synced", "torn 1", "torn 2"])
async def test_nothing_acknowledged_is_lost_at_any_cut(tmp_path: Path, shim: Path, seed: int | None) -> None:
    """Cut before any sync, with only what was synced or any part of the rest, the journal has all it said.

    And a transaction that is torn at its end casts no suspicion on it.
    """
    log = log_of(tmp_path, shim, "FULL")
    rng = None if seed is None else Random(seed)  # noqa: S311
    done = [
        (*await lost(files, said, tmp_path / f"cut-{number}"), len(said))
        for number, (files, said) in enumerate(cuts(log, rng))
    ]

    assert [missing for missing, _, _ in done if missing] == []
    assert {suspicion for _, suspicion, _ in done} == {None}
    assert len(done) > ROWS // 2  # four share a commit at the most
    assert done[-1][2] == 2 * ROWS


async def test_with_less_than_full_what_was_acknowledged_is_lost(tmp_path: Path, shim: Path) -> None:
    """The test above can fail: with `synchronous = NORMAL`, SQLite acknowledges what no disk has yet."""
    log = log_of(tmp_path, shim, "NORMAL")
    done = [
        await lost(files, said, tmp_path / f"cut-{number}") for number, (files, said) in enumerate(cuts(log))
    ]

    assert max(len(missing) for missing, _ in done) > 0
