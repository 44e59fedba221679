"""The ways out: TLS, proxies, the environment; and one exchange seen from httpx's side."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest
import respx
import trustme

from alianza_async.errors import ConfigurationError, ConnectionFailedError, RequestRejectedError
from alianza_async.session import Session
from alianza_async.transport import HttpxTransport
from alianza_async.version import USER_AGENT
from tests.raw_server import Handler, http, new_call, read_request, says, serving

if TYPE_CHECKING:
    from alianza_async.call import Reply


async def through(transport: HttpxTransport) -> Reply[object]:
    """Send one request and close the transport."""
    try:
        return await transport.send(new_call(), {"X-AUTH-TOKEN": "sesame"}, 5)
    finally:
        await transport.aclose()


def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return the server's end of a TLS connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    return context


async def test_an_own_tls_context_is_used() -> None:
    """A private authority is trusted where the session is told so."""
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)  # pyright: ignore[reportUnknownMemberType]
    async with serving(says(http(b"{}")), tls=server_tls(authority)) as address:
        reply = await through(HttpxTransport(f"https://{address}", ssl_context=context))
    assert reply.status == 200


def _ignored(_loop: asyncio.AbstractEventLoop, _context: dict[str, object]) -> None:
    pass


async def test_an_unknown_certificate_is_never_sent_to() -> None:
    """A certificate that nobody vouches for ends the connection before anything was sent."""
    asyncio.get_running_loop().set_exception_handler(_ignored)  # the server's end complains, too
    async with serving(says(http(b"{}")), tls=server_tls(trustme.CA())) as address:
        with pytest.raises(ConnectionFailedError, match="ConnectError"):
            await through(HttpxTransport(f"https://{address}"))


class Proxy:
    """A proxy that answers plain requests itself, and tunnels CONNECT or refuses it."""

    def __init__(self, *, refuse: bool = False) -> None:
        self.heads: list[bytes] = []
        self._refuse = refuse

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        head = await read_request(reader)
        self.heads.append(head)
        verb, target, _ = head.split(b" ", 2)
        if verb != b"CONNECT":
            writer.write(http(b'"through the proxy"'))
            return
        if self._refuse:
            writer.write(http(b"", status="403 Forbidden"))
            return
        host, _, port = target.decode().rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            far_writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()
    else:
        sink.close()


async def test_a_plain_request_goes_through_the_proxy_given() -> None:
    """A proxy gets the whole URL of a plain request."""
    proxy = Proxy()
    async with serving(proxy) as address:
        reply = await through(HttpxTransport("http://localhost:9", proxy=f"http://{address}"))
    assert reply.body == b'"through the proxy"'
    assert proxy.heads[0].startswith(b"GET http://localhost:9/v2/thing HTTP/1.1\r\n")


async def test_a_tls_request_is_tunnelled() -> None:
    """Over TLS the proxy sees host and port, and neither the path nor the token."""
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)  # pyright: ignore[reportUnknownMemberType]
    proxy = Proxy()
    async with (
        serving(says(http(b'"behind"')), tls=server_tls(authority)) as address,
        serving(proxy) as proxy_address,
    ):
        transport = HttpxTransport(f"https://{address}", proxy=f"http://{proxy_address}", ssl_context=context)
        reply = await through(transport)
    assert reply.body == b'"behind"'
    assert proxy.heads[0].startswith(f"CONNECT {address} ".encode())
    assert b"sesame" not in proxy.heads[0]
    assert b"/v2/thing" not in proxy.heads[0]


async def test_a_proxy_that_refuses_never_sent_it() -> None:
    """A refused CONNECT is a connection never made."""
    async with serving(Proxy(refuse=True)) as address:
        with pytest.raises(ConnectionFailedError, match="ProxyError"):
            await through(HttpxTransport("https://api.invalid", proxy=f"http://{address}"))


@pytest.mark.parametrize("proxy", ["nonsense", "ftp://127.0.0.1:1", "http://host:port"])
def test_a_proxy_that_is_none_is_a_configuration_error(proxy: str) -> None:
    """What httpx does not know as a proxy is told when the transport is made."""
    with pytest.raises(ConfigurationError, match="proxy"):
        HttpxTransport("http://127.0.0.1:9", proxy=proxy)


@pytest.mark.parametrize(
    ("trusted", "variables", "by_proxy"),
    [
        (False, {"HTTP_PROXY": "{proxy}"}, False),
        (True, {"HTTP_PROXY": "{proxy}"}, True),
        (True, {"ALL_PROXY": "{proxy}"}, True),
        (True, {"HTTPS_PROXY": "{proxy}"}, False),
        (True, {"HTTP_PROXY": "{proxy}", "NO_PROXY": "127.0.0.1"}, False),
        (True, {}, False),
    ],
)
async def test_the_environments_proxies_are_heeded_only_when_asked(
    monkeypatch: pytest.MonkeyPatch, trusted: bool, variables: dict[str, str], by_proxy: bool
) -> None:
    """Proxy variables count with `trust_env` alone; `NO_PROXY` takes hosts out."""
    async with serving(says(http(b'"direct"'))) as address, serving(Proxy()) as proxy:
        for name, value in variables.items():
            monkeypatch.setenv(name.lower(), value.format(proxy=f"http://{proxy}"))
        reply = await through(HttpxTransport(f"http://{address}", trust_env=trusted))
    assert reply.body == (b'"through the proxy"' if by_proxy else b'"direct"')


async def test_a_base_url_may_have_a_path() -> None:
    """A gateway's path goes before the API's."""
    heads: list[bytes] = []

    async def gateway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_request(reader))
        writer.write(http(b"{}"))

    handler: Handler = gateway
    async with serving(handler) as address:
        await through(HttpxTransport(f"http://{address}/gateway"))
    assert heads[0].startswith(b"GET /gateway/v2/thing HTTP/1.1\r\n")


@respx.mock
async def test_what_one_request_carries() -> None:
    """A call sends JSON, the token, our id and our name; nothing else of ours."""
    route = respx.post("http://localhost/v2/thing?q=a+b&flag=true").mock(
        return_value=httpx.Response(200, json={"a": 1})
    )
    async with Session(base_url="http://localhost", auth_token="sesame") as session:
        reply = await session.call("POST", "/v2/thing", body={"b": None}, query={"q": "a b", "flag": True})
    assert (reply.value, reply.status) == ({"a": 1}, 200)
    request = route.calls.last.request
    assert request.content == b'{"b":null}'
    headers = dict(request.headers)
    assert headers.pop("x-request-id") == reply.request_id
    assert headers == {
        "host": "localhost",
        "accept": "application/json, */*;q=0.1",
        "accept-encoding": "gzip, deflate",
        "content-type": "application/json",
        "content-length": "10",
        "user-agent": USER_AGENT,
        "x-auth-token": "sesame",
    }


@respx.mock
async def test_the_request_id_can_be_kept_back() -> None:
    """Switched off, our id is not sent, but errors still carry it, beside the server's."""
    route = respx.get("http://localhost/v2/thing").mock(
        return_value=httpx.Response(400, json={"messages": ["no"]}, headers={"X-Request-ID": "theirs"})
    )
    async with Session(base_url="http://localhost", auth_token="sesame", send_request_id=False) as session:
        with pytest.raises(RequestRejectedError) as caught:
            await session.call("GET", "/v2/thing")
    assert "x-request-id" not in route.calls.last.request.headers
    assert caught.value.server_request_id == "theirs"
    assert caught.value.request_id.endswith("-1")
