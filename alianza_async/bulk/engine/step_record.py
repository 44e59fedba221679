"""What is known of one step of one row: where an earlier run left it, and what the journal gets of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from alianza_async.bulk.engine.private import change_in, private_values
from alianza_async.bulk.engine.steps import Made
from alianza_async.bulk.journal.store import PutBack, StepOutcome
from alianza_async.bulk.report import DONE, MAY_BE_LOST, as_status
from alianza_async.endpoints.models import WriteModel

if TYPE_CHECKING:
    from alianza_async.bulk.engine.private import Change
    from alianza_async.bulk.engine.row_context import RowContext
    from alianza_async.bulk.engine.steps import Step
    from alianza_async.bulk.journal.store import Evidence, Purpose, StepEntry
    from alianza_async.bulk.report import Status
    from alianza_async.errors import AlianzaError

__all__ = ["StepRecord"]

R = TypeVar("R", bound=WriteModel)


class StepRecord(Generic[R]):
    """What is known of one step of one row.

    Args:
        step: The step.
        row: The row.

    Attributes:
        status: Its outcome; None = not known yet.
        error: Why it did not end well, or what happened to its latest request.
        root: The step because of which it was skipped.
        adopted: Whether it was found after its answer was lost.
        evidence: What proves that this job made what it names.
        key: What tells its object from others.
        has_key: Whether the key is chosen; a step may have none.
        purpose: What a request of it is to do.
        change: What an update changes.
        sends: Requests sent for it, earlier runs included.
        first_intent: When its first request was about to leave, in Unix seconds.
        last_intent: When its latest was.
        in_journal: Its status in the journal; None where the journal has nothing of it.
    """

    # Defaults of the class: most rows are done at once and set few of them.
    status: Status | None = None
    error: AlianzaError | None = None
    root: str | None = None
    adopted = False
    evidence: Evidence = "none"
    key: str | None = None
    has_key = False
    change: Change | None = None
    sends = 0
    first_intent: float | None = None
    last_intent = 0.0
    in_journal: str | None = None

    def __init__(self, step: Step[R], row: RowContext[R]) -> None:
        self.purpose: Purpose = step.purpose
        self._step = step
        self._row = row

    def take_over(self, entry: StepEntry) -> None:
        """Go on from what an earlier run wrote."""
        self.in_journal = entry.status
        # The key of a step that failed may be the reason; it is chosen again.
        self.key, self.has_key = entry.key, entry.key is not None and entry.status != "failed"
        self.first_intent, self.last_intent = entry.first_intent_at, entry.intent_at or 0.0
        self.sends, self.purpose = entry.attempts, entry.purpose or self._step.purpose
        self.change = change_in(entry.change)
        if entry.status not in DONE:
            return
        self.status, self.adopted = as_status(entry.status), entry.adopted
        self.evidence = entry.evidence or "none"
        self._row.item.made[self._step.name] = Made(
            entry.object_id,
            existed=entry.status == "exists",
            detail=entry.detail,
            key=entry.key,
            evidence=self.evidence,
            change=self.change,
            at=entry.settled_at,
        )

    @property
    def may_be_lost(self) -> bool:
        """Whether an earlier run sent it, and what came of it is not written."""
        return self.in_journal in MAY_BE_LOST and self.last_intent > 0.0

    async def intend(self) -> None:
        """Write the intent of a request that is about to leave.

        Raises:
            JournalError: It cannot be written; then nothing may be sent.
        """
        now = time.time()
        self.first_intent = now if self.first_intent is None else self.first_intent
        self.last_intent = now
        self.sends += 1
        await self._row.journal.intend(self._step.name, self.key, self.purpose, self.change)
        self.in_journal = "intent"

    def done(self, status: Status, made: Made | str | None, evidence: Evidence) -> None:
        """Note that it is done, and what it made."""
        made = made if isinstance(made, Made) else Made(made)
        self.evidence = evidence
        made = Made(
            made.id,
            existed=status == "exists",
            detail=self._with_decisions(made.detail),
            key=self.key,
            value=made.value,
            evidence=evidence,
            change=self.change if status == "updated" or self.adopted else None,
            at=time.time(),
        )
        self._row.item.made[self._step.name] = made
        self.end(status, None, made)

    def end(self, status: Status, error: AlianzaError | None, made: Made | None = None) -> None:
        """Note how it ended; it is written with the row's next write."""
        row = self._row
        if self.in_journal not in DONE and row.journal.keeps:
            row.journal.note(
                StepOutcome(
                    row.number,
                    self._step.name,
                    status,
                    step_key=self.key,
                    object_id=made.id if made else None,
                    evidence=self.evidence if status in DONE else "none",
                    detail=made.detail if made else self._with_decisions(None),
                    error=error,
                    request_id=row.session.request_id,
                    adopted=self.adopted,
                    sent_at=row.session.sent_at,
                    change=json.dumps(self.change) if status == "updated" and self.change else None,
                    private=() if error is None else private_values(row.work.payload.model),
                )
            )
            self.in_journal = status
        self.status, self.error = status, error

    def put_back(self) -> None:
        """Note that it was looked up and is absent: a run may send it."""
        self._row.journal.note(PutBack(self._row.number, self._step.name))
        self.in_journal, self.status = "pending", None

    def _with_decisions(self, detail: str | None) -> str | None:
        """Return a step's detail with what was decided in it."""
        if not self._row.item.decided:
            return detail
        decided = (f"{name}={value}" for name, value in self._row.item.decided.items())
        return "; ".join([*([detail] if detail else []), *decided]) or None
