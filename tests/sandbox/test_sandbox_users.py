"""Users in the sandbox: created in an account, found, changed, deleted."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from alianza_async.sandbox import SandboxOptions
from tests.sandbox.sandbox_caller import ACCOUNTS, Caller, Json, Refusal, logged_in, refusal, user


async def _home(options: SandboxOptions | None = None) -> tuple[Caller, str, Json]:
    """Answer a caller, the path of a new account's users, and the account."""
    caller = await logged_in(options)
    made = await caller.create()
    return caller, f"{ACCOUNTS}/{made['id']}/user", made


async def test_created_user_is_answered_whole() -> None:
    """A create answers an id, partition, account, defaults and everything sent; the account counts it."""
    caller, users, home = await _home()
    sent = user(firstName="Ann", extension="101", unheardOf=[1])
    made = await caller.json("POST", users, sent)
    assert {name: made[name] for name in sent} == sent
    assert (made["accountId"], made["partitionId"], made["mustChangePassword"]) == (
        home["id"],
        "sandbox-partition",
        False,
    )
    assert await caller.json("GET", f"{users}/{made['id']}") == made
    assert (await caller.json("GET", f"{ACCOUNTS}/{home['id']}"))["endUserCount"] == 1
    assert caller.sandbox.truth().created_users == 1


@pytest.mark.parametrize("name", ["ann@acme", "a/b?c#d", "Zoë"])
async def test_a_user_is_found_by_name(name: str) -> None:
    """A quoted user name finds its user, whatever it holds."""
    caller, users, _ = await _home()
    made = await caller.json("POST", users, user(name))
    assert await caller.json("GET", f"{users}/{quote(name, safe='')}?idType=UserName") == made


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        ("none", (404, ["User not found"], {"userId": "none"})),
        ("none?idType=ID", (404, ["User not found"], {"userId": "none"})),
        ("none?idType=UserName", (404, ["User not found"], {"username": "none"})),
        ("x?idType=Email", (400, ["idType must be one of ID, UserName"], {"idType": "Email"})),
    ],
)
async def test_look_ups_that_find_nothing(suffix: str, expected: Refusal) -> None:
    """An unknown id or name is a 404, an unknown kind of id a 400."""
    caller, users, _ = await _home()
    assert refusal(await caller.call("GET", f"{users}/{suffix}")) == expected


async def test_a_user_is_found_in_its_own_account_only() -> None:
    """Another account's user is a 404 by id and by name."""
    caller, users, _ = await _home()
    made = await caller.json("POST", users, user())
    other = await caller.create("ACME-2")
    elsewhere = f"{ACCOUNTS}/{other['id']}/user"
    assert (await caller.call("GET", f"{elsewhere}/{made['id']}")).status_code == 404
    assert (await caller.call("GET", f"{elsewhere}/ann%40acme?idType=UserName")).status_code == 404


async def test_users_need_an_account() -> None:
    """Users of an account that does not exist are a 404."""
    caller, _, _ = await _home()
    response = await caller.call("POST", f"{ACCOUNTS}/none/user", user())
    assert refusal(response) == (404, ["Account not found"], {"accountId": "none"})


async def test_a_name_is_used_once_whatever_the_account() -> None:
    """A user name in use is refused in every account."""
    caller, users, _ = await _home()
    await caller.json("POST", users, user())
    other = await caller.create("ACME-2")
    response = await caller.call("POST", f"{ACCOUNTS}/{other['id']}/user", user())
    assert refusal(response) == (400, ["Username is already in use"], {"username": "ann@acme"})
    assert caller.sandbox.truth().users == 1


async def test_without_uniqueness_doubles_are_stored_and_told() -> None:
    """With uniqueness off both are kept, the truth names them, and a look-up by name is refused."""
    caller, users, _ = await _home(SandboxOptions(unique=False))
    for _ in range(2):
        await caller.json("POST", users, user())
    truth = caller.sandbox.truth()
    assert (truth.users, truth.duplicate_usernames) == (2, ["ann@acme"])
    response = await caller.call("GET", f"{users}/ann%40acme?idType=UserName")
    assert refusal(response) == (400, ["More than one user has name ann@acme"], {"username": "ann@acme"})
    assert len((await caller.call("GET", users)).json()) == 2


async def test_list_holds_the_accounts_own() -> None:
    """The list is an array of the account's users in the order of their creation."""
    caller, users, _ = await _home()
    other = await caller.create("ACME-2")
    await caller.json("POST", f"{ACCOUNTS}/{other['id']}/user", user("zed@acme"))
    made = [await caller.json("POST", users, user(f"ann{index}@acme")) for index in range(3)]
    assert (await caller.call("GET", users)).json() == made


async def test_put_replaces_and_patch_changes() -> None:
    """A PUT forgets what it does not name, a PATCH keeps it; ids stay."""
    caller, users, home = await _home()
    made = await caller.json("POST", users, user(firstName="Ann", tags="x"))
    one = f"{users}/{made['id']}"
    patched = await caller.json("PATCH", one, {"firstName": "Anne", "tags": None, "accountId": "other"})
    del made["tags"]
    assert patched == {**made, "firstName": "Anne"}
    replaced = await caller.json("PUT", one, user())
    assert replaced == {
        **user(),
        "id": made["id"],
        "accountId": home["id"],
        "partitionId": "sandbox-partition",
    }


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
async def test_a_name_moves_with_its_user(verb: str) -> None:
    """After a change of name the new one finds the user and the old one is free; a taken one is refused."""
    caller, users, _ = await _home()
    made = await caller.json("POST", users, user())
    await caller.json("POST", users, user("bob@acme"))
    one = f"{users}/{made['id']}"
    assert refusal(await caller.call(verb, one, user("bob@acme")))[2] == {"username": "bob@acme"}
    await caller.json(verb, one, user("cid@acme"))
    assert (await caller.json("GET", f"{users}/cid%40acme?idType=UserName"))["id"] == made["id"]
    await caller.json("POST", users, user())


async def test_deleted_user_is_gone() -> None:
    """A delete answers 204 without a body; the user is gone, its name free, the account counts it no more."""
    caller, users, home = await _home()
    made = await caller.json("POST", users, user())
    response = await caller.call("DELETE", f"{users}/{made['id']}")
    assert (response.status_code, response.content, "content-length" in response.headers) == (204, b"", False)
    assert (await caller.call("DELETE", f"{users}/{made['id']}")).status_code == 404
    assert (await caller.json("GET", f"{ACCOUNTS}/{home['id']}"))["endUserCount"] == 0
    await caller.json("POST", users, user())
