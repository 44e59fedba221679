"""What travels through the request pipeline, whatever the API.

The modules below are for the library itself: import from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.calls.call import (
        Call as Call,
        CallFacts as CallFacts,
        Found as Found,
        NaturalKey as NaturalKey,
        Operation as Operation,
        OperationClass as OperationClass,
        Reply as Reply,
        Sender as Sender,
    )
    from alianza_async.calls.carrier import (
        Carrier as Carrier,
        ErrorDetails as ErrorDetails,
        decode_error as decode_error,
        parse_retry_after as parse_retry_after,
    )
    from alianza_async.calls.events import (
        Answered as Answered,
        AttemptSent as AttemptSent,
        CallEnded as CallEnded,
        CallStarted as CallStarted,
        Event as Event,
        JobEnded as JobEnded,
        JobPaused as JobPaused,
        JobStarted as JobStarted,
        LoggedIn as LoggedIn,
        LookedUp as LookedUp,
        OnEvent as OnEvent,
        OutageChanged as OutageChanged,
        RetryPlanned as RetryPlanned,
        RowEnded as RowEnded,
        Throttled as Throttled,
        bound as bound,
        current_context as current_context,
    )
    from alianza_async.calls.failures import (
        Failure as Failure,
        classify as classify,
    )
    from alianza_async.calls.files import (
        Download as Download,
        Part as Part,
        Upload as Upload,
    )
    from alianza_async.calls.options import (
        CallOptions as CallOptions,
        TrafficClass as TrafficClass,
    )

if not TYPE_CHECKING:  # checkers read the list above; a test holds the two equal
    from alianza_async._names import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "call": "Call CallFacts Found NaturalKey Operation OperationClass Reply Sender",
            "carrier": "Carrier ErrorDetails decode_error parse_retry_after",
            "events": """
                Answered AttemptSent CallEnded CallStarted Event JobEnded JobPaused JobStarted
                LoggedIn LookedUp OnEvent OutageChanged RetryPlanned RowEnded Throttled bound
                current_context
            """,
            "failures": "Failure classify",
            "files": "Download Part Upload",
            "options": "CallOptions TrafficClass",
        },
    )
