"""What a plan says of a kind, held to what a run of it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.planning.demands import DEMANDS
from alianza_async.sandbox import Sandbox, SandboxOptions
from tests.bulk.engine import account, session_on, user

if TYPE_CHECKING:
    from alianza_async.session import Session

ROWS = 5
SUBSCRIBER: dict[str, object] = {
    **account("A-1", account_type="ADVANCED", extension_length=4),
    **user("ada", first_name="Ada", last_name="Lovelace", email_address="ada@example.com"),
    "e911_address": "100 Main Street",
    "e911_city": "Salt Lake City",
    "e911_state": "UT",
    "postal_code": "84101",
    "country": "USA",
}
PLACE = {
    name: SUBSCRIBER[name] for name in ("e911_address", "e911_city", "e911_state", "postal_code", "country")
}


def rows_of(kind: str) -> list[dict[str, object]]:
    """Return rows of a kind; each is about its own account, user, number and device."""
    made: list[dict[str, object]] = []
    for number in range(1, ROWS + 1):
        own: dict[str, object] = {"account_number": f"A-{number:05}"}
        named = own | {"username": f"user-{number}"}
        tn: dict[str, object] = {"telephone_number": f"1801555{number:04}"}
        mac: dict[str, object] = {"mac_address": f"0011{number:08X}"}
        made.append(
            {
                "accounts": account(number),
                "users": user(f"user-{number}") | own,
                "subscribers": SUBSCRIBER | named | tn | mac,
                "telephone-numbers": named | PLACE | tn,
                "device-lines": named | mac,
                "calling-plans": named | {"calling_plan_product_id": "sandbox-plan-unlimited"},
                "suspend-accounts": own,
                "delete-accounts": own,
            }[kind]
        )
    return made


async def make_ready(session: Session, kind: str) -> None:
    """Make what the rows of a kind are about."""
    if kind in {"accounts", "subscribers"}:
        return
    await session.bulk.create_accounts(rows_of("accounts")).run()
    if kind in {"telephone-numbers", "device-lines", "calling-plans"}:
        await session.bulk.create_users(rows_of("users")).run()


async def carried_out(kind: str, permissions: dict[str, str] | None = None) -> tuple[int, list[str]]:
    """Return how many requests the rows of a kind cost, and how they ended."""
    sandbox = Sandbox()
    sandbox.seed_inventory([f"1801555{number:04}" for number in range(1, ROWS + 1)])
    async with session_on(sandbox) as session:
        await session.partition_id()
        await make_ready(session, kind)
        sandbox.options = SandboxOptions(permissions=permissions)
        before = sum(sandbox.truth().requests.values())
        report = await session.bulk.run(kind, rows_of(kind)).run()
    return sum(sandbox.truth().requests.values()) - before, [result.status for result in report.results]


@pytest.mark.parametrize("kind", DEMANDS)
async def test_a_plan_counts_the_calls_that_a_run_makes(kind: str) -> None:
    """So many requests a row, when all goes well: what a plan's time is reckoned from."""
    calls, statuses = await carried_out(kind)
    assert set(statuses) <= {"created", "updated"}
    parents = ROWS if kind == "users" else 0  # each account is looked up once: a plan counts those apart
    assert calls == (DEMANDS[kind].calls or 0) * ROWS + parents


@pytest.mark.parametrize(
    ("kind", "area"), [(kind, need.area) for kind in DEMANDS for need in DEMANDS[kind].needs]
)
async def test_a_run_needs_the_permissions_that_a_plan_asks_for(kind: str, area: str) -> None:
    """A login that holds nothing in one of the areas gets no row done."""
    _, statuses = await carried_out(kind, {area: "NONE"})
    assert set(statuses) <= {"failed", "unknown"}
