"""What a row's status is when its turn ended in an error."""

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
    from alianza_async.bulk.work import Work

__all__ = ["ended_badly", "surprised"]


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
