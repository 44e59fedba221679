"""The fast transport's connections: made by aiohttp's connector, kept and looked after here.

* Being cancelled while a connection is made does not cancel the making: what comes of it is kept for the next
  request. asyncio leaves a socket open where a TLS handshake is cancelled as it begins.
* A connection that the server has closed, or on which it has said what nobody asked for, is not used again;
  the kernel is asked too, because it may know what the event loop has not read yet.
* A connection that is given up is cut off at once: closed politely, TLS would wait for the other end.
"""

from __future__ import annotations

import asyncio
import base64
import math
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from alianza_async.calls.hidden import hidden
from alianza_async.transports.base import (
    NoPublicAddressError,
    check_peer,
    default_tls,
    is_readable,
    no_url,
    unusable_proxy,
)
from alianza_async.transports.idle import Idle

if TYPE_CHECKING:
    import ssl

    from aiohttp.connector import Connection

    from alianza_async.calls.file_hosts import FileHosts

__all__ = ["Place", "Pool", "cut_off"]

_OTHER_PLACES = 8


class Place:
    """A host that requests go to: all that is the same for each of them.

    Args:
        url: Where it is, with a path that goes before each target.
        tls: The TLS context; True where there is none.
        proxy: The proxy's URL, without credentials.
        credentials: What the proxy is told in `Proxy-Authorization`.

    Attributes:
        request: What the connector makes a connection for.
        prefix: What goes before a target in the request line.
        fields: The header fields of every request.
        host: Its name or address.
        idle: Connections that wait for a request.
        known: Whether connections are kept.
    """

    __slots__ = ("fields", "host", "idle", "known", "prefix", "request")

    def __init__(
        self, url: str, tls: ssl.SSLContext | bool, proxy: URL | None, credentials: str | None
    ) -> None:
        parts = urlsplit(url)
        shown = {"Proxy-Authorization": credentials} if credentials else {}
        try:
            self.request = aiohttp.ClientRequest(
                "GET",
                URL(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"),
                loop=asyncio.get_running_loop(),
                ssl=tls,
                proxy=proxy,
                proxy_headers=CIMultiDict(shown),
            )
        except (ValueError, aiohttp.InvalidURL):
            raise no_url() from None
        self.host = parts.hostname or ""
        host = self.request.headers["Host"]
        self.prefix = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        self.fields = f"Host: {host}\r\n"
        if proxy is not None and parts.scheme == "http":  # it reads the request; a tunnel's far end would
            self.prefix = f"http://{host}{self.prefix}"
            self.fields += "".join(f"{name}: {value}\r\n" for name, value in shown.items())
        self.idle: Idle[Connection] = Idle()
        self.known = True


class Pool:
    """Connections to one API, and to the other hosts that it names; bound to the event loop of its first use.

    Args:
        base_url: Where the API is.
        ssl_context: An own TLS context, or None.
        proxy: URL of a proxy, or None.
        trust_env: Whether the environment names the certificates that are trusted.
        hosts: Which hosts may have any address; None where a proxy stands between.

    Raises:
        ConfigurationError: The proxy is no http(s) URL.
    """

    def __init__(
        self,
        base_url: str,
        *,
        ssl_context: ssl.SSLContext | None,
        proxy: str | None,
        trust_env: bool,
        hosts: FileHosts | None = None,
    ) -> None:
        self._hosts = hosts
        self._base_url = base_url
        self._tls = ssl_context
        self._trust_env = trust_env
        self._proxy: URL | None = None
        self._credentials: str | None = None
        if proxy is not None:
            self._proxy, self._credentials = _taken_apart(proxy)
        self._connector: aiohttp.TCPConnector | None = None
        self._home: Place | None = None
        self._others: dict[str, Place] = {}
        self._making: set[asyncio.Task[Connection]] = set()

    def home(self) -> Place:
        """Return where the API is."""
        place = self._home
        if place is None:
            place = self._home = self._new_place(self._base_url)
        return place

    def place(self, origin: str) -> Place:
        """Return another place; the last few are known.

        Args:
            origin: Scheme, host and port.

        Raises:
            InvalidInputError: It is no place that a connection can be made to.
        """
        place = self._others.pop(origin, None) or self._new_place(origin)
        self._others[origin] = place  # the last one asked for is the last one forgotten
        if len(self._others) > _OTHER_PLACES:
            _forget(self._others.pop(next(iter(self._others))))
        return place

    def _new_place(self, url: str) -> Place:
        if self._tls is None and url[:6].lower() == "https:":
            self._tls = default_tls(trust_env=self._trust_env)
        return Place(url, self._tls or True, self._proxy, self._credentials)

    async def take(self, place: Place, seconds: float) -> Connection:
        """Return a connection on which nothing was said that nobody asked for.

        Args:
            place: Where to.
            seconds: How long making one may take.
        """
        while (found := place.idle.take()) is not None:
            connection, fresh = found
            if fresh and _is_quiet(connection):
                return connection
            cut_off(connection)
        making = asyncio.create_task(self._make(place, seconds))
        self._making.add(making)
        making.add_done_callback(self._making.discard)
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            if making.cancelled():  # by `aclose`: who waits for it is not cancelled
                raise aiohttp.ClientConnectionError("closed while connecting") from None
            making.add_done_callback(partial(self._keep, place))
            raise

    async def _make(self, place: Place, seconds: float) -> Connection:
        connector = self._connector
        if connector is None:
            connector = self._connector = aiohttp.TCPConnector(
                limit=0,  # the session holds its callers to the capacity
                resolver=aiohttp.ThreadedResolver(),  # the system's, whatever else is installed
            )
        made = await connector.connect(place.request, traces=[], timeout=_limits(seconds))
        if self._hosts is not None:
            transport = made.transport
            peer: object = None if transport is None else transport.get_extra_info("peername")
            try:
                check_peer(self._hosts, place.host, peer)
            except NoPublicAddressError:
                cut_off(made)
                raise
        return made

    def _keep(self, place: Place, made: asyncio.Task[Connection]) -> None:
        """Keep a connection that nobody waits for any more."""
        if not made.cancelled() and made.exception() is None:
            self.give_back(place, made.result())

    def give_back(self, place: Place, connection: Connection) -> None:
        """Take a connection whose exchange has come to its end."""
        protocol = connection.protocol
        if protocol is None or protocol.transport is None or protocol.should_close or not place.known:
            cut_off(connection)
            return
        unwanted = place.idle.put(connection)
        if unwanted is not None:
            cut_off(unwanted)

    async def aclose(self) -> None:
        """Close every connection, those under way too."""
        places = [*self._others.values(), *([self._home] if self._home else [])]
        self._home, self._others = None, {}
        connector, self._connector = self._connector, None
        making = list(self._making)
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)
        for place in places:
            _forget(place)
        if connector is not None:
            await connector.close()


