"""The server's words without what the call sent: secrets and addresses go, keys and row numbers stay."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from alianza_async.bulk.engine.private import private_values
from alianza_async.bulk.journal.words import safe_error
from alianza_async.calls.call import Call, NaturalKey, Operation, OperationClass
from alianza_async.calls.files import Part, Upload
from alianza_async.calls.own_words import keys_of, own_values, private_in, without_values
from alianza_async.calls.private import is_private, is_secret
from alianza_async.calls.redaction import MASK
from alianza_async.errors import AnswerError, CallContext, RequestRejectedError
from alianza_async.models.business_lines import SipCredentialsWrite
from alianza_async.resources.server_jobs.bulk_rows import CREATE_USERS, matched
from tests.hosts import session_on
from tests.raw_server import http, repeating, serving

if TYPE_CHECKING:
    from alianza_async.transports.choice import TransportName

OWN = ("4711", "742", "Evergreen Terrace", "UT", "Springfield", "12", 'p@ss/w"ord', "Straße", "N")
KEYS = ("ACME-4711", "12")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("pin 4711 is too weak", "pin *** is too weak"),
        ("742 Evergreen Terrace, Springfield UT is unknown", "*** is unknown"),
        ("EVERGREEN is no street", "*** is no street"),
        ("evergreen  terrace 742: no", "***: no"),
        ("the terrace is closed", "the terrace is closed"),
        ("742 rows, 12 of UT", "*** rows, 12 of UT"),
        ("row 4711: pin 4711; line #742; column 742", "row 4711: pin ***; line #742; column 742"),
        ("account ACME-4711 has pin 4711", "account ACME-4711 has pin ***"),
        ("account 12 is unknown", "account 12 is unknown"),
        ("x4711 47110 4711y Springfields", "x4711 47110 4711y Springfields"),
        ("was p%40ss%2Fw%22ord", "was ***"),
        (r"was p@ss/w\"ord", "was ***"),
        ("was p@ss/w&quot;ord.", "was ***."),
        ("stra\u00dfe and STRAßE", "*** and ***"),
        ("N is a direction", "N is a direction"),
        ("N Springfield", "***"),
        ("Springfield, N.", "***."),
        ("in Springf…", "in ***…"),
        ("in Spx…", "in Spx…"),
        ("", ""),
    ],
)
def test_whole_words_go_and_keys_stay(said: str, kept: str) -> None:
    """A value goes as a whole word, a short one beside another; keys, row numbers and longer words stay."""
    assert without_values(said, OWN, KEYS) == kept


def test_nothing_to_hide_changes_nothing() -> None:
    """Without values, and with values that are keys, a text stays as it is."""
    assert without_values("pin 4711", (), ()) == "pin 4711"
    assert without_values("pin 4711", ("4711",), ("4711",)) == "pin 4711"


@given(
    st.text(st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x17F), min_size=3, max_size=20),
    st.text(st.sampled_from("ab .,;:-'\"é"), max_size=20),
    st.text(st.sampled_from("ab .,;:-'\"é"), max_size=20),
)
def test_a_value_that_stands_alone_never_survives(value: str, before: str, after: str) -> None:
    """Whatever stands around it, a value of three characters or more that is a word of its own goes."""
    masked = without_values(f"{before} {value} {after}", (value,), ())
    assert f" {value} " not in f" {masked} "


def test_thousands_of_values_are_looked_for() -> None:
    """A body of 10,000 addresses hides each of them, and nothing else."""
    values = [f"{number} Elm{number} Road" for number in range(10_000)]
    assert without_values("7 Elm7 Road is unknown " * 20, values, ()) == f"{MASK} is unknown " * 20


def test_what_a_call_sends_in_private_is_known() -> None:
    """JSON, parts and the query are looked through, at any depth; flags, ids and types are no secret."""
    operation = Operation(
        "op", "POST", "/v2/{thing_id}", OperationClass.CREATE, key=NaturalKey("name", "/v2")
    )
    body = {
        "name": "n-1",
        "sipPassword": "sip-secret",
        "pin": 48213,
        "mustChangePassword": True,
        "e911Address": {"id": "a-1", "customerType": "BUSINESS", "streetName": "Elm", "city": None},
        "lines": [{"adminPassword": "admin-secret"}],
        "emailAddress": "a@b.example",
    }
    call = Call(
        operation,
        "/v2/t-1?streetName=Main+Road&page=2",
        {"thing_id": "t-1"},
        body=json.dumps(body).encode(),
        parts=(Part("facts", '{"pin": "9876"}'), Part("password", "plain"), Part("file", Upload(b"x"))),
        key_value="n-1",
    )
    assert set(own_values(call)) == {
        *("sip-secret", "48213", "Elm", "admin-secret", "Main Road", "9876", "plain"),
    }
    assert {repr(value) for value in own_values(call)} == {repr(MASK)}
    assert keys_of(call) == ("n-1", "t-1")
    assert own_values(Call(operation, "/v2", {}, body=b"\xff no JSON")) == ()
    assert list(private_in({"Street Name": "Elm", "Plan": "x"})) == ["Elm"]


@pytest.mark.parametrize(
    ("field", "secret", "private"),
    [
        ("sip_password", True, True),
        ("sipPassword", True, True),
        ("X-AUTH-TOKEN", True, True),
        ("userPIN", True, True),
        ("login.pwdHash", True, True),
        ("pinLockedOut", False, False),
        ("spinning", False, False),
        ("tokenSource", False, False),
        ("Street Name", False, True),
        ("e911_address.state", False, True),
        ("zipcode", False, True),
        ("addressLine1", False, True),
        ("emailAddress", False, False),
        ("macAddress", False, False),
        ("x" * 500 + "Password", True, True),
    ],
)
def test_names_tell(field: str, secret: bool, private: bool) -> None:
    """A field is private by its name, in Python's form, in JSON's and in a header's."""
    assert (is_secret(field), is_private(field)) == (secret, private)


