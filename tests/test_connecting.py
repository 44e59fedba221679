"""Why no connection was made: told in one vocabulary, by each transport, of real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme

from alianza_async.errors import AlianzaError, ConnectionFailedError, ConnectionProblem, UnknownOutcomeError
from alianza_async.policies.values import RetryPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.connecting import could_not_connect
from tests.conftest import FAST_RETRY
from tests.fakes import ScriptedTransport, lost, scripted
from tests.raw_server import http, new_call, read_request, reset, says, serving
from tests.test_error_reply import NUMBER
from tests.test_errors import WAYS
from tests.test_transport_doors import client_tls, server_tls

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from alianza_async.calls.call import Call, Reply
    from alianza_async.transports.choice import TransportFactory, TransportName

P = ConnectionProblem
NOW = datetime.now(UTC)
OK = says(http(b"{}"))


async def refused_to_connect(
    make: TransportFactory,
    url: str,
    *,
    trusts: ssl.SSLContext | None = None,
    proxy: str | None = None,
    seconds: float = 5,
) -> ConnectionFailedError:
    """Return the error of a request that was never sent."""
    transport = make(url, ssl_context=trusts, proxy=proxy)
    try:
        with pytest.raises(ConnectionFailedError) as caught:
            await transport.send(new_call("/v2/account/secret-id"), {"X-AUTH-TOKEN": "sesame"}, seconds)
    finally:
        await transport.aclose()
    return caught.value


@pytest.fixture(autouse=True)
async def _quiet() -> None:
    """Let the server's end of a handshake fail without a word."""
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)


