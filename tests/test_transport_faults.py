"""What every transport does when it goes wrong: what was sent, how often, and what is left behind."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from typing import TYPE_CHECKING, Self

import pytest
import trustme

from alianza_async.calls.files import Upload
from alianza_async.endpoints.other_hosts import upload_call
from alianza_async.errors import AlianzaError, CallTimeoutError, ConnectionLostError
from alianza_async.transports.choice import choose
from tests.hosts import session_on
from tests.raw_server import Counting, http, new_call, read_request, repeating, reset, serving
from tests.test_transport_doors import client_tls, server_tls

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from alianza_async.session import Session
    from alianza_async.transports.choice import TransportFactory, TransportName

OK = http(b"{}", close=False)
MIB = 1024 * 1024


# --- sent once, or not at all -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("before", [0, 1])
async def test_a_reset_after_the_server_acted_is_lost_and_not_sent_again(
    make: TransportFactory, method: str, before: int
) -> None:
    """A request that broke, on a new connection or on a used one, arrived once: none is sent again here."""
    committed: list[bytes] = []

    async def commits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(before):
            await read_request(reader)
            writer.write(OK)
        committed.append(await read_request(reader))
        reset(writer)

    async with serving(commits) as address:
        transport = make(f"http://{address}")
        for _ in range(before):
            await transport.send(new_call(), {}, 5)
        with pytest.raises(ConnectionLostError):
            await transport.send(new_call(method=method, body=b"{}"), {}, 5)
        await transport.aclose()
    assert len(committed) == 1


class Idle:
    """A server in a thread of its own: what it does, it does while our event loop stands still.

    Args:
        last_words: What it says on a connection that waits for a request.
        hang_up: Whether it closes that connection.
    """

    def __init__(self, *, last_words: bytes, hang_up: bool) -> None:
        self._last_words, self._hang_up = last_words, hang_up
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[int] = []
        self._let_go, self.gone = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def let_go(self) -> None:
        """Let it speak its last words on the first connection; returns once it has."""
        self._let_go.set()
        assert self.gone.wait(5)

    def _serve(self) -> None:
        with self._listener, self._listener.accept()[0] as first:
            self._answer(first, 1)
            self._let_go.wait(5)
            first.sendall(self._last_words)
            if self._hang_up:
                first.close()
            self.gone.set()
            self._listener.settimeout(5)
            with self._listener.accept()[0] as second:
                self._answer(second, 2)

    def _answer(self, connection: socket.socket, number: int) -> None:
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += connection.recv(65536)
        self.requests.append(number)
        connection.sendall(http(b"%d" % number, close=False))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go.set()
        self._thread.join(10)


@pytest.fixture(params=["closed", "told and closed", "told"])
def idle(request: pytest.FixtureRequest) -> Generator[Idle]:
    """A server that gives a connection up while nobody uses it."""
    words = b"" if request.param == "closed" else http(b"too late", status="408 Request Timeout")
    with Idle(last_words=words, hang_up=request.param != "told") as server:
        yield server


@pytest.mark.parametrize("noticed", [False, True])
async def test_a_connection_that_was_given_up_is_not_used_again(
    make: TransportFactory, idle: Idle, noticed: bool
) -> None:
    """What is said while nobody asked is no answer; nothing is sent there, noticed by the loop or not yet."""
    transport = make(f"http://{idle.address}")
    first = await transport.send(new_call(), {}, 5)
    idle.let_go()
    if noticed:
        for _ in range(5):
            await asyncio.sleep(0)
    second = await transport.send(new_call(method="POST", body=b""), {}, 5)
    await transport.aclose()
    assert (first.body, second.body, idle.requests) == (b"1", b"2", [1, 2])


async def test_an_answer_too_many_is_nobodys() -> None:
    """What comes after an answer is not taken for the next one; with httpx, h11 keeps it and it is."""
    counted = Counting(repeating(http(b"right", close=False) + http(b"wrong", close=False)))
    async with serving(counted) as address:
        transport = choose("fast")(f"http://{address}")
        bodies = [(await transport.send(new_call(), {}, 5)).body for _ in range(3)]
        await transport.aclose()
    assert bodies == [b"right"] * 3


async def test_a_file_that_becomes_shorter_is_lost(make: TransportFactory, tmp_path: Path) -> None:
    """A file that is cut while it goes out does not arrive whole, and is not taken for whole."""
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
    received: list[int] = []

    async def cuts(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        received.append(len(await reader.read(65536)))
        with path.open("r+b") as file:
            file.truncate(MIB)
        while piece := await reader.read(65536):
            received.append(len(piece))

    async with serving(cuts) as address:
        transport = make(f"http://{address}")
        with pytest.raises(ConnectionLostError, match="shorter"):
            await transport.send(upload_call(f"http://{address}/x", Upload(path)), {}, 5)
        await transport.aclose()
    assert sum(received) < 64 * MIB


async def test_an_upload_that_nobody_reads_is_a_timeout(make: TransportFactory, tmp_path: Path) -> None:
    """A server that takes a part of a file and no more is cut off when the time is over."""
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(64 * MIB)

    async def tired(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        await asyncio.Event().wait()

    async with serving(tired) as address:
        transport = make(f"http://{address}")
        with pytest.raises(CallTimeoutError):
            await transport.send(upload_call(f"http://{address}/x", Upload(path)), {}, 0.2)
        await transport.aclose()


# --- nothing is left behind ---------------------------------------------------------------------------


class Barrier:
    """Answers slowly until it is told to hold; then it answers nobody before so many wait at once.

    Args:
        number: How many.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._full = asyncio.Event()
        self.holding = False
        self.waiting = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        while True:
            await read_request(reader)
            if self.holding:
                self.waiting += 1
                if self.waiting == self._number:
                    self._full.set()
                await self._full.wait()
            else:
                await asyncio.sleep(0.1)
            writer.write(OK)


