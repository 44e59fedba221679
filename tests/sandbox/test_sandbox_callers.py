"""Who may use the sandbox's control pages: no name but this machine's, and no page of another origin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from alianza_async.sandbox import Sandbox, SandboxOptions, serve
from alianza_async.sandbox.callers import refusal_of
from tests.sandbox.sandbox_caller import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "The control pages answer to localhost and to loopback addresses alone; check Host"
ORIGIN = "The control pages answer no page of another origin; send no Origin"
CALLS = [
    ("GET", "/health"),
    ("GET", "/_sandbox/truth"),
    ("GET", "/_sandbox/accounts"),
    ("POST", "/_sandbox/reset"),
    ("PUT", "/_sandbox/options"),
    ("POST", "/_sandbox/revoke"),
    ("POST", "/_sandbox/faults"),
    ("PUT", "/_sandbox/uploads/some-key"),
    ("GET", "/_sandbox/outputs/some-key"),
    ("GET", "/nothing"),
]


@pytest.mark.parametrize(("verb", "path"), CALLS)
async def test_no_control_page_answers_a_foreign_name_or_page(verb: str, path: str) -> None:
    """Every page but the API's refuses both, over a socket as well, and changes nothing."""
    sandbox = Sandbox(SandboxOptions(password="open sesame", latency_ms=1))
    async with serve(sandbox) as running, httpx.AsyncClient(base_url=running.base_url) as http:
        for headers, reason in (
            ({"Host": "rebound.example"}, HOST),
            ({"Origin": "https://evil.example"}, ORIGIN),
            ({"Origin": "null"}, ORIGIN),
        ):
            answer = await http.request(verb, path, json={"latency_ms": 0}, headers=headers)
            assert refusal(answer) == (403, [reason], {})
        assert sandbox.options.latency_ms == 1


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Host": "localhost"}, None),
        ({"Host": "LOCALHOST.:8080"}, None),
        ({"Host": "127.0.0.1:8080"}, None),
        ({"Host": "127.8.9.1"}, None),
        ({"Host": "[::1]:8080"}, None),
        ({"Host": "192.0.2.7:8080"}, None),
        ({"Host": "192.0.2.8:8080"}, HOST),
        ({"Host": "localhost.evil.example"}, HOST),
        ({"Host": "127.0.0.1.evil.example"}, HOST),
        ({"Host": "evil.example:8080"}, HOST),
        ({"Host": "localhost@evil.example"}, HOST),
        ({"Host": "evil.example#localhost"}, HOST),
        ({"Host": "localhost:port"}, HOST),
        ({"Host": ""}, HOST),
        ({}, HOST),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8080"}, None),
        ({"Host": "localhost", "Origin": "http://localhost:80"}, None),
        ({"Host": "localhost:8080", "Origin": "http://localhost:3000"}, ORIGIN),
        ({"Host": "localhost:8080", "Origin": "http://127.0.0.1:8080"}, ORIGIN),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8080.evil.example"}, ORIGIN),
        ({"Host": "localhost:8080", "Origin": ""}, ORIGIN),
        ({"Host": "localhost:8080", "Origin": "file://"}, ORIGIN),
    ],
)
def test_which_callers_are_this_machines(headers: Mapping[str, str], reason: str | None) -> None:
    """A loopback name or address, or the address that it is bound to; an origin is the page's own."""
    fields = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "scheme": "http", "headers": fields, "server": ("192.0.2.7", 8080)}
    assert refusal_of(scope) == reason


def test_two_hosts_are_none() -> None:
    """A request that names two hosts is believed in neither."""
    fields = [(b"host", b"localhost"), (b"host", b"localhost")]
    assert refusal_of({"scheme": "http", "headers": fields, "server": ("127.0.0.1", 80)}) == HOST


async def test_the_api_itself_answers_as_before() -> None:
    """What the API refuses is its own business: a gateway may send it any host."""
    async with serve() as running, httpx.AsyncClient(base_url=running.base_url) as http:
        login = {"username": "ann", "password": "secret"}
        answer = await http.post("/v2/authorize", json=login, headers={"Host": "gateway.example"})
        assert answer.status_code == 200


async def test_a_request_without_a_host_is_refused() -> None:
    """Of an HTTP/1.0 request nobody knows which name led it here."""
    async with serve() as running:
        port = urlsplit(running.base_url).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /_sandbox/truth HTTP/1.0\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"403"
        writer.close()
        await writer.wait_closed()
