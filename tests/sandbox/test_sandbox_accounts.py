"""Accounts in the sandbox: created, found, changed, deleted, searched, kept apart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from alianza_async.sandbox import SandboxOptions
from tests.sandbox.sandbox_caller import ACCOUNTS, Refusal, account, logged_in, refusal, user

if TYPE_CHECKING:
    from tests.sandbox.sandbox_caller import Caller

NOT_UTF_8: Refusal = (400, ["The path is not valid UTF-8"], {})
AWKWARD = ("../MESS-1?a=b#c/d", "a%2Fb", "Zoë & Co; <b>", "a b+c", "...")


async def test_created_account_is_answered_whole() -> None:
    """A create answers an id, the partition, a status, defaults and everything sent, unknown fields too."""
    caller = await logged_in()
    sent = account(unheardOf={"deep": [1, None]}, holdTimeoutSeconds=30)
    made = await caller.json("POST", ACCOUNTS, sent)
    assert {name: made[name] for name in sent} == sent
    assert (made["partitionId"], made["status"], made["endUserCount"]) == ("sandbox-partition", "ACTIVE", 0)
    assert await caller.json("GET", f"{ACCOUNTS}/{made['id']}") == made


async def test_the_server_decides_its_own_fields() -> None:
    """An id, a partition or a user count in the body is not taken."""
    caller = await logged_in()
    made = await caller.create(id="mine", partitionId="other", endUserCount=7)
    assert made["id"] != "mine"
    assert (made["partitionId"], made["endUserCount"]) == ("sandbox-partition", 0)


async def test_null_is_as_good_as_absent_for_known_fields() -> None:
    """A known optional field sent as null takes its default; an unknown one stays null."""
    made = await (await logged_in()).create(status=None, customField=None, unheardOf=None)
    assert (made["status"], "customField" in made, made["unheardOf"]) == ("ACTIVE", False, None)


@pytest.mark.parametrize("number", AWKWARD)
async def test_any_number_is_found_by_itself(number: str) -> None:
    """A quoted account number is one path segment, whatever it holds."""
    caller = await logged_in()
    made = await caller.create(number)
    path = f"{ACCOUNTS}/{quote(number, safe='')}?accountIdType=AccountNumber"
    assert await caller.json("GET", path) == made


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        ("none", (404, ["Account not found"], {"accountId": "none"})),
        ("none?accountIdType=Id", (404, ["Account not found"], {"accountId": "none"})),
        ("ACME-1", (404, ["Account not found"], {"accountId": "ACME-1"})),
        ("none?accountIdType=AccountNumber", (404, ["Account not found"], {"accountNumber": "none"})),
        (
            "x?accountIdType=Colour",
            (
                400,
                ["accountIdType must be one of AccountNumber, Id, MacAddress, PhoneNumber"],
                {"accountIdType": "Colour"},
            ),
        ),
        ("x?accountIdType=MacAddress", (404, ["Account not found"], {"accountId": "x"})),
        (
            "18015550001?accountIdType=PhoneNumber",
            (404, ["Account not found"], {"accountId": "18015550001"}),
        ),
        ("%ff", NOT_UTF_8),
    ],
)
async def test_look_ups_that_find_nothing(suffix: str, expected: Refusal) -> None:
    """An unknown id or number is a 404; a kind of id the sandbox lacks, or a broken path, is a 400."""
    caller = await logged_in()
    await caller.create()
    assert refusal(await caller.call("GET", f"{ACCOUNTS}/{suffix}")) == expected


async def test_a_number_is_used_once() -> None:
    """A second account with a number in use is refused and not stored."""
    caller = await logged_in()
    await caller.create()
    response = await caller.call("POST", ACCOUNTS, account())
    assert refusal(response) == (
        400,
        ["Account number is already in use"],
        {"accountNumber": "ACME-1"},
    )
    assert caller.sandbox.truth().created_accounts == 1


async def test_without_uniqueness_doubles_are_stored_and_told() -> None:
    """With uniqueness off both are kept, the truth names them, and a look-up by number is refused."""
    caller = await logged_in(SandboxOptions(unique=False))
    for _ in range(2):
        await caller.create()
    await caller.create("ACME-2")
    truth = caller.sandbox.truth()
    assert (truth.accounts, truth.duplicate_account_numbers) == (3, ["ACME-1"])
    response = await caller.call("GET", f"{ACCOUNTS}/ACME-1?accountIdType=AccountNumber")
    assert refusal(response) == (
        400,
        ["More than one account has number ACME-1"],
        {"accountNumber": "ACME-1"},
    )


async def test_a_double_that_is_deleted_is_no_double() -> None:
    """With one of two doubles deleted, the number finds the other again."""
    caller = await logged_in(SandboxOptions(unique=False))
    first, second = await caller.create(), await caller.create()
    await caller.call("DELETE", f"{ACCOUNTS}/{first['id']}")
    assert await caller.json("GET", f"{ACCOUNTS}/ACME-1?accountIdType=AccountNumber") == second
    assert caller.sandbox.truth().duplicate_account_numbers == []


async def test_the_same_number_at_once_is_created_once() -> None:
    """Of fifty creates at once with one number, one succeeds."""
    caller = await logged_in(SandboxOptions(latency_ms=1))
    answers = await asyncio.gather(*(caller.call("POST", ACCOUNTS, account()) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert caller.sandbox.truth().accounts == 1


async def test_partitions_are_kept_apart() -> None:
    """An account of another partition is neither found nor in the way."""
    caller = await logged_in()
    made = await caller.create()
    caller.sandbox.options = SandboxOptions(partition_id="other")
    await caller.log_in()
    other = "/v2/partition/other/account"
    assert (await caller.call("GET", f"{other}/{made['id']}")).status_code == 404
    assert (await caller.call("GET", other)).json() == []
    assert (await caller.json("POST", other, account()))["partitionId"] == "other"
    assert caller.sandbox.truth().duplicate_account_numbers == []


async def test_list_is_a_bare_array_in_order() -> None:
    """The list is an array of whole accounts in the order of their creation."""
    caller = await logged_in()
    made = [await caller.create(f"ACME-{index}") for index in range(3)]
    assert (await caller.call("GET", ACCOUNTS)).json() == made


async def test_put_replaces_everything_but_the_servers_own() -> None:
    """A PUT keeps what was sent and forgets the rest; id, partition and user count stay."""
    caller = await logged_in()
    made = await caller.create(customField="old", unheardOf=1)
    put = account(accountName="New", id="mine", endUserCount=9)
    changed = await caller.json("PUT", f"{ACCOUNTS}/{made['id']}", put)
    assert changed == {
        **account(accountName="New"),
        "id": made["id"],
        "partitionId": "sandbox-partition",
        "status": "ACTIVE",
        "endUserCount": 0,
    }
    assert await caller.json("GET", f"{ACCOUNTS}/{made['id']}") == changed


async def test_an_account_read_and_put_back_is_unchanged() -> None:
    """Whatever a read answers can be put back as it is."""
    caller = await logged_in()
    made = await caller.create(unheardOf=[{"a": 1}])
    assert await caller.json("PUT", f"{ACCOUNTS}/{made['id']}", made) == made


async def test_patch_changes_what_it_names() -> None:
    """A PATCH changes the fields sent, at the top level; null takes an optional one away."""
    caller = await logged_in()
    made = await caller.create(customField="old", regulatoryType="COMMERCIAL")
    changed = await caller.json(
        "PATCH", f"{ACCOUNTS}/{made['id']}", {"accountName": "New", "customField": None}
    )
    del made["customField"]
    assert changed == {**made, "accountName": "New"}


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
async def test_changes_are_checked_like_creates(verb: str) -> None:
    """A change to something the API refuses is a 400 and changes nothing."""
    caller = await logged_in()
    made = await caller.create()
    response = await caller.call(verb, f"{ACCOUNTS}/{made['id']}", account(billingCycleDay=29))
    assert refusal(response)[:2] == (400, ["billingCycleDay must be less than or equal to 28"])
    assert await caller.json("GET", f"{ACCOUNTS}/{made['id']}") == made


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
async def test_a_number_moves_with_its_account(verb: str) -> None:
    """After a change of number the new one finds it and the old one is free; a taken one is refused."""
    caller = await logged_in()
    made = await caller.create()
    await caller.create("ACME-2")
    one = f"{ACCOUNTS}/{made['id']}"
    assert refusal(await caller.call(verb, one, account("ACME-2")))[2] == {"accountNumber": "ACME-2"}
    await caller.json(verb, one, account("ACME-3"))
    assert (await caller.json("GET", f"{ACCOUNTS}/ACME-3?accountIdType=AccountNumber"))["id"] == made["id"]
    assert (await caller.create("ACME-1"))["id"] != made["id"]


async def test_deleted_account_is_gone() -> None:
    """A deleted account is found by nothing, its number is free, and a second delete is a 404."""
    caller = await logged_in()
    made = await caller.create()
    one = f"{ACCOUNTS}/{made['id']}"
    response = await caller.call("DELETE", one)
    assert (response.status_code, response.content) == (200, b"")
    assert (await caller.call("DELETE", one)).status_code == 404
    assert (await caller.call("GET", one)).status_code == 404
    assert (await caller.call("GET", f"{ACCOUNTS}/ACME-1?accountIdType=AccountNumber")).status_code == 404
    await caller.create()
    truth = caller.sandbox.truth()
    assert (truth.accounts, truth.created_accounts) == (1, 2)


async def test_an_account_with_users_stays() -> None:
    """An account that has users cannot be deleted until they are gone."""
    caller = await logged_in()
    made = await caller.create()
    one = f"{ACCOUNTS}/{made['id']}"
    member = await caller.json("POST", f"{one}/user", user())
    assert refusal(await caller.call("DELETE", one)) == (
        400,
        ["Account cannot be deleted while it has users"],
        {"accountId": made["id"]},
    )
    assert (await caller.call("DELETE", f"{one}/user/{member['id']}")).status_code == 204
    assert (await caller.call("DELETE", one)).status_code == 200


async def test_status_is_a_bare_string() -> None:
    """The status is answered as a JSON string."""
    caller = await logged_in()
    made = await caller.create(status="SUSPENDED")
    assert (await caller.call("GET", f"{ACCOUNTS}/{made['id']}/status")).json() == "SUSPENDED"


async def test_search_finds_by_parts() -> None:
    """A search finds a part of number or name in any case, tells where, and without a term finds nothing."""
    caller = await logged_in()
    made = await caller.create("ACME-1", accountName="Zebra")
    await caller.create("ACME-2", accountName="Giraffe")
    assert (await caller.call("GET", f"{ACCOUNTS}/search?q=zeb")).json() == [
        {
            "partitionId": "sandbox-partition",
            "id": made["id"],
            "accountNumber": "ACME-1",
            "accountName": "Zebra",
            "type": "SIMPLE",
            "accountStatus": "ACTIVE",
            "platformType": "V2_1",
            "matches": {"accountName": "Zebra"},
        }
    ]
    assert len((await caller.call("GET", f"{ACCOUNTS}/search?q=ACME")).json()) == 2
    assert (await caller.call("GET", f"{ACCOUNTS}/search?q=lion")).json() == []
    assert (await caller.call("GET", f"{ACCOUNTS}/search")).json() == []


async def _with_one_of_each(caller: Caller) -> None:
    """Create one account with one user."""
    made = await caller.create()
    await caller.json("POST", f"{ACCOUNTS}/{made['id']}/user", user())


@pytest.mark.parametrize(
    ("query", "free"),
    [
        ("accountnumber=ACME-1", False),
        ("accountnumber=ACME-2", True),
        ("username=ann%40acme", False),
        ("username=bob%40acme", True),
        ("accountnumber=ACME-2&username=ann%40acme", False),
        ("macaddress=001122334455&sipusername=x", True),
        ("", True),
    ],
)
async def test_proposed_values_are_free_or_not(query: str, *, free: bool) -> None:
    """The check answers a bare boolean: true where every proposed value is free."""
    caller = await logged_in()
    await _with_one_of_each(caller)
    assert (await caller.call("GET", f"{ACCOUNTS}/validateproperties?{query}")).json() is free
