"""Every error this library raises, as one tree.

```
ClientError, also called AlianzaError
├── ConfigurationError            a setting is missing or contradicts another; nothing was sent
│   └── SessionStateError         a call outside `async with`, or after it
├── InvalidInputError             what you gave cannot be sent; names each field; nothing was sent
├── IncompleteListError           a list could not be read whole, and `strict=True` asked for that
├── SourceError                   an input file cannot be read at all
├── ResultFileError               the result file cannot be written
├── JournalError                  a job's journal cannot be written, read, or used for this
│   ├── JournalLockedError        another process has it
│   └── InputChangedError         the input is not the one the journal was begun with
├── StepError                     a step of a workflow could not be done; says which, and why
│   └── UndoRefusedError          what a row made is not taken back; says why
├── CallError                     a call was made and did not end well
│   ├── AnswerError               the server answered, and refused
│   │   ├── RequestRejectedError  400, 412, 422 and other 4xx
│   │   ├── AuthenticationError   401, or the login itself was refused
│   │   ├── PermissionDeniedError 403
│   │   ├── NotFoundError         404
│   │   ├── ConflictError         409, or the object exists and differs
│   │   │   └── AlreadyExistsError    it exists, equal in every field sent
│   │   ├── RateLimitError        429 for longer than we wait; `retry_at` says when
│   │   └── ServerError           408 and 5xx
│   ├── OverloadedError           too many calls wait already (`max_queue`); not sent
│   ├── DeadlineExceededError     its deadline passed, and it has changed nothing
│   ├── TransportError            there was no whole answer
│   │   ├── ConnectionFailedError     never connected, so never sent
│   │   ├── ConnectionLostError       reset or cut off; may have been carried out
│   │   └── CallTimeoutError          no answer in time; may have been carried out
│   ├── ResponseShapeError        an answer that cannot be read
│   │   └── ResponseTooLargeError     its body, a list in it or what it is parsed into is over the cap
│   ├── JobFailedError            work that was asked for failed; names line and column
│   └── UnknownOutcomeError       may have been carried out, and nobody can tell; `await error.resolve()`
└── BulkStoppedError              a bulk job stopped before its input ended; `report` says how far it got
    └── FailureBudgetError        too many rows failed
```

The last two live in `alianza_async.bulk.errors`, beside the report they carry; all are in `alianza_async`. No
message, attribute or repr of these holds a password, a token or a street address.
"""

from __future__ import annotations

from alianza_async.errors.facts import Answer, CallContext, Difference, FieldError, JobComplaint
from alianza_async.errors.tree import (
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
    DeadlineExceededError,
    IncompleteListError,
    InputChangedError,
    InvalidInputError,
    JobFailedError,
    JournalError,
    JournalLockedError,
    NotFoundError,
    OverloadedError,
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

__all__ = [
    "AlianzaError",
    "AlreadyExistsError",
    "Answer",
    "AnswerError",
    "AuthenticationError",
    "CallContext",
    "CallError",
    "CallTimeoutError",
    "ClientError",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "ConnectionLostError",
    "DeadlineExceededError",
    "Difference",
    "FieldError",
    "IncompleteListError",
    "InputChangedError",
    "InvalidInputError",
    "JobComplaint",
    "JobFailedError",
    "JournalError",
    "JournalLockedError",
    "NotFoundError",
    "OverloadedError",
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
]
