"""What a session holds: what it was told, what exists while it is open, and what it can tell of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alianza_async.errors import ConfigurationError, SessionStateError
from alianza_async.namespace import Namespace
from alianza_async.redaction import Redactor

if TYPE_CHECKING:
    import ssl

    import anyio
    from pydantic import SecretStr

    from alianza_async.models.authorize import LoginInfo
    from alianza_async.policies.auth import Authenticator
    from alianza_async.policies.base import Next
    from alianza_async.policies.limit import RateLimiter
    from alianza_async.policies.pause import Pause
    from alianza_async.policies.retry import Retry
    from alianza_async.settings import Credentials, Environment, LimitPolicy, TokenPolicy
    from alianza_async.transport import Transport

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
    max_connections: int
    max_body_bytes: int
    max_download_bytes: int
    ssl_context: ssl.SSLContext | None
    proxy: str | None
    trust_env: bool


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

    @property
    def capacity(self) -> int:
        """How many requests may be under way at once."""
        return self._opened.transport.capacity

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
