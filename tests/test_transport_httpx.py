"""What the transport over httpx does on its own: its several pools, and requests without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
import respx

from alianza_async.errors import CallTimeoutError, ConnectionLostError
from alianza_async.sandbox import Fault
from alianza_async.session import Session
from alianza_async.transport import HttpxTransport, InProcessTransport
from tests.raw_server import Counting, Handler, http, new_call, read_request, serving

if TYPE_CHECKING:
    import asyncio

    from alianza_async.sandbox import Sandbox


@pytest.mark.parametrize(("connections", "shards"), [(1, 1), (10, 1), (11, 2), (120, 12), (125, 13)])
async def test_the_shards_hold_the_whole_capacity(connections: int, shards: int) -> None:
    """However the pool is split, it has exactly the capacity it was told, and hands out warm shards first."""
    transport = HttpxTransport("http://127.0.0.1:9", max_connections=connections)
    assert transport.capacity == connections
    assert len(transport._shards) == shards  # pyright: ignore[reportPrivateUsage]
    assert len(transport._free) == connections  # pyright: ignore[reportPrivateUsage]
    await transport.aclose()


async def test_a_pool_that_was_cut_into_is_closed_after_its_last_exchange() -> None:
    """A call that is cut off takes its pool out of use: what was idle in it is closed, the next is new."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_request(reader)
        if b"/quick" in head:
            writer.write(http(b"{}", close=False))
        await reader.read()

    handler: Handler = slow
    counted = Counting(handler)
    async with serving(counted) as address:
        transport = HttpxTransport(f"http://{address}", max_connections=2)
        assert (await transport.send(new_call("/quick"), {}, 5)).status == 200
        with pytest.raises(CallTimeoutError):
            await transport.send(new_call("/slow"), {}, 0.1)
        await counted.until(0)
        assert (await transport.send(new_call("/quick"), {}, 5)).status == 200
        assert (counted.opened, counted.now) == (2, 1)
        await transport.aclose()
        await counted.until(0)


async def test_in_process_an_app_that_breaks_is_a_lost_connection(sandbox: Sandbox) -> None:
    """What a cut connection is over a socket it is in process, too."""
    sandbox.faults.add(Fault(kind="cut_before"))
    transport = InProcessTransport(sandbox.app, max_connections=3)
    assert transport.capacity == 3
    with pytest.raises(ConnectionLostError):
        await transport.send(new_call(), {}, 5)
    await transport.aclose()


@respx.mock
async def test_users_may_mock_httpx() -> None:
    """Named, the transport over httpx is what the tools for httpx see, whatever else is installed."""
    route = respx.get("http://localhost/v2/thing").mock(return_value=httpx.Response(200, json={"a": 1}))
    async with Session(base_url="http://localhost", auth_token="sesame", transport="httpx") as session:
        reply = await session.call("GET", "/v2/thing")
    assert (reply.value, route.call_count) == ({"a": 1}, 1)
