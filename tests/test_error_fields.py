from __future__ import annotations

import pytest

from alianza_async.errors.fields import field_in, snake_case, sounds_wrong


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("accountNumber must not be null", "account_number"),
        ("accountNumber 12 already exists", "account_number"),
        ("account_number is taken", "account_number"),
        ("Invalid value for timeZone", "time_zone"),
        ("Missing required field: timeZone", ""),
        ("'timeZone' is wrong", "time_zone"),
        ("query param idType must be one of ID", "id_type"),
        ("createAccount.arg0.accountNumber must not be null", "account_number"),
        ("createAccount.account.timeZone: wrong", "create_account.account.time_zone"),
        ("username must be unique", "username"),
        ("username already exists", "username"),
        ("extension: must be of 4 digits", "extension"),
        ("domain is required", "domain"),
        ("status:", "status"),
        ("Account must be active", ""),
        ("AccountNumber must be unique", ""),
        ("user must be active", ""),
        ("account is required", ""),
        ("error: something broke", ""),
        ("bob already exists", ""),
        ("http://host is down", ""),
        ("https: no", ""),
        ("value must not be null", ""),
        ("field is required", ""),
        ("you may not do this", ""),
        ("iPhone is not allowed here", "i_phone"),
        ("nothing here", ""),
        ("12 accounts are too many", ""),
        ("", ""),
    ],
)
def test_the_field_a_message_begins_with(message: str, field: str) -> None:
    """A wire name at the start of a message is found; a plain English word is not taken for one."""
    assert field_in(message) == field


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("accountNumber", "account_number"),
        ("$.accountNumber", "account_number"),
        ("/accountNumber", "account_number"),
        ("#/accountNumber", "account_number"),
        ("[0].accountNumber", "account_number"),
        ("$['accountNumber']", "account_number"),
        ("$.tags[0]", "tags"),
        ("callScreeningSettings.enabled", "call_screening_settings.enabled"),
        ("e911Address", "e911_address"),
        ("customURLName", "custom_url_name"),
        ("ValidationError", ""),
        ("$", ""),
        ("0", ""),
        ("", ""),
        ("né", ""),
        ("<script>", ""),
    ],
)
def test_our_name_of_a_path(path: str, name: str) -> None:
    """Every way of writing the path to a field leads to the same snake_case name."""
    assert snake_case(path) == name


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("already in use", True),
        ("must not be null", True),
        ("Required", True),
        ("size must be at most 5", True),
        ("15 minutes", False),
        ("8f0a-11ee", False),
        ("notable", False),
        ("", False),
    ],
)
def test_a_complaint_sounds_like_one(text: str, answer: bool) -> None:
    """A sentence that something is wrong is told from a mere value."""
    assert sounds_wrong(text) is answer
