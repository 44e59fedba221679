"""`server`: how fast the server is when nothing stands before it, so that no figure is the server's own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from benchmarks.frame import Benchmark, Figure, Run
from benchmarks.meter import metered
from benchmarks.rows import ACCOUNTS_PATH, row

if TYPE_CHECKING:
    from benchmarks.worker import Facts

__all__ = ["BENCHMARK", "blunt"]

CONNECTIONS: Final = 50

FIGURES: Final = (
    Figure("server.ceiling", "items/s", "higher"),
    Figure("server.cpu_per_item", "us of CPU", "lower"),
)


class _Blunt(asyncio.Protocol):
    """Sends the same bytes again for each piece that comes back, and reads none of it."""

    def __init__(self, request: bytes, count: int) -> None:
        self._request = request
        self._left = count
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002  (it is an answer: that is enough)
        """Send the next one, or end."""
        self._left -= 1
        if self._left:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (seen in what was left)
        """Tell how many were not answered."""
        self.ended.set_result(self._left)


async def blunt(host: str, port: int, count: int) -> Facts:
    """Create over a few connections with the least a client can do."""
    import json

    body = json.dumps(row(1)).encode()
    head = f"POST {ACCOUNTS_PATH} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    each = count // CONNECTIONS
    loop = asyncio.get_running_loop()
    with metered() as spent:
        pairs = [
            await loop.create_connection(lambda: _Blunt(head + body, each), host, port)
            for _ in range(CONNECTIONS)
        ]
        left = sum([await protocol.ended for _, protocol in pairs])
    return {"done": each * CONNECTIONS - left, "wall_s": spent.wall_s, "cpu_s": spent.cpu_s}


def measure(run: Run) -> None:
    """Measure the server that the comparison without latency uses."""
    server = run.server
    run.say(f"the server is {server.kind}")
    host, port = server.url(0).removeprefix("http://").split(":")
    count = run.pick(20_000, 1_000)
    for _ in range(run.at_most(3)):
        before = server.cpu_s()
        told = run.worker("blunt").ask(blunt, host, int(port), count)
        after = server.cpu_s()
        run.add("server.ceiling", [told["done"] / told["wall_s"]])
        if before is not None and after is not None:
            run.add("server.cpu_per_item", [1e6 * (after - before) / told["done"]])
    if server.cpu_s() is None:
        run.absent("this system does not tell", "server.cpu_per_item")


BENCHMARK: Final = Benchmark(
    "the server itself, asked by a client that does next to nothing", FIGURES, measure
)
