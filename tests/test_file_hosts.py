"""Where the API may send us for a file: a public address over https, or a host that is ours or listed."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
import trustme

from alianza_async import Session
from alianza_async.calls.file_hosts import FileHosts, is_public
from alianza_async.calls.files import Download, Upload
from alianza_async.endpoints.other_hosts import fetch_call, upload_call
from alianza_async.errors import ConfigurationError, ResponseShapeError
from alianza_async.settings import Settings
from alianza_async.transports import base
from tests.conftest import FAST_RETRY, UNLIMITED
from tests.fakes import ScriptedTransport, scripted
from tests.hosts import Files, Host, session_on
from tests.raw_server import http, serving
from tests.test_transport_doors import Proxy, client_tls, server_tls

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName

FOUND = http(b"a,b\n", "Content-Type: text/csv")
STORE = "files.example.com"

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1",
    "127.8.9.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104  (an address to refuse)
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fd00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    """Of the internet, in either family, and mapped from one into the other."""
    assert is_public(address)


@pytest.mark.parametrize("address", [*PRIVATE, "", "files.example.com", "127.1"])
def test_addresses_that_are_not_public(address: str) -> None:
    """Loopback, private, link-local, shared, multicast, mapped or not; and what is no address."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "place",
    [
        *(f"https://[{address}]/1" if ":" in address else f"https://{address}/1" for address in PRIVATE),
        "https://127.1/1",
        "https://2130706433/1",
        "https://0x7f.0.0.1/1",
        "https://10.0.0.01/1",
        "https://localhost/1",
        "https://a.localhost/1",
        "https://LOCALHOST./1",
        "https://metadata.google.internal/1",
        "https://printer.local/1",
        "https://intranet/1",
        "https://router.home.arpa/1",
        "https://\uff11\uff12\uff17.0.0.1/1",
        "https://\uff4cocalhost/1",
    ],
)
async def test_a_place_in_somebodys_own_network_is_refused_by_its_name(place: str) -> None:
    """Whatever carries the request, and a proxy too: nothing is sent, and it is not tried again."""
    transport = ScriptedTransport()
    async with scripted(transport) as session:
        session._shared.file_hosts = FileHosts("https://api.example.com")  # pyright: ignore[reportPrivateUsage]
        for call in (fetch_call(place), upload_call(place, Upload(b"x"))):
            with pytest.raises(
                ResponseShapeError, match=r"has no public address .*; nothing was sent there; list its host"
            ):
                await session.send(call)
    assert transport.sent == []


@pytest.mark.parametrize("address", PUBLIC)
async def test_a_public_address_is_a_good_place(address: str) -> None:
    """An https URL may name its host by a public address."""
    host = f"[{address}]" if ":" in address else address
    FileHosts("https://api.example.com").check(fetch_call(f"https://{host}/1"))


@pytest.mark.parametrize(
    ("base_url", "listed", "place", "good"),
    [
        ("http://127.0.0.1:80", (), "http://127.0.0.1:81/1", True),
        ("http://localhost:80", (), "http://127.0.0.1:81/1", True),
        ("http://127.0.0.1:80", (), "http://[::1]/1", True),
        ("http://127.0.0.1:80", (), "http://10.0.0.1/1", False),
        ("http://127.0.0.1:80", (), "http://files.example.com/1", False),
        ("https://10.0.0.1", (), "https://10.0.0.1:8443/1", True),
        ("https://10.0.0.1", (), "http://10.0.0.1/1", False),
        ("https://10.0.0.1", (), "https://10.0.0.2/1", False),
        ("https://api.example.com", (), "http://api.example.com/1", False),
        ("https://api.example.com", (), "http://127.0.0.1/1", False),
        ("https://api.example.com", (), "https://127.0.0.1/1", False),
        ("https://api.example.com", ("127.0.0.1",), "http://127.0.0.1:8080/1", True),
        ("https://api.example.com", ("store.local",), "http://STORE.local./1", True),
        ("https://api.example.com", ("store.local",), "https://other.store.local/1", False),
        ("https://api.example.com", ("[::1]",), "http://[::1]:8080/1", True),
        ("https://b\u00fccher.example", (), "https://xn--bcher-kva.example/1", True),
    ],
)
def test_own_and_listed_hosts_may_have_any_address(
    base_url: str, listed: tuple[str, ...], place: str, good: bool
) -> None:
    """The base URL's own host, as it is called, and hosts that are listed; plain http where those have it."""
    hosts = FileHosts(base_url, listed)
    if good:
        hosts.check(fetch_call(place))
    else:
        with pytest.raises(ResponseShapeError, match="list its host in file_hosts if that is meant"):
            hosts.check(fetch_call(place))


