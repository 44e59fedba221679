"""The one door to the network: the `Transport` protocol, and its httpx implementation.

httpx is imported here alone, and none of its types passes the door. What is decided here:

* No redirect is followed: the token would go to whatever host the answer names.
* Bodies are inflated by ourselves, a bounded piece at a time, because 1 MB of gzip may be 1 GB.
* Only a failed connect is "never sent". Every other fault may have come after the server acted.
* The pool is several pools of ten. httpx 0.28's cost of a request grows with the number in flight on one pool
  (1.5 ms at ten, 13 ms at a hundred); ten pools of ten stay at the cost of ten.
"""

from __future__ import annotations

import time
import urllib.request
import zlib
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import anyio
import httpx

from alianza_async.bodies import DEFAULT_MAX_DOWNLOAD_BYTES, Part, Spool, Upload, new_spool
from alianza_async.call import Call, Reply
from alianza_async.errors import (
    CallTimeoutError,
    ConfigurationError,
    ConnectionFailedError,
    ConnectionLostError,
    InvalidInputError,
    ResponseShapeError,
    ResponseTooLargeError,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, MutableMapping

__all__ = ["DEFAULT_MAX_BODY_BYTES", "HttpxTransport", "InProcessTransport", "Transport"]

DEFAULT_MAX_BODY_BYTES = 32 * 1024 * 1024
_SHARD_SIZE = 10
_KEEPALIVE_SECONDS = 30.0
_CONNECT_TIMEOUT = 10.0
_CONNECT_SHARE = 0.9
_INFLATE_STEP = 256 * 1024
_UPLOAD_STEP = 64 * 1024


class Transport(Protocol):
    """What carries one request and brings one answer."""

    @property
    def capacity(self) -> int:
        """How many requests may be under way at once; the session holds callers to it."""
        ...

    async def send(
        self,
        call: Call,
        headers: dict[str, str],
        timeout: float,  # noqa: ASYNC109  (it alone knows what was cut off: a connect, or an answer)
    ) -> Reply[object]:
        """Send one request and read its answer to the end, whatever its status.

        Args:
            call: What to send.
            headers: Header fields to send with it.
            timeout: Seconds for all of it.

        Raises:
            ConnectionFailedError: No connection was made: never sent.
            ConnectionLostError: It broke afterwards.
            CallTimeoutError: Not answered in full in time.
            ResponseShapeError: The answer is no HTTP, or larger than the cap.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class HttpxTransport:
    """Carries requests over httpx's connection pool.

    Args:
        base_url: Scheme, host and port, with a path before `/v2` where a gateway wants one.
        max_connections: Connections at the most; also how many requests may be under way.
        max_body_bytes: The largest decoded body that is read.
        max_download_bytes: The largest answer that is a file.
        ssl_context: An own TLS context; None is httpx's, with the certificates of certifi.
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
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        trust_env: bool = False,
    ) -> None:
        self._base_url = base_url
        self._max_body_bytes = max_body_bytes
        self._max_download_bytes = max_download_bytes
        if proxy is None and trust_env:
            proxy = _environment_proxy(base_url)
        verify = ssl_context or httpx.create_ssl_context(trust_env=trust_env)

        def pool(size: int) -> httpx.AsyncBaseTransport:
            limits = httpx.Limits(
                max_connections=size, max_keepalive_connections=size, keepalive_expiry=_KEEPALIVE_SECONDS
            )
            try:
                return httpx.AsyncHTTPTransport(verify=verify, limits=limits, proxy=proxy, trust_env=False)
            except (ValueError, httpx.InvalidURL, ImportError) as error:
                raise ConfigurationError(f"the proxy cannot be used: {type(error).__name__}") from None

        self._open(pool, max_connections)

    def _open(self, pool: Callable[[int], httpx.AsyncBaseTransport], max_connections: int) -> None:
        if max_connections < 1:
            raise ConfigurationError(f"max_connections is {max_connections}; give 1 or more")
        full, rest = divmod(max_connections, _SHARD_SIZE)
        sizes = [_SHARD_SIZE] * full + ([rest] if rest else [])
        self._pools = [pool(size) for size in sizes]
        # One entry a connection; the last one put back is the first one taken, so that few pools stay warm.
        self._free = [index for index, size in reversed(list(enumerate(sizes))) for _ in range(size)]
        self._capacity = max_connections

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
            request = self._request(call, headers, timeout, files)
            return await self._exchange(call, request, timeout)

    def _request(
        self, call: Call, headers: dict[str, str], timeout: float, files: ExitStack
    ) -> httpx.Request:
        # Under the whole's timeout, so that a host that does not answer is told as never connected.
        connect = min(_CONNECT_TIMEOUT, timeout * _CONNECT_SHARE)
        try:
            return httpx.Request(
                call.operation.method,
                call.url or self._base_url + call.target,
                headers=headers
                if call.upload is None
                else {**headers, "Content-Length": str(call.upload.size)},
                content=call.body if call.upload is None else _whole(call.upload, files),
                files=[_part(part, files) for part in call.parts] or None,
                extensions={
                    "timeout": {"connect": connect, "read": timeout, "write": timeout, "pool": timeout},
                },
            )
        except httpx.InvalidURL:
            raise InvalidInputError(
                "the call's path and query are no URL that can be sent, most likely too long; shorten the ids"
            ) from None

    async def _exchange(
        self,
        call: Call,
        request: httpx.Request,
        timeout: float,  # noqa: ASYNC109  (as the protocol)
    ) -> Reply[object]:
        index = self._free.pop()
        started = time.perf_counter()
        try:
            with anyio.fail_after(timeout):
                response = await self._pools[index].handle_async_request(request)
                try:
                    body, file = await self._read(response, call)
                finally:
                    await response.aclose()
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.ProxyError,  # the proxy refused to connect us
            httpx.UnsupportedProtocol,
        ) as error:
            raise ConnectionFailedError(
                f"could not connect ({_name(error)}); check base_url and the network", context=call.context()
            ) from None
        except (TimeoutError, httpx.TimeoutException):
            raise CallTimeoutError(f"no whole answer within {timeout:g} s", context=call.context()) from None
        except (httpx.TransportError, httpx.StreamError, OSError) as error:
            raise ConnectionLostError(
                f"the connection broke before the whole answer came ({_name(error)})", context=call.context()
            ) from None
        finally:
            self._free.append(index)
        return Reply(
            status=response.status_code,
            headers=_headers(response),
            body=body,
            elapsed=time.perf_counter() - started,
            request_id=call.request_id,
            value=None,
            file=file,
        )

    async def _read(self, response: httpx.Response, call: Call) -> tuple[bytes, Spool | None]:
        """Read a body to its end: into memory, or into a spool where a file was asked for and is answered."""
        if not (call.wants_file and response.is_success):
            return await self._read_into(None, response, call), None
        spool = new_spool()
        try:
            return await self._read_into(spool, response, call), spool
        except BaseException:
            spool.close()
            raise

    async def _read_into(self, spool: Spool | None, response: httpx.Response, call: Call) -> bytes:
        """Read a body to its end; what has no spool to go into is returned."""
        cap = self._max_body_bytes if spool is None else self._max_download_bytes
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        pieces: list[bytes] = []
        size = 0
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101  (what an async transport answers)
        async for piece in _decoded(stream, encoding, call):
            size += len(piece)
            if size > cap:
                raise ResponseTooLargeError(
                    f"the answer's body is over {cap} bytes; raise "
                    f"{'max_body_bytes' if spool is None else 'max_download_bytes'} if that is meant",
                    context=call.context(),
                    status=response.status_code,
                )
            if spool is None:
                pieces.append(piece)
            else:
                spool.write(piece)
        return b"".join(pieces)

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            await pool.aclose()


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
        self._max_body_bytes = max_body_bytes
        self._max_download_bytes = max_download_bytes
        shared = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

        def pool(_size: int) -> httpx.AsyncBaseTransport:
            return shared

        self._open(pool, max_connections)


