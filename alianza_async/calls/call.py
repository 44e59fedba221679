"""The values that travel through the request pipeline: an operation, and one call of it.

Nothing here knows httpx, and nothing here does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypedDict

from alianza_async.calls.identifiers import new_call_id
from alianza_async.calls.reply import Reply
from alianza_async.errors import CallContext

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from alianza_async.calls.carrier import Carrier
    from alianza_async.calls.files import Part, Upload
    from alianza_async.calls.options import Lane
    from alianza_async.errors import Difference

__all__ = ["Call", "CallFacts", "Found", "NaturalKey", "Operation", "OperationClass", "Reply", "Sender"]


class OperationClass(StrEnum):
    """What may be done with an operation whose answer was lost. The class decides, not the verb."""

    SAFE = "safe"
    """Changes nothing: may be sent as often as one likes (RFC 9110, section 9.2.1)."""
    IDEMPOTENT = "idempotent"
    """Sent twice, it leaves what sending it once leaves (RFC 9110, section 9.2.2)."""
    CREATE = "create"
    """Makes an object that has a natural key, so a lost answer is looked up before anything is sent again."""
    ACTION = "action"
    """Anything else: never sent again by itself once it may have arrived."""


@dataclass(frozen=True, slots=True)
class NaturalKey:
    """By what, and how, an object that a create makes is found again.

    Attributes:
        field: The key's name in the body, as on the wire (`accountNumber`).
        lookup_path: Path template of the operation that finds the object; `{key}` takes the key's value, the
            other placeholders those of the create.
        lookup_query: Query parameters of that operation; `{key}` as a value is the key's value.
        parent: The placeholder of the path that names the object's parent (`tenant_id`): an answer that
            names another parent is about another object. None where it has none.
        lookup_items: The field that holds the objects found, as on the wire (`data`), where the operation
            answers a list in an envelope; None where it answers an object or a bare list.
    """

    field: str
    lookup_path: str
    lookup_query: tuple[tuple[str, str], ...] = ()
    parent: str | None = None
    lookup_items: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API, as data.

    Attributes:
        operation_id: Its id in the published description.
        method: HTTP method.
        path: Path template with snake_case placeholders, from the end of the base URL on.
        operation_class: What may be sent again, see `OperationClass`.
        key: The natural key of a create.
        authenticated: False for the login and the like, and for other people's hosts: they get no token.
        deprecated: What to use instead, as one sentence, where the API has given the operation up.
        probe: Which call shows what became of an action whose answer was lost, such as `accounts.get_status`.
    """

    operation_id: str
    method: str
    path: str
    operation_class: OperationClass
    key: NaturalKey | None = None
    authenticated: bool = True
    deprecated: str | None = None
    probe: str | None = None

    def __post_init__(self) -> None:
        """Refuse a create without a key, and a key on anything else."""
        if (self.operation_class is OperationClass.CREATE) != (self.key is not None):
            raise ValueError(f"{self.operation_id}: a create has a natural key, and nothing else has one")


def _read_nothing(_body: bytes) -> None:
    """Parse an answer whose body has no meaning."""


class CallFacts(TypedDict):
    """What every event of a call holds; see `calls/events.py`."""

    carrier: str | None
    operation_id: str
    method: str
    path_template: str
    call_id: str
    bound: Mapping[str, str]


