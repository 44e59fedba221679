"""What a client is made with, and what exists while it is open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from alianza_async.calls.events import Emitter
from alianza_async.calls.file_hosts import FileHosts
from alianza_async.calls.redaction import Redactor
from alianza_async.client.in_flight import Unsettled
from alianza_async.policies.own import in_place
from alianza_async.policies.telling import TellAttempts, TellCalls
from alianza_async.policies.view_limit import ViewGate
from alianza_async.transports.base import default_tls, system_tls
from alianza_async.transports.choice import choose

if TYPE_CHECKING:
    import asyncio
    import ssl

    from alianza_async.calls.carrier import Carrier
    from alianza_async.client.credential import Credential
    from alianza_async.client.in_flight import InFlight
    from alianza_async.client.settings import ClientSettings
    from alianza_async.policies.authentication import AuthScheme
    from alianza_async.policies.base import Next, Policy
    from alianza_async.policies.limit import RateLimiter
    from alianza_async.policies.lookup import Lookup
    from alianza_async.policies.turns import Permits
    from alianza_async.policies.values import LimitPolicy
    from alianza_async.transports.base import Transport

__all__ = ["Opened", "Pipeline", "Shared", "ViewLimit"]


@dataclass(slots=True)
class Opened:
    """What exists while a client is open; bound to its event loop, shared by all its views."""

    transport: Transport
    loop: asyncio.AbstractEventLoop
    in_flight: InFlight
    permits: Permits
    credential: Credential


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A view's policies, strung together.

    Attributes:
        opened: What they are made for.
        enter: Passes a call through all of them.
        below: What lies below the retries.
        lookup: Finds what a create makes, by its natural key.
        limiters: The rate limits that a request waits for.
    """

    opened: Opened
    enter: Next
    below: Next
    lookup: Lookup
    limiters: tuple[RateLimiter, ...]


class ViewLimit:
    """A limit of a view's own; views of the view share it.

    Args:
        policy: The limit.
    """

    def __init__(self, policy: LimitPolicy) -> None:
        self._policy = policy
        self._made: tuple[Opened, ViewGate] | None = None

    def gate_of(self, opened: Opened) -> ViewGate:
        """Return the one gate of an open client."""
        if self._made is None or self._made[0] is not opened:
            self._made = opened, ViewGate(self._policy)
        return self._made[1]


class Shared:
    """What a client and its views have in common.

    Args:
        carrier: Whose API it is.
        auth: How to log in.
        settings: What the client is made with.

    Attributes:
        redact: Takes secrets out of what the server says.
        unsettled: Writes whose outcome is not known.
        open: What exists while the client is open; None while it is not.
        emit: Takes events; None where nobody asked for them.
        opening: Whether it is being opened.
        per_call: What stands around the retries.
        own_per_call: What of that are policies of the user's own.
        per_attempt: What stands around each request.
        file_hosts: Where files that the API names may lie.
    """

    def __init__(self, carrier: Carrier, auth: AuthScheme, settings: ClientSettings) -> None:
        self.carrier = carrier
        self.auth = auth
        self.settings = settings
        self.redact = Redactor()
        self.open: Opened | None = None
        self.unsettled = Unsettled()
        self.file_hosts = FileHosts(settings.base_url, settings.file_hosts)
        self.emit = None if settings.on_event is None else Emitter(settings.on_event)
        self.per_call: tuple[Policy, ...] = in_place(settings.policies, "per_call")
        self.per_attempt: tuple[Policy, ...] = in_place(settings.policies, "per_attempt")
        self.own_per_call, self.opening = self.per_call, False
        if self.emit is not None:
            self.per_call = (TellCalls(self.emit), *self.per_call)
            self.per_attempt = (*self.per_attempt, TellAttempts(self.emit))
        self._context: ssl.SSLContext | None = None
        transport = settings.transport
        # Chosen at once: what is missing is said where the client is made, not where it is opened.
        self._given = None if isinstance(transport, str) else transport
        self._factory = choose(transport) if isinstance(transport, str) else None

    async def _tls(self) -> ssl.SSLContext:
        """Return the TLS context; one is made once, and not on the event loop, which it would block."""
        settings = self.settings
        if settings.ssl_context is not None:
            return settings.ssl_context
        if self._context is None:
            make = system_tls if settings.system_trust else partial(default_tls, trust_env=settings.trust_env)
            self._context = await anyio.to_thread.run_sync(make)
        return self._context

    async def new_transport(self) -> Transport:
        """Return what carries requests: the one given, or a new one of the kind chosen."""
        if self._factory is None:
            assert self._given is not None  # noqa: S101  (where none is given, one is chosen)
            return self._given
        settings = self.settings
        return self._factory(
            settings.base_url,
            max_connections=settings.max_connections,
            max_body_bytes=settings.max_body_bytes,
            max_download_bytes=settings.max_download_bytes,
            file_hosts=settings.file_hosts,
            ssl_context=await self._tls(),
            proxy=settings.proxy,
            trust_env=settings.trust_env,
        )
