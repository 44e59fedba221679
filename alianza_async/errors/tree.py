"""The exception tree, as it is drawn in the package's own docstring."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from alianza_async.errors.plain import plain
from alianza_async.errors.problems import ConnectionProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from alianza_async.errors.facts import Answer, CallContext, Difference, FieldError, JobComplaint, Refusal

__all__ = [
    "AlianzaError",
    "AlreadyExistsError",
    "AnswerError",
    "AuthenticationError",
    "CallError",
    "CallTimeoutError",
    "ClientError",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "ConnectionLostError",
    "DeadlineExceededError",
    "IncompleteListError",
    "InputChangedError",
    "InvalidInputError",
    "JobFailedError",
    "JournalError",
    "JournalLockedError",
    "NotFoundError",
    "OverloadedError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestRejectedError",
    "ResponseShapeError",
    "ResponseTooLargeError",
    "ResultFileError",
    "ServerError",
    "SessionStateError",
    "SourceError",
    "StepError",
    "TransportError",
    "UndoRefusedError",
    "UnknownOutcomeError",
]


class ClientError(Exception):
    """The root of every error of this library, whichever carrier a call went to; also called `AlianzaError`.

    Every error can be pickled, copied and deep-copied, as `multiprocessing` and Celery do. What belongs to
    one process stays behind: the look-up of `UnknownOutcomeError.resolve`.

    Attributes:
        carrier: Whose API the call went to, such as `alianza`; None where no call was made.
    """

    carrier: str | None = None

    def __str__(self) -> str:
        """Return the message, without what could steer a terminal or break a log line."""
        return plain(super().__str__())

    def __reduce__(self) -> tuple[object, ...]:
        """Return what another process, or a copy, makes this error of.

        Its class, its arguments, what it holds, and a copy of its cause, whose frames stay behind.
        """
        cause = copy(self.__cause__) if _is_portable(self.__cause__) else None
        return _revived, (type(self), self.args, self._state(), cause)

    def _state(self) -> dict[str, object]:
        """Return what it holds that another process can have."""
        return dict(self.__dict__)


AlianzaError = ClientError
"""The root of every error, by the name of the first carrier: `except AlianzaError` catches all of them."""


def _is_portable(cause: BaseException | None) -> bool:
    """Tell whether a cause can be had in another process: an error of ours, or of the standard library's."""
    ours = isinstance(cause, ClientError)
    return ours or (isinstance(cause, OSError) and type(cause).__module__ in _STANDARD)


_STANDARD = frozenset({"builtins", "socket", "ssl"})


def _revived(
    kind: type[ClientError], args: tuple[object, ...], state: dict[str, object], cause: BaseException | None
) -> ClientError:
    """Make an error again, without its `__init__`: what that was given is in its state."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    error.__cause__ = cause
    return error


class ConfigurationError(ClientError):
    """A setting is missing, wrong, or contradicts another one; nothing was sent."""


class SessionStateError(ConfigurationError):
    """The session is not open: a call was made outside its `async with` block."""


class InvalidInputError(ClientError):
    """What was given cannot be sent; nothing was sent.

    Attributes:
        fields: One entry a complaint.
    """

    def __init__(self, message: str, *, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)


class IncompleteListError(ClientError):
    """A list that pages could not be read whole, and `strict=True` asked for all of it.

    Attributes:
        read: Items that came.
        stated: How many the server said there are, in its last word; None where it did not say.
    """

    def __init__(self, message: str, *, read: int = 0, stated: int | None = None) -> None:
        super().__init__(message)
        self.read = read
        self.stated = stated


class SourceError(ClientError):
    """An input cannot be read at all: no such file, no header, a required column missing."""


class ResultFileError(ClientError):
    """The result file cannot be written; the sentence names its path."""


class JournalError(ClientError):
    """A job's journal cannot be written or read, or is not the one that is meant."""


class JournalLockedError(JournalError):
    """Another process works with the journal."""


class InputChangedError(JournalError):
    """The input is not the one the journal was begun with."""


class StepError(ClientError):
    """A step of a workflow could not be done.

    A step raises it to end its row as `failed`. Its text is kept in the journal as it stands: name fields,
    never their values.
    """


