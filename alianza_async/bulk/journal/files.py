"""A journal as a file: made whole or not at all, for its owner alone, and never confused with other files."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast

from alianza_async.bulk.journal.commands import command_line
from alianza_async.bulk.journal.damage import log_of, suspicion_of
from alianza_async.bulk.journal.encoding import in_milliseconds
from alianza_async.bulk.journal.known_jobs import is_a_copy, known_sequence
from alianza_async.bulk.journal.migrate import migrate
from alianza_async.bulk.journal.queries import JOB_COLUMNS, facts_of, missing_as_null
from alianza_async.bulk.journal.schema import APPLICATION_ID, VERSION, build
from alianza_async.bulk.journal.statements import open_inbox
from alianza_async.bulk.journal.writer import reason_of
from alianza_async.calls.output_files import put_new
from alianza_async.errors import JournalError

if TYPE_CHECKING:
    from alianza_async.bulk.journal.entries import JobFacts

__all__ = [
    "Opened",
    "build_file",
    "connect",
    "connect_writing",
    "make_folder",
    "real_path",
    "refuse_existing",
]

SYNCHRONOUS = "FULL"
"""A commit returns when the disk has it. A test shows that with less, acknowledged rows are lost."""

CHECKPOINT_PAGES = 1000
"""Pages of the write-ahead log after which it is folded into the file."""

_BUSY_S: Final = 30.0
_SALT_BYTES: Final = 16
_STATEMENTS: Final = 128


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return a path without symbolic links: a journal has one lock, whatever it is called."""
    return Path(os.path.realpath(path))


def refuse_existing(path: Path) -> None:
    """Raise where a new journal cannot be.

    Raises:
        JournalError: Something is there; names the command that goes on with a journal.
    """
    if path.is_dir():
        raise JournalError(f"{path} is a folder: name a file for the journal")
    if path.exists():
        raise JournalError(
            f"{path} exists already: continue it with `{command_line('resume', path)}`, or name "
            "another journal"
        )


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, for their owner alone; those that are there stay as they are.

    Raises:
        OSError: It cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(each.parent)


def build_file(path: Path, facts: JobFacts) -> None:
    """Make a journal: under another name first, so that there is never half a one at its path.

    Args:
        path: Where nothing is, and no other process makes a journal: its lock is held.
        facts: What the job is.

    Raises:
        JournalError: Something has come there meanwhile; it is untouched.
        OSError: The file cannot be made.
        sqlite3.Error: As above.
    """
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # SQLite gives `-wal` the same mode
    try:
        database = sqlite3.connect(_uri(new, "rw"), uri=True, isolation_level=None)
        try:
            build(database)
            now = in_milliseconds(time.time())
            database.execute(
                "INSERT INTO job VALUES "
                "(1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, NULL, 1, 0, NULL)",
                (
                    *(VERSION, facts.job_id, facts.kind, facts.input, facts.input_sha256),
                    *(json.dumps(dict(facts.options)), secrets.token_bytes(_SALT_BYTES), facts.base_url),
                    *(facts.environment, facts.scope, facts.login, facts.rows, now, now),
                ),
            )
            database.execute("PRAGMA journal_mode = WAL")
        finally:
            database.close()
        _sync(new)  # no connection is open to it: closing this descriptor drops no lock
        _put(new, path)
        _sync_folder(path.parent)
    except BaseException:
        for suffix in ("", "-journal", "-wal", "-shm"):
            new.with_name(new.name + suffix).unlink(missing_ok=True)
        raise


def _put(new: Path, path: Path) -> None:
    try:
        put_new(new, path)
    except FileExistsError:
        refuse_existing(path)
        raise


def connect(path: Path, mode: Literal["ro", "rw"]) -> sqlite3.Connection:
    """Connect to a journal that is there.

    Args:
        path: The journal.
        mode: To read only, or to write too.

    Raises:
        JournalError: There is none, or it is not one of ours, or a newer version's, or cannot be read.
    """
    if not path.is_file():
        raise JournalError(f"there is no journal {path}: check its name")
    try:
        # Read only at first: what is not ours stays as it is.
        _refuse_foreign(path)
        return sqlite3.connect(
            _uri(path, mode),
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY_S,
            cached_statements=_STATEMENTS,
        )
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "") in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
            raise JournalError(f"{path} is not a journal of this library: name another") from error
        raise JournalError(f"the journal {path} cannot be opened ({reason_of(error)})") from error


class Opened(NamedTuple):
    """A journal that is open for writing.

    Attributes:
        database: The connection that writes.
        sequence: How many commits it has.
        suspicion: Why every row must be looked up before it is sent, or None.
    """

    database: sqlite3.Connection
    sequence: int
    suspicion: str | None


