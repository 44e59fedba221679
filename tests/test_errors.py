from __future__ import annotations

import copy
import inspect
import logging
import pickle
import re
import traceback
from typing import TYPE_CHECKING

import pytest

import alianza_async
from alianza_async import errors
from alianza_async.bulk import errors as bulk_errors
from alianza_async.bulk.errors import BulkStoppedError, FailureBudgetError
from alianza_async.bulk.report import Report
from alianza_async.calls.call import Reply
from alianza_async.errors import (
    AlianzaError,
    AnswerError,
    CallContext,
    CallError,
    ClientError,
    ConflictError,
    FieldError,
    NotFoundError,
    UnknownOutcomeError,
)
from alianza_async.settings import Credentials
from tests.fakes import ScriptedTransport, answer, refusal, scripted, token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD = "Tr0ub4dor&3 made up"
TOKEN = "made-up-token-0123456789"
CONTEXT = CallContext("createAccount", "POST", "/v2/x/{id}", "0192-3", attempts=3)


def drawn() -> Iterator[tuple[str, str]]:
    """Yield each class of the drawing in the module's docstring, with its parent."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"([│├└─ ]*)([A-Z]\w+Error)\b", line)
        if match:
            depth = len(match[1]) // 4
            del above[depth:]
            yield match[2], above[-1] if above else "Exception"
            above.append(match[2])


def test_the_tree_drawn_is_the_tree_in_the_code() -> None:
    """The drawing at the top of `errors/__init__.py` shows every class under its parent."""
    kinds = [*vars(errors).values(), BulkStoppedError, FailureBudgetError]
    kinds = [value for value in kinds if isinstance(value, type)]
    coded = {kind.__name__: kind.__bases__[0].__name__ for kind in kinds if issubclass(kind, Exception)}
    assert dict(drawn()) == coded
    assert len(coded) > 20


def made(kind: type[ClientError]) -> ClientError:
    """Return an error of a class, with all it may hold."""
    existing = Reply(200, {"a": "b"}, b"{}", 0.1, "0192-2", {"id": "a1"})

    async def look() -> Reply[object] | None:
        raise AssertionError("nothing is looked up here")

    holds = {
        "context": CONTEXT,
        "status": 409,
        "server_request_id": "srv-1",
        "messages": ("no",),
        "fields": (FieldError("name", "is taken"),),
        "code": "TAKEN",
        "job_id": "j1",
        "errors": (),
        "resolver": look,
        "report": Report(),
        "read": 35,
        "stated": 45,
    }
    takes = inspect.signature(kind.__init__).parameters
    error = kind("what happened", **{name: value for name, value in holds.items() if name in takes})
    if isinstance(error, ConflictError):
        error.existing = existing
    error.add_note("a note")
    error.__cause__ = ClientError("the cause")
    return error


BY_NAME = {
    kind.__name__: kind
    for kind in (*vars(errors).values(), BulkStoppedError, FailureBudgetError)
    if isinstance(kind, type) and issubclass(kind, ClientError)
}
WAYS: dict[str, Callable[[ClientError], ClientError]] = {
    "pickled": lambda error: pickle.loads(pickle.dumps(error)),  # noqa: S301  (our own)
    "copied": copy.copy,
    "deep-copied": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", BY_NAME)
def test_every_error_can_be_pickled_and_copied(name: str, way: str) -> None:
    """What another process gets is the same error: class, text, attributes, notes and our own causes."""
    error = made(BY_NAME[name])
    twin = WAYS[way](error)
    assert (type(twin), str(twin), twin.args) == (type(error), str(error), error.args)
    assert (twin.carrier, twin.__notes__, str(twin.__cause__)) == (error.carrier, ["a note"], "the cause")
    kept = {name for name in vars(error) if name != "_resolver"}
    if way != "deep-copied" and not isinstance(error, BulkStoppedError):
        assert {name: vars(twin)[name] for name in kept} == {name: vars(error)[name] for name in kept}
    assert kept <= set(vars(twin))


async def test_a_copy_of_an_unknown_outcome_looks_nothing_up() -> None:
    """The look-up belongs to a session of one process: in another the error raises itself."""
    twin = pickle.loads(pickle.dumps(made(UnknownOutcomeError)))  # noqa: S301  (our own)
    assert not twin.resolvable
    with pytest.raises(UnknownOutcomeError, match="what happened"):
        await twin.resolve()


async def test_an_error_says_whose_api_was_called() -> None:
    """`carrier` is the carrier's name on what a call raised, and None on what no call raised."""
    async with scripted(ScriptedTransport(refusal(404))) as session:
        with pytest.raises(NotFoundError) as caught:
            await session.accounts.get("a1")
    assert (caught.value.carrier, ClientError("x").carrier) == ("alianza", None)
    assert AlianzaError is ClientError