class UndoRefusedError(StepError):
    """What a row has made is not taken back: it was changed since, is in service, or nobody can tell."""


class CallError(ClientError):
    """A call that did not end well.

    Attributes:
        context: Operation, path template, our request id and the number of attempts.
        status: HTTP status of the answer, where there was one.
        server_request_id: The server's own id of the request, where it sends one.
    """

    _reply: Refusal | None = None

    def __init__(
        self,
        message: str,
        *,
        context: CallContext,
        status: int | None = None,
        server_request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.context = context
        self.status = status
        self.server_request_id = server_request_id

    @property
    def reply(self) -> Refusal | None:
        """What the server answered where that is the fault: to this call, or to what caused this error."""
        if self._reply is None and isinstance(self.__cause__, CallError):
            return self.__cause__.reply
        return self._reply

    @property
    def carrier(self) -> str | None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride] - read-only here
        """Whose API the call went to."""
        return self.context.carrier

    @property
    def operation_id(self) -> str:
        """The operation's id in the published description."""
        return self.context.operation_id

    @property
    def method(self) -> str:
        """HTTP method."""
        return self.context.method

    @property
    def path_template(self) -> str:
        """The path with its placeholders."""
        return self.context.path_template

    @property
    def request_id(self) -> str:
        """Our id of the request, as sent in `X-Request-ID`."""
        return self.context.request_id

    @property
    def attempts(self) -> int:
        """How many requests this call sent, look-ups not counted."""
        return self.context.attempts

    def __str__(self) -> str:
        """Return one sentence, then what support asks for."""
        ids = f"request {self.context.request_id}"
        if self.server_request_id:
            ids += f", server's {self.server_request_id}"
        if self.context.attempts > 1:
            ids += f", attempt {self.context.attempts}"
        return plain(f"{self.context.operation_id}: {self.message} ({ids})")


class DeadlineExceededError(CallError):
    """The call's deadline passed before it was answered, and it has changed nothing.

    A write that may have been carried out raises `UnknownOutcomeError` instead.

    Attributes:
        sent: Whether a request of it left; if so, it only reads.
    """

    sent: bool = False


class OverloadedError(CallError):
    """Too many calls wait already (`max_queue`); this one was not sent. Try again later."""


class AnswerError(CallError):
    """The server answered, and refused.

    Attributes:
        messages: The server's own complaints, with secrets taken out.
        fields: Complaints that name a field, under our name of it.
        code: The server's error code, where its body has one.
        reply: The whole refusal for the provider's support: status, headers and body, secrets masked.
    """

    def __init__(
        self,
        message: str,
        *,
        context: CallContext,
        status: int | None = None,
        server_request_id: str | None = None,
        messages: Sequence[str] = (),
        fields: Sequence[FieldError] = (),
        code: str | None = None,
        reply: Refusal | None = None,
    ) -> None:
        super().__init__(message, context=context, status=status, server_request_id=server_request_id)
        self._reply = reply
        self.messages = tuple(messages)
        self.fields = tuple(fields)
        self.code = code


class RequestRejectedError(AnswerError):
    """400, 412, 422 or another 4xx: the request as it is will never be accepted."""


class AuthenticationError(AnswerError):
    """401 after a fresh login, or the login itself was refused.

    Attributes:
        login_refused: True where the login was refused: calls fail until the next login is made, see
            `session.login_state`, or until the session has other credentials.
    """

    login_refused: bool = False


class PermissionDeniedError(AnswerError):
    """403: the login may not do this."""


class NotFoundError(AnswerError):
    """404: no such object."""


class ConflictError(AnswerError):
    """409, or the object exists already and differs from what was to be created.

    Attributes:
        existing: The answer that shows the existing object, where a look-up found it.
        differences: The fields that differ, where a look-up found the object.
        existing_id: The existing object's id, where it is known; may be set by code that finds the object by
            other means than a look-up by key.
    """

    existing: Answer | None = None
    differences: tuple[Difference, ...] = ()
    _existing_id: str | None = None

    @property
    def existing_id(self) -> str | None:
        """The existing object's id, where it is known."""
        if self._existing_id is None and self.existing is not None:
            return self.existing.object_id
        return self._existing_id

    @existing_id.setter
    def existing_id(self, object_id: str | None) -> None:
        self._existing_id = object_id


