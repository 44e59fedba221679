"""Answers that lie: another object's body, two where there is one, none where there is one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.sandbox import ConnectionCutError, Fault, SandboxOptions
from tests.sandbox.sandbox_caller import ACCOUNTS, Caller, Json, account, logged_in, refusal, user
from tests.sandbox.sandbox_subscriber import FIRST, NUMBERS, SECOND, Subscriber, subscriber

if TYPE_CHECKING:
    import httpx

    from alianza_async.sandbox import FaultKind

PLAN = "sandbox-plan-500"


class _Creates:
    """Sends each creating request of a subscriber whose account and user are there.

    Attributes:
        who: The subscriber.
    """

    def __init__(self, who: Subscriber) -> None:
        self.who = who

    async def send(self, operation: str) -> httpx.Response:
        """Send the request of an operation."""
        who, call = self.who, self.who.caller.call
        plan = {"referenceType": "END_USER", "referenceId": who.user["id"], "callingPlanProductId": PLAN}
        match operation:
            case "createAccount":
                return await call("POST", ACCOUNTS, account("NEW-1"))
            case "createEndUser":
                return await call("POST", f"{who.path}/user", user("new@acme"))
            case "reserve":
                return await call("PUT", f"{NUMBERS}/{FIRST}/reserve")
            case "createOrAddTelephoneNumberToAccount":
                await who.validate()
                return await who.ask_for()
            case "createDevice":
                return await who.ask_for_line()
            case _:
                return await call("PUT", f"{who.path}/callingplan", plan)

    def made(self, operation: str) -> int:
        """Count what the requests of an operation have made."""
        store = self.who.caller.sandbox.store
        return {
            "createAccount": len(store.accounts) - 2,
            "createEndUser": len(store.users) - 2,
            "reserve": sum(each.reserved_by is not None for each in store.numbers.inventory.everything()),
            "createOrAddTelephoneNumberToAccount": len(store.numbers.active) - 1,
            "createDevice": len(store.lines.lines) - 1,
            "addPlan": store.plans.count() - 1,
        }[operation]


CREATES = ("createAccount", "createEndUser", "reserve", "createOrAddTelephoneNumberToAccount", "createDevice")
ALL_CREATES = (*CREATES, "addPlan")
BIG = {"accountNumber": "BIG", "username": "big@big"}


async def two_customers(**changes: object) -> _Creates:
    """Answer the requests of a subscriber beside a customer who has one of everything."""
    who = await subscriber(**changes)
    who.caller.sandbox.seed(
        {
            "accounts": [account("BIG")],
            "users": [{**BIG, "timeZone": "US/Eastern"}],
            "numbers": [{**BIG, "phoneNumber": SECOND}],
            "lines": [{**BIG, "macAddress": "02:00:00:00:00:01"}],
            "plans": [{**BIG, "callingPlanProductId": "sandbox-plan-2000"}],
        }
    )
    return _Creates(who)


@pytest.mark.parametrize("operation", ALL_CREATES)
@pytest.mark.parametrize(("kind", "made"), [("foreign_before", 0), ("foreign_after", 1)])
async def test_another_customers_object_is_answered(operation: str, kind: FaultKind, made: int) -> None:
    """A create answers a 2xx with an other customer's object; before, nothing was done, after, it was."""
    creates = await two_customers()
    creates.who.caller.sandbox.faults.add(Fault(kind=kind, operation=operation))
    answer = await creates.send(operation)
    body = cast("Json", answer.json())
    text = answer.text
    assert answer.status_code == (201 if operation == "createDevice" else 200)
    assert creates.made(operation) == made
    assert creates.who.caller.sandbox.faults.struck == {kind: 1}
    if operation == "reserve":
        assert body["tn"] == SECOND
    elif operation == "createAccount":
        assert body["accountNumber"] in {"BIG", "ACME-1"}
    elif operation == "createEndUser":
        assert body["username"] in {"big@big", "ann@acme"}
    elif operation == "createDevice":
        assert body["macAddress"] == "020000000001"
    elif operation == "addPlan":
        assert body["callingPlanProductId"] == "sandbox-plan-2000"
    else:
        assert SECOND in text
        assert FIRST not in text


@pytest.mark.parametrize("operation", ALL_CREATES)
async def test_an_object_is_made_up_where_there_is_no_other(operation: str) -> None:
    """At a server with nobody else the foreign object carries an id and a key that nobody has."""
    creates = _Creates(await subscriber())
    store = creates.who.caller.sandbox.store
    store.numbers.inventory.remove(store.numbers.inventory.one("sandbox-partition", SECOND))
    creates.who.caller.sandbox.faults.add(Fault(kind="foreign_after", operation=operation))
    true_keys = {"NEW-1", "new@acme", "4AE1BC53AD6B"}
    body = (await creates.send(operation)).json()
    assert not true_keys & {str(value) for value in body.values()}


