"""`alianza bulk list` and `alianza bulk prune`: the jobs in the state folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.known_jobs import forget_job, known_jobs
from alianza_async.bulk.journal.lock import JobLock
from alianza_async.bulk.undoing.undone import is_partly_undone
from alianza_async.cli.confirm import confirm_destruction
from alianza_async.cli.exits import Exit
from alianza_async.cli.journals import jobs_folder
from alianza_async.cli.screen import plain
from alianza_async.cli.status import STATE_STYLES, Standing
from alianza_async.cli.summary import short
from alianza_async.errors import ConfigurationError, JournalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.cli.screen import Screen

__all__ = ["run_list", "run_prune"]

_DAY_S: Final = 86_400.0
_BESIDE: Final = ("-wal", "-shm")
_NOT_DONE: Final = ("failed", "invalid", "unknown")


@dataclass(frozen=True, slots=True)
class _Job:
    """One journal of the state folder.

    Attributes:
        path: Its path.
        standing: How the job stands; None where the journal cannot be read.
        error: Why it cannot be read.
        undo_open: Whether an undo has begun, and something is left to undo.
    """

    path: Path
    standing: Standing | None
    error: str | None = None
    undo_open: bool = False

    @property
    def when(self) -> float:
        """When it ended, or began where it has not, in Unix seconds."""
        if self.standing is None:
            return self.path.stat().st_mtime
        facts = self.standing.facts
        return facts.ended_at or facts.started_at

    @property
    def open_rows(self) -> int:
        """Rows whose outcome is unknown."""
        counts = {} if self.standing is None else self.standing.counts
        return counts.get("unknown", 0) + counts.get("intent", 0)

    @property
    def unsent_rows(self) -> int:
        """Rows that a resume would send: a reconcile has put them back, or a run has left them."""
        counts = {} if self.standing is None else self.standing.counts
        return counts.get("pending", 0) + counts.get("skipped", 0)

    @property
    def is_over(self) -> bool:
        """Whether it is finished, with nothing left to find out, to send or to undo."""
        is_finished = self.standing is not None and self.standing.state == "finished"
        return is_finished and not (self.open_rows or self.unsent_rows or self.undo_open)

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        if self.standing is None:
            return {"journal": str(self.path), "state": "unreadable", "error": self.error}
        facts = self.standing.to_json()
        facts.pop("not_done")
        return {**facts, "running": self.standing.runs}


def _jobs() -> list[_Job]:
    """Return the jobs in the state folder, the latest first; what is no file of its own is passed over."""
    folder = jobs_folder()
    jobs: list[_Job] = []
    for path in sorted(folder.glob("*.db")) if folder.is_dir() else ():
        if path.is_symlink() or not path.is_file():
            continue
        try:
            with JournalReader(path) as reader:
                jobs.append(_Job(path, Standing.of(reader), undo_open=is_partly_undone(reader)))
        except JournalError as error:
            jobs.append(_Job(path, None, str(error)))
    return sorted(jobs, key=lambda job: job.when, reverse=True)


def run_list(screen: Screen) -> int:
    """List the jobs in the state folder and return the exit code.

    Args:
        screen: Where they are printed.
    """
    jobs = _jobs()
    if screen.as_json:
        screen.json([job.to_json() for job in jobs])
        return Exit.DONE
    if not jobs:
        screen.line(f"No jobs in {jobs_folder()}")
        return Exit.DONE
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("when", "state", "kind", "input", "rows", "not done"):
        table.add_column(name, overflow="fold", justify="right" if name in {"rows", "not done"} else "left")
    for job in jobs:
        table.add_row(*_cells(job))
    screen.show(table)
    screen.line()
    for job in jobs:
        screen.line(short(job.path))
    return Exit.DONE


def _cells(job: _Job) -> tuple[str | Text, ...]:
    when = f"{datetime.fromtimestamp(job.when, UTC).astimezone():%Y-%m-%d %H:%M}"
    standing = job.standing
    if standing is None:
        return when, Text("unreadable", "red"), "", plain(job.path.name), "", ""
    of = "" if standing.rows is None else f"/{standing.rows:,}"
    bad = sum(standing.counts.get(status, 0) for status in _NOT_DONE)
    name = "Python" if standing.facts.input is None else Path(standing.facts.input).name
    return (
        when,
        Text(standing.state, STATE_STYLES[standing.state]),
        plain(standing.facts.kind),
        plain(name),
        f"{standing.settled:,}{of}",
        Text(f"{bad:,}", "red" if bad else ""),
    )


def run_prune(screen: Screen, *, older_than: float, every: bool, yes: bool) -> int:
    """Delete journals of jobs that are over and return the exit code.

    Never that of a running job, and never one outside the state folder.

    Args:
        screen: Where it is said.
        older_than: Days since the job ended.
        every: Whether jobs that are not finished, or have unknown or unsent rows, go too.
        yes: Whether nothing has to be typed.

    Raises:
        ConfigurationError: It was not confirmed, or the number of days is negative.
    """
    if not older_than >= 0:
        raise ConfigurationError(f"--older-than is {older_than:g}; give a number of days, 0 or more")
    before = time.time() - older_than * _DAY_S
    old = [
        job for job in _jobs() if job.when <= before and job.standing is not None and not job.standing.runs
    ]
    jobs = [job for job in old if every or job.is_over]
    kept = len(old) - len(jobs)
    deleted: list[Path] = []
    if jobs:
        for job in jobs:
            screen.say(f"  {short(job.path)}{_warning(job)}")
        count = f"{len(jobs):,} {'journal' if len(jobs) == 1 else 'journals'}"
        confirm_destruction(
            [f"deletes {count}: those jobs can then be neither resumed nor undone"],
            f"prune {len(jobs)}",
            where=str(jobs_folder()),
            screen=screen,
            yes=yes,
        )
        deleted = [job.path for job in jobs if _delete(job.path)]
        _forget(deleted)
    if screen.as_json:
        screen.json({"deleted": [str(path) for path in deleted], "kept_unfinished": kept})
        return Exit.DONE
    screen.line(f"{len(deleted):,} {'journal' if len(deleted) == 1 else 'journals'} deleted")
    if kept:
        screen.line(
            f"{kept:,} kept: not finished or undone, or with rows that are unknown or not sent; "
            "--all deletes them too",
            "yellow",
        )
    return Exit.DONE


def _warning(job: _Job) -> str:
    if job.is_over:
        return ""
    state = "" if job.standing is None else job.standing.state
    unknown = f", {job.open_rows:,} unknown" if job.open_rows else ""
    unsent = f", {job.unsent_rows:,} not sent" if job.unsent_rows else ""
    undo = ", half undone" if job.undo_open else ""
    return f" ({state}{unknown}{unsent}{undo})"


def _forget(paths: Sequence[Path]) -> None:
    """Forget what is kept of jobs beside their journals."""
    gone = {str(path) for path in paths}
    for known in known_jobs():
        if known.path in gone:
            forget_job(known)


def _delete(path: Path) -> bool:
    """Delete a journal and what lies beside it; False where a process has begun to work with it."""
    try:
        lock = JobLock.acquire(path)
    except (JournalError, OSError):
        return False
    try:
        path.unlink(missing_ok=True)
        for suffix in _BESIDE:
            path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
    except OSError:
        return False
    finally:
        lock.release()  # which deletes the lock file
    return True
