"""Our sentence about an error holds no secret, no address and no word of the server's."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async import errors
from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.bulk.journal import (
    RowOutcome,
    SqliteStore,
    StepIntent,
    StepOutcome,
    UndoIntent,
    UndoOutcome,
    safe_text,
)
from alianza_async.bulk.kinds import address_steps, number_service
from alianza_async.bulk.kinds.found import bad_address
from alianza_async.bulk.report import Report
from alianza_async.errors import (
    AlianzaError,
    AlreadyExistsError,
    AnswerError,
    CallContext,
    CallError,
    ConflictError,
    ConnectionFailedError,
    ConnectionLostError,
    ConnectionProblem,
    Difference,
    FieldError,
    InvalidInputError,
    JobComplaint,
    JobFailedError,
    NotFoundError,
    RateLimitError,
    RequestRejectedError,
    ServerError,
    StepError,
    UnknownOutcomeError,
)
from alianza_async.policies.authentication import refused_login
from tests.bulk.journal.journals import FACTS, leased

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = CallContext("createAccount", "POST", "/v2/partition/{partition_id}/account", "r-1", 1)
STREET = "12 Elm Street, Springfield"
PASSWORD = "tr0ub4dor&3"
SECRETS = (STREET, PASSWORD, "Elm Street", "Springfield", "tr0ub4dor")
SAID = f"streetAddress '{STREET}' is not valid for user ann with password {PASSWORD}"


def call_error(kind: type[CallError], message: str = f"answered 400: {SAID}") -> CallError:
    """Return an error of a class, with a server's words wherever it can hold any."""
    if issubclass(kind, AnswerError):
        fields = [FieldError("street_address", SAID), FieldError(STREET, SAID), FieldError("", SAID)]
        return kind(
            message,
            context=CONTEXT,
            status=400,
            messages=[SAID],
            fields=fields,
            code=PASSWORD,
            server_request_id=SAID,
        )
    if issubclass(kind, JobFailedError):
        complaint = JobComplaint(SAID, 3, STREET)
        return kind(message, context=CONTEXT, job_id=PASSWORD, errors=[complaint])
    return kind(message, context=CONTEXT, status=502)


def hostile(kind: type[AlianzaError]) -> AlianzaError:
    """Return an error of a class whose every text holds a password and a street."""
    if issubclass(kind, CallError):
        return call_error(kind)
    if issubclass(kind, InvalidInputError):
        fields = [
            FieldError("password", f"is {PASSWORD}, which is too short"),
            FieldError("address.street_name", f"{STREET} is no street"),
            FieldError("account_name", f"holds '{STREET}'"),
            FieldError("account_name", f'holds "{PASSWORD}'),
            FieldError(STREET, "is not known"),
        ]
        return kind(SAID, fields=fields)
    if issubclass(kind, BulkStoppedError):
        return kind(SAID, report=Report())
    return kind(SAID)


