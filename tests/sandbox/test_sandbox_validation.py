"""What the sandbox refuses, field by field, as a judge independent of the client's models."""

from __future__ import annotations

import pytest

from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.validation import TIME_ZONES, check_account, check_user
from tests.sandbox.sandbox_caller import ACCOUNTS, Json, Refusal, account, logged_in, refusal, user

SIZE = "size must be between 3 and 256"
CONTROL = "must not contain control characters"


def _complaints(body: Json) -> list[str]:
    """Answer what is wrong with an account body."""
    with pytest.raises(ApiError) as caught:
        check_account(body)
    assert caught.value.status == 400
    return list(caught.value.messages)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("accountNumber", None, "must not be null"),
        ("accountName", None, "must not be null"),
        ("accountType", None, "must not be null"),
        ("timeZone", None, "must not be null"),
        ("billingCycleDay", None, "must not be null"),
        ("accountNumber", "ab", SIZE),
        ("accountNumber", "a" * 257, SIZE),
        ("accountNumber", 123, "must be a string"),
        ("accountNumber", "MESS\n1", CONTROL),
        ("accountNumber", "MESS\x851", CONTROL),
        ("accountName", "Bad\x00Name", CONTROL),
        ("customField", "ab", SIZE),
        ("accountType", "Simple", "must be one of ADVANCED, SIMPLE"),
        ("accountType", ["SIMPLE"], "must be one of ADVANCED, SIMPLE"),
        ("billingCycleDay", 0, "must be greater than or equal to 1"),
        ("billingCycleDay", 29, "must be less than or equal to 28"),
        ("billingCycleDay", "5", "must be an integer"),
        ("billingCycleDay", 5.0, "must be an integer"),
        ("billingCycleDay", True, "must be an integer"),
        ("extensionLength", 2, "must be greater than or equal to 3"),
        ("extensionLength", 7, "must be less than or equal to 6"),
        ("holdTimeoutSeconds", 29, "must be greater than or equal to 30"),
        ("holdTimeoutSeconds", 601, "must be less than or equal to 600"),
        ("sendWelcomeEmail", "true", "must be a boolean"),
        ("callScreeningSettings", [], "must be an object"),
        ("routePlanId", "12", "must be a UUID"),
        ("routePlanId", 12, "must be a UUID"),
        ("languageTag", "en\tUS", CONTROL),
        ("regulatoryType", "HOME", "must be one of COMMERCIAL, GOVERNMENT, RESIDENTIAL"),
    ],
)
def test_a_field_that_does_not_fit_is_named(field: str, value: object, complaint: str) -> None:
    """Each broken rule gives exactly one message that names the field as it is on the wire."""
    assert _complaints({**account(), field: value}) == [f"{field} {complaint}"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accountNumber", "abc"),
        ("accountNumber", "a" * 256),
        ("accountNumber", " a "),
        ("accountName", "=cmd|' /C calc'!A0"),
        ("accountName", "Zoë 中文 \N{PILE OF POO}"),
        ("billingCycleDay", 28),
        ("extensionLength", 6),
        ("holdTimeoutSeconds", 600),
        ("routePlanId", "6F1C1C0E-6a43-4b0e-9d6d-8a1c4b9d7c11"),
        ("unheardOf", {"any": "\x00"}),
    ],
)
def test_the_bounds_themselves_fit(field: str, value: object) -> None:
    """A value on its bound is accepted and kept as it is."""
    body = {**account(), field: value}
    assert check_account(body) == body


@pytest.mark.parametrize("zone", sorted(TIME_ZONES))
def test_the_apis_time_zones_fit(zone: str) -> None:
    """Each of the 15 time zones is accepted."""
    assert check_account(account(timeZone=zone))["timeZone"] == zone


@pytest.mark.parametrize("zone", ["America/New_York", "us/eastern", "", 5])
def test_other_time_zones_do_not_fit(zone: object) -> None:
    """An IANA name or another spelling is refused."""
    assert len(_complaints(account(timeZone=zone))) == 1
    assert len(TIME_ZONES) == 15


def test_advanced_accounts_need_an_extension_length() -> None:
    """`extensionLength` is required of an ADVANCED account, and only there."""
    assert _complaints(account(accountType="ADVANCED")) == ["extensionLength must not be null"]
    advanced = account(accountType="ADVANCED", extensionLength=3)
    assert check_account(advanced) == advanced


def test_all_complaints_are_told_at_once() -> None:
    """An empty body names every required field; several faults give several messages."""
    assert _complaints({}) == [
        "accountNumber must not be null",
        "accountName must not be null",
        "accountType must not be null",
        "timeZone must not be null",
        "billingCycleDay must not be null",
    ]
    assert _complaints(account(accountName="ab", billingCycleDay=29)) == [
        f"accountName {SIZE}",
        "billingCycleDay must be less than or equal to 28",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"username": None}, "username must not be null"),
        ({"timeZone": None}, "timeZone must not be null"),
        ({"username": "ab"}, f"username {SIZE}"),
        ({"firstName": "Al"}, f"firstName {SIZE}"),
        ({"lastName": "Wu"}, f"lastName {SIZE}"),
        ({"emailAddress": "a" * 257}, f"emailAddress {SIZE}"),
        ({"userProductPlan": "GOLD"}, "userProductPlan must be one of ADVANCED, PROFESSIONAL, STANDARD"),
        ({"blockEmail": 1}, "blockEmail must be a boolean"),
        ({"extension": 101}, "extension must be a string"),
    ],
)
def test_a_user_field_that_does_not_fit_is_named(changes: Json, message: str) -> None:
    """A user's broken rule gives exactly one message."""
    with pytest.raises(ApiError) as caught:
        check_user({**user(), **changes})
    assert caught.value.messages == (message,)


NO_JSON: Refusal = (400, ["The request body is not valid JSON"], {})
NO_OBJECT: Refusal = (400, ["The request body must be a JSON object"], {})
NO_JSON_TYPE: Refusal = (415, ["Content-Type must be application/json"], {})


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b"", "application/json", NO_JSON),
        (b"{", "application/json", NO_JSON),
        (b'{"a":NaN}', "application/json", NO_JSON),
        (b'{"a":"\xff"}', "application/json", NO_JSON),
        (b"[" * 100_000, "application/json", NO_JSON),
        (b"[]", "application/json", NO_OBJECT),
        (b"a=1", "application/x-www-form-urlencoded", NO_JSON_TYPE),
    ],
)
async def test_bodies_that_are_no_json_object(content: bytes, media_type: str, expected: Refusal) -> None:
    """Broken JSON, JSON's strange cousins and other media types are refused without a stack trace."""
    caller = await logged_in()
    response = await caller.http.post(
        ACCOUNTS, content=content, headers={"X-AUTH-TOKEN": caller.token, "Content-Type": media_type}
    )
    assert refusal(response) == expected


async def test_a_lone_surrogate_is_answered_back() -> None:
    """A body no UTF-8 could hold, sent as an escape, is stored and answered."""
    caller = await logged_in()
    response = await caller.http.post(
        ACCOUNTS,
        content=b'{"accountNumber":"a\\ud800b","accountName":"abc","accountType":"SIMPLE",'
        b'"timeZone":"US/Eastern","billingCycleDay":1}',
        headers={"X-AUTH-TOKEN": caller.token, "Content-Type": "application/json; charset=utf-8"},
    )
    assert response.json()["accountNumber"] == "a\ud800b"
