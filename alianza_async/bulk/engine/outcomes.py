"""The result of a row: how its steps ended, which error ended it, or that it was never sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.engine.settlement import ends_the_job
from alianza_async.bulk.half_done import NOTHING, left_by
from alianza_async.bulk.report import DONE, MAY_BE_LOST, ItemResult
from alianza_async.errors import (
    AlianzaError,
    CallError,
    ConflictError,
    InvalidInputError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from alianza_async.bulk.engine.turns import RowEnd
    from alianza_async.bulk.engine.work import Work
    from alianza_async.bulk.report import Status

_LOST: Final = (
    "it may have been done, and the job stopped before it was looked up; resume the job to look it up"
)
_HALF_SENT: Final = "the job stopped before the rest of it was sent; resume the job"
_NO_CONNECTION: Final = "not sent: the job stopped before the server could be reached; resume the job"
_NO_TURN: Final = "not sent: the job stopped before its turn"

__all__ = ["from_error", "from_steps", "from_surprise", "may_be_lost", "not_sent"]


def from_steps(work: Work, end: RowEnd) -> ItemResult:
    """Return the result of a row whose steps have come to their end."""
    existing = end.error.existing_id if isinstance(end.error, ConflictError) else None
    return ItemResult(
        work.row.number,
        work.key,
        end.status,
        id=end.id or existing,
        error=end.error,
        attempts=work.attempts,
        request_id=work.request_id,
        elapsed=time.monotonic() - work.began,
        adopted=end.adopted,
        evidence=end.evidence,
        objects=end.objects,
        number_state=end.number_state,
        failed_step=end.failed_step,
        resent=end.sent_again,
        place=None if end.status in DONE else work.row.place,
    )


def from_error(work: Work, error: AlianzaError) -> ItemResult:
    """Return the result of a row whose turn ended in one of our errors."""
    status: Status
    match error:
        case UnknownOutcomeError():
            status = "unknown"
        case InvalidInputError() if not work.maybe_sent:
            status = "invalid"  # such as an id that cannot stand in a path
        case _ if ends_the_job(error):
            if work.run is not None and work.run.is_begun:
                return from_steps(work, work.run.left()._replace(error=error))
            status = "unknown" if may_be_lost(work) else "skipped"
        case CallError() if may_be_lost(work) and not work.maybe_sent:
            # The look-up that was to find out could not: it is as unknown as before.
            status = "unknown"
        case _:
            status = "failed"
    return ItemResult(
        work.row.number,
        work.key,
        status,
        error=error,
        attempts=work.attempts,
        request_id=error.request_id if isinstance(error, CallError) else None,
        elapsed=time.monotonic() - work.began,
        place=work.row.place,
    )


def from_surprise(work: Work, error: Exception) -> ItemResult:
    """Return the result of a row that met an unexpected error."""
    number = work.row.number
    shown = AlianzaError(f"{work.row.place} met an unexpected {type(error).__name__}; please report it")
    shown.__cause__ = error
    return ItemResult(
        number,
        work.key,
        "unknown" if work.maybe_sent or may_be_lost(work) else "failed",
        error=shown,
        attempts=work.attempts,
        request_id=work.request_id,
        elapsed=time.monotonic() - work.began,
        place=work.row.place,
    )


def not_sent(work: Work) -> ItemResult:
    """Return the result of a row that the job leaves: as this run, or an earlier one, left it."""
    row, state, run = work.row.number, work.state, work.run
    if run is not None and run.is_begun:
        end = run.left()
        said = _LOST if end.status == "unknown" else _HALF_SENT if run.has_made else _NO_CONNECTION
        return from_steps(work, end._replace(error=AlianzaError(said)))
    entry = None if state is None else state.entry
    lost = may_be_lost(work)
    if entry is None or not (lost or entry.status == "failed"):
        left = NOTHING if state is None else left_by(state.steps)
        return ItemResult(
            row,
            work.key,
            "skipped",
            error=AlianzaError(_HALF_SENT if left.objects else _NO_TURN),
            objects=left.objects,
            number_state=left.number_state,
            place=work.row.place,
        )
    error = AlianzaError(
        entry.error
        or "an earlier run sent it, and the job stopped before its turn; resume the job to look it up"
    )
    return ItemResult(
        row,
        work.key,
        "unknown" if lost else "failed",
        error=error,
        attempts=entry.attempts,
        request_id=entry.request_id,
        place=work.row.place,
    )


def may_be_lost(work: Work) -> bool:
    """Tell whether an earlier run may have sent a row without its outcome being known."""
    return work.unknown_before or (work.state is not None and work.state.entry.status in MAY_BE_LOST)
