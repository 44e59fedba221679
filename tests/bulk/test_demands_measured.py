"""What a plan says of a kind, held to what a run of it does."""

from __future__ import annotations

import pytest

from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.sandbox import SandboxOptions
from tests.bulk.engine import session_on
from tests.bulk.kind_rows import ROWS, make_ready, rows_of, with_numbers


async def carried_out(kind: str, permissions: dict[str, str] | None = None) -> tuple[int, list[str]]:
    """Return how many requests the rows of a kind cost, and how they ended."""
    sandbox = with_numbers()
    async with session_on(sandbox) as session:
        await session.partition_id()
        await make_ready(session, kind)
        sandbox.options = SandboxOptions(permissions=permissions)
        before = sum(sandbox.truth().requests.values())
        report = await session.bulk.run(kind, rows_of(kind)).run()
    return sum(sandbox.truth().requests.values()) - before, [result.status for result in report.results]


@pytest.mark.parametrize("kind", WORKFLOWS)
async def test_a_plan_counts_the_calls_that_a_run_makes(kind: str) -> None:
    """So many requests a row, when all goes well: what a plan's time is reckoned from."""
    calls, statuses = await carried_out(kind)
    assert set(statuses) <= {"created", "updated"}
    parents = ROWS if kind == "users" else 0  # each account is looked up once: a plan counts those apart
    # The rows have one address, whose verdicts they share: a plan counts them for each row, at the most.
    shared = 2 * (ROWS - 1) if "address" in {step.name for step in WORKFLOWS[kind].steps} else 0
    assert calls == WORKFLOWS[kind].calls * ROWS + parents - shared


@pytest.mark.parametrize(
    ("kind", "area"), [(kind, need.area) for kind in WORKFLOWS for need in WORKFLOWS[kind].needs]
)
async def test_a_run_needs_the_permissions_that_a_plan_asks_for(kind: str, area: str) -> None:
    """A login that holds nothing in one of the areas gets no row done."""
    _, statuses = await carried_out(kind, {area: "NONE"})
    assert set(statuses) <= {"failed", "unknown"}
