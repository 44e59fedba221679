"""What is the same, however a server spells it: MAC addresses, user names and telephone numbers."""

from __future__ import annotations

import json

import pytest

from alianza_async.calls.comparison import differences, same_value
from alianza_async.errors import Difference

SAME = (
    ("mac_address", "4AE1BC53AD6B", "4a:e1:bc:53:ad:6b"),
    ("mac_address", "4AE1BC53AD6B", "4ae1.bc53.ad6b"),
    ("device.mac_address", "4AE1BC53AD6B", "4A-E1-BC-53-AD-6B"),
    ("username", "Ann.Baker", "ann.baker"),
    ("user_name", "Caf\u00e9", "cafe\u0301"),
    ("phone_number", "18015551212", "+1 (801) 555-1212"),
    ("telephone_number", "18015551212", "8015551212"),
    ("emergency_number", "18015551212", "801.555.1212"),
)
DIFFERENT = (
    ("mac_address", "4AE1BC53AD6B", "4AE1BC53AD6C"),
    ("username", "ann.baker", "annbaker"),
    ("phone_number", "18015551212", "18015551213"),
    ("phone_number", "18015551212", None),
    ("account_number", "A-1", "a-1"),
    ("account_name", "Ann's", "ANN'S"),
    ("extension", "4000", "400-0"),
    ("billing_cycle_day", 1, True),
)


@pytest.mark.parametrize(("field", "one", "other"), SAME)
def test_another_spelling_is_the_same_value(field: str, one: str, other: str) -> None:
    """Case and punctuation of a MAC, case of a user name, punctuation of a number are no difference."""
    assert (same_value(field, one, other), same_value(field, other, one)) == (True, True)


@pytest.mark.parametrize(("field", "one", "other"), DIFFERENT)
def test_another_value_is_another_value(field: str, one: object, other: object) -> None:
    """Another digit or letter is a difference, and so is case in every field that servers leave alone."""
    assert (same_value(field, one, other), same_value(field, other, one)) == (False, False)


def test_what_is_found_is_compared_as_servers_respell_it() -> None:
    """An object that spells what was sent in its own way differs in nothing but another value."""
    sent = {"macAddress": "4AE1BC53AD6B", "user": {"username": "Ann"}, "deviceName": "Desk", "lineNumber": 1}
    found = {
        "macAddress": "4a:e1:bc:53:ad:6b",
        "user": {"username": "ann"},
        "deviceName": "desk",
        "lineNumber": 1,
    }
    assert differences(json.dumps(sent).encode(), found) == (Difference("device_name", "Desk", "desk"),)
