"""Units of addresses, as files have them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from alianza_async.bulk.input.headers import FieldNames
from alianza_async.bulk.kinds.alternatives import as_sent
from alianza_async.bulk.kinds.numbers import NumberRow
from alianza_async.bulk.kinds.subscribers import SUBSCRIBERS
from alianza_async.bulk.kinds.units import NO_UNIT, Unit, split_unit, unit_in
from alianza_async.models.shared_addresses import Address

ROW = {
    "account_number": "A-1",
    "telephone_number": "18015550001",
    "e911_address": "12 Main St",
    "e911_city": "Springfield",
    "e911_state": "IL",
    "postal_code": "62701",
}


def row(**changes: object) -> NumberRow:
    """Return a row with some of its columns changed."""
    return NumberRow.model_validate(ROW | changes)


@pytest.mark.parametrize(
    ("header", "field"), [("Apt", "apt"), ("SUITE", "suite"), ("Unit", "unit"), ("E911 Unit", "e911_unit")]
)
def test_the_headers_of_files_are_understood(header: str, field: str) -> None:
    """Columns that are called Apt, Suite or Unit hold the unit."""
    assert FieldNames(SUBSCRIBERS.fields.model_fields).match(header) == field


@pytest.mark.parametrize(
    ("changes", "unit", "line"),
    [
        ({}, NO_UNIT, "12 Main St"),
        ({"apt": "4B"}, Unit("APARTMENT", "4B"), "12 Main St, APARTMENT 4B"),
        ({"apt": "Apt. 4B"}, Unit("APARTMENT", "4B"), "12 Main St, APARTMENT 4B"),
        ({"suite": "#200"}, Unit("SUITE", "200"), "12 Main St, SUITE 200"),
        ({"unit": "7"}, Unit("UNIT", "7"), "12 Main St, UNIT 7"),
        ({"unit": "Ste 7"}, Unit("SUITE", "7"), "12 Main St, SUITE 7"),
        ({"e911_unit": "3", "e911_unit_type": "fl."}, Unit("FLOOR", "3"), "12 Main St, FLOOR 3"),
        ({"e911_unit_type": "lobby"}, Unit("LOBBY", None), "12 Main St, LOBBY"),
        ({"e911_address": "12 Main St Apt 4B", "apt": "4b"}, Unit("APARTMENT", "4b"), "12 Main St Apt 4B"),
    ],
)
def test_a_unit_is_read_from_its_column(changes: dict[str, object], unit: Unit, line: str) -> None:
    """The column names the kind; a unit that the street has already is not written twice."""
    read = row(**changes)
    assert (read.unit_of(), read.line_of(unit)) == (unit, line)


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"unit": "12345678901"}, "unit", "is longer than 10 characters, and the server would cut it"),
        ({"apt": "1", "unit": "2"}, "unit", "is a second unit beside apt"),
        (
            {"e911_address": "12 Main St Apt 3", "apt": "4"},
            "apt",
            "is not the unit that e911_address ends with",
        ),
        ({"e911_unit_type": "suite"}, "e911_unit", "is missing; give it with e911_unit_type SUITE"),
        ({"e911_unit": "1", "e911_unit_type": "attic"}, "e911_unit_type", "is no kind of unit"),
        ({"e911_language": "de-DE"}, "e911_language", "is neither fr-CA nor en-US"),
    ],
)
def test_a_unit_that_would_be_cut_or_mistaken_is_refused(
    changes: dict[str, object], field: str, told: str
) -> None:
    """A unit that is too long, double or contradicted makes the row invalid, and names the column."""
    with pytest.raises(ValidationError) as refused:
        row(**changes)
    (error,) = refused.value.errors()
    assert (error["loc"], told in error["msg"]) == ((field,), True)


def test_ten_characters_are_allowed() -> None:
    """The kind that is written before a unit does not count."""
    assert row(unit="Apt 1234567890").unit_of() == Unit("APARTMENT", "1234567890")


@pytest.mark.parametrize(
    ("street", "unit"),
    [
        ("12 Main St", NO_UNIT),
        ("12 Lot St", NO_UNIT),
        ("12 Front Street", NO_UNIT),
        ("12 Main St # 3", Unit("UNIT", "3")),
        ("12 Main St, Ste. 200-A", Unit("SUITE", "200-A")),
        ("12 Main St Apt B", Unit("APARTMENT", "B")),
    ],
)
def test_the_unit_at_the_end_of_a_street(street: str, unit: Unit) -> None:
    """Only what is plainly a unit is taken for one."""
    assert unit_in(street) == unit


def test_a_bare_number_is_a_unit_without_a_kind() -> None:
    """Nothing is made up."""
    assert split_unit("12") == Unit(None, "12")


@pytest.mark.parametrize(
    ("name", "suffix", "expected"),
    [
        ("MAIN ST", None, ("MAIN", "ST")),
        ("MAIN", "St", ("MAIN", "St")),
        ("MAIN ST", "Ave", ("MAIN ST", "Ave")),
        ("ST", None, ("ST", None)),
        ("BROADWAY NORTH", None, ("BROADWAY NORTH", None)),
    ],
)
def test_a_suffix_is_split_off_a_street(
    name: str, suffix: str | None, expected: tuple[str, str | None]
) -> None:
    """A suffix that was merged into the street name gets its own field again, once."""
    sent = as_sent(Address(id="1", street_name=name, street_suffix=suffix, country="CA"))
    assert (sent["street_name"], sent.get("street_suffix")) == expected
    assert (sent["country"], "id" in sent) == ("CAN", False)
