"""A journal in memory that can be killed, and a driver: what tests of workflows have in place of a job."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

import anyio

from alianza_async.bulk.engine.context import JobContext
from alianza_async.bulk.engine.evidence import History
from alianza_async.bulk.engine.outcomes import from_error, from_steps
from alianza_async.bulk.engine.recorder import outcome_of
from alianza_async.bulk.engine.settlement import ends_the_job
from alianza_async.bulk.engine.turns import Later
from alianza_async.bulk.engine.work import Work
from alianza_async.bulk.input.rows import Row
from alianza_async.bulk.journal.memory import MemoryStore
from alianza_async.bulk.journal.store import PutBack, StepIntent, StepOutcome
from alianza_async.bulk.report import DONE
from alianza_async.errors import AlianzaError
from tests.bulk.engine import exact_clock
from tests.bulk.journal.journals import FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.journal.store import Change, Entry, Fence, StepEntry
    from alianza_async.bulk.report import ItemResult
    from alianza_async.session import Session


class Killed(BaseException):
    """The process was killed: nothing after this is run, nothing more is written."""


class KillableStore(MemoryStore):
    """A journal in memory, which holds rows to the journal's graph and can be killed at any write.

    Args:
        settle_s: Seconds until what was lost is looked up.
        dies_at_once: Whether it dies before anything follows the last write; else at the next one.

    Attributes:
        settle_s: Seconds until what was lost is looked up.
        writes: Each change of a step as `row step status`, in order.
        commits: How many writes there were.
        kill_after: How many writes reach the disk before the process is killed; None = it lives.
        dies_at_once: As of the arguments.
    """

    def __init__(self, settle_s: float = 0.0, *, dies_at_once: bool = False) -> None:
        super().__init__(FACTS)
        self.settle_s = settle_s
        self.writes: list[str] = []
        self.commits = 0
        self.kill_after: int | None = None
        self.dies_at_once = dies_at_once

    async def write(self, fence: Fence, *changes: Change) -> None:
        """Write changes, unless the process is dead."""
        if self.kill_after is not None and self.kill_after <= 0:
            raise Killed
        self.kill_after = None if self.kill_after is None else self.kill_after - 1
        last = self.kill_after == 0
        await super().write(fence, *changes)
        self.commits += 1
        for change in changes:
            match change:
                case StepIntent():
                    self.writes.append(f"{change.row} {change.step} intent")
                case StepOutcome():
                    self.writes.append(f"{change.row} {change.step} {change.status}")
                case PutBack(row, step) if step is not None:
                    self.writes.append(f"{row} {step} pending")
                case _:
                    pass
        if last and self.dies_at_once:
            raise Killed

    def entry(self, row: int = 1) -> Entry:
        """Return what is known of a row."""
        return self._entries[row]

    def step(self, row: int, step: str) -> StepEntry:
        """Return what is known of a step of a row."""
        return self._steps[row][step]

    def statuses(self, row: int = 1) -> dict[str, str]:
        """Return the status of each step of a row."""
        return {step: entry.status for step, entry in self._steps.get(row, {}).items()}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return not self._entries and not self._steps


def history_on(session: Session) -> History:
    """Return account history as it proves most: the clocks are known, and look-ups take a second."""
    return History(session, server_clock=exact_clock(), clock=lambda: time.time() + 1.0)


async def job_of(
    kind: AnyKind, store: KillableStore | None = None, *, history: History | None = None
) -> JobContext:
    """Return what the rows of one run have in common; it takes the journal over from the run before it."""
    store = store or KillableStore()
    fence = await store.lease(owner="test", ttl_s=-1.0)
    return JobContext(
        kind.session,
        store,
        fence,
        history or history_on(kind.session),
        settle_s=store.settle_s,
        on_exists=kind.on_exists,
        ensure=kind.ensure,
    )


async def works(
    kind: AnyKind, rows: Sequence[Mapping[str, object]], store: MemoryStore, **changes: object
) -> list[Work]:
    """Return the rows of a job, numbered from 1, with what the journal has of them."""
    known = await store.rows(range(1, len(rows) + 1))
    out: list[Work] = []
    for number, values in enumerate(rows, 1):
        payload = kind.read(values)
        work = Work(Row(number, dict(values), None, ()), payload, payload.key, digest=b"d")
        state = known.get(number)
        if state is not None:
            work.state, work.attempts = state, state.entry.attempts
            work.look_first = not state.steps or state.entry.status == "failed"
            work.unknown_before = state.entry.status == "unknown"
        for name, value in changes.items():
            setattr(work, name, value)
        out.append(work)
    return out


async def drive(kind: AnyKind, work: Work, job: JobContext) -> ItemResult:
    """Give a row its turns until it has ended, and write its outcome."""
    work.began = time.monotonic()
    while True:
        try:
            result = from_steps(work, await kind.run_of(job, work).go_on())
        except Later as later:
            await anyio.sleep(max(0.0, later.due - anyio.current_time()))
        except AlianzaError as error:
            if ends_the_job(error):
                await record(kind, work, job, from_error(work, error))
                raise
            return await record(kind, work, job, from_error(work, error))
        else:
            return await record(kind, work, job, result)


async def record(kind: AnyKind, work: Work, job: JobContext, result: ItemResult) -> ItemResult:
    """Write the outcome of a row with those of its steps, unless an earlier run has settled it."""
    journal = kind.run_of(job, work).journal
    pending = journal.taken()
    if work.state is not None and work.state.entry.status in DONE:
        await job.store.write(job.fence, *pending)
        return result
    await job.store.write(job.fence, *pending, outcome_of(work, result))
    return result


async def run(
    kind: AnyKind,
    rows: Sequence[Mapping[str, object]],
    store: KillableStore | None = None,
    *,
    workers: int = 8,
    history: History | None = None,
    **changes: object,
) -> list[ItemResult]:
    """Run rows, so many at a time, and return the result of each, in the order of the rows."""
    job = await job_of(kind, store, history=history)
    todo = await works(kind, rows, cast("MemoryStore", job.store), **changes)
    ends: dict[int, ItemResult] = {}
    queue = iter(todo)

    async def worker() -> None:
        for work in queue:
            ends[work.row.number] = await drive(kind, work, job)

    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(worker)
    return [ends[work.row.number] for work in todo]


async def killed(
    kind: AnyKind,
    rows: Sequence[Mapping[str, object]],
    store: KillableStore,
    after: int,
    *,
    history: History | None = None,
) -> bool:
    """Run rows, one by one, until the process is killed after so many writes; tell whether it was."""
    job = await job_of(kind, store, history=history)
    todo = await works(kind, rows, store)
    store.kill_after = after
    try:
        for work in todo:
            await drive(kind, work, job)
    except Killed:
        return True
    finally:
        store.kill_after = None
    return False
