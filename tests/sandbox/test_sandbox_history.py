"""Account history in the sandbox: who did what, when, to which account."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.sandbox import Fault, SandboxOptions
from alianza_async.sandbox.history import ACCOUNT, History
from tests.sandbox.sandbox_caller import ACCOUNTS, Caller, Json, Refusal, account, logged_in, refusal, user
from tests.sandbox.sandbox_subscriber import FIRST, NOTHING, Clock, subscriber

if TYPE_CHECKING:
    from alianza_async.sandbox.faults import FaultKind

Step = tuple[object, ...]
_CREATE = (ACCOUNT, "CREATE", ("a", "ACME-1"))


async def history(caller: Caller, query: str = "accountNumber=ACME-1") -> Json:
    """Search the history by account number."""
    return await caller.json("GET", f"{ACCOUNTS}/accounthistorysearch?{query}")


def steps(found: Json) -> list[Step]:
    """Take from each entry what was done to what."""
    entries = cast("list[Json]", found["results"])
    return [(entry["action"], entry["accountHistoryType"], entry["referenceName"]) for entry in entries]


async def test_a_create_is_told_whole() -> None:
    """An entry tells the account, what was done to what, by whom, when, and the key as its new value."""
    caller = await logged_in()
    before = datetime.now(UTC)
    made = await caller.create()
    found = await history(caller)
    (entry,) = cast("list[Json]", found["results"])
    me = await caller.json("GET", "/v2/authorize/userinfo")
    logged = str(entry.pop("loggedDate"))
    assert entry == {
        "id": "00000000-0000-0000-0000-000000000000",
        "accountId": made["id"],
        "accountNumber": "ACME-1",
        "action": "CREATE",
        "accountHistoryType": "ACCOUNT",
        "referenceType": "Account",
        "referenceId": made["id"],
        "referenceName": "ACME-1",
        "userId": me["userId"],
        "userName": "ann",
        "userType": "ManagementUser",
        "partitionName": "Sandbox",
        "newValue": "ACME-1",
    }
    assert (datetime.fromisoformat(logged) - before).total_seconds() == pytest.approx(0, abs=5)
    assert (found["totalRecords"], found["accountCreatedDate"], found["accountLastUpdatedDate"]) == (
        1,
        logged,
        logged,
    )


async def test_every_change_is_written_newest_first() -> None:
    """Accounts, users, numbers, addresses, lines and plans leave an entry for each change."""
    who = await subscriber()
    caller, plan = who.caller, {"referenceType": "END_USER", "referenceId": who.user["id"]}
    await who.activate()
    line = await who.add_line()
    await caller.call("PATCH", f"{who.path}/user/{who.user['id']}", {"firstName": "Anna"})
    body = {**plan, "callingPlanProductId": "sandbox-plan-500"}
    await caller.call("PUT", f"{who.path}/callingplan", body)
    await caller.call("DELETE", f"{who.path}/callingplan", body)
    await caller.call("DELETE", f"{who.path}/deviceline/{line['id']}")
    await caller.call("DELETE", f"{who.path}/telephonenumber/{FIRST}")
    await caller.call("DELETE", f"{who.path}/user/{who.user['id']}")
    await caller.call("PATCH", who.path, {"accountName": "Acme Inc"})
    await caller.call("PATCH", who.path, {"status": "SUSPENDED"})
    await caller.call("DELETE", who.path)
    named = f"{line['macAddress']}/1"
    found = await history(caller)
    assert steps(found) == [
        ("DELETE", "ACCOUNT", "ACME-1"),
        ("UPDATE", "ACCOUNT_STATUS", "ACME-1"),
        ("UPDATE", "ACCOUNT", "ACME-1"),
        ("DELETE", "USER", "ann@acme"),
        ("DELETE", "PHONE_NUMBER", FIRST),
        ("DELETE", "DEVICE", named),
        ("DELETE", "CALLING_PLAN", "sandbox-plan-500"),
        ("CREATE", "CALLING_PLAN", "sandbox-plan-500"),
        ("UPDATE", "USER", "ann@acme"),
        ("CREATE", "DEVICE", named),
        ("CREATE", "ADDRESS_E911", FIRST),
        ("CREATE", "PHONE_NUMBER", FIRST),
        ("CREATE", "USER", "ann@acme"),
        ("CREATE", "ACCOUNT", "ACME-1"),
    ]
    assert caller.sandbox.truth().history_entries == 14
    # An account that is no more is still found by its id.
    assert await caller.json("GET", f"{who.path}/accounthistorysearch") == found


async def test_an_update_tells_what_differs_and_no_secret() -> None:
    """Old and new value hold the fields that changed, a password as stars; no change is no entry."""
    caller = await logged_in()
    made = await caller.create()
    path = f"{ACCOUNTS}/{made['id']}/user"
    member = await caller.json("POST", path, user(password="hunter1"))
    changes = {"firstName": "Ann", "password": "hunter2"}
    for _ in range(2):
        await caller.call("PATCH", f"{path}/{member['id']}", changes)
    found = await history(caller)
    newest = cast("list[Json]", found["results"])[0]
    assert (found["totalRecords"], newest["action"]) == (3, "UPDATE")
    assert json.loads(str(newest["oldValue"])) == {"password": "***"}
    assert json.loads(str(newest["newValue"])) == {"firstName": "Ann", "password": "***"}


async def test_both_accounts_of_a_number_are_told() -> None:
    """Without uniqueness a number's history holds each account that has it, whoever created it."""
    caller = await logged_in(SandboxOptions(unique=False))
    first = await caller.create()
    caller.token = str(
        (await caller.json("POST", "/v2/authorize", {"username": "bob", "password": "x"}))["authToken"]
    )
    second = await caller.create()
    await caller.call("DELETE", f"{ACCOUNTS}/{first['id']}")
    entries = cast("list[Json]", (await history(caller))["results"])
    assert [(entry["accountId"], entry["action"], entry["userName"]) for entry in entries] == [
        (first["id"], "DELETE", "bob"),
        (second["id"], "CREATE", "bob"),
        (first["id"], "CREATE", "ann"),
    ]


