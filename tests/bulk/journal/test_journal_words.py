"""The server's words are kept without secrets and without the row's private values."""

from __future__ import annotations

import pytest

from alianza_async.bulk.journal.words import safe_error
from alianza_async.errors import (
    AlianzaError,
    AnswerError,
    CallContext,
    ConnectionLostError,
    InvalidInputError,
    RequestRejectedError,
    ServerError,
    UnknownOutcomeError,
)

CONTEXT = CallContext("createAccount", "POST", "/v2/partition/{partition_id}/account", "r-1", 1)


def refused(*messages: str, request_id: str | None = None) -> AnswerError:
    """Return a refusal in a server's words."""
    return RequestRejectedError(
        "answered 400", context=CONTEXT, status=400, messages=messages, server_request_id=request_id
    )


@pytest.mark.parametrize(
    ("said", "private", "kept"),
    [
        ("number 7 is taken", (), "number 7 is taken"),
        ("a\n b\t c", (), "a b c"),
        ("12 Elm Street is unknown", ("12 Elm Street",), "*** is unknown"),
        ("12 ELM street is unknown", ("12 Elm Street",), "*** is unknown"),
        ("Elm Street, Springfield is unknown", ("12 Elm Street", "Springfield"), "*** is unknown"),
        ("no elm at 12 is fine", ("12 Elm Street",), "no elm at 12 is fine"),
        ("near elmstreet", ("12 Elm Street",), "near elm***"),
        ("elm  12: unknown", ("12 Elm Street",), "***: unknown"),
        ("user ann has PASSW0RD!", ("passw0rd!",), "user ann has ***"),
        ("code 400: 4 digits", ("4",), "code 400: *** digits"),
        ("stra\u00dfe 5", ("Stra\u00dfe",), "*** 5"),
        ("STRASSE 5", ("Stra\u00dfe",), "***"),
        ("at 12%20Elm%20Street", ("12 Elm Street",), "at ***"),
        ("Cafe\u0301 Noir", ("Caf\u00e9 Noir",), "***"),
        ('{"password": "hunter2x", "id": 1}', (), "{'***': '***', '***': 1}"),
        ("authToken=abcdef123 was refused", (), "authToken=*** was refused"),
        ("streetName 'Elm Road' is no street", (), "streetName '***' is no street"),
        ("name 'Ann' is taken", (), "name 'Ann' is taken"),
        ("macAddress '0012' and IP address 'x'", (), "macAddress '0012' and IP address 'x'"),
        ("no capacity for 'x'", (), "no capacity for 'x'"),
        ("City 'Springfield' and address 'x'", (), "City '***' and address '***'"),
        ("x" * 600, (), "x" * 499 + "…"),
    ],
)
def test_what_is_kept(said: str, private: tuple[str, ...], kept: str) -> None:
    """Each private value is masked however it is cased or spelled, and its long words wherever they are."""
    assert safe_error(refused(said), private).message == kept


def test_the_words_of_the_answer_behind_an_error_are_kept() -> None:
    """An outcome that is unknown has its cause's words; an error without an answer has none."""
    unknown = UnknownOutcomeError("x", context=CONTEXT)
    unknown.__cause__ = ServerError(
        "answered 503: come back", context=CONTEXT, status=503, server_request_id="s-1"
    )

    assert safe_error(unknown)[2:] == ("answered 503: come back", "s-1")
    for error in (ConnectionLostError("x", context=CONTEXT), InvalidInputError("x"), AlianzaError("x"), None):
        assert safe_error(error)[2:] == (None, None)
    assert safe_error(refused("a", "b")).message == "a; b"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("9f1c-22.a/b:c=", "9f1c-22.a/b:c="),
        ("two words", None),
        ("x" * 200, None),
        ("elmstreet-1", None),
        ("", None),
        (None, None),
    ],
)
def test_the_servers_id_is_kept_where_it_is_one(sent: str | None, kept: str | None) -> None:
    """Only what looks like an id, and holds no private value, is kept."""
    assert safe_error(refused("no", request_id=sent), ("12 Elm Street",)).server_request_id == kept
