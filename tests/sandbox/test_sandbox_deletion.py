"""Deleting an account in the sandbox: what keeps it, and what happens until it is gone."""

from __future__ import annotations

from typing import cast

from alianza_async.sandbox import SandboxOptions
from tests.sandbox.sandbox_caller import ACCOUNTS, Json, account, logged_in, refusal, user
from tests.sandbox.sandbox_subscriber import FIRST, Clock, subscriber


async def test_an_account_with_numbers_is_not_deleted() -> None:
    """A number keeps its account until it is released."""
    who = await subscriber()
    await who.activate(telephoneNumbers=[{"phoneNumber": FIRST}])
    await who.caller.call("DELETE", f"{who.path}/user/{who.user['id']}")
    assert refusal(await who.caller.call("DELETE", who.path)) == (
        400,
        ["Account cannot be deleted while it has telephone numbers"],
        {"accountId": who.account["id"]},
    )
    await who.caller.call("DELETE", f"{who.path}/telephonenumber/{FIRST}")
    assert (await who.caller.call("DELETE", who.path)).status_code == 200


async def test_deletion_takes_its_time() -> None:
    """A deleted account is DELETE_PENDING until its time is over, keeps its number, and then is gone."""
    caller = await logged_in(SandboxOptions(delete_pending_s=4))
    clock = caller.sandbox.store.agenda.clock = Clock()
    made = await caller.create()
    path = f"{ACCOUNTS}/{made['id']}"
    for _ in range(2):
        assert (await caller.call("DELETE", path)).status_code == 200
    assert (await caller.call("GET", f"{path}/status")).json() == "DELETE_PENDING"
    assert (await caller.call("POST", ACCOUNTS, account())).status_code == 400
    clock.now += 3.9
    assert (await caller.json("GET", path))["status"] == "DELETE_PENDING"
    clock.now += 0.1
    assert (await caller.call("GET", path)).status_code == 404
    assert (await caller.create())["id"] != made["id"]


async def test_nothing_is_added_to_an_account_that_is_being_deleted() -> None:
    """Users, numbers, lines, plans and changes are refused while a deletion is under way."""
    caller = await logged_in(SandboxOptions(delete_pending_s=4))
    caller.sandbox.seed_inventory([FIRST])
    made = await caller.create()
    path = f"{ACCOUNTS}/{made['id']}"
    await caller.call("DELETE", path)
    attempts = [
        await caller.call(verb, path + under, body)
        for verb, under, body in (
            ("PATCH", "", {"accountName": "Acme Inc"}),
            ("POST", "/user", user()),
            ("POST", "/telephonenumber", {}),
            ("POST", "/deviceline", {}),
            ("PUT", "/callingplan", {}),
        )
    ]
    expected = (400, ["Account is being deleted"], {"accountId": made["id"]})
    assert [refusal(answer) for answer in attempts] == [expected] * 5


async def test_the_history_tells_both_ends_of_a_deletion() -> None:
    """The status changes when it is asked for, and the account goes when it is done; by whoever asked."""
    caller = await logged_in(SandboxOptions(delete_pending_s=4))
    clock = caller.sandbox.store.agenda.clock = Clock()
    made = await caller.create()
    await caller.call("DELETE", f"{ACCOUNTS}/{made['id']}")
    clock.now += 4
    login = await caller.json("POST", "/v2/authorize", {"username": "bob", "password": "x"})
    caller.token = str(login["authToken"])
    found = await caller.json("GET", f"{ACCOUNTS}/{made['id']}/accounthistorysearch")
    told = [
        (entry["action"], entry["accountHistoryType"], entry.get("newValue"), entry["userName"])
        for entry in cast("list[Json]", found["results"])
    ]
    assert told == [
        ("DELETE", "ACCOUNT", None, "ann"),
        ("UPDATE", "ACCOUNT_STATUS", '{"status":"DELETE_PENDING"}', "ann"),
        ("CREATE", "ACCOUNT", "ACME-1", "ann"),
    ]
