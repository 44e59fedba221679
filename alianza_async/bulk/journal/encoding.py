"""Changes as the flat rows in which every store takes them: keys normalised, errors reduced to safe words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from alianza_async.bulk.journal.store import (
    PutBack,
    RowOutcome,
    StepIntent,
    StepOutcome,
    UndoIntent,
)
from alianza_async.bulk.journal.texts import as_key
from alianza_async.bulk.journal.words import safe_error

if TYPE_CHECKING:
    from alianza_async.bulk.journal.store import Change, Evidence, Purpose

__all__ = [
    "CLAIM",
    "FENCE",
    "INTEND_STEP",
    "INTEND_UNDO",
    "PUT_BACK_ROW",
    "PUT_BACK_STEP",
    "SETTLE_ROW",
    "SETTLE_STEP",
    "SETTLE_UNDO",
    "SUBJECTS",
    "Flat",
    "flat",
    "in_milliseconds",
    "stale",
    "unreachable",
]

FENCE: Final = 1
INTEND_STEP: Final = 2
SETTLE_STEP: Final = 3
SETTLE_ROW: Final = 4
PUT_BACK_ROW: Final = 5
PUT_BACK_STEP: Final = 6
INTEND_UNDO: Final = 7
SETTLE_UNDO: Final = 8
CLAIM: Final = 9

SUBJECTS: Final = {
    **dict.fromkeys((SETTLE_ROW, PUT_BACK_ROW), ("items", "row", "row {}")),
    **dict.fromkeys((INTEND_STEP, SETTLE_STEP, PUT_BACK_STEP), ("steps", "step", "step {1} of row {0}")),
    **dict.fromkeys((INTEND_UNDO, SETTLE_UNDO), ("undone", "undo", "undoing step {1} of row {0}")),
}
"""Which table a flat row changes, along which graph, and what the subject is called."""


class Flat(NamedTuple):
    """One change; what it does determines which of the others count.

    Attributes:
        what: `INTEND_STEP` or another of them; 0 does nothing.
        row: Which row; of a fence the chunk.
        status: What it becomes.
        at: When, in Unix seconds.
        step: Which step of it.
        key: The row's natural key.
        step_key: The step's natural key.
        digest: The keyed hash of its values.
        attempts: Requests sent for a row; of a fence the epoch.
        object_id: As in the table; likewise what follows.
    """

    what: int
    row: int
    status: str | None = None
    at: float | None = None
    step: str | None = None
    key: str | None = None
    step_key: str | None = None
    digest: bytes | None = None
    attempts: int = 0
    object_id: str | None = None
    error_class: str | None = None
    error: str | None = None
    message: str | None = None
    server_request_id: str | None = None
    request_id: str | None = None
    adopted: bool = False
    evidence: Evidence | None = None
    purpose: Purpose | None = None
    change: str | None = None
    sent_at: float | None = None
    tail: str | None = None
    """A step's `detail`, a row's `failed_step`."""


def in_milliseconds(seconds: float) -> float:
    """Return a time cut to milliseconds: so it survives being written as text."""
    return math.floor(seconds * 1000) / 1000


def flat(change: Change, now: float) -> Flat:
    """Return a change as the row that a store takes.

    Args:
        change: The change.
        now: The time, cut to milliseconds.
    """
    match change:
        case StepIntent():
            row = Flat(
                *(INTEND_STEP, change.row, "intent", now, change.step, as_key(change.key)),
                *(as_key(change.step_key), change.digest, 1),
                purpose=change.purpose,
                change=change.change,
            )
        case StepOutcome():
            row = Flat(
                *(SETTLE_STEP, change.row, change.status, now, change.step, None),
                *(as_key(change.step_key), None, 0, change.object_id),
                *safe_error(change.error, change.private, (change.step_key,)),
                request_id=change.request_id,
                adopted=change.adopted,
                evidence=change.evidence,
                change=change.change,
                sent_at=None if change.sent_at is None else in_milliseconds(change.sent_at),
                tail=change.detail,
            )
        case RowOutcome():
            row = Flat(
                *(SETTLE_ROW, change.row, change.status, now, None, as_key(change.key)),
                *(None, change.digest, change.attempts, change.object_id),
                *safe_error(change.error, change.private, (change.key,)),
                request_id=change.request_id,
                adopted=change.adopted,
                evidence=change.evidence,
                tail=change.failed_step,
            )
        case PutBack():
            what = PUT_BACK_ROW if change.step is None else PUT_BACK_STEP
            row = Flat(what, change.row, "pending", now, change.step)
        case UndoIntent():
            row = Flat(INTEND_UNDO, change.row, "intent", now, change.step)
        case _:
            row = Flat(
                *(SETTLE_UNDO, change.row, change.status, now, change.step, None, None, None, 0),
                change.object_id,
                *safe_error(change.error)[:2],
            )
    return row


def unreachable(row: Flat, before: str | None) -> str:
    """Return in one sentence why a row cannot move where a change says.

    Args:
        row: The change.
        before: Its status, or None where it is not in the journal.
    """
    named = SUBJECTS[row.what][2].format(row.row, row.step)
    if before is not None:
        return f"{named} is {before} in the journal, and from there it cannot become {row.status}"
    if row.what in {PUT_BACK_ROW, PUT_BACK_STEP}:
        return f"{named} is not in the journal, so it cannot become {row.status}"
    return f"{named} is not in the journal, and cannot begin as {row.status}: write its intent first"


def stale(job: str, chunk: int, epoch: int) -> str:
    """Return in one sentence that a lease is no longer its holder's."""
    return (
        f"the lease of part {chunk} of job {job} (number {epoch}) was taken over or given back, so nothing "
        "more is written for it: only its new holder may continue"
    )
