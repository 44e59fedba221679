"""No secret stands in a variable of any frame of the traceback of a call that fails."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
import trustme

from alianza_async.errors import (
    AlianzaError,
    AuthenticationError,
    CallTimeoutError,
    ConfigurationError,
    ConnectionFailedError,
    ConnectionLostError,
    DeadlineExceededError,
    InvalidInputError,
    PermissionDeniedError,
    RequestRejectedError,
    ResponseShapeError,
    ResponseTooLargeError,
    ServerError,
    SessionStateError,
    UnknownOutcomeError,
)
from alianza_async.models.shared_devices import DeviceLineCreate
from alianza_async.policies.values import RetryPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials, Settings
from alianza_async.transports.choice import TransportName, choose
from tests.conftest import UNLIMITED
from tests.frames import frames_of, leaks_in
from tests.raw_server import Handler, http, reset, serving
from tests.test_transport_doors import server_tls

if TYPE_CHECKING:
    from collections.abc import Awaitable


Answer = Callable[[str, bytes], bytes]
"""Answers a request of its head and body."""

Kinds = type[BaseException] | tuple[type[BaseException], ...]

PASSWORD, TOKEN = "login-pässword-1", "token-value-1"
SIP, PIN, STREET, PROXY = "sip-secret-1", "48213", "Evergreen Terrace", "proxy-secret-1"
SECRETS = (PASSWORD, TOKEN, SIP, PIN, STREET, PROXY)
ONCE = RetryPolicy(attempts=1, wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0, attempt_timeout=5)
LINE: dict[str, object] = {"id": "1", "sipPassword": SIP}
BODY: dict[str, object] = {
    "id": "1",
    "sipPassword": SIP,
    "pin": PIN,
    "address": {"streetNumber": "742", "streetName": STREET},
}


def texts(value: object) -> list[str]:
    """Return every text in plain data."""
    if isinstance(value, dict):
        return [text for each in cast("dict[str, object]", value).values() for text in texts(each)]
    return [str(value)]


def quoting(status: str) -> Answer:
    """Refuse a request in words that quote its token and each value of its body."""

    def answer(head: str, body: bytes) -> bytes:
        quoted = [line for line in head.split("\r\n") if line.lower().startswith("x-auth-token")]
        words = ", ".join([*quoted, *texts(json.loads(body))])
        return http(json.dumps({"messages": [f"{words} are refused"]}).encode(), status=status)

    return answer


LOGIN = http(json.dumps({"authToken": TOKEN, "partitionId": "part", "expiresIn": 3600}).encode())
PACKED = gzip.compress(json.dumps(BODY).encode() * 50)
HANG = b"hang"
DAMAGED = PACKED[:60] + b"damage" + PACKED[66:]


def always(answer: bytes) -> Answer:
    """Answer every request alike."""
    return lambda _head, _body: answer


def server(answer: Answer, *, login: Answer | None = None) -> Handler:
    """Answer logins, and everything else; what is answered with nothing breaks, after `HANG` it hangs."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lengths = [line[15:] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        body = await reader.readexactly(int(lengths[0]) if lengths else 0)
        made = (login or always(LOGIN) if "/v2/authorize" in head else answer)(head, body)
        if made is HANG:
            await asyncio.Event().wait()
        if not made:
            reset(writer)
            return
        writer.write(made)
        await writer.drain()

    return handler


def session_on(base_url: str, transport: TransportName, **options: Any) -> Session:
    """Return a session with a password on a server."""
    given: dict[str, Any] = {"credentials": Credentials("tester", PASSWORD), "retry": ONCE, **options}
    return Session(base_url=base_url, transport=transport, limit=UNLIMITED, share=False, **given)


async def with_a_model(session: Session) -> object:
    """Send a model."""
    line = DeviceLineCreate.model_validate(
        {"device_type_id": "t", "line_number": 1, "sip_password": SIP, "sip_username": "u"}
    )
    return await session.device_lines.create("acc", line)


async def with_a_mapping(session: Session) -> object:
    """Send a mapping to a declared operation."""
    return await session.device_lines.patch("acc", "line", LINE)


async def with_a_path(session: Session) -> object:
    """Send a mapping to what is not declared."""
    return await session.call("POST", "/v2/thing", body=BODY)


CALLS = [with_a_model, with_a_mapping, with_a_path]


async def error_of(session: Session, send: Callable[[Session], Awaitable[object]]) -> BaseException:
    """Return what a call on a session raises."""
    async with session:
        return await caught(session, send)


async def caught(session: Session, send: Callable[[Session], Awaitable[object]]) -> BaseException:
    """Return what a call on a session raises."""
    try:
        await send(session)
    except BaseException as error:  # noqa: BLE001  (whatever it is, its frames are looked at)
        return error
    raise AssertionError("it was to fail")


