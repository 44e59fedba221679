from __future__ import annotations

import pytest

from tests.sandbox.sandbox_caller import ACCOUNTS, account, logged_in, user


async def test_everything_there_is_can_be_listed() -> None:
    """Each list has every object of its sort as it is, without a login."""
    caller = await logged_in()
    made = await caller.create()
    member = await caller.json("POST", f"{ACCOUNTS}/{made['id']}/user", user())
    caller.token = ""
    assert (await caller.call("GET", "/_sandbox/users")).json() == [member]
    assert [one["id"] for one in (await caller.call("GET", "/_sandbox/accounts")).json()] == [made["id"]]


@pytest.mark.parametrize("name", ["accounts", "users", "numbers", "lines"])
async def test_a_list_of_nothing_is_empty(name: str) -> None:
    """Where there is nothing of a sort, its list is empty."""
    assert (await (await logged_in()).call("GET", f"/_sandbox/{name}")).json() == []


async def test_strikes_are_told() -> None:
    """How often each kind of fault has struck is told, and kinds that did not are left out."""
    caller = await logged_in()
    plan = [{"kind": "status_before", "operation": "createAccount", "times": 2}, {"kind": "html_after"}]
    await caller.json("POST", "/_sandbox/faults", plan)
    assert await caller.json("GET", "/_sandbox/faults") == {"struck": {}, "hanging": 0}
    for _ in range(4):
        await caller.call("POST", ACCOUNTS, account())
    told = await caller.json("GET", "/_sandbox/faults")
    assert told == {"struck": {"status_before": 2, "html_after": 1}, "hanging": 0}
