"""The ways out of every transport: TLS, proxies, the environment; and what one request carries."""

from __future__ import annotations

import asyncio
import base64
import ssl
import sys
from typing import TYPE_CHECKING

import pytest
import trustme

from alianza_async.errors import ConfigurationError, ConnectionFailedError, RequestRejectedError
from alianza_async.policies.values import RetryPolicy
from alianza_async.session import Session
from alianza_async.version import USER_AGENT
from tests.hosts import Host, session_on
from tests.raw_server import Handler, http, new_call, read_request, repeating, reset, says, serving

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.calls.call import Reply
    from alianza_async.transports.base import Transport
    from alianza_async.transports.choice import TransportFactory, TransportName


async def through(transport: Transport, *, seconds: float = 5) -> Reply[object]:
    """Send one request and close the transport."""
    try:
        return await transport.send(new_call(), {"X-AUTH-TOKEN": "sesame"}, seconds)
    finally:
        await transport.aclose()


def server_tls(authority: trustme.CA, host: str = "127.0.0.1") -> ssl.SSLContext:
    """Return the server's end of a TLS connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    return context


def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return our end, which trusts an authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)  # pyright: ignore[reportUnknownMemberType]
    return context


def _ignored(_loop: asyncio.AbstractEventLoop, _context: dict[str, object]) -> None:
    pass


# --- TLS ----------------------------------------------------------------------------------------------


async def test_an_own_tls_context_is_used(make: TransportFactory) -> None:
    """A private authority is trusted where the session is told so."""
    authority = trustme.CA()
    async with serving(says(http(b"{}")), tls=server_tls(authority)) as address:
        reply = await through(make(f"https://{address}", ssl_context=client_tls(authority)))
    assert reply.status == 200


async def test_a_clients_certificate_is_shown(make: TransportFactory) -> None:
    """What else a context holds counts, too: a server that asks for a certificate gets the one in it."""
    authority = trustme.CA()
    asking, ours = server_tls(authority), client_tls(authority)
    asking.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(asking)  # pyright: ignore[reportUnknownMemberType]
    authority.issue_cert("client.example").configure_cert(ours)  # pyright: ignore[reportUnknownMemberType]
    async with serving(says(http(b"{}")), tls=asking) as address:
        assert (await through(make(f"https://{address}", ssl_context=ours))).status == 200


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_certificate_that_is_not_vouched_for_is_never_sent_to(
    make: TransportFactory, trusted: bool
) -> None:
    """A certificate of nobody we know, or of another host, ends it before anything was sent."""
    asyncio.get_running_loop().set_exception_handler(_ignored)  # the server's end complains, too
    authority = trustme.CA()
    own = client_tls(authority) if trusted else None
    heads: list[bytes] = []

    async def noting(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heads.append(await read_request(reader))

    async with serving(noting, tls=server_tls(authority, "other.example")) as address:
        with pytest.raises(ConnectionFailedError, match="could not connect"):
            await through(make(f"https://{address}", ssl_context=own))
    assert heads == []


async def _gibberish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 this is no TLS at all\r\n" * 4)
    await reader.read(1)


async def _silence(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    reset(writer)


@pytest.mark.parametrize("handler", [_gibberish, _silence, _slam])
async def test_a_handshake_that_fails_was_never_sent(make: TransportFactory, handler: Handler) -> None:
    """Whatever ends the handshake, no request had gone out."""
    async with serving(handler) as address:
        with pytest.raises(ConnectionFailedError):
            await through(make(f"https://{address}"), seconds=0.5)


@pytest.mark.parametrize("trusted", [False, True])
async def test_the_environments_certificates_are_heeded_only_when_asked(
    make: TransportFactory, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SSL_CERT_FILE` counts with `trust_env` alone."""
    asyncio.get_running_loop().set_exception_handler(_ignored)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with serving(says(http(b"{}")), tls=server_tls(authority)) as address:
        transport = make(f"https://{address}", trust_env=trusted)
        if trusted:
            assert (await through(transport)).status == 200
        else:
            with pytest.raises(ConnectionFailedError):
                await through(transport)