def is_clean(error: BaseException, kind: Kinds) -> None:
    """Make sure that an error is of its kind, that it has frames of ours, and that none shows a secret."""
    assert isinstance(error, kind)
    assert any("alianza_async" in frame.f_code.co_filename for frame in frames_of(error))
    assert leaks_in(error, SECRETS) == []


LOST = (ConnectionLostError, UnknownOutcomeError)
ANSWERS: dict[str, tuple[Answer, Kinds]] = {
    "400": (quoting("400 Bad Request"), RequestRejectedError),
    "403": (quoting("403 Forbidden"), PermissionDeniedError),
    "401": (quoting("401 Unauthorized"), AuthenticationError),
    "503": (quoting("503 Service Unavailable"), (ServerError, UnknownOutcomeError)),
    "no JSON": (always(http(json.dumps(BODY).encode() + b"{")), (ResponseShapeError, UnknownOutcomeError)),
    "other JSON": (always(http(json.dumps([BODY]).encode())), ResponseShapeError),
    "too large": (
        always(http(json.dumps(BODY).encode() * 9999)),
        (ResponseTooLargeError, UnknownOutcomeError),
    ),
    "other long list": (always(http(json.dumps([BODY] * 2000).encode())), ResponseShapeError),
    "long list, no JSON": (always(http(json.dumps([BODY] * 2000).encode() + b"{")), UnknownOutcomeError),
    "damaged": (always(http(DAMAGED, "Content-Encoding: gzip")), LOST),
    "cut off": (always(http(json.dumps(BODY).encode(), length=999)), LOST),
    "no HTTP": (always(f"HTTP/1.1 {SIP} {PIN} {STREET}\r\n\r\n".encode()), LOST),
    "broken": (always(b""), LOST),
}


@pytest.mark.parametrize("send", CALLS)
@pytest.mark.parametrize("fault", ANSWERS)
async def test_an_answer_that_fails_shows_no_secret(
    transport_name: TransportName, fault: str, send: Callable[[Session], Awaitable[object]]
) -> None:
    """However an answer fails, no frame shows the token, the password, what was sent or what was answered."""
    answer, kind = ANSWERS[fault]
    if ("JSON" in fault or "list" in fault) and send is with_a_path:
        pytest.skip("there, any answer will do")
    async with serving(server(answer)) as address:
        error = await error_of(
            session_on(f"http://{address}", transport_name, max_body_bytes=1_000_000), send
        )
    is_clean(error, kind)


@pytest.mark.parametrize("send", CALLS)
@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "400 Bad Request"])
async def test_a_refused_login_shows_no_secret(
    transport_name: TransportName, status: str, send: Callable[[Session], Awaitable[object]]
) -> None:
    """A login is refused in words that quote the password: no frame, and no message, has it."""
    async with serving(server(always(LOGIN), login=quoting(status))) as address:
        error = await error_of(session_on(f"http://{address}", transport_name), send)
        asked = await error_of(session_on(f"http://{address}", transport_name), Session.login)
    is_clean(error, AuthenticationError)
    is_clean(asked, AuthenticationError)


