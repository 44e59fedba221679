"""The first few rows of a job, read back and held against what was sent, before any other row is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import anyio

from alianza_async.bulk.engine.pool import Pool
from alianza_async.bulk.engine.settlement import Unsure, look_up
from alianza_async.bulk.engine.steps import Again, Item
from alianza_async.bulk.engine.turns import Later
from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.bulk.planning.remote_check import said_safely, shown
from alianza_async.bulk.report import DONE
from alianza_async.calls.private import is_secret
from alianza_async.errors import AlianzaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.bulk.engine.context import JobContext
    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.steps import Step
    from alianza_async.bulk.engine.work import Work
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.planning.plan_report import Shown
    from alianza_async.bulk.report import ItemResult, Report

__all__ = ["CanaryGate", "CanaryRow", "check_canary"]

_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class CanaryRow:
    """One row that was done and read back.

    Attributes:
        row: Its number in the input.
        found: `same`, `differs`, `absent`, `another` where another object has its key, or `unknown` where
            reading it back failed.
        step: The step that is not as it was sent; None where all are, or the row has only one.
        id: The id of what was found.
        differences: The fields that differ; without values where they may hold an address or a secret.
        error: Why reading it back failed.
    """

    row: int
    found: Literal["same", "differs", "absent", "another", "unknown"]
    step: str | None = None
    id: str | None = None
    differences: tuple[Shown, ...] = ()
    error: str | None = None

    def __str__(self) -> str:
        """Say what was found, in a few words."""
        what = f"row {self.row}" if self.step is None else f"row {self.row}: its {self.step}"
        match self.found:
            case "same":
                return f"{what} is as it was sent"
            case "differs":
                return f"{what} differs in {', '.join(one.field for one in self.differences)}"
            case "absent":
                return f"{what} is not there"
            case "another":
                return f"{what} is there with another id"
            case "unknown":
                return f"{what} could not be read back: {self.error}"


class CanaryGate:
    """Lets a number of rows through, reads them back, and lets the rest follow or stops the job.

    Args:
        job: What all rows have in common.
        kind: What the rows become.
        count: How many rows go first.
        report: The job's sums, for the error.
        stop: Stops the job because of an error.

    Attributes:
        turn: To be held by whoever takes a row before the verdict: exactly so many rows go first.
    """

    def __init__(
        self,
        job: JobContext,
        kind: AnyKind,
        count: int,
        *,
        report: Report,
        stop: Callable[[Exception], None],
    ) -> None:
        self._job = job
        self._kind = kind
        self._left = count
        self._report = report
        self._stop = stop
        self._under_way = 0
        self._done: list[tuple[int, Item[Any]]] = []
        self._failed: list[ItemResult] = []
        self._verdict = anyio.Event()
        self.turn = anyio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the verdict is in, or the job stops."""
        return self._verdict.is_set()

    async def may_take(self) -> None:
        """Wait for the verdict, once all of the first rows are under way."""
        if self._left == 0:
            await self._verdict.wait()

    def open(self) -> None:
        """Let everybody through: the job stops."""
        self._verdict.set()

    def took(self) -> None:
        """Note that a row is under way."""
        if self._left:
            self._left -= 1
            self._under_way += 1

    async def ended(self, work: Work, result: ItemResult) -> None:
        """Take the end of a row; after the last of the first ones, read them back."""
        if self._verdict.is_set():
            return
        self._under_way -= 1
        if result.status in DONE and work.run is not None:
            self._done.append((work.row.number, self._as_sent(work.run.item)))
        elif result.status in {"failed", "unknown"}:
            self._failed.append(result)
        if self._left or self._under_way:
            return
        reason = await self._why_not()
        if reason is not None:
            self._stop(BulkStoppedError(f"the job stopped after its canary: {reason}", report=self._report))
        self._verdict.set()

    def _as_sent(self, item: Item[Any]) -> Item[Any]:
        """Return a row as its steps left it, on a session of its own: the row's is another one's by now."""
        copy = Item(self._job.session, item.row, self._kind.choices, item.ids, shared=self._job.shared)
        copy.made.update(item.made)
        return copy

    async def _why_not(self) -> str | None:
        """Return why the rest may not follow; None where it may."""
        if self._failed:
            rows = ", ".join(str(result.row) for result in self._failed)
            return f"{len(self._failed)} of its rows did not go well (row {rows}); fix the cause, then resume"
        found = await check_canary(self._kind.workflow, self._done, settle_s=self._job.settle_s)
        bad = [str(row) for row in found if row.found != "same"]
        if not bad:
            return None
        return (
            f"{len(bad)} of the first {len(found)} were not read back as they were sent: {'; '.join(bad)}; "
            "find out why before you resume it"
        )


async def check_canary(
    workflow: Workflow[Any], rows: Sequence[tuple[int, Item[Any]]], *, settle_s: float = 0.0
) -> list[CanaryRow]:
    """Look up what the steps of rows have made, and compare it field by field with what was sent.

    A field whose name says that it holds a secret is no difference where the server answers none: that is as
    it should be.

    Args:
        workflow: What the rows became.
        rows: Row number, and the row with what its steps have made.
        settle_s: Seconds after which one that is not there is looked up a second time.

    Returns:
        One entry per row, in the order given.
    """
    found: dict[int, CanaryRow] = {}
    left = iter(range(len(rows)))

    async def take() -> tuple[int, None] | None:
        at = next(left, None)
        return None if at is None else (at, None)

    async def turn(at: int) -> float | None:
        waited = at in found
        found[at] = await _read_back(workflow, *rows[at])
        late = found[at].found == "absent" and settle_s > 0 and not waited
        return anyio.current_time() + settle_s if late else None

    await Pool(take, turn, width=lambda: _AT_ONCE).run()
    return [found[at] for at in range(len(rows))]


async def _read_back(workflow: Workflow[Any], row: int, item: Item[Any]) -> CanaryRow:
    """Return the first step of a row that is not as it was sent; or that all are."""
    several = sum(step.writes for step in workflow.steps) > 1
    for step in workflow.steps:
        if step.writes and step.find is not None and step.name in item.made:
            result = await _step_back(step, item, row, step.name if several else None)
            if result.found != "same":
                return result
    main = item.made.get(workflow.main)
    return CanaryRow(row, "same", id=None if main is None else main.id)


async def _step_back(step: Step[Any], item: Item[Any], row: int, name: str | None) -> CanaryRow:
    sent = item.made[step.name]
    item.begin(step.name, sent.key, lost=False)
    try:
        made, differs = await look_up(step, item)
    except Exception as error:  # noqa: BLE001  (a look-up may be the caller's own code)
        return CanaryRow(row, "unknown", name, error=_reason(error))
    if made is None:
        return CanaryRow(row, "absent", name, sent.id)
    if sent.id is not None and made.id is not None and made.id != sent.id:
        return CanaryRow(row, "another", name, made.id)
    differences = tuple(
        shown(each)
        for each in (() if differs is None else differs.differences)
        if not (is_secret(each.field) and each.found is None)
    )
    return CanaryRow(row, "differs" if differences else "same", name, made.id, differences)


def _reason(error: Exception) -> str:
    """Return why an object could not be read back."""
    match error:
        case Unsure():
            return said_safely(error.error)
        case Again() | Later():
            return "the server is at work on it"
        case AlianzaError():
            return said_safely(error)
        case _:
            return f"an unexpected {type(error).__name__}; please report it"