def connect_writing(path: Path, *, restored: bool = False) -> Opened:
    """Return the connection that writes; an older journal is migrated, what its last run was asked forgotten.

    Args:
        path: The journal; its lock is held.
        restored: Whether it is a copy that was put back, and may be older than what is known of it.

    Raises:
        JournalError: As `connect`, or it is older than what is known of it.
        OSError: The copy that is made before a migration cannot be written.
        sqlite3.Error: It cannot be written.
    """
    log = log_of(path)  # before SQLite makes a new one
    database = connect(path, "rw")
    try:
        suspicion = suspicion_of(path, database, log)
        facts, known = _known_of(database)
        # Without its log it lacks rows whether it is a copy or not; which of the two it is, its file tells.
        if known and not restored and (suspicion is None or is_a_copy(path, facts)):
            raise _older_copy(path)  # noqa: TRY301  (the connection is closed below, whatever the reason)
        if restored and suspicion is None:
            suspicion = f"the journal {path} was restored from a copy: every row is looked up first"
        migrate(database, path)
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {SYNCHRONOUS}",
            "fullfsync = ON",  # macOS alone: a plain sync stops at the disk's own cache there
            "checkpoint_fullfsync = ON",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        ):
            database.execute(f"PRAGMA {pragma}")
        open_inbox(database)
        database.execute(
            "UPDATE control SET paused = 0, rate = NULL, asked_at = NULL WHERE asked_at IS NOT NULL"
        )
        # Whoever had a lease is gone: this process holds the lock.
        database.execute("UPDATE leases SET expires_at = 0 WHERE owner IS NOT NULL")
        if suspicion is not None:
            database.execute(
                "UPDATE job SET suspicion = coalesce(suspicion, ?), sequence = max(sequence, ?) + 1",
                (suspicion, known),
            )
        found = database.execute("SELECT sequence, suspicion FROM job").fetchone()
        return Opened(database, *cast("tuple[int, str | None]", found))
    except BaseException:
        database.close()
        raise


def _older_copy(path: Path) -> JournalError:
    return JournalError(
        f"the journal {path} is an older copy of itself, and the newest rows that were sent may be missing: "
        f"continue with the newest one, or with `{command_line('resume', path, '--restored')}`, which "
        "looks up every row before it sends any"
    )


def check_place(path: Path, place: os.stat_result, *, in_use: bool) -> None:
    """Check that a journal which is open is still where it was.

    Args:
        path: The journal.
        place: What was there when it was opened.
        in_use: Whether it has a lease, and so a log.

    Raises:
        JournalError: It was deleted, moved or replaced.
    """
    stopped = f"so nothing more is sent; bring it back, then continue with `{command_line('resume', path)}`"
    try:
        there = path.stat()
        log = path.with_name(f"{path.name}-wal").exists()
    except FileNotFoundError:
        raise JournalError(f"the journal {path} was deleted or moved, {stopped}") from None
    except OSError as error:
        raise JournalError(
            f"the journal {path} cannot be seen any more ({reason_of(error)}), {stopped}"
        ) from error
    if not os.path.samestat(there, place):
        raise JournalError(f"the journal {path} was replaced by another file, {stopped}")
    if in_use and not log:
        raise JournalError(f"the journal's newest part, {path}-wal, was deleted or moved, {stopped}")


def _known_of(database: sqlite3.Connection) -> tuple[JobFacts, int]:
    """Return a journal's facts, and how many commits it is known to have had; 0 where it has as many."""
    columns = missing_as_null(database, "job", (*JOB_COLUMNS, "sequence"))
    *cells, sequence = database.execute(f"SELECT {columns} FROM job").fetchone()  # noqa: S608
    facts = facts_of(cells)
    known = known_sequence(facts)
    return facts, known if (sequence or 0) < known else 0


def _refuse_foreign(path: Path) -> None:
    database = sqlite3.connect(_uri(path, "ro"), uri=True, isolation_level=None, timeout=_BUSY_S)
    try:
        ours, version = (
            cast("int", database.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("application_id", "user_version")
        )
    finally:
        database.close()
    if ours != APPLICATION_ID:
        raise JournalError(f"{path} is not a journal of this library: name another")
    if version > VERSION:
        raise JournalError(
            f"the journal {path} was made by a newer version of this library (its schema is {version}, "
            f"the newest known here {VERSION}): upgrade alianza-async"
        )


def _uri(path: Path, mode: str) -> str:
    return f"{path.as_uri()}?mode={mode}"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Have a folder's names on disk; Windows does that by itself, and opens no folder."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
