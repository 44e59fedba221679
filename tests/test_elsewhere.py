from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.calls.files import Download, Upload
from alianza_async.endpoints.other_hosts import fetch_call, upload_call
from alianza_async.errors import (
    AuthenticationError,
    PermissionDeniedError,
    RequestRejectedError,
    ResponseShapeError,
)
from alianza_async.settings import Credentials
from tests.hosts import Files, Host, session_on
from tests.raw_server import http, serving

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName

FOUND = http(b"a,b\n", "Content-Type: text/csv")


def moved(place: str, status: str = "302 Found") -> bytes:
    """Answer that the file lies elsewhere."""
    return http(b"", f"Location: {place}", status=status)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Again", "308 For good"])
async def test_a_download_is_followed_once_without_our_token(
    transport_name: TransportName, status: str
) -> None:
    """The host that a download is redirected to gets neither our token nor our request id."""
    store = Host(FOUND)
    async with serving(store) as place:
        api = Host(moved(f"http://{place}/files/1?signature=s", status))
        async with serving(api) as address, session_on(address, transport=transport_name) as session:
            reply = await Files(session).get.raw("1")
    assert reply.value.read() == b"a,b\n"
    assert (api.header("x-auth-token"), store.header("x-auth-token")) == ("token-0", None)
    assert store.header("x-request-id") is None
    assert (api.header("x-request-id") or "").endswith("-1")
    assert (store.lines, reply.attempts) == (["GET /files/1?signature=s"], 2)


async def test_a_second_redirect_is_refused(transport_name: TransportName) -> None:
    """One hop: what is redirected again is an error, and nothing more is sent."""
    store = Host(moved("http://127.0.0.1:1/"))
    async with serving(store) as place:
        api = Host(moved(f"http://{place}/1"))
        async with serving(api) as address, session_on(address, transport=transport_name) as session:
            with pytest.raises(RequestRejectedError, match="answered 302"):
                await Files(session).get("1")
    assert (len(api.heads), len(store.heads)) == (1, 1)


async def test_any_other_redirect_is_refused(transport_name: TransportName) -> None:
    """What is no download is not followed at all, nor is a redirect that names no place."""
    store = Host(FOUND)
    async with serving(store) as place:
        api = Host(moved(f"http://{place}/1"), http(b"", status="302 Found"))
        async with serving(api) as address, session_on(address, transport=transport_name) as session:
            with pytest.raises(RequestRejectedError, match="answered 302"):
                await Files(session).thing()
            with pytest.raises(RequestRejectedError, match="answered 302"):
                await Files(session).get("1")
    assert store.heads == []


async def test_a_download_cut_elsewhere_begins_again_at_the_api(transport_name: TransportName) -> None:
    """The address may be good for one use: another one is asked for, and the file is fetched whole."""
    store = Host(http(b"a,", length=4), FOUND)
    async with serving(store) as place:
        api = Host(moved(f"http://{place}/1"))
        async with serving(api) as address, session_on(address, transport=transport_name) as session:
            reply = await Files(session).get.raw("1")
    assert reply.value.read() == b"a,b\n"
    assert (len(api.heads), len(store.heads), reply.attempts) == (2, 2, 4)


async def test_a_401_elsewhere_costs_no_login(transport_name: TransportName) -> None:
    """Another host's 401 says nothing of our token: it is not replayed, and nobody logs in."""
    store = Host(http(b"", status="401 Unauthorized"))
    async with serving(store) as place:
        api = Host(moved(f"http://{place}/1"))
        credentials = Credentials("u", "a-made-up-password")
        async with (
            serving(api) as address,
            session_on(address, credentials=credentials, transport=transport_name) as session,
        ):
            with pytest.raises(AuthenticationError, match="answered 401") as caught:
                await Files(session).get("1")
            with pytest.raises(AuthenticationError):
                await session.send(fetch_call(f"http://{place}/2"))
    assert not caught.value.login_refused
    assert (len(api.heads), store.lines) == (1, ["GET /1", "GET /2"])