# --- certificates -------------------------------------------------------------------------------------


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return the server's end with a certificate that nobody but itself vouches for: an authority's own."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "self.pem")
    authority.private_key_pem.write_to_path(folder / "self.key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "self.pem", folder / "self.key")
    return context


def certified(authority: trustme.CA, host: str = "127.0.0.1", *, days: int) -> ssl.SSLContext:
    """Return the server's end with a certificate that ends so many days from now; its life is two days."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ends = NOW + timedelta(days=days)
    made = authority.issue_cert(host, not_before=ends - timedelta(days=2), not_after=ends)
    made.configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    return context


CERTIFICATES = {
    P.CERTIFICATE_EXPIRED: "certificate verify failed: the certificate has expired",
    P.CERTIFICATE_NOT_YET_VALID: "certificate verify failed: the certificate is not valid yet",
    P.CERTIFICATE_SELF_SIGNED: "certificate verify failed: self-signed certificate",
    P.CERTIFICATE_UNKNOWN_AUTHORITY: "certificate verify failed: nobody known vouches",
    P.CERTIFICATE_WRONG_HOST: "certificate verify failed: the certificate is for another host",
}


@pytest.mark.parametrize("problem", CERTIFICATES)
async def test_a_certificates_fault_is_named(
    make: TransportFactory, problem: ConnectionProblem, tmp_path: Path
) -> None:
    """The error says which fault of the certificate ended it, and its cause is OpenSSL's own word."""
    authority = trustme.CA()
    theirs = {
        P.CERTIFICATE_EXPIRED: lambda: certified(authority, days=-1),
        P.CERTIFICATE_NOT_YET_VALID: lambda: certified(authority, days=4),
        P.CERTIFICATE_SELF_SIGNED: lambda: self_signed(tmp_path),
        P.CERTIFICATE_UNKNOWN_AUTHORITY: lambda: server_tls(trustme.CA()),
        P.CERTIFICATE_WRONG_HOST: lambda: server_tls(authority, "other.example"),
    }[problem]()
    async with serving(OK, tls=theirs) as address:
        error = await refused_to_connect(make, f"https://{address}", trusts=client_tls(authority))
    assert error.problem is problem
    assert f"could not connect to {address}: {CERTIFICATES[problem]}" in str(error)
    assert "trying again cannot help" in str(error)
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert error.__cause__.verify_code > 0


async def test_a_name_that_the_certificate_lacks_is_named(make: TransportFactory) -> None:
    """A host called by a name is told as another host's, as one called by its number is."""
    authority = trustme.CA()
    async with serving(OK, tls=server_tls(authority)) as address:
        port = address.rpartition(":")[2]
        error = await refused_to_connect(make, f"https://localhost:{port}", trusts=client_tls(authority))
    assert error.problem is P.CERTIFICATE_WRONG_HOST


# --- the network --------------------------------------------------------------------------------------


def free_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


async def test_a_refusal_is_named(make: TransportFactory) -> None:
    """Nobody listens there: refused, and it may pass."""
    port = free_port()
    error = await refused_to_connect(make, f"http://127.0.0.1:{port}")
    assert (error.problem, error.problem.permanent) == (P.REFUSED, False)
    assert f"could not connect to 127.0.0.1:{port}: connection refused" in str(error)
    assert isinstance(error.__cause__, ConnectionRefusedError)


async def test_a_host_of_several_addresses_is_refused(make: TransportFactory) -> None:
    """A host that was tried at several addresses has one cause, of the standard library."""
    error = await refused_to_connect(make, f"http://localhost:{free_port()}")
    assert error.problem is P.REFUSED
    assert type(error.__cause__).__module__ == "builtins"


async def test_a_name_without_an_address_is_named(
    make: TransportFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that no name server knows."""

    def nobody(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    error = await refused_to_connect(make, "http://api.invalid")
    assert error.problem is P.NAME_NOT_FOUND
    assert "could not connect to api.invalid: its name was not found" in str(error)
    assert isinstance(error.__cause__, socket.gaierror)


async def test_silence_is_named(make: TransportFactory) -> None:
    """A handshake that is not answered in time."""

    async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with serving(silent) as address:
        error = await refused_to_connect(make, f"https://{address}", seconds=1)
    assert error.problem is P.TIMED_OUT
    assert isinstance(error.__cause__, TimeoutError)


@pytest.mark.parametrize("rudely", [False, True])
async def test_a_hang_up_is_named(make: TransportFactory, rudely: bool) -> None:
    """The other end closes, or resets, in the middle of the handshake."""

    async def slams(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        if rudely:
            reset(writer)

    async with serving(slams) as address:
        error = await refused_to_connect(make, f"https://{address}")
    assert error.problem is P.CUT_OFF


@pytest.mark.parametrize("words", [http(b"", status="400 Bad Request"), b"220 mail.example ESMTP\r\n" * 4])
async def test_https_to_a_plain_port_is_named(make: TransportFactory, words: bytes) -> None:
    """A port that answers in plain text never will speak TLS."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(words)
        await writer.drain()
        await reader.read()

    async with serving(plain) as address:
        error = await refused_to_connect(make, f"https://{address}")
    assert (error.problem, error.problem.permanent) == (P.NOT_TLS, True)
    assert isinstance(error.__cause__, ssl.SSLError)


async def test_another_fault_of_tls_is_told_in_its_own_words(make: TransportFactory) -> None:
    """The other end refuses the handshake: OpenSSL's reason stands in the sentence, and it may pass."""

    async def alerts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(bytes.fromhex("15 0303 0002 02 28"))  # a fatal alert: handshake failure
        await writer.drain()
        await reader.read()

    async with serving(alerts) as address:
        error = await refused_to_connect(make, f"https://{address}")
    assert (error.problem, error.problem.permanent) == (P.TLS_FAILED, False)
    assert "the TLS handshake failed (" in str(error)
    assert "handshake failure)" in str(error)


# --- proxies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "problem", "permanent"),
    [
        ("407 Proxy Authentication Required", P.PROXY_PASSWORD, True),
        ("403 Forbidden", P.PROXY_REFUSED, True),
        ("405 Method Not Allowed", P.PROXY_REFUSED, True),
        ("429 Too Many Requests", P.PROXY_FAILED, False),
        ("502 Bad Gateway", P.PROXY_FAILED, False),
        ("599 Own Words", P.PROXY_FAILED, False),
    ],
)
async def test_a_proxys_refusal_is_named(
    make: TransportFactory, status: str, problem: ConnectionProblem, permanent: bool
) -> None:
    """A refused tunnel is told by what the proxy answered; what its password is, is told nowhere."""
    async with serving(says(http(b"", status=status))) as address:
        error = await refused_to_connect(make, "https://api.invalid", proxy=f"http://me:opensesame@{address}")
    assert (error.problem, error.problem.permanent) == (problem, permanent)
    assert "could not connect to api.invalid through the proxy: the proxy " in str(error)
    assert status[:3] in str(error)
    assert isinstance(error.__cause__, ConnectionError)
    assert "opensesame" not in repr(error) + repr(error.__cause__)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_not_there_is_named(make: TransportFactory, scheme: str) -> None:
    """What refused the connection was the proxy, and not the host behind it."""
    proxy = f"http://127.0.0.1:{free_port()}"
    error = await refused_to_connect(make, f"{scheme}://api.invalid", proxy=proxy)
    assert error.problem is P.REFUSED
    assert "could not connect to the proxy for api.invalid: connection refused" in str(error)


async def test_a_certificate_behind_a_proxy_is_named(make: TransportFactory) -> None:
    """What is wrong at the far end of a tunnel is told as it is without one."""
    authority = trustme.CA()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_request(reader)
        host, _, port = head.split()[1].decode().rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async with serving(OK, tls=server_tls(trustme.CA())) as address, serving(tunnel) as via:
        error = await refused_to_connect(
            make, f"https://{address}", trusts=client_tls(authority), proxy=f"http://{via}"
        )
    assert error.problem is P.CERTIFICATE_UNKNOWN_AUTHORITY


# --- what follows from it -----------------------------------------------------------------------------


def frames(error: BaseException) -> list[str]:
    """Return the functions whose frames hang on what an error was raised from or during."""
    found: list[str] = []
    seen: set[int] = set()
    left = [error.__cause__, error.__context__]
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        trace = each.__traceback__
        while trace is not None:
            found.append(trace.tb_frame.f_code.co_qualname)
            trace = trace.tb_next
        left += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return found


@pytest.mark.parametrize("where", ["certificate", "refused", "proxy", "reset", "silence"])
async def test_no_frame_of_a_library_hangs_on_an_error(make: TransportFactory, where: str) -> None:
    """What a transport raises leads to no frame but its own: theirs hold headers, and so the token."""

    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        if where == "reset":
            reset(writer)
        await asyncio.Event().wait()

    async with contextlib.AsyncExitStack() as stack:
        url, proxy = f"http://127.0.0.1:{free_port()}", None
        if where == "certificate":
            url = f"https://{await stack.enter_async_context(serving(OK, tls=server_tls(trustme.CA())))}"
        elif where == "proxy":
            said = says(http(b"", status="407 Proxy Authentication Required"))
            url, proxy = "https://api.invalid", f"http://{await stack.enter_async_context(serving(said))}"
        elif where in {"reset", "silence"}:
            url = f"http://{await stack.enter_async_context(serving(breaks))}"
        transport = make(url, proxy=proxy)
        with pytest.raises(AlianzaError) as caught:
            await transport.send(new_call(), {"X-AUTH-TOKEN": "sesame"}, 0.3)
        await transport.aclose()
    assert frames(caught.value) == []


@pytest.mark.parametrize("way", WAYS)
async def test_the_cause_travels_with_its_error(make: TransportFactory, way: str) -> None:
    """Another process has the problem and the cause."""
    async with serving(OK, tls=server_tls(trustme.CA())) as address:
        error = await refused_to_connect(make, f"https://{address}")
    twin = WAYS[way](error)
    assert isinstance(twin, ConnectionFailedError)
    assert (type(twin), str(twin), twin.problem) == (type(error), str(error), error.problem)
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert isinstance(twin.__cause__, ssl.SSLCertVerificationError)
    assert (twin.__cause__.args, twin.__cause__.verify_code) == (error.__cause__.args, 20)


@contextlib.asynccontextmanager
async def counting(problem: ConnectionProblem) -> AsyncGenerator[tuple[str, str | None, list[int]]]:
    """Serve what ends in a problem; yields a URL, a proxy, and a list that grows with each connection."""
    made: list[int] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(1)
        await says(http(b"", status="407 Proxy Authentication Required"))(reader, writer)

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(1)
        await reader.read(1)
        if problem is P.CUT_OFF:
            reset(writer)
            return
        writer.write(http(b"", status="400 Bad Request"))
        await reader.read()

    if problem is P.PROXY_PASSWORD:
        async with serving(proxy) as address:
            yield "https://api.invalid", f"http://{address}", made
    else:
        async with serving(plain) as address:
            yield f"https://{address}", None, made


@pytest.mark.parametrize(("problem", "times"), [(P.NOT_TLS, 1), (P.PROXY_PASSWORD, 1), (P.CUT_OFF, 6)])
async def test_what_cannot_heal_is_tried_once(
    transport_name: TransportName, problem: ConnectionProblem, times: int
) -> None:
    """A wrong port or a proxy's password ends a call at its first attempt; what may pass has all of them."""
    async with (
        counting(problem) as (url, proxy, made),
        Session(
            base_url=url, proxy=proxy, auth_token="t", transport=transport_name, retry=FAST_RETRY
        ) as session,
    ):
        with pytest.raises(ConnectionFailedError) as caught:
            await session.call("POST", "/v2/thing", body={})
    assert (caught.value.problem, caught.value.attempts, len(made)) == (problem, times, times)


async def test_a_lost_create_that_then_meets_a_bad_certificate_stays_unknown() -> None:
    """A create that may have been carried out is not told as never sent, whatever ends its later attempts."""

    def no_certificate(call: Call) -> Reply[object]:
        raise could_not_connect(ssl.SSLCertVerificationError(1, "x"), call, url="https://api.example")

    script = ScriptedTransport(lost, otherwise=no_certificate)
    async with scripted(script) as session:
        with pytest.raises(UnknownOutcomeError) as caught:
            await session.call("POST", "/v2/account", body={"accountNumber": "A1"}, key=NUMBER)
    assert caught.value.resolvable


def test_every_problem_has_its_words() -> None:
    """Whatever the problem is, the error has a sentence with advice, and a cause without traceback."""
    call = new_call()
    errors: list[BaseException] = [
        OSError(101, "Network is unreachable"),
        OSError(99, "x"),
        RuntimeError("secret"),
        ValueError("secret"),
        ExceptionGroup("several", [OSError("a"), ConnectionRefusedError(111, "b")]),
        ssl.SSLCertVerificationError(1, "x"),
    ]
    found = [could_not_connect(error, call, url="https://u:p@h:1/x") for error in errors]
    assert [each.problem for each in found] == [
        P.UNREACHABLE,
        P.UNREACHABLE,
        P.OTHER,
        P.OTHER,
        P.REFUSED,
        P.CERTIFICATE_INVALID,
    ]
    assert {"secret" in str(each) + repr(each.__cause__) for each in found} == {False}
    assert {str(each).partition(": ")[2].partition(":")[0] for each in found} == {"could not connect to h"}
    assert {each.__cause__.__traceback__ for each in found if each.__cause__} == {None}


# --- the login ------------------------------------------------------------------------------------------


async def test_a_login_that_could_not_connect_says_why(transport_name: TransportName) -> None:
    """Each caller has the cause, without a frame and of his own, as with a token."""
    once = RetryPolicy(attempts=1)
    who, url = Credentials("me", "a-password"), f"http://127.0.0.1:{free_port()}"
    async with Session(who, base_url=url, retry=once, transport=transport_name) as session:
        errors = await asyncio.gather(
            *(session.call("GET", "/v2/thing") for _ in range(3)), return_exceptions=True
        )
    causes = [error.__cause__ for error in errors if isinstance(error, ConnectionFailedError)]
    assert [type(cause) for cause in causes] == [ConnectionRefusedError] * 3
    assert [cause.__traceback__ for cause in causes if cause is not None] == [None] * 3
    assert len({id(cause) for cause in causes}) == 3


@pytest.mark.parametrize("way", WAYS)
def test_a_cause_leaves_its_frames_behind(way: str) -> None:
    """What caused an error comes along in a copy of it, and the frames it was raised in do not."""
    context = new_call().context()

    def refuses() -> None:
        raise ConnectionRefusedError(111, "refused")

    def fails() -> None:
        try:
            refuses()
        except ConnectionRefusedError as error:
            raise ConnectionFailedError("lost", context=context) from error

    with pytest.raises(ConnectionFailedError) as caught:
        fails()
    unknown = UnknownOutcomeError("unknown", context=context)
    unknown.__cause__ = caught.value
    assert frames(unknown) != []
    twin = WAYS[way](unknown)
    middle = twin.__cause__
    assert isinstance(middle, ConnectionFailedError)
    assert isinstance(middle.__cause__, ConnectionRefusedError)
    assert middle.__cause__.errno == 111
    assert frames(twin) == []
