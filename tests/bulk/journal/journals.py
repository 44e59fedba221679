"""What the tests of the journal share: a job's facts, moves along the graph, another process."""

from __future__ import annotations

import sys
from collections import deque
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.journal import JobFacts, Journal
from alianza_async.bulk.journal.schema import TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parents[3]
FACTS: Final = JobFacts(
    job_id="job-1",
    kind="accounts",
    input="accounts.csv",
    input_sha256="ab" * 32,
    options={"concurrency": 20, "ensure": False},
    base_url="https://api.b2.alianza.com",
    environment="beta",
    partition_id=None,
    login="operator",
    rows=None,
)


def path_to(status: str) -> list[str]:
    """Return by which statuses a row comes to one, the shortest way."""
    ways = deque[list[str]]([[after] for after in TRANSITIONS[None]])
    while ways:
        way = ways.popleft()
        if way[-1] == status:
            return way
        ways.extend([*way, after] for after in TRANSITIONS[way[-1]] if after not in way)
    raise AssertionError(f"nothing leads to {status}")


async def move(journal: Journal, row: int, status: str, *, step: str | None = None) -> None:
    """Move a row, or a step of it, by the method that is for it."""
    is_there = journal.entry(row) is not None if step is None else step in journal.steps(row)
    if status == "intent":
        await journal.intend(row, f"A-{row}", b"d", step=step)
    elif status == "pending" and is_there:
        await journal.put_back(row, step=step)
    elif step is None:
        await journal.settle(row, f"A-{row}", b"d", status)
    else:
        await journal.settle_step(row, step, status)


def child(code: str, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> Popen[str]:
    """Run Python in another process, with pipes."""
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return Popen(words, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd=ROOT, env=environment)  # noqa: S603
