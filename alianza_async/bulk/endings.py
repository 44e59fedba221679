"""What the result of a row is: ended well or badly, or never sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from alianza_async.bulk.report import ItemResult
from alianza_async.errors import (
    AlianzaError,
    AuthenticationError,
    CallError,
    ConfigurationError,
    ConflictError,
    InvalidInputError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from alianza_async.bulk.report import Status
    from alianza_async.bulk.work import Ended, Work

__all__ = ["ended_badly", "ended_well", "not_sent", "surprised"]


def ended_well(work: Work, ended: Ended) -> ItemResult:
    """Return the result of a row that its kind has brought to an end."""
    return ItemResult(
        work.row.number,
        work.key,
        ended.status,
        id=ended.id,
        error=ended.error,
        attempts=work.before + work.attempts,
        request_id=work.request_id,
        elapsed=time.monotonic() - work.began,
        adopted=ended.adopted,
    )


def ended_badly(work: Work, error: AlianzaError) -> ItemResult:
    """Return the result of a row whose turn ended in one of our errors."""
    status: Status
    match error:
        case UnknownOutcomeError():
            status = "unknown"
        case InvalidInputError() if not work.maybe_sent:
            status = "invalid"  # such as an id that cannot stand in a path
        case AuthenticationError(login_refused=True) | ConfigurationError():
            status = "unknown" if work.maybe_sent or work.unknown_before or work.lost else "skipped"
        case CallError() if (work.unknown_before or work.lost) and not work.attempts:
            # The look-up that was to tell could not: it is as unknown as before.
            status = "unknown"
        case _:
            status = "failed"
    existing = error.existing if isinstance(error, ConflictError) else None
    return ItemResult(
        work.row.number,
        work.key,
        status,
        id=existing.object_id if existing else None,
        error=error,
        attempts=work.before + work.attempts,
        request_id=error.request_id if isinstance(error, CallError) else None,
        elapsed=time.monotonic() - work.began,
    )


def surprised(work: Work, error: Exception) -> ItemResult:
    """Return the result of a row that met an error nobody thought of."""
    number = work.row.number
    shown = AlianzaError(f"row {number} met an unexpected {type(error).__name__}; please report it")
    shown.__cause__ = error
    return ItemResult(
        number,
        work.key,
        "unknown" if work.attempts or work.lost else "failed",
        error=shown,
        attempts=work.before + work.attempts,
        request_id=work.request_id if work.attempts else None,
        elapsed=time.monotonic() - work.began,
    )


def not_sent(work: Work) -> ItemResult:
    """Return the result of a row whose turn never came: as earlier runs left it, where they sent it."""
    row, entry = work.row.number, work.entry
    if entry is None or not (work.lost or entry.status == "failed"):
        error = AlianzaError("not sent: the job stopped before its turn")
        return ItemResult(row, work.key, "skipped", error=error)
    error = AlianzaError(
        entry.error or "an earlier run sent it, and this one stopped before its turn; resume the job"
    )
    return ItemResult(
        row,
        work.key,
        "unknown" if work.lost else "failed",
        error=error,
        attempts=work.before,
        request_id=entry.request_id,
    )
