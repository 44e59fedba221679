"""What undoing a job would do, before anything is sent: read from the journal alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from alianza_async.bulk.journal.store import RowState
from alianza_async.bulk.kinds.by_name import workflow_named
from alianza_async.bulk.undoing.undo_rows import BEGUN, UndoSteps
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection

    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.journal.reader import JournalReader
    from alianza_async.bulk.journal.store import JobFacts
    from alianza_async.bulk.undoing.undo_rows import UndoRow

__all__ = ["UndoEffect", "UndoPlan", "Unproven", "plan_undo", "workflow_of"]

W = TypeVar("W", bound=WriteModel)

_LOOKS: Final = 4  # for each row: its history, its numbers, what else hangs on its account
_CALLS: Final = 3  # for each step: looked at, deleted, looked at again
_NAMED: Final = 20


class Unproven(NamedTuple):
    """An object of which nothing proves who made, or changed, it.

    Attributes:
        row: The input's row.
        step: The step that sent it.
        key: Its natural key.
        id: Its id.
    """

    row: int
    step: str
    key: str | None
    id: str | None


@dataclass(slots=True)
class UndoEffect:
    """What undoing one step does.

    Attributes:
        step: The step's name.
        restores: Whether updates are taken back; else objects are deleted.
        count: How many.
        lost: What is lost for good by it, as one sentence; None where the step does not say.
    """

    step: str
    restores: bool = False
    count: int = 0
    lost: str | None = None


@dataclass(slots=True)
class UndoPlan:
    """What would be undone, and what would not.

    Attributes:
        job_id: The job.
        kind: What its rows became.
        rows: Rows of which something would be undone, as far as the journal shows.
        effects: What that does, step by step, in the order in which it is done.
        done_before: Rows that an earlier undo has undone.
        found: Rows of which everything was there before the job.
        refused: The first rows of which something is left, as far as the journal shows: number and sentence.
        refused_count: How many rows are left whole.
        refused_before: Rows that an earlier undo refused: they are looked at again.
        unproven: Every object of which nothing proves who made or changed it: left, or undone with
            `unverified` unless account history says that somebody else did.
        unproven_count: How many rows are left whole because of that.
        calls: Requests it takes, about.
    """

    job_id: str
    kind: str
    rows: int = 0
    effects: list[UndoEffect] = field(default_factory=list[UndoEffect])
    done_before: int = 0
    found: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list["tuple[int, str]"])
    refused_count: int = 0
    refused_before: list[tuple[int, str]] = field(default_factory=list["tuple[int, str]"])
    unproven: list[Unproven] = field(default_factory=list[Unproven], repr=False)
    unproven_count: int = 0
    calls: int = 0

    def __repr__(self) -> str:
        """Return the sums, in one line."""
        left = f"{self.refused_count} refused, {self.unproven_count} unproven"
        return f"<UndoPlan {self.kind} of job {self.job_id}: {self.rows} rows to undo, {left}>"

    @property
    def all_rows(self) -> int:
        """Rows of which the job made or changed something, or may have."""
        return self.rows + self.refused_count + self.unproven_count + self.done_before

    def seconds(self, rate: float) -> float:
        """Return how long it takes at a rate, in requests per second; waits for the server not counted."""
        return self.calls / rate


def plan_undo(
    journal: JournalReader,
    *,
    workflow: Workflow[W] | None = None,
    only: Collection[int] | None = None,
    unverified: bool = False,
) -> UndoPlan:
    """Return what undoing a job would do; asks only the journal.

    Args:
        journal: The job's journal.
        workflow: The workflow, where it is one of your own.
        only: Numbers of the rows to undo; None = all.
        unverified: Whether objects are undone of which nothing proves who made or changed them.

    Raises:
        JournalError: The journal cannot be read.
        ConfigurationError: Such a job cannot be undone.
    """
    facts = journal.facts
    steps = UndoSteps(workflow_of(facts, workflow), unverified=unverified)
    plan = UndoPlan(facts.job_id, facts.kind)
    effects = {
        (step.name, restores): UndoEffect(step.name, restores, lost=None if restores else step.irreversible)
        for step in reversed(steps.steps)
        for restores in (True, False)
    }
    for entry in journal.entries(*BEGUN):
        if only is None or entry.row in only:
            state = RowState(entry, journal.steps(entry.row))
            _add(plan, effects, steps.of(state, journal.undone(entry.row)))
    plan.effects = [effect for effect in effects.values() if effect.count]
    plan.calls = _LOOKS * plan.rows + _CALLS * sum(effect.count for effect in plan.effects)
    return plan


def workflow_of(facts: JobFacts, workflow: Workflow[Any] | None) -> Workflow[Any]:
    """Return what the rows of a journal's job became.

    Raises:
        ConfigurationError: There is no such kind, or the workflow is another one.
    """
    if workflow is not None and workflow.name != facts.kind:
        raise ConfigurationError(f"the journal is of a job of {facts.kind}, not of {workflow.name}")
    return workflow or workflow_named(facts.kind)


def _add(plan: UndoPlan, effects: dict[tuple[str, bool], UndoEffect], row: UndoRow) -> None:
    """Put a row where it belongs."""
    kept = [stay for stay in row.stays if stay.status == "maker_unknown"]
    entries = [stay.entry for stay in kept] + [target.entry for target in row.targets if target.unverified]
    plan.unproven += [
        Unproven(row.number, entry.step, entry.key, entry.object_id) for entry in entries if entry is not None
    ]
    verdict = row.verdict
    if verdict is not None and verdict[0] != "maker_unknown" and len(plan.refused) < _NAMED:
        plan.refused.append((row.number, str(verdict[1].error)))
    if row.targets:
        plan.rows += 1
        for target in row.targets:
            effects[target.name, target.restores].count += 1
        sentence = _refused_before(row)
        if sentence is not None and len(plan.refused_before) < _NAMED:
            plan.refused_before.append((row.number, sentence))
    elif verdict is not None and verdict[0] == "maker_unknown":
        plan.unproven_count += 1
    elif verdict is not None:
        plan.refused_count += 1
    elif row.done_before:
        plan.done_before += 1
    elif row.found:
        plan.found += 1


def _refused_before(row: UndoRow) -> str | None:
    """Return why an earlier undo refused a row: as its last step says, at which that began."""
    last = row.undone.get(row.targets[-1].name)
    return last.error if last is not None and last.status == "skipped" else None
