"""Calling plans in the sandbox: products, and who has which."""

from __future__ import annotations

from typing import cast

import pytest

from tests.sandbox.sandbox_caller import Json, Refusal, refusal
from tests.sandbox.sandbox_subscriber import NOTHING, PARTITION, Subscriber, items, subscriber

SMALL, LARGE, ENDLESS = "sandbox-plan-500", "sandbox-plan-2000", "sandbox-plan-unlimited"


def wanted(who: Subscriber, product: str = SMALL, /, **changes: object) -> Json:
    """Write the body that asks for a plan of the user."""
    return {
        "referenceType": "END_USER",
        "referenceId": who.user["id"],
        "callingPlanProductId": product,
        **changes,
    }


async def plans(who: Subscriber, query: str = "") -> list[tuple[object, object]]:
    """List whose plans of what there are."""
    found = await items(who.caller, f"{who.path}/callingplan{query}")
    return [(plan["referenceType"], plan["callingPlanProductId"]) for plan in found]


async def test_user_product_plans_are_listed() -> None:
    """An account may use the three plans of the API; all but the first need an email address."""
    who = await subscriber()
    found = await items(who.caller, f"{who.path}/user-product-plans")
    assert [(plan["id"], plan["emailAddressRequired"]) for plan in found] == [
        ("STANDARD", False),
        ("ADVANCED", True),
        ("PROFESSIONAL", True),
    ]


async def test_products_are_listed_and_found() -> None:
    """The partition has three calling plan products, each found by its id."""
    who = await subscriber()
    found = await items(who.caller, f"{PARTITION}/callingplanproduct")
    assert [product["id"] for product in found] == [SMALL, LARGE, ENDLESS]
    assert await who.caller.json("GET", f"{PARTITION}/callingplanproduct/{LARGE}") == found[1]
    missing = await who.caller.call("GET", f"{PARTITION}/callingplanproduct/none")
    assert refusal(missing) == (
        404,
        ["Calling plan product not found"],
        {"callingPlanProductId": "none"},
    )


async def test_a_plan_is_added_and_removed() -> None:
    """An added plan is answered with what is left of its minutes, listed by owner, and removed once."""
    who = await subscriber()
    path = f"{who.path}/callingplan"
    made = await who.caller.json("PUT", path, wanted(who, minutesUsed=100))
    assert (made["planMinutes"], made["secondsRemaining"]) == (500, 400 * 60)
    own = {"referenceType": "ACCOUNT", "referenceId": who.account["id"]}
    await who.caller.json("PUT", path, wanted(who, LARGE, **own))
    assert await plans(who) == [("END_USER", SMALL), ("ACCOUNT", LARGE)]
    assert await plans(who, "?referenceType=ACCOUNT") == [("ACCOUNT", LARGE)]
    assert await plans(who, f"?referenceId={who.user['id']}") == [("END_USER", SMALL)]
    assert who.caller.sandbox.truth().calling_plans == 2
    await who.caller.json("PUT", path, wanted(who, ENDLESS))
    assert (await who.caller.json("DELETE", path, wanted(who, ENDLESS)))["planMinutes"] == 100_000
    assert await who.caller.json("DELETE", path, wanted(who)) == made
    assert refusal(await who.caller.call("DELETE", path, wanted(who))) == (
        404,
        ["Calling plan not found"],
        {"callingPlanProductId": SMALL},
    )
    assert await plans(who) == [("ACCOUNT", LARGE)]


async def test_the_same_plan_twice_is_refused_or_told() -> None:
    """A plan somebody has is refused; with uniqueness off it is added again and the truth names it."""
    who = await subscriber()
    path = f"{who.path}/callingplan"
    await who.caller.json("PUT", path, wanted(who))
    assert refusal(await who.caller.call("PUT", path, wanted(who))) == (
        400,
        ["Calling plan is already there"],
        {"callingPlanProductId": SMALL},
    )
    who.caller.sandbox.options = who.caller.sandbox.options.with_changes({"unique": False})
    await who.caller.json("PUT", path, wanted(who))
    assert who.caller.sandbox.truth().duplicate_calling_plans == [f"{who.user['id']}/{SMALL}"]


@pytest.mark.parametrize("owner", ["ACCOUNT", "END_USER"])
async def test_a_plan_is_swapped_changed_and_cancelled(owner: str) -> None:
    """A swap holds at once, a change from next month, and can be taken back; for account and user."""
    who = await subscriber()
    path = who.path if owner == "ACCOUNT" else f"{who.path}/user/{who.user['id']}"
    owner_id = who.account["id"] if owner == "ACCOUNT" else who.user["id"]
    await who.caller.json(
        "PUT", f"{who.path}/callingplan", wanted(who, referenceType=owner, referenceId=owner_id)
    )
    swapped = await who.caller.call(
        "POST", f"{path}/callingplanswap", {"swapCallingPlanProductId": LARGE, "newMinutesUsed": 2001}
    )
    (plan,) = cast("list[Json]", swapped.json())
    assert (plan["callingPlanProductId"], plan["secondsRemaining"]) == (LARGE, 0)
    await who.caller.call("PUT", f"{path}/callingplanproduct/{SMALL}")
    changed = await who.caller.call("PUT", f"{path}/callingplanproduct/{ENDLESS}")
    now, later = cast("list[Json]", changed.json())
    assert (now, later["callingPlanProductId"]) == (plan, ENDLESS)
    assert str(later["startDate"]) > str(now["startDate"])
    assert (await who.caller.call("DELETE", f"{path}/cancelpendingcallingplan")).json() == [plan]


async def test_a_pending_plan_is_asked_for() -> None:
    """A plan added as pending begins with the next month."""
    who = await subscriber()
    now = await who.caller.json("PUT", f"{who.path}/callingplan", wanted(who))
    later = await who.caller.json("PUT", f"{who.path}/callingplan", wanted(who, LARGE, pending=True))
    assert str(later["startDate"]) > str(now["startDate"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"referenceType": None}, (400, ["referenceType must not be null"], NOTHING)),
        (
            {"callingPlanProductId": "none"},
            (404, ["Calling plan product not found"], {"callingPlanProductId": "none"}),
        ),
        (
            {"referenceId": "none"},
            (400, ["referenceId is not a user of the account"], {"referenceId": "none"}),
        ),
        (
            {"referenceType": "ACCOUNT", "referenceId": "none"},
            (400, ["referenceId is not the account's"], {"referenceId": "none"}),
        ),
    ],
)
async def test_plans_that_are_refused(changes: Json, expected: Refusal) -> None:
    """A plan needs an owner of the account and a product there is."""
    who = await subscriber()
    answer = await who.caller.call("PUT", f"{who.path}/callingplan", wanted(who, **changes))
    assert refusal(answer) == expected


async def test_plans_go_with_their_owner() -> None:
    """A user deleted takes the plans along, and so does an account."""
    who = await subscriber()
    own = {"referenceType": "ACCOUNT", "referenceId": who.account["id"]}
    await who.caller.json("PUT", f"{who.path}/callingplan", wanted(who))
    await who.caller.json("PUT", f"{who.path}/callingplan", wanted(who, **own))
    await who.caller.call("DELETE", f"{who.path}/user/{who.user['id']}")
    assert who.caller.sandbox.truth().calling_plans == 1
    await who.caller.call("DELETE", who.path)
    assert who.caller.sandbox.truth().calling_plans == 0
