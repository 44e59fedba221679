"""Telephone numbers on accounts in the sandbox: added, put in service, routed, corrected, released."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.sandbox.sandbox_caller import ACCOUNTS, Caller, Json, Refusal, refusal, user
from tests.sandbox.sandbox_subscriber import (
    FIRST,
    NOTHING,
    NUMBERS,
    SECOND,
    THIRD,
    Subscriber,
    address,
    items,
    subscriber,
)

if TYPE_CHECKING:
    import httpx

REGISTERED = ("NINE_ONE_ONE_ADDRESS", "COMPLETED")


async def events(caller: Caller, query: str = "") -> Json:
    """Search the activations."""
    return await caller.json("GET", f"{NUMBERS}/statussearch?{query}")


def services(found: Json) -> list[tuple[object, object]]:
    """Take from each event what was asked for and where it stands."""
    results = cast("list[Json]", found["results"])
    return [(event["serviceType"], event["activationStatusType"]) for event in results]


async def test_an_added_number_is_answered_whole() -> None:
    """The answer is the request with its ids; the number rings at its user and has the address's place."""
    who = await subscriber()
    await who.validate()
    answer = await who.ask_for(servicePackageType="ignored", directoryListing={"lastName": "Acme"})
    body = cast("Json", answer.json())
    (made,) = cast("list[Json]", body["telephoneNumbers"])
    lived_at = cast("Json", made.pop("e911Address"))
    assert (body["accountId"], body["partitionId"]) == (who.account["id"], "sandbox-partition")
    assert {**lived_at, **address()} == lived_at
    assert made == {
        "id": made["id"],
        "partitionId": "sandbox-partition",
        "accountId": who.account["id"],
        "phoneNumber": FIRST,
        "functionType": "ELS",
        "tollFree": False,
        "carrierStatus": "ACTIVE",
        "operationalStatus": "ACTIVE",
        "referenceType": "END_USER",
        "referenceId": who.user["id"],
        "directoryListing": {"lastName": "Acme"},
    }
    found = {**made, "e911Address": lived_at}
    assert await who.number() == await who.number(str(made["id"])) == found
    assert await items(who.caller, f"{who.path}/telephonenumber") == [found]
    assert await who.caller.json("GET", f"{ACCOUNTS}/{FIRST}?accountIdType=PhoneNumber") == {
        **who.account,
        "endUserCount": 1,
    }


async def test_a_number_is_in_service_after_its_activation() -> None:
    """Until the time is over a number is pending and cannot be released; then it is active."""
    who = await subscriber(activation_s=5)
    made = await who.activate()
    assert (made["carrierStatus"], made["operationalStatus"]) == ("ACTIVATION_PENDING", "STAGED")
    asked = f"telephoneNumber={FIRST}&eventType=ACTIVATION"
    (event,) = cast("list[Json]", (await events(who.caller, asked))["results"])
    assert event == {
        **event,
        "accountId": who.account["id"],
        "mainTelephoneNumber": FIRST,
        "serviceType": "ACTIVATION",
        "referenceType": "TELEPHONE",
        "referenceId": made["id"],
        "activationStatusType": "PENDING",
        "city": "Springfield",
        "state": "IL",
    }
    refused = await who.caller.call("DELETE", f"{who.path}/telephonenumber/{FIRST}")
    assert refusal(refused) == (
        400,
        ["Telephone number cannot be deleted while an activation is in progress"],
        {"serviceActivationEventId": event["id"], "activationStatusType": "PENDING"},
    )
    assert who.caller.sandbox.truth().active_numbers == 0
    who.clock.now += 5
    assert who.caller.sandbox.truth().active_numbers == 1
    assert (await who.number())["carrierStatus"] == "ACTIVE"
    (done,) = cast("list[Json]", (await events(who.caller, asked))["results"])
    assert [log["status"] for log in cast("list[Json]", done["logs"])] == ["PENDING", "COMPLETED"]


async def test_a_number_on_hold_stays_there() -> None:
    """An activation that is to be held is never done."""
    who = await subscriber()
    await who.activate(holdActivation=True)
    assert services(await events(who.caller)) == [("ACTIVATION", "ON_HOLD"), REGISTERED]
    assert who.caller.sandbox.truth().active_numbers == 0


async def test_a_released_number_can_be_had_again() -> None:
    """A release takes the number off the account and puts it back into the inventory."""
    who = await subscriber()
    await who.activate()
    released = await who.caller.call("DELETE", f"{who.path}/telephonenumber/{FIRST}")
    assert (released.status_code, released.content) == (204, b"")
    gone = await who.caller.call("GET", f"{who.path}/telephonenumber/{FIRST}")
    assert refusal(gone) == (404, ["Telephone number not found"], {"telephoneNumber": FIRST})
    assert services(await events(who.caller)) == [
        ("DISCONNECT", "COMPLETED"),
        ("ACTIVATION", "COMPLETED"),
        REGISTERED,
    ]
    await who.activate()
    truth = who.caller.sandbox.truth()
    assert (truth.numbers, truth.created_numbers, truth.duplicate_numbers) == (1, 2, [])


