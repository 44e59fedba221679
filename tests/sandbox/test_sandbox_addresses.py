"""Addresses in the sandbox: a line read, an emergency address checked, corrections offered."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

import pytest

from alianza_async.sandbox.addresses import AddressBook
from alianza_async.sandbox.geography import place_of, state_of
from alianza_async.sandbox.inventory import Seed
from alianza_async.sandbox.streets import parse_street
from tests.sandbox.sandbox_caller import Caller, Json, Refusal, logged_in, refusal
from tests.sandbox.sandbox_subscriber import NOTHING, PREVALIDATE, address


async def validated(caller: Caller, line: str, postal_code: str, country: str = "USA") -> Json:
    """Have a line read."""
    query = urlencode({"address": line, "postalCode": postal_code, "country": country})
    return await caller.json("GET", f"/v2/address/validate?{query}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "7938 Donna Drive Suite 525",
            {
                "streetNumber": "7938",
                "streetName": "Donna",
                "streetSuffix": "Dr",
                "secondaryLocationDescription": "SUITE",
                "unit": "525",
            },
        ),
        (
            "12B N. Main St. Apt. 3",
            {
                "streetNumber": "12",
                "streetNumberSuffix": "B",
                "preDirectional": "N",
                "streetName": "Main",
                "streetSuffix": "St",
                "secondaryLocationDescription": "APARTMENT",
                "unit": "3",
            },
        ),
        (
            "10 St Paul Street Northwest #12345678901",
            {
                "streetNumber": "10",
                "streetName": "St Paul",
                "streetSuffix": "St",
                "postDirectional": "NW",
                "secondaryLocationDescription": "UNIT",
                "unit": "1234567890",
            },
        ),
        ("5 West Ave", {"streetNumber": "5", "streetName": "West", "streetSuffix": "Ave"}),
        ("5-7 Donna", {"streetNumber": "5-7", "streetName": "Donna"}),
        ("Main St", {"streetName": "Main", "streetSuffix": "St"}),
        ("12", {"streetNumber": "12"}),
        ("", {}),
    ],
)
def test_a_street_is_taken_apart(line: str, expected: Json) -> None:
    """Number, directions, name, suffix and unit are told apart and written the usual way."""
    assert parse_street(line) == expected


@pytest.mark.parametrize(
    ("postal_code", "expected"),
    [
        ("62701", "IL"),
        ("00501", "NY"),
        ("96910", "GU"),
        ("20101", "VA"),
        ("73301", "TX"),
        ("73401", "OK"),
        ("K1A 0B1", "ON"),
        ("v5k0a1", "BC"),
        ("00000", None),
        ("Z1A 0B1", None),
    ],
)
def test_a_postal_code_lies_in_a_state(postal_code: str, expected: str | None) -> None:
    """A ZIP's first three digits, or a Canadian code's first letter, say where it is."""
    assert state_of(postal_code) == expected


def test_a_place_is_always_the_same_and_in_its_state() -> None:
    """Latitude and longitude follow from the address and lie near the state's middle."""
    first, again, other = (place_of("IL", text) for text in ("12 main st", "12 main st", "14 main st"))
    assert first == again != other
    assert 40 <= float(first[0]) < 41
    assert -89 <= float(first[1]) < -88


async def test_a_line_is_answered_in_parts_with_its_place() -> None:
    """A line that says all is valid, with the state its postal code lies in and nothing more required."""
    found = await validated(await logged_in(), "12 Main Street, Springfield, IL 62701", "62701", "UNK")
    assert found.pop("latitude")
    assert found.pop("longitude")
    assert found == {
        "valid": True,
        "requiredFields": [],
        "customerServiceRecord": address(),
    }


@pytest.mark.parametrize(
    ("line", "valid", "missing", "city"),
    [
        ("12 Main St", True, ["city"], None),
        ("12 Main St, Apt 3, Springfield", True, [], "Springfield"),
        ("12 Main St, # 3, Springfield, IL", True, [], "Springfield"),
        ("12 Main St, Springfield,", True, [], "Springfield"),
        ("12 Main St, IL", True, ["city"], None),
        ("12 Main St, Springfield, NY", False, [], "Springfield"),
        ("Main St, Springfield", False, ["streetNumber"], "Springfield"),
        ("12, Springfield", False, ["streetName"], "Springfield"),
    ],
)
async def test_lines_that_lack_something(
    line: str, valid: bool, missing: list[str], city: str | None
) -> None:
    """What a line lacks is required; without number or street, or with another state, it is not valid."""
    found = await validated(await logged_in(), line, "62701")
    record = cast("Json", found["customerServiceRecord"])
    assert (found["valid"], found["requiredFields"], record.get("city")) == (valid, missing, city)
    assert record["state"] == "IL"
    assert ("latitude" in found) == valid


