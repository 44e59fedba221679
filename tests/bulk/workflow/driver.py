"""A ledger in memory and a driver: what the tests of workflows have in place of a journal and a runner."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Unpack, cast

import anyio

from alianza_async.bulk.input.rows import Row
from alianza_async.bulk.journal import StepEntry, safe_text
from alianza_async.bulk.journal.schema import TRANSITIONS
from alianza_async.bulk.work import Ended, Settle, StepFacts, Work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alianza_async.bulk.report import Status
    from alianza_async.bulk.engine.workflow import WorkflowKind
    from alianza_async.models.base import WriteModel

Values = dict[str, object]


class Killed(BaseException):
    """The process was killed: nothing after this is run, nothing more is written."""


@dataclass
class MemoryLedger:
    """A journal in memory, which holds the journal's graph of states and can be killed at any write.

    Attributes:
        settle_s: Seconds until what was lost is looked up.
        entries: What was written, by row and step.
        writes: Each write as `row step status`, in order.
        kill_after: How many writes reach the disk before the process is killed; None = it lives.
        dies_at_once: Whether it dies before anything follows the last of them; else at the next write.
    """

    settle_s: float = 0.0
    entries: dict[tuple[int, str], StepEntry] = field(default_factory=dict[tuple[int, str], StepEntry])
    writes: list[str] = field(default_factory=list[str])
    kill_after: int | None = None
    dies_at_once: bool = False

    async def intend(self, work: Work, *, step: str | None = None, step_key: str | None = None) -> None:
        """Write an intent."""
        assert step is not None
        self._write(work, step, "intent", key=step_key)
        await anyio.lowlevel.checkpoint()

    async def settle_step(self, work: Work, step: str, status: Status, **facts: Unpack[StepFacts]) -> None:
        """Write an outcome."""
        name, sentence = safe_text(facts.get("error"))
        self._write(
            work,
            step,
            status,
            key=facts.get("key"),
            object_id=facts.get("object_id"),
            detail=facts.get("detail"),
            error_class=name,
            error=sentence,
            attempts=facts.get("attempts", 0),
            request_id=facts.get("request_id"),
            adopted=facts.get("adopted", False),
        )
        await anyio.lowlevel.checkpoint()

    def steps(self, work: Work) -> Mapping[str, StepEntry]:
        """Return a row's steps."""
        return {step: entry for (row, step), entry in self.entries.items() if row == work.row.number}

    def known_elsewhere(self, work: Work, step: str, key: str) -> bool:
        """Tell whether another row has a step with this key."""
        return any(
            entry.step == step and entry.key == key and row != work.row.number
            for (row, _), entry in self.entries.items()
        )

    def statuses(self, row: int = 1) -> dict[str, str]:
        """Return the status of each step of a row."""
        return {step: entry.status for (number, step), entry in self.entries.items() if number == row}

    def _write(self, work: Work, step: str, status: str, **values: object) -> None:
        if self.kill_after is not None:
            if self.kill_after == 0:
                raise Killed
            self.kill_after -= 1
        row = work.row.number
        before = self.entries.get((row, step))
        allowed = TRANSITIONS[before.status if before else None]
        assert status in allowed, f"{step}: {before.status if before else None} -> {status}"
        blank = StepEntry(
            row,
            step,
            None,
            status,
            None,
            None,
            None,
            None,
            0,
            None,
            adopted=False,
            intent_at=None,
            settled_at=None,
        )
        self.entries[row, step] = replace(blank, **values)  # type: ignore[arg-type]
        self.writes.append(f"{row} {step} {status}")
        if self.kill_after == 0 and self.dies_at_once:
            raise Killed


def works(
    kind: WorkflowKind[WriteModel], rows: Sequence[Mapping[str, object]], **changes: object
) -> list[Work]:
    """Return the rows of a job, numbered from 1, checked as the intake checks them."""
    out: list[Work] = []
    for number, values in enumerate(rows, 1):
        payload = kind.read(values)
        row = Row(number, dict(values), None, ())
        out.append(Work(row, payload, payload.key, **changes))  # type: ignore[arg-type]
    return out


async def drive(kind: WorkflowKind[WriteModel], work: Work, ledger: MemoryLedger) -> Ended:
    """Give a row its turns until it has ended."""
    while True:
        try:
            return await kind.carry_out(work, ledger)
        except Settle as later:
            await anyio.sleep(max(0.0, later.due - anyio.current_time()))


async def run(
    kind: WorkflowKind[WriteModel],
    rows: Sequence[Mapping[str, object]],
    ledger: MemoryLedger | None = None,
    *,
    workers: int = 8,
    **changes: object,
) -> list[Ended]:
    """Carry rows out, so many at a time, and return how each ended, in the order of the rows."""
    ledger = ledger or MemoryLedger()
    todo = works(kind, rows, **changes)
    ends: dict[int, Ended] = {}
    queue = iter(todo)

    async def worker() -> None:
        for work in queue:
            ends[work.row.number] = await drive(kind, work, ledger)

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(worker)
    return [ends[work.row.number] for work in todo]


async def killed(
    kind: WorkflowKind[WriteModel], rows: Sequence[Mapping[str, object]], ledger: MemoryLedger, after: int
) -> bool:
    """Carry rows out, one by one, until the process is killed after so many writes; tell whether it was."""
    ledger.kill_after = after
    try:
        for work in works(kind, rows):
            await drive(kind, work, ledger)
    except Killed:
        return True
    finally:
        ledger.kill_after = None
    return False


def any_kind(kind: object) -> WorkflowKind[WriteModel]:
    """Return a workflow's kind as the driver takes it."""
    return cast("WorkflowKind[WriteModel]", kind)