@pytest.mark.parametrize("send", CALLS)
async def test_no_connection_shows_no_secret(
    transport_name: TransportName, send: Callable[[Session], Awaitable[object]]
) -> None:
    """Nobody listens, the proxy refuses, or the certificate is not trusted: nothing is shown."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
        token = {"credentials": None, "auth_token": TOKEN, "partition_id": "part"}
        is_clean(
            await error_of(session_on(f"http://{nobody}", transport_name, **token), send),
            ConnectionFailedError,
        )
        is_clean(await error_of(session_on(f"http://{nobody}", transport_name), send), ConnectionFailedError)
        proxied = session_on(f"http://{nobody}", transport_name, **token, proxy=f"http://me:{PROXY}@{nobody}")
        is_clean(await error_of(proxied, send), ConnectionFailedError)
    async with serving(server(always(LOGIN)), tls=server_tls(trustme.CA())) as address:
        error = await error_of(session_on(f"https://{address}", transport_name, **token), send)
    is_clean(error, ConnectionFailedError)


@pytest.mark.parametrize("send", CALLS)
async def test_a_call_that_takes_too_long_shows_no_secret(
    transport_name: TransportName, send: Callable[[Session], Awaitable[object]]
) -> None:
    """An answer that does not come in time leaves nothing of the request in a frame."""
    once = RetryPolicy(attempts=1, attempt_timeout=0.3, wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0)
    async with serving(server(always(HANG))) as address:
        error = await error_of(session_on(f"http://{address}", transport_name, retry=once), send)
        async with session_on(f"http://{address}", transport_name) as session:
            late = await caught(session.with_options(deadline=0.3), send)
    is_clean(error, (CallTimeoutError, UnknownOutcomeError))
    is_clean(late, (DeadlineExceededError, UnknownOutcomeError))


@pytest.mark.parametrize("send", CALLS)
@pytest.mark.parametrize("how", ["cancelled", "closed"])
async def test_a_call_that_is_cut_off_shows_no_secret(
    transport_name: TransportName, how: str, send: Callable[[Session], Awaitable[object]]
) -> None:
    """A call that is cancelled, and one whose session closes, leave nothing of the request in a frame."""
    came = asyncio.Event()

    def hang(_head: str, _body: bytes) -> bytes:
        came.set()
        return HANG

    async with serving(server(hang)) as address:
        session = await session_on(f"http://{address}", transport_name, close_timeout=0.0).open()
        task = asyncio.create_task(caught(session, send))
        await came.wait()
        if how == "cancelled":
            task.cancel()
        else:
            await session.aclose()
        error = await task
        await session.aclose()
        is_clean(error, (asyncio.CancelledError, UnknownOutcomeError, SessionStateError))


@pytest.mark.parametrize("send", CALLS)
async def test_a_call_on_a_closed_session_shows_no_secret(
    transport_name: TransportName, send: Callable[[Session], Awaitable[object]]
) -> None:
    """A call that is refused before anything is made of it is no exception."""
    is_clean(await caught(session_on("http://localhost:1", transport_name), send), SessionStateError)


@pytest.mark.parametrize(
    "body",
    [
        {**LINE, "deviceName": "half \ud800"},
        {**LINE, "deviceName": object()},
        {**LINE, "deviceName": "***"},
        {**LINE, "device_nam": SIP},
        {**LINE, "sip_password": SIP, "referenceId": object()},
    ],
    ids=["half a character", "no JSON", "a mask", "no field", "a field twice"],
)
async def test_a_body_that_cannot_be_sent_shows_no_secret(
    transport_name: TransportName, body: dict[str, object]
) -> None:
    """What is refused before it is sent is in no frame of ours, declared or not."""
    token = {"credentials": None, "auth_token": TOKEN, "partition_id": "part"}

    async def declared(session: Session) -> object:
        return await session.device_lines.patch("acc", "line", body)

    async def raw(session: Session) -> object:
        return await session.call("POST", "/v2/thing", body={**body, "deviceName": object()})

    for send in (declared, raw):
        error = await error_of(session_on("http://localhost:1", transport_name, **token), send)
        is_clean(error, InvalidInputError)


READ = Settings.model_construct()
PROXIED = f"http://me:{PROXY}@"
UNMAKEABLE: dict[str, Callable[[TransportName], object]] = {
    "variables": lambda transport: Session(transport=transport),
    "no user name": lambda _: Credentials("", PASSWORD),
    "plain http": lambda _: Session(
        Credentials("me", PASSWORD), base_url="http://example.com", proxy=PROXIED, settings=READ
    ),
    "token": lambda _: Session(auth_token=f"{TOKEN} \n", base_url="http://localhost", settings=READ),
    "proxy without a host": lambda transport: choose(transport)("http://localhost", proxy=PROXIED),
    "no proxy": lambda transport: choose(transport)("http://localhost", proxy=f"ftp://me:{PROXY}@h"),
    "base URL": lambda _: Session(
        Credentials("me", PASSWORD), base_url=f"https://me:{PROXY}@h", settings=READ
    ),
    "base URL of a variable": lambda _: Session(
        Credentials("me", PASSWORD), settings=Settings.model_validate({"base_url": f"ftp://me:{PROXY}@h"})
    ),
}


@pytest.mark.parametrize("what", UNMAKEABLE)
def test_a_session_that_cannot_be_made_shows_no_secret(
    transport_name: TransportName, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong in settings, arguments and variables is told without any of them."""
    if what == "variables":
        values = {"PASSWORD": PASSWORD, "AUTH_TOKEN": TOKEN, "PROXY": f"{PROXIED}h", "RATE": "no number"}
        for name, value in values.items():
            monkeypatch.setenv(f"ALIANZA_{name}", value)
    with pytest.raises(ConfigurationError) as caught:
        UNMAKEABLE[what](transport_name)
    is_clean(caught.value, ConfigurationError)


async def test_the_walk_sees_what_it_is_to_see(transport_name: TransportName) -> None:
    """The token is in the request, and the walk finds a variable that holds it in clear."""
    seen: list[str] = []

    def answer(head: str, _body: bytes) -> bytes:
        seen.append(head)
        return http(b"{}", status="400 Bad Request")

    async with serving(server(answer)) as address:
        error = await error_of(session_on(f"http://{address}", transport_name), with_a_path)
    assert TOKEN in seen[0]
    namespace: dict[str, object] = {"error": error, "value": {"a": [{"b": TOKEN}]}}
    code = compile("def f(value):\n raise error\nf(value)", "elsewhere.py", "exec")
    with pytest.raises(AlianzaError) as again:
        exec(code, namespace)  # noqa: S102  (a frame of another file than the tests')
    leaks = [leak for leak in leaks_in(again.value, SECRETS) if "elsewhere.py:f" in leak]
    assert leaks == [f"elsewhere.py:f value shows {TOKEN}"]