async def test_a_city_seen_with_a_postal_code_is_known() -> None:
    """An inventory that tells city and postal code teaches the city of a line without one."""
    caller = await logged_in()
    caller.sandbox.seed_inventory([Seed("12175550001", "Springfield", "IL", "62701")])
    found = await validated(caller, "12 Main St", "62701-1234")
    assert cast("Json", found["customerServiceRecord"])["city"] == "Springfield"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "",
            (
                400,
                ["address must not be null", "postalCode must not be null", "country must not be null"],
                NOTHING,
            ),
        ),
        (
            "address=1+A&postalCode=62701&country=US",
            (400, ["country must be one of CAN, UNK, USA"], {"country": "US"}),
        ),
        (
            "address=1+A&postalCode=627&country=USA",
            (400, ["postalCode is not a postal code of that country"], NOTHING),
        ),
        (
            "address=1+A&postalCode=62701&country=CAN",
            (400, ["postalCode is not a postal code of that country"], NOTHING),
        ),
        (
            "address=1+A&postalCode=K1A0B1&country=USA",
            (400, ["postalCode is not a postal code of that country"], NOTHING),
        ),
        ("address=1+A&postalCode=00000&country=USA", (404, ["Zipcodes not found"], NOTHING)),
    ],
)
async def test_lines_that_cannot_be_read(query: str, expected: Refusal) -> None:
    """A missing parameter or a code of the other country is a 400; a code there is not is a 404."""
    caller = await logged_in()
    assert refusal(await caller.call("GET", f"/v2/address/validate?{query}")) == expected


async def prevalidated(**changes: object) -> Json:
    """Have an emergency address checked at a new sandbox."""
    return await (await logged_in()).json("PUT", PREVALIDATE, {"e911Address": address(**changes)})


async def test_a_right_address_is_valid_with_its_place() -> None:
    """An address in order is VALID, written the usual way, with latitude and longitude."""
    found = await prevalidated(streetSuffix="Street", unit="12345678901")
    told = cast("Json", found["address"])
    assert (found["valid"], found["errors"], found["addressAlternatives"]) == ("VALID", [], [])
    assert (told["streetSuffix"], told["unit"]) == ("St", "1234567890")
    assert float(str(told["latitude"])) == pytest.approx(40.5, abs=0.5)


@pytest.mark.parametrize(
    "changes",
    [
        {"streetSuffix": "Str."},
        {"streetName": "Main Str.", "streetSuffix": None},
        {"streetName": "Main strasse", "streetSuffix": ""},
    ],
)
async def test_an_odd_suffix_is_valid_with_a_correction(changes: Json) -> None:
    """A street suffix nobody uses is usable as it is, with the usual one offered."""
    found = await prevalidated(**changes)
    (offered,) = cast("list[Json]", found["addressAlternatives"])
    assert (found["valid"], found["errors"]) == ("VALID", [])
    assert (offered["streetName"], offered["streetSuffix"]) == ("Main", "St")


async def test_a_postal_code_of_another_state_is_invalid_with_a_correction() -> None:
    """A ZIP that does not lie in the state is INVALID, and the address in the ZIP's state is offered."""
    found = await prevalidated(state="NY")
    assert (found["valid"], found["errors"]) == ("INVALID", ["postalCode does not belong to state NY"])
    (offered,) = cast("list[Json]", found["addressAlternatives"])
    assert offered == {**address(), "latitude": offered["latitude"], "longitude": offered["longitude"]}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"streetNumber": None, "city": ""}, ["streetNumber must not be empty", "city must not be empty"]),
        ({"postalCode": "00000"}, ["postalCode is not known"]),
        ({"postalCode": "627"}, ["postalCode is not known"]),
    ],
)
async def test_an_address_that_cannot_be_used(changes: Json, errors: list[str]) -> None:
    """What is missing or unknown makes an address INVALID, without anything to offer."""
    found = await prevalidated(**changes)
    assert (found["valid"], found["errors"], found["addressAlternatives"]) == ("INVALID", errors, [])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "e911Address must not be null"),
        ({"e911Address": []}, "e911Address must not be null"),
        ({"e911Address": address(streetName=7)}, "streetName must be a string"),
    ],
)
async def test_a_request_without_an_address_is_refused(body: Json, message: str) -> None:
    """A body without an address, or with a field of the wrong type, is a 400."""
    caller = await logged_in()
    assert refusal(await caller.call("PUT", PREVALIDATE, body)) == (400, [message], NOTHING)


async def test_a_direction_there_is_not_is_refused() -> None:
    """A direction is one of the API's nine words."""
    caller = await logged_in()
    answer = await caller.call("PUT", PREVALIDATE, {"e911Address": address(preDirectional="North")})
    assert refusal(answer)[0] == 400


def test_an_address_is_known_by_its_street_and_postal_code() -> None:
    """Case, spelling of the suffix and the ZIP's last four digits do not matter; the unit does."""
    book = AddressBook()
    book.validate(address(unit="3"))
    told = [
        book.knows(address(unit="3", streetName="MAIN  Street", streetSuffix=None, postalCode="62701-1234")),
        book.knows(address(unit="4")),
        book.knows(address(unit="3", streetNumber="14")),
    ]
    assert told == [True, False, False]
