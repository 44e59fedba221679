"""A transport that answers from a script, and what its answers are made of."""

from __future__ import annotations

import inspect
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alianza_async.calls.call import Call, Reply
from alianza_async.errors import CallTimeoutError, ConnectionFailedError, ConnectionLostError, TransportError
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.session import Session

if TYPE_CHECKING:
    from typing import Unpack

    from tests.session_options import SessionOptions

Step = Callable[[Call], "Reply[object] | Awaitable[Reply[object]]"]
"""What happens to one request: an answer, now or later, or an error it raises."""

Answer = Callable[[Call], "Reply[object]"]
"""A step that does not wait."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as the transport got it.

    Attributes:
        method: HTTP verb.
        target: Path and query on the wire.
        body: The body's bytes, or None.
        headers: Header fields.
        timeout: Seconds it was given.
    """

    method: str
    target: str
    body: bytes | None
    headers: dict[str, str] = field(repr=False)
    timeout: float

    @property
    def line(self) -> str:
        """Verb and path, without the query."""
        return f"{self.method} {self.target.partition('?')[0]}"


class ScriptedTransport:
    """Answers each request with the next step of its script, and records it.

    Args:
        *script: What happens, request by request; a request beyond its end is an error of the test.
        otherwise: What happens once the script is at its end, instead of that error.
        capacity: How many requests may be under way at once.
    """

    def __init__(self, *script: Step, otherwise: Step | None = None, capacity: int = 100) -> None:
        self._script = deque(script)
        self._otherwise = otherwise
        self._capacity = capacity
        self.sent: list[Sent] = []
        self.closed = False

    @property
    def capacity(self) -> int:
        """How many requests may be under way at once."""
        return self._capacity

    @property
    def lines(self) -> list[str]:
        """Verb and path of every request, in order."""
        return [sent.line for sent in self.sent]

    @property
    def left(self) -> int:
        """How many steps were not needed."""
        return len(self._script)

    async def send(self, call: Call, headers: dict[str, str], timeout: float) -> Reply[object]:  # noqa: ASYNC109
        """Record the request and do the next step."""
        self.sent.append(Sent(call.operation.method, call.target, call.body, dict(headers), timeout))
        step = self._script.popleft() if self._script else self._otherwise
        assert step is not None, f"the script is at its end, and here comes {self.sent[-1].line}"
        reply = step(call)
        return await reply if inspect.isawaitable(reply) else reply

    async def aclose(self) -> None:
        """Take note of it."""
        self.closed = True


def answer(status: int = 200, body: object = b"", headers: dict[str, str] | None = None) -> Answer:
    """Answer with a status and a body: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def step(call: Call) -> Reply[object]:
        return Reply(status, headers or {}, raw, elapsed=0.001, request_id=call.request_id, value=None)

    return step


def refusal(status: int, *messages: str, headers: dict[str, str] | None = None) -> Answer:
    """Answer with the API's usual error body."""
    return answer(status, {"status": status, "messages": list(messages), "data": {}}, headers)


def token(text: str = "token-1", **facts: object) -> Answer:
    """Answer a login."""
    return answer(200, {"authToken": text, "partitionId": "part", "expiresIn": 3600, **facts})


def _failing(kind: type[TransportError], message: str) -> Answer:
    def step(call: Call) -> Reply[object]:
        raise kind(message, context=call.context())

    return step


never_connected = _failing(ConnectionFailedError, "could not connect (ConnectError)")
lost = _failing(ConnectionLostError, "the connection broke (ReadError)")
timed_out = _failing(CallTimeoutError, "no whole answer within 30 s")


def scripted(transport: ScriptedTransport, **options: Unpack[SessionOptions]) -> Session:
    """Return a session on a script: with a token and a partition, so that no login comes in between."""
    given: SessionOptions = {
        "auth_token": "token-0",
        "partition_id": "part",
        "retry": RetryPolicy(wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0),
        "limit": LimitPolicy(rate=100_000),
        **options,
    }
    if given.get("credentials") is not None and "auth_token" not in options:
        del given["auth_token"]
    return Session(base_url="http://localhost", transport=transport, **given)
