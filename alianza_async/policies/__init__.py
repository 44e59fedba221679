"""The policies that a call passes on its way out, one file each; `client/client.py` strings them together.

The modules below are for the library itself: import from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.policies.authentication import (
        AuthScheme as AuthScheme,
        Identity as Identity,
        LoginState as LoginState,
        Token as Token,
    )
    from alianza_async.policies.base import (
        Next as Next,
        Policy as Policy,
    )
    from alianza_async.policies.own import (
        OwnPolicy as OwnPolicy,
        per_attempt as per_attempt,
        per_call as per_call,
    )
    from alianza_async.policies.values import (
        LimitPolicy as LimitPolicy,
        RetryPolicy as RetryPolicy,
        TokenPolicy as TokenPolicy,
    )

if not TYPE_CHECKING:  # checkers read the list above; a test holds the two equal
    from alianza_async._names import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "authentication": "AuthScheme Identity LoginState Token",
            "base": "Next Policy",
            "own": "OwnPolicy per_attempt per_call",
            "values": "LimitPolicy RetryPolicy TokenPolicy",
        },
    )
