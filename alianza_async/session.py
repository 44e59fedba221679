"""The session: settings in, one road out.

```python
async with Session.from_env() as session:
    account = await session.accounts.get_by_number("ACME-1")
```
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar, cast, overload

import anyio

from alianza_async.calls.files import DEFAULT_MAX_DOWNLOAD_BYTES
from alianza_async.endpoints.endpoint import BoundEndpoint, Endpoint
from alianza_async.endpoints.raw import raw_call
from alianza_async.errors import AnswerError, ConfigurationError, SessionStateError
from alianza_async.models.authorize import Login, LoginInfo
from alianza_async.policies.admission import Admission
from alianza_async.policies.answers import Answers
from alianza_async.policies.authentication import Authenticate, Authenticator, refused_login, usable_token
from alianza_async.policies.before_attempt import BeforeAttempt
from alianza_async.policies.limit import RateLimiter
from alianza_async.policies.pause import Pause
from alianza_async.policies.retry import Retry
from alianza_async.session_state import Config, Opened, Road, SessionFacts, Shared
from alianza_async.settings import (
    Credentials,
    Environment,
    LimitPolicy,
    RetryPolicy,
    Settings,
    TokenPolicy,
    resolve_base_url,
    set_log_level,
)
from alianza_async.transports.base import DEFAULT_MAX_BODY_BYTES, Transport
from alianza_async.transports.choice import TransportName, choose
from alianza_async.version import USER_AGENT

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import Mapping
    from types import TracebackType

    from pydantic import SecretStr

    from alianza_async.calls.call import Call, NaturalKey, OperationClass, Reply
    from alianza_async.policies.base import Next, Policy

__all__ = ["Session"]

logger = logging.getLogger("alianza_async")

_REFUSED_LOGIN = frozenset({400, 401, 403, 404, 422})

P = ParamSpec("P")
R = TypeVar("R")


class Session(SessionFacts):
    """One login, one connection pool, one rate limit, and everything the API can do under them.

    What is not given is read from `ALIANZA_*` variables. Use it as `async with Session(...) as session:`.

    Args:
        credentials: User name and password.
        environment: development, qa, beta or production; without a choice it is beta, with a warning.
        base_url: Overrides the environment; plain http to this machine alone.
        auth_token: A token already issued; used until it is refused.
        partition_id: Overrides the login's partition.
        retry: How often and how long a call is tried.
        limit: How many requests a second leave.
        token: When a login is renewed.
        transport: What carries requests: `httpx`, `fast` (needs the extra of that name), or one of your own,
            which is closed with the session; without a choice it is `fast` where that is installed.
        max_connections: Connections, and so requests under way, at the most.
        max_body_bytes: The largest decoded body that is read.
        max_download_bytes: The largest answer that is a file.
        ssl_context: An own TLS context.
        proxy: URL of a proxy.
        trust_env: Whether `HTTPS_PROXY` and its like are heeded.
        send_request_id: Whether our request id is sent as `X-Request-ID`.
        settings: Variables already read, instead of the process's.

    Raises:
        ConfigurationError: A setting is missing or cannot be meant.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        environment: Environment | str | None = None,
        *,
        base_url: str | None = None,
        auth_token: str | SecretStr | None = None,
        partition_id: str | None = None,
        retry: RetryPolicy | None = None,
        limit: LimitPolicy | None = None,
        token: TokenPolicy | None = None,
        transport: TransportName | Transport | None = None,
        max_connections: int | None = None,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        max_download_bytes: int = DEFAULT_MAX_DOWNLOAD_BYTES,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        trust_env: bool | None = None,
        send_request_id: bool | None = None,
        settings: Settings | None = None,
    ) -> None:
        told = settings or Settings.load()
        where = told.where(base_url=base_url, environment=environment)
        who = told.who(credentials=credentials, auth_token=auth_token)
        if told.log_level:
            set_log_level(told.log_level)
        url, known = resolve_base_url(*where)
        if who[1] is not None and not usable_token(who[1].get_secret_value()):
            raise ConfigurationError(
                "the token holds a character that no header can; give it as it was issued"
            )
        own = None if transport is None or isinstance(transport, str) else transport
        name = transport if isinstance(transport, str) else told.transport
        shared = Shared(
            Config(
                base_url=url,
                environment=known,
                credentials=who[0],
                auth_token=who[1],
                partition_id=partition_id or told.partition_id,
                token=token or told.token_policy(),
                limit=limit or told.limit_policy(),
                send_request_id=told.send_request_id if send_request_id is None else send_request_id,
                transport=own,
                factory=choose(name) if own is None else None,
                max_connections=(told.max_connections or 120) if max_connections is None else max_connections,
                max_body_bytes=max_body_bytes,
                max_download_bytes=max_download_bytes,
                ssl_context=ssl_context,
                proxy=proxy or told.proxy,
                trust_env=told.trust_env if trust_env is None else trust_env,
            )
        )
        self._over(shared, retry or told.retry_policy(), ())

    @classmethod
    def from_env(cls, *, env_file: str | os.PathLike[str] | None = None) -> Session:
        """Return a session as the `ALIANZA_*` variables say, and a `.env` file where one is named.

        Raises:
            ConfigurationError: A variable is missing or cannot be meant.
        """
        return cls(settings=Settings.load(env_file))

    # --- its life -------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        shared, config = self._shared, self._shared.config
        if shared.open is not None:
            raise SessionStateError("this session is open already; make another Session for another block")
        transport = config.new_transport()
        auth_token = config.auth_token.get_secret_value() if config.auth_token else None
        for secret in (auth_token, config.credentials and config.credentials.password.get_secret_value()):
            if secret:
                shared.redact.add(secret, keep=True)
        shared.open = Opened(
            transport=transport,
            permits=anyio.Semaphore(transport.capacity, fast_acquire=True),
            pause=Pause(),
            limiter=RateLimiter(config.limit),
            authenticator=Authenticator(
                self._log_in if config.credentials else None, config.token, token=auth_token
            ),
            partition_lock=anyio.Lock(),
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        opened, self._shared.open = self._opened, None
        await opened.authenticator.aclose()
        await opened.transport.aclose()

    def with_options(
        self,
        *,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        limit: LimitPolicy | None = None,
    ) -> Session:
        """Return a view of this session with other options, over the same pool, login and rate limit.

        Args:
            timeout: Seconds for one request to be answered.
            retry: How often and how long a call is tried.
            limit: A limit of its own, on top of the session's: it can slow calls down, never speed them up.
        """
        policy = retry or self._retry
        if timeout is not None:
            policy = replace(policy, attempt_timeout=timeout)
        limits = (*self._limits, limit) if limit else self._limits
        return Session.__new__(Session)._over(self._shared, policy, limits)  # noqa: SLF001  (a Session, too)

    def _over(self, shared: Shared, retry: RetryPolicy, limits: tuple[LimitPolicy, ...]) -> Self:
        self._shared = shared
        self._retry = retry
        self._limits = limits
        self._road: Road | None = None
        return self

    # --- the road -------------------------------------------------------------------------------------

    async def send(self, call: Call) -> Reply[object]:
        """Send one call down the road; what every declared operation ends in."""
        road = self._current_road()
        return await road.retry(call, road.below)

    def _current_road(self) -> Road:
        opened = self._opened
        if self._road is None or self._road.opened is not opened:
            self._road = self._build(opened)
        return self._road

    def _build(self, opened: Opened, *, authenticated: bool = True) -> Road:
        """String the policies together; read it from top to bottom."""
        limiters = (*(RateLimiter(limit) for limit in self._limits), opened.limiter)
        retry = Retry(self._retry)  # sends again what may be sent again
        policies: tuple[Policy, ...] = (
            Answers(self._shared.redact),  # a reply becomes a value, or an error
            *((Authenticate(opened.authenticator),) if authenticated else ()),  # a token, or another one
            BeforeAttempt(),  # the caller's own act, such as an intent on disk
            Admission(  # no pause, a permit, a token of each rate limit
                pause=opened.pause,
                permits=opened.permits,
                limiters=limiters,
                longest_wait=self._retry.longest_told_wait,
            ),
        )
        below: Next = partial(self._exchange, opened)
        for policy in reversed(policies):
            below = partial(policy, next_=below)
        return Road(opened, retry, below, limiters)

    async def _exchange(self, opened: Opened, call: Call) -> Reply[object]:
        """Send one request and bring its answer: the end of the road."""
        call.requests += 1
        call.attempts += 1
        headers = {"Accept": call.accept, "Accept-Encoding": "gzip, deflate", "User-Agent": USER_AGENT}
        headers.update(call.headers)
        if call.body is not None or call.upload is not None:
            headers["Content-Type"] = call.content_type
        if self._shared.config.send_request_id and call.url is None:
            headers["X-Request-ID"] = call.request_id
        if call.operation.authenticated:
            opened.authenticator.stamp(call, headers)
        timeout = min(self._retry.attempt_timeout, max(self._retry.total_timeout - call.spent, 0.001))
        call.sent_at = time.time()
        started = time.monotonic()
        try:
            reply = await opened.transport.send(call, headers, timeout)
        finally:
            call.spent += time.monotonic() - started
        if logger.isEnabledFor(logging.DEBUG):
            operation = call.operation
            logger.debug(
                "%s %s: %d in %.0f ms (%s)",
                operation.method,
                operation.path,
                reply.status,
                reply.elapsed * 1000,
                call.request_id,
            )
        return reply

    @overload
    async def call(self, operation: BoundEndpoint[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    async def call(self, operation: Endpoint[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    async def call(
        self,
        operation: str,
        path: str,
        /,
        *,
        body: object = None,
        query: Mapping[str, object] | None = None,
        ids: Mapping[str, str] | None = None,
        key: NaturalKey | None = None,
        operation_class: OperationClass | None = None,
    ) -> Reply[object]: ...
    async def call(self, operation: object, /, *args: object, **kwargs: object) -> object:
        """Make a call: of a declared operation, or of a verb and a path.

        `await session.call(session.accounts.get, "id")` is `await session.accounts.get("id")` on this view.
        `await session.call("POST", "/v2/...", body={...})` reaches what is not declared; it passes the same
        road and answers a `Reply` whose `value` is the parsed JSON.

        Args:
            operation: A declared operation, or an HTTP method.
            *args: What the operation takes; or the path, where `{partition_id}` and `ids` are filled in.
            **kwargs: What the operation takes; or, for a verb and a path: `body` (a model, or anything JSON),
                `query`, `ids` (what stands for the path's placeholders, quoted here), `key` (how the object
                that a create makes is found again) and `operation_class` (GET is `safe`, anything else an
                `action`, unless you say so).

        Raises:
            InvalidInputError: The path or an id cannot be sent.
            CallError: The call did not end well.
        """
        if isinstance(operation, (Endpoint, BoundEndpoint)):
            declared = cast("Endpoint[..., object] | BoundEndpoint[..., object]", operation)
            endpoint = declared.endpoint if isinstance(declared, BoundEndpoint) else declared
            return await BoundEndpoint(endpoint, self)(*args, **kwargs)
        return await self._raw(cast("str", operation), *args, **kwargs)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async def _raw(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, object] | None = None,
        ids: Mapping[str, str] | None = None,
        key: NaturalKey | None = None,
        operation_class: OperationClass | None = None,
    ) -> Reply[object]:
        values = dict(ids or {})
        if "{partition_id}" in path and "partition_id" not in values:
            values["partition_id"] = self.known_partition or await self.partition_id()
        return await self.send(
            raw_call(
                method, path, values, body=body, query=query or {}, key=key, operation_class=operation_class
            )
        )

    # --- who is logged in, and where ------------------------------------------------------------------

    async def login(self) -> LoginInfo:
        """Log in now, also after a login was refused; calls do so by themselves when they need it.

        `POST /v2/authorize`.

        Raises:
            AuthenticationError: The login was refused.
            CallError: It could not be made.
        """
        return await self._opened.authenticator.login()

    async def _log_in(self) -> LoginInfo:
        """Make the one login that everybody waits for: paced and tried again like any call, no token."""
        opened, credentials = self._opened, self._shared.config.credentials
        assert credentials is not None  # noqa: S101  (without some, nobody is given this method)
        body = Login(username=credentials.username, password=credentials.password)
        call = await self.authorize.login.prepare(body)
        road = self._build(opened, authenticated=False)
        try:
            reply = await road.retry(call, road.below)
        except AnswerError as error:
            if error.status in _REFUSED_LOGIN:
                raise refused_login(error) from None
            raise
        info = cast("LoginInfo", reply.value)
        if info.auth_token is not None:
            self._shared.redact.add(info.auth_token.get_secret_value())
        return info
