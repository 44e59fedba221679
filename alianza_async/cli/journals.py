"""Journals as the command line sees them: where a new one goes, and what one tells of its job."""

from __future__ import annotations

import os
import re
import secrets
from datetime import UTC, datetime
from heapq import nsmallest
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.half_done import left_by, reason_of
from alianza_async.bulk.journal.files import make_folder, refuse_existing
from alianza_async.bulk.journal.state_folder import state_folder
from alianza_async.bulk.report import STATUSES, ItemResult, Report
from alianza_async.cli.watch import SHOWN
from alianza_async.errors import AlianzaError, JournalError

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.journal import Entry, JobFacts, JournalReader

__all__ = [
    "CREATED",
    "first_bad",
    "jobs_folder",
    "new_journal",
    "place_of",
    "report_of",
    "rows_of",
    "work_in_words",
]

CREATED: Final = frozenset({"accounts", "users", "subscribers"})
"""The kinds that are called like what they create."""

_BAD: Final = ("failed", "invalid", "unknown")
_LONGEST_STEM: Final = 60
_SERVICE: Final = "service"


def new_journal(told: Path | None, file: Path) -> Path:
    """Return where a job's journal goes: the given place, or a new file in the user's state folder.

    Args:
        told: What was given on the command line.
        file: The job's input, which names the journal.

    Raises:
        JournalError: There is one already, or the folder cannot be written.
    """
    if told is not None:
        refuse_existing(told.absolute())
        return told
    folder = jobs_folder()
    try:
        make_folder(folder)
    except OSError as error:
        raise JournalError(
            f"no journal can be kept in {folder} ({error.strerror}): name another place with --journal"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise JournalError(f"no journal can be kept in {folder}: name another place with --journal")
    stem = re.sub(r"[^\w.-]+", "_", file.stem)[:_LONGEST_STEM]
    return folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{stem}-{secrets.token_hex(2)}.db"


def jobs_folder() -> Path:
    """Return the folder of the jobs whose journals were put nowhere else.

    Raises:
        JournalError: There is no home folder.
    """
    return state_folder() / "jobs"


def work_in_words(kind: str, rows: int | None) -> str:
    """Write what a job does: `creating 5,000 accounts`, `calling-plans for 200 rows`."""
    if kind in CREATED:
        return f"creating {'' if rows is None else f'{rows:,} '}{kind}"
    return f"{kind} for {'each row' if rows is None else f'{rows:,} rows'}"


def place_of(facts: JobFacts) -> str:
    """Name where a job sends, as `place` does of a session."""
    return f"{facts.environment}, {facts.base_url}" if facts.environment else facts.base_url


def rows_of(facts: JobFacts, counts: dict[str, int]) -> int | None:
    """Return how many rows a job has, where that is known: never fewer than its journal."""
    return None if facts.rows is None else max(facts.rows, sum(counts.values()))


def report_of(counts: dict[str, int]) -> Report:
    """Return the sums that a journal has, as a report."""
    report = Report(total=sum(counts.values()))
    for status in STATUSES:
        setattr(report, status, counts.get(status, 0))
    return report


def first_bad(reader: JournalReader) -> list[ItemResult]:
    """Return the first rows that are not done, with the reason and what exists of them.

    Those that stopped at following their number into service come first: it may ring without 911.
    """
    first = nsmallest(
        SHOWN, reader.entries(*_BAD), key=lambda entry: (entry.failed_step != _SERVICE, entry.row)
    )
    return [_result(entry, reader) for entry in first]


def _result(entry: Entry, reader: JournalReader) -> ItemResult:
    reason, left = reason_of(entry), left_by(reader.steps(entry.row))
    if reason is not None and entry.request_id and entry.request_id not in reason:
        reason = f"{reason} (request {entry.request_id})"
    return ItemResult(
        entry.row,
        entry.key,
        entry.status,  # type: ignore[arg-type]  # one of those asked for
        id=entry.object_id,
        error=None if reason is None else AlianzaError(reason),
        attempts=entry.attempts,
        request_id=entry.request_id,
        adopted=entry.adopted,
        evidence=entry.evidence,
        objects=left.objects,
        number_state=left.number_state,
        failed_step=entry.failed_step or left.failed_step,
    )
