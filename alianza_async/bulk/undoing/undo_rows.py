"""What a job made, row by row, as its journal tells it: what there is to take back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from alianza_async.bulk.journal.entries import StepEntry
from alianza_async.bulk.past import MAY_BE_LOST
from alianza_async.bulk.provisioning.kind_table import WORKFLOWS
from alianza_async.bulk.provisioning.subscribers import SUBSCRIBERS
from alianza_async.bulk.workflows.steps import Item, Step
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal.entries import Entry, UndoEntry
    from alianza_async.bulk.journal.reader import Reads
    from alianza_async.bulk.workflows.workflow import Workflow

__all__ = ["ACCOUNT", "CREATES", "AnyStep", "RowToUndo", "rows_to_undo", "steps_of"]

AnyStep = Step[Any]  # of whatever rows: taking back has none

ACCOUNT: Final = "account"
"""The step of a workflow that makes, or finds, the account of its row; what checks look at."""

CREATES: Final = {"accounts": ACCOUNT, "createAccount": ACCOUNT, "users": "user", "createEndUser": "user"}
"""Kinds without steps, and which step of a subscriber their rows are taken back as."""

_NUMBER: Final = re.compile(r"\+?[0-9]{10,15}")


@dataclass(slots=True, eq=False)
class RowToUndo:
    """One row on its way back.

    Attributes:
        entry: What the journal has of it.
        made: Each step of it that is done, by name: made, changed, or found there.
        left: The steps that are still to be taken back, in the order in which they were done.
        undone: How far an earlier undo came, by step.
        unsettled: Steps of which nobody knows what became of them.
        updated: Steps that changed what was there: what it was before is not known.
        found: Steps that found there what they were to make: it is not of this job.
        row: What the input has of it, where that can be had.
        item: The row as its steps see it.
        checked: Whether it was looked at, and may be taken back.
        begun: The step that is being taken back.
        began: When that was begun, in the event loop's time.
        last: Whether nothing of it is to be taken back later.
        blocked: A step of it that is still there, so that what it shares stays too.
        until: When the job was through with what it shares, in Unix seconds; None where it shares nothing.
        since: When the first row of the job was taken back, in Unix seconds, where it shares something.
    """

    entry: Entry
    made: Mapping[str, StepEntry]
    left: list[AnyStep]
    undone: Mapping[str, UndoEntry]
    unsettled: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    row: Row | None = field(default=None, repr=False)
    item: Item[Any] | None = field(default=None, repr=False)
    checked: bool = False
    begun: AnyStep | None = None
    began: float = 0.0
    last: bool = True
    blocked: str | None = None
    until: float | None = None
    since: float | None = None

    @property
    def number(self) -> int:
        """Its number in the input."""
        return self.entry.row

    @property
    def done_before(self) -> tuple[str, ...]:
        """Steps that an earlier undo has taken back."""
        return tuple(name for name, entry in self.undone.items() if entry.status == "undone")

    @property
    def undo_began(self) -> float | None:
        """When its undo sent its first request, in Unix seconds; None where it has sent none."""
        times = (self.since, *(entry.intent_at for entry in self.undone.values()))
        return min((time for time in times if time is not None), default=None)

    @property
    def ended(self) -> float:
        """When the job was through with it, in Unix seconds."""
        times = (self.entry.settled_at, self.entry.intent_at)
        of_steps = (time for step in self.made.values() for time in (step.settled_at, step.intent_at))
        known = (time for time in (*times, *of_steps, self.until) if time is not None)
        return max(known, default=0.0)

    @property
    def names(self) -> frozenset[str]:
        """All that the things are called which the job made of it: their ids and their keys, casefolded."""
        made = (step for step in self.made.values() if step.status != "exists")
        return frozenset(name.casefold() for step in made for name in (step.object_id, step.key) if name)

    def numbers(self, steps: Collection[AnyStep]) -> list[str]:
        """Return the telephone numbers that some of its steps are about."""
        keys = (self.made[step.name].key for step in steps)
        return list(dict.fromkeys(key for key in keys if key and _NUMBER.fullmatch(key)))


def steps_of(kind: str, workflow: Workflow[Any] | None = None) -> tuple[AnyStep, ...]:
    """Return the steps of a kind of job.

    Args:
        kind: As the journal names it.
        workflow: The workflow, where it is one of the caller's own.

    Raises:
        ConfigurationError: Nothing takes back what such a job makes.
    """
    if workflow is not None:
        if workflow.name != kind:
            raise ConfigurationError(f"the journal is of a job of {kind}, not of {workflow.name}")
        return workflow.steps
    if kind in CREATES:
        # Each row has made one thing of its own: nothing is shared.
        return (replace(SUBSCRIBERS.step_named(CREATES[kind]), shared=False, after=()),)
    if kind in WORKFLOWS:
        return WORKFLOWS[kind].steps
    raise ConfigurationError(
        f"nothing takes back what a job of {kind} makes; a workflow of your own is given as workflow"
    )


def rows_to_undo(
    journal: Reads, steps: tuple[AnyStep, ...], *, kind: str, only: Collection[int] | None = None
) -> Iterator[RowToUndo]:
    """Yield every row that the job has begun, by number; nothing is asked of anybody.

    Args:
        journal: The journal.
        steps: As `steps_of` returns them.
        kind: As the journal names it.
        only: Numbers of the rows that are meant; None = all.
    """
    for entry in journal.entries("created", "exists", "updated", "failed", "skipped", "intent", "unknown"):
        if only is not None and entry.row not in only:
            continue
        name = steps[0].name
        journaled = {name: _as_step(entry, name)} if kind in CREATES else journal.steps(entry.row)
        undone = journal.undone(entry.row)
        named = [(step, journaled[step.name]) for step in steps if step.name in journaled and step.writes]
        yield RowToUndo(
            entry,
            {name: of for name, of in journaled.items() if of.status in {"created", "exists", "updated"}},
            left=[step for step, of in named if _is_ours(step, of) and not _is_undone(undone, step)],
            undone=undone,
            unsettled=tuple(step.name for step, of in named if of.status in MAY_BE_LOST),
            updated=tuple(
                step.name for step, of in named if of.status == "updated" and not _is_ours(step, of)
            ),
            found=tuple(step.name for step, of in named if of.status == "exists" and step.undo is not None),
        )


def _is_ours(step: AnyStep, of: StepEntry) -> bool:
    """Tell whether the job did it, in a way that can be taken back."""
    return step.undo is not None and of.status == step.makes


def _is_undone(undone: Mapping[str, UndoEntry], step: AnyStep) -> bool:
    entry = undone.get(step.name)
    return entry is not None and entry.status == "undone"


def _as_step(entry: Entry, name: str) -> StepEntry:
    """Return a row without steps as the one step that it is taken back as."""
    return StepEntry(
        row=entry.row,
        step=name,
        key=entry.key,
        status=entry.status,
        object_id=entry.object_id,
        detail=None,
        error_class=entry.error_class,
        error=entry.error,
        attempts=entry.attempts,
        request_id=entry.request_id,
        adopted=entry.adopted,
        intent_at=entry.intent_at,
        settled_at=entry.settled_at,
    )
