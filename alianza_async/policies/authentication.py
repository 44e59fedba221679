"""The login: one for everybody, renewed ahead of its end, replaced when a token is refused.

A login that is refused ends nothing: the old token serves until the server refuses it, and the login is made
again later, see `Refusals`.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
import time
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from alianza_async.calls.hidden import hidden
from alianza_async.calls.logs import logger
from alianza_async.errors import (
    AnswerError,
    AuthenticationError,
    CallError,
    ClientError,
    ConfigurationError,
    SessionStateError,
)
from alianza_async.errors.rewording import reworded
from alianza_async.policies.refusals import Refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alianza_async.calls.call import Call, Reply
    from alianza_async.policies.base import Next
    from alianza_async.policies.values import TokenPolicy

__all__ = [
    "AuthScheme",
    "Authenticate",
    "Authenticator",
    "Identity",
    "LoginState",
    "Token",
    "refused_login",
    "usable_token",
]

_UNAUTHORIZED = 401
_TOO_MANY_REQUESTS = 429
_RENEWAL_PAUSE = 30.0
_TOKEN = re.compile(r"[\x21-\x7e]+")
_REFUSED_LOGIN = frozenset({400, 401, 403, 404, 422})


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for.

    Attributes:
        info: What the carrier says of the login, in a model of its own.
        values: Placeholders of paths that it fills in, such as `tenant_id`.
    """

    info: object = None
    values: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Token:
    """What a login answers.

    Attributes:
        value: The token itself.
        expires_in: Seconds it lives; None where the server does not say.
        identity: Who it speaks for.
    """

    value: str = field(repr=False)
    expires_in: float | None = None
    identity: Identity = field(default_factory=Identity)

    def __post_init__(self) -> None:
        """Hide the value: it goes from variable to variable until it is in a request's head."""
        object.__setattr__(self, "value", hidden(self.value))


@dataclass(frozen=True, slots=True)
class LoginState:
    """How the login stands.

    Attributes:
        status: `logged_in`: there is a token that serves. `refused`: there is none, the latest login was
            refused, and calls fail at once until the next one is made; or the server refused a token that
            was given without credentials, and calls go on trying it. `logged_out`: there is none yet.
        renewing: Whether a login is under way.
        expires_in: Seconds until the token's end, as far as that is known; None where there is none.
        refusals: Refused logins in the last hour; five are the most.
        next_login_in: Seconds until a login may be made again; 0 where it may be made now.
        reason: Why the latest login, or the token given, was refused; None where it was not.
    """

    status: Literal["logged_out", "logged_in", "refused"]
    renewing: bool
    expires_in: float | None
    refusals: int
    next_login_in: float
    reason: str | None


class AuthScheme(Protocol):
    """How a carrier logs in, and how a request carries the token."""

    @property
    def can_log_in(self) -> bool:
        """Whether there are credentials for another token."""
        ...

    @property
    def credential(self) -> str | None:
        """What tells it from others, such as user name and password; None where there is none."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may repeat: the password, the client's secret."""
        ...

    @property
    def how_to_log_in(self) -> str:
        """What a user does to give credentials, as the end of a sentence: `set ACME_USERNAME and ...`."""
        ...

    async def log_in(self, send: Next, /) -> Token:
        """Log in; `send` is the pipeline without a token: paced, and sent again where that is safe."""
        ...

    async def identify(self, send: Next, /) -> Identity:
        """Ask who a token speaks for that was given instead of credentials; `send` carries it."""
        ...

    def stamp(self, token: str, headers: dict[str, str]) -> None:
        """Put a token on a request."""
        ...


