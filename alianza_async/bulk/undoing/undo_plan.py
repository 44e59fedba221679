"""What taking a job back would do, told before anything is sent: read from the journal alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from alianza_async.bulk.undoing.undo_rows import rows_to_undo, steps_of
from alianza_async.models.base import WriteModel

if TYPE_CHECKING:
    from collections.abc import Collection

    from alianza_async.bulk.journal.reader import Reads
    from alianza_async.bulk.undoing.undo_rows import RowToUndo
    from alianza_async.bulk.workflows.workflow import Workflow

__all__ = ["UNSETTLED", "UndoEffect", "UndoPlan", "plan_undo", "unsettled"]

W = TypeVar("W", bound=WriteModel)

UNSETTLED: Final = (
    "nobody knows yet whether its {} is there: settle that with `alianza bulk reconcile`, then undo it again"
)
_LOOKS: Final = 4  # a row: its history, its numbers, what else hangs on its account
_CALLS: Final = 3  # a step: looked at, deleted, looked at again
_NAMED: Final = 20


@dataclass(slots=True)
class UndoEffect:
    """What taking one kind of step back does.

    Attributes:
        step: The step's name.
        count: How many would be taken back.
        lost: What is lost for good by it, as one sentence; None where the step does not say.
    """

    step: str
    count: int = 0
    lost: str | None = None


@dataclass(slots=True)
class UndoPlan:
    """What would be taken back, and what would not.

    Attributes:
        job_id: The job.
        kind: What its rows became.
        rows: Rows that would be taken back, as far as the journal can tell.
        effects: What that does, step by step, in the order in which it is done.
        done_before: Rows that an earlier undo has taken back.
        updated_rows: Numbers of the rows that the job changed; what was there before is not known.
        found: Rows of which everything was there before the job.
        refused: The first rows that would be refused, as far as the journal can tell: number and sentence.
        refused_count: How many rows that are.
        refused_before: Rows that an earlier undo refused: they are looked at again.
        calls: Requests it takes, about.
    """

    job_id: str
    kind: str
    rows: int = 0
    effects: list[UndoEffect] = field(default_factory=list["UndoEffect"])
    done_before: int = 0
    updated_rows: list[int] = field(default_factory=list[int], repr=False)
    found: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list["tuple[int, str]"])
    refused_count: int = 0
    refused_before: list[tuple[int, str]] = field(default_factory=list["tuple[int, str]"])
    calls: int = 0

    def seconds(self, rate: float) -> float:
        """Return how long it takes at a rate, in requests a second; waits for the server not counted."""
        return self.calls / rate


def plan_undo(
    journal: Reads, *, workflow: Workflow[W] | None = None, only: Collection[int] | None = None
) -> UndoPlan:
    """Return what taking a job back would do; asks nobody but the journal.

    Args:
        journal: A `Journal`, or a `JournalReader`.
        workflow: The workflow, where it is one of the caller's own.
        only: Numbers of the rows that are meant; None = all.

    Raises:
        JournalError: The journal cannot be read.
        ConfigurationError: Nothing takes back what such a job makes.
    """
    facts = journal.facts
    steps = steps_of(facts.kind, workflow)
    plan = UndoPlan(facts.job_id, facts.kind)
    undoable = [step for step in reversed(steps) if step.undo is not None]
    effects = {step.name: UndoEffect(step.name, lost=step.irreversible) for step in undoable}
    for undoing in rows_to_undo(journal, steps, kind=facts.kind, only=only):
        _add(plan, effects, undoing)
    plan.effects = [effect for effect in effects.values() if effect.count]
    plan.calls += _LOOKS * plan.rows + _CALLS * sum(effect.count for effect in plan.effects)
    return plan


def unsettled(undoing: RowToUndo) -> str | None:
    """Return why a row is refused of which nobody knows what is there; None for all others."""
    return UNSETTLED.format(undoing.unsettled[0]) if undoing.unsettled else None


def _add(plan: UndoPlan, effects: dict[str, UndoEffect], undoing: RowToUndo) -> None:
    """Put a row where it belongs."""
    refusal = unsettled(undoing)
    if refusal is not None:
        plan.refused_count += 1
        if len(plan.refused) < _NAMED:
            plan.refused.append((undoing.number, refusal))
    elif undoing.left:
        plan.rows += 1
        for step in undoing.left:
            effects[step.name].count += 1
        told = _refused_before(undoing)
        if told is not None and len(plan.refused_before) < _NAMED:
            plan.refused_before.append((undoing.number, told))
    elif undoing.done_before:
        plan.done_before += 1
    elif undoing.found and not undoing.updated:
        plan.found += 1
    if undoing.updated:
        plan.updated_rows.append(undoing.number)


def _refused_before(undoing: RowToUndo) -> str | None:
    """Return why an earlier undo refused a row: as its last step says, at which that began."""
    last = undoing.undone.get(undoing.left[-1].name)
    return last.error if last is not None and last.status == "skipped" else None
