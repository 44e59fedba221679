"""What of a row is undone, what stays and why: read from the journal alone, the same for every kind.

```
the journal has of a step       undo
made, with proof                deletes its object
updated, old values kept        restores them
made, or found, without proof   stays, maker unknown; `unverified` takes it too
as wanted, changed by nobody    stays, maker unknown; `unverified` restores it
knows whom
found, and never sent           stays: it was there before
sent, outcome unknown           stays: reconcile settles it
needed by a step that stays     stays
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from alianza_async.bulk.engine.private import change_in
from alianza_async.bulk.report import DONE, MAY_BE_LOST
from alianza_async.endpoints.matching import folded
from alianza_async.errors import AlianzaError, ConfigurationError, UndoRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.engine.recording_session import RecordingSession
    from alianza_async.bulk.engine.steps import AnyStep, Item
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.journal.store import Entry, RowState, StepEntry, UndoEntry
    from alianza_async.bulk.undoing.undo_report import UndoStatus

__all__ = ["BEGUN", "Stay", "Target", "UndoRow", "UndoSteps"]

BEGUN: Final = ("created", "exists", "updated", "failed", "skipped", "pending", "intent", "unknown")
"""The statuses of rows of which something may be there."""

_PROVEN: Final = frozenset({"answered", "history"})
_UNKNOWN: Final = (
    "whether its {} is there is not known: settle that with `alianza bulk reconcile`, which creates nothing, "
    "then undo again"
)
_UNPROVEN: Final = (
    "its {} exists, maker unknown: its answer was lost, and nothing proves that this job made it; to delete "
    "it all the same, undo with unverified (--unverified)"
)
_UNPROVEN_CHANGE: Final = (
    "its {} is as this job wanted it, maker unknown: the answer of its change was lost, and nothing proves "
    "that this job changed it; to restore its old values all the same, undo with unverified (--unverified)"
)
_CHANGE_BY_HAND: Final = (
    "its {} is as this job wanted it, maker unknown, and its old values were not kept or are private: look "
    "at it by hand"
)
_BY_HAND: Final = "its {} exists, maker unknown, and nothing can show whose it is: look at it by hand"
_NOT_KEPT: Final = "its {} was updated and its old values were not kept, so it stays as the job left it"
_PRIVATE: Final = (
    "its {} was updated, and the old value of {} is private and was not kept: change it back by hand"
)
_NO_WAY: Final = "its {} was updated, and nothing says how that is taken back: change it back by hand"


@dataclass(frozen=True, slots=True)
class Target:
    """A step to be undone.

    Attributes:
        step: The step.
        entry: What the journal has of it.
        restores: Whether an update is taken back; else its object is deleted.
        unverified: Whether nothing proves who made or changed it: then account history is asked first.
    """

    step: AnyStep
    entry: StepEntry
    restores: bool = False
    unverified: bool = False

    @property
    def name(self) -> str:
        """The step's name."""
        return self.step.name

    @property
    def is_but_a_name(self) -> bool:
        """Whether the object is but a name that somebody else may have next, with nothing to show whose."""
        shown = self.step.holders is not None or self.step.subject is not None
        return not shown and self.entry.object_id == self.entry.key


@dataclass(frozen=True, slots=True)
class Stay:
    """A step that stays as it is.

    Attributes:
        name: The step's name.
        status: What that makes of the row; None where another step that stays does already.
        error: Why it stays.
        entry: What the journal has of it.
        harmless: Whether what it hangs on may be undone all the same.
    """

    name: str
    status: UndoStatus | None
    error: AlianzaError
    entry: StepEntry | None = None
    harmless: bool = False


