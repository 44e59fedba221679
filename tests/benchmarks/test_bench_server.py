"""The benchmarks' server answers what the models accept, and tells what came to it."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from alianza_async import AccountCreate, LimitPolicy, Session
from benchmarks.rows import PARTITION, account_json, row
from benchmarks.server import LATENCIES, Server
from benchmarks.transports import open_session

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The embedded server, in its own process."""
    with Server.embedded() as running:
        yield running


@pytest.fixture(autouse=True)
def _from_nothing(server: Server) -> None:
    """Let every test begin with nothing counted."""
    for latency in LATENCIES:
        server.reset(latency)


def told(server: Server) -> dict[str, int]:
    """Return all that the server counted."""
    with urllib.request.urlopen(f"{server.url(0)}/_bench/facts") as answer:  # noqa: S310  (loopback)
        return dict(json.loads(answer.read()))


def test_sizes_are_those_that_are_claimed() -> None:
    """A row goes out with about 600 bytes and comes back with about 900."""
    sent = len(AccountCreate.model_validate(row(1)).to_wire())

    assert 550 <= sent <= 650
    assert 850 <= len(account_json()) <= 960


async def test_library_is_answered(server: Server) -> None:
    """A login, a create and a look-up over a session are answered with what was asked for."""
    async with open_session(server.url(0), "httpx") as session:
        made = await session.accounts.create(AccountCreate.model_validate(row(7)))
        found = await session.accounts.get_by_number("BENCH-00000009")

    assert made.model_dump(by_alias=True, exclude_unset=True).items() >= row(7).items()
    assert (made.partition_id, found.account_number) == (PARTITION, "BENCH-00000009")
    assert told(server) == {"creates": 1, "look_ups": 1, "logins": 1}


async def test_bulk_job_is_answered(server: Server) -> None:
    """A job's rows arrive once each, and none is refused."""
    async with open_session(server.url(0), "httpx") as session:
        report = await session.bulk.create_accounts([row(number) for number in range(40)]).run()

    assert (report.created, report.total, server.creates(0)) == (40, 40, 40)


def test_answers_take_as_long_as_asked(server: Server) -> None:
    """The port for 50 ms answers no sooner, and keeps its own count."""

    async def three() -> float:
        async with Session(
            auth_token="t", partition_id=PARTITION, base_url=server.url(50), limit=LimitPolicy(rate=1e5)
        ) as session:
            began = time.monotonic()
            for _ in range(3):
                await session.accounts.get_by_number("A-1")
            return time.monotonic() - began

    assert asyncio.run(three()) >= 0.14  # its timer counts whole milliseconds
    assert told(server)["look_ups"] == 0


async def test_arrivals_are_told(server: Server) -> None:
    """Each create has its moment, in order, on the clock that both processes share."""
    before = time.monotonic()
    async with open_session(server.url(0), "httpx") as session:
        for number in range(3):
            await session.accounts.create(AccountCreate.model_validate(row(number)))
    after = time.monotonic()
    arrived = server.arrivals(0)

    assert len(arrived) == 3
    assert [before, *arrived, after] == sorted([before, *arrived, after])


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/v2/partition/p/account", 400)])
def test_nonsense_is_refused(server: Server, path: str, status: int) -> None:
    """An unknown page is none, and a create without a number is refused."""
    request = urllib.request.Request(server.url(0) + path, data=b"{}", method="POST")  # noqa: S310  (loopback)

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)  # noqa: S310  (loopback)

    with refused.value as answer:
        assert answer.code == status


async def test_what_is_no_http_is_hung_up_on(server: Server) -> None:
    """Bytes that are no HTTP end their connection, and nobody else's."""
    host, port = server.url(0).removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\x00\x01 nonsense\r\n\r\n")

    assert await reader.read() == b""
    writer.close()
    assert server.creates(0) == 0