async def test_a_number_is_used_once() -> None:
    """A number on an account cannot be added again, there or elsewhere, and nothing is stored."""
    who = await subscriber()
    await who.activate()
    again = await who.ask_for()
    assert refusal(again) == (400, ["Telephone number is already in use"], {"telephoneNumber": FIRST})
    assert who.caller.sandbox.truth().created_numbers == 1


async def test_without_uniqueness_doubles_are_stored_and_told() -> None:
    """With uniqueness off a number is added twice and the truth names it until one is released."""
    who = await subscriber(unique=False)
    first, second = await who.activate(), await who.activate()
    assert who.caller.sandbox.truth().duplicate_numbers == [FIRST]
    await who.caller.call("DELETE", f"{who.path}/telephonenumber/{first['id']}")
    assert who.caller.sandbox.truth().duplicate_numbers == []
    assert await who.number() == second
    view = await who.caller.json("GET", f"{NUMBERS}/{FIRST}")
    assert view["isInInventory"] is False


async def test_a_reservation_is_for_whoever_made_it() -> None:
    """The login that reserved a number may add it, another may not; adding uses the reservation up."""
    who = await subscriber()
    caller = who.caller
    await caller.json("PUT", f"{NUMBERS}/{FIRST}/reserve")
    mine = caller.token
    login = await caller.json("POST", "/v2/authorize", {"username": "bob", "password": "x"})
    caller.token = str(login["authToken"])
    await who.validate()
    assert refusal(await who.ask_for()) == (
        400,
        ["Telephone number is reserved by another"],
        {"telephoneNumber": FIRST},
    )
    caller.token = mine
    await who.activate()
    assert (await caller.call("DELETE", f"{NUMBERS}/{FIRST}/reserve")).status_code == 404


async def test_an_address_must_have_been_validated() -> None:
    """An address never validated is refused; once it was, by line or in parts, it is accepted."""
    who = await subscriber()
    assert refusal(await who.ask_for()) == (
        400,
        ["e911Address was not validated: prevalidate it first"],
        NOTHING,
    )
    await who.caller.json("GET", "/v2/address/validate?address=12+Main+Street&postalCode=62701&country=USA")
    assert (await who.ask_for()).status_code == 200
    other = address(streetNumber="14")
    assert (await who.ask_for(SECOND, e911Address=other)).status_code == 400
    await who.validate(streetNumber="14")
    assert (await who.ask_for(SECOND, e911Address=other)).status_code == 200
    assert who.caller.sandbox.truth().numbers_without_address == []


async def test_where_no_address_is_required_the_truth_tells_who_has_none() -> None:
    """With the option off numbers go into service without a validated address, and the truth names them."""
    who = await subscriber(require_address=False)
    assert (await who.ask_for(FIRST, e911Address=None)).status_code == 200
    assert (await who.ask_for(SECOND)).status_code == 200
    assert (await _changed(who, "PATCH", {"ringType": "Ring2"})).status_code == 200
    assert who.caller.sandbox.truth().numbers_without_address == [FIRST, SECOND]
    await who.validate()
    assert who.caller.sandbox.truth().numbers_without_address == [FIRST]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"telephoneNumbers": None}, (400, ["telephoneNumbers must not be empty"], NOTHING)),
        ({"telephoneNumbers": []}, (400, ["telephoneNumbers must not be empty"], NOTHING)),
        ({"telephoneNumbers": [7]}, (400, ["phoneNumber must not be null"], NOTHING)),
        (
            {"telephoneNumbers": [{"phoneNumber": "801"}]},
            (400, ["phoneNumber must be 11 digits"], {"telephoneNumber": "801"}),
        ),
        (
            {"telephoneNumbers": [{"phoneNumber": SECOND}, {"phoneNumber": SECOND}]},
            (400, ["phoneNumber is named twice"], {"telephoneNumber": SECOND}),
        ),
        (
            {"telephoneNumbers": [{"phoneNumber": SECOND}, {"phoneNumber": "13035550000"}]},
            (404, ["Telephone number not found"], {"telephoneNumber": "13035550000"}),
        ),
        (
            {"telephoneNumbers": [{"phoneNumber": SECOND, "referenceType": "IVR"}]},
            (400, ["referenceType and referenceId must be given together"], NOTHING),
        ),
        (
            {
                "telephoneNumbers": [
                    {"phoneNumber": SECOND, "referenceType": "END_USER", "referenceId": "none"}
                ]
            },
            (400, ["referenceId is not a user of the account"], {"referenceId": "none"}),
        ),
        ({"e911Address": None}, (400, ["e911Address must not be null"], NOTHING)),
        ({"e911Address": "12 Main"}, (400, ["e911Address must be an object"], NOTHING)),
        (
            {"e911Address": address(state="NY")},
            (400, ["e911Address: postalCode does not belong to state NY"], NOTHING),
        ),
        ({"port": {"id": "1"}}, (400, ["This sandbox ports no numbers: leave port out"], NOTHING)),
    ],
)
async def test_requests_that_are_refused_whole(changes: Json, expected: Refusal) -> None:
    """A request with one thing wrong adds none of its numbers."""
    who = await subscriber()
    await who.validate()
    assert refusal(await who.ask_for(**changes)) == expected
    assert who.caller.sandbox.truth().numbers == 0


