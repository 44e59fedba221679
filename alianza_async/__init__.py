"""Asyncio-native client for the Alianza cloud voice API that creates nothing twice.

```python
from alianza_async import Session

async with Session.from_env() as session:
    account = await session.accounts.get_by_number("ACME-1")
```

Names are loaded when first touched: importing the package loads no model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.bulk import Bulk, BulkJob
    from alianza_async.bulk.engine.steps import Item, Made, step
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.errors import BulkStoppedError, FailureBudgetError
    from alianza_async.bulk.journal import JournalReader
    from alianza_async.bulk.options import JobOptions
    from alianza_async.bulk.report import ItemResult, Report
    from alianza_async.calls.call import NaturalKey, Operation, OperationClass, Reply
    from alianza_async.calls.events import bound
    from alianza_async.calls.files import Download, Upload
    from alianza_async.endpoints.ensure import Ensured
    from alianza_async.errors import (
        AlianzaError,
        AlreadyExistsError,
        AnswerError,
        AuthenticationError,
        CallError,
        CallTimeoutError,
        ClientError,
        ConfigurationError,
        ConflictError,
        ConnectionFailedError,
        ConnectionLostError,
        Difference,
        FieldError,
        InputChangedError,
        InvalidInputError,
        JobComplaint,
        JobFailedError,
        JournalError,
        JournalLockedError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        RequestRejectedError,
        ResponseShapeError,
        ResponseTooLargeError,
        ResultFileError,
        ServerError,
        SessionStateError,
        SourceError,
        StepError,
        TransportError,
        UndoRefusedError,
        UnknownOutcomeError,
    )
    from alianza_async.models.accounts import Account, AccountCreate, AccountSummary
    from alianza_async.models.authorize import LoginInfo
    from alianza_async.models.users import User, UserCreate
    from alianza_async.policies.own import per_attempt, per_call
    from alianza_async.policies.values import LimitPolicy, RetryPolicy, TokenPolicy
    from alianza_async.session import Session
    from alianza_async.settings import Credentials, Environment, Settings
    from alianza_async.transports.httpx import HttpxTransport, InProcessTransport, Transport
    from alianza_async.version import __version__

_HOMES = {
    "bulk": ("Bulk", "BulkJob"),
    "bulk.engine.steps": ("Item", "Made", "step"),
    "bulk.engine.workflow": ("Workflow",),
    "bulk.errors": ("BulkStoppedError", "FailureBudgetError"),
    "bulk.journal": ("JournalReader",),
    "bulk.options": ("JobOptions",),
    "bulk.report": ("ItemResult", "Report"),
    "calls.call": ("NaturalKey", "Operation", "OperationClass", "Reply"),
    "calls.events": ("bound",),
    "calls.files": ("Download", "Upload"),
    "endpoints.ensure": ("Ensured",),
    "errors": (
        "AlianzaError",
        "AlreadyExistsError",
        "AnswerError",
        "AuthenticationError",
        "CallError",
        "CallTimeoutError",
        "ClientError",
        "ConfigurationError",
        "ConflictError",
        "ConnectionFailedError",
        "ConnectionLostError",
        "Difference",
        "FieldError",
        "InputChangedError",
        "InvalidInputError",
        "JobComplaint",
        "JobFailedError",
        "JournalError",
        "JournalLockedError",
        "NotFoundError",
        "PermissionDeniedError",
        "RateLimitError",
        "RequestRejectedError",
        "ResponseShapeError",
        "ResponseTooLargeError",
        "ResultFileError",
        "ServerError",
        "SessionStateError",
        "SourceError",
        "StepError",
        "TransportError",
        "UndoRefusedError",
        "UnknownOutcomeError",
    ),
    "models.accounts": ("Account", "AccountCreate", "AccountSummary"),
    "models.authorize": ("LoginInfo",),
    "models.users": ("User", "UserCreate"),
    "session": ("Session",),
    "policies.own": ("per_attempt", "per_call"),
    "policies.values": ("LimitPolicy", "RetryPolicy", "TokenPolicy"),
    "settings": ("Credentials", "Environment", "Settings"),
    "transports.httpx": ("HttpxTransport", "InProcessTransport", "Transport"),
    "version": ("__version__",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Account",
    "AccountCreate",
    "AccountSummary",
    "AlianzaError",
    "AlreadyExistsError",
    "AnswerError",
    "AuthenticationError",
    "Bulk",
    "BulkJob",
    "BulkStoppedError",
    "CallError",
    "CallTimeoutError",
    "ClientError",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "ConnectionLostError",
    "Credentials",
    "Difference",
    "Download",
    "Ensured",
    "Environment",
    "FailureBudgetError",
    "FieldError",
    "HttpxTransport",
    "InProcessTransport",
    "InputChangedError",
    "InvalidInputError",
    "Item",
    "ItemResult",
    "JobComplaint",
    "JobFailedError",
    "JobOptions",
    "JournalError",
    "JournalLockedError",
    "JournalReader",
    "LimitPolicy",
    "LoginInfo",
    "Made",
    "NaturalKey",
    "NotFoundError",
    "Operation",
    "OperationClass",
    "PermissionDeniedError",
    "RateLimitError",
    "Reply",
    "Report",
    "RequestRejectedError",
    "ResponseShapeError",
    "ResponseTooLargeError",
    "ResultFileError",
    "RetryPolicy",
    "ServerError",
    "Session",
    "SessionStateError",
    "Settings",
    "SourceError",
    "StepError",
    "TokenPolicy",
    "Transport",
    "TransportError",
    "UndoRefusedError",
    "UnknownOutcomeError",
    "Upload",
    "User",
    "UserCreate",
    "Workflow",
    "__version__",
    "bound",
    "per_attempt",
    "per_call",
    "step",
]


def __getattr__(name: str) -> object:
    """Load a public name from where it lives (PEP 562)."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *_HOME_OF})
