"""Rows of every kind, and what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.sandbox import Sandbox
from tests.bulk.engine import account, user

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


def with_numbers() -> Sandbox:
    """Return a server with the rows' numbers in its inventory."""
    made = Sandbox()
    made.seed_inventory([f"1801555{number:04}" for number in range(1, ROWS + 1)])
    return made
