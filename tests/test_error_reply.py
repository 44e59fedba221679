"""What an error keeps of the server's refusal, for the provider's support."""

from __future__ import annotations

import json
import pickle
import traceback
from typing import TYPE_CHECKING

import pytest

from alianza_async.calls.call import NaturalKey
from alianza_async.calls.redaction import MASK, Redactor
from alianza_async.errors import (
    AlreadyExistsError,
    AnswerError,
    AuthenticationError,
    CallError,
    ConflictError,
    NotFoundError,
    Refusal,
    RequestRejectedError,
    ResponseShapeError,
    UnknownOutcomeError,
)
from alianza_async.policies.values import RetryPolicy
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, lost, refusal, scripted, token
from tests.hosts import session_on
from tests.raw_server import http, says, serving
from tests.test_errors import WAYS

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from alianza_async.transports.choice import TransportName
    from tests.fakes import Answer

PASSWORD = "Tr0ub4dor&3 made up"
TOKEN = "made-up-token-0123456789"
BODY = {"status": 400, "messages": ["no such plan"], "data": {"plan": "gold", "password": PASSWORD}}
NUMBER = NaturalKey("accountNumber", "/v2/account/{key}")


async def refused(transport: ScriptedTransport, **options: object) -> AnswerError:
    """Return the error of a call."""
    credentials = Credentials("me", PASSWORD) if options.get("login") else None
    async with scripted(transport, credentials=credentials) as session:
        with pytest.raises(AnswerError) as caught:
            await session.call("POST", "/v2/thing", body={})
    return caught.value


async def test_an_error_keeps_the_refusal(transport_name: TransportName) -> None:
    """`error.reply` has status, headers and body as the server sent them, over each transport."""
    raw = json.dumps({"messages": ["no such plan"], "hint": "see /plans"}).encode()
    said = says(http(raw, "X-Trace: t-1", "Via: a", "Via: b", status="422 Unprocessable"))
    async with serving(said) as address, session_on(address, transport=transport_name) as session:
        with pytest.raises(RequestRejectedError) as caught:
            await session.call("POST", "/v2/thing", body={})
    reply = caught.value.reply
    assert reply is not None
    assert (reply.status, reply.body, reply.size) == (422, raw.decode(), len(raw))
    assert (reply.headers["x-trace"], reply.headers["via"]) == ("t-1", "a, b")


async def test_a_refusal_is_masked() -> None:
    """Cookies, tokens, passwords and the queries of URLs stand in it nowhere: neither in headers nor body."""
    headers = {
        "set-cookie": "sid=abc123, sid2=def456",
        "x-auth-token": f"{TOKEN}, other-token-value",
        "authorization": "Bearer abc123def456",
        "location": "https://files.example/x?sig=abc123&exp=1",
        "link": '<https://api.example/v2/x?sig=abc123>; rel="next"',
        "x-note": f"you sent {PASSWORD}",
        "content-type": "application/json",
        "x-request-id": "srv-1",
    }
    body = {**BODY, "token": TOKEN, "echo": f"{PASSWORD} and {TOKEN}"}
    transport = ScriptedTransport(token(TOKEN), otherwise=answer(400, body, headers))
    reply = (await refused(transport, login=True)).reply
    assert reply is not None
    assert reply.headers == {
        "set-cookie": MASK,
        "x-auth-token": MASK,
        "authorization": MASK,
        "location": f"https://files.example/x?{MASK}",
        "link": f'<https://api.example/v2/x?{MASK}>; rel="next"',
        "x-note": f"you sent {MASK}",
        "content-type": "application/json",
        "x-request-id": "srv-1",
    }
    assert json.loads(reply.body) == {
        **BODY,
        "data": {"plan": "gold", "password": MASK},
        "token": MASK,
        "echo": f"{MASK} and {MASK}",
    }


async def test_a_refusal_is_capped() -> None:
    """At most 64 KiB of a body are kept, and a secret that the cut goes through is masked with the rest."""
    for fill in ("x", "é"):
        start = fill.encode() * (64 * 1024 // len(fill.encode()) - 6) + PASSWORD.encode() * 2
        transport = ScriptedTransport(token(TOKEN), otherwise=answer(400, start))
        reply = (await refused(transport, login=True)).reply
        assert reply is not None
        assert reply.size == len(start)
        assert reply.body[-10:] == f"{fill * 6}{MASK}…"
    whole = (await refused(ScriptedTransport(answer(400, b"x" * 64 * 1024)))).reply
    assert whole is not None
    assert whole.body == "x" * 64 * 1024


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"\x80\x81", "näh".encode("latin-1"), b"\x00" * 9])
async def test_any_body_can_be_kept(body: bytes) -> None:
    """Whatever the bytes are, the refusal is kept as text and the error is the same."""
    error = await refused(ScriptedTransport(answer(404, body)))
    assert isinstance(error, NotFoundError)
    assert error.reply is not None
    assert error.reply.size == len(body)


