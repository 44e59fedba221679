"""Asyncio-native client for the Alianza cloud voice API that creates nothing twice.

```python
from alianza_async import Session

async with Session.from_env() as session:
    account = await session.accounts.get_by_number("ACME-1")
```

Names are loaded when first touched: importing the package loads no model.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as `typing` has it, whose import takes longer than everything here

if TYPE_CHECKING:
    from alianza_async.bulk import (
        Bulk as Bulk,
        BulkJob as BulkJob,
        BulkStoppedError as BulkStoppedError,
        FailureBudgetError as FailureBudgetError,
        Item as Item,
        ItemResult as ItemResult,
        JobOptions as JobOptions,
        JournalReader as JournalReader,
        Made as Made,
        Report as Report,
        Workflow as Workflow,
        step as step,
    )
    from alianza_async.calls import (
        Download as Download,
        NaturalKey as NaturalKey,
        Operation as Operation,
        OperationClass as OperationClass,
        Reply as Reply,
        Upload as Upload,
        bound as bound,
    )
    from alianza_async.endpoints import (
        Ensured as Ensured,
    )
    from alianza_async.errors import (
        AlianzaError as AlianzaError,
        AlreadyExistsError as AlreadyExistsError,
        AnswerError as AnswerError,
        AuthenticationError as AuthenticationError,
        CallError as CallError,
        CallTimeoutError as CallTimeoutError,
        ClientError as ClientError,
        ConfigurationError as ConfigurationError,
        ConflictError as ConflictError,
        ConnectionFailedError as ConnectionFailedError,
        ConnectionLostError as ConnectionLostError,
        DeadlineExceededError as DeadlineExceededError,
        Difference as Difference,
        FieldError as FieldError,
        IncompleteListError as IncompleteListError,
        InputChangedError as InputChangedError,
        InvalidInputError as InvalidInputError,
        JobComplaint as JobComplaint,
        JobFailedError as JobFailedError,
        JournalError as JournalError,
        JournalLockedError as JournalLockedError,
        NotFoundError as NotFoundError,
        OverloadedError as OverloadedError,
        PermissionDeniedError as PermissionDeniedError,
        RateLimitError as RateLimitError,
        RequestRejectedError as RequestRejectedError,
        ResponseShapeError as ResponseShapeError,
        ResponseTooLargeError as ResponseTooLargeError,
        ResultFileError as ResultFileError,
        ServerError as ServerError,
        SessionStateError as SessionStateError,
        SourceError as SourceError,
        StepError as StepError,
        TransportError as TransportError,
        UndoRefusedError as UndoRefusedError,
        UnknownOutcomeError as UnknownOutcomeError,
    )
    from alianza_async.models.accounts import (
        Account as Account,
        AccountCreate as AccountCreate,
        AccountSummary as AccountSummary,
    )
    from alianza_async.models.authorize import (
        LoginInfo as LoginInfo,
    )
    from alianza_async.models.users import (
        User as User,
        UserCreate as UserCreate,
    )
    from alianza_async.policies import (
        LimitPolicy as LimitPolicy,
        RetryPolicy as RetryPolicy,
        TokenPolicy as TokenPolicy,
        per_attempt as per_attempt,
        per_call as per_call,
    )
    from alianza_async.session import (
        Session as Session,
    )
    from alianza_async.settings import (
        Credentials as Credentials,
        Environment as Environment,
        Settings as Settings,
    )
    from alianza_async.transports import (
        HttpxTransport as HttpxTransport,
        InProcessTransport as InProcessTransport,
        Transport as Transport,
    )
    from alianza_async.version import (
        __version__ as __version__,
    )

if not TYPE_CHECKING:  # checkers read the list above; a test holds the two equal
    from alianza_async._names import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "bulk": """
                Bulk BulkJob BulkStoppedError FailureBudgetError Item ItemResult JobOptions
                JournalReader Made Report Workflow step
            """,
            "calls": "Download NaturalKey Operation OperationClass Reply Upload bound",
            "endpoints": "Ensured",
            "errors": """
                AlianzaError AlreadyExistsError AnswerError AuthenticationError CallError
                CallTimeoutError ClientError ConfigurationError ConflictError
                ConnectionFailedError ConnectionLostError DeadlineExceededError Difference FieldError
                IncompleteListError InputChangedError InvalidInputError JobComplaint JobFailedError
                JournalError JournalLockedError NotFoundError OverloadedError PermissionDeniedError
                RateLimitError
                RequestRejectedError ResponseShapeError ResponseTooLargeError ResultFileError
                ServerError SessionStateError SourceError StepError TransportError
                UndoRefusedError UnknownOutcomeError
            """,
            "models.accounts": "Account AccountCreate AccountSummary",
            "models.authorize": "LoginInfo",
            "models.users": "User UserCreate",
            "policies": "LimitPolicy RetryPolicy TokenPolicy per_attempt per_call",
            "session": "Session",
            "settings": "Credentials Environment Settings",
            "transports": "HttpxTransport InProcessTransport Transport",
            "version": "__version__",
        },
    )
