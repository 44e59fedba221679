from __future__ import annotations

import asyncio
import gc
import gzip
import socket
import struct
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from alianza_async.errors import (
    AlianzaError,
    CallTimeoutError,
    ConfigurationError,
    ConnectionFailedError,
    ConnectionLostError,
    InvalidInputError,
    ResponseShapeError,
    ResponseTooLargeError,
)
from alianza_async.transport import HttpxTransport, InProcessTransport
from tests.raw_server import Handler, http, new_call, read_request, says, serving

if TYPE_CHECKING:
    from alianza_async.call import Reply
    from alianza_async.sandbox import RunningSandbox, Sandbox
    from alianza_async.session import Session

MIB = 1024 * 1024


async def exchange(transport: HttpxTransport, target: str = "/v2/thing", timeout: float = 5) -> Reply[object]:  # noqa: ASYNC109  (as the transport)
    """Send one request and close the transport."""
    try:
        return await transport.send(new_call(target), {"X-AUTH-TOKEN": "sesame"}, timeout)
    finally:
        await transport.aclose()


async def against(handler: Handler, *, seconds: float = 5, max_body_bytes: int = MIB) -> Reply[object]:
    """Send one request to a server that does as it pleases."""
    async with serving(handler) as address:
        transport = HttpxTransport(f"http://{address}", max_body_bytes=max_body_bytes)
        return await exchange(transport, timeout=seconds)


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await asyncio.Event().wait()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a byte at a time for ever: each read is quick, the whole never ends."""
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(_reset, id="reset"),
        pytest.param(says(b""), id="hung up without a word"),
        pytest.param(says(b"HTTP/1.1 200 OK\r\nContent-Le"), id="cut in the head"),
        pytest.param(says(http(b'{"id": ', length=100)), id="cut in the body"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), id="cut in a chunk"
        ),
        pytest.param(says(b"\x16\x03\x01 this is no HTTP\r\n\r\n"), id="garbage"),
        pytest.param(says(http(gzip.compress(b"x" * 9000)[:-20], "Content-Encoding: gzip")), id="cut gzip"),
        pytest.param(says(http(b"not gzip at all", "Content-Encoding: gzip")), id="damaged gzip"),
    ],
)
async def test_a_broken_answer_is_a_lost_connection(handler: Handler) -> None:
    """Whatever breaks once the request may have been sent is `ConnectionLostError`: it may have been done."""
    with pytest.raises(ConnectionLostError):
        await against(handler)


@pytest.mark.parametrize("handler", [_hang, _drip])
async def test_no_whole_answer_in_time_is_a_timeout(handler: Handler) -> None:
    """The timeout is for the whole answer: a server that drips on for ever is cut off too."""
    with pytest.raises(CallTimeoutError, match=r"within 0\.2 s"):
        await against(handler, seconds=0.2)


async def test_a_refused_connection_was_never_sent() -> None:
    """Nobody listens: never connected, so never sent."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        with pytest.raises(ConnectionFailedError):
            await exchange(HttpxTransport(f"http://127.0.0.1:{port}"))


