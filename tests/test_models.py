from __future__ import annotations

import json
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from alianza_async.calls.comparison import differences
from alianza_async.endpoints.models import validate_write
from alianza_async.errors import Difference, InvalidInputError
from alianza_async.models.accounts import Account, AccountCreate
from alianza_async.models.authorize import Login, LoginInfo
from alianza_async.models.users import User, UserCreate

GIVEN: dict[str, object] = {
    "account_number": "ACME-1",
    "account_name": "Acme",
    "account_type": "SIMPLE",
    "time_zone": "US/Eastern",
    "billing_cycle_day": 1,
}


def wire(model: Account | AccountCreate | User | UserCreate | Login) -> dict[str, object]:
    """Return what a model sends."""
    return cast("dict[str, object]", json.loads(model.to_wire()))


def refused(changes: dict[str, object]) -> InvalidInputError:
    """Return the error of an account that cannot be sent."""
    with pytest.raises(InvalidInputError) as caught:
        validate_write(AccountCreate, {**GIVEN, **changes})
    return caught.value


def test_a_create_sends_what_was_given_in_camel_case() -> None:
    """What was given goes on the wire under the API's names; None is "not given"."""
    account = validate_write(AccountCreate, {**GIVEN, "custom_field": None, "holdTimeoutSeconds": 30})
    assert wire(account) == {
        "accountNumber": "ACME-1",
        "accountName": "Acme",
        "accountType": "SIMPLE",
        "timeZone": "US/Eastern",
        "billingCycleDay": 1,
        "holdTimeoutSeconds": 30,
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account_number": "AB"}, "account_number"),
        ({"account_name": "x" * 257}, "account_name"),
        ({"account_type": "LARGE"}, "account_type"),
        ({"time_zone": "Europe/Paris"}, "time_zone"),
        ({"time_zone": None}, "time_zone"),
        ({"billing_cycle_day": 29}, "billing_cycle_day"),
        ({"billing_cycle_day": 0}, "billing_cycle_day"),
        ({"extension_length": 7}, "extension_length"),
        ({"hold_timeout_seconds": 29}, "hold_timeout_seconds"),
        ({"status": "GONE"}, "status"),
        ({"route_plan_id": "no-uuid"}, "route_plan_id"),
        ({"id": "a1"}, "id"),
        ({"colour": "red"}, "colour"),
        ({"account_name": "a\x00b"}, "account_name"),
        ({"account_name": "two\nlines"}, "account_name"),
        ({"account_name": "  ab  "}, "account_name"),
        ({"account_number": "\ud800\ud800\ud800"}, "account_number"),
        ({"call_screening_settings": {"forward_tn": "1\x07"}}, "call_screening_settings.forward_tn"),
        ({"call_screening_settings": {"colour": "red"}}, "call_screening_settings.colour"),
    ],
)
def test_writing_is_strict(changes: dict[str, object], field: str) -> None:
    """An unknown field, a bound overstepped or a control character is refused under our name of the field."""
    error = refused(changes)
    assert [item.field for item in error.fields] == [field]
    assert field in str(error)


@pytest.mark.parametrize("missing", GIVEN)
def test_what_a_new_account_needs(missing: str) -> None:
    """Number, name, type, time zone and billing day are required."""
    values = {name: value for name, value in GIVEN.items() if name != missing}
    with pytest.raises(InvalidInputError, match=f"{missing}: field required"):
        validate_write(AccountCreate, values)


def test_an_advanced_account_needs_an_extension_length() -> None:
    """`extension_length` is required where the type is ADVANCED, and optional where it is SIMPLE."""
    assert "extension_length is required" in str(refused({"account_type": "ADVANCED"}))
    advanced = validate_write(AccountCreate, {**GIVEN, "account_type": "ADVANCED", "extension_length": 4})
    assert wire(advanced)["extensionLength"] == 4


def test_what_a_new_user_needs() -> None:
    """User name and time zone are required of a user."""
    assert wire(validate_write(UserCreate, {"username": "ann", "time_zone": "America/Chicago"})) == {
        "username": "ann",
        "timeZone": "US/Central",
    }
    with pytest.raises(InvalidInputError) as caught:
        validate_write(UserCreate, {})
    assert {item.field for item in caught.value.fields} == {"username", "time_zone"}


def test_text_is_trimmed() -> None:
    """Blanks around a value are not sent."""
    assert validate_write(AccountCreate, {**GIVEN, "account_name": "  Acme  "}).account_name == "Acme"


def test_a_refused_value_is_not_echoed() -> None:
    """Errors name the field, never the value: it may be a secret in the wrong column."""
    error = refused({"billing_cycle_day": "hunter2"})
    assert "hunter2" not in str(error) + repr(error.fields)
    with pytest.raises(ValidationError) as caught:
        AccountCreate.model_validate({**GIVEN, "billing_cycle_day": "hunter2"})
    assert "hunter2" not in str(caught.value)


