"""The default way to the network: the `Transport` over httpx.

httpx is imported here alone, and none of its types passes the door. What is decided here:

* No redirect is followed: the token would go to whatever host the answer names.
* Each connection is a pool of its own. What a request costs in httpx 0.28 grows with the connections of its
  pool, and a pool may give one idle connection to two requests, of which one comes back and waits.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from functools import lru_cache
from typing import TYPE_CHECKING

import anyio
import httpx

from alianza_async.calls.call import Call, Reply
from alianza_async.calls.file_hosts import FileHosts, not_public
from alianza_async.calls.hidden import HiddenUrl
from alianza_async.transports.base import (
    DEFAULT_MAX_BODY_BYTES,
    DEFAULT_MAX_DOWNLOAD_BYTES,
    KEEPALIVE_SECONDS,
    NoPublicAddressError,
    Transport,
    broke,
    check_connections,
    connect_seconds,
    default_tls,
    find_proxy,
    joined,
    no_url,
    took_too_long,
    unusable_header,
    unusable_proxy,
)
from alianza_async.transports.bodies import Caps, Incoming, Outgoing, outgoing
from alianza_async.transports.connecting import could_not_connect
from alianza_async.transports.idle import Idle
from alianza_async.transports.sockets import CarefulBackend

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from alianza_async.calls.files import Spool
    from alianza_async.errors import CallError, TransportError

__all__ = ["DEFAULT_MAX_BODY_BYTES", "HttpxTransport", "InProcessTransport", "Transport"]

_Pool = httpx.AsyncBaseTransport

_url_of = lru_cache(maxsize=128)(httpx.URL)
"""Takes a URL of the API apart; most calls go where another has just gone."""


class HttpxTransport:
    """Carries requests over httpx's connection pool.

    Args:
        base_url: Scheme, host and port, with a path before `/v2` where a gateway wants one.
        max_connections: Connections at the most; also how many requests may be under way.
        max_body_bytes: The largest decoded body that is read.
        max_download_bytes: The largest answer that is a file.
        file_hosts: Hosts that may have a private address, besides the base URL's own.
        ssl_context: An own TLS context; without one, the certificates of certifi are trusted.
        proxy: URL of a proxy.
        trust_env: Whether `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are heeded.

    Raises:
        ConfigurationError: The proxy is no proxy URL httpx knows, or there is to be no connection at all.
    """

    def __init__(
        self,
        base_url: str,
        *,
        max_connections: int = 120,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        max_download_bytes: int = DEFAULT_MAX_DOWNLOAD_BYTES,
        file_hosts: Sequence[str] = (),
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        trust_env: bool = False,
    ) -> None:
        self._base_url = base_url
        self._caps = Caps(max_body_bytes, max_download_bytes)
        proxy = HiddenUrl(proxy) if isinstance(proxy, str) else proxy  # this frame may be in a traceback
        proxy = find_proxy(proxy, base_url, trust_env=trust_env)
        hosts = FileHosts(base_url, file_hosts) if proxy is None else None
        self._proxied = proxy is not None
        verify = ssl_context or default_tls(trust_env=trust_env)

        limits = httpx.Limits(
            max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEPALIVE_SECONDS
        )

        def pool() -> _Pool:
            try:
                made = httpx.AsyncHTTPTransport(verify=verify, limits=limits, proxy=proxy, trust_env=False)
            except (ValueError, httpx.InvalidURL) as error:
                raise unusable_proxy(type(error).__name__) from None
            # httpx hands on no backend, though httpcore takes one.
            made._pool._network_backend = CarefulBackend(hosts)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            return made

        self._open(pool, max_connections)

    def _open(self, pool: Callable[[], _Pool], max_connections: int) -> None:
        self._capacity = check_connections(max_connections)
        self._new_pool = pool
        self._idle: Idle[_Pool] = Idle()
        self._idle.put(pool())  # the first one says what a proxy's URL lacks
        self._busy: set[_Pool] = set()
        self._closing: set[asyncio.Future[None]] = set()

    @property
    def capacity(self) -> int:
        """How many requests may be under way at once."""
        return self._capacity

    async def send(
        self,
        call: Call,
        headers: dict[str, str],
        timeout: float,  # noqa: ASYNC109  (as the protocol)
    ) -> Reply[object]:
        """Send one request and read its answer to the end, whatever its status."""
        with ExitStack() as files:
            body, more = await outgoing(call, files)
            request = self._request(call, {**headers, **more} if more else headers, timeout, body)
            return await self._exchange(call, request, timeout)

    def _request(
        self, call: Call, headers: dict[str, str], timeout: float, body: Outgoing | None
    ) -> httpx.Request:
        if not _are_fields(headers):
            raise unusable_header()
        try:
            return httpx.Request(
                call.operation.method,
                call.url or _url_of(self._base_url + call.target),
                headers=headers,
                content=call.body if body is None else body,
                extensions={
                    "timeout": {
                        "connect": connect_seconds(timeout),
                        "read": timeout,
                        "write": timeout,
                        "pool": timeout,
                    },
                },
            )
        except (httpx.InvalidURL, ValueError):  # or no name of a host that IDNA knows
            raise no_url() from None

    async def _exchange(
        self,
        call: Call,
        request: httpx.Request,
        timeout: float,  # noqa: ASYNC109  (as the protocol)
    ) -> Reply[object]:
        started = time.perf_counter()
        pool = self._take()
        ended_well = False
        try:
            with anyio.fail_after(timeout):
                response = await pool.handle_async_request(request)
                headers = joined(response.headers.raw)
                try:
                    body, file = await self._read(response, headers, call)
                finally:
                    await response.aclose()
            ended_well = True
        except httpx.ProxyError as error:  # the proxy refused to connect us
            failure: CallError = self._not_connected(error, call, _status_in(error))
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.UnsupportedProtocol,
        ) as error:
            failure = self._not_connected(error, call)
        except NoPublicAddressError as error:
            failure = not_public(call, error.host)
        except (TimeoutError, httpx.TimeoutException):
            failure = took_too_long(timeout, call)
        except (httpx.TransportError, httpx.StreamError, OSError) as error:
            failure = broke(error, call)
        else:
            return Reply(
                status=response.status_code,
                headers=headers,
                body=body,
                elapsed=time.perf_counter() - started,
                request_id=call.request_id,
                value=None,
                file=file,
            )
        finally:
            self._give_back(pool, usable=ended_well)
        try:
            raise failure  # not inside `except`: httpx's own error would hang on it, with all its frames
        finally:
            del failure

    def _not_connected(self, error: Exception, call: Call, proxy_status: int | None = None) -> TransportError:
        url = call.url or self._base_url
        return could_not_connect(error, call, url=url, proxy=self._proxied, proxy_status=proxy_status)

    async def _read(
        self, response: httpx.Response, headers: dict[str, str], call: Call
    ) -> tuple[bytes, Spool | None]:
        """Read a body to its end: into memory, or into a spool where a file was asked for and is answered."""
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101  (what an async transport answers)
        with Incoming(call, response.status_code, headers, self._caps) as incoming:
            async for piece in stream:
                incoming.feed(piece)
            return incoming.end()

    def _take(self) -> _Pool:
        idle = self._idle.take()
        pool = self._new_pool() if idle is None else idle[0]  # httpx itself closes what is too old
        self._busy.add(pool)
        return pool

    def _give_back(self, pool: _Pool, *, usable: bool) -> None:
        """Take a pool back; close it where its exchange did not end well.

        httpcore 1.0 loses a connection that is cancelled between connecting and sending, or while its answer
        is closed, and with it the place in the pool for ever.
        """
        self._busy.discard(pool)
        unwanted = self._idle.put(pool) if usable else pool
        if unwanted is None:
            return
        closing = asyncio.ensure_future(unwanted.aclose())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def aclose(self) -> None:
        """Close every connection."""
        await asyncio.gather(*self._closing, return_exceptions=True)
        for pool in [*self._busy, *self._idle.drain()]:
            await pool.aclose()


def _are_fields(headers: dict[str, str]) -> bool:
    """Tell whether header fields can be sent: httpx would refuse them once the request has begun to leave."""
    try:
        text = "".join([*headers, *headers.values()])
    except TypeError:
        return False  # not even text
    return text.isascii() and text.replace("\t", " ").isprintable()


def _status_in(error: httpx.ProxyError) -> int | None:
    """Return what a proxy answered, which httpx tells as text: `407 Proxy Authentication Required`."""
    status = str(error)[:3]
    return int(status) if status.isdecimal() else None


class InProcessTransport(HttpxTransport):
    """Carries requests to an ASGI application in this process: no socket, no server.

    Args:
        app: The application, such as `alianza_async.sandbox.Sandbox().app`.
        base_url: What the application sees as its host.
        max_connections: How many requests may be under way at once.
        max_body_bytes: The largest decoded body that is read.
        max_download_bytes: The largest answer that is a file.
    """

    def __init__(
        self,
        app: Callable[..., object],
        *,
        base_url: str = "http://localhost",
        max_connections: int = 120,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        max_download_bytes: int = DEFAULT_MAX_DOWNLOAD_BYTES,
    ) -> None:
        self._base_url = base_url
        self._proxied = False
        self._caps = Caps(max_body_bytes, max_download_bytes)
        shared = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

        self._open(lambda: shared, max_connections)