async def test_a_renamed_account_is_found_by_either_number() -> None:
    """The history of a number is that of every account that ever had it."""
    caller = await logged_in()
    made = await caller.create()
    for number in ("ACME-2", "ACME-1"):
        await caller.call("PATCH", f"{ACCOUNTS}/{made['id']}", {"accountNumber": number})
    old, new = await history(caller), await history(caller, "accountNumber=ACME-2")
    assert old == new
    numbers = [entry["accountNumber"] for entry in cast("list[Json]", old["results"])]
    assert numbers == ["ACME-1", "ACME-2", "ACME-1"]


async def test_entries_are_seen_only_after_the_lag() -> None:
    """With a lag an entry stays unseen until its time has come; the account itself is there at once."""
    caller = await logged_in(SandboxOptions(history_lag_s=3))
    clock = caller.sandbox.store.agenda.clock = Clock()
    await caller.create()
    assert await history(caller) == {"totalRecords": 0, "results": []}
    clock.now += 2.9
    assert (await history(caller))["totalRecords"] == 0
    clock.now += 0.1
    assert (await history(caller))["totalRecords"] == 1


async def test_without_a_history_nothing_is_written() -> None:
    """With the option off an account has an empty history, by number and by id."""
    caller = await logged_in(SandboxOptions(history=False))
    made = await caller.create()
    assert await history(caller) == {"totalRecords": 0, "results": []}
    path = f"{ACCOUNTS}/{made['id']}/accounthistorysearch"
    assert await caller.json("GET", path) == {"totalRecords": 0, "results": []}
    assert caller.sandbox.truth().history_entries == 0


async def test_pages_and_types() -> None:
    """A page has 20 entries unless told otherwise; the total counts all that fit; types may be several."""
    caller = await logged_in()
    made = await caller.create()
    for index in range(24):
        await caller.json("POST", f"{ACCOUNTS}/{made['id']}/user", user(f"ann{index}"))
    first = await history(caller)
    assert (first["totalRecords"], len(cast("list[Json]", first["results"]))) == (25, 20)
    rest = await history(caller, "accountNumber=ACME-1&firstResultIndex=20&maxResult=3")
    assert (rest["totalRecords"], steps(rest)) == (25, [("CREATE", "USER", f"ann{n}") for n in (3, 2, 1)])
    only = await history(caller, "accountNumber=ACME-1&accountHistoryType=ACCOUNT&accountHistoryType=DEVICE")
    assert steps(only) == [("CREATE", "ACCOUNT", "ACME-1")]


