"""Sockets for httpx's pools: httpcore's own, less two faults.

* A TLS handshake that is cancelled closes its socket. httpcore 1.0 closes it where the handshake fails, and
  forgets it where it is cancelled: asyncio goes on reading from a socket that nobody holds, as long as the
  loop runs. A job that is stopped would leave one for each connection that was being made.
* Whether a connection is readable is asked of the kernel alone. anyio works out everything there is to know
  of the socket first, twice a request.

A connection to a host that the API named is closed, unused, where its address is not a public one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import anyio
import httpcore

from alianza_async.transports.base import check_peer, is_readable

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterable

    from alianza_async.calls.file_hosts import FileHosts

__all__ = ["CarefulBackend"]


class CarefulBackend(httpcore.AsyncNetworkBackend):
    """Makes connections whose sockets are closed however their handshake ends.

    Args:
        hosts: Which hosts may have any address; None where a proxy stands between.
    """

    def __init__(self, hosts: FileHosts | None = None) -> None:
        self._hosts = hosts
        self._inner = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's own)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection that is not encrypted yet."""
        made = await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        if self._hosts is not None:
            try:
                check_peer(self._hosts, host, made.get_extra_info("server_addr"))
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await made.aclose()
                raise
        return _Stream(made)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection, encrypted or not."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._socket: socket.socket | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Return what came."""
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send bytes."""
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close it."""
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> object:
        """Return what it knows of its socket."""
        if info != "is_readable":
            return self._inner.get_extra_info(info)
        if self._socket is None:
            self._socket = cast("socket.socket", self._inner.get_extra_info("socket"))
        return is_readable(self._socket.fileno())

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's own)
    ) -> httpcore.AsyncNetworkStream:
        """Return the connection encrypted."""
        try:
            return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._inner.aclose()
            raise