READ = {
    "id": "a1",
    "accountType": "HUGE",
    "status": "MELTING",
    "timeZone": "Mars/Olympus",
    "billingCycleDay": None,
    "newThing": {"deep": [1, 2.5, "x", None]},
    "platformChangeDate": "2026-03-01T00:00:00.000+0000",
    "deletionDate": 1767225600000,
    "callingPlans": [{"id": "p1", "startDate": 1767225600, "unknownInside": True}],
    "callScreeningSettings": {"defaultCallScreen": "Sing", "extra": 1},
}


def test_reading_is_open_and_writing_back_changes_nothing() -> None:
    """Unknown fields, enum values, times and nulls survive a read and an update unchanged."""
    account = Account.model_validate_json(json.dumps(READ))
    assert wire(account) == READ
    account.account_name = "New name"
    assert wire(account) == {**READ, "accountName": "New name"}


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.123456789Z",
        "2026-03-01T10:00:00.000+0000",
        "2026-03-01",
        "1767225600",
        1767225600,
        1767225600000,
        1767225600.5,
        0,
        "soon",
        "",
        None,
    ],
)
def test_a_timestamp_goes_back_as_it_came(written: object) -> None:
    """Whatever way a server writes a time, an update sends the same."""
    account = Account.model_validate_json(json.dumps({"deletionDate": written}))
    assert wire(account) == {"deletionDate": written}


def test_a_timestamp_is_a_datetime() -> None:
    """ISO text and Unix time, in seconds or milliseconds, are read as the same moment."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for written in ("2026-01-01T00:00:00Z", 1767225600, 1767225600000):
        assert Account.model_validate({"deletionDate": written}).deletion_date == moment
    assert wire(Account(deletion_date=moment)) == {"deletionDate": "2026-01-01T00:00:00+00:00"}
    assert Account.model_validate({"deletionDate": "soon"}).deletion_date == "soon"


def test_a_copy_remembers_how_a_time_was_written() -> None:
    """A copied model goes back as it came; a time computed of another is written anew."""
    account = Account.model_validate({"deletionDate": "2026-01-01T00:00:00.000+0000"})
    assert wire(account.model_copy(deep=True)) == {"deletionDate": "2026-01-01T00:00:00.000+0000"}
    assert copy(account.deletion_date) is account.deletion_date
    assert isinstance(account.deletion_date, datetime)
    account.deletion_date += timedelta(days=1)
    assert wire(account) == {"deletionDate": "2026-01-02T00:00:00+00:00"}


def test_a_boolean_is_no_time() -> None:
    """True is not the second after 1970."""
    with pytest.raises(ValidationError):
        Account.model_validate({"deletionDate": True})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcXYZ", min_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcXYZ", min_size=1).map(lambda name: f"x{name}"), json_values, max_size=4))
def test_any_unknown_field_survives(extra: dict[str, object]) -> None:
    """Fields of releases to come go back as they came."""
    body = {"id": "u1", **extra}
    assert wire(User.model_validate_json(json.dumps(body))) == body


def test_a_login_goes_in_clear_on_the_wire_alone() -> None:
    """The password is sent as it is, blanks included, and shown nowhere else."""
    login = Login.model_validate({"username": " me ", "password": " pass word "})
    assert wire(login) == {"username": " me ", "password": " pass word "}
    assert "pass word" not in repr(login) + str(login) + repr(login.model_dump())


def test_a_login_answer_shows_no_secret() -> None:
    """The token is in no repr, and neither is what this release does not know."""
    info = LoginInfo.model_validate(
        {"authToken": "s3cret-token", "refreshToken": "s3cret-other", "username": "me"}
    )
    assert "s3cret" not in repr(info) + str(info)
    assert "username='me'" in repr(info)
    assert info.auth_token is not None
    assert info.auth_token.get_secret_value() == "s3cret-token"


@pytest.mark.parametrize(
    ("sent", "found", "fields"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1}, {}, ["a"]),
        ({"accountName": "x"}, {"accountName": "y"}, ["account_name"]),
        ({"a": {"bC": 1, "d": 2}}, {"a": {"bC": 3, "d": 2, "e": 1}}, ["a.b_c"]),
        ({"a": {"b": 1}}, {"a": None}, ["a"]),
        ({"a": True}, {"a": 1}, ["a"]),
        ({"a": 0}, {"a": False}, ["a"]),
        ({"a": [1, 2]}, {"a": [2, 1]}, ["a"]),
        ({"a": [1, 2]}, {"a": [1, 2]}, []),
        ({"a": 1}, "text", [""]),
    ],
)
def test_a_found_object_is_compared_in_every_field_sent(
    sent: dict[str, object], found: object, fields: list[str]
) -> None:
    """Equal means equal in every field sent; what the server added is no difference."""
    assert [item.field for item in differences(json.dumps(sent).encode(), found)] == fields


def test_a_difference_shows_no_value() -> None:
    """Values of a difference may be somebody's address: they are attributes, not part of the repr."""
    assert repr(Difference("account_name", "mine", "yours")) == "Difference(field='account_name')"
