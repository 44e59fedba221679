"""What happened to an attempt, as far as sending it again is concerned: the rows of the retry table."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from alianza_async.errors import (
    AuthenticationError,
    CallError,
    CallTimeoutError,
    ConnectionFailedError,
    ConnectionLostError,
    NotFoundError,
    RateLimitError,
    ResponseShapeError,
    ServerError,
)

__all__ = ["Failure", "classify"]


class Failure(Enum):
    """What happened to an attempt, as far as sending it again is concerned."""

    NOT_SENT = auto()
    """Never connected, for a reason that may pass."""
    THROTTLED = auto()
    """429."""
    LOST = auto()
    """408 or any 5xx (proxies have codes of their own), a reset, no answer in time, a cut body, a 2xx that is
    not even JSON."""
    MISREAD = auto()
    """A 2xx whose JSON is not what the operation answers: it was carried out."""
    REJECTED = auto()
    """400, 409, 422."""
    GONE = auto()
    """404."""
    FINAL = auto()
    """Everything else: 401 after fresh logins, 403, other 4xx, a redirect, a certificate that is refused."""


_REJECTED_STATUSES: Final = frozenset({400, 409, 422})


def classify(error: CallError) -> Failure:  # noqa: PLR0911  (a table: one return a row)
    """Return which row of the table an error belongs to."""
    match error:
        case ConnectionFailedError(problem=problem):
            return Failure.FINAL if problem.permanent else Failure.NOT_SENT
        case RateLimitError():
            return Failure.THROTTLED
        case ConnectionLostError() | CallTimeoutError() | ServerError():
            return Failure.LOST
        case ResponseShapeError(malformed=malformed):
            return Failure.LOST if malformed else Failure.MISREAD
        case AuthenticationError():
            return Failure.FINAL
        case NotFoundError():
            return Failure.GONE
        case CallError(status=status) if status in _REJECTED_STATUSES:
            return Failure.REJECTED
        case _:
            return Failure.FINAL
