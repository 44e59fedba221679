"""What the fast transport does on its own: how it keeps its connections."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from alianza_async.endpoints.other_hosts import fetch_call
from alianza_async.errors import ConnectionFailedError, ConnectionLostError, InvalidInputError
from alianza_async.transports.aiohttp import AiohttpTransport
from tests.raw_server import Counting, http, new_call, read_request, repeating, serving

OK = http(b"{}", close=False)


async def test_few_other_hosts_are_remembered() -> None:
    """Connections to hosts that the API names are kept for the last eight of them."""
    counted = Counting(repeating(OK))
    async with contextlib.AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(serving(counted)) for _ in range(10)]
        transport = AiohttpTransport("http://127.0.0.1:9")
        for host in hosts:
            reply = await transport.send(fetch_call(f"http://{host}/1"), {}, 5)
            assert reply.file is not None
            reply.file.close()
        await counted.until(8)
        reply = await transport.send(fetch_call(f"http://{hosts[-1]}/2"), {}, 5)
        assert reply.file is not None
        reply.file.close()
        assert counted.opened == 10
        await transport.aclose()
        await counted.until(0)


async def test_what_is_made_for_who_left_serves_the_next() -> None:
    """A connection is made to its end though its request was cancelled, and carries the next one."""
    counted = Counting(repeating(OK))
    async with serving(counted) as address:
        transport = AiohttpTransport(f"http://{address}")
        call = asyncio.create_task(transport.send(new_call(), {}, 5))
        await asyncio.sleep(0)  # it has begun to connect
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        idle = transport._pool.home().idle  # pyright: ignore[reportPrivateUsage]
        async with asyncio.timeout(5):
            while not idle:  # noqa: ASYNC110  (the server takes it before it is made to its end here)
                await asyncio.sleep(0.002)
        await transport.send(new_call(), {}, 5)
        assert counted.opened == 1
        await transport.aclose()


async def test_closing_ends_what_is_connecting() -> None:
    """Closed while a connection is made, a transport tells its caller that nothing was sent."""
    async with serving(repeating(OK)) as address:
        transport = AiohttpTransport(f"http://{address}")
        call = asyncio.create_task(transport.send(new_call(), {}, 5))
        await asyncio.sleep(0)  # it has begun to connect
        await transport.aclose()
        with pytest.raises(ConnectionFailedError):
            await call


@pytest.mark.parametrize(
    "headers", [{"X-A": "b\r\nX-Evil: 1"}, {"X-A": "b\n"}, {"X-A": "\0"}, {"X-A": "\u20ac"}]
)
async def test_a_header_cannot_begin_another(headers: dict[str, str]) -> None:
    """A field that holds a line end, or what no header can, is refused before anything is sent."""
    transport = AiohttpTransport("http://127.0.0.1:9")
    with pytest.raises(InvalidInputError, match="header"):
        await transport.send(new_call(), headers, 5)
    await transport.aclose()


async def test_a_place_without_a_host_is_refused() -> None:
    """What is no host's address is our own error."""
    transport = AiohttpTransport("http://")
    with pytest.raises(InvalidInputError):
        await transport.send(new_call(), {}, 5)
    await transport.aclose()


async def test_a_closed_transport_opens_again() -> None:
    """Closing closes the connections; a request after it makes a new one, as the other transport does."""
    counted = Counting(repeating(OK))
    async with serving(counted) as address:
        transport = AiohttpTransport(f"http://{address}")
        for _ in range(2):
            assert (await transport.send(new_call(), {}, 5)).status == 200
            await transport.aclose()
            await counted.until(0)
    assert counted.opened == 2


async def test_what_is_cut_off_before_it_has_left_is_not_sent() -> None:
    """A request leaves in the next turn of the event loop; a transport closed meanwhile sends nothing."""
    seen: list[bytes] = []

    async def noted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                seen.append((await read_request(reader)).partition(b" HTTP")[0])
                writer.write(OK)

    counted = Counting(noted)
    async with serving(counted) as address:
        transport = AiohttpTransport(f"http://{address}")
        await transport.send(new_call("/first"), {}, 5)
        call = asyncio.create_task(transport.send(new_call("/second"), {}, 5))
        await asyncio.sleep(0)  # it has its connection
        await transport.aclose()
        with pytest.raises(ConnectionLostError):
            await call
        await counted.until(0)
    assert seen == [b"GET /first"]
