"""Settling a row whose values are not at hand: by the keys in its journal, as far as its steps can look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from alianza_async.bulk.engine.settlement import ends_the_job
from alianza_async.bulk.journal.store import PutBack, StepOutcome
from alianza_async.bulk.report import MAY_BE_LOST
from alianza_async.errors import AlianzaError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.bulk.engine.evidence import History
    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.recording_session import RecordingSession
    from alianza_async.bulk.engine.steps import AnyStep, Item
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
        AlianzaError: It cannot be determined, or no further question would be answered.
    """
    changes: list[StepOutcome | PutBack] = []
    item = kind.item_of(session, state.steps)
    writes = [step for step in kind.workflow.steps if step.writes]
    for step in writes:
        entry = state.steps.get(step.name)
        if entry is None or entry.status not in MAY_BE_LOST:
            continue
        item.begin(step.name, entry.key, lost=True)
        try:
            found = await _found(step, item, entry, history)
        except _Unknown as unknown:
            return Verdict("unknown", unknown.error, unknown.object_id, changes)
        if found is None:
            changes.append(PutBack(entry.row, step.name))
            continue
        changes.append(
            StepOutcome(
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
    made = next((change for change in changes if isinstance(change, StepOutcome)), None)
    kept = state.steps.get(writes[0].name)
    if len(writes) > 1 or kept is None or (changes and made is None):
        # Which other steps are wanted, the row alone says: a resume finds out, and goes on with it.
        return Verdict("pending", changes=changes)
    if made is None:
        return Verdict(kept.status, None, kept.object_id, evidence=kept.evidence, adopted=kept.adopted)
    return Verdict(made.status, None, made.object_id, changes, "history", adopted=True)


class _Unknown(Exception):  # noqa: N818  (an answer, not a failure)
    """It cannot be determined.

    Args:
        error: Why.
        object_id: The one object that has the key, where there is one.
    """

    def __init__(self, error: AlianzaError, object_id: str | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.object_id = object_id


async def _found(step: AnyStep, item: Item[Any], entry: StepEntry, history: History) -> str | None:
    """Return the id of what is proven ours; None where it is absent, and nothing is under way.

    Raises:
        _Unknown: It cannot be determined.
        AlianzaError: No further question would be answered.
    """
    give_input = AlianzaError(_GIVE_INPUT.format(step.name))
    if step.holders is None or entry.purpose not in {None, "create"} or entry.key is None:
        raise _Unknown(give_input)
    maker = coming = None
    first, last = entry.first_intent_at or entry.intent_at or 0.0, entry.intent_at or 0.0
    try:
        ids = await step.holders(item)
        subject = None if step.subject is None else step.subject(item)
        if subject is not None and not ids:
            coming = await history.pending(subject, since=first)
        elif subject is not None and len(ids) == 1:
            traced = subject.owner_id or (ids[0] if ids[0] != entry.key else None)
            maker = await history.maker(subject, traced, first_intent=first, last_intent=last)
    except ConfigurationError:  # it asks for the row
        raise _Unknown(give_input) from None
    except AlianzaError as error:
        if ends_the_job(error):
            raise
        raise _Unknown(AlianzaError(f"it cannot be looked up ({error})")) from error
    if coming is not None:
        raise _Unknown(AlianzaError(_COMING.format(step.name)))
    if not ids or (maker is not None and maker.whose == "ours"):
        return ids[0] if ids else None
    if len(ids) > 1:
        raise _Unknown(AlianzaError(_TWO.format(len(ids), step.name)))
    why = "maker unknown" if maker is None else maker.why
    raise _Unknown(AlianzaError(_COMPARE.format(step.name, why)), ids[0])
