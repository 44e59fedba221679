"""What every transport does with an answer, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from alianza_async.endpoints.other_hosts import fetch_call
from alianza_async.errors import (
    AlianzaError,
    CallTimeoutError,
    ConfigurationError,
    ConnectionFailedError,
    ConnectionLostError,
    InvalidInputError,
    ResponseShapeError,
    ResponseTooLargeError,
)
from tests.raw_server import Handler, http, new_call, read_request, reset, says, serving

if TYPE_CHECKING:
    from alianza_async.calls.call import Reply
    from alianza_async.transports.base import Transport
    from alianza_async.transports.choice import TransportFactory

MIB = 1024 * 1024


async def exchange(
    transport: Transport,
    target: str = "/v2/thing",
    timeout: float = 5,  # noqa: ASYNC109  (as the transport)
    method: str = "GET",
) -> Reply[object]:
    """Send one request and close the transport."""
    try:
        return await transport.send(new_call(target, method=method), {"X-AUTH-TOKEN": "sesame"}, timeout)
    finally:
        await transport.aclose()


async def against(
    make: TransportFactory,
    handler: Handler,
    *,
    seconds: float = 5,
    max_body_bytes: int = MIB,
    method: str = "GET",
) -> Reply[object]:
    """Send one request to a server that does as it pleases."""
    async with serving(handler) as address:
        transport = make(f"http://{address}", max_body_bytes=max_body_bytes)
        return await exchange(transport, timeout=seconds, method=method)


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    reset(writer)


async def _hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await asyncio.Event().wait()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a byte at a time for ever: each read is quick, the whole never ends."""
    await read_request(reader)
    await _drip_on(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")


async def _drip_to_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer likewise a body without a length: being cut off is how it would end."""
    await read_request(reader)
    await _drip_on(writer, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")


async def _half_packed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the beginning of a compressed body: its end is missing when it is cut off."""
    await read_request(reader)
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n"
    writer.write(head + gzip.compress(b"{}")[:10])
    await asyncio.Event().wait()


async def _drip_on(writer: asyncio.StreamWriter, head: bytes) -> None:
    writer.write(head)
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _endless_field(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a header field that never ends."""
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


# --- what breaks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(_reset, id="reset"),
        pytest.param(says(b""), id="hung up without a word"),
        pytest.param(says(b"HTTP/1.1 200 OK\r\nContent-Le"), id="cut in the head"),
        pytest.param(says(http(b'{"id": ', length=100)), id="cut in the body"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), id="cut in a chunk"
        ),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), id="cut between chunks"
        ),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"), id="no chunk at all"
        ),
        pytest.param(says(b"\x16\x03\x01 this is no HTTP\r\n\r\n"), id="garbage"),
        pytest.param(says(b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}"), id="no length"),
        pytest.param(_endless_field, id="a header without an end"),
        pytest.param(
            says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            id="another protocol",
        ),
        pytest.param(says(b"HTTP/1.1 103 Early Hints\r\n\r\n"), id="an interim answer alone"),
        pytest.param(says(http(gzip.compress(b"x" * 9000)[:-20], "Content-Encoding: gzip")), id="cut gzip"),
        pytest.param(says(http(b"not gzip at all", "Content-Encoding: gzip")), id="damaged gzip"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
async def test_a_broken_answer_is_a_lost_connection(
    make: TransportFactory, handler: Handler, method: str
) -> None:
    """Whatever breaks once the request may have been sent is `ConnectionLostError`: it may have been done."""
    with pytest.raises(ConnectionLostError):
        await against(make, handler, method=method)


@pytest.mark.parametrize("handler", [_hang, _drip, _drip_to_the_end, _half_packed])
async def test_no_whole_answer_in_time_is_a_timeout(make: TransportFactory, handler: Handler) -> None:
    """The timeout is for the whole answer: a server that drips on for ever is cut off too."""
    with pytest.raises(CallTimeoutError, match=r"within 0\.2 s"):
        await against(make, handler, seconds=0.2)


async def test_a_file_that_is_not_whole_in_time_is_none(make: TransportFactory) -> None:
    """What came of it until then is given back to the disk; pytest complains of a file left open."""
    async with serving(_drip_to_the_end) as address:
        transport = make(f"http://{address}")
        with pytest.raises(CallTimeoutError):
            await transport.send(fetch_call(f"http://{address}/recording.wav"), {}, 0.2)
        await transport.aclose()


async def test_a_refused_connection_was_never_sent(make: TransportFactory) -> None:
    """Nobody listens: never connected, so never sent."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        with pytest.raises(ConnectionFailedError):
            await exchange(make(f"http://127.0.0.1:{port}"))


async def test_a_host_that_does_not_take_connections_was_never_sent(make: TransportFactory) -> None:
    """A connect that is not answered in time is told as never connected, not as a lost answer."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:  # fill the queue of connections that nobody accepts
            each.setblocking(False)  # noqa: FBT003  (the standard library's own)
            each.connect_ex(full.getsockname())
        try:
            with pytest.raises(ConnectionFailedError, match="did not answer in time"):
                await exchange(make(f"http://127.0.0.1:{full.getsockname()[1]}"), timeout=0.3)
        finally:
            for each in waiting:
                each.close()


async def test_a_host_that_has_no_address_was_never_sent(
    make: TransportFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that nobody knows: never connected, so never sent."""

    def nobody(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(ConnectionFailedError):
        await exchange(make("http://api.invalid"))


async def test_an_error_names_no_address(make: TransportFactory) -> None:
    """Errors of the transport name the kind of fault, not the URL with its ids."""
    with pytest.raises(AlianzaError) as caught:
        await exchange(make("http://127.0.0.1:1"), "/v2/account/secret-id")
    assert "secret-id" not in repr(caught.value) + str(caught.value)
    assert "secret-id" not in repr(caught.value.__cause__)


# --- what is answered ---------------------------------------------------------------------------------


async def test_redirects_are_not_followed(make: TransportFactory) -> None:
    """A redirect is an answer like any other: the token goes to no other host."""
    visits: list[bytes] = []

    async def elsewhere(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        visits.append(await read_request(reader))

    async with serving(elsewhere) as other:
        there = http(b"", f"Location: http://{other}/", status="307 Temporary Redirect")
        reply = await against(make, says(there))
    assert (reply.status, reply.headers["location"]) == (307, f"http://{other}/")
    assert visits == []


async def test_interim_answers_are_passed_over(make: TransportFactory) -> None:
    """The answer is the first that is final, whatever was said before it."""
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    reply = await against(make, says(interim + http(b"final")))
    assert (reply.status, reply.body) == (200, b"final")
    assert "link" not in reply.headers


async def test_a_body_may_end_with_the_connection(make: TransportFactory) -> None:
    """Without a length, the body is what comes until the server hangs up."""
    reply = await against(make, says(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end"))
    assert reply.body == b"to the end"


async def test_a_body_may_come_in_chunks(make: TransportFactory) -> None:
    """Chunks are put together, however they are cut."""

    async def in_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
        for at in range(len(raw)):
            writer.write(raw[at : at + 1])
            await writer.drain()
            await asyncio.sleep(0)

    assert (await against(make, in_pieces)).body == b"abcd"


@pytest.mark.parametrize(
    ("method", "raw"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    ],
)
async def test_some_answers_have_no_body(make: TransportFactory, method: str, raw: bytes) -> None:
    """The answer to HEAD, a 204 and a 304 end with their head, whatever length they name."""
    assert (await against(make, says(raw), method=method)).body == b""


async def test_a_compressed_body_is_inflated(make: TransportFactory) -> None:
    """Compressed by gzip or deflate, bodies arrive as plain bytes."""
    for packed, name in ((gzip.compress(b"plain"), "gzip"), (zlib.compress(b"plain"), "deflate")):
        reply = await against(make, says(http(packed, f"Content-Encoding: {name}")))
        assert reply.body == b"plain"


async def test_no_body_is_no_compressed_body(make: TransportFactory) -> None:
    """A 204 that says gzip has an empty body, and is not cut off."""
    raw = b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    reply = await against(make, says(raw))
    assert (reply.status, reply.body) == (204, b"")


async def test_a_gzip_bomb_is_cut_off_in_bounded_memory(make: TransportFactory) -> None:
    """A megabyte that inflates to a gigabyte is refused at the cap, without being held in memory."""
    # A fully flushed block of deflate stands alone, so one of 4 MiB of zeros can be repeated.
    pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = pack.compress(bytes(4 * MIB)) + pack.flush(zlib.Z_FULL_FLUSH)
    bomb = gzip.compress(b"")[:10] + block * 256
    assert len(bomb) < 1.1 * MIB
    handler = says(http(bomb, "Content-Encoding: gzip"))
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTooLargeError, match="max_body_bytes"):
            await against(make, handler, max_body_bytes=8 * MIB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB + 8 * MIB


async def test_a_plain_body_over_the_cap_is_cut_off(make: TransportFactory) -> None:
    """The cap holds for bodies that are not compressed, too; at the cap it is let through."""
    with pytest.raises(ResponseTooLargeError):
        await against(make, says(http(bytes(MIB + 1))))
    assert len((await against(make, says(http(bytes(MIB))))).body) == MIB


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,deflate"])
async def test_an_encoding_not_asked_for_is_refused(make: TransportFactory, encoding: str) -> None:
    """Two layers of compression, or one we did not ask for, are refused unread."""
    body = gzip.compress(gzip.compress(b"{}"))
    with pytest.raises(ResponseShapeError, match="not asked for"):
        await against(make, says(http(body, f"Content-Encoding: {encoding}")))


async def test_repeated_headers_are_joined(make: TransportFactory) -> None:
    """Header names arrive in lower case, repeated fields joined by a comma."""
    reply = await against(make, says(http(b"{}", "X-One: a", "x-one: b", "X-Two: \xe9")))
    assert (reply.headers["x-one"], reply.headers["x-two"]) == ("a, b", "\xe9")


async def test_a_large_header_is_read(make: TransportFactory) -> None:
    """Forty thousand characters in one field are an answer like any other."""
    reply = await against(make, says(http(b"{}", "X-Large: " + "x" * 40_000)))
    assert len(reply.headers["x-large"]) == 40_000


# --- what is sent -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"])
@pytest.mark.parametrize("body", [None, b"{}"])
async def test_a_request_says_how_long_it_is(make: TransportFactory, method: str, body: bytes | None) -> None:
    """A body has a length; no body has none, but for the verbs whose servers wait for one."""
    heads: list[bytes] = []

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await read_request(reader)).lower())
        writer.write(http(b""))

    async with serving(noting) as address:
        transport = make(f"http://{address}")
        await transport.send(new_call(method=method, body=body), {"Accept": "*/*"}, 5)
        await transport.aclose()
    lines = heads[0].split(b"\r\n")
    if body is None and method not in {"POST", "PUT", "PATCH"}:
        expected = []
    else:
        expected = [b"content-length: %d" % len(body or b"")]
    assert [line for line in lines if line.startswith(b"content-length")] == expected
    assert lines[0].startswith(f"{method} /v2/thing HTTP/1.1".lower().encode())
    assert b"host: " + address.encode() in lines
    assert b"accept: */*" in lines


async def test_what_is_no_url_is_refused_before_sending(make: TransportFactory) -> None:
    """A path too long for any URL is our own error, and nothing is sent."""
    with pytest.raises(InvalidInputError, match="too long"):
        await exchange(make("http://127.0.0.1:9"), "/v2/" + "x" * 70_000)


async def test_a_target_cannot_become_another_request(make: TransportFactory) -> None:
    """What cannot stand in a request line is quoted; what can is sent to the letter."""
    heads: list[bytes] = []

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_request(reader))
        writer.write(http(b""))

    async with serving(noting) as address:
        for target in ("/v2/%2F%41~!$&'()*+,;=:@?q=a+b%20c&d=/?", '/v2/a"<b>{c}`é ?q=1'):
            await exchange(make(f"http://{address}"), target)
    assert [head.partition(b" HTTP/1.1\r\n")[0] for head in heads] == [
        b"GET /v2/%2F%41~!$&'()*+,;=:@?q=a+b%20c&d=/?",
        b"GET /v2/a%22%3Cb%3E%7Bc%7D%60%C3%A9%20?q=1",
    ]


@pytest.mark.parametrize("connections", [0, -1])
def test_a_pool_of_nothing_is_refused(make: TransportFactory, connections: int) -> None:
    """A transport without connections could never answer."""
    with pytest.raises(ConfigurationError, match="max_connections"):
        make("http://127.0.0.1:9", max_connections=connections)