async def test_the_systems_certificates_are_trusted_only_when_asked(
    transport_name: TransportName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `system_trust` an authority that the system trusts is trusted, and without it is not."""
    asyncio.get_running_loop().set_exception_handler(_ignored)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))  # where OpenSSL looks for the system's
    async with serving(says(http(b"{}")), tls=server_tls(authority)) as address:
        for trusts in (True, False):
            session = Session(
                base_url=f"https://{address}",
                auth_token="t",
                transport=transport_name,
                system_trust=trusts,
                retry=RetryPolicy(attempts=1),
            )
            async with session:
                call = session.call("GET", "/v2/x")
                if trusts:
                    assert (await call).status == 200
                else:
                    with pytest.raises(ConnectionFailedError):
                        await call


async def test_the_systems_certificates_need_their_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without truststore the error says what to install, and the session stays closed."""
    monkeypatch.setitem(sys.modules, "truststore", None)
    session = Session(base_url="https://localhost", auth_token="t", system_trust=True)
    with pytest.raises(ConfigurationError, match=r"alianza-async\[system-trust\]"):
        await session.open()
    assert not session.is_open


# --- proxies ------------------------------------------------------------------------------------------


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


PASS = base64.b64encode(b"us er:p:w")


async def test_a_plain_request_goes_through_the_proxy_given(make: TransportFactory) -> None:
    """A proxy gets the whole URL of a plain request."""
    proxy = Proxy()
    async with serving(proxy) as address:
        reply = await through(make("http://localhost:9", proxy=f"http://{address}"))
    assert reply.body == b'"through the proxy"'
    assert proxy.heads[0].startswith(b"GET http://localhost:9/v2/thing HTTP/1.1\r\n")
    assert b"proxy-authorization" not in proxy.heads[0].lower()


async def test_a_proxy_is_told_who_asks(make: TransportFactory) -> None:
    """Credentials in the proxy's URL go to the proxy, of a plain request and of a tunnel, and no further."""
    authority = trustme.CA()
    proxy, host = Proxy(), Host(http(b"{}"))
    async with serving(host, tls=server_tls(authority)) as address, serving(proxy) as via:
        told = f"http://us%20er:p%3Aw@{via}"
        await through(make("http://localhost:9", proxy=told))
        await through(make(f"https://{address}", proxy=told, ssl_context=client_tls(authority)))
    for head in proxy.heads:
        assert [line for line in head.split(b"\r\n") if line.lower().startswith(b"proxy-auth")] == [
            b"Proxy-Authorization: Basic " + PASS
        ]
    assert [head.partition(b" ")[0] for head in proxy.heads] == [b"GET", b"CONNECT"]
    assert host.header("proxy-authorization") is None


async def test_a_tls_request_is_tunnelled(make: TransportFactory) -> None:
    """Over TLS the proxy sees host and port, and neither the path nor the token."""
    authority = trustme.CA()
    proxy = Proxy()
    async with (
        serving(says(http(b'"behind"')), tls=server_tls(authority)) as address,
        serving(proxy) as proxy_address,
    ):
        transport = make(
            f"https://{address}", proxy=f"http://{proxy_address}", ssl_context=client_tls(authority)
        )
        reply = await through(transport)
    assert reply.body == b'"behind"'
    assert proxy.heads[0].startswith(f"CONNECT {address} ".encode())
    assert b"sesame" not in proxy.heads[0]
    assert b"/v2/thing" not in proxy.heads[0]


async def test_a_proxy_that_refuses_never_sent_it(make: TransportFactory) -> None:
    """A refused CONNECT is a connection never made."""
    async with serving(Proxy(refuse=True)) as address:
        with pytest.raises(ConnectionFailedError, match="the proxy refused"):
            await through(make("https://api.invalid", proxy=f"http://{address}"))


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_not_there_never_sent_it(make: TransportFactory, scheme: str) -> None:
    """Nobody listens where the proxy should be: never connected."""
    with pytest.raises(ConnectionFailedError):
        await through(make(f"{scheme}://api.invalid", proxy="http://127.0.0.1:1"))


@pytest.mark.parametrize("proxy", ["nonsense", "ftp://127.0.0.1:1", "http://host:port", "http://"])
def test_a_proxy_that_is_none_is_a_configuration_error(make: TransportFactory, proxy: str) -> None:
    """What is no proxy's URL is told when the transport is made."""
    with pytest.raises(ConfigurationError, match="proxy"):
        make("http://127.0.0.1:9", proxy=proxy)


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
    make: TransportFactory,
    monkeypatch: pytest.MonkeyPatch,
    trusted: bool,
    variables: dict[str, str],
    by_proxy: bool,
) -> None:
    """Proxy variables count with `trust_env` alone; `NO_PROXY` takes hosts out."""
    async with serving(says(http(b'"direct"'))) as address, serving(Proxy()) as proxy:
        for name, value in variables.items():
            monkeypatch.setenv(name.lower(), value.format(proxy=f"http://{proxy}"))
        reply = await through(make(f"http://{address}", trust_env=trusted))
    assert reply.body == (b'"through the proxy"' if by_proxy else b'"direct"')