SENT: dict[str, object] = {
    "username": "line-12",
    "sipPassword": "sip-secret-1",
    "pin": "12345",
    "e911Address": {"streetNumber": "742", "streetName": "Evergreen Terrace", "city": "Springfield"},
}
SAID = "line-12 at row 12345: 742 EVERGREEN Terrace in springfield, pin 12345 or sip-secret-1 is refused"
KEPT = "line-12 at row 12345: *** in ***, pin *** or *** is refused"


async def test_an_error_repeats_nothing_that_was_sent(
    transport_name: TransportName, caplog: pytest.LogCaptureFixture
) -> None:
    """Message, complaints and log have the server's words without the call's own secrets and address."""
    caplog.set_level(logging.DEBUG)
    body = json.dumps({"messages": [SAID], "errors": [{"field": "streetName", "message": SAID}]}).encode()
    refusal = http(body, status="400 Bad Request", close=False)
    async with (
        serving(repeating(refusal)) as address,
        session_on(f"{address}", transport=transport_name) as session,
    ):
        with pytest.raises(RequestRejectedError) as caught:
            await session.call("POST", "/v2/thing", body=SENT)
    error = caught.value
    assert error.messages[0] == KEPT
    assert [(each.field, each.message) for each in error.fields if each.field] == [("street_name", KEPT)]
    written = f"{error} {error!r} {caplog.text} {safe_error(error)}"
    assert [
        value for value in ("Evergreen", "EVERGREEN", "sip-secret", "pin 12345") if value in written
    ] == []


def refused(message: str) -> AnswerError:
    """Return a refusal in a server's words."""
    context = CallContext("createAccount", "POST", "/v2/account", "r-1", 1)
    return RequestRejectedError("answered 400", context=context, status=400, messages=[message])


def test_a_journal_keeps_the_key() -> None:
    """A row's key stays in the words that its journal keeps, and so does its number, whatever its PIN is."""
    said = "row 4711: account 4711 has pin 0815"
    assert (
        safe_error(refused(said), ("4711", "0815"), ("4711",)).message == "row 4711: account 4711 has pin ***"
    )
    assert safe_error(refused("row 12: pin 12"), ("12",), ("A-1",)).message == "row 12: pin ***"
    assert safe_error(refused("account ACME-4711"), ("4711",), ("ACME-4711",)).message == "account ACME-4711"


def test_a_journal_knows_wrapped_secrets() -> None:
    """A password that a row holds wrapped is a private value of it, as a street in plain text is."""
    row = SipCredentialsWrite.model_validate({"sip_username": "u", "sip_password": "sip-secret-1"})
    assert private_values(row) == ("sip-secret-1",)


def test_a_bulk_row_s_complaint_repeats_no_name_of_a_street() -> None:
    """What the server's own bulk operation says of a row comes without the row's address."""
    rows: list[dict[str, object]] = [{"Username": "ada", "Street Name": "Evergreen Terrace"}]
    output: dict[str, object] = {"Username": "ada", "error": "ada: Evergreen Terrace is unknown"}
    told, _ = matched(CREATE_USERS, rows, [("errors", output)])
    assert [row.error for row in told] == ["ada: *** is unknown"]
