"""What a session holds: what it was told, what exists while it is open, and what it can tell of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alianza_async.calls.redaction import Redactor
from alianza_async.errors import ConfigurationError, SessionStateError
from alianza_async.resources.namespace import Namespace
from alianza_async.settings import LimitPolicy
from alianza_async.transports.choice import name_of

if TYPE_CHECKING:
    import ssl

    import anyio
    from pydantic import SecretStr

    from alianza_async.calls.call import Call, Found, Reply
    from alianza_async.models.authorize import LoginInfo
    from alianza_async.policies.authentication import Authenticator
    from alianza_async.policies.base import Next
    from alianza_async.policies.limit import RateLimiter
    from alianza_async.policies.pause import Pause
    from alianza_async.policies.retry import Retry
    from alianza_async.settings import Credentials, Environment, RetryPolicy, TokenPolicy
    from alianza_async.transports.base import Transport
    from alianza_async.transports.choice import TransportFactory

__all__ = ["Config", "Opened", "Road", "SessionFacts", "Shared"]


@dataclass(slots=True)
class Opened:
    """What exists while a session is open; bound to its event loop, shared by all its views."""

    transport: Transport
    permits: anyio.Semaphore
    pause: Pause
    limiter: RateLimiter
    authenticator: Authenticator
    partition_lock: anyio.Lock


@dataclass(frozen=True, slots=True)
class Config:
    """What a session was told; the same for all its views."""

    base_url: str
    environment: Environment | None
    credentials: Credentials | None
    auth_token: SecretStr | None
    partition_id: str | None
    token: TokenPolicy
    limit: LimitPolicy
    send_request_id: bool
    transport: Transport | None
    factory: TransportFactory | None
    max_connections: int
    max_body_bytes: int
    max_download_bytes: int
    ssl_context: ssl.SSLContext | None
    proxy: str | None
    trust_env: bool

    def new_transport(self) -> Transport:
        """Return what carries requests: the one given, or a new one of the kind chosen."""
        if self.transport is not None:
            return self.transport
        assert self.factory is not None  # noqa: S101  (where none is given, one is chosen)
        return self.factory(
            self.base_url,
            max_connections=self.max_connections,
            max_body_bytes=self.max_body_bytes,
            max_download_bytes=self.max_download_bytes,
            ssl_context=self.ssl_context,
            proxy=self.proxy,
            trust_env=self.trust_env,
        )


@dataclass(frozen=True, slots=True)
class Road:
    """A view's policies, strung together."""

    opened: Opened
    retry: Retry
    below: Next
    limiters: tuple[RateLimiter, ...]


class Shared:
    """What a session and its views have in common."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.redact = Redactor()
        self.open: Opened | None = None


class SessionFacts(Namespace):
    """What a session, or a view of it, knows without asking anybody."""

    _shared: Shared
    _retry: RetryPolicy

    @property
    def info(self) -> LoginInfo | None:
        """Who is logged in, once a login was made; None before."""
        return self._opened.authenticator.info

    @property
    def must_change_password(self) -> bool:
        """Whether the login answered that its password must be changed."""
        info = self.info
        return bool(info and info.must_change_password)

    @property
    def environment(self) -> Environment | None:
        """The provider's environment in use; None for another base URL."""
        return self._shared.config.environment

    @property
    def base_url(self) -> str:
        """Where calls go."""
        return self._shared.config.base_url

    @property
    def known_partition(self) -> str | None:
        """The partition in use, where it is known without asking."""
        told = self._shared.config.partition_id
        if told is not None:
            return told
        info = self._opened.authenticator.info
        return None if info is None else info.partition_id

    async def partition_id(self) -> str:
        """Return the partition in use: the one told, or else the login's.

        Raises:
            ConfigurationError: The login has none.
            CallError: The login failed.
        """
        opened = self._opened
        async with opened.partition_lock:  # a thousand first calls ask once
            if self.known_partition is None:
                await opened.authenticator.ready()
            if self.known_partition is None:
                # A token was given instead of credentials: ask whose it is.
                opened.authenticator.info = await self.authorize.user_info()
        partition_id = self.known_partition
        if partition_id is None:
            raise ConfigurationError(
                "the login has no partition of its own; give partition_id or ALIANZA_PARTITION_ID"
            )
        return partition_id

    async def find(self, call: Call) -> Found | None:
        """Return the object that has the natural key of a create, or None; creates nothing.

        Raises:
            UnknownOutcomeError: More than one object has it.
            CallError: The look-up failed.
        """
        road = self._current_road()
        return await road.retry.lookup.find(call, road.below)

    async def adopt(self, call: Call) -> Reply[object] | None:
        """Settle a create that was sent and not answered: return what it made, or None; sends it not again.

        Raises:
            ConflictError: Another object has its key.
            UnknownOutcomeError: The look-up failed, or found more than one.
        """
        road = self._current_road()
        return await road.retry.lookup.adopt(call, road.below)

    @property
    def retry_policy(self) -> RetryPolicy:
        """How often and how long a call of this view is tried."""
        return self._retry

    @property
    def rate(self) -> float:
        """Requests a second that leave at this moment; less than `full_rate` after a 429."""
        return min(limiter.rate for limiter in self._current_road().limiters)

    @property
    def full_rate(self) -> float:
        """Requests a second that leave when all is well."""
        return min(limiter.full_rate for limiter in self._current_road().limiters)

    @property
    def throttled(self) -> int:
        """How many 429s came so far, to this session and all its views."""
        return self._opened.limiter.refusals

    def change_rate(self, rate: float) -> None:
        """Set another rate for the session and all its views, from the next request on.

        Args:
            rate: Requests a second.

        Raises:
            ConfigurationError: It is no positive number.
        """
        self._opened.limiter.change(LimitPolicy(rate=rate).rate)

    def _current_road(self) -> Road:
        """Return this view's policies, strung together."""
        raise NotImplementedError

    @property
    def capacity(self) -> int:
        """How many requests may be under way at once."""
        return self._opened.transport.capacity

    @property
    def transport(self) -> str:
        """What carries the requests: `httpx`, `fast`, or the class of one of your own."""
        return name_of(self._opened.transport)

    @property
    def _opened(self) -> Opened:
        opened = self._shared.open
        if opened is None:
            raise SessionStateError(
                "the session is not open; write `async with Session(...) as session:` around the call"
            )
        return opened

    def __repr__(self) -> str:
        """Return where it calls, and nothing of who."""
        return f"<Session {self.base_url} {'open' if self._shared.open else 'closed'}>"
