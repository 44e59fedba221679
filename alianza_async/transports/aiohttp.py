"""The fast way to the network: the `Transport` over aiohttp's connections and parser.

aiohttp's `ClientSession` is left out: redirects, cookies, netrc and a task for each body are of no use here
and cost as much as the rest, and it sends an idempotent verb again by itself when a connection breaks, which
is for the pipeline to decide. What is used is what `ClientSession` is made of: the connector (addresses, TLS,
proxies) and a connection's protocol (the parser, flow control).

Whether a request was sent is known, not guessed from an error's kind: what fails before there is a connection
was never sent, whatever fails afterwards may have come after the server acted.
"""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp.http import HttpProcessingError, StreamWriter

from alianza_async.calls.call import Call, Reply
from alianza_async.calls.file_hosts import FileHosts, not_public
from alianza_async.calls.hidden import HiddenUrl
from alianza_async.errors import ConnectionLostError
from alianza_async.transports.base import (
    DEFAULT_MAX_BODY_BYTES,
    DEFAULT_MAX_DOWNLOAD_BYTES,
    NoPublicAddressError,
    broke,
    check_connections,
    connect_seconds,
    find_proxy,
    joined,
    no_url,
    took_too_long,
    unusable_header,
)
from alianza_async.transports.bodies import Caps, Incoming, Outgoing, outgoing
from alianza_async.transports.connecting import could_not_connect
from alianza_async.transports.pool import Place, Pool, cut_off

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.http import RawResponseMessage
    from aiohttp.streams import StreamReader

    from alianza_async.calls.files import Spool
    from alianza_async.errors import CallError, TransportError

__all__ = ["AiohttpTransport"]

_LONGEST_URL = 65_536
_LONGEST_FIELD = 64 * 1024
_NOT_IN_A_TARGET = re.compile(r"[^!#-;=?-Z\[\]_a-z~]")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})
_INFORMATIONAL = range(100, 200)
_SWITCHING_PROTOCOLS = 101
_FAULTS = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)
"""What aiohttp tells of a connection; a parser's error is no `ClientError`, a bad host is a `ValueError`."""


