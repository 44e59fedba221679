"""Values that cannot be sent: an error of ours before anything leaves, never one of a library's."""

from __future__ import annotations

import enum
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast
from uuid import UUID

import pytest
from pydantic import ValidationError

from alianza_async.calls.call import NaturalKey, OperationClass
from alianza_async.calls.files import Upload
from alianza_async.calls.urls import why_unusable
from alianza_async.endpoints.encoding import query_texts
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import AlianzaError, ConfigurationError, InvalidInputError
from alianza_async.models.accounts import AccountCreate
from alianza_async.policies.own import per_attempt
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, scripted
from tests.hosts import Files, Host, session_on
from tests.raw_server import http, serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alianza_async.calls.call import Call, Reply
    from alianza_async.policies.base import Next
    from alianza_async.transports.choice import TransportFactory, TransportName

HALF = "a\ud800"
KEY = NaturalKey("accountNumber", "/v2/account/{key}")
NAN, INFINITE = float("nan"), float("inf")


class Silent:
    """What has no text of its own."""

    def __str__(self) -> str:
        raise RuntimeError("it has no text")


def _circle() -> list[object]:
    around: list[object] = []
    around.append(around)
    return around


def _deep() -> list[object]:
    inner: list[object] = []
    for _ in range(100_000):
        inner = [inner]
    return inner


async def refused(act: Callable[[Session], Awaitable[object]]) -> str:
    """Return what is said of a call that is refused before anything leaves."""
    transport = ScriptedTransport(otherwise=answer(200, {}))
    async with scripted(transport) as session:
        with pytest.raises(InvalidInputError) as caught:
            await act(session)
    assert transport.sent == []
    return str(caught.value)


def loose(value: object) -> str:
    """Return a value that is no text as callers without types pass it."""
    return cast("str", value)


NO_IDS: list[object] = [
    None,
    7,
    1.5,
    True,
    b"x",
    ["a"],
    {"a": 1},
    object(),
    Silent(),
    HALF,
    "",
    " ",
    "..",
    "a\r\nb",
]


@pytest.mark.parametrize("value", NO_IDS, ids=lambda value: type(value).__name__)
async def test_what_is_no_id_is_refused(value: object) -> None:
    """An id is text, and one path segment: what is not is named and refused, in any call."""
    given = loose(value)
    assert "account_id" in await refused(lambda session: session.accounts.get(given))
    if value is not None:  # None is the session's own
        said = await refused(lambda session: session.accounts.get("a", partition_id=given))
        assert "partition_id" in said
    assert "thing_id" in await refused(
        lambda session: session.call("GET", "/v2/x/{thing_id}", ids={"thing_id": given})
    )


class Colour(str, enum.Enum):  # noqa: UP042  (whose text is `Colour.RED`)
    """Texts with names."""

    RED = "red"


async def test_an_id_is_text_of_any_class_or_a_uuid() -> None:
    """A UUID and an enumeration of texts are ids by their values."""
    transport = ScriptedTransport(otherwise=answer(200, {}))
    async with scripted(transport) as session:
        await session.call("GET", "/v2/x/{a}", ids={"a": Colour.RED})
        await session.call("GET", "/v2/x/{a}", ids={"a": loose(UUID(int=7))}, query={"q": Colour.RED})
    assert [sent.target for sent in transport.sent] == ["/v2/x/red", f"/v2/x/{UUID(int=7)}?q=red"]


@pytest.mark.parametrize(
    "value",
    [
        b"x",
        {"a": 1},
        {1},
        object(),
        Silent(),
        HALF,
        NAN,
        INFINITE,
        Decimal("NaN"),
        10**5000,
        [HALF],
        [b"x"],
        [[1]],
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_no_query_holds_is_refused(value: object) -> None:
    """A query holds text, numbers, truth and dates; anything else is named, in a list too."""
    assert "colour" in await refused(lambda session: session.call("GET", "/v2/x", query={"colour": value}))
    assert "q " in await refused(lambda session: session.accounts.search(q=loose(value)))


def test_a_query_is_written_as_before() -> None:
    """What a query does hold goes as the API reads it."""
    moment = datetime(2026, 2, 1, 12, 30, tzinfo=UTC)
    values = [True, 1, 1.5, Decimal("1.50"), date(2026, 2, 1), moment, UUID(int=7), OperationClass.SAFE]
    assert query_texts("q", values) == [
        "true",
        "1",
        "1.5",
        "1.50",
        "2026-02-01",
        "2026-02-01T12:30:00+00:00",
        str(UUID(int=7)),
        "safe",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"query": "a=1"}, "query is a str"),
        ({"query": [("a", 1)]}, "query is a list"),
        ({"query": {1: 1}}, "the name of a query parameter is an int"),
        ({"query": {HALF: 1}}, "the name of a query parameter is not valid Unicode"),
        ({"ids": "a"}, "ids is a str"),
        ({"ids": ["a"]}, "ids is a list"),
        ({"operation_class": "bogus"}, "operation_class is none"),
        ({"operation_class": OperationClass.CREATE}, "operation_class is none"),
        ({"key": "accountNumber"}, "key is a str"),
        ({"key": KEY, "body": {"accountNumber": {"a": 1}}}, "accountNumber is a dict"),
        ({"key": KEY, "body": {"accountNumber": True}}, "accountNumber is a bool"),
        ({"key": KEY, "body": {"accountNumber": HALF}}, "the body holds"),
    ],
)
async def test_what_describes_a_raw_call_is_checked(given: dict[str, object], said: str) -> None:
    """Whatever is said of a verb and a path has its own type, or is refused."""
    assert said in await refused(lambda session: session.call("POST", "/v2/x", **given))  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