@pytest.mark.parametrize("operation", ALL_CREATES)
async def test_an_empty_204_hides_what_was_made(operation: str) -> None:
    """A create that took effect can be answered with nothing at all."""
    creates = await two_customers()
    creates.who.caller.sandbox.faults.add(Fault(kind="empty_after", operation=operation))
    answer = await creates.send(operation)
    assert (answer.status_code, answer.content) == (204, b"")
    assert creates.made(operation) == 1


@pytest.mark.parametrize("operation", ALL_CREATES)
async def test_every_create_can_be_late(operation: str) -> None:
    """What is late is carried out after its client has left, whatever it creates."""
    creates = await two_customers()
    if operation.startswith("createOrAdd"):
        await creates.who.validate()
    creates.who.caller.sandbox.faults.add(Fault(kind="late", operation=operation, delay_s=0.05))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(creates.send(operation), 0.02)
    assert creates.made(operation) == 0
    creates.who.caller.sandbox.faults.add(Fault(kind="late", delay_s=0.06))
    await creates.who.caller.call("GET", ACCOUNTS)  # late by as much, so answered after it
    assert creates.made(operation) == 1


@pytest.mark.parametrize("operation", [name for name in ALL_CREATES if name != "reserve"])
async def test_history_shows_every_create_that_has_arrived(operation: str) -> None:
    """With `history_requests` each create leaves a request entry before it is carried out."""
    creates = await two_customers(history_requests=True)
    history, before = creates.who.caller.sandbox.store.history, ("PROVISION_REQUEST", "CREATE")
    if operation.startswith("createOrAdd"):
        await creates.who.validate()
    start = len(history.entries)
    await creates.send(operation)
    asked, created = history.entries[start : start + 2]
    assert (asked.action, created.action) == before
    assert (asked.thing, asked.name) == (created.thing, created.name)
    assert asked.reference_id == (created.reference_id if operation == "addPlan" else None)


@pytest.mark.parametrize("kind", ["html_after", "cut_after", "foreign_after"])
async def test_a_refusal_can_be_lost(kind: FaultKind) -> None:
    """A duplicate that is refused can end in a gateway's page, a cut, or another object's body."""
    caller = await logged_in()
    caller.sandbox.seed({"accounts": [account("ACME-1"), account("BIG")]})
    caller.sandbox.faults.add(Fault(kind=kind, operation="createAccount"))
    if kind == "cut_after":
        with pytest.raises(ConnectionCutError):
            await caller.call("POST", ACCOUNTS, account("ACME-1"))
    else:
        answer = await caller.call("POST", ACCOUNTS, account("ACME-1"))
        assert answer.status_code == (502 if kind == "html_after" else 200)
    assert caller.sandbox.truth().created_accounts == 2
    assert (await caller.call("POST", ACCOUNTS, account("ACME-1"))).status_code == 400


def _by_number(number: str = "ACME-1") -> str:
    return f"{ACCOUNTS}/{number}?accountIdType=AccountNumber"


async def _looked_up(kind: FaultKind, path: str, caller: Caller) -> httpx.Response:
    """Look something up that a fault lies about, once."""
    caller.sandbox.faults.add(Fault(kind=kind))
    return await caller.call("GET", path)


async def test_a_look_up_of_one_lies() -> None:
    """A single object is another one, one of several, or absent; the next look-up tells the truth."""
    caller = await logged_in()
    caller.sandbox.seed({"accounts": [account("ACME-1"), account("BIG")]})
    assert (await _looked_up("another", _by_number(), caller)).json()["accountNumber"] == "BIG"
    assert refusal(await _looked_up("twice", _by_number(), caller))[0] == 400
    assert refusal(await _looked_up("absent", _by_number(), caller))[0] == 404
    assert (await caller.json("GET", _by_number()))["accountNumber"] == "ACME-1"
    # What is not there is another one too, and one that is made up where there is no other.
    assert (await _looked_up("another", _by_number("X-9"), caller)).status_code == 200


async def test_a_list_lies() -> None:
    """A list holds another object, each object twice, or nothing."""
    creates = await two_customers()
    who, caller = creates.who, creates.who.caller
    ours = await who.add_line()
    path = f"{who.path}/deviceline?filterType=MAC_ADDRESS&filter={ours['macAddress']}"
    assert [line["macAddress"] for line in (await _looked_up("another", path, caller)).json()] == [
        "020000000001"
    ]
    twice = (await _looked_up("twice", path, caller)).json()
    assert [line["macAddress"] for line in twice] == [ours["macAddress"]] * 2
    assert len({line["id"] for line in twice}) == 2
    assert (await _looked_up("absent", path, caller)).json() == []
    assert (await caller.call("GET", path)).json() == [ours]