async def test_dates_are_whole_days() -> None:
    """From the first day's start to the last day's end, both included, in UTC."""
    caller = await logged_in()
    store = caller.sandbox.store
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()
    store.history = History(store.agenda, wall=lambda: noon)
    account_body: Json = {"id": "a", "partitionId": "sandbox-partition", "accountNumber": "ACME-1"}
    store.history.write(account_body, *_CREATE)
    counts = [
        (await history(caller, f"accountNumber=ACME-1&{span}"))["totalRecords"]
        for span in (
            "startDate=2026-01-31&endDate=2026-01-31",
            "startDate=2026-01-31T00:00:00Z",
            "startDate=2026-02-01",
            "endDate=2026-01-30",
            "endDate=",
        )
    ]
    assert counts == [1, 1, 0, 0, 1]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("accounthistorysearch", (400, ["accountNumber must not be null"], NOTHING)),
        (
            "accounthistorysearch?accountNumber=none",
            (404, ["Account not found"], {"accountNumber": "none"}),
        ),
        ("none/accounthistorysearch", (404, ["Account not found"], {"accountId": "none"})),
        (
            "accounthistorysearch?accountNumber=ACME-1&startDate=31.1.2026",
            (400, ["startDate must be a date such as 2026-01-31"], {"startDate": "31.1.2026"}),
        ),
        (
            "accounthistorysearch?accountNumber=ACME-1&maxResult=0",
            (400, ["maxResult must be a whole number of at least 1"], {"maxResult": "0"}),
        ),
        (
            "accounthistorysearch?accountNumber=ACME-1&firstResultIndex=-1",
            (400, ["firstResultIndex must be a whole number of at least 0"], {"firstResultIndex": "-1"}),
        ),
    ],
)
async def test_searches_that_make_no_sense(path: str, expected: Refusal) -> None:
    """A missing key, an unknown account, a date or number that is none is refused by name."""
    caller = await logged_in()
    await caller.create()
    assert refusal(await caller.call("GET", f"{ACCOUNTS}/{path}")) == expected


async def test_an_unknown_type_is_refused() -> None:
    """A history type that there is not is a 400 that names it."""
    caller = await logged_in()
    await caller.create()
    path = f"{ACCOUNTS}/accounthistorysearch?accountNumber=ACME-1&accountHistoryType=NONSENSE"
    status, _, data = refusal(await caller.call("GET", path))
    assert (status, data) == (400, {"accountHistoryType": "NONSENSE"})


async def test_another_partitions_history_is_not_told() -> None:
    """An account of another partition is not found, by number or by id."""
    caller = await logged_in()
    store = caller.sandbox.store
    made = store.add_account("elsewhere", account(), unique=True)
    for path in ("accounthistorysearch?accountNumber=ACME-1", f"{made['id']}/accounthistorysearch"):
        assert (await caller.call("GET", f"{ACCOUNTS}/{path}")).status_code == 404


async def test_a_create_that_arrives_is_told_before_it_is_carried_out() -> None:
    """With `history_requests` an account is asked for at once, and there when it is carried out, later."""
    caller = await logged_in(SandboxOptions(history_requests=True))
    caller.sandbox.faults.add(Fault(kind="late", operation="createAccount", delay_s=0.05))
    creating = asyncio.create_task(caller.create())
    found: Json = {}
    deadline = time.monotonic() + 5
    while not found.get("results") and time.monotonic() < deadline:
        await asyncio.sleep(0)
        answer = await caller.call("GET", f"{ACCOUNTS}/accounthistorysearch?accountNumber=ACME-1")
        found = cast("Json", answer.json()) if answer.status_code == 200 else {}
    (asked,) = cast("list[Json]", found["results"])
    assert caller.sandbox.truth().accounts == 0
    assert {name: asked.get(name) for name in ("action", "accountId", "referenceId", "userName")} == {
        "action": "PROVISION_REQUEST",
        "accountId": None,
        "referenceId": None,
        "userName": "ann",
    }
    made = await creating
    member = await caller.json("POST", f"{ACCOUNTS}/{made['id']}/user", user())
    assert steps(await history(caller)) == [
        ("CREATE", "USER", member["username"]),
        ("PROVISION_REQUEST", "USER", member["username"]),
        ("CREATE", "ACCOUNT", "ACME-1"),
        ("PROVISION_REQUEST", "ACCOUNT", "ACME-1"),
    ]
    # What was only asked for has no history by account id of its own.
    assert len(steps(await caller.json("GET", f"{ACCOUNTS}/{made['id']}/accounthistorysearch"))) == 3


@pytest.mark.parametrize(
    ("fault", "told"), [("status_before", []), ("status_after", ["CREATE", "PROVISION_REQUEST"])]
)
async def test_what_never_arrived_is_not_told(fault: FaultKind, told: list[str]) -> None:
    """A create that a fault keeps from its service leaves nothing; one whose answer is lost leaves all."""
    caller = await logged_in(SandboxOptions(history_requests=True))
    caller.sandbox.faults.add(Fault(kind=fault, operation="createAccount"))
    await caller.call("POST", ACCOUNTS, account())
    answer = await caller.call("GET", f"{ACCOUNTS}/accounthistorysearch?accountNumber=ACME-1")
    assert [entry["action"] for entry in answer.json().get("results", [])] == told


async def test_a_create_without_a_login_is_not_told() -> None:
    """A request that is refused for its token has asked for nothing."""
    caller = await logged_in(SandboxOptions(history_requests=True))
    caller.sandbox.store.tokens.revoke_all()
    assert (await caller.call("POST", ACCOUNTS, account())).status_code == 401
    assert caller.sandbox.truth().history_entries == 0