async def _cancel_one_after_the_other(session: Session, number: int) -> int:
    """Begin so many calls, cancel each at another stage, and return how many were cut off by it."""
    calls = [asyncio.create_task(session.call("GET", "/v2/thing")) for _ in range(number)]
    for call in calls:
        await asyncio.sleep(0.0005)
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    return sum(call.cancelled() for call in calls)


def _ignored(_loop: asyncio.AbstractEventLoop, _context: dict[str, object]) -> None:
    pass


@pytest.mark.parametrize(("tls", "number", "capacity"), [(False, 500, 60), (True, 100, 20)])
async def test_cancelled_calls_leak_neither_permits_nor_connections(
    transport_name: TransportName, tls: bool, number: int, capacity: int
) -> None:
    """Calls cancelled one after the other, at every stage, leave all the capacity behind, and no socket."""
    asyncio.get_running_loop().set_exception_handler(_ignored)  # the server's end of a handshake that is cut
    authority = trustme.CA()
    barrier = Barrier(capacity)
    counted = Counting(barrier)
    trusting = client_tls(authority) if tls else None
    async with serving(counted, tls=server_tls(authority) if tls else None) as address:
        async with session_on(
            address, tls=trusting, transport=transport_name, max_connections=capacity
        ) as session:
            # How many are cut off in the middle is the machine's to say; with none nothing would be shown.
            assert await _cancel_one_after_the_other(session, number) >= number // 50
            gc.collect()  # a socket that was left open is told of here
            barrier.holding = True
            calls = (session.call("GET", "/v2/thing") for _ in range(capacity))
            replies = await asyncio.wait_for(asyncio.gather(*calls), 10)
            await counted.until_at_most(capacity)
            assert session._opened.permits.free == capacity  # pyright: ignore[reportPrivateUsage]
        await counted.until(0)
    assert [reply.status for reply in replies] == [200] * capacity
    gc.collect()


async def test_failed_calls_leak_no_connection(make: TransportFactory) -> None:
    """Whatever ends a call, an error or the timeout, its connection is closed at once, not when we close."""

    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_request(reader)
        if b"garbage" in head:
            writer.write(b"no HTTP\r\n\r\n")
        elif b"encoding" in head:
            writer.write(http(b"{}", "Content-Encoding: br", close=False))
        elif b"large" in head:
            writer.write(http(b"x" * 100, close=False))
        await reader.read()  # the other end hangs up

    counted = Counting(breaks)
    async with serving(counted) as address:
        transport = make(f"http://{address}", max_body_bytes=10)
        for target in ("/garbage", "/encoding", "/large", "/silence"):
            with pytest.raises(AlianzaError):
                await transport.send(new_call(target), {}, 0.2)
            await counted.until(0)
        await transport.aclose()
    assert counted.opened == 4


async def test_closing_closes_what_is_under_way(make: TransportFactory) -> None:
    """Closed while calls are under way, a transport leaves no connection; those calls are lost."""
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        await reader.read()

    counted = Counting(silent)
    async with serving(counted) as address:
        transport = make(f"http://{address}")
        call = asyncio.create_task(transport.send(new_call(), {}, 5))
        await asked.wait()
        await transport.aclose()
        with pytest.raises(ConnectionLostError):
            await call
        await counted.until(0)


async def test_all_of_the_capacity_can_be_under_way(make: TransportFactory) -> None:
    """As many requests as the transport says go at once, each over a connection of its own."""
    barrier = Barrier(35)
    barrier.holding = True
    counted = Counting(barrier)
    async with serving(counted) as address:
        transport = make(f"http://{address}", max_connections=35)
        assert transport.capacity == 35
        calls = (transport.send(new_call(), {}, 5) for _ in range(35))
        replies = await asyncio.gather(*calls)
        assert counted.opened == 35
        await transport.aclose()
        await counted.until(0)
    assert {reply.status for reply in replies} == {200}