@dataclass(slots=True, eq=False)
class UndoRow:
    """One row on its way back.

    Attributes:
        state: What the journal has of it.
        undone: How far an earlier undo came, by step.
        targets: The steps to be undone, in the order in which they were done.
        stays: The steps that stay.
        found: Whether something of it was there before the job.
        row: What the input has of it, where that can be had.
        item: The row as its steps see it, once it was looked at.
        session: Where its requests go, likewise.
        attempt: How far the step that is being undone is.
        later: Targets that wait until other rows have let go of what they share.
        counted: Whether something of it was undone in this run.
    """

    state: RowState
    undone: Mapping[str, UndoEntry]
    targets: list[Target] = field(default_factory=list[Target])
    stays: list[Stay] = field(default_factory=list[Stay])
    found: bool = False
    row: Row | None = field(default=None, repr=False)
    item: Item[Any] | None = field(default=None, repr=False)
    session: RecordingSession | None = field(default=None, repr=False)
    attempt: Attempt | None = None
    later: list[Target] = field(default_factory=list[Target])
    counted: set[Literal["undone", "restored"]] = field(default_factory=set["Literal['undone', 'restored']"])

    @property
    def entry(self) -> Entry:
        """What the journal has of the row itself."""
        return self.state.entry

    @property
    def number(self) -> int:
        """Its number in the input."""
        return self.state.entry.row

    @property
    def done_before(self) -> bool:
        """Whether an earlier undo has undone something of it."""
        return any(entry.status == "undone" for entry in self.undone.values())

    @property
    def verdict(self) -> tuple[UndoStatus, Stay] | None:
        """What the steps that stay make of the row; None where none does."""
        order: tuple[UndoStatus, ...] = ("failed", "unknown", "refused", "maker_unknown")
        for status in order:
            for stay in self.stays:
                if stay.status == status:
                    return status, stay
        return None


@dataclass(slots=True)
class Attempt:
    """A step that is being undone.

    Attributes:
        name: The step's name.
        began: When its first turn was, in the event loop's time.
        intended: Whether its intent is on disk.
        losses: How many answers were lost.
        looks: How often it has asked for another turn.
    """

    name: str
    began: float
    intended: bool = False
    losses: int = 0
    looks: int = 0


