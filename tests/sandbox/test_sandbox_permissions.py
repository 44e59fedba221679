"""Permissions in the sandbox: told at login, and held to."""

from __future__ import annotations

import pytest

from alianza_async.sandbox import SandboxOptions
from alianza_async.sandbox.permissions import USUAL
from tests.sandbox.sandbox_caller import ACCOUNTS, account, logged_in, refusal
from tests.sandbox.sandbox_subscriber import FIRST, NUMBERS, PREVALIDATE, address, subscriber


async def test_a_login_tells_its_permissions() -> None:
    """A login, and whoever asks later, is told the usual levels but for those the options change."""
    caller = await logged_in(SandboxOptions(permissions={"Account": "READ"}))
    told = (await caller.json("GET", "/v2/authorize/userinfo"))["permissions"]
    assert told == {**USUAL, "Account": "READ"}
    assert (await (await logged_in()).log_in())["permissions"] == USUAL


@pytest.mark.parametrize(
    ("level", "allowed"),
    [
        ("NONE", []),
        ("READ", ["GET"]),
        ("EDIT", ["GET", "PATCH"]),
        ("CREATE", ["GET", "PATCH", "POST"]),
        ("DELETE", ["GET", "PATCH", "POST", "DELETE"]),
    ],
)
async def test_each_level_allows_what_those_before_it_allow(level: str, allowed: list[str]) -> None:
    """Reading, changing, creating and deleting accounts each need their level; the rest is a 403."""
    caller = await logged_in()
    made = await caller.create()
    caller.sandbox.options = SandboxOptions(permissions={"Account": level})
    path = f"{ACCOUNTS}/{made['id']}"
    answers = {
        "GET": await caller.call("GET", path),
        "PATCH": await caller.call("PATCH", path, {"accountName": "Acme Inc"}),
        "POST": await caller.call("POST", ACCOUNTS, account("ACME-2")),
        "DELETE": await caller.call("DELETE", path),
    }
    assert [verb for verb, answer in answers.items() if answer.status_code == 200] == allowed
    assert {answer.status_code for answer in answers.values()} <= {200, 403}


async def test_a_refusal_tells_what_is_lacking() -> None:
    """A 403 names the area and the level, and nothing is carried out."""
    caller = await logged_in(SandboxOptions(permissions={"Account": "EDIT"}))
    assert refusal(await caller.call("POST", ACCOUNTS, account())) == (
        403,
        ["You do not have permission to do this"],
        {"type": "Account", "accessType": "CREATE"},
    )
    assert caller.sandbox.truth().created_accounts == 0


@pytest.mark.parametrize(
    ("area", "verb", "path"),
    [
        ("AccountHistory", "GET", "/accounthistorysearch"),
        ("EU_User", "GET", "/user"),
        ("EU_DeviceLine", "GET", "/deviceline"),
        ("PhoneNumber", "GET", "/telephonenumber"),
        ("ProductCallingPlan", "GET", "/callingplan"),
        ("Account", "GET", "/user-product-plans"),
    ],
)
async def test_each_area_has_its_own_level(area: str, verb: str, path: str) -> None:
    """Without a level for an area its operations are refused, and those of the others are not."""
    who = await subscriber()
    for denied in USUAL:
        who.caller.sandbox.options = SandboxOptions(permissions={denied: "NONE"})
        answer = await who.caller.call(verb, who.path + path)
        assert answer.status_code == (403 if denied == area else 200)


@pytest.mark.parametrize(
    ("area", "path"),
    [("PhoneNumberInventory", f"/{FIRST}"), ("PhoneNumberServiceActivation", "/statussearch")],
)
async def test_inventory_and_activations_are_apart(area: str, path: str) -> None:
    """The partition's numbers and their activations are two areas."""
    who = await subscriber()
    for denied in USUAL:
        who.caller.sandbox.options = SandboxOptions(permissions={denied: "NONE"})
        answer = await who.caller.call("GET", NUMBERS + path)
        assert answer.status_code == (403 if denied == area else 200)


async def test_a_check_needs_no_more_than_reading() -> None:
    """Prevalidation changes nothing, so reading accounts is enough; an address alone needs no area at all."""
    caller = await logged_in(SandboxOptions(permissions=dict.fromkeys(USUAL, "NONE")))
    line = "/v2/address/validate?address=12+Main+St&postalCode=62701&country=USA"
    assert (await caller.call("GET", line)).status_code == 200
    assert (await caller.call("PUT", PREVALIDATE, {"e911Address": address()})).status_code == 403
    caller.sandbox.options = SandboxOptions(permissions={"Account": "READ"})
    assert (await caller.call("PUT", PREVALIDATE, {"e911Address": address()})).status_code == 200


@pytest.mark.parametrize("permissions", [{"Accounts": "READ"}, {"Account": "WRITE"}])
def test_permissions_that_there_are_not(permissions: dict[str, str]) -> None:
    """An area or level that there is not is refused with those there are."""
    with pytest.raises(
        ValueError, match=r"areas are Account, .*; levels are NONE, READ, EDIT, CREATE, DELETE"
    ):
        SandboxOptions(permissions=permissions)
