"""What the tests of the journal share: a job's facts, moves along the graph, another process."""

from __future__ import annotations

import sys
from collections import deque
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.journal import JobFacts, PutBack, RowOutcome, StepIntent, StepOutcome
from alianza_async.bulk.journal.schema import TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.journal import Change, Entry, Fence, JournalStore, Purpose, StepEntry

ROOT: Final = Path(__file__).resolve().parents[3]
FACTS: Final = JobFacts(
    job_id="job-1",
    kind="accounts",
    input="accounts.csv",
    input_sha256="ab" * 32,
    options={"concurrency": 20, "ensure": False},
    base_url="https://api.b2.alianza.com",
    environment="beta",
    scope=None,
    login="operator",
    rows=None,
)


async def leased(store: JournalStore) -> Fence:
    """Take the one part that a job has."""
    return await store.lease(owner="test", ttl_s=60)


def intent(row: int, step: str = "account", purpose: Purpose = "create") -> StepIntent:
    """Return the intent of a row's step."""
    return StepIntent(row, f"A-{row}", b"d", step, f"A-{row}", purpose)


def outcome(row: int, status: str = "created", step: str = "account") -> tuple[StepOutcome, RowOutcome]:
    """Return the outcome of a row of one step."""
    return (
        StepOutcome(row, step, status, object_id=f"id-{row}"),
        RowOutcome(row, f"A-{row}", b"d", status, object_id=f"id-{row}"),
    )


async def entry_of(store: JournalStore, row: int) -> Entry | None:
    """Return a row's entry."""
    state = (await store.rows([row])).get(row)
    return None if state is None else state.entry


async def step_of(store: JournalStore, row: int, step: str = "account") -> StepEntry | None:
    """Return one step of a row."""
    state = (await store.rows([row])).get(row)
    return None if state is None else state.steps.get(step)


def path_to(status: str) -> list[str]:
    """Return by which statuses a row comes to one, the shortest way."""
    ways = deque[list[str]]([[after] for after in TRANSITIONS[None]])
    while ways:
        way = ways.popleft()
        if way[-1] == status:
            return way
        ways.extend([*way, after] for after in TRANSITIONS[way[-1]] if after not in way)
    raise AssertionError(f"nothing leads to {status}")


def move(row: int, status: str, *, of_step: bool, is_there: bool, purpose: Purpose = "update") -> Change:
    """Return the change that moves a row, or its one step, to a status."""
    if status == "intent":
        return intent(row, purpose=purpose)
    if status == "pending" and is_there:
        return PutBack(row, "account" if of_step else None)
    if of_step:
        return StepOutcome(row, "account", status)
    return RowOutcome(row, f"A-{row}", b"d", status)


def child(code: str, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> Popen[str]:
    """Run Python in another process, with pipes."""
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return Popen(words, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd=ROOT, env=environment)  # noqa: S603
