"""What a handler gives back: a status, a body, and the error body the API answers with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Pure ASCII: a lone surrogate from a hostile body still has an answer.
_encode = json.JSONEncoder(separators=(",", ":")).encode

JSON_TYPE: Final = b"application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, ready to send.

    Attributes:
        status: HTTP status.
        body: Encoded body; empty = no body at all.
        content_type: Value of `Content-Type`, sent only with a body.
        headers: Further headers.
    """

    status: int
    body: bytes = b""
    content_type: bytes = JSON_TYPE
    headers: tuple[tuple[bytes, bytes], ...] = ()


def ok(value: object) -> Answer:
    """Answer 200 with a JSON value."""
    return Answer(200, encode(value))


def encode(value: object) -> bytes:
    """Write a value as compact JSON."""
    return _encode(value).encode("ascii")


@dataclass(slots=True)
class ApiError(Exception):
    """An error a handler raises and the app answers as a `PublicApiException` body.

    Attributes:
        status: HTTP status.
        messages: What is wrong, one sentence each.
        data: Further facts, by name.
        headers: Further headers of the answer.
    """

    status: int
    messages: tuple[str, ...]
    data: dict[str, object] = field(default_factory=dict[str, object])
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def answer(self) -> Answer:
        """Put the error into the API's own body."""
        return Answer(self.status, error_body(self.status, self.messages, self.data), headers=self.headers)


def error_body(status: int, messages: Iterable[str], data: Mapping[str, object] | None = None) -> bytes:
    """Write a `PublicApiException` body: `{status, messages[], data}`."""
    return encode({"status": status, "messages": list(messages), "data": dict(data or {})})