class UndoSteps:
    """Tells of each row of a job what is undone.

    Args:
        workflow: What its rows became.
        unverified: Whether objects are taken of which nothing proves who made or changed them.

    Raises:
        ConfigurationError: It cannot be undone.
    """

    def __init__(self, workflow: Workflow[Any], *, unverified: bool) -> None:
        if workflow.no_undo is not None:
            raise ConfigurationError(f"a job of {workflow.name} cannot be undone: {workflow.no_undo}")
        self.steps = workflow.steps
        self._unverified = unverified
        self._needs: dict[str, frozenset[str]] = {}
        for step in self.steps:
            self._needs[step.name] = frozenset(step.after).union(*(self._needs[name] for name in step.after))

    def of(self, state: RowState, undone: Mapping[str, UndoEntry]) -> UndoRow:
        """Return what is undone of a row, and what stays."""
        row = UndoRow(state, undone)
        for step in self.steps:
            entry = state.steps.get(step.name)
            before = undone.get(step.name)
            if entry is None or not step.writes or _is_over(Target(step, entry), before):
                continue
            self._put(row, step, entry)
        # An activation that is proven has used up the reservation that nothing proves.
        proven = {entry.object_id for entry in state.steps.values() if entry.evidence in _PROVEN}
        row.stays = [
            stay
            for stay in row.stays
            if not stay.harmless or stay.entry is None or stay.entry.object_id not in proven
        ]
        self.block(row)
        return row

    def block(self, row: UndoRow) -> None:
        """Have targets stay that something hangs on which stays."""
        for target in reversed(list(row.targets)):
            above = self.standing_on(row, target)
            if above is not None:
                row.targets.remove(target)
                still = UndoRefusedError(f"its {above} is still there")
                row.stays.append(Stay(target.name, None, still, target.entry))

    def standing_on(self, row: UndoRow, target: Target) -> str | None:
        """Return a step that stays and needs the object of a target; a restored object harms none."""
        if target.restores:
            return None
        # A name that may have been given back harms nothing that it hung on.
        names = (stay.name for stay in row.stays if not stay.harmless)
        return next((name for name in names if target.name in self._needs[name]), None)

    def used_by(self, state: RowState, undone: Mapping[str, UndoEntry]) -> set[tuple[str, str]]:
        """Return what of what rows share, by step and key, something of a row that is there still needs."""
        there: set[str] = set()
        for step in self.steps:
            entry, before = state.steps.get(step.name), undone.get(step.name)
            if entry is None or step.undo is None or entry.status not in DONE | MAY_BE_LOST:
                continue
            target = Target(step, entry)
            # A name that may have been given back harms nothing that it hung on.
            if not step.shared and not target.is_but_a_name and not _is_over(target, before):
                there |= self._needs[step.name]
        shared = [step.name for step in self.steps if step.shared and step.name in there]
        entries = [(name, state.steps.get(name)) for name in shared]
        return {(name, folded(entry.key)) for name, entry in entries if entry is not None and entry.key}

    def _put(self, row: UndoRow, step: AnyStep, entry: StepEntry) -> None:
        """Put one step where it belongs."""
        name = step.name
        if entry.status in MAY_BE_LOST:
            row.stays.append(Stay(name, "refused", UndoRefusedError(_UNKNOWN.format(name)), entry))
        elif _is_change(step, entry):
            self._put_change(row, step, entry)
        elif step.undo is not None and entry.status == step.makes:
            if entry.evidence in _PROVEN:
                row.targets.append(Target(step, entry))
            else:
                self._unproven(row, step, entry)
        elif step.undo is not None and entry.status == "exists" and entry.adopted:
            self._unproven(row, step, entry)
        elif entry.status in DONE:
            row.found = row.found or (entry.status == "exists" and step.undo is not None)

    def _put_change(self, row: UndoRow, step: AnyStep, entry: StepEntry) -> None:
        """Put a change where it belongs."""
        # An older version took a change whose answer was lost for an answered one, and for adopted.
        proven = entry.evidence == "history" or not entry.adopted
        why = _cannot_restore(step, entry)
        if not proven and (why is not None or not self._unverified):
            sentence = _UNPROVEN_CHANGE if why is None else _CHANGE_BY_HAND
            error = UndoRefusedError(sentence.format(step.name))
            row.stays.append(Stay(step.name, "maker_unknown", error, entry))
        elif why is None:
            row.targets.append(Target(step, entry, restores=True, unverified=not proven))
        else:
            row.stays.append(Stay(step.name, "refused", UndoRefusedError(why), entry))

    def _unproven(self, row: UndoRow, step: AnyStep, entry: StepEntry) -> None:
        target = Target(step, entry, unverified=True)
        shown = step.subject is not None or step.holders is not None
        if self._unverified and shown:
            row.targets.append(target)
            return
        sentence = _UNPROVEN if shown else _BY_HAND
        error = UndoRefusedError(sentence.format(step.name))
        row.stays.append(Stay(step.name, "maker_unknown", error, entry, target.is_but_a_name))


def _is_over(target: Target, before: UndoEntry | None) -> bool:
    """Tell whether an earlier undo was through with a step: also with a name that it may have given back."""
    if before is None:
        return False
    return before.status == "undone" or (before.status == "unknown" and target.is_but_a_name)


def _is_change(step: AnyStep, entry: StepEntry) -> bool:
    """Tell whether a step has, or may have, changed what was there, in a way that is to be taken back."""
    if entry.status == "updated" and (step.makes != "updated" or step.undo is None):
        return step.makes != "updated" or step.restore is not None
    asked = entry.purpose in {"update", "delete"}
    return entry.status == "exists" and entry.adopted and asked and step.restore is not None


def _cannot_restore(step: AnyStep, entry: StepEntry) -> str | None:
    """Return why an update cannot be taken back; None where it can."""
    if step.restore is None:
        return _NO_WAY.format(step.name)
    change = change_in(entry.change)
    if not change:
        return _NOT_KEPT.format(step.name)
    private = [name for name, values in change.items() if values is None]
    return _PRIVATE.format(step.name, ", ".join(private)) if private else None