def _forget(place: Place) -> None:
    place.known = False
    for connection in place.idle.drain():
        cut_off(connection)


def cut_off(connection: Connection) -> None:
    """Close a connection at once."""
    transport = connection.transport
    if transport is not None:
        transport.abort()
    connection.close()


def _is_quiet(connection: Connection) -> bool:
    """Tell whether a connection that waits for a request is open, and nothing was said on it."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None or transport.is_closing() or protocol.should_close:
        return False
    return not is_readable(transport.get_extra_info("socket").fileno())


def _taken_apart(proxy: str) -> tuple[URL, str | None]:
    """Return a proxy's URL, and what it is told in `Proxy-Authorization`."""
    try:
        url = URL(proxy)
    except ValueError as error:
        raise unusable_proxy(type(error).__name__) from None
    if url.raw_user is None:
        return url, None
    pair = hidden(f"{unquote(url.raw_user)}:{unquote(url.raw_password or '')}")
    return url.with_user(None), hidden(f"Basic {base64.b64encode(pair.encode()).decode()}")


@lru_cache(maxsize=8)
def _limits(connect: float) -> aiohttp.ClientTimeout:
    """Return a limit for connecting alone; unless told, aiohttp rounds long ones up to a whole second."""
    return aiohttp.ClientTimeout(connect=connect, ceil_threshold=math.inf)