async def test_a_host_that_does_not_take_connections_was_never_sent() -> None:
    """A connect that is not answered in time is told as never connected, not as a lost answer."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:  # fill the queue of connections that nobody accepts
            each.setblocking(False)  # noqa: FBT003  (the standard library's own)
            each.connect_ex(full.getsockname())
        try:
            with pytest.raises(ConnectionFailedError, match="ConnectTimeout"):
                await exchange(HttpxTransport(f"http://127.0.0.1:{full.getsockname()[1]}"), timeout=0.3)
        finally:
            for each in waiting:
                each.close()


async def test_redirects_are_not_followed() -> None:
    """A redirect is an answer like any other: the token goes to no other host."""
    visits: list[bytes] = []

    async def elsewhere(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        visits.append(await read_request(reader))

    async with serving(elsewhere) as other:
        reply = await against(says(http(b"", f"Location: http://{other}/", status="307 Temporary Redirect")))
    assert (reply.status, reply.headers["location"]) == (307, f"http://{other}/")
    assert visits == []


async def test_a_compressed_body_is_inflated() -> None:
    """Compressed by gzip or deflate, bodies arrive as plain bytes."""
    for packed, name in ((gzip.compress(b"plain"), "gzip"), (zlib.compress(b"plain"), "deflate")):
        assert (await against(says(http(packed, f"Content-Encoding: {name}")))).body == b"plain"


async def test_no_body_is_no_compressed_body() -> None:
    """A 204 that says gzip has an empty body, and is not cut off."""
    raw = b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    reply = await against(says(raw))
    assert (reply.status, reply.body) == (204, b"")


async def test_a_gzip_bomb_is_cut_off_in_bounded_memory() -> None:
    """A megabyte that inflates to a gigabyte is refused at the cap, without being held in memory."""
    # A fully flushed block of deflate stands alone, so one of 4 MiB of zeros can be repeated.
    pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = pack.compress(bytes(4 * MIB)) + pack.flush(zlib.Z_FULL_FLUSH)
    bomb = gzip.compress(b"")[:10] + block * 256
    assert len(bomb) < 1.1 * MIB
    handler = says(http(bomb, "Content-Encoding: gzip"))
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTooLargeError, match="max_body_bytes"):
            await against(handler, max_body_bytes=8 * MIB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB + 8 * MIB


async def test_a_plain_body_over_the_cap_is_cut_off() -> None:
    """The cap holds for bodies that are not compressed, too; at the cap it is let through."""
    with pytest.raises(ResponseTooLargeError):
        await against(says(http(bytes(MIB + 1))))
    assert len((await against(says(http(bytes(MIB))))).body) == MIB


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,deflate"])
async def test_an_encoding_not_asked_for_is_refused(encoding: str) -> None:
    """Two layers of compression, or one we did not ask for, are refused unread."""
    body = gzip.compress(gzip.compress(b"{}"))
    with pytest.raises(ResponseShapeError, match="not asked for"):
        await against(says(http(body, f"Content-Encoding: {encoding}")))


async def test_repeated_headers_are_joined() -> None:
    """Header names arrive in lower case, repeated fields joined by a comma."""
    reply = await against(says(http(b"{}", "X-One: a", "x-one: b", "X-Two: \xe9")))
    assert (reply.headers["x-one"], reply.headers["x-two"]) == ("a, b", "\xe9")


async def test_what_is_no_url_is_refused_before_sending() -> None:
    """A path too long for any URL is our own error, and nothing is sent."""
    with pytest.raises(InvalidInputError, match="too long"):
        await exchange(HttpxTransport("http://127.0.0.1:9"), "/v2/" + "x" * 70_000)


@pytest.mark.parametrize(("connections", "shards"), [(1, 1), (10, 1), (11, 2), (120, 12), (125, 13)])
async def test_the_shards_hold_the_whole_capacity(connections: int, shards: int) -> None:
    """However the pool is split, it has exactly the capacity it was told, and hands out warm shards first."""
    transport = HttpxTransport("http://127.0.0.1:9", max_connections=connections)
    assert transport.capacity == connections
    assert len(transport._pools) == shards  # pyright: ignore[reportPrivateUsage]
    assert len(transport._free) == connections  # pyright: ignore[reportPrivateUsage]
    await transport.aclose()


@pytest.mark.parametrize("connections", [0, -1])
def test_a_pool_of_nothing_is_refused(connections: int) -> None:
    """A transport without connections could never answer."""
    with pytest.raises(ConfigurationError, match="max_connections"):
        HttpxTransport("http://127.0.0.1:9", max_connections=connections)


async def test_cancelled_calls_leak_neither_permits_nor_connections(
    served: RunningSandbox, served_session: Session
) -> None:
    """Two hundred calls cancelled one after the other, at every stage, leave all of the capacity behind."""
    sandbox = served.sandbox
    sandbox.options = sandbox.options.with_changes({"latency_ms": 20})
    await served_session.accounts.list()
    assert await _cancel_one_after_the_other(served_session, 200)
    gc.collect()  # a socket that was left open is told of here
    after = await asyncio.gather(*(served_session.accounts.list.raw() for _ in range(200)))
    assert [reply.status for reply in after] == [200] * 200
    transport = served_session._opened.transport  # pyright: ignore[reportPrivateUsage]
    assert isinstance(transport, HttpxTransport)
    assert len(transport._free) == transport.capacity  # pyright: ignore[reportPrivateUsage]
    assert served_session._opened.permits.value == transport.capacity  # pyright: ignore[reportPrivateUsage]


async def _cancel_one_after_the_other(session: Session, number: int) -> int:
    """Begin so many calls, cancel each at another stage, and return how many were cut off by it."""
    calls = [asyncio.create_task(session.accounts.list.raw()) for _ in range(number)]
    for call in calls:
        await asyncio.sleep(0.0005)
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    return sum(call.cancelled() for call in calls)


async def test_connections_are_used_again(served_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls one after the other share one connection."""
    opened: list[object] = []
    connect = asyncio.get_running_loop().sock_connect

    async def counted(sock: socket.socket, address: object) -> None:
        opened.append(address)
        await connect(sock, address)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", counted)
    for _ in range(10):
        await served_session.accounts.list()
    assert len(opened) == 1


async def test_in_process_an_app_that_breaks_is_a_lost_connection(sandbox: Sandbox) -> None:
    """What a cut connection is over a socket it is in process, too."""
    from alianza_async.sandbox import Fault

    sandbox.faults.add(Fault(kind="cut_before"))
    transport = InProcessTransport(sandbox.app, max_connections=3)
    assert transport.capacity == 3
    with pytest.raises(ConnectionLostError):
        await exchange(transport)


async def test_an_error_names_no_address() -> None:
    """Errors of the transport name the kind of fault, not the URL with its ids."""
    transport = HttpxTransport("http://127.0.0.1:1")
    with pytest.raises(AlianzaError) as caught:
        await exchange(transport, "/v2/account/secret-id")
    assert "secret-id" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None
