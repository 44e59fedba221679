"""What this user's machine knows of each journal: where it is, whose it is, and how far it has come.

One small file for each journal, in the state folder. It shows that a journal is an older copy of itself,
which jobs there are, and whether another job of a login may have sent a key. Where the folder cannot be used,
nothing is known, and nothing fails.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.journal.state_folder import state_folder
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.journal.entries import JobFacts

__all__ = ["KnownJob", "Registration", "forget_job", "is_a_copy", "known_jobs", "known_sequence"]

_FOLDER: Final = "known"
_NUMBER: Final = "020d"
_EVERY_S: Final = 3.0
_MOST_BYTES: Final = 100_000
_TEXT: Final = (str, type(None))
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "job_id": (str,),
    "sequence": (int,),
    "path": (str,),
    "kind": (str,),
    "base_url": (str,),
    "started_at": (int, float),
    "login": _TEXT,
    "scope": _TEXT,
    "input": _TEXT,
}


@dataclass(frozen=True, slots=True)
class KnownJob:
    """What is known of one job.

    Attributes:
        job_id: Its id.
        sequence: How many commits its journal had.
        path: Where its journal was.
        kind: Such as `accounts`.
        base_url: Where it sends.
        started_at: When its latest run began, in Unix seconds.
        login: The user name it logged in with.
        scope: What the calls' paths are filled in with, such as the partition of its login.
        input: Path of its input file; None where its rows came from Python.
    """

    job_id: str
    sequence: int
    path: str
    kind: str
    base_url: str
    started_at: float
    login: str | None = None
    scope: str | None = None
    input: str | None = None


def known_jobs() -> list[KnownJob]:
    """Return what is known of this user's jobs, the latest first; a file that is damaged is left out."""
    try:
        files = sorted((state_folder() / _FOLDER).glob("*.json"))
    except (OSError, JournalError):
        return []
    found = [job for file in files if (job := _read(file)) is not None]
    return sorted(found, key=lambda job: job.started_at, reverse=True)


def forget_job(job: KnownJob) -> bool:
    """Forget a job; its journal stays. Returns whether it was known."""
    forgotten = False
    with suppress(OSError, JournalError):
        for file in (state_folder() / _FOLDER).glob("*.json"):
            found = _read(file)
            if found is not None and (found.job_id, found.path) == (job.job_id, job.path):
                file.unlink()
                _number_file(file).unlink(missing_ok=True)
                forgotten = True
    return forgotten


def known_sequence(facts: JobFacts) -> int:
    """Return how many commits a journal had when last seen; 0 where it is not known."""
    try:
        job = _read(_file_of(facts))
    except (OSError, JournalError):
        return 0
    return 0 if job is None or job.job_id != facts.job_id else job.sequence


def is_a_copy(path: Path, facts: JobFacts) -> bool:
    """Tell whether what lies at a path is a copy of a known journal: it is elsewhere, or was written later.

    A job that was killed has last noted its commit, so its file is older than the note; a copy that was put
    back has a later change time (`st_ctime`), which no tool for copying sets.

    Args:
        path: The journal.
        facts: What it says its job is.
    """
    try:
        file = _file_of(facts)
        job = _read(file)
        if job is None or job.job_id != facts.job_id:
            return False
        return job.path != str(path) or path.stat().st_ctime_ns > _number_file(file).stat().st_mtime_ns
    except (OSError, JournalError):
        return False


class Registration:
    """Keeps what is known of one journal up to date.

    Args:
        path: The journal.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._written = -math.inf

    def note(self, facts: JobFacts, sequence: int) -> None:
        """Note how many commits there are: one short write as a rule, so that it may follow each commit."""
        if time.monotonic() - self._written >= _EVERY_S:
            self._write(facts, sequence)
        self._advance(sequence)

    def close(self, facts: JobFacts, sequence: int) -> None:
        """Write all that is known, where anything was noted before, and let go of the files."""
        if self._written > -math.inf:
            self._write(facts, sequence)
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)

    def _write(self, facts: JobFacts, sequence: int) -> None:
        """Write all that is known, in one piece."""
        self._written = time.monotonic()
        job = KnownJob(
            *(facts.job_id, sequence, str(self._path), facts.kind, facts.base_url, facts.started_at),
            *(facts.login, facts.scope, facts.input),
        )
        with suppress(OSError, JournalError):
            file = _file_of(facts)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = file.with_name(f".{file.name}.{secrets.token_hex(4)}.new")
            try:
                descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
                    json.dump(asdict(job), handle)
                new.replace(file)
            except BaseException:
                new.unlink(missing_ok=True)
                raise
            if self._descriptor is None:
                flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
                self._descriptor = os.open(_number_file(file), flags, 0o600)

    def _advance(self, sequence: int) -> None:
        if self._descriptor is None:
            return
        with suppress(OSError):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, f"{sequence:{_NUMBER}}\n".encode())


def _file_of(facts: JobFacts) -> Path:
    """Return a journal's file: two journals may have one job id, a copy has its original's salt too."""
    name = hashlib.blake2b(facts.job_id.encode("utf-8", "surrogatepass"), key=facts.salt[:64], digest_size=16)
    return state_folder() / _FOLDER / f"{name.hexdigest()}.json"


def _number_file(file: Path) -> Path:
    return file.with_suffix(".sequence")


def _read(file: Path) -> KnownJob | None:
    """Return what a file says, with the newest sequence; None where it cannot be understood."""
    try:
        with file.open("rb") as handle:
            values = json.loads(handle.read(_MOST_BYTES))
        values.setdefault("scope", values.get("partition_id"))  # as it was called before
        if not all(isinstance(values.get(name), types) for name, types in _TYPES.items()):
            return None
        job = KnownJob(**{field.name: values[field.name] for field in fields(KnownJob)})
    except (OSError, ValueError, AttributeError):
        return None
    with suppress(OSError, ValueError):
        number = int(_number_file(file).read_bytes()[:32])
        return replace(job, sequence=max(job.sequence, number))
    return job