async def test_a_refusal_elsewhere_is_not_quoted(transport_name: TransportName) -> None:
    """Stores quote the signed address in their refusals, which is as good as a key."""
    store = Host(http(b"<Error><StringToSign>s3cr3t</StringToSign></Error>", status="403 Forbidden"))
    async with serving(store) as place:
        api = Host(moved(f"http://{place}/1"))
        async with serving(api) as address, session_on(address, transport=transport_name) as session:
            for call in (Files(session).get("1"), session.send(fetch_call(f"http://{place}/1"))):
                with pytest.raises(PermissionDeniedError) as caught:
                    await call
                assert "s3cr3t" not in f"{caught.value} {caught.value.messages}"
                assert place not in str(caught.value)


NO_PLACES = [
    "",
    "/files/1",
    "files/1",
    "ftp://127.0.0.1/1",
    "file:///etc/passwd",
    "https://",
    "http://[::1",
    "https://files.example:port/1",
    "//files.example/1",
]
BAD_PLACES = [
    *NO_PLACES,
    "http://files.example/1",
    "http://192.0.2.1/1",
    "http://localhost.example/1",
]


@pytest.mark.parametrize("place", NO_PLACES)
def test_a_place_is_a_url(place: str) -> None:
    """A file is neither fetched from, nor sent to, what is no http(s) URL."""
    with pytest.raises(ResponseShapeError, match="no https URL"):
        fetch_call(place)
    with pytest.raises(ResponseShapeError, match="no https URL"):
        upload_call(place, Upload(b"x"))


@pytest.mark.parametrize(
    "place",
    [
        "https://files.example/1?a=b",
        "HTTPS://files.example",
        "http://127.0.0.1:1/",
        "http://[::1]/1",
        "http://localhost/",
    ],
)
def test_a_good_place_is_kept_as_it_is(place: str) -> None:
    """A signed URL is sent back to the letter, and not shown."""
    assert fetch_call(place).url == upload_call(place, Upload(b"x")).url == place
    assert place not in repr(fetch_call(place))


@pytest.mark.parametrize("place", [bad for bad in BAD_PLACES if bad])
async def test_a_redirect_to_a_bad_place_is_not_followed(transport_name: TransportName, place: str) -> None:
    """A redirect to a bad place is an answer that cannot be used; it is not asked for again."""
    api = Host(moved(place))
    async with serving(api) as address, session_on(address, transport=transport_name) as session:
        with pytest.raises(ResponseShapeError, match="getFile: the API named a place"):
            await Files(session).get("1")
    assert len(api.heads) == 1


async def test_a_named_place_gets_the_file_and_no_token(transport_name: TransportName) -> None:
    """An upload is a PUT with length and media type, and with no token and no request id."""
    store = Host(http(b"", status="503 Busy"), http(b"<ok/>"))
    async with serving(store) as place, session_on("127.0.0.1:1", transport=transport_name) as session:
        reply = await session.send(
            upload_call(f"http://{place}/up?sig=s", Upload(b"a,b\n", media_type="text/csv"))
        )
        fetched = await session.send(fetch_call(f"http://{place}/up"))
    assert (reply.status, reply.value) == (200, None)
    assert isinstance(fetched.value, Download)
    assert store.lines == ["PUT /up?sig=s", "PUT /up?sig=s", "GET /up"]
    assert store.bodies == [b"a,b\n", b"a,b\n", b""]
    assert (store.header("content-type", 1), store.header("content-length", 1)) == ("text/csv", "4")
    for request in range(3):
        assert store.header("x-auth-token", request) is None
        assert store.header("x-request-id", request) is None


async def test_another_host_costs_no_login(transport_name: TransportName) -> None:
    """A session that was never logged in fetches from another host without logging in."""
    store = Host(FOUND)
    credentials = Credentials("u", "a-made-up-password")
    async with (
        serving(store) as place,
        session_on("127.0.0.1:1", credentials=credentials, transport=transport_name) as session,
    ):
        reply = await session.send(fetch_call(f"http://{place}/1"))
    assert (reply.status, store.lines) == (200, ["GET /1"])
