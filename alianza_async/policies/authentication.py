"""The login: one for everybody, renewed ahead of its end, replaced when a token is refused."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING

from alianza_async.errors import AlianzaError, AuthenticationError, ConfigurationError, SessionStateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alianza_async.calls.call import Call, Reply
    from alianza_async.errors import AnswerError
    from alianza_async.models.authorize import LoginInfo
    from alianza_async.policies.base import Next
    from alianza_async.settings import TokenPolicy

__all__ = ["Authenticate", "Authenticator", "refused_login", "usable_token"]

logger = logging.getLogger("alianza_async")

_UNAUTHORIZED = 401
_RENEWAL_PAUSE = 30.0
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Authenticator:
    """Holds the token, and makes one login however many callers wait for it.

    The login runs in its own task, shielded from its waiters: cancelling one of them harms no other. Each
    login has a generation number, so that a 401 on an old token is told from one on the newest.

    Args:
        login: Logs in and returns who is logged in; None where there are no credentials.
        policy: When to renew, how often to try.
        token: A token already issued; it is generation 1.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        login: Callable[[], Awaitable[LoginInfo]] | None,
        policy: TokenPolicy,
        *,
        token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._login = login
        self._policy = policy
        self._clock = clock
        self._token = token
        self._renew_at = float("inf")
        self._expires_at = float("inf")
        self._task: asyncio.Task[None] | None = None
        self._refusal: AuthenticationError | None = None
        self.generation = 1 if token else 0
        self.info: LoginInfo | None = None

    @property
    def can_log_in(self) -> bool:
        """Whether there are credentials for another token."""
        return self._login is not None

    @property
    def max_generations(self) -> int:
        """How many refused tokens one call survives."""
        return self._policy.generations

    def stamp(self, call: Call, headers: dict[str, str]) -> None:
        """Put the newest token on a request, at the last moment before it leaves."""
        if self._token is not None:
            headers["X-AUTH-TOKEN"] = self._token
        call.generation = self.generation

    async def ready(self) -> None:
        """Return once there is a token to send; renew it in the background where its end is near.

        Raises:
            AuthenticationError: The login was refused, now or earlier in this session.
            CallError: The login could not be made.
        """
        if self._refusal is not None:
            raise _copy(self._refusal)
        now = self._clock()
        if self._token is None or now >= self._expires_at:
            await self.renew()
        elif now >= self._renew_at and self._task is None:
            self._renew_at = now + _RENEWAL_PAUSE
            self._start().add_done_callback(_report_renewal)

    async def renew(self) -> None:
        """Wait for a new token; the login under way serves everybody who waits.

        Raises:
            AuthenticationError: The login was refused.
            CallError: The login could not be made.
        """
        task = self._task or self._start()
        try:
            await asyncio.shield(task)
        except AlianzaError as error:
            # Each waiter gets an error of its own: a shared one would gather everybody's tracebacks.
            raise _copy(error) from None
        except asyncio.CancelledError:
            waiter = asyncio.current_task()
            if task.cancelled() and not (waiter and waiter.cancelling()):
                # The login was ended, not this caller: nobody may take that for a cancellation of their own.
                raise SessionStateError("the session was closed while it was logging in") from None
            raise

    async def login(self) -> LoginInfo:
        """Log in anew, also after a refusal."""
        self._refusal = None
        await self.renew()
        assert self.info is not None  # noqa: S101  (a login that raised nothing has set it)
        return self.info

    async def aclose(self) -> None:
        """End a login under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _start(self) -> asyncio.Task[None]:
        task = asyncio.create_task(self._run(), name="alianza_async login")
        task.add_done_callback(self._done)
        self._task = task
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # each waiter has its own copy; where nobody waits it is logged

    async def _run(self) -> None:
        if self._login is None:
            raise ConfigurationError(
                "there are no credentials to log in with; set ALIANZA_USERNAME and ALIANZA_PASSWORD"
            )
        try:
            info = await self._login()
        except AuthenticationError as error:
            self._refusal = error
            raise
        token = info.auth_token
        if token is None:
            raise ConfigurationError("the login answered without a token; is base_url an Alianza API?")
        if not usable_token(token.get_secret_value()):
            raise ConfigurationError(
                "the login answered a token that no header can hold; is it an Alianza API?"
            )
        now = self._clock()
        life = info.lifetime(otherwise=self._policy.lifetime)
        self._token = token.get_secret_value()
        self._expires_at = now + life
        self._renew_at = now + max(life - self._policy.renew_before, life * self._policy.renew_fraction)
        self.generation += 1
        self.info = info
        if info.must_change_password:
            logger.warning("the password of this login must be changed; see session.must_change_password")


class Authenticate:
    """Sees that a call has a token, and replays it where the token is refused.

    Args:
        authenticator: Shared by everybody.
    """

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

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
                return reply
            call.generations_refused += 1
            if call.generations_refused >= authenticator.max_generations:
                return reply
            if call.generation == authenticator.generation:
                if not authenticator.can_log_in:
                    raise _token_refused(call)
                await authenticator.renew()


def usable_token(token: str) -> bool:
    """Tell whether a header can hold a token: visible ASCII, no blank, no line end."""
    return _TOKEN.fullmatch(token) is not None


def refused_login(error: AnswerError) -> AuthenticationError:
    """Return the error of a login that the server refused."""
    refused = AuthenticationError(
        f"the login was refused ({error.message}); check the user name, the password and the environment",
        context=error.context,
        status=error.status,
        server_request_id=error.server_request_id,
        messages=error.messages,
        fields=error.fields,
        code=error.code,
    )
    refused.login_refused = True
    return refused


def _token_refused(call: Call) -> AuthenticationError:
    """Return the error of a given token that the server refused, where nothing can take its place."""
    error = AuthenticationError(
        "the token was refused, and there are no credentials to log in with; "
        "give another token, or set ALIANZA_USERNAME and ALIANZA_PASSWORD",
        context=call.context(),
        status=_UNAUTHORIZED,
    )
    error.login_refused = True
    return error


def _report_renewal(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("the token could not be renewed ahead of its end: %s", error)


def _copy(error: AlianzaError) -> AlianzaError:
    """Return an error like this one, with no traceback of anybody's."""
    twin = type(error).__new__(type(error))
    twin.__dict__.update(error.__dict__)
    twin.args = error.args
    return twin
