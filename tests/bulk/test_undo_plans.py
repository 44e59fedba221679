"""Calling plans are taken back: each plan is bought once, and said to be gone only where it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import anyio

from alianza_async.bulk.undoing.undo import undo
from alianza_async.policies.values import RetryPolicy
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.httpx import InProcessTransport
from tests.bulk.engine import session_on
from tests.bulk.undo_jobs import made, sentences, undone

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "sandbox-plan-500", "sandbox-plan-2000"
ROW = {"account_number": "A-1", "username": "ann", "calling_plan_product_id": NEW}


async def changed(sandbox: Sandbox, session: Session, path: Path) -> None:
    """Give a user, who has another plan, the new one."""
    account: dict[str, object] = {"accountNumber": "A-1", "accountName": "Ann", "accountType": "SIMPLE"}
    account |= {"billingCycleDay": 1, "timeZone": "US/Eastern"}
    user: dict[str, object] = {"accountNumber": "A-1", "username": "ann", "timeZone": "US/Eastern"}
    plan: dict[str, object] = {"accountNumber": "A-1", "username": "ann", "callingPlanProductId": OLD}
    sandbox.seed({"accounts": [account], "users": [user], "plans": [plan]}, login="crm", ago_s=9_999)
    await made(session, "calling-plans", [ROW], path)
    sandbox.store.guarded.clear()  # from here on a second one of the same product is bought, not refused


def plans(sandbox: Sandbox) -> list[str]:
    """Return the products of all plans that anybody has."""
    return sorted(plan.product_id for plan in sandbox.store.plans.everything())


async def test_an_undo_that_goes_on_waits_for_what_was_sent_before(tmp_path: Path) -> None:
    """Cut off while a plan is bought back, and begun again at once, it buys no second one."""
    path, sandbox = tmp_path / "job.db", Sandbox(SandboxOptions(unique=False))
    async with session_on(sandbox) as session:
        await changed(sandbox, session, path)
    settling = Session(
        Credentials("tester", "a-made-up-password"),
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
        retry=RetryPolicy(wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0.6),
    )
    async with settling as session:
        sandbox.faults.add(Fault(kind="late", operation="addPlan", delay_s=0.4))
        task = asyncio.create_task(undo(session, path))
        with anyio.fail_after(20):
            while not sandbox.faults.struck["late"]:  # noqa: ASYNC110  (the sandbox tells nobody)
                await anyio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (undone(path), plans(sandbox)) == ({"others": "intent"}, [NEW])

        report = await undo(session, path)
        await anyio.sleep(0.4)  # until what was sent first is carried out, at the latest

    assert (report.undone, plans(sandbox)) == (1, [OLD])


async def test_a_plan_that_one_list_lacks_is_taken_all_the_same(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A list that is empty once is no proof that the plan is gone."""
    path = tmp_path / "job.db"
    await changed(sandbox, session, path)
    await undo(session, path)
    for lies in range(1, 4):
        again = tmp_path / f"again-{lies}.db"
        await made(session, "calling-plans", [ROW], again)
        sandbox.faults.add(Fault(kind="absent", operation="getPlans", times=lies))
        report = await undo(session, again)
        sandbox.faults.clear()
        if report.refused:
            assert (plans(sandbox), "changed since" in sentences(report)[1]) == ([NEW], True)
            report = await undo(session, again)
        assert (report.undone, plans(sandbox)) == (1, [OLD])
