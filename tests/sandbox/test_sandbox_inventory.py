"""The inventory of telephone numbers in the sandbox: seeded, searched, reserved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.inventory import Seed, read_inventory
from tests.sandbox.sandbox_caller import Caller, Json, Refusal, logged_in, refusal
from tests.sandbox.sandbox_subscriber import FIRST, NOTHING, NUMBERS, SECOND, THIRD, items, subscriber

if TYPE_CHECKING:
    from pathlib import Path

TOLL_FREE = "18005550009"
SEEDS = (
    Seed(FIRST, "Salt Lake City", "UT", "84101"),
    Seed(SECOND, "Provo", "UT", "84601"),
    Seed(THIRD, "New York", "NY", "10001"),
    Seed(TOLL_FREE),
)


async def stocked() -> Caller:
    """Answer a caller of a sandbox with four numbers."""
    caller = await logged_in()
    assert caller.sandbox.seed_inventory(SEEDS) == 4
    return caller


async def found(caller: Caller, query: str) -> list[object]:
    """Search and answer the numbers found."""
    return [view["phoneNumber"] for view in await items(caller, f"{NUMBERS}/search?{query}")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{FIRST}\n\n{SECOND}\n", [Seed(FIRST), Seed(SECOND)]),
        (f"number\n{FIRST}\n", [Seed(FIRST)]),
        ("anything\n", []),
        ("", []),
        (
            f"\ufeffname,telephone_number,e911_city,e911_state,postal_code\nAnn,{FIRST},Provo,UT,84601\n",
            [Seed(FIRST, "Provo", "UT", "84601")],
        ),
        (f"Phone Number,ZIP,City\n{FIRST}, 84601 \n", [Seed(FIRST, "", "", "84601")]),
    ],
)
def test_an_inventory_file_is_read(tmp_path: Path, text: str, expected: list[Seed]) -> None:
    """One number a line, or CSV with a column of numbers and perhaps city, state and postal code."""
    path = tmp_path / "numbers.csv"
    path.write_text(text, encoding="utf-8")
    assert read_inventory(str(path)) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{FIRST}\n801555\n".encode(), "line 2 of the inventory has no telephone number of 11 digits"),
        (b"a,telephone_number\n1\n", "line 2 of the inventory has no telephone number of 11 digits"),
        (b"\xff\xfe", "the inventory cannot be read: it is not UTF-8 text"),
        (None, "the inventory cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_is_no_inventory(tmp_path: Path, content: bytes | None, message: str) -> None:
    """A file that is not there, not text, or has a line without a number is refused with the place."""
    path = tmp_path / "numbers.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        Sandbox(SandboxOptions(inventory=str(path)))


async def test_an_inventory_of_the_options_is_there_after_a_reset_too(tmp_path: Path) -> None:
    """The file of the options fills the inventory at the start and at each reset."""
    path = tmp_path / "numbers.txt"
    path.write_text(FIRST, encoding="utf-8")
    caller = await logged_in(SandboxOptions(inventory=str(path)))
    await caller.call("DELETE", f"{NUMBERS}/{FIRST}")
    assert await items(caller, NUMBERS) == []
    caller.sandbox.reset()
    await caller.log_in()
    assert [view["phoneNumber"] for view in await items(caller, NUMBERS)] == [FIRST]


def test_only_numbers_can_be_seeded() -> None:
    """A seed is 11 digits, the first a 1; one that is there already is not new."""
    sandbox = Sandbox()
    assert sandbox.seed_inventory([FIRST, FIRST, SECOND]) == 2
    with pytest.raises(ValueError, match="8015550001 is not a telephone number"):
        sandbox.seed_inventory(["8015550001"])


async def test_a_number_is_shown_whole() -> None:
    """A number of the inventory tells its partition, place, kind, and that nobody has it."""
    caller = await stocked()
    assert await caller.json("GET", f"{NUMBERS}/{FIRST}") == {
        "id": FIRST,
        "partitionId": "sandbox-partition",
        "phoneNumber": FIRST,
        "rateCenter": "Salt Lake City",
        "state": "UT",
        "country": "USA",
        "prefix": "1801555",
        "functionType": "ELS",
        "isInInventory": True,
    }


async def test_numbers_are_created_listed_and_deleted() -> None:
    """A created number is listed until it is deleted; the same number twice is refused."""
    caller = await logged_in()
    made = await caller.call("POST", NUMBERS, {"phoneNumber": FIRST, "rateCenter": "PROVO", "state": "UT"})
    assert (made.status_code, made.json()["rateCenter"]) == (201, "PROVO")
    assert await items(caller, NUMBERS) == [made.json()]
    again = await caller.call("POST", NUMBERS, {"phoneNumber": FIRST})
    assert refusal(again) == (
        400,
        ["Telephone number is already in the inventory"],
        {"telephoneNumber": FIRST},
    )
    assert (await caller.call("DELETE", f"{NUMBERS}/{FIRST}")).status_code == 204
    assert await items(caller, NUMBERS) == []


async def test_at_most_500_are_listed() -> None:
    """The list of the inventory ends after 500 numbers and leaves out those on accounts."""
    who = await subscriber()
    who.caller.sandbox.seed_inventory(f"1303555{index:04}" for index in range(600))
    await who.activate()
    listed = [view["phoneNumber"] for view in await items(who.caller, NUMBERS)]
    assert (len(listed), listed[0], FIRST in listed) == (500, SECOND, False)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"q={FIRST}", [FIRST]),
        ("q=1801", [FIRST, SECOND]),
        ("q=801", [FIRST, SECOND]),
        ("q=801555000", [FIRST, SECOND]),
        ("q=1", [FIRST, SECOND, THIRD]),
        ("q=1801&maxResults=1", [FIRST]),
        ("q=84601", [SECOND]),
        ("q=84601&type=POSTALCODE", [SECOND]),
        ("q=18015&type=TN", [FIRST, SECOND]),
        ("q=provo&type=RATECENTER", [SECOND]),
        ("q=Provo.UT&type=RATECENTER_CARRIER", [SECOND]),
        ("q=Provo.NY&type=RATECENTER", []),
        ("q=1800&functiontype=TollFree", [TOLL_FREE]),
        ("q=1800", []),
        ("type=LAT_LONG&lat=43&long=-75", [THIRD, FIRST, SECOND]),
        ("type=LAT_LONG&lat=39.5&long=-110&maxResults=1", [FIRST]),
    ],
)
async def test_searches(query: str, expected: list[str]) -> None:
    """Digits, a postal code, a rate center or a place find free numbers of the kind asked for."""
    assert await found(await stocked(), query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", (422, ["Invalid search term supplied"], {"q": "", "type": "POSTALCODE_OR_TN"})),
        ("q=x", (422, ["Invalid search term supplied"], {"q": "x", "type": "POSTALCODE_OR_TN"})),
        (
            "q=1801&type=POSTALCODE",
            (422, ["Invalid search term supplied"], {"q": "1801", "type": "POSTALCODE"}),
        ),
        ("type=RATECENTER", (422, ["Invalid search term supplied"], {"q": "", "type": "RATECENTER"})),
        ("type=LAT_LONG&lat=1", (400, ["lat and long must not be null"], NOTHING)),
        ("type=LAT_LONG&lat=north&long=1", (400, ["lat must be a number"], {"lat": "north"})),
        ("type=LAT_LONG&lat=nan&long=1", (400, ["lat must be a number"], {"lat": "nan"})),
        (
            "q=1801&functiontype=Free",
            (
                400,
                ["functiontype must be one of ELS, SPTN, TemporaryNumber, TollFree"],
                {"functiontype": "Free"},
            ),
        ),
        (
            "q=1801&maxResults=many",
            (400, ["maxResults must be a whole number of at least 1"], {"maxResults": "many"}),
        ),
    ],
)
async def test_searches_that_make_no_sense(query: str, expected: Refusal) -> None:
    """A term that is none of its kind is a 422, a parameter that is none a 400."""
    caller = await stocked()
    assert refusal(await caller.call("GET", f"{NUMBERS}/search?{query}")) == expected


async def test_a_reserved_number_is_found_by_nobody() -> None:
    """Once reserved a number is out of searches, and cannot be reserved again until it is let go."""
    caller = await stocked()
    kept = await caller.json("PUT", f"{NUMBERS}/{FIRST}/reserve")
    assert (kept.pop("reservedTime") is not None, kept) == (
        True,
        {"id": FIRST, "tn": FIRST, "reserved": True},
    )
    assert await found(caller, "q=1801") == [SECOND]
    again = await caller.call("PUT", f"{NUMBERS}/{FIRST}/reserve")
    assert refusal(again) == (400, ["Telephone number is already reserved"], {"telephoneNumber": FIRST})
    assert (await caller.call("DELETE", f"{NUMBERS}/{FIRST}/reserve")).status_code == 204
    assert await found(caller, "q=1801") == [SECOND, FIRST]
    gone = await caller.call("DELETE", f"{NUMBERS}/{FIRST}/reserve")
    assert refusal(gone) == (404, ["Reservation not found"], {"telephoneNumber": FIRST})


async def test_a_number_on_an_account_is_neither_reserved_nor_deleted() -> None:
    """A number in use is refused to a reservation and stays in the inventory; a search does not find it."""
    who = await subscriber()
    await who.activate()
    reserved = await who.caller.call("PUT", f"{NUMBERS}/{FIRST}/reserve")
    assert refusal(reserved) == (400, ["Telephone number is on an account"], {"telephoneNumber": FIRST})
    deleted = await who.caller.call("DELETE", f"{NUMBERS}/{FIRST}")
    assert refusal(deleted) == (400, ["Telephone number exists on an account"], {"telephoneNumber": FIRST})
    assert await found(who.caller, "q=1801") == [SECOND]
    view = await who.caller.json("GET", f"{NUMBERS}/{FIRST}")
    assert (view["accountId"], view["isInInventory"]) == (who.account["id"], False)


@pytest.mark.parametrize(
    ("verb", "path", "expected"),
    [
        ("GET", "/13035550000", (404, ["Telephone number not found"], {"telephoneNumber": "13035550000"})),
        (
            "PUT",
            "/13035550000/reserve",
            (404, ["Telephone number not found"], {"telephoneNumber": "13035550000"}),
        ),
        (
            "GET",
            "/8015550001",
            (400, ["Telephone number must be 11 digits"], {"telephoneNumber": "8015550001"}),
        ),
        (
            "GET",
            "/28015550001/availability",
            (400, ["Telephone number must be 11 digits"], {"telephoneNumber": "28015550001"}),
        ),
        ("GET", f"/{FIRST}/fmfmcheck", (400, ["tn must be a telephone number of 10 digits"], NOTHING)),
    ],
)
async def test_numbers_that_are_not_there(verb: str, path: str, expected: Refusal) -> None:
    """An unknown number is a 404; what is no number, a 400."""
    caller = await stocked()
    assert refusal(await caller.call(verb, NUMBERS + path)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (NOTHING, (400, ["phoneNumber must not be null"], NOTHING)),
        (
            {"phoneNumber": "801"},
            (400, ["Telephone number must be 11 digits"], {"telephoneNumber": "801"}),
        ),
    ],
)
async def test_what_is_no_number_is_not_created(body: Json, expected: Refusal) -> None:
    """A number to create is given, and has 11 digits."""
    caller = await logged_in()
    assert refusal(await caller.call("POST", NUMBERS, body)) == expected


@pytest.mark.parametrize(
    ("number", "served", "place"),
    [(FIRST, True, "Salt Lake City"), ("13035550000", True, None), ("19005550000", False, None)],
)
async def test_availability_is_the_areas(number: str, served: bool, place: str | None) -> None:
    """Availability tells whether the area is served, and where a number of the inventory is from."""
    told = await (await stocked()).json("GET", f"{NUMBERS}/{number}/availability")
    assert (told["serviceAvailable"], told["portable"], told.get("name")) == (served, served, place)


async def test_a_number_of_ours_is_not_off_net() -> None:
    """A number of ten digits that the inventory has is not somebody else's."""
    caller = await stocked()
    answers = [
        (await caller.call("GET", f"{NUMBERS}/{number}/fmfmcheck")).json()
        for number in (FIRST[1:], "3035550000")
    ]
    assert answers == [False, True]
