"""An answer becomes a value, or an error of ours that says what the server said."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic import ValidationError

from alianza_async.calls.files import Download
from alianza_async.calls.frames import forget_variables
from alianza_async.calls.hidden import HiddenUrl
from alianza_async.calls.own_words import keys_of, own_values, without_values
from alianza_async.endpoints.large_bodies import AnswerLimits, PieceError, parse_large
from alianza_async.endpoints.matching import misfit, parent_of
from alianza_async.endpoints.other_hosts import redirected_call
from alianza_async.errors import (
    AnswerError,
    AuthenticationError,
    ConflictError,
    FieldError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    Refusal,
    RequestRejectedError,
    ResponseShapeError,
    ServerError,
)
from alianza_async.errors.bodies import body_text, one_line
from alianza_async.policies.own import chained

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.calls.call import Call, Reply
    from alianza_async.calls.carrier import Carrier
    from alianza_async.calls.redaction import Redactor
    from alianza_async.policies.base import Next, Policy

__all__ = ["Answers"]

_LIMITS = AnswerLimits()
_MOST_OF_A_REFUSAL = 64 * 1024
_JSON = (b"{", b"[")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_BY_STATUS: dict[int, type[AnswerError]] = {
    HTTPStatus.UNAUTHORIZED: AuthenticationError,
    HTTPStatus.FORBIDDEN: PermissionDeniedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.REQUEST_TIMEOUT: ServerError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitError,
}


class Answers:
    """Parses what succeeded and raises what did not.

    Args:
        carrier: Whose answers they are: how an error's body is read, and how long it asks to wait.
        redact: Takes secrets out of what the server says.
        around: What stands around the retries: fetching a file from another host passes that too.
        limits: What an answer may be parsed into.
    """

    def __init__(
        self,
        carrier: Carrier,
        redact: Redactor,
        *,
        around: Sequence[Policy] = (),
        limits: AnswerLimits = _LIMITS,
    ) -> None:
        self._limits = limits
        self._around = tuple(around)
        self._carrier = carrier
        self._redact = redact

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Pass the call on; return its reply with the parsed value, or raise.

        Raises:
            AnswerError: The status is not 2xx; the class says which kind.
            ResponseShapeError: The body is not what the operation answers, or a create was answered with
                another object than the one that was sent.
            ResponseTooLargeError: It would take too much memory once it is parsed.
        """
        reply = await next_(call)
        theirs = call.url is not None
        if call.wants_file and reply.status in _REDIRECTS and (place := reply.headers.get("location")):
            # The file lies on another host. One hop, without our token; any other redirect is refused below.
            place = HiddenUrl(place)  # its query may be a signature
            reply, theirs = await _hop(redirected_call(call, place), call, chained(self._around, next_)), True
        reply.attempts = call.attempts
        if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            if reply.file is not None:
                reply.value = Download(reply.file, reply.headers)
                return reply
            unreadable = None
            try:
                if self._limits.is_small(reply.body):
                    reply.value = call.parse(reply.body)
                else:
                    reply.value = await self._parse_large(call, reply)
                if call.key_value is not None:
                    _check_ours(call, call.key_value, reply)
            except (ValidationError, PieceError) as error:
                unreadable = self._unreadable(call, reply, error)
            except ResponseShapeError as error:
                self.attach(error, call, reply)
                raise
            if unreadable is not None:
                raise unreadable  # not from pydantic's error, whose frames hold the body
            return reply
        if theirs:
            # Somebody else's refusal may quote the address it was sent to, which is as good as a key.
            reply.body = b""
        raise self.refused(call, reply)

    def attach(self, error: ResponseShapeError, call: Call, reply: Reply[object]) -> None:
        """Let an error keep the answer that cannot be read, and the server's own id of it.

        Args:
            error: What is wrong with it.
            call: What was answered.
            reply: The answer.
        """
        details = self._carrier.decode_error(reply.status, reply.headers, b"")  # the id in its head, if any
        shown = self._for_support(call, reply)
        if reply.body.lstrip()[:1] in _JSON:
            shown = replace(shown, body="")  # a success is somebody's data, with addresses in it
        error.attach(shown, self._server_id(call, details.request_id))

    async def _parse_large(self, call: Call, reply: Reply[object]) -> object:
        handled = sys.exception()
        try:
            return await parse_large(call, reply, self._limits)
        except BaseException as error:
            forget_variables(error, handled)  # the body, and pieces of it
            raise

    def _unreadable(
        self, call: Call, reply: Reply[object], error: ValidationError | PieceError
    ) -> ResponseShapeError:
        """Return the error of a body that cannot be parsed, or of a piece of a list in it."""
        first = 0
        if isinstance(error, PieceError):
            first, error = error.first, error.error
        wrong = error.errors(include_url=False, include_context=False, include_input=False)[0]
        is_json = wrong["type"] != "json_invalid"
        index = next((at for at, part in enumerate(wrong["loc"]) if isinstance(part, int)), None)
        where = ".".join(
            str(part + first if at == index and isinstance(part, int) else part)
            for at, part in enumerate(wrong["loc"])
        )
        if not reply.body.strip():
            what = "an empty body, where the operation answers JSON"
        elif is_json and where:
            what = f"a body that cannot be read: {where}: {wrong['msg']}"
        else:
            what = "a body that cannot be read: it is not the JSON the operation answers"
        unreadable = ResponseShapeError(
            f"answered {reply.status} with {self._said(call)(what)}",
            context=call.context(),
            status=reply.status,
        )
        unreadable.malformed = not is_json
        self.attach(unreadable, call, reply)
        return unreadable

    def refused(self, call: Call, reply: Reply[object]) -> AnswerError:
        """Return the error of an answer that refused a call."""
        said = self._said(call)
        details = self._carrier.decode_error(reply.status, reply.headers, reply.body)
        kind = _BY_STATUS.get(reply.status) or (
            ServerError if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR else RequestRejectedError
        )
        error = kind(
            f"answered {reply.status}: {said(details.message)}",
            context=call.context(),
            status=reply.status,
            server_request_id=self._server_id(call, details.request_id),
            messages=[said(message) for message in details.messages],
            fields=[FieldError(said(item.field), said(item.message)) for item in details.field_errors],
            code=None if details.code is None else said(details.code),
            reply=self._for_support(call, reply),
        )
        if isinstance(error, (RateLimitError, ServerError)):
            now = time.time()
            error.retry_after = self._carrier.wait_asked_for(reply, now)
            if isinstance(error, RateLimitError) and error.retry_after is not None:
                error.retry_at = datetime.fromtimestamp(min(now + error.retry_after, _LAST_TIME), UTC)
        return error

    def _server_id(self, call: Call, told: str | None) -> str | None:
        """Return the server's own id of a request; some servers echo ours, which is not theirs."""
        return None if told is None or call.call_id in told else self._said(call)(told)

    def _for_support(self, call: Call, reply: Reply[object]) -> Refusal:
        """Return an answer as an error keeps it."""
        redact = self._redact
        # What a cut leaves of a secret is told by the mark at the end.
        text = body_text(reply.body[:_MOST_OF_A_REFUSAL], reply.headers.get("content-type", ""))
        if len(reply.body) > _MOST_OF_A_REFUSAL:
            text = text.rstrip("\ufffd") + "…"
        headers = {name: redact.header(name, value) for name, value in reply.headers.items()}
        return Refusal(
            reply.status,
            headers,
            redact(without_values(text, own_values(call), keys_of(call))),
            len(reply.body),
        )

    def _said(self, call: Call) -> Callable[[str], str]:
        """Return what makes one line without secrets of what the server said, whoever decoded it."""
        own, keys, redact = own_values(call), keys_of(call), self._redact
        return lambda text: redact(without_values(one_line(text), own, keys))


def _check_ours(call: Call, sent: str, reply: Reply[object]) -> None:
    """Refuse an answer to a create that does not show the object that was sent: it counts as lost."""
    key = call.operation.key
    if key is None:
        return
    problem = misfit(reply.value, key.field, sent, parent_of(call), asked="was sent", body=reply.body)
    if problem is not None:
        raise ResponseShapeError(
            f"answered {reply.status} {problem}", context=call.context(), status=reply.status
        )


async def _hop(hop: Call, call: Call, next_: Next) -> Reply[object]:
    """Fetch a call's file from where its answer said; what that took is the call's."""
    try:
        return await next_(hop)
    finally:
        call.requests, call.attempts, call.spent = hop.requests, hop.attempts, hop.spent


_LAST_TIME = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
