"""How every transport keeps its connections: which one is used, for how long, and which are closed."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from alianza_async.errors import CallTimeoutError
from alianza_async.transports.base import KEEPALIVE_SECONDS, is_readable
from tests.raw_server import Counting, Handler, http, new_call, read_request, repeating, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.transports.choice import TransportFactory

OK = http(b"{}", close=False)


def _behind(gate: asyncio.Event) -> Handler:
    """Answer each request once the gate is open."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            await gate.wait()
            writer.write(OK)

    return handler


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let so many seconds go by, by the clock that connections are kept by."""
    real, ahead = time.monotonic, [0.0]
    monkeypatch.setattr("time.monotonic", lambda: real() + ahead[0])

    def go_by(seconds: float) -> None:
        ahead[0] += seconds

    return go_by


async def test_a_connection_that_nobody_used_is_not_used_again(
    make: TransportFactory, later: Callable[[float], None]
) -> None:
    """After its time, the next request has a new one, and the old one is closed."""
    counted = Counting(repeating(OK))
    async with serving(counted) as address:
        transport = make(f"http://{address}")
        for wait, opened in ((0, 1), (KEEPALIVE_SECONDS - 1, 1), (KEEPALIVE_SECONDS + 1, 2)):
            later(wait)
            await transport.send(new_call(), {}, 5)
            assert counted.opened == opened
        await counted.until(1)
        await transport.aclose()


async def test_the_last_one_used_is_used_first_and_the_others_go(
    make: TransportFactory, later: Callable[[float], None]
) -> None:
    """Where one is enough, the others reach the end of their time and are closed, one a request."""
    gate = asyncio.Event()
    counted = Counting(_behind(gate))
    async with serving(counted) as address:
        transport = make(f"http://{address}")
        calls = [asyncio.create_task(transport.send(new_call(), {}, 5)) for _ in range(3)]
        await counted.until(3)
        gate.set()
        await asyncio.gather(*calls)
        later(KEEPALIVE_SECONDS - 1)
        await transport.send(new_call(), {}, 5)
        later(2)
        for left in (2, 1):
            await transport.send(new_call(), {}, 5)
            await counted.until(left)
        assert counted.opened == 3
        await transport.aclose()


async def test_a_connection_that_was_cut_into_is_closed(make: TransportFactory) -> None:
    """A call that runs out of time takes its connection with it, and no other; the next one is new."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await read_request(reader)
            if b"/quick" not in head:
                await reader.read()
                return
            writer.write(OK)

    counted = Counting(slow)
    async with serving(counted) as address:
        transport = make(f"http://{address}", max_connections=2)
        await transport.send(new_call("/quick"), {}, 5)
        with pytest.raises(CallTimeoutError):
            await transport.send(new_call("/slow"), {}, 0.1)
        await counted.until(0)
        await transport.send(new_call("/quick"), {}, 5)
        assert (counted.opened, counted.now) == (2, 1)
        await transport.aclose()
        await counted.until(0)


async def test_a_hundred_at_once_have_a_connection_each(make: TransportFactory) -> None:
    """Nobody waits for a connection that another call is using, and none is made beyond what is needed."""
    gate = asyncio.Event()
    counted = Counting(_behind(gate))
    async with serving(counted) as address:
        transport = make(f"http://{address}")
        for _ in range(2):
            gate.clear()
            calls = [asyncio.create_task(transport.send(new_call(), {}, 5)) for _ in range(100)]
            await counted.until(100)
            gate.set()
            await asyncio.gather(*calls)
        assert counted.opened == 100
        await transport.aclose()
        await counted.until(0)


def test_a_closed_connection_is_not_used_again() -> None:
    """Its socket has no number any more; there is nothing to ask the kernel for."""
    assert is_readable(-1)
