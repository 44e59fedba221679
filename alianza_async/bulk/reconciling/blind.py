"""Settling a row whose values are not at hand: by the keys in its journal, as far as its steps can look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from alianza_async.bulk.engine.settlement import ends_the_job
from alianza_async.bulk.journal.store import PutBack, StepOutcome
from alianza_async.bulk.report import MAY_BE_LOST
from alianza_async.errors import AlianzaError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.bulk.engine.evidence import History
    from alianza_async.bulk.engine.recording_session import RecordingSession
    from alianza_async.bulk.engine.steps import AnyStep, Item
    from alianza_async.bulk.engine.workflow import AnyKind
    from alianza_async.bulk.journal.store import Evidence, RowState, StepEntry

__all__ = ["Verdict", "settle_blindly"]

_GIVE_INPUT: Final = "its {} cannot be looked up without its row: give the input"
_COMPARE: Final = "its {} is there, {}: give the input to compare it with"
_COMING: Final = "account history shows that the server has its {} under way: reconcile again later"
_TWO: Final = "{} objects have the key of its {}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a row.

    Attributes:
        status: Its status; `pending` is for a resume to go on with.
        error: Why.
        object_id: Its object.
        changes: What is written of its steps.
        evidence: What proves who made its object.
        adopted: Whether something of it was found after its answer was lost.
        failed_step: The step that did not end well.
    """

    status: str
    error: AlianzaError | None = None
    object_id: str | None = None
    changes: Sequence[StepOutcome | PutBack] = ()
    evidence: Evidence | None = None
    adopted: bool = False
    failed_step: str | None = None


async def settle_blindly(
    kind: AnyKind, state: RowState, history: History, session: RecordingSession
) -> Verdict:
    """Settle a row's open steps by their keys alone; sends nothing that changes something.

    Args:
        kind: The job's kind.
        state: What the journal has of the row.
        history: Account history.
        session: Where to ask.

    Raises:
        AlianzaError: It cannot be told, or no further question would be answered.
    """
    changes: list[StepOutcome | PutBack] = []
    item = kind.item_of(session, state.steps)
    writes = [step for step in kind.workflow.steps if step.writes]
    for step in writes:
        entry = state.steps.get(step.name)
        if entry is None or entry.status not in MAY_BE_LOST:
            continue
        item.begin(step.name, entry.key, lost=True)
        give_input = AlianzaError(_GIVE_INPUT.format(step.name))
        if step.holders is None or entry.purpose not in {None, "create"} or entry.key is None:
            return Verdict("unknown", give_input, changes=changes)
        try:
            found = await _found(step, item, entry, history)
        except ConfigurationError:  # it asks for the row
            return Verdict("unknown", give_input, changes=changes)
        except AlianzaError as error:
            if ends_the_job(error):
                raise
            why = AlianzaError(f"it cannot be looked up ({error})")
            return Verdict("unknown", why, changes=changes)
        if isinstance(found, Verdict):
            return replace(found, changes=changes)
        changes.append(
            PutBack(entry.row, step.name)
            if found is None
            else StepOutcome(
                entry.row,
                step.name,
                step.makes,
                entry.key,
                found,
                evidence="history",
                request_id=entry.request_id,
                adopted=True,
            )
        )
    if len(writes) > 1 or any(isinstance(change, PutBack) for change in changes):
        # Which other steps are wanted, the row alone says: a resume finds out, and goes on with it.
        return Verdict("pending", changes=changes)
    kept = state.steps[writes[0].name]
    ours = next((change for change in changes if isinstance(change, StepOutcome)), None)
    if ours is None:
        return Verdict(kept.status, None, kept.object_id, evidence=kept.evidence, adopted=kept.adopted)
    return Verdict(ours.status, None, ours.object_id, changes, "history", adopted=True)


async def _found(step: AnyStep, item: Item[Any], entry: StepEntry, history: History) -> str | Verdict | None:
    """Return the id of what is proven ours, None where it is absent, or what the row becomes.

    Raises:
        AlianzaError: It cannot be looked up.
    """
    assert step.holders is not None  # noqa: S101  (asked before)
    ids = await step.holders(item)
    subject = None if step.subject is None else step.subject(item)
    first, last = entry.first_intent_at or entry.intent_at or 0.0, entry.intent_at or 0.0
    if not ids:
        coming = None if subject is None else await history.pending(subject, since=first)
        return None if coming is None else Verdict("unknown", AlianzaError(_COMING.format(step.name)))
    if len(ids) > 1:
        return Verdict("unknown", AlianzaError(_TWO.format(len(ids), step.name)))
    why = "maker unknown"
    if subject is not None:
        traced = subject.owner_id or (ids[0] if ids[0] != entry.key else None)
        maker = await history.maker(subject, traced, first_intent=first, last_intent=last)
        if maker.whose == "ours":
            return ids[0]
        why = maker.why or why
    return Verdict("unknown", AlianzaError(_COMPARE.format(step.name, why)), ids[0])
