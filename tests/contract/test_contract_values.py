from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.models.accounts import Account, AccountCreate
from tools.contract_arguments import is_open
from tools.contract_values import Values

if TYPE_CHECKING:
    from tools.description import Json

PET: Json = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 6, "maxLength": 8},
        "born": {"type": "string", "format": "date"},
        "legs": {"type": "integer", "minimum": 2},
        "homeTimeZone": {"type": "string"},
        "ownerId": {"type": "string"},
        "friends": {"type": "array", "items": {"$ref": "#/$defs/Pet"}},
        "home": {"oneOf": [{"$ref": "#/$defs/Kennel"}, {"$ref": "#/$defs/Cage"}]},
    },
}
ROOT: Json = {
    "$defs": {
        "Pet": PET,
        "Kennel": {"type": "object", "properties": {"type": {"const": "kennel"}}},
        "Cage": {"type": "object", "properties": {"type": {"const": "cage"}}},
    }
}


def test_the_least_is_what_is_required() -> None:
    """The least value has the required fields alone, within their bounds."""
    assert Values(ROOT, full=False).of(PET) == {"name": "textxx"}


def test_everything_is_every_field_once() -> None:
    """Everything has each field and one item a list; a schema inside itself is filled no further."""
    values = Values(ROOT, full=True, choice=1, formats={"ownerId": "uuid"})
    expected = {
        "name": "textxx",
        "born": "2026-01-15",
        "legs": 2,
        "homeTimeZone": "US/Eastern",
        "ownerId": "b7d64f28-bbfd-4033-80f5-b73a04c2781d",
        "home": {"type": "cage"},
    }
    made = values.of({"$ref": "#/$defs/Pet"})
    assert made == {**expected, "friends": [{"name": "textxx"}]}
    assert values.widest == 2


def test_a_pattern_nothing_fits_is_told() -> None:
    """A pattern that no candidate fits is an error, not a value that is wrong."""
    with pytest.raises(ValueError, match="add one to _TEXTS"):
        Values({}, full=True).of({"type": "string", "pattern": "^zzz$"})


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (AccountCreate, False),
        (list[AccountCreate], False),
        (list[str], False),
        (Account, True),
        (list[Account], True),
        (dict[str, object], True),
        (object, True),
    ],
)
def test_open_bodies_are_told_from_strict_ones(hint: object, expected: bool) -> None:
    """What takes more than the description allows is open: read models, mappings, anything at all."""
    assert is_open(hint) == expected