class AlreadyExistsError(ConflictError):
    """The object exists already, equal in every field that was sent, and not by an attempt of this call."""


class RateLimitError(AnswerError):
    """429, and the server asks for a longer wait than is allowed.

    Attributes:
        retry_at: When the server says it will listen again (UTC), or None where it did not say.
        retry_after: The same in seconds, as told.
    """

    retry_at: datetime | None = None
    retry_after: float | None = None


class ServerError(AnswerError):
    """408 or 5xx: the server, or a proxy before it, failed."""

    retry_after: float | None = None


class TransportError(CallError):
    """There was no whole answer."""


class ConnectionFailedError(TransportError):
    """No connection was made, so the request was never sent.

    Its cause is the operating system's or OpenSSL's own error, an `OSError` without traceback.

    Attributes:
        problem: Why not.
    """

    def __init__(
        self,
        message: str,
        *,
        context: CallContext,
        status: int | None = None,
        server_request_id: str | None = None,
        problem: ConnectionProblem = ConnectionProblem.OTHER,
    ) -> None:
        super().__init__(message, context=context, status=status, server_request_id=server_request_id)
        self.problem = problem


class ConnectionLostError(TransportError):
    """The connection broke after the request may have been sent; it may have been carried out."""


class CallTimeoutError(TransportError):
    """No answer in time; the request may have been carried out."""


class ResponseShapeError(CallError):
    """An answer that cannot be read as what the operation answers.

    Attributes:
        malformed: True where the body is not even JSON: it was cut off, or is somebody else's.
        reply: The answer for the provider's support: status, headers and body, secrets masked; None where
            there is none to show.
    """

    malformed: bool = False

    def attach(self, reply: Refusal, server_request_id: str | None) -> None:
        """Keep the answer that cannot be read, where none is kept yet.

        Args:
            reply: The answer, secrets masked.
            server_request_id: The server's own id of the request; None where it sends none.
        """
        if self._reply is None:
            self._reply, self.status, self.server_request_id = reply, reply.status, server_request_id


class ResponseTooLargeError(ResponseShapeError):
    """The decoded body is larger than the cap (`max_body_bytes`, or `max_download_bytes` for a file).

    Or it holds a list of more than `max_list_items` items, or would take more than `max_parsed_bytes` of
    memory once it is parsed.
    """


class JobFailedError(CallError):
    """A job that the server carried out in its own time has failed.

    Attributes:
        job_id: Its id.
        errors: What it found wrong with its input, row by row.
    """

    def __init__(
        self, message: str, *, context: CallContext, job_id: str, errors: Sequence[JobComplaint] = ()
    ) -> None:
        super().__init__(message, context=context)
        self.job_id = job_id
        self.errors = tuple(errors)


class UnknownOutcomeError(CallError):
    """The request may have been carried out, and what followed could not tell.

    Look before you send it again: `await error.resolve()`.
    """

    def __init__(
        self,
        message: str,
        *,
        context: CallContext,
        status: int | None = None,
        resolver: Callable[[], Awaitable[Answer | None]] | None = None,
    ) -> None:
        super().__init__(message, context=context, status=status)
        self._resolver = resolver

    def _state(self) -> dict[str, object]:
        """Return what it holds, without the look-up: it needs the session of this process."""
        return {**self.__dict__, "_resolver": None}

    @property
    def resolvable(self) -> bool:
        """Whether the operation has a natural key by which the outcome can be looked up."""
        return self._resolver is not None

    async def resolve(self) -> Answer | None:
        """Look the object up by its natural key.

        Returns:
            The answer that holds the object, or None where it does not exist.

        Raises:
            UnknownOutcomeError: The operation has no key to look up, or more than one object has it.
            CallError: The look-up itself failed.
        """
        if self._resolver is None:
            raise self
        return await self._resolver()
