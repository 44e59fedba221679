"""Faults on order: an answer that lies, a connection that breaks, a server that hangs."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, get_args

from alianza_async.sandbox.answers import Answer, error_body
from alianza_async.sandbox.sorts import has_sort

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive

FaultKind = Literal[
    "status_before",
    "status_after",
    "cut_before",
    "cut_after",
    "hang_before",
    "hang_after",
    "garbage_after",
    "html_after",
    "late",
    "foreign_before",
    "foreign_after",
    "empty_after",
    "another",
    "twice",
    "absent",
]
"""What goes wrong: before the request is carried out, or after it took effect."""

_KINDS: Final[frozenset[str]] = frozenset(get_args(FaultKind))
_LOOK_UP_LIES: Final = frozenset({"another", "twice", "absent"})
_FOREIGN: Final = frozenset({"foreign_before", "foreign_after"})
_LOGINS: Final = frozenset({"logUserIn", "changePassword", "logOut"})
_BAD_GATEWAY: Final = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


class ConnectionCutError(ConnectionResetError):
    """The sandbox dropped a connection on purpose; in process, it reaches the caller as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule of what goes wrong, and how often.

    Attributes:
        kind: `status_before` answers a status and does nothing; `status_after` does it, then answers the
            status; `cut_*` drops the connection amid the answer; `hang_*` never answers (it ends when the
            client leaves, when `delay_s` is over, or with the sandbox); `garbage_after` answers 200 with a
            body that is no JSON; `html_after` answers a gateway's 502 page; `late` carries it out and
            answers properly, but only after `delay_s`, whether or not the client still waits; `foreign_*`
            answers with another object of the same sort instead of the one asked for; `empty_after` answers
            204 without a body; `another`, `twice` and `absent` are lies of a look-up, of a GET alone.
        operation: The operation id it is for; `*` = every one.
        times: How often it strikes; None = always.
        probability: Chance that it strikes a request it is for.
        status: Status of the `status_*` kinds.
        headers: Further headers of the `status_*` kinds.
        body: Body of the `status_*` and `garbage_after` kinds; None = a fitting one.
        delay_s: Seconds before it strikes; for `hang_*` the longest wait, 0 = for ever.
    """

    kind: FaultKind
    operation: str = "*"
    times: int | None = 1
    probability: float = 1.0
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    delay_s: float = 0

    def __post_init__(self) -> None:
        """Refuse a kind nobody wrote.

        Raises:
            ValueError: The kind is unknown.
        """
        if self.kind not in _KINDS:
            raise ValueError(f"{self.kind} is not a kind of fault")

    @property
    def lies(self) -> bool:
        """Whether its answer is made from what the sandbox keeps: another object, two of them, none."""
        return self.kind in _LOOK_UP_LIES or self.kind in _FOREIGN

    def fits(self, operation: str, verb: str) -> bool:
        """Say whether it is for a request.

        Args:
            operation: Operation id of the request.
            verb: HTTP verb of the request; empty = not known.
        """
        if self.operation not in ("*", operation):
            return False
        if self.kind in _LOOK_UP_LIES:
            return verb == "GET"
        if self.operation == "*" and self.kind in _FOREIGN:
            return verb != "GET" and has_sort(operation)
        if self.operation == "*" and self.kind == "empty_after":
            return verb != "GET" and operation not in _LOGINS
        return True

    @property
    def hangs(self) -> bool:
        """Whether it leaves the client waiting."""
        return self.kind.startswith("hang")

    @property
    def drops(self) -> bool:
        """Whether it ends in a dropped connection."""
        return self.hangs or self.kind.startswith("cut")

    @property
    def prevents(self) -> bool:
        """Whether the request never takes effect."""
        return self.kind.endswith("_before")

    def answer(self) -> Answer:
        """Build the answer this fault gives instead of the true one."""
        if self.kind == "html_after":
            return Answer(502, _BAD_GATEWAY, b"text/html")
        if self.kind == "empty_after":
            return Answer(204)
        if self.kind == "garbage_after":
            return Answer(200, b'{"id": "tru' if self.body is None else self.body)
        body = error_body(self.status, ("Injected fault",)) if self.body is None else self.body
        headers = tuple(
            (name.encode("latin-1"), text.encode("latin-1")) for name, text in self.headers.items()
        )
        return Answer(self.status, body, headers=headers)


class FaultPlan:
    """Ordered faults; the first that fits a request and has strikes left is used up.

    Args:
        seed: Seed of the faults' chances.

    Attributes:
        struck: How often each kind has struck.
        held: How many requests hang now.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311  # chances, not secrets
        self._rules: list[tuple[Fault, list[int]]] = []
        self._released = asyncio.Event()
        self.struck: Counter[str] = Counter()
        self.held = 0

    def add(self, *faults: Fault) -> None:
        """Append faults to the plan."""
        self._rules.extend((fault, [0]) for fault in faults)

    def clear(self) -> None:
        """Forget all faults; requests that hang already go on hanging."""
        self._rules = []

    def release(self) -> None:
        """Drop the connections of all requests that hang now."""
        self._released.set()
        self._released = asyncio.Event()

    def take(self, operation: str, verb: str = "") -> Fault | None:
        """Answer the fault that strikes this request, if any, and count the strike."""
        for fault, strikes in self._rules:
            if not fault.fits(operation, verb):
                continue
            if fault.times is not None and strikes[0] >= fault.times:
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            strikes[0] += 1
            self.struck[fault.kind] += 1
            return fault
        return None

    async def hang(self, receive: Receive, delay_s: float) -> None:
        """Wait until the client leaves, the delay is over (0 = never) or `release` is called."""
        ends: set[asyncio.Task[object]] = {
            asyncio.create_task(_client_left(receive)),
            asyncio.create_task(_released(self._released)),
        }
        self.held += 1
        try:
            await asyncio.wait(ends, timeout=delay_s or None, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.held -= 1
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)


async def _released(event: asyncio.Event) -> object:
    """Wait for the hanging requests to be let go."""
    return await event.wait()


async def _client_left(receive: Receive) -> object:
    """Wait for the client's end of the connection to close."""
    message = await receive()
    while message["type"] != "http.disconnect":  # uvicorn wakes a reader for nothing now and then
        message = await receive()
    return message
