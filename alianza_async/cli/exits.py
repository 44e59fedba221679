"""What the exit codes mean, and which error ends with which."""

from __future__ import annotations

from enum import IntEnum

from alianza_async.bulk.errors import BulkStoppedError, FailureBudgetError
from alianza_async.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidInputError,
    JournalError,
    ResultFileError,
    SourceError,
)

__all__ = ["Exit", "code_of", "interrupted"]


class Exit(IntEnum):
    """Exit codes of the command; an interrupted one ends with 128 + the signal, as shells expect."""

    DONE = 0
    NOT_DONE = 1
    USAGE = 2
    LOGIN_REFUSED = 3
    BUDGET = 4


def interrupted(signal_number: int) -> int:
    """Return the exit code of a command that a signal ended: 130 for SIGINT, 143 SIGTERM, 129 SIGHUP."""
    return 128 + signal_number


def code_of(error: BaseException) -> int:
    """Return the exit code that an error ends the command with."""
    match error:
        case FailureBudgetError():
            return Exit.BUDGET
        case BulkStoppedError(__cause__=BaseException() as cause):
            return code_of(cause)
        case AuthenticationError(login_refused=True):
            return Exit.LOGIN_REFUSED
        case ConfigurationError() | InvalidInputError():
            return Exit.USAGE
        case SourceError() | ResultFileError() | JournalError():
            return Exit.USAGE
        case _:
            return Exit.NOT_DONE