class AiohttpTransport:
    """Carries requests over aiohttp's connection pool; bound to the event loop that it first sends in.

    Args:
        base_url: Scheme, host and port, with a path before `/v2` where a gateway wants one.
        max_connections: Connections at the most; also how many requests may be under way.
        max_body_bytes: The largest decoded body that is read.
        max_download_bytes: The largest answer that is a file.
        file_hosts: Hosts that may have a private address, besides the base URL's own.
        ssl_context: An own TLS context; without one, the certificates of certifi are trusted.
        proxy: URL of a proxy, http or https.
        trust_env: Whether `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are heeded.

    Raises:
        ConfigurationError: The proxy is no such URL, or there is to be no connection at all.
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
        self._capacity = check_connections(max_connections)
        self._caps = Caps(max_body_bytes, max_download_bytes)
        proxy = HiddenUrl(proxy) if isinstance(proxy, str) else proxy  # this frame may be in a traceback
        proxy = find_proxy(proxy, base_url, trust_env=trust_env)
        self._base_url, self._proxied = base_url, proxy is not None
        hosts = FileHosts(base_url, file_hosts) if proxy is None else None
        self._pool = Pool(base_url, ssl_context=ssl_context, proxy=proxy, trust_env=trust_env, hosts=hosts)
        self._leaving: list[tuple[asyncio.Transport, bytes]] = []

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
        if call.url is None:
            place, target = self._pool.home(), call.target
        else:
            origin, target = _origin_and_target(call.url)
            place = self._pool.place(origin)
        if call.upload is None and not call.parts:
            return await self._exchange(call, place, _head(call, place, target, headers), None, timeout)
        with ExitStack() as files:
            body, more = await outgoing(call, files)
            head = _head(call, place, target, {**headers, **more})
            return await self._exchange(call, place, head, body, timeout)

    async def _exchange(
        self,
        call: Call,
        place: Place,
        head: bytes,
        body: Outgoing | None,
        timeout: float,  # noqa: ASYNC109  (as the protocol)
    ) -> Reply[object]:
        started = time.perf_counter()
        connection = await self._connect(call, place, timeout)
        deadline = _Deadline(connection, started + timeout - time.perf_counter())
        try:
            status, headers, content, file = await self._converse(place, connection, call, head, body)
        except _FAULTS as error:
            failure: TransportError = took_too_long(timeout, call) if deadline.passed else broke(error, call)
        except ConnectionLostError as error:  # what was cut off may be a compressed body
            failure = took_too_long(timeout, call) if deadline.passed else error
        else:
            if not deadline.passed:
                return Reply(
                    status=status,
                    headers=headers,
                    body=content,
                    elapsed=time.perf_counter() - started,
                    request_id=call.request_id,
                    value=None,
                    file=file,
                )
            # A body without a length ends where its connection does.
            if file is not None:
                file.close()
            failure = took_too_long(timeout, call)
        finally:
            deadline.lift()
        try:
            raise failure  # not inside `except`: aiohttp's own error would hang on it, with all its frames
        finally:
            del failure

    async def _connect(
        self,
        call: Call,
        place: Place,
        timeout: float,  # noqa: ASYNC109  (as the protocol)
    ) -> Connection:
        failure: CallError
        try:
            return await self._pool.take(place, connect_seconds(timeout))
        except aiohttp.ClientHttpProxyError as error:  # the proxy refused to connect us
            failure = self._not_connected(error, call, error.status)
        except _FAULTS as error:
            failure = self._not_connected(error, call)
        except NoPublicAddressError as error:
            failure = not_public(call, error.host)
        try:
            raise failure  # as above
        finally:
            del failure

    def _not_connected(self, error: Exception, call: Call, proxy_status: int | None = None) -> TransportError:
        url = call.url or self._base_url
        return could_not_connect(error, call, url=url, proxy=self._proxied, proxy_status=proxy_status)

    async def _converse(
        self, place: Place, connection: Connection, call: Call, head: bytes, body: Outgoing | None
    ) -> tuple[int, dict[str, str], bytes, Spool | None]:
        """Send a request and read its answer; the connection is given back, or cut off."""
        protocol, transport = connection.protocol, connection.transport
        assert protocol is not None  # noqa: S101  (nothing has been awaited since it was handed out)
        assert transport is not None  # noqa: S101  (as above)
        try:
            protocol.set_response_params(
                skip_payload=call.operation.method == "HEAD",
                read_until_eof=True,
                auto_decompress=False,
                max_line_size=_LONGEST_FIELD,
                max_field_size=_LONGEST_FIELD,
            )
            if body is None:
                self._leave_together(transport, head)
            else:
                await _upload(protocol, head, body)
            message, payload = await _answer(protocol)
            headers = joined(message.raw_headers)
            content, file = await self._read(call, message.code, headers, payload)
        except BaseException:
            cut_off(connection)
            raise
        if transport.get_write_buffer_size() or (body is not None and not body.done):
            cut_off(connection)  # answered before it had the whole request
        else:
            self._pool.give_back(place, connection)
        return message.code, headers, content, file

    def _leave_together(self, transport: asyncio.Transport, request: bytes) -> None:
        """Write a request in the next turn of the event loop, with all that become ready in this one.

        Written one after the other they take a third of the time: the kernel's path is in the caches, and a
        server on this machine is woken once for all of them.
        """
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._leave)
        self._leaving.append((transport, request))

    def _leave(self) -> None:
        leaving, self._leaving = self._leaving, []
        for transport, request in leaving:
            if not transport.is_closing():  # cut off meanwhile: then it was never sent
                transport.write(request)

    async def _read(
        self, call: Call, status: int, headers: dict[str, str], payload: StreamReader
    ) -> tuple[bytes, Spool | None]:
        """Read a body to its end: into memory, or into a spool where a file was asked for and is answered."""
        with Incoming(call, status, headers, self._caps) as incoming:
            while piece := await payload.readany():
                incoming.feed(piece)
            return incoming.end()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Deadline:
    """Cuts a connection off when its time is up: whoever reads from it, or writes to it, is told at once.

    Args:
        connection: The connection.
        seconds: How long it has.

    Attributes:
        passed: Whether it was cut off.
    """

    __slots__ = ("_connection", "_timer", "passed")

    def __init__(self, connection: Connection, seconds: float) -> None:
        self.passed = False
        self._connection = connection
        self._timer = asyncio.get_running_loop().call_later(max(seconds, 0.0), self._pass)

    def _pass(self) -> None:
        self.passed = True
        transport = self._connection.transport
        if transport is not None:
            transport.abort()  # and no more: a connection that is closed tells nobody who reads from it

    def lift(self) -> None:
        """Cut nothing off any more."""
        self._timer.cancel()


def _origin_and_target(url: str) -> tuple[str, str]:
    """Return where an absolute URL leads to, and its path and query to the letter."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}", (parts.path or "/") + query


def _head(call: Call, place: Place, target: str, headers: dict[str, str]) -> bytes:
    """Return a request up to its body, and a body that is in memory with it.

    Raises:
        InvalidInputError: It would be no request, or another one.
    """
    method, body = call.operation.method, call.body
    if len(place.prefix) + len(target) > _LONGEST_URL:
        raise no_url()
    if _NOT_IN_A_TARGET.search(target):
        target = _NOT_IN_A_TARGET.sub(lambda odd: quote(odd[0]), target)
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    lines = len(headers)
    if fields.count("\n") != lines or fields.count("\r") != lines or "\0" in fields:
        raise unusable_header()
    length = ""
    if body is not None:
        length = f"Content-Length: {len(body)}\r\n"
    elif method not in _WITHOUT_BODY and "Content-Length" not in headers:
        length = "Content-Length: 0\r\n"
    head = f"{method} {place.prefix}{target} HTTP/1.1\r\n{place.fields}{fields}{length}\r\n"
    try:
        raw = head.encode("ascii")
    except UnicodeEncodeError:
        raise unusable_header() from None
    return raw if body is None else raw + body


async def _upload(protocol: ResponseHandler, head: bytes, body: Outgoing) -> None:
    """Send a request whose body is read as it goes out."""
    writer = StreamWriter(protocol, asyncio.get_running_loop())
    try:
        await writer.write(head)
        async for piece in body:
            await writer.write(piece)
    except (aiohttp.ClientError, OSError):
        pass  # it may have answered before it had the whole: what it said, or what broke, is read next


async def _answer(protocol: ResponseHandler) -> tuple[RawResponseMessage, StreamReader]:
    """Return an answer's head and its body; interim ones (RFC 9110, section 15.2) are passed over."""
    while True:
        message, payload = await protocol.read()
        if message.code not in _INFORMATIONAL:
            return message, payload
        if message.code == _SWITCHING_PROTOCOLS:
            raise HttpProcessingError(message="a switch of protocols that nobody asked for")