# --- what one request carries -------------------------------------------------------------------------


async def test_nothing_is_added_for_this_host(
    make: TransportFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cookie that a server sets is sent back to it, and no `.netrc` is looked into."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    heads: list[bytes] = []

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append((await read_request(reader)).lower())
            writer.write(http(b"{}", "Set-Cookie: a=b; Path=/", close=False))

    async with serving(noting) as address:
        transport = make(f"http://{address}", trust_env=True)
        await transport.send(new_call(), {}, 5)
        await through(transport)
    assert len(heads) == 2
    assert [head for head in heads if b"cookie:" in head or b"authorization:" in head] == []


async def test_a_base_url_may_have_a_path(make: TransportFactory) -> None:
    """A gateway's path goes before the API's."""
    host = Host(http(b"{}"))
    async with serving(host) as address:
        await through(make(f"http://{address}/gateway"))
    assert host.lines == ["GET /gateway/v2/thing"]


async def test_what_one_request_carries(transport_name: TransportName) -> None:
    """A call sends JSON, the token, our id and our name; nothing else of ours."""
    host = Host(http(b'{"a": 1}'))
    async with (
        serving(host) as address,
        session_on(address, auth_token="sesame", transport=transport_name) as session,
    ):
        reply = await session.call("POST", "/v2/thing", body={"b": None}, query={"q": "a b", "flag": True})
    assert (reply.value, reply.status) == ({"a": 1}, 200)
    assert (host.lines, host.bodies) == (["POST /v2/thing?q=a+b&flag=true"], [b'{"b":null}'])
    fields = [line.split(": ", 1) for line in host.heads[0].split("\r\n")[1:] if line]
    assert {name.lower(): value for name, value in fields} == {
        "host": address,
        "accept": "application/json, */*;q=0.1",
        "accept-encoding": "gzip, deflate",
        "content-type": "application/json",
        "content-length": "10",
        "user-agent": USER_AGENT,
        "x-auth-token": "sesame",
        "x-request-id": reply.request_id,
    }
    assert len(fields) == 8


async def test_the_request_id_can_be_kept_back(transport_name: TransportName) -> None:
    """Switched off, our id is not sent, but errors still carry it, beside the server's."""
    host = Host(http(b'{"messages": ["no"]}', "X-Request-ID: theirs", status="400 Bad Request"))
    async with (
        serving(host) as address,
        session_on(address, send_request_id=False, transport=transport_name) as session,
    ):
        with pytest.raises(RequestRejectedError) as caught:
            await session.call("GET", "/v2/thing")
    assert host.header("x-request-id") is None
    assert caught.value.server_request_id == "theirs"
    assert caught.value.request_id.endswith("-1")


async def test_calls_share_a_connection(make: TransportFactory) -> None:
    """Calls one after the other go over one connection, TLS or not."""
    authority = trustme.CA()
    for tls in (None, server_tls(authority)):
        opened: list[asyncio.StreamWriter] = []

        async def counting(
            reader: asyncio.StreamReader,
            writer: asyncio.StreamWriter,
            opened: list[asyncio.StreamWriter] = opened,
        ) -> None:
            opened.append(writer)
            await repeating(http(b"{}", close=False))(reader, writer)

        async with serving(counting, tls=tls) as address:
            url = f"http{'s' if tls else ''}://{address}"
            transport = make(url, ssl_context=client_tls(authority))
            for _ in range(10):
                await transport.send(new_call(), {}, 5)
            await transport.aclose()
        assert len(opened) == 1
