"""One call of each class, and one script to make it on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from alianza_async.calls.call import Reply
from alianza_async.errors import AlianzaError
from alianza_async.models.accounts import Account, AccountCreate
from alianza_async.session import Session
from tests.conftest import FAST_RETRY
from tests.fakes import ScriptedTransport, scripted

if TYPE_CHECKING:
    from alianza_async.policies.values import RetryPolicy

WIRE: dict[str, object] = {
    "accountNumber": "ACME-1",
    "accountName": "Acme",
    "accountType": "SIMPLE",
    "timeZone": "US/Eastern",
    "billingCycleDay": 1,
}
FOUND: dict[str, object] = {"id": "a1", **WIRE}
OTHER: dict[str, object] = {"id": "a9", **WIRE, "accountName": "Somebody else"}

CREATE = "POST /v2/partition/part/account"
LOOK_UP = "GET /v2/partition/part/account/ACME-1"

Make = Callable[[Session], Awaitable[Reply[object]]]
"""Makes one call on a session."""


def new_account() -> AccountCreate:
    """Return an account to create."""
    return AccountCreate(
        account_number="ACME-1",
        account_name="Acme",
        account_type="SIMPLE",
        time_zone="US/Eastern",
        billing_cycle_day=1,
    )


async def safe(session: Session) -> Reply[object]:
    """Read an account."""
    return await session.accounts.get.raw("a1")


async def idempotent(session: Session) -> Reply[object]:
    """Put an account in the place of one."""
    return await session.accounts.replace.raw("a1", Account(id="a1", account_name="Acme"))


async def delete(session: Session) -> Reply[object]:
    """Delete an account."""
    return await session.accounts.delete.raw("a1")


async def create(session: Session) -> Reply[object]:
    """Create an account."""
    return await session.accounts.create.raw(new_account())


async def action(session: Session) -> Reply[object]:
    """Post what has no natural key."""
    return await session.call("POST", "/v2/thing", body={"a": 1})


async def settled(
    make: Make, transport: ScriptedTransport, retry: RetryPolicy = FAST_RETRY
) -> Reply[object] | AlianzaError:
    """Make one call on a script, and return its reply or its error."""
    async with scripted(transport, retry=retry) as session:
        try:
            return await make(session)
        except AlianzaError as error:
            return error


async def reply_of(
    make: Make, transport: ScriptedTransport, retry: RetryPolicy = FAST_RETRY
) -> Reply[object]:
    """Make one call on a script, and return its reply."""
    async with scripted(transport, retry=retry) as session:
        return await make(session)