async def test_a_page_of_history_lies() -> None:
    """Account history is about others, told twice, or empty."""
    caller = await logged_in()
    caller.sandbox.seed({"accounts": [account("ACME-1"), account("BIG")]})
    path = f"{ACCOUNTS}/accounthistorysearch?accountNumber=ACME-1"
    others = (await _looked_up("another", path, caller)).json()["results"]
    assert {entry["accountNumber"] for entry in others} == {"BIG"}
    assert (await _looked_up("twice", path, caller)).json()["totalRecords"] == 2
    assert (await _looked_up("absent", path, caller)).json() == {"totalRecords": 0, "results": []}


@pytest.mark.parametrize("status", [404, 500, 403])
async def test_history_can_fail(status: int) -> None:
    """The search of account history fails by its operation id, as any operation does."""
    caller = await logged_in()
    made = await caller.create()
    fault = "accountHistoryByAccountNumberSearch", "accountHistoryByAccountIdSearch"
    caller.sandbox.faults.add(
        *(Fault(kind="status_before", operation=operation, status=status) for operation in fault)
    )
    for path in ("accounthistorysearch?accountNumber=ACME-1", f"{made['id']}/accounthistorysearch"):
        assert (await caller.call("GET", f"{ACCOUNTS}/{path}")).status_code == status
        assert (await caller.call("GET", f"{ACCOUNTS}/{path}")).status_code == 200


async def test_a_lie_needs_no_login_to_be_refused() -> None:
    """Whoever is not logged in is told so, and no object is shown."""
    caller = await logged_in()
    caller.token = "wrong"
    for kind, verb in (("another", "GET"), ("foreign_before", "POST"), ("foreign_after", "POST")):
        caller.sandbox.faults.add(Fault(kind=cast("FaultKind", kind)))
        body = account() if verb == "POST" else None
        assert (await caller.call(verb, ACCOUNTS, body)).status_code == 401


@pytest.mark.parametrize(
    ("kind", "operation", "verb", "fits"),
    [
        ("another", "retrieveAccount", "GET", True),
        ("twice", "createAccount", "POST", False),
        ("absent", "logUserIn", "POST", False),
        ("foreign_after", "createAccount", "POST", True),
        ("foreign_after", "retrieveAccount", "GET", False),
        ("foreign_before", "logUserIn", "POST", False),
        ("empty_after", "createDevice", "POST", True),
        ("empty_after", "logUserIn", "POST", False),
        ("empty_after", "getAccounts", "GET", False),
        ("html_after", "logUserIn", "POST", True),
    ],
)
def test_lies_strike_only_what_they_can_lie_about(
    kind: FaultKind, operation: str, verb: str, *, fits: bool
) -> None:
    """For every operation (`*`) lies about look-ups are for GETs, foreign objects for what changes them."""
    assert Fault(kind=kind).fits(operation, verb) is fits


async def test_a_path_of_no_operation_is_not_lied_about() -> None:
    """A path that is none is a 404, whatever lies are on order."""
    caller = await logged_in()
    caller.sandbox.faults.add(Fault(kind="another"))
    assert (await caller.call("GET", "/v2/nowhere")).status_code == 404


async def test_options_of_names_and_clocks() -> None:
    """User names and MAC addresses come back in lower case, and times by another clock, where it is asked."""
    who = await subscriber(
        fold_usernames=True, fold_macs=True, history_whole_seconds=True, clock_offset_s=3600
    )
    made = await who.caller.json("POST", f"{who.path}/user", user("Bob@ACME"))
    line = await who.add_line()
    found = await who.caller.json("GET", f"{who.path}/user/BOB@acme?idType=UserName")
    assert (made["username"], found["id"]) == ("bob@acme", made["id"])
    assert line["macAddress"] == str(who.line()["macAddress"]).lower()
    entry = who.caller.sandbox.store.history.entries[-1]
    assert entry.logged == int(entry.logged)
    answer = await who.caller.call("GET", ACCOUNTS)
    assert answer.headers["Date"]
    with pytest.raises(ValueError, match="clock_offset_s must be a finite number"):
        SandboxOptions(clock_offset_s=float("nan"))


async def test_a_reservation_ends() -> None:
    """With a life of reservations one that is too old is none, and a number is added with one alone."""
    who = await subscriber(reservation_s=60)
    await who.validate()
    assert refusal(await who.ask_for())[1] == ["Telephone number is not reserved"]
    stocked = who.caller.sandbox.store.numbers.inventory.one("sandbox-partition", FIRST)
    await who.caller.json("PUT", f"{NUMBERS}/{FIRST}/reserve")
    stocked.reserved_at -= 61
    assert refusal(await who.ask_for())[1] == ["Telephone number is not reserved"]
    await who.caller.json("PUT", f"{NUMBERS}/{FIRST}/reserve")
    assert (await who.ask_for()).status_code == 200
