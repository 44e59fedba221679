"""Transports that need no network: what the library costs by itself is seen over these."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from alianza_async.calls.call import Reply
from benchmarks.rows import LOGIN, account_json

if TYPE_CHECKING:
    from alianza_async.calls.call import Call
    from alianza_async.transports.httpx import Transport

__all__ = ["RecordingTransport", "StubTransport"]

_NUMBER = b"BENCH-00000000"
_ACCOUNT = account_json(_NUMBER.decode())


class StubTransport:
    """Answers every create with the same account under the number that was sent; the cheapest there can be.

    Args:
        capacity: How many requests may be under way.
        latency: Seconds to an answer; 0 answers without giving way to another task.
    """

    def __init__(self, capacity: int = 120, *, latency: float = 0.0) -> None:
        self.capacity = capacity
        self.requests = 0
        self._latency = latency

    async def send(self, call: Call, headers: dict[str, str], timeout: float) -> Reply[object]:  # noqa: ARG002, ASYNC109
        """Answer."""
        self.requests += 1
        if self._latency:
            await asyncio.sleep(self._latency)
        body = LOGIN
        if call.operation.authenticated:
            body = _ACCOUNT.replace(_NUMBER, (call.key_value or "").encode())
        return Reply(200, {}, body, self._latency, call.request_id, None)

    async def aclose(self) -> None:
        """Close nothing."""


class RecordingTransport:
    """Notes when each request leaves, and sends it on.

    Args:
        inner: What carries it.

    Attributes:
        departures: `time.monotonic()` of each request but the login.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.departures: list[float] = []

    @property
    def capacity(self) -> int:
        """How many requests may be under way."""
        return self._inner.capacity

    async def send(self, call: Call, headers: dict[str, str], timeout: float) -> Reply[object]:  # noqa: ASYNC109
        """Note the moment and send."""
        if call.operation.authenticated:
            self.departures.append(time.monotonic())
        return await self._inner.send(call, headers, timeout)

    async def aclose(self) -> None:
        """Leave that to whoever owns the transport."""