def _part(part: Part, files: ExitStack) -> tuple[str, tuple[str | None, IO[bytes] | bytes, str | None]]:
    """Return a part as httpx takes it; its file is opened now, and closed with the exchange."""
    if isinstance(part.value, str):
        return part.name, (None, part.value.encode(), None)
    upload = part.value
    source = upload.open()
    if not isinstance(source, bytes):
        files.enter_context(source)
    return part.name, (upload.name, source, upload.media_type)


def _whole(upload: Upload, files: ExitStack) -> AsyncIterator[bytes] | bytes:
    """Return a file that is the whole body, read as it goes out."""
    source = upload.open()
    if isinstance(source, bytes):
        return source
    files.enter_context(source)
    return _read_on(source)


async def _read_on(source: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := source.read(_UPLOAD_STEP):
        yield piece


async def _decoded(
    stream: AsyncIterator[bytes] | httpx.AsyncByteStream, encoding: str, call: Call
) -> AsyncIterator[bytes]:
    """Yield the body inflated, never more than a bounded piece at a time."""
    if encoding in {"identity", ""}:
        async for piece in stream:
            yield piece
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise ResponseShapeError(
            f"the answer's body is encoded as {encoding[:40]!r}, which was not asked for",
            context=call.context(),
        )
    # 32 + MAX_WBITS: zlib itself tells gzip from zlib.
    inflate = zlib.decompressobj(32 + zlib.MAX_WBITS)
    empty = True
    try:
        async for piece in stream:
            rest = piece
            empty = empty and not rest
            while rest and not inflate.eof:
                yield inflate.decompress(rest, _INFLATE_STEP)
                rest = inflate.unconsumed_tail
    except zlib.error:
        raise ConnectionLostError("the answer's compressed body is damaged", context=call.context()) from None
    # No body at all is no compressed body: a 204 may carry the header none the less.
    if not (inflate.eof or empty):
        raise ConnectionLostError("the answer's compressed body is cut off", context=call.context())


def _headers(response: httpx.Response) -> MutableMapping[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _name(error: Exception) -> str:
    """Return an error's kind alone: its text may hold a URL with an id in it."""
    return type(error).__name__


def _environment_proxy(base_url: str) -> str | None:
    """Return the proxy that the environment names for this host, by the standard library's rules."""
    parts = urlsplit(base_url)
    if parts.hostname is None or urllib.request.proxy_bypass(parts.hostname):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
