"""Plans that aim: jobs beside objects that are there already, and undone in the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from tools.campaign_aimed import run_aimed
from tools.campaign_plan import Kind, aimed_plan
from tools.scenarios_kinds import KINDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", get_args(Kind))
async def test_where_nothing_lies_nothing_is_harmed(kind: Kind, tmp_path: Path) -> None:
    """Without faults every row is done, what was there before is left alone, and undo takes the rest back."""
    plan = replace(aimed_plan(1, 8, kind), faults=(), kills=(), before=0.5, undone=True, latest_s=0)

    outcome = await run_aimed(plan, tmp_path)

    assert outcome.verdict.shown() == ""
    assert outcome.verdict.done == plan.items
    assert (outcome.before > 0) is (kind != "delete-accounts")
    assert outcome.undone == (plan.items - outcome.before if kind != "delete-accounts" else 0)


def test_an_aimed_plan_strikes_every_request() -> None:
    """The same seed is the same plan, and each request that changes something may meet each fault."""
    for kind in get_args(Kind):
        plan = aimed_plan(7, 60, kind)
        assert plan == aimed_plan(7, 60, kind)
        for operation in KINDS[kind].sends:
            kinds = {fault["kind"] for fault in plan.faults if fault["operation"] == operation}
            assert {"late", "foreign_after", "foreign_before", "empty_after", "html_after"} <= kinds
        assert {"another", "twice", "absent"} <= {fault["kind"] for fault in plan.faults}
