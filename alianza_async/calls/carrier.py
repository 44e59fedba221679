"""What tells one carrier's API from another's: a small value that the client is made with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alianza_async.calls.failures import Failure, classify
from alianza_async.calls.retry_after import parse_retry_after
from alianza_async.errors.bodies import ErrorDetails, decode_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alianza_async.calls.reply import Reply
    from alianza_async.errors import CallError

__all__ = ["Carrier", "ErrorDetails", "Failure", "classify", "decode_error", "parse_retry_after"]


def _wait_asked_for(reply: Reply[object], now: float) -> float | None:
    return parse_retry_after(reply.headers, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """What a carrier's API does in its own way; how to log in is an `AuthScheme`, the retry table is shared.

    Attributes:
        name: Its name: errors carry it.
        decode_error: Reads an error's status, headers (names in lower case) and body; never raises, whatever
            the bytes. The default finds messages, codes and fields in most JSON and in a gateway's HTML. What
            it reads is put into one line, cut, and rid of secrets afterwards.
        failure_of: Tells which row of the retry table an error belongs to.
        retry_after: Reads how many seconds a reply asks to wait, given the time in Unix seconds; None where
            it does not say. The default reads `Retry-After` and `X-RateLimit-Reset`.
        request_id_header: The header field our request id is sent in; None sends none.
        defaults: For each placeholder of a path that the client can fill in by itself, how a user gives it:
            `{"tenant_id": "give tenant_id or ACME_TENANT_ID"}`. Its value is given to the client,
            or comes with the login.
    """

    name: str
    decode_error: Callable[[int, Mapping[str, str], bytes], ErrorDetails] = decode_error
    failure_of: Callable[[CallError], Failure] = classify
    retry_after: Callable[[Reply[object], float], float | None] = _wait_asked_for
    request_id_header: str | None = "X-Request-ID"
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])

    def wait_asked_for(self, reply: Reply[object], now: float) -> float | None:
        """Return what `retry_after` reads, where a call can wait so long: a finite number, 0 or more."""
        wait = self.retry_after(reply, now)
        return wait if wait is not None and 0 <= wait < float("inf") else None
