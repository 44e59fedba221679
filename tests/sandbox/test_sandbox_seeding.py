"""Objects that are there beforehand, as account history tells of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.sandbox import Sandbox, SandboxOptions, SandboxProcess
from tests.sandbox.sandbox_caller import ACCOUNTS, account, logged_in

if TYPE_CHECKING:
    from tests.sandbox.sandbox_caller import Json

NOTHING: dict[str, object] = {}
ANN = {"accountNumber": "ACME-1", "username": "ann@acme"}
NUMBER, RESERVED = "18015550001", "18015550002"


def everything() -> dict[str, list[Json]]:
    """Write one object of every sort."""
    return {
        "plans": [{**ANN, "callingPlanProductId": "sandbox-plan-500"}],
        "lines": [{**ANN, "macAddress": "02:00:00:00:00:01"}],
        "numbers": [
            {**ANN, "phoneNumber": NUMBER},
            {"accountNumber": "ACME-1", "phoneNumber": "18015550003"},
        ],
        "users": [{**ANN, "timeZone": "US/Eastern"}],
        "accounts": [account("ACME-1")],
        "reservations": [{"phoneNumber": RESERVED}],
    }


def test_everything_is_there_and_old() -> None:
    """Each object is there, in service, its user's, and made by the login and at the time that is said."""
    sandbox = Sandbox()
    made = sandbox.seed(everything(), login="crm", ago_s=3600)
    truth, entries = sandbox.truth(), sandbox.store.history.entries
    assert (truth.accounts, truth.users, truth.active_numbers, truth.device_lines, truth.calling_plans) == (
        1, 1, 2, 1, 1,
    )  # fmt: skip
    assert truth.numbers_without_address == []
    user_id = made["users"][0]["id"]
    assert made["numbers"][0]["referenceId"] == made["lines"][0]["userId"] == user_id
    assert {entry.actor for entry in entries} == {"crm"}
    assert all(abs(time.time() - 3600 - entry.logged) < 60 for entry in entries)
    assert sandbox.store.numbers.inventory.one("sandbox-partition", RESERVED).reserved_by == "crm"


async def test_what_comes_later_is_of_now() -> None:
    """What a request makes after a seeding is made by its login, now."""
    caller = await logged_in()
    caller.sandbox.seed({"accounts": [account("OLD-1")]})
    await caller.create("NEW-1")
    entry = caller.sandbox.store.history.entries[-1]
    assert (entry.actor, entry.name) == ("ann", "NEW-1")
    assert abs(time.time() - entry.logged) < 60


async def test_a_seeded_key_stays_unique() -> None:
    """A second object with a seeded key is refused also where keys may repeat; others may repeat."""
    caller = await logged_in(SandboxOptions(unique=False))
    caller.sandbox.seed({"accounts": [account("OLD-1")]})
    assert (await caller.call("POST", ACCOUNTS, account("OLD-1"))).status_code == 400
    for _ in range(2):
        await caller.create("NEW-1")
    assert caller.sandbox.truth().duplicate_account_numbers == ["NEW-1"]


@pytest.mark.parametrize(
    ("things", "why"),
    [
        (
            {"faxes": [NOTHING]},
            "faxes cannot be seeded: accounts, users, numbers, lines, plans, reservations can",
        ),
        ({"users": [ANN]}, "this cannot be seeded: Account not found"),
        ({"accounts": [NOTHING]}, "this cannot be seeded: accountNumber must not be null; .*"),
    ],
)
def test_what_cannot_be_is_refused(things: dict[str, list[Json]], why: str) -> None:
    """A body that the API would refuse, or a sort there is none of, is an error that says why."""
    with pytest.raises(ValueError, match=why):
        Sandbox().seed(things)


async def test_another_process_is_seeded() -> None:
    """The child makes them too, tells all there is, and lets go what hangs."""
    async with SandboxProcess() as child:
        made = await child.seed(everything(), login="crm", ago_s=60)
        assert made["accounts"][0]["accountNumber"] == "ACME-1"
        assert (await child.truth()).calling_plans == 1
        for name, count in (("plans", 1), ("reservations", 1), ("history", 8), ("requests", 0)):
            listed = cast("list[Json]", await child.call("GET", f"/_sandbox/{name}"))
            assert (name, len(listed)) == (name, count)
        assert await child.call("POST", "/_sandbox/release") == {}
        refused = cast("Json", await child.call("POST", "/_sandbox/seed", []))
        assert refused["messages"] == ["what is to be seeded must be a JSON object"]
