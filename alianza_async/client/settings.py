"""What a client is made with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from alianza_async.calls.files import DEFAULT_MAX_DOWNLOAD_BYTES
from alianza_async.calls.hidden import HiddenUrl
from alianza_async.calls.hosts import checked_base_url
from alianza_async.calls.numbers import whole, zero_or_more
from alianza_async.endpoints.large_bodies import DEFAULT_MAX_LIST_ITEMS, DEFAULT_MAX_PARSED_BYTES
from alianza_async.errors import ConfigurationError
from alianza_async.policies.values import LimitPolicy, RetryPolicy, TokenPolicy
from alianza_async.transports.base import DEFAULT_MAX_BODY_BYTES, Transport, find_proxy

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from pydantic import SecretStr

    from alianza_async.calls.events import OnEvent
    from alianza_async.policies.own import OwnPolicy
    from alianza_async.transports.choice import TransportName

__all__ = ["ClientSettings"]

_COUNTS: Final = (
    "max_connections",
    "max_body_bytes",
    "max_download_bytes",
    "max_list_items",
    "max_parsed_bytes",
)
_POLICIES: Final = {"retry": RetryPolicy, "limit": LimitPolicy, "renewal": TokenPolicy}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What a client is made with; the same for all its views.

    Attributes:
        base_url: Where calls go: scheme, host and port, with a path where a gateway wants one.
        token: A token already issued; used until it is refused.
        defaults: The client's own values for placeholders of paths, such as `tenant_id`.
        retry: How often and how long a call is tried.
        limit: How many requests a second leave.
        renewal: When a login is renewed.
        transport: `httpx`, `fast`, or a transport of one's own, which is closed with the client.
        max_connections: Connections, and so requests under way, at the most.
        max_body_bytes: The largest decoded body that is read.
        max_download_bytes: The largest answer that is a file.
        max_list_items: Items of a list that one answer may hold.
        max_parsed_bytes: Bytes that an answer may take once it is parsed, as estimated.
        file_hosts: Hosts that files may lie on, by the API's word, with a private address or plain http:
            names and addresses, without a port. The base URL's own host is always one.
        ssl_context: An own TLS context; without one, the certificates of certifi are trusted.
        system_trust: Whether the operating system's certificates are trusted instead.
        proxy: URL of a proxy, http or https.
        trust_env: Whether `HTTPS_PROXY` and its like are heeded.
        send_request_id: Whether our request id is sent.
        close_timeout: Seconds that requests under way have when the client closes.
        max_queue: How many interactive calls may wait; a new one beyond that raises `OverloadedError` at once
            and is not sent. None for any number. Look-ups, further attempts, logins and bulk calls are never
            refused.
        share: Whether clients of one process that use the same credential at the same host share its rate
            limit and its login.
        policies: Policies of one's own, each in its place: `per_call(...)` or `per_attempt(...)`.
        on_event: Takes events, see `calls/events.py`.

    Raises:
        ConfigurationError: The base URL is none, or plain http to another machine; the proxy is none; a
            number or a policy is not allowed; a value for a placeholder is empty.
    """

    base_url: str
    token: SecretStr | None = None
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limit: LimitPolicy = field(default_factory=LimitPolicy)
    renewal: TokenPolicy = field(default_factory=TokenPolicy)
    transport: TransportName | Transport = "httpx"
    max_connections: int = 120
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
    max_download_bytes: int = DEFAULT_MAX_DOWNLOAD_BYTES
    max_list_items: int = DEFAULT_MAX_LIST_ITEMS
    max_parsed_bytes: int = DEFAULT_MAX_PARSED_BYTES
    file_hosts: Sequence[str] = ()
    ssl_context: ssl.SSLContext | None = None
    system_trust: bool = False
    proxy: str | None = None
    trust_env: bool = False
    send_request_id: bool = True
    close_timeout: float = 5.0
    max_queue: int | None = None
    share: bool = True
    policies: Sequence[OwnPolicy] = ()
    on_event: OnEvent | None = None

    def __post_init__(self) -> None:
        """Refuse what is not allowed, such as a base URL over which a token would travel in clear."""
        for name in _COUNTS:
            whole(name, getattr(self, name))
        if self.max_queue is not None:
            whole("max_queue", self.max_queue)
        zero_or_more("close_timeout", self.close_timeout)
        for name, kind in _POLICIES.items():
            if not isinstance(getattr(self, name), kind):
                raise ConfigurationError(f"the {kind.__name__} given is none; give {kind.__name__}(...)")
        for name, value in cast("Mapping[str, object]", self.defaults).items():  # callers without types
            if not (isinstance(value, str) and value):
                raise ConfigurationError(f"{name} is no text, or is empty; give its value, or leave it out")
        object.__setattr__(self, "base_url", checked_base_url(self.base_url))
        if self.proxy is not None:
            object.__setattr__(self, "proxy", HiddenUrl(self.proxy))
        if isinstance(self.transport, str):  # one of one's own makes its connections itself
            find_proxy(self.proxy, self.base_url, trust_env=self.trust_env)