async def _changed(who: Subscriber, verb: str, body: Json) -> httpx.Response:
    """Change the number."""
    return await who.caller.call(verb, f"{who.path}/telephonenumber/{FIRST}", body)


async def test_a_number_is_changed_but_for_what_the_server_decides() -> None:
    """PATCH changes what it names, PUT replaces the rest; number, ids, status and address stay."""
    who = await subscriber()
    made = await who.activate()
    body: Json = {"ringType": "Ring2", "carrierStatus": "DELETED", "phoneNumber": SECOND}
    patched = (await _changed(who, "PATCH", body)).json()
    assert patched == {**made, "ringType": "Ring2"}
    put = (await _changed(who, "PUT", {"e911Address": patched["e911Address"]})).json()
    gone = ("ringType", "referenceType", "referenceId")
    assert put == {name: value for name, value in made.items() if name not in gone}


async def test_a_change_of_address_needs_a_validated_one() -> None:
    """Another address is taken once it was validated; none, or an unknown one, is refused."""
    who = await subscriber()
    await who.activate()
    other = address(streetNumber="14")
    assert (await _changed(who, "PATCH", {"e911Address": other})).status_code == 400
    assert (await _changed(who, "PATCH", {"e911Address": None})).status_code == 400
    await who.validate(streetNumber="14")
    changed = (await _changed(who, "PATCH", {"e911Address": other})).json()
    assert changed["e911Address"]["streetNumber"] == "14"


async def test_a_number_rings_where_it_is_told() -> None:
    """A destination is a user of the account, or something else by type and id; the usages tell the users."""
    who = await subscriber()
    await who.activate(telephoneNumbers=[{"phoneNumber": FIRST}])
    path = f"{who.path}/telephonenumber/{FIRST}"
    usages = f"{path}/911-address/usages"
    told = {"partitionId": "sandbox-partition", "accountId": who.account["id"]}
    assert await who.caller.json("GET", usages) == {**told, "phoneNumber": FIRST, "users": []}
    to = {"referenceType": "END_USER", "referenceId": who.user["id"], "assignAsCallerId": True}
    made = await who.number()
    answer = await who.caller.json("PUT", f"{path}/destination", to)
    assert answer == {"id": made["id"], **told, "telephoneNumber": FIRST, **to}
    assert await who.number() == {**made, **to}
    assert (await who.caller.json("GET", usages))["users"] == [who.user["id"]]
    refused = await who.caller.call("PUT", f"{path}/destination", {**to, "referenceId": "none"})
    assert refusal(refused)[1] == ["referenceId is not a user of the account"]
    empty = await who.caller.call("PUT", f"{path}/destination", {})
    assert refusal(empty)[1] == ["referenceType must not be null", "referenceId must not be null"]


async def test_a_user_with_a_number_is_not_deleted() -> None:
    """A user whom a number rings at stays until the number is released."""
    who = await subscriber()
    await who.activate()
    path = f"{who.path}/user/{who.user['id']}"
    assert refusal(await who.caller.call("DELETE", path)) == (
        400,
        ["User cannot be deleted while it has telephone numbers"],
        {"userId": who.user["id"]},
    )
    await who.caller.call("DELETE", f"{who.path}/telephonenumber/{FIRST}")
    assert (await who.caller.call("DELETE", path)).status_code == 204


async def oddly_activated(**changes: object) -> Subscriber:
    """Answer a subscriber whose number has an address that should be written otherwise."""
    who = await subscriber(**changes)
    await who.validate(streetSuffix="Str.")
    answer = await who.ask_for(e911Address=address(streetSuffix="Str."))
    assert answer.status_code == 200
    return who