@pytest.mark.parametrize(
    "host", ["", "https://files.example.com", "files.example.com:443", "a/b", "a b", "*.a"]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    """A listed host is a name or an address, and no more."""
    with pytest.raises(ConfigurationError, match="which is no host"):
        session_on("127.0.0.1:1", file_hosts=[host])


def test_hosts_are_listed_in_a_variable_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ALIANZA_FILE_HOSTS` lists them with commas; an argument silences it."""
    monkeypatch.setenv("ALIANZA_FILE_HOSTS", " a.internal, 10.0.0.1 ,")
    assert Settings.load().listed_file_hosts() == ("a.internal", "10.0.0.1")
    assert session_on("127.0.0.1:1")._shared.file_hosts.trusts("10.0.0.1")  # pyright: ignore[reportPrivateUsage]
    assert not session_on("127.0.0.1:1", file_hosts=())._shared.file_hosts.trusts("10.0.0.1")  # pyright: ignore[reportPrivateUsage]


# --- the address that was connected to ------------------------------------------------------------------


@pytest.fixture
def _resolved_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the store's public name resolve to this machine, as a rebinding name server would."""
    found = socket.getaddrinfo

    def here(host: str | bytes | None, *rest: object, **more: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host
        return found("127.0.0.1" if name == STORE else host, *rest, **more)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(socket, "getaddrinfo", here)


def session_that_trusts(
    authority: trustme.CA, address: str, transport: TransportName, *hosts: str, proxy: str | None = None
) -> Session:
    """Return a session on an API that trusts an authority, and hosts for files."""
    return Session(
        base_url=f"http://{address}",
        auth_token="token-0",
        partition_id="part",
        retry=FAST_RETRY,
        limit=UNLIMITED,
        ssl_context=client_tls(authority),
        transport=transport,
        file_hosts=hosts,
        proxy=proxy,
    )


async def went(session: Session, way: str, url: str) -> None:
    """Go to a place that the API names, in one of the ways there are."""
    if way == "redirected":
        await Files(session).get("1")
    elif way == "fetched":
        await session.send(fetch_call(url))
    else:
        await session.send(upload_call(url, Upload(b"x")))


@pytest.mark.usefixtures("_resolved_to_this_machine")
@pytest.mark.parametrize("way", ["redirected", "fetched", "uploaded"])
async def test_a_public_name_that_leads_to_this_machine_is_not_asked(
    transport_name: TransportName, way: str
) -> None:
    """The address of the connection counts, not what the name looks like: no request goes out on it."""
    authority, store = trustme.CA(), Host(FOUND)
    async with serving(store, tls=server_tls(authority, STORE)) as place:
        url = f"https://{STORE}:{place.rpartition(':')[2]}/1?sig=s3cr3t"
        api = Host(http(b"", f"Location: {url}", status="302 Found"))
        async with (
            serving(api) as address,
            session_that_trusts(authority, address, transport_name) as session,
        ):
            with pytest.raises(
                ResponseShapeError,
                match=r"has no public address \('files\.example\.com'\); nothing was sent there; list its",
            ) as caught:
                await went(session, way, url)
    assert "s3cr3t" not in str(caught.value)
    assert (store.heads, len(api.heads)) == ([], 1 if way == "redirected" else 0)


@pytest.mark.usefixtures("_resolved_to_this_machine")
@pytest.mark.parametrize("listed", [True, False])
async def test_a_listed_host_and_a_public_address_are_asked(
    transport_name: TransportName, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listed host may have any address; any other host a public one. Both get no token."""
    authority, store = trustme.CA(), Host(FOUND)
    if not listed:
        monkeypatch.setattr(base, "is_public", "127.0.0.1".__eq__)
    async with serving(store, tls=server_tls(authority, STORE)) as place:
        url = f"https://{STORE}:{place.rpartition(':')[2]}/1"
        api = Host(http(b"", f"Location: {url}", status="302 Found"))
        hosts = [STORE] if listed else []
        async with (
            serving(api) as address,
            session_that_trusts(authority, address, transport_name, *hosts) as session,
        ):
            reply = await Files(session).get.raw("1")
            fetched = await session.send(fetch_call(url))
    assert reply.value.read() == b"a,b\n"
    assert isinstance(fetched.value, Download)
    assert [store.header("x-auth-token", request) for request in (0, 1)] == [None, None]


@pytest.mark.usefixtures("_resolved_to_this_machine")
async def test_a_listed_host_may_have_plain_http(transport_name: TransportName) -> None:
    """A gateway on one's own premises that has no certificate is listed by its name."""
    authority, store = trustme.CA(), Host(FOUND)
    async with serving(store) as place:
        url = f"http://{STORE}:{place.rpartition(':')[2]}/1"
        async with session_that_trusts(authority, "127.0.0.1:1", transport_name, STORE) as session:
            assert (await session.send(fetch_call(url))).status == 200
        async with session_that_trusts(authority, "127.0.0.1:1", transport_name) as session:
            with pytest.raises(ResponseShapeError, match=r"no https URL \('files\.example\.com'\)"):
                await session.send(fetch_call(url))
    assert len(store.heads) == 1


async def test_behind_a_proxy_the_name_counts(transport_name: TransportName) -> None:
    """The proxy connects, and resolves: its own address is no matter, and a name that is ours is refused."""
    authority, store, proxy = trustme.CA(), Host(FOUND), Proxy()
    async with (
        serving(store, tls=server_tls(authority)) as place,
        serving(proxy) as via,
        session_that_trusts(authority, "127.0.0.1:1", transport_name, proxy=f"http://{via}") as session,
    ):
        assert (await session.send(fetch_call(f"https://{place}/1"))).status == 200
        with pytest.raises(ResponseShapeError, match=r"no public address \('10\.0\.0\.1'\)"):
            await session.send(fetch_call("https://10.0.0.1/1"))
    assert len(proxy.heads) == 1