async def test_a_refusal_shows_in_no_text() -> None:
    """It is there for who asks for it: neither the error's text nor a repr or a traceback shows it."""
    transport = ScriptedTransport(
        answer(400, {"messages": ["no"], "customer": "1 Main Street"}, {"x-customer": "1 Main Street"})
    )
    error = await refused(transport)
    texts = [str(error), repr(error), repr(error.reply), repr(vars(error))]
    texts += traceback.format_exception(error)
    assert error.reply is not None
    assert "1 Main Street" in error.reply.body
    assert [text for text in texts if "Main Street" in text] == []
    assert repr(error.reply) == f"Refusal(status=400, size={error.reply.size})"


@pytest.mark.parametrize("way", WAYS)
async def test_a_refusal_travels_with_its_error(way: str) -> None:
    """Another process, and a copy, have the same refusal."""
    error = await refused(ScriptedTransport(refusal(409, "taken", headers={"x-trace": "t-1"})))
    twin = WAYS[way](error)
    assert isinstance(twin, CallError)
    assert isinstance(twin.reply, Refusal)
    assert twin.reply == error.reply


async def test_a_refused_login_keeps_the_refusal() -> None:
    """Each caller that a refused login fails has what the server said of it, without the password."""
    transport = ScriptedTransport(answer(401, {"messages": ["no"], "sent": {"secret": PASSWORD}}))
    error = await refused(transport, login=True)
    assert isinstance(error, AuthenticationError)
    assert error.reply is not None
    assert (error.reply.status, PASSWORD in error.reply.body) == (401, False)


async def test_what_a_refusal_led_to_has_it_too() -> None:
    """An unknown outcome has the refusal that caused it, a conflict the one it explains, a lost call none."""
    async with scripted(ScriptedTransport(refusal(502, "gateway"))) as session:
        with pytest.raises(UnknownOutcomeError) as unknown:
            await session.call("POST", "/v2/thing", body={})
    assert unknown.value.reply is not None
    assert unknown.value.reply.status == 502

    there = answer(200, {"accountNumber": "A1", "name": "other"})
    async with scripted(ScriptedTransport(refusal(409, "taken"), there)) as session:
        with pytest.raises(ConflictError) as conflict:
            await session.call("POST", "/v2/account", body={"accountNumber": "A1", "name": "n"}, key=NUMBER)
    assert conflict.value.reply is not None
    assert conflict.value.reply.status == 409

    async with scripted(ScriptedTransport(lost)) as session:
        with pytest.raises(UnknownOutcomeError) as silent:
            await session.call("POST", "/v2/thing", body={})
    assert silent.value.reply is None


async def test_another_hosts_refusal_keeps_no_body(transport_name: TransportName) -> None:
    """A file host may quote the address it was sent to, which is as good as a key: only its head is kept."""
    raw = b"<Error><Resource>/x?sig=abc123</Resource></Error>"
    async with serving(says(http(raw, "X-Amz-Request-Id: a-1", status="403 Forbidden"))) as files:
        there = f"Location: http://{files}/x?sig=abc123"
        async with (
            serving(says(http(b"", there, status="302 Found"))) as address,
            session_on(address, transport=transport_name) as session,
        ):
            with pytest.raises(AnswerError) as caught:
                await session.media.download("a1", "m1", media_type="IvrPrompt")
    reply = caught.value.reply
    assert reply is not None
    assert (reply.status, reply.body, reply.headers["x-amz-request-id"]) == (403, "", "a-1")


def test_a_header_is_masked_by_its_name() -> None:
    """A field whose name says that it is a secret is masked whole; the kind of a token is none."""
    redact = Redactor()
    assert redact.header("x-session-token", "a, b c") == MASK
    assert redact.header("token-type", "bearer") == "bearer"
    assert redact.header("date", "Thu, 1 Jan 2026 00:00:00 GMT") == "Thu, 1 Jan 2026 00:00:00 GMT"


# --- a conflict, and an answer that cannot be read -------------------------------------------------------

CREATE = {"accountNumber": "A1", "name": "n"}


