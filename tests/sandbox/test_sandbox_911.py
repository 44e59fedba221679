"""What the 911 provider makes of an address, once its number is on an account."""

from __future__ import annotations

from typing import cast

import pytest

from alianza_async.sandbox import SandboxOptions
from alianza_async.sandbox.registration import registration_of
from tests.sandbox.sandbox_caller import Json, refusal
from tests.sandbox.sandbox_subscriber import FIRST, NUMBERS, Subscriber, address, subscriber

REQUIRED: Json = {
    "customerServiceRecord": {"customerType": "RESIDENTIAL", "lastName": "Doe"},
    "directoryListing": {"type": "NOT_LIST_NOT_PUBLISH", "listed": False},
}


async def registrations(who: Subscriber) -> list[Json]:
    """List the registrations of the number, newest first."""
    query = f"telephoneNumber={FIRST}&eventType=NINE_ONE_ONE_ADDRESS"
    return cast("list[Json]", (await who.caller.json("GET", f"{NUMBERS}/statussearch?{query}"))["results"])


async def statuses(who: Subscriber) -> list[object]:
    """List where they stand."""
    return [event["activationStatusType"] for event in await registrations(who)]


async def test_each_number_has_its_address_registered() -> None:
    """A number has an event for its address; it ends after its own time, apart from the activation."""
    who = await subscriber(e911_s=5)
    await who.activate()
    truth = who.caller.sandbox.truth()
    assert (await statuses(who), truth.active_numbers) == (["PENDING"], 1)
    assert truth.numbers_without_911 == [FIRST]
    who.clock.now += 5
    assert await statuses(who) == ["COMPLETED"]
    assert who.caller.sandbox.truth().numbers_without_911 == []


@pytest.mark.parametrize("changes", [{"e911_reject": "12 main"}, {"e911_reject_rate": 1}])
async def test_an_address_is_refused_once_its_number_is_on_the_account(changes: Json) -> None:
    """A refusal is REJECTED with the provider's code, names the number, and leaves the number ringing."""
    who = await subscriber(**changes)
    await who.activate()
    (event,) = await registrations(who)
    last = cast("list[Json]", event["logs"])[-1]
    assert (event["activationStatusType"], last["status"]) == ("REJECTED", "REJECTED")
    assert last["code"] == "WEST:UPDATE:CRITICAL_ERROR"
    assert last["message"] == f"#409 {FIRST}: no MSAG match [12 MAIN, SPRINGFIELD]"
    assert (await who.number())["carrierStatus"] == "ACTIVE"
    assert who.caller.sandbox.truth().numbers_without_911 == [FIRST]


async def test_a_refused_address_is_cured_by_another_one() -> None:
    """A new address opens a registration of its own, which may end well."""
    who = await subscriber(e911_reject="12 main")
    await who.activate()
    await who.validate(streetNumber="14")
    path = f"{who.path}/telephonenumber/{FIRST}"
    await who.caller.json("PATCH", path, {"e911Address": address(streetNumber="14")})
    assert await statuses(who) == ["COMPLETED", "REJECTED"]
    assert who.caller.sandbox.truth().numbers_without_911 == []


async def test_a_refused_address_with_a_correction_is_cured_by_it() -> None:
    """Where a refusal comes with a correction, accepting that ends it well."""
    who = await subscriber(e911_reject="str.")
    await who.validate(streetSuffix="Str.")
    assert (await who.ask_for(e911Address=address(streetSuffix="Str."))).status_code == 200
    assert await statuses(who) == ["REJECTED"]
    path = f"{who.path}/telephonenumber/{FIRST}/911-address/correction"
    await who.caller.json("PUT", f"{path}/accept")
    assert await statuses(who) == ["CORRECTED_COMPLETED"]


async def test_a_registration_may_never_end() -> None:
    """A registration that never ends stays PENDING, until the number is released."""
    who = await subscriber(e911_pending="main", e911_s=1)
    await who.activate()
    who.clock.now += 1000
    assert await statuses(who) == ["PENDING"]
    gone = await who.caller.call("DELETE", f"{who.path}/telephonenumber/{FIRST}")
    assert (gone.status_code, await statuses(who)) == (204, ["CANCELLED"])


async def test_a_strict_sandbox_releases_no_number_while_its_address_is_registered() -> None:
    """While any event of a number is open its release is refused, and names the event."""
    who = await subscriber(e911_s=5, strict=True)
    await who.activate(**REQUIRED)
    path = f"{who.path}/telephonenumber/{FIRST}"
    (event,) = await registrations(who)
    assert refusal(await who.caller.call("DELETE", path)) == (
        400,
        ["Telephone number cannot be deleted while an activation is in progress"],
        {"serviceActivationEventId": event["id"], "activationStatusType": "PENDING"},
    )
    who.clock.now += 5
    assert (await who.caller.call("DELETE", path)).status_code == 204


def test_a_chance_is_the_same_for_the_same_number_and_seed() -> None:
    """A refusal by chance depends on number and seed alone; half of the numbers are refused at 0.5."""
    options = SandboxOptions(e911_reject_rate=0.5)
    fates = [registration_of(options, f"1801555{index:04}", address()).fate for index in range(1000)]
    again = [registration_of(options, f"1801555{index:04}", address()).fate for index in range(1000)]
    assert fates == again
    assert 400 < fates.count("REJECTED") < 600


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        ({}, []),
        ({"customerServiceRecord": None}, ["customerServiceRecord must not be null"]),
        ({"directoryListing": None}, ["directoryListing must not be null"]),
        (
            {
                "directoryListing": None,
                "telephoneNumbers": [{"phoneNumber": FIRST, "operationalStatus": "STAGED"}],
            },
            [],
        ),
        (
            {"directoryListing": {"type": "PUBLISHED"}},
            ["directoryListing.type must be one of LIST_PUBLISH, LIST_NOT_PUBLISH, NOT_LIST_NOT_PUBLISH"],
        ),
        (
            {"e911Address": {"address": address()}},
            ["e911Address must be flat: its parts stand in it, not in address"],
        ),
    ],
)
async def test_a_strict_sandbox_wants_what_the_guides_call_required(
    changes: Json, messages: list[str]
) -> None:
    """Customer service record and directory listing are required, and the emergency address is flat."""
    who = await subscriber(strict=True)
    await who.validate()
    answer = await who.ask_for(**{**REQUIRED, **changes})
    assert (answer.status_code, [] if answer.status_code == 200 else refusal(answer)[1]) == (
        400 if messages else 200,
        messages,
    )


async def test_a_strict_sandbox_wants_the_very_address_prevalidated() -> None:
    """An address that was read off a line, or only offered as a correction, is refused until prevalidated."""
    who = await subscriber(strict=True)
    await who.caller.json("GET", "/v2/address/validate?address=12+Main+St&postalCode=62701&country=USA")
    await who.validate(streetSuffix="Str.")
    told = ["e911Address was not validated: prevalidate it first"]
    assert refusal(await who.ask_for(**REQUIRED))[1] == told
    await who.validate()
    assert (await who.ask_for(**REQUIRED)).status_code == 200
