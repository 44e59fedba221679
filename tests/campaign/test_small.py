from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tools.campaign_plan import late_plan, random_plan
from tools.campaign_run import run_plan

if TYPE_CHECKING:
    from tools.campaign_plan import Plan
    from tools.campaign_run import Outcome

pytestmark = pytest.mark.slow


def brisk(plan: Plan) -> Plan:
    """Return a plan that waits for less: this server is as quick as it seems."""
    return replace(plan, timeout_s=1, settle_s=1)


PLANS = [
    *(brisk(random_plan(seed, 150)) for seed in (3, 10, 15)),
    brisk(random_plan(4, 30, "subscribers")),
    late_plan(1, 60, knows="settle"),
    late_plan(1, 60, knows="history"),
    late_plan(1, 60, knows="nothing"),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Run all plans, four at once: most of their time is waiting."""
    folder = tmp_path_factory.mktemp("campaign")

    async def run_all() -> list[Outcome]:
        turns = asyncio.Semaphore(4)

        async def one(plan: Plan) -> Outcome:
            async with turns:
                return await run_plan(plan, folder / plan.name)

        return await asyncio.gather(*(one(plan) for plan in PLANS))

    return {outcome.plan.name: outcome for outcome in asyncio.run(run_all())}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_every_row_is_made_exactly_once(plan: Plan, outcomes: dict[str, Outcome]) -> None:
    """Killed, cut off, lied to, its token revoked: each row is there once, or it is named and cannot be.

    Of a subscriber that is account, user, number in service with a validated address, and line. Where a
    server carries out late what was given up, and neither shows what has arrived nor is waited for, doubles
    are made, and each is listed with all of its objects.
    """
    outcome = outcomes[plan.name]

    assert outcome.verdict.shown() == ""
    assert len(outcome.verdict.named) == plan.spoilt
    assert outcome.verdict.done + outcome.listed == plan.items - plan.spoilt
    assert (outcome.listed > 0) is plan.reconciled


def test_the_campaign_was_one(outcomes: dict[str, Outcome]) -> None:
    """Jobs were killed, tokens revoked, and each kind of fault has struck."""
    struck = {kind for outcome in outcomes.values() for kind in outcome.struck}
    kinds = {"status_before", "status_after", "cut_before", "cut_after", "hang_after", "html_after", "late"}

    assert struck == kinds
    assert sum(outcome.kills for outcome in outcomes.values()) >= 6
    assert sum(outcome.revocations for outcome in outcomes.values()) >= 3