class Authenticator:
    """Holds the token, and makes one login however many callers wait for it.

    The login runs in its own task, shielded from its waiters: cancelling one of them harms no other. Each
    login has a generation number, so that a 401 on an old token is told from one on the newest.

    Args:
        scheme: How to log in, and how a request carries the token.
        send: Sends the login's requests: the pipeline without a token.
        policy: When to renew, how often to try.
        token: A token already issued; it is generation 1.
        refusals: The refused logins of this password; without any, it begins with none.
        on_token: Given each new token's value before anything is sent with it.
        on_login: Given the error of each login that ended, or None.
        on_waiting: Given the login that calls cannot leave without.
        clock: Seconds, monotonic.

    Attributes:
        generation: How many tokens there were so far.
        identity: Who is logged in; None before that is known.
        token_refusal: Why the server refused a token that nothing can replace; None again once it serves.
    """

    def __init__(
        self,
        scheme: AuthScheme,
        send: Next,
        policy: TokenPolicy,
        *,
        token: str | None = None,
        refusals: Refusals | None = None,
        on_token: Callable[[str], object] | None = None,
        on_login: Callable[[BaseException | None], object] | None = None,
        on_waiting: Callable[[asyncio.Task[None]], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scheme = scheme
        self._send = send
        self._policy = policy
        self._refusals = refusals or Refusals(clock=clock)
        self._on_token = on_token
        self._on_login = on_login
        self._on_waiting = on_waiting
        self._clock = clock
        self._token: str | None = None if token is None else hidden(token)
        self._refused_by_server = False
        self._slides = False
        self._renew_at = float("inf")
        self._expires_at = float("inf")
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.generation = 1 if token else 0
        self.identity: Identity | None = None
        self.token_refusal: str | None = None

    @property
    def token(self) -> str | None:
        """The newest token; None before the first login."""
        return self._token

    @property
    def serves(self) -> bool:
        """Whether there is a token that the server has not refused."""
        return self._token is not None and not self._refused_by_server

    @property
    def can_log_in(self) -> bool:
        """Whether there are credentials for another token."""
        return self._scheme.can_log_in

    @property
    def how_to_log_in(self) -> str:
        """What a user does to give credentials."""
        return self._scheme.how_to_log_in

    @property
    def max_generations(self) -> int:
        """How many refused tokens one call survives."""
        return self._policy.generations

    @property
    def state(self) -> LoginState:
        """How the login stands."""
        refusals, serves = self._refusals, self.serves and self.token_refusal is None
        left = self._expires_at - self._clock()
        reason = self.token_refusal if refusals.latest is None else refusals.latest.message
        return LoginState(
            status="logged_in" if serves else "logged_out" if reason is None else "refused",
            renewing=self._task is not None,
            expires_in=max(0.0, left) if serves and left < float("inf") else None,
            refusals=refusals.count,
            next_login_in=refusals.wait,
            reason=reason,
        )

    def stamp(self, call: Call, headers: dict[str, str]) -> None:
        """Put the newest token on a request, at the last moment before it leaves."""
        if self._token is not None:
            self._scheme.stamp(self._token, headers)
            if self._slides:
                self._lives_for(self._policy.lifetime)
        call.generation = self.generation

    async def ready(self) -> None:
        """Return once there is a token to send; renew it in the background where its end is near.

        Raises:
            AuthenticationError: There is none: the login was refused, now or a while ago.
            CallError: The login could not be made.
        """
        now = self._clock()
        if not self.serves:
            await self.renew()
        elif now >= self._renew_at and not self._refusals.wait:
            if now >= self._expires_at:
                await self._renew_ended()
            elif self._task is None:
                self._renew_at = now + _RENEWAL_PAUSE
                self._start().add_done_callback(_report_renewal)

    async def _renew_ended(self) -> None:
        """Renew a token whose end is past by our clock; where that cannot be, it serves on.

        How long it lives is often but assumed; the server tells by a 401.
        """
        try:
            await self.renew()
        except CallError as error:
            if not self.serves:
                raise
            # The next try holds up nobody: it is made in the background.
            self._expires_at, self._renew_at = float("inf"), self._clock() + _RENEWAL_PAUSE
            logger.warning("the token could not be renewed, and serves until it is refused: %s", error)

    async def renew(self) -> None:
        """Wait for a new token; the login under way serves everybody who waits.

        Raises:
            AuthenticationError: The login was refused, now or a while ago.
            CallError: The login could not be made.
        """
        await self._wait_for_login()

    async def _wait_for_login(self, *, by_hand: bool = False) -> None:
        while True:
            if self._task is None and (refused := self._refusals.refused(by_hand=by_hand)):
                raise refused
            generation = self.generation
            if await self._was_made(self._task or self._start()) or self.generation > generation:
                return

    async def _was_made(self, task: asyncio.Task[None]) -> bool:
        """Wait for a login; returns whether it was made: False where other credentials took its place."""
        scheme = self._scheme
        if self._on_waiting is not None and not (self.serves and self._clock() < self._expires_at):
            self._on_waiting(task)
        try:
            await asyncio.shield(task)
        except ClientError as error:
            # Each waiter gets an error of its own: a shared one would gather everybody's tracebacks.
            mine = copy(error)
        except asyncio.CancelledError:
            waiter = asyncio.current_task()
            if not task.cancelled() or (waiter and waiter.cancelling()):
                raise
            if self._scheme is not scheme:
                return False
            # The login was ended, not this caller: nobody may take that for a cancellation of their own.
            raise SessionStateError(
                "the session was closed while it was logging in"
                if self._closed
                else "the task of the login was cancelled by the program; nothing was sent, call again"
            ) from None
        else:
            return True
        try:
            raise mine  # with the cause that it has: no `from`
        finally:
            del mine

    def refuse(self) -> None:
        """Note that the server refused the newest token: nothing is sent with it any more."""
        self._refused_by_server = True

    async def login(self) -> Identity:
        """Log in again, also right after a refusal; five of those in an hour are the most."""
        await self._wait_for_login(by_hand=True)
        assert self.identity is not None  # noqa: S101  (a login that raised nothing has set it)
        return self.identity

    def change(self, scheme: AuthScheme, refusals: Refusals) -> None:
        """Log in otherwise from now on; the token serves on until its end."""
        self._scheme, self._refusals = scheme, refusals
        if self.token_refusal is not None:  # what was refused waits for no other refusal
            self.token_refusal, self._refused_by_server = None, True
        if self._task is not None:  # who waits for it waits for the login of the new credentials instead
            self._task.cancel()
            self._task = None

    async def identify(self, send: Next) -> Identity:
        """Return who is logged in; ask where a token was given instead of credentials.

        Args:
            send: The pipeline with the token.
        """
        if self.identity is None:
            await self.ready()
        if self.identity is None:
            self.identity = await self._scheme.identify(send)
        return self.identity

    async def aclose(self) -> None:
        """End a login under way."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _start(self) -> asyncio.Task[None]:
        # An empty context: the login is made for everybody, whoever needs it first.
        task = asyncio.get_running_loop().create_task(
            self._run(), name="alianza_async login", context=contextvars.Context()
        )
        task.add_done_callback(self._done)
        self._task = task
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None
        if task.cancelled():
            return
        error = task.exception()  # each waiter has its own copy; where nobody waits it is logged
        if self._on_login is not None:
            self._on_login(error)

    async def _run(self) -> None:
        scheme, refusals = self._scheme, self._refusals
        if not scheme.can_log_in:
            raise ConfigurationError(f"there are no credentials to log in with; {scheme.how_to_log_in}")
        async with refusals.one_login():
            try:
                token = await scheme.log_in(self._send)
            except AuthenticationError as error:
                refused = error if error.login_refused else refused_login(error)
            except AnswerError as error:
                if error.status not in _REFUSED_LOGIN:
                    raise
                refused = refused_login(error)
            else:
                refusals.end()
                self._take(token)
                return
            refusals.add(refused)
        raise copy(refused)

    def _take(self, token: Token) -> None:
        if not usable_token(token.value):
            raise ConfigurationError(
                "the login answered a token that no header can hold; check that base_url is the carrier's API"
            )
        if self._on_token is not None:
            self._on_token(token.value)
        self._token = token.value
        self._refused_by_server, self.token_refusal = False, None
        self._slides = self._policy.sliding and token.expires_in is None
        self._lives_for(self._policy.lifetime if token.expires_in is None else token.expires_in)
        self.generation += 1
        self.identity = token.identity

    def _lives_for(self, life: float) -> None:
        now = self._clock()
        self._expires_at = now + life
        self._renew_at = now + max(life - self._policy.renew_before, life * self._policy.renew_fraction)


class Authenticate:
    """Sees that a call has a token, and replays it where the token is refused.

    Args:
        authenticator: Shared by everybody.
        refused: Makes the error of an answer that refuses.
    """

    def __init__(
        self, authenticator: Authenticator, refused: Callable[[Call, Reply[object]], AnswerError]
    ) -> None:
        self._authenticator = authenticator
        self._refused = refused

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Send the call with a token; a 401 on an older token than the newest is replayed freely."""
        if not call.operation.authenticated:
            return await next_(call)  # another host's: it gets no token, and its 401 says nothing of ours
        authenticator = self._authenticator
        await authenticator.ready()
        while True:
            reply = await next_(call)
            if reply.status != _UNAUTHORIZED:
                call.generations_refused = 0  # in a row: a call tried for long may outlive many tokens
                if authenticator.token_refusal is not None and reply.status < _TOO_MANY_REQUESTS:
                    authenticator.token_refusal = None  # that 401 was a mistake; no 429 or 5xx tells
                return reply
            call.generations_refused += 1
            newest = call.generation == authenticator.generation
            if newest and not authenticator.can_log_in:
                error = _token_refused(self._refused(call, reply), authenticator.how_to_log_in)
                authenticator.token_refusal = error.message
                raise error
            if call.generations_refused >= authenticator.max_generations:
                return reply
            if newest:
                authenticator.refuse()
                await authenticator.renew()


def usable_token(token: str) -> bool:
    """Tell whether a header can hold a token: visible ASCII, no blank, no line end."""
    return _TOKEN.fullmatch(token) is not None


def refused_login(error: AnswerError, message: str | None = None) -> AuthenticationError:
    """Return the error of a login that the server refused.

    Args:
        error: What the server answered.
        message: Why, and what to do; without it, the credentials are to be checked.
    """
    usual = f"the login was refused ({error.message}); check the credentials, and that base_url takes them"
    return _refused(error, usual if message is None else message)


def _token_refused(error: AnswerError, how_to_log_in: str) -> AuthenticationError:
    """Return the error of a given token that the server refused, where nothing can take its place."""
    return _refused(
        error,
        f"the token was refused ({error.message}), and there are no credentials to log in with; "
        f"give another token, or {how_to_log_in}",
    )


def _refused(error: AnswerError, message: str) -> AuthenticationError:
    refused = reworded(error, AuthenticationError, message)
    refused.login_refused = True
    return refused


def _report_renewal(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("the token could not be renewed ahead of its end: %s", error)
