"""The library's logger, and the fields that each of its records has."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from alianza_async.calls.call import Call

__all__ = ["fields_of", "logger"]

_FIELDS: Final = ("operation", "request_id", "attempt", "status", "elapsed_ms", "bound")

logger = logging.getLogger("alianza_async")


def fields_of(call: Call, *, status: int | None = None, elapsed: float | None = None) -> dict[str, object]:
    """Return what a record about a call says of it, for `extra=`.

    Args:
        call: The call.
        status: HTTP status of its latest answer, where there was one.
        elapsed: Seconds that the latest request took.
    """
    return {
        "operation": call.operation.operation_id,
        "request_id": call.request_id,
        "attempt": call.attempts,
        "status": status,
        "elapsed_ms": None if elapsed is None else round(elapsed * 1000, 1),
        "bound": dict(call.bound),
    }


def _with_every_field(record: logging.LogRecord) -> bool:
    """Give a record that is about no call the fields of one, as None: a format string may name them."""
    for name in _FIELDS:
        if not hasattr(record, name):
            setattr(record, name, None)
    return True


logger.addFilter(_with_every_field)