async def test_a_correction_is_accepted() -> None:
    """An odd address waits for a decision; accepted, the corrected one takes its place for good."""
    who = await oddly_activated()
    path = f"{who.path}/telephonenumber/{FIRST}/911-address/correction"
    offered = await who.caller.json("GET", path)
    assert (offered["streetSuffix"], (await who.number())["carrierStatus"]) == ("St", "ACTIVE")
    waiting = "eventType=NINE_ONE_ONE_ADDRESS"
    assert services(await events(who.caller, waiting)) == [("NINE_ONE_ONE_ADDRESS", "PENDING")]
    taken = await who.caller.json("PUT", f"{path}/accept")
    assert taken == await who.number()
    assert taken["e911Address"] == offered
    assert services(await events(who.caller, waiting)) == [("NINE_ONE_ONE_ADDRESS", "CORRECTED_COMPLETED")]
    for verb, after in (("GET", ""), ("PUT", "/accept")):
        gone = await who.caller.call(verb, path + after)
        assert refusal(gone) == (404, ["There is no address correction"], {"telephoneNumber": FIRST})
    assert who.caller.sandbox.truth().numbers_without_address == []


@pytest.mark.parametrize(("query", "latitude"), [("", None), ("?latitude=40.1&longitude=-89.2", "40.1")])
async def test_a_correction_is_refused(query: str, latitude: str | None) -> None:
    """Refused, the original address stays, with the place the caller vouches for."""
    who = await oddly_activated()
    before = cast("Json", (await who.number())["e911Address"])
    path = f"{who.path}/telephonenumber/{FIRST}/911-address/original/accept"
    kept = cast("Json", (await who.caller.json("PUT", path + query))["e911Address"])
    assert (kept["streetSuffix"], kept["latitude"]) == ("Str.", latitude or before["latitude"])
    assert services(await events(who.caller, "eventType=NINE_ONE_ONE_ADDRESS")) == [
        ("NINE_ONE_ONE_ADDRESS", "COMPLETED")
    ]
    assert (await who.caller.call("PUT", path)).status_code == 404


async def test_another_address_ends_the_decision() -> None:
    """With a right address in its place there is nothing left to decide; a release forgets it too."""
    who = await oddly_activated()
    await who.validate()
    await _changed(who, "PATCH", {"e911Address": address()})
    path = f"{who.path}/telephonenumber/{FIRST}"
    assert (await who.caller.call("GET", f"{path}/911-address/correction")).status_code == 404
    assert (await who.caller.call("DELETE", path)).status_code == 204


async def test_events_are_found_by_what_they_are() -> None:
    """Number, account, kind, status and day narrow a search; pages count all that fit, newest first."""
    who = await subscriber()
    await who.activate()
    await who.activate(SECOND)
    await who.activate(THIRD, holdActivation=True)
    await who.caller.call("DELETE", f"{who.path}/telephonenumber/{FIRST}")
    account_id = who.account["id"]
    counts = {
        query: (await events(who.caller, query))["totalRecords"]
        for query in (
            "",
            f"telephoneNumber={FIRST}",
            f"telephoneNumber={FIRST}&accountId=other",
            f"accountId={account_id}",
            "accountId=other",
            "eventType=ACTIVATION&eventType=DISCONNECT&statusType=COMPLETED",
            "statusType=ON_HOLD",
            "startDate=2099-01-01",
            "endDate=2099-01-01&dateType=CreatedDate",
        )
    }
    assert list(counts.values()) == [7, 3, 0, 7, 0, 3, 1, 0, 7]
    page = await events(who.caller, "firstResultIndex=1&maxResult=2")
    assert services(page) == [("ACTIVATION", "ON_HOLD"), REGISTERED]
    for query in ("dateType=Today", "eventType=NONE", "statusType=NONE", "startDate=now", "maxResult=0"):
        assert (await who.caller.call("GET", f"{NUMBERS}/statussearch?{query}")).status_code == 400


async def test_another_partition_sees_no_events() -> None:
    """Events are told within their partition only."""
    who = await subscriber()
    await who.activate()
    assert list(who.caller.sandbox.store.numbers.events.find("elsewhere", None, None)) == []


async def test_a_number_of_another_account_is_not_found() -> None:
    """An account answers its own numbers only, by number or by id."""
    who = await subscriber()
    made = await who.activate()
    other = await who.caller.create("ACME-2")
    await who.caller.json("POST", f"{ACCOUNTS}/{other['id']}/user", user("bob@acme"))
    for given in (FIRST, str(made["id"])):
        answer = await who.caller.call("GET", f"{ACCOUNTS}/{other['id']}/telephonenumber/{given}")
        assert refusal(answer) == (404, ["Telephone number not found"], {"telephoneNumber": given})
