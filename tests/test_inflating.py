"""Compressed bodies: several members, both kinds of deflate, padding, and what is no such body."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from alianza_async.errors import ResponseTooLargeError
from alianza_async.transports.inflating import Inflater
from tests.hosts import Files, Host, session_on
from tests.raw_server import http, serving

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName

MIB = 1024 * 1024
FIRST, SECOND = b'{"first": 1, ', b'"second": 2}'


def packed(content: bytes) -> bytes:
    """Return one member of gzip, the same each time: tests are named by it."""
    return gzip.compress(content, mtime=0)


TWO = packed(FIRST) + packed(SECOND)


def bare(content: bytes) -> bytes:
    """Return deflate without zlib's wrapper, as some servers send it."""
    pack = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return pack.compress(content) + pack.flush()


def inflated(body: bytes, *, step: int | None = None, coding: str = "gzip") -> tuple[bytes, bool]:
    """Return what a body inflates to, fed in steps, and whether it may end there."""
    inflater = Inflater(coding)
    step = step or len(body) or 1
    pieces = [piece for at in range(0, len(body), step) for piece in inflater.feed(body[at : at + step])]
    return b"".join(pieces), inflater.finished


BODIES = {
    "nothing": (b"", b""),
    "one member": (packed(FIRST), FIRST),
    "two members": (TWO, FIRST + SECOND),
    "an empty member between two": (
        packed(FIRST) + packed(b"") + packed(SECOND),
        FIRST + SECOND,
    ),
    "zeros between members": (packed(FIRST) + bytes(5) + packed(SECOND), FIRST + SECOND),
    "zeros at the end": (TWO + bytes(600), FIRST + SECOND),
    "zlib": (zlib.compress(FIRST), FIRST),
    "deflate without its wrapper": (bare(FIRST), FIRST),
    "much of one byte": (bare(b"a" * MIB), b"a" * MIB),
    "much of one byte in gzip": (packed(b"a" * MIB), b"a" * MIB),
}


@pytest.mark.parametrize(("body", "content"), BODIES.values(), ids=list(BODIES))
@pytest.mark.parametrize("step", [None, 1, 7])
def test_a_body_is_read_whole(body: bytes, content: bytes, step: int | None) -> None:
    """Every member counts, however the network cuts the body; zeros after a member are padding."""
    assert inflated(body, step=step, coding="deflate") == (content, True)


@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize("cut", [1, 5, 12, 25, len(packed(FIRST)) + 1, len(TWO) - 20, len(TWO) - 1])
def test_a_body_that_is_cut_off_is_not_finished(cut: int, step: int | None) -> None:
    """Wherever it is cut, in its first member or a later one, it is seen to lack its end."""
    assert inflated(TWO[:cut], step=step)[1] is False


@pytest.mark.parametrize("body", [bare(FIRST), FIRST, b"plain text"])
def test_gzip_has_a_wrapper(body: bytes) -> None:
    """What says gzip and has no wrapper is no bare deflate, but damaged."""
    with pytest.raises(zlib.error):
        inflated(body)


@pytest.mark.parametrize("step", [None, 1])
@pytest.mark.parametrize("rest", [b"garbage", b"\r\n", b"\x1f\x8b not a member", zlib.compress(b"x")])
def test_what_follows_a_member_is_a_member(rest: bytes, step: int | None) -> None:
    """Bytes after the end that are no member are not dropped in silence: the body is damaged."""
    with pytest.raises(zlib.error):
        inflated(packed(FIRST) + rest, step=step)


def test_pieces_are_bounded() -> None:
    """What 64 MiB of zeros are packed into comes out in pieces of 256 KiB, never as a whole."""
    body = packed(bytes(64 * MIB))
    assert len(body) < 100_000
    assert max(len(piece) for piece in Inflater("gzip").feed(body)) == MIB // 4


# --- over the network -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("coding", "body"), [("gzip", TWO), ("x-gzip", TWO), ("deflate", bare(FIRST + SECOND))]
)
async def test_an_answer_is_inflated_whole(transport_name: TransportName, coding: str, body: bytes) -> None:
    """JSON and files alike: the second member is as much of the body as the first."""
    host = Host(http(body, f"Content-Encoding: {coding}"))
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        assert await Files(session).thing() == {"first": 1, "second": 2}
        with await Files(session).get("1") as file:
            assert file.read() == FIRST + SECOND


@pytest.mark.parametrize("body", [TWO[:-20], TWO + b"garbage", packed(FIRST) + b"\x1f"])
async def test_a_second_member_that_is_damaged_is_a_lost_answer(
    transport_name: TransportName, body: bytes
) -> None:
    """It is asked for again, as any answer that did not come whole."""
    host = Host(http(body, "Content-Encoding: gzip"), http(TWO, "Content-Encoding: gzip"))
    async with serving(host) as address, session_on(address, transport=transport_name) as session:
        reply = await Files(session).thing.raw()
    assert (reply.value, reply.attempts) == ({"first": 1, "second": 2}, 2)


async def test_a_bomb_of_many_members_is_cut_off_in_bounded_memory(transport_name: TransportName) -> None:
    """The cap is of all members together: 64 of 4 MiB each are refused at 8 MiB."""
    host = Host(http(packed(bytes(4 * MIB)) * 64, "Content-Encoding: gzip"))
    async with (
        serving(host) as address,
        session_on(address, transport=transport_name, max_body_bytes=8 * MIB) as session,
    ):
        tracemalloc.start()
        try:
            with pytest.raises(ResponseTooLargeError, match="over 8388608 bytes; raise max_body_bytes"):
                await Files(session).thing()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 16 * MIB