@dataclass(slots=True)
class Call:
    """One call of one operation on its way through the pipeline, with what has happened to it so far.

    Attributes:
        operation: What is called.
        target: Path and query as they go on the wire, ids quoted.
        path_values: What stands for each placeholder of the path, not quoted.
        body: The body's bytes, or None.
        content_type: Media type of the body.
        upload: A file that is the whole body, instead of `body`.
        parts: Parts of a multipart body, instead of `body`.
        headers: Header fields of the operation's own; a policy may add some.
        url: An absolute URL to send to instead of the API: a place for a file that the API named.
        wants_file: Whether a 2xx body is a file, to be put into the reply's `file`.
        key_value: The natural key's value, where the operation is a create.
        parse: Makes the operation's answer of a 2xx body; raises pydantic's `ValidationError`.
        call_id: Our sortable id of the call.
        requests: Requests sent so far, look-ups included: the suffix of the next request's id.
        attempts: Requests sent so far, look-ups not included.
        spent: Seconds spent with the server and backing off; what the call's time limit counts.
        maybe_sent: True once an attempt may have been carried out without our having its answer.
        carried_out: True once the server has answered one of its requests with success.
        losses: How often that was so: an answer that was lost, or could not be read.
        hand_back: Whether a create whose answer was lost is handed back (`Unsettled`) instead of waited for:
            its caller has other work to do until it can be looked up.
        before_attempt: Awaited before each attempt that will be sent, with the call itself: the first, and
            those after a 429, a connection that was never made, a look-up or a new login. What it raises ends
            the call unsent; let that be no `CallError` of this very operation. Look-ups made for the call do
            not pass it.
        sent_at: When its latest request left, in Unix seconds.
        generation: Which login's token the last attempt carried.
        generations_refused: How many tokens this call has had refused.
        carrier: Whose API it goes to; the client fills it in.
        bound: The caller's context; the client fills it in.
        lane: Which calls it gives way to; the client fills it in where that is not said.
        timeout: Seconds for one request to be answered; None for the client's own.
        ends_at: When its time is over, by the event loop's clock; None for never.
    """

    operation: Operation
    target: str
    path_values: Mapping[str, str]
    body: bytes | None = None
    content_type: str = "application/json"
    upload: Upload | None = None
    parts: tuple[Part, ...] = ()
    headers: MutableMapping[str, str] = field(default_factory=dict[str, str])
    url: str | None = None
    wants_file: bool = False
    key_value: str | None = None
    parse: Callable[[bytes], object] = _read_nothing
    call_id: str = field(default_factory=new_call_id)
    requests: int = 0
    attempts: int = 0
    spent: float = 0.0
    maybe_sent: bool = False
    carried_out: bool = False
    losses: int = 0
    hand_back: bool = False
    before_attempt: Callable[[Call], Awaitable[None]] | None = None
    sent_at: float | None = None
    generation: int = 0
    generations_refused: int = 0
    carrier: str | None = None
    bound: Mapping[str, str] = field(default_factory=dict[str, str])
    lane: Lane | None = None
    timeout: float | None = None
    ends_at: float | None = None

    @property
    def request_id(self) -> str:
        """The id of the latest request: the call's id and the request's number within it."""
        return f"{self.call_id}-{self.requests or 1}"

    @property
    def operation_class(self) -> OperationClass:
        """The operation's class; a create whose body has no key can be looked up by nothing: an action."""
        operation_class = self.operation.operation_class
        if operation_class is OperationClass.CREATE and self.key_value is None:
            return OperationClass.ACTION
        return operation_class

    @property
    def accept(self) -> str:
        """What the server may answer; some say true or false as plain text."""
        return "*/*" if self.wants_file else "application/json, */*;q=0.1"

    def context(self) -> CallContext:
        """Return what an error says of this call."""
        operation = self.operation
        return CallContext(
            operation.operation_id,
            operation.method,
            operation.path,
            self.request_id,
            self.attempts,
            self.carrier,
            dict(self.bound),
        )

    def facts(self) -> CallFacts:
        """Return what every event of it holds."""
        operation = self.operation
        return {
            "carrier": self.carrier,
            "operation_id": operation.operation_id,
            "method": operation.method,
            "path_template": operation.path,
            "call_id": self.call_id,
            "bound": self.bound,
        }

    def __repr__(self) -> str:
        """Return a text without ids, bodies and tokens."""
        return f"<Call {self.operation.method} {self.operation.path} {self.request_id}>"


@dataclass(frozen=True, slots=True)
class Found:
    """An object that has the key of the one to be created.

    Attributes:
        reply: The look-up's answer; its value is parsed as the create's would be.
        differences: Fields that are not as they were sent.
    """

    reply: Reply[object]
    differences: tuple[Difference, ...]


class Sender(Protocol):
    """What a declared operation needs of a client."""

    @property
    def carrier(self) -> Carrier:
        """Whose API it calls."""
        ...

    @property
    def base_url(self) -> str:
        """Where its calls go."""
        ...

    @property
    def deadline(self) -> float | None:
        """Seconds that each of its calls may take in all; None for no such limit."""
        ...

    async def send(self, call: Call) -> Reply[object]:
        """Send one call through the pipeline."""
        ...

    async def find(self, call: Call) -> Found | None:
        """Return the object that has the natural key of a create, or None."""
        ...

    def known_default(self, name: str, /) -> str | None:
        """Return the client's own value for a placeholder of a path, where it is known without a request."""
        ...

    async def default(self, name: str, /) -> str:
        """Return the client's own value for a placeholder; log in where that is needed to know it."""
        ...
