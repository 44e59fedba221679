"""The embedded server: `asyncio.Protocol` with httptools on uvloop, so little that no client can outrun it.

`python -m benchmarks.embedded 0 10 50` listens on one loopback port for each latency (milliseconds), prints
where, and ends with its standard input. It answers logins, creates and look-ups with what the models accept,
and nothing depends on an earlier request.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from array import array
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import httptools

from benchmarks.rows import LOGIN, NUMBER, account_json

if TYPE_CHECKING:
    from collections.abc import Callable

_BEFORE, _AFTER = account_json().split(NUMBER.encode())
_NUMBER: Final = re.compile(rb'"accountNumber": ?"([^"]*)"')
_LOOK_UP: Final = re.compile(rb"/account/([^/?]+)")
_HEAD: Final = b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class Door:
    """One listening port: how long its answers take, and what came to it.

    Attributes:
        latency: Seconds from a request's last byte to its answer.
        creates: Creates answered since the last reset.
        look_ups: Look-ups answered.
        logins: Logins answered.
        arrivals: When each create arrived, `time.monotonic()`.
    """

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.reset()

    def reset(self) -> None:
        """Forget what came."""
        self.creates = self.look_ups = self.logins = 0
        self.arrivals = array("d")

    def answer(self, method: bytes, url: bytes, body: bytes) -> tuple[float, bytes]:
        """Return how many seconds an answer takes, and the whole of it."""
        if method == b"POST" and url.endswith(b"/account"):
            self.creates += 1
            self.arrivals.append(time.monotonic())
            number = _NUMBER.search(body)
            if number is None:
                return self.latency, _page(b'{"messages":["accountNumber must not be null"]}', 400)
            return self.latency, _page(_BEFORE + number[1] + _AFTER)
        if method == b"GET" and (wanted := _LOOK_UP.search(url)):
            self.look_ups += 1
            return self.latency, _page(_BEFORE + wanted[1] + _AFTER)
        if method == b"POST" and url.endswith(b"/v2/authorize"):
            self.logins += 1
            return self.latency, _page(LOGIN)
        return 0.0, _page(*self._own(url))

    def _own(self, url: bytes) -> tuple[bytes, int]:
        """Answer what the benchmarks themselves ask."""
        if url.endswith(b"/_bench/facts"):
            facts = {"creates": self.creates, "look_ups": self.look_ups, "logins": self.logins}
            return json.dumps(facts).encode(), 200
        if url.endswith(b"/_bench/arrivals"):
            return json.dumps(self.arrivals.tolist()).encode(), 200
        if url.endswith(b"/_bench/reset"):
            self.reset()
            return b"{}", 200
        return b'{"messages":["there is no such page"]}', 404


def _page(body: bytes, status: int = 200) -> bytes:
    return _HEAD % (status, len(body)) + body


class Conversation(asyncio.Protocol):
    """One connection. A client sends its next request after the answer, so answers keep their order.

    Args:
        door: Where it came in.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._url = self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        stream = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._write: Callable[[bytes], None] = stream.write
        self._close = stream.close
        self._later = asyncio.get_running_loop().call_later
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._close()

    def on_url(self, url: bytes) -> None:
        """Take the target of a request that begins."""
        self._url, self._body = url, b""

    def on_body(self, body: bytes) -> None:
        """Take a piece of its body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Answer it, now or when its time has come."""
        wait, page = self._door.answer(self._parser.get_method(), self._url, self._body)
        if wait:
            self._later(wait, self._write, page)
        else:
            self._write(page)


async def _serve(latencies: list[int]) -> None:
    loop = asyncio.get_running_loop()
    ports: dict[int, int] = {}
    for latency in latencies:
        door = Door(latency / 1000)
        server = await loop.create_server(partial(Conversation, door), "127.0.0.1", 0, backlog=4096)
        ports[latency] = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps({"kind": kind(), "pid": 0, "ports": ports}) + "\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # pragma: no cover  (Windows)
        return None
    return uvloop.new_event_loop


def kind() -> str:
    """Return what this server is made of."""
    return f"embedded ({'uvloop' if _loop_factory() else 'asyncio'} + httptools)"


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve([int(word) for word in sys.argv[1:]]))
