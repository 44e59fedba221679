"""The facts that errors carry: which field, which row, which call."""

from __future__ import annotations

from dataclasses import dataclass, field as field_of
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "CallContext", "Difference", "FieldError", "JobComplaint", "Refusal"]


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field.

    Attributes:
        field: Our name of the field (`account_number`), or `""` where the complaint names none.
        message: What is wrong with it.
    """

    field: str
    message: str

    def __str__(self) -> str:
        """Return `field: message`."""
        return f"{self.field}: {self.message}" if self.field else self.message


@dataclass(frozen=True, slots=True)
class JobComplaint:
    """What a job found wrong with its input; what stood there is not repeated.

    Attributes:
        message: What is wrong.
        line: The line of the input, as the server counts them; None where it names none.
        column: The column's name, as in the input; None where it names none.
    """

    message: str
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        """Return `line 3, column Status: message`, as far as it is known."""
        where = [f"line {self.line}"] if self.line is not None else []
        if self.column:
            where.append(f"column {self.column}")
        return f"{', '.join(where)}: {self.message}" if where else self.message


@dataclass(frozen=True, slots=True)
class CallContext:
    """Which call an error belongs to; what support asks for.

    Attributes:
        operation_id: The operation's id in the published description, or `METHOD path` for a raw call.
        method: HTTP method.
        path_template: Path with its placeholders, never with ids filled in.
        request_id: Our id of the request that failed: the call's sortable id and the attempt's number.
        attempts: How many requests this call has sent so far, look-ups not counted.
        carrier: Whose API the call goes to.
        bound: The caller's context: what `session.bind(...)` or `bound(...)` gave it.
    """

    operation_id: str
    method: str
    path_template: str
    request_id: str
    attempts: int
    carrier: str | None = None
    bound: Mapping[str, str] = field_of(default_factory=dict[str, str], repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that refused a call, or cannot be read, with secrets masked: for the provider's support.

    Its repr shows neither headers nor body: a server may repeat what it was sent.

    Attributes:
        status: HTTP status.
        headers: Header fields, names in lower case; cookies, tokens and the queries of URLs masked.
        body: The body as text, secrets masked; at most 64 KiB of it, where it is longer with a final `…`.
        size: Bytes of the whole body.
    """

    status: int
    headers: Mapping[str, str] = field_of(repr=False)
    body: str = field_of(repr=False)
    size: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs.

    Attributes:
        field: Our name of it; a nested one as `call_screening_settings.forward_tn`.
        sent: What was to be created. Kept out of the repr: it may be somebody's address.
        found: What is there.
    """

    field: str
    sent: object = field_of(repr=False)
    found: object = field_of(repr=False)


class Answer(Protocol):
    """What an error holds of a server's answer; `Reply` is one."""

    @property
    def status(self) -> int:
        """HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Header fields, names in lower case."""
        ...

    @property
    def body(self) -> bytes:
        """The body's bytes."""
        ...

    @property
    def value(self) -> object:
        """The parsed answer."""
        ...

    @property
    def object_id(self) -> str | None:
        """The id of the object that was answered, where it has one."""
        ...