@pytest.mark.parametrize("value", [None, 5, b"GET", HALF, ""])
async def test_a_verb_and_a_path_are_text(value: object) -> None:
    """What is neither is named and refused."""
    assert "the method" in await refused(lambda s: s.call(loose(value or 5), "/v2/x")) or value in {HALF, ""}
    assert "the path" in await refused(lambda session: session.call("GET", loose(value)))


@pytest.mark.parametrize(
    "value",
    [
        HALF,
        NAN,
        [INFINITE],
        {"a": {"b": -INFINITE}},
        b"x",
        {"a": [b"x"]},
        {"a": bytearray(b"x")},
        {None: 1},
        {1: 1},
        {"a": {NAN: 1}},
        object(),
        {"a": Silent()},
        _circle(),
        _deep(),
        {"a": 1j},
        Path("prompt.wav"),
        {"a": Path("prompt.wav")},
        Upload(b"x"),
        io.BytesIO(b"x"),
        {"a": iter([1])},
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_json_cannot_hold_is_refused(value: object) -> None:
    """Neither as a null nor as Python prints it is sent what JSON cannot hold."""
    assert "the body" in await refused(lambda session: session.call("POST", "/v2/x", body=value))
    assert "the body" in await refused(lambda session: session.call("POST", "/v2/x", body={"in": value}))


async def test_a_word_is_no_number() -> None:
    """Texts that read as numbers which are none are sent as they are."""
    transport = ScriptedTransport(answer(200, {}))
    async with scripted(transport) as session:
        await session.call("POST", "/v2/x", body={"NaN": "Infinity", "a": 1.5})
    assert transport.sent[0].body == b'{"NaN":"Infinity","a":1.5}'


class Rate(WriteModel):
    """What is sent of a rate."""

    amount: float


@pytest.mark.parametrize("value", [NAN, INFINITE])
def test_a_model_holds_finite_numbers(value: float) -> None:
    """What a model would send as a null, it refuses."""
    with pytest.raises(ValidationError, match="finite"):
        Rate(amount=value)


@pytest.mark.parametrize(
    "value", [None, "text", 5, b"x", ["a"], object(), {"a"}, AccountCreate, Rate(amount=1)]
)
async def test_a_body_of_another_kind_is_refused(value: object) -> None:
    """What is no model and no mapping is no body of an operation that takes one; the value is not echoed."""
    said = await refused(lambda session: session.accounts.create(cast("AccountCreate", value)))
    assert said.startswith("account is ")
    assert said.endswith("; give AccountCreate")
    assert "text" not in said


async def test_wrong_arguments_stay_pythons_type_error() -> None:
    """An argument too many, too few or unknown is a TypeError, as of any function."""
    transport = ScriptedTransport()
    async with scripted(transport) as session:
        for call in (
            lambda: session.accounts.get(account="a"),  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
            lambda: session.accounts.get("a", colour="red"),  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
            lambda: session.accounts.get("a", "b"),  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
            lambda: session.call("GET"),  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
            lambda: session.call("GET", "/v2/x", colour="red"),  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
        ):
            with pytest.raises(TypeError):
                await cast("Awaitable[object]", call())  # pyright: ignore[reportUnknownLambdaType]
    assert transport.sent == []


# --- parts and header fields ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type", ["text/csv\r\nX-Evil: 1", "text/csv\n", "csv", "", HALF, "text/\u20ac", 5, None]
)
def test_a_media_type_is_one(media_type: object) -> None:
    """What is no media type is refused where the upload is made."""
    with pytest.raises(InvalidInputError, match="media_type is no media type"):
        Upload(b"x", "name", loose(media_type))


@pytest.mark.parametrize("media_type", ["text/csv", "audio/x-wav", "text/csv; charset=utf-8", "a/vnd.b+json"])
def test_a_media_type_may_have_parameters(media_type: str) -> None:
    """What is one is taken."""
    assert Upload(b"x", "name", media_type).media_type == media_type


@pytest.mark.parametrize("name", [HALF, 5, b"x"])
def test_a_file_name_is_text(name: object) -> None:
    """What is no valid text names no file."""
    with pytest.raises(InvalidInputError, match="filename is no valid"):
        Upload(b"x", loose(name))


@pytest.mark.parametrize(("name", "value"), [("note", HALF), ("facts", {"a": NAN}), ("facts", {"a": b"x"})])
async def test_a_part_that_cannot_be_sent_is_refused(name: str, value: object) -> None:
    """Half a character and what JSON cannot hold are refused in a form as in a body."""
    given = {name: value}
    await refused(lambda session: Files(session).put("1", Upload(b"x"), **given))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\n", "a\0", "caf\xe9", "\u20ac", HALF])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_header_that_a_policy_adds_is_checked(
    transport_name: TransportName, value: str, method: str
) -> None:
    """A field that cannot be sent ends the call unsent, an action too: nothing is unknown or lost."""

    async def adds(call: Call, next_: Next) -> Reply[object]:
        call.headers["X-Own"] = value
        return await next_(call)

    host = Host(http(b"{}"))
    async with (
        serving(host) as address,
        session_on(address, transport=transport_name, policies=[per_attempt(adds)]) as session,
    ):
        with pytest.raises(InvalidInputError, match="a header field holds"):
            await session.call(method, "/v2/x")
    assert host.heads == []


