"""A step that sends, and then looks at what it has made: the look may fail where the send did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async import Item, Made, Workflow, step
from alianza_async.bulk import find_created
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault, SandboxOptions
from tests.bulk.engine import accounts, session_on

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox


async def _make_and_look(item: Item[AccountCreate]) -> Made:
    made = await item.session.accounts.create(item.row)
    there = await item.session.accounts.get(made.id or "")
    return Made(there.id, key=there.account_number)


async def _find(item: Item[AccountCreate]) -> Made | None:
    return await find_created(item.session.accounts.create, {}, item.row)


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("findable", [True, False])
async def test_what_was_accepted_is_not_sent_again(sandbox: Sandbox, *, findable: bool) -> None:
    """A gateway's 503 to the look is no reason to send once more, with or without a way to look it up."""
    sandbox.options = SandboxOptions(unique=False)
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", status=503))
    made = step("account", _make_and_look, key="account_number", find=_find if findable else None)
    workflow = Workflow[AccountCreate]("own", made, fields=AccountCreate, key="account_number")
    async with session_on(sandbox, attempts=1) as session:
        report = await session.bulk.workflow(workflow, accounts(1)).run()
    assert sandbox.truth().requests["createAccount"] == 1
    assert report.unknown == (0 if findable else 1)


@pytest.mark.usefixtures("short_waits")
async def test_a_row_that_alone_is_refused_by_a_gateway_ends(sandbox: Sandbox) -> None:
    """What a step reads before it sends is answered 503 for ever: the row fails, the job ends."""
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", times=None, status=503))

    async def look_and_make(item: Item[AccountCreate]) -> str | None:
        await item.session.accounts.get("any")
        return (await item.session.accounts.create(item.row)).id

    made = step("account", look_and_make, key="account_number", find=_find)
    workflow = Workflow[AccountCreate]("own", made, fields=AccountCreate, key="account_number")
    async with session_on(sandbox, attempts=1) as session:
        report = await session.bulk.workflow(workflow, accounts(1)).run()
    assert (report.failed, report.unknown, sandbox.truth().accounts) == (1, 0, 0)