KINDS = [
    kind
    for name in errors.__all__
    if inspect.isclass(kind := getattr(errors, name))
    and issubclass(kind, AlianzaError)
    # What a step says in its own words is kept as it stands: that is what the class is for.
    and not issubclass(kind, StepError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_tells_what_it_must_not(kind: type[AlianzaError]) -> None:
    """Whatever an error of any class holds, its text names neither street nor password, in one line."""
    name, sentence = safe_text(hostile(kind))

    assert name == kind.__name__
    assert [secret for secret in SECRETS if secret in (sentence or "")] == []
    assert "\n" not in (sentence or "")
    # Only what is nobody's in particular, and may be anything, has no sentence.
    assert (sentence is None) == (kind in {AlianzaError, CallError})


def unknown(cause: BaseException | None, message: str = SAID) -> UnknownOutcomeError:
    """Return an outcome nobody knows, and why."""
    error = UnknownOutcomeError(message, context=CONTEXT)
    error.__cause__ = cause
    return error


def differing() -> ConflictError:
    """Return what tells of an object that differs."""
    error = ConflictError(SAID, context=CONTEXT, status=200)
    error.differences = (Difference("account_name", STREET, "x"), Difference("billing_cycle_day", 1, 2))
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (call_error(RequestRejectedError), "400: refused; it complains of street_address, another field"),
        (NotFoundError("x", context=CONTEXT, status=404), "404: refused"),
        (ServerError("answered 503: x", context=CONTEXT, status=503), "503: the server failed"),
        (RateLimitError("x", context=CONTEXT, status=429), "429: the server asks for too long a wait"),
        (
            refused_login(AnswerError("x", context=CONTEXT, status=401)),
            "401: the login was refused",
        ),
        (differing(), "it exists already and differs in account_name, billing_cycle_day"),
        (ConflictError(SAID, context=CONTEXT, status=409), "409: refused"),
        (AlreadyExistsError(SAID, context=CONTEXT), "it exists already, equal in every field sent"),
        (
            ConnectionFailedError(SAID, context=CONTEXT, problem=ConnectionProblem.REFUSED),
            "could not connect (refused)",
        ),
        (ConnectionFailedError(SAID, context=CONTEXT), "could not connect"),
        (ConnectionLostError(SAID, context=CONTEXT), "the connection broke before the whole answer came"),
        (call_error(JobFailedError), "the server's job failed, with 1 complaints"),
        (unknown(None), "it may have been carried out; look before it is sent again"),
        (
            unknown(ServerError(SAID, context=CONTEXT, status=502)),
            "it may have been carried out (502: the server failed); look before it is sent again",
        ),
        (
            unknown(unknown(None, "2 objects have its key; find out which one is right")),
            (
                "it may have been carried out (2 objects have its key; find out which one is right); "
                "look before it is sent again"
            ),
        ),
        (StepError("not done: its account failed"), "not done: its account failed"),
        (StepError("its number: there is no free one"), "its number: there is no free one"),
        (InvalidInputError(f"its address: {SAID}"), "its address: it cannot be sent"),
        (AlianzaError("not done: its 12 Elm Street failed"), None),
        (
            AlianzaError("row 3 met an unexpected KeyError; please report it"),
            "row 3 met an unexpected KeyError; please report it",
        ),
        (InvalidInputError(SAID), "it cannot be sent"),
        (
            InvalidInputError(
                SAID,
                fields=[
                    FieldError("account_type", "input should be 'SIMPLE' or 'ADVANCED'"),
                    FieldError("address.street_name", "is missing; give address.street_name"),
                    FieldError("address.street_name", f"{STREET} is no street"),
                    FieldError("time_zone", "'Mars' is no time zone"),
                    FieldError("", "is a duplicate: row 3 has the same"),
                    FieldError("mac_address", "is not 12 digits"),
                ],
            ),
            (
                "account_type: input should be 'SIMPLE' or 'ADVANCED'; "
                "address.street_name: is missing; give address.street_name; "
                "address.street_name: is not accepted; time_zone: ... is no time zone; "
                "is a duplicate: row 3 has the same; mac_address: is not 12 digits"
            ),
        ),
    ],
)
def test_what_is_told_instead(error: AlianzaError, sentence: str | None) -> None:
    """Class, status, names of fields and our own reasons remain."""
    assert safe_text(error) == (type(error).__name__, sentence)


def _said_of_addresses() -> list[str]:
    """Return what our own code says of an emergency address, each figure in it being 3."""
    code = inspect.getsource(address_steps) + inspect.getsource(number_service)
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    said = [
        call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "bad_address"
    ]
    return [
        cast("str", getattr(address_steps, each.id))
        if isinstance(each, ast.Name)
        else "".join(str(part.value) if isinstance(part, ast.Constant) else "3" for part in parts)
        for each in said
        for parts in [each.values if isinstance(each, ast.JoinedStr) else [each]]
    ]


def test_what_is_to_be_done_about_an_address_is_kept() -> None:
    """A status next morning says what the run said of an address: our own sentences quote nothing of it."""
    sentences = _said_of_addresses()
    assert len(sentences) == 11
    for sentence in sentences:
        assert safe_text(bad_address(sentence))[1] == f"e911_address: {sentence}"


def test_no_error_no_text() -> None:
    """Without an error there is nothing to tell."""
    assert safe_text(None) == (None, None)


async def test_no_file_of_a_journal_holds_any_of_it(tmp_path: Path) -> None:
    """Rows with secrets in their values, and every error there is, leave no trace in the files' bytes."""
    path = tmp_path / "job.db"
    files: dict[str, bytes] = {}
    private = (PASSWORD, STREET)
    async with await SqliteStore.create(path, FACTS) as journal:
        fence = await leased(journal)
        digest = journal.digest({"password": PASSWORD, "street": STREET})
        for row, kind in enumerate(KINDS, 1):
            error = hostile(kind)
            key = f"A-{row}"
            await journal.write(fence, StepIntent(row, key, digest, "account", key))
            await journal.write(
                fence,
                StepOutcome(row, "account", "failed", error=error, private=private),
                RowOutcome(row, key, digest, "failed", error=error, private=private),
            )
            await journal.write(fence, UndoIntent(row, "account"))
            await journal.write(fence, UndoOutcome(row, "account", "failed", error=error))
        files |= {each.name: each.read_bytes() for each in tmp_path.iterdir()}  # noqa: ASYNC240
    files["closed"] = path.read_bytes()

    assert {"job.db-wal", "closed"} <= set(files)
    assert b"400: refused" in files["closed"]
    assert b"is not valid for user ann" in files["closed"]
    held = [
        (name, secret) for name, content in files.items() for secret in SECRETS if secret.encode() in content
    ]
    assert held == []