# --- settings -------------------------------------------------------------------------------------------

NO_PLACES = {
    "https://h:65536": "its port is none",
    "https://h:-1": "its port is none",
    "https://h:0": "port 0",
    "https://[::1": "cannot be read",
    "https://[::zz]": "cannot be read",
    f"https://{'a' * 70}.example": "too long",
    "https://a..example": "empty",
    "https://.example": "empty",
    "https://xn--a": "misspelt",
    "https://256.1.1.1": "an address that is none",
    "https://1.2.3.4.5": "an address that is none",
    f"https://{HALF}.example": "no URL can hold",
    f"https://example.invalid/{HALF}": "no URL can hold",
    "https://exam\r\nple.invalid": "no URL can hold",
    "https://example.invalid\n": "no URL can hold",
    "https://exam ple.invalid": "no URL can hold",
    "https://": "names no host",
}


@pytest.mark.parametrize("url", NO_PLACES)
def test_a_url_that_names_no_place_is_a_configuration_error(make: TransportFactory, url: str) -> None:
    """A base URL and a proxy that nobody can connect to are told at once, and not echoed."""
    with pytest.raises(ConfigurationError, match=NO_PLACES[url]) as base:
        Session(base_url=url, auth_token="t")
    with pytest.raises(ConfigurationError, match=NO_PLACES[url]) as proxy:
        make("https://api.example", proxy=url)
    assert HALF not in str(base.value) + str(proxy.value)


@pytest.mark.parametrize("url", [5, None, b"https://h"])
def test_a_url_is_text(make: TransportFactory, url: object) -> None:
    """What is no text is told as that."""
    with pytest.raises(ConfigurationError, match="is no text") as caught:
        make("https://api.example", proxy=loose(url or 5))
    assert "give one such as" in str(caught.value)
    if url is not None:  # None is the environment's own
        with pytest.raises(ConfigurationError, match="is no text"):
            Session(base_url=loose(url), auth_token="t")


@pytest.mark.parametrize(
    "url",
    [
        "https://h",
        "http://[::1]:80",
        "https://b\u00fccher.example/a",
        "https://1.2.3.4:65535",
        "https://h_x.",
    ],
)
def test_a_url_that_names_a_place_is_taken(url: str) -> None:
    """Names, addresses and names beyond ASCII are places."""
    assert why_unusable(url) is None


@pytest.mark.parametrize(
    ("username", "password"), [(HALF, "p"), ("u", HALF), (5, "p"), ("u", 5), (b"u", "p"), ("u", None)]
)
def test_credentials_are_text(username: object, password: object) -> None:
    """What no login can be sent with is told where it is given."""
    with pytest.raises(ConfigurationError, match="is no valid Unicode text"):
        Credentials(loose(username), loose(password))


@pytest.mark.parametrize("token", [5, b"token"])
def test_a_token_is_text(token: object) -> None:
    """What is no text is told where it is given."""
    with pytest.raises(ConfigurationError, match="auth_token is no text"):
        Session(base_url="http://localhost", auth_token=loose(token))


async def test_an_odd_base_path_goes_out_quoted(transport_name: TransportName) -> None:
    """A path of a gateway that is percent-encoded goes out as it is, by each transport alike."""
    host = Host(http(b"{}"))
    async with (
        serving(host) as address,
        Session(
            base_url=f"http://{address}/n%C3%A4h/a%20b", auth_token="t", transport=transport_name
        ) as session,
    ):
        await session.call("GET", "/v2/x")
    assert host.lines == ["GET /n%C3%A4h/a%20b/v2/x"]


def test_every_refusal_is_ours() -> None:
    """Both classes can be caught as one."""
    assert issubclass(InvalidInputError, AlianzaError)
    assert issubclass(ConfigurationError, AlianzaError)
