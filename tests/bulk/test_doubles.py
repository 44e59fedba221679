"""Which objects have a key, where one is all there should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.reconciling.doubles import Creation, doubles
from alianza_async.sandbox import Fault, Sandbox, SandboxOptions
from tests.bulk.reconcile_jobs import account, other_login

if TYPE_CHECKING:
    from alianza_async.session import Session


@pytest.fixture(autouse=True)
def _not_unique(sandbox: Sandbox) -> None:
    """A sandbox that lets everything be created twice."""
    sandbox.options = SandboxOptions(unique=False)


async def test_doubles_are_listed_with_who_and_when(sandbox: Sandbox, session: Session) -> None:
    """Every account of a number, oldest first, with the login that created it and when."""
    first = await session.accounts.create(account("ACME-1"))
    async with other_login(sandbox) as other:
        second = await other.accounts.create(account("ACME-1"))
    found = await doubles(session, "ACME-1")
    assert [(each.object_id, each.who) for each in found] == [
        (first.id, "tester"),
        (second.id, "somebody-else"),
    ]
    assert all(each.when is not None for each in found)
    assert str(found[1]).startswith(f"{second.id}, created by somebody-else on 20")


async def test_one_account_is_no_double(session: Session) -> None:
    """A number that one account has, or none, gives nothing."""
    await session.accounts.create(account("ACME-1"))
    await session.accounts.create(account("ACME-10"))
    assert (await doubles(session, "ACME-1"), await doubles(session, "NONE")) == ([], [])


async def test_doubles_are_seen_without_history(sandbox: Sandbox, session: Session) -> None:
    """Where history cannot be read the search alone tells that there are two, and nobody is named."""
    sandbox.options = SandboxOptions(unique=False, permissions={"AccountHistory": "NONE"})
    ids = [(await session.accounts.create(account("ACME-1"))).id for _ in range(2)]
    assert await doubles(session, "ACME-1") == [Creation(object_id) for object_id in ids]


async def test_a_history_that_fails_names_nobody(sandbox: Sandbox, session: Session) -> None:
    """A history that answers 500 does not keep doubles from being listed."""
    for _ in range(2):
        await session.accounts.create(account("ACME-1"))
    history = "accountHistoryByAccountNumberSearch"
    sandbox.faults.add(Fault(kind="status_before", operation=history, status=500, times=None))
    assert [each.who for each in await doubles(session, "ACME-1")] == [None, None]