@pytest.mark.parametrize("name", ["n", "other"])
@pytest.mark.parametrize("status", [400, 409])
async def test_a_conflict_is_told_by_the_refusal(status: int, name: str) -> None:
    """Status, ids, words and code are those of the refused create, not of the look-up that explains it."""
    headers = {"x-amzn-requestid": "amz-refused"}
    body = {"messages": ["accountNumber is taken"], "code": "E7"}
    transport = ScriptedTransport(
        answer(status, body, headers),
        answer(200, {"accountNumber": "A1", "name": name}, {"x-amzn-requestid": "amz-look-up"}),
    )
    async with scripted(transport) as session:
        with pytest.raises(ConflictError) as caught:
            await session.call("POST", "/v2/account", body=CREATE, key=NUMBER)
    error = caught.value
    assert isinstance(error, AlreadyExistsError) == (name == "n")
    assert (error.status, error.server_request_id, error.code) == (status, "amz-refused", "E7")
    assert (error.messages, error.fields[0].field) == (("accountNumber is taken",), "account_number")
    assert error.request_id.endswith("-1")
    assert error.existing is not None
    assert error.existing.status == 200


async def test_a_conflict_after_a_lost_answer_has_no_status_of_a_look_up() -> None:
    """Nothing was refused, so there is no status; a later refusal has its own."""
    there = answer(200, {"accountNumber": "A1", "name": "other"})
    async with scripted(ScriptedTransport(lost, there)) as session:
        with pytest.raises(ConflictError) as caught:
            await session.call("POST", "/v2/account", body=CREATE, key=NUMBER)
    assert (caught.value.status, caught.value.reply) == (None, None)

    absent = refusal(404)
    transport = ScriptedTransport(lost, absent, refusal(409, "taken"), there)
    async with scripted(transport) as session:
        with pytest.raises(ConflictError) as refused_later:
            await session.call("POST", "/v2/account", body=CREATE, key=NUMBER)
    assert refused_later.value.status == 409
    assert refused_later.value.reply is not None


AMZ = {"x-amzn-requestid": "amz-1", "set-cookie": "s=1"}
MANY = answer(200, b"[" + b'{"a": "xxxxxxxxxx"},' * 2_000 + b"{}]", AMZ)
UNREADABLE: dict[str, tuple[Answer, dict[str, int]]] = {
    "misread": (answer(200, {"accountNumber": 5, "street": "1 Main Street"}, AMZ), {}),
    "another object": (answer(200, {"accountNumber": "B2"}, AMZ), {}),
    "no JSON": (answer(200, b"<html>maintenance</html>", AMZ), {}),
    "empty": (answer(200, b"", AMZ), {}),
    "too large": (MANY, {"max_list_items": 10}),
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_an_answer_that_cannot_be_read_is_kept(what: str) -> None:
    """It has the server's id, status and headers; a body of JSON, which is somebody's data, stays out."""
    step, options = UNREADABLE[what]
    transport = ScriptedTransport(step, otherwise=refusal(404))
    async with scripted(transport, retry=RetryPolicy(attempts=1, settle_s=0), **options) as session:  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        creates = what == "another object"
        call: Awaitable[object] = (
            session.call("POST", "/v2/account", body=CREATE, key=NUMBER)
            if creates
            else session.accounts.get("a1")
        )
        with pytest.raises(CallError) as caught:
            await call
    error = caught.value
    assert isinstance(error, ResponseShapeError)
    assert (error.status, error.server_request_id) == (200, "amz-1")
    assert error.reply is not None
    assert (error.reply.status, error.reply.headers["set-cookie"]) == (200, MASK)
    assert error.reply.body == ("<html>maintenance</html>" if what == "no JSON" else "")
    assert pickle.loads(pickle.dumps(error)).reply == error.reply  # noqa: S301  (our own)


async def test_an_answer_to_a_look_up_that_cannot_be_read_is_kept() -> None:
    """What a look-up answered wrongly has the server's id too, and so has the unknown outcome it led to."""
    transport = ScriptedTransport(lost, answer(200, {"accountNumber": "B2", "name": "n"}, AMZ))
    async with scripted(transport) as session:
        with pytest.raises(UnknownOutcomeError) as caught:
            await session.call("POST", "/v2/account", body=CREATE, key=NUMBER)
    cause = caught.value.__cause__
    assert isinstance(cause, ResponseShapeError)
    assert cause.server_request_id == "amz-1"
    assert caught.value.reply is not None
    assert caught.value.reply.headers["x-amzn-requestid"] == "amz-1"


async def test_an_unreadable_answer_is_kept_over_each_transport(transport_name: TransportName) -> None:
    """The server's id comes from the head, whatever carries it."""
    said = says(http(b'{"id": 5}', "X-Amzn-RequestId: amz-1"))
    async with serving(said) as address, session_on(address, transport=transport_name) as session:
        with pytest.raises(ResponseShapeError) as caught:
            await session.accounts.list()
    assert caught.value.server_request_id == "amz-1"
    assert caught.value.reply is not None
    assert caught.value.reply.size == 9
