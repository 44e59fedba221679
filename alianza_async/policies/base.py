"""What a policy is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from alianza_async.calls.call import Call, Reply
from alianza_async.errors import ResponseShapeError

__all__ = ["Attach", "Next", "Policy"]

Next = Callable[[Call], Awaitable[Reply[object]]]
"""The rest of the pipeline."""

Attach = Callable[[ResponseShapeError, Call, Reply[object]], None]
"""Lets an error keep the answer that cannot be read."""


class Policy(Protocol):
    """One stage of the pipeline: does its part and passes the call on, once, often or never."""

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Pass the call on and return its reply."""
        ...
