"""Servers that do as they please: bytes in, bytes out, over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from alianza_async.calls.call import Call, Operation, OperationClass

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Return a request's head; reads its body too."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.split(b":")[1]))
    return head


def says(raw: bytes) -> Handler:
    """Read a request, answer these bytes, hang up."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(raw)
        await writer.drain()

    return handler


def http(
    body: bytes, *headers: str, status: str = "200 OK", length: int | None = None, close: bool = True
) -> bytes:
    """Return an HTTP answer as bytes."""
    size = len(body) if length is None else length
    last = ["Connection: close"] if close else []
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *last, *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def repeating(*answers: bytes) -> Handler:
    """Answer each request of a connection with the next answer; the last one is given again and again."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = list(answers)
        while True:
            await read_request(reader)
            writer.write(left.pop(0) if len(left) > 1 else left[0])
            await writer.drain()

    return handler


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection as a crash does: what was not read yet is lost, and the other end is told so."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Counting:
    """Hands connections on to another handler, and counts them.

    Args:
        handler: What serves them.

    Attributes:
        opened: Connections so far.
        now: Connections at this moment.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.opened = 0
        self.now = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        self.opened += 1
        self.now += 1
        try:
            await self._handler(reader, writer)
        finally:
            self.now -= 1

    async def until(self, number: int) -> None:
        """Return once there are so many connections."""
        async with asyncio.timeout(5):
            while self.now != number:  # noqa: ASYNC110  (what changes it is the other end)
                await asyncio.sleep(0.002)

    async def until_at_most(self, number: int) -> None:
        """Return once there are so many connections or fewer: that one was closed is learnt late."""
        async with asyncio.timeout(5):
            while self.now > number:  # noqa: ASYNC110  (what changes it is the other end)
                await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def serving(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    """Serve on a loopback port; yields `host:port`. Handlers still running at the end are cancelled."""
    tasks: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other end left, or the test is over
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=tls)
    try:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def new_call(target: str = "/v2/thing", *, method: str = "GET", body: bytes | None = None) -> Call:
    """Return a call that no road has seen."""
    operation = Operation("test", method, target, OperationClass.ACTION)
    return Call(operation, target, {}, body=body)
