"""What carries requests: one over httpx, one over aiohttp, and the protocol for one of your own.

httpx and aiohttp are imported here alone, and none of their types leaves. The modules below are for the
library itself: import from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.transports.base import (
        Transport as Transport,
    )
    from alianza_async.transports.choice import (
        TransportName as TransportName,
    )
    from alianza_async.transports.httpx import (
        HttpxTransport as HttpxTransport,
        InProcessTransport as InProcessTransport,
    )

if not TYPE_CHECKING:  # checkers read the list above; a test holds the two equal
    from alianza_async._names import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "base": "Transport",
            "choice": "TransportName",
            "httpx": "HttpxTransport InProcessTransport",
        },
    )
