"""Scenarios of files: inputs and journals that change or vanish, and outputs that would overwrite them."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from tools.scenarios_cell import DONE, NotApplicableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from tools.scenarios_cell import Cell

_USAGE: Final = 2
_PRIVATE: Final = 0o600
_SLOW: Final[Mapping[str, object]] = {"latency_ms": 12}
_LOOSE: Final[Mapping[str, object]] = {"unique": False}
# Enough for more than two blocks of the input's fingerprint, were all rows padded; rows are few and wide.
_WIDE: Final = 30_000
_ROWS: Final = 90


def _only_command(cell: Cell) -> None:
    """Leave out the user's own workflow.

    Raises:
        NotApplicableError: It is that.
    """
    if cell.kind.is_own:
        raise NotApplicableError("the command line has the built-in kinds")


def _write_wide(cell: Cell) -> None:
    """Write the input with a column that means nothing and is wide, so that it spans several blocks."""
    lines = cell.text("input.csv").splitlines()
    pad = "x" * _WIDE
    wide = [f"{lines[0]},note", *(f"{line},{pad}" for line in lines[1:])]
    cell.input.write_text("\n".join(wide) + "\n", encoding="utf-8")


async def _start_slowly(cell: Cell) -> BaseProcess:
    """Start a job over a large input, and return once it has made a little."""
    _only_command(cell)
    cell.begin(_ROWS)
    _write_wide(cell)
    child = cell.start_cli(*cell.run_words("--concurrency", "4", "--rate", "1000", "--max-failures", "off"))
    await cell.until(lambda: cell.sent(cell.kind.sends[-1:]) >= 6 or not child.is_alive())  # noqa: PLR2004
    return child


def _is_named_or_there(cell: Cell, rows: int) -> None:
    """Each of the first rows is there, or the output says that rows are missing."""
    text = cell.text("stdout.txt") + cell.text("stderr.txt")
    lacking = sum(not cell.kind.is_whole(cell.sandbox.store, row) for row in cell.rows[:rows])
    cell.expect(not lacking or cell.input.name in text, f"{lacking} rows neither made nor named")


async def input_is_truncated(cell: Cell) -> None:
    """An input that is cut short while it is read stops the job: exit 2, what is missing is named."""
    child = await _start_slowly(cell)
    os.truncate(cell.input, _WIDE * 30)
    code = await cell.ended(child, 50)
    cell.expect(code == _USAGE, f"ended with {code}: {cell.text('stderr.txt').strip()[-160:]}")
    _is_named_or_there(cell, _ROWS)
    _not_finished(cell)


async def input_is_edited(cell: Cell) -> None:
    """An input that is edited in its later part while it is read stops the job before that is sent."""
    child = await _start_slowly(cell)
    text = cell.input.read_text(encoding="utf-8")
    at = len(text) - _WIDE * 20
    changed = text[:at] + text[at:].replace("SC-0", "XX-0")
    descriptor = os.open(cell.input, os.O_WRONLY)  # in place: the file that the job reads
    os.write(descriptor, changed.encode())
    os.close(descriptor)
    code = await cell.ended(child, 50)
    cell.expect(code == _USAGE, f"ended with {code}: {cell.text('stderr.txt').strip()[-160:]}")
    strange = [key for key in map(str, cell.sandbox.store.accounts) if "XX-0" in key]
    cell.expect(not strange, "rows of the edited part were sent")
    _not_finished(cell)


def _not_finished(cell: Cell) -> None:
    from alianza_async.bulk.journal import JournalReader

    with JournalReader(cell.journal) as reader:
        cell.expect(reader.facts.state != "finished", "the job is `finished`")


async def input_is_touched(cell: Cell) -> None:
    """`touch`, and an atomic rename to the same content, stop nothing."""
    child = await _start_slowly(cell)
    cell.input.touch()
    twin = cell.folder / "twin.csv"
    shutil.copyfile(cell.input, twin)
    twin.replace(cell.input)
    code = await cell.ended(child, 50)
    cell.expect(code == 0, f"ended with {code}: {cell.text('stderr.txt').strip()[-160:]}")
    cell.expect_all_there()


async def journal_vanishes(cell: Cell) -> None:
    """A journal that is moved away while its job runs stops the job within a second."""
    child = await _start_slowly(cell)
    cell.journal.rename(cell.folder / "moved.db")
    await asyncio.sleep(1.3)
    sent = cell.sent()
    await asyncio.sleep(0.4)
    cell.expect(cell.sent() == sent, "it goes on sending without its journal")
    child.terminate()
    code = await cell.ended(child, 30)
    cell.expect(code != 0, "a job whose journal is gone ended with 0")


async def wal_is_gone(cell: Cell) -> None:
    """A journal that says `running` and lacks its -wal has every row looked up before anything is sent."""
    cell.begin(6)
    # A later row is held: the earlier ones are done, and their outcomes are in the -wal.
    await _killed_in_the_middle(cell)
    (cell.folder / "job.db-wal").unlink(missing_ok=True)
    (cell.folder / "job.db-shm").unlink(missing_ok=True)
    await _resume_or_restored(cell)
    cell.expect_no_doubles()
    cell.expect_all_there()


async def older_copy_is_restored(cell: Cell) -> None:
    """An older copy of a journal is refused without `--restored`; with it nothing is doubled."""
    _only_command(cell)
    cell.begin(8)
    await _killed_in_the_middle(cell)
    copy = cell.folder / "backup.db"
    with closing(sqlite3.connect(cell.journal)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    await cell.cli("bulk", "resume", str(cell.journal), "--yes")
    cell.expect_all_there()
    for name in ("job.db-wal", "job.db-shm"):
        (cell.folder / name).unlink(missing_ok=True)
    shutil.copyfile(copy, cell.journal)
    sent = cell.sent()
    code, _, err = await cell.cli("bulk", "resume", str(cell.journal), "--yes")
    cell.expect(code == _USAGE, f"an older copy was resumed with exit {code}: {err.strip()[-120:]}")
    cell.expect(cell.sent() == sent, f"{cell.sent() - sent} requests were sent from an older copy")
    code, _, err = await cell.cli("bulk", "resume", str(cell.journal), "--restored", "--yes")
    cell.expect(code == 0, f"--restored ended with {code}: {err.strip()[-120:]}")
    cell.expect_no_doubles()
    cell.expect_all_there()


async def _killed_in_the_middle(cell: Cell) -> None:
    """Kill a job that has done some rows and is at others."""
    first = cell.kind.sends[-1]
    if cell.kind.is_own:
        child = cell.start(cell.task("run", options={"concurrency": 1}, retry={"attempt_timeout": 15.0}))
    else:
        child = cell.start_cli(*cell.run_words("--concurrency", "1"))
    await cell.until(lambda: cell.sent([first]) >= 2 or not child.is_alive())  # noqa: PLR2004
    cell.fault("hang_after", first, times=None)
    await cell.until(lambda: cell.sandbox.faults.held > 0 or not child.is_alive())
    await cell.kill(child)
    cell.sandbox.faults.clear()
    cell.sandbox.faults.release()


async def _resume_or_restored(cell: Cell) -> None:
    """Resume, in whichever way the engine allows."""
    if cell.kind.is_own:
        await cell.resume()
        return
    code, _, err = await cell.cli("bulk", "resume", str(cell.journal), "--yes")
    if code == _USAGE and "--restored" in err:
        code, _, err = await cell.cli("bulk", "resume", str(cell.journal), "--restored", "--yes")
    cell.expect(code == 0, f"resume ended with {code}: {err.strip()[-160:]}")


async def output_over_a_journal(cell: Cell) -> None:
    """No command writes its output over a journal, an input or a plan."""
    _only_command(cell)
    cell.begin(2)
    await cell.run()
    plan = cell.folder / "plan.json"
    await cell.cli("bulk", "plan", str(cell.input), "--kind", cell.kind.name, "--save", str(plan))
    kept = {path: path.read_bytes() for path in (cell.input, plan) if path.exists()}
    for target in (cell.journal, *kept):
        code, _, _ = await cell.cli("bulk", "export", str(cell.journal), "--results", str(target))
        cell.expect(code == _USAGE, f"export over {target.name} ended with {code}")
    for target in (cell.journal, cell.input):
        words = ("bulk", "plan", str(cell.input), "--kind", cell.kind.name, "--save", str(target))
        code, _, _ = await cell.cli(*words)
        cell.expect(code == _USAGE, f"plan --save over {target.name} ended with {code}")
    cell.expect(all(path.read_bytes() == was for path, was in kept.items()), "a file was overwritten")
    cell.expect_statuses(*DONE)


async def output_over_a_file(cell: Cell) -> None:
    """A file that is there is replaced only with `--force`, and the new one is private."""
    _only_command(cell)
    cell.begin(1)
    await cell.run()
    target = cell.folder / "mine.csv"
    target.write_text("mine\n", encoding="utf-8")
    words = ("bulk", "export", str(cell.journal), "--results", str(target))
    code, _, _ = await cell.cli(*words)
    cell.expect(code == _USAGE, f"export over a file ended with {code}")
    cell.expect(target.read_text(encoding="utf-8") == "mine\n", "the file was replaced")
    code, _, err = await cell.cli(*words, "--force")
    cell.expect(code == 0, f"--force ended with {code}: {err.strip()[-120:]}")
    cell.expect(_mode(target) == _PRIVATE, f"the output has mode {_mode(target):o}")


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def lock_follows_no_links(cell: Cell) -> None:
    """A lock file that is a link is not followed: what it points to is left as it is."""
    cell.begin(1)
    victim = cell.folder / "victim.txt"
    victim.write_text("precious\n", encoding="utf-8")
    (cell.folder / "job.db.lock").symlink_to(victim)
    try:
        await cell.run()
    except Exception:  # noqa: BLE001  # refusing is right as well
        cell.expect(cell.sent() == 0, "it was refused after something was sent")
    cell.expect(victim.read_text(encoding="utf-8") == "precious\n", "the lock truncated what it points to")


SCENARIOS: Final[Mapping[str, tuple[Callable[[Cell], Awaitable[None]], Mapping[str, object]]]] = {
    "input-truncated": (input_is_truncated, _SLOW),
    "input-edited": (input_is_edited, _SLOW),
    "input-touched": (input_is_touched, {"latency_ms": 2}),
    "journal-vanishes": (journal_vanishes, _SLOW),
    "wal-gone": (wal_is_gone, _LOOSE),
    "older-copy-restored": (older_copy_is_restored, _LOOSE),
    "output-over-journal": (output_over_a_journal, {}),
    "output-over-file": (output_over_a_file, {}),
    "lock-follows-no-links": (lock_follows_no_links, {}),
}
"""Each scenario, with the options of its sandbox."""