def test_every_error_is_public() -> None:
    """What is raised can be caught: every class of the tree is in `__all__`."""
    assert (
        {name for name, _ in drawn()}
        <= {*errors.__all__, *bulk_errors.__all__}
        <= {*dir(alianza_async), "Answer", "CallContext"}
    )


def test_an_error_is_one_line_with_what_support_asks_for() -> None:
    """The text names the operation, what happened, both request ids and the attempt."""
    error = NotFoundError("answered 404: gone", context=CONTEXT, status=404, server_request_id="srv-1")
    assert str(error) == "createAccount: answered 404: gone (request 0192-3, server's srv-1, attempt 3)"
    assert (error.method, error.path_template) == ("POST", "/v2/x/{id}")
    once = CallError("no", context=CallContext("getX", "GET", "/v2/x", "0192-1", attempts=1))
    assert str(once) == "getX: no (request 0192-1)"


def test_a_field_error_reads_as_field_and_message() -> None:
    """A complaint about a field names it; one about none is just the complaint."""
    assert str(FieldError("account_number", "too short")) == "account_number: too short"
    assert str(FieldError("", "too short")) == "too short"


async def test_an_unknown_outcome_without_a_key_resolves_to_itself() -> None:
    """Where nothing can be looked up, `resolve` raises the error itself."""
    error = UnknownOutcomeError("it may have been carried out", context=CONTEXT)
    with pytest.raises(UnknownOutcomeError) as caught:
        await error.resolve()
    assert caught.value is error


LEAKS: list[object] = [
    {
        "status": 400,
        "messages": [f"bad password {PASSWORD}", f"token {TOKEN}"],
        "data": {"password": PASSWORD},
    },
    {"errors": [{"path": "password", "description": f"{PASSWORD} is too weak"}], "message": TOKEN},
    {"code": TOKEN, "description": f"password={PASSWORD}"},
    f"<html><title>{TOKEN}</title>{PASSWORD}</html>".encode(),
    f"plain {PASSWORD} {TOKEN}".encode(),
    [PASSWORD, TOKEN],
    {"requestId": TOKEN, "messages": ["no"]},
]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 302])
@pytest.mark.parametrize("leak", LEAKS)
async def test_no_secret_in_any_error(status: int, leak: object, caplog: pytest.LogCaptureFixture) -> None:
    """A server that echoes the password and the token puts neither into an error nor the log."""
    caplog.set_level(logging.DEBUG)
    transport = ScriptedTransport(
        token(TOKEN),
        answer(200, []),
        otherwise=answer(status, leak, {"x-request-id": TOKEN, "retry-after": "999"}),
    )
    async with scripted(transport, credentials=Credentials("me", PASSWORD)) as session:
        await session.accounts.list()
        with pytest.raises(AlianzaError) as caught:
            await session.call("POST", "/v2/thing", body={"password": PASSWORD})
    error = caught.value
    told = [
        str(error),
        repr(error),
        repr(vars(error)),
        "".join(traceback.format_exception(error)),
        caplog.text,
    ]
    if isinstance(error, AnswerError):
        told += [repr(error.messages), repr(error.fields), repr(error.code), repr(error.server_request_id)]
    assert [secret for text in told for secret in (PASSWORD, TOKEN) if secret in text] == []


@pytest.mark.parametrize("leak", LEAKS)
async def test_no_secret_in_a_refused_login(leak: object) -> None:
    """A login refused with the password in the answer does not pass it on."""
    async with scripted(
        ScriptedTransport(answer(401, leak)), credentials=Credentials("me", PASSWORD)
    ) as session:
        with pytest.raises(AlianzaError) as caught:
            await session.login()
    text = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert PASSWORD not in text


async def test_a_server_that_echoes_our_id_has_none_of_its_own() -> None:
    """Our own id sent back is not shown as the server's."""

    async def call_with(header: str) -> str | None:
        async with scripted(
            ScriptedTransport(refusal(404, "no", headers={"x-request-id": header}))
        ) as session:
            with pytest.raises(NotFoundError) as caught:
                await session.call("GET", "/v2/thing")
        return caught.value.server_request_id

    assert await call_with("theirs-1") == "theirs-1"

    transport = ScriptedTransport(
        lambda call: refusal(404, "no", headers={"x-request-id": call.request_id})(call)
    )
    async with scripted(transport) as session:
        with pytest.raises(NotFoundError) as caught:
            await session.call("GET", "/v2/thing")
    assert caught.value.server_request_id is None
