from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tools.campaign_plan import full_plan
from tools.campaign_run import run_plan

if TYPE_CHECKING:
    from pathlib import Path

    from tools.campaign_plan import Kind

pytestmark = pytest.mark.slow
LONG = pytest.mark.skipif(
    os.environ.get("CAMPAIGN") != "full", reason="takes a minute; CAMPAIGN=full, or `make campaign`"
)


@pytest.mark.parametrize(
    ("kind", "items"), [("accounts", 10_000), pytest.param("subscribers", 1_000, marks=LONG)]
)
async def test_full_campaign(kind: Kind, items: int, tmp_path: Path) -> None:
    """At the fixed rates of faults, twenty revocations and three kills: 0 lost, 0 duplicated, 0 unknown."""
    outcome = await run_plan(full_plan(1, items, kind), tmp_path)

    assert outcome.verdict.shown() == ""
    assert outcome.verdict.done + len(outcome.verdict.named) == items
    assert (outcome.kills, outcome.revocations) == (3, 20)
