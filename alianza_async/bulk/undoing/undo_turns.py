"""One row on its way back: looked at, then undone step by step, each request journaled before it is sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import anyio

from alianza_async.bulk.engine.kind import made_of
from alianza_async.bulk.engine.settlement import ends_the_job
from alianza_async.bulk.engine.turns import Later
from alianza_async.bulk.journal.store import UndoIntent, UndoOutcome
from alianza_async.bulk.report import MAY_BE_LOST
from alianza_async.bulk.undoing.undo_report import UndoResult
from alianza_async.bulk.undoing.undo_rows import Attempt, Stay
from alianza_async.errors import AlianzaError, UndoRefusedError
from alianza_async.policies.retry import Unsettled

if TYPE_CHECKING:
    from alianza_async.bulk.engine.recording_session import RecordingSession
    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.journal.store import Fence, JournalStore, UndoEntry
    from alianza_async.bulk.undoing.undo_checks import Checks
    from alianza_async.bulk.undoing.undo_report import UndoReport, UndoStatus
    from alianza_async.bulk.undoing.undo_rows import Target, UndoRow, UndoSteps

__all__ = ["Turns"]

_UNSAID: Final = frozenset({None, "skipped"})
_LOSSES_AT_MOST: Final = 4
_NOT_AGAIN: Final = (
    "its {0} may have been given back, and nothing can look that up; what somebody else may have by now is "
    "not given back a second time: look at it by hand"
)


class Turns:
    """Undoes rows.

    Args:
        store: Where each step is written down.
        fence: What writes are fenced with.
        steps: Tells which step hangs on which.
        checks: What looks at a row first.
        report: The sums, kept live.
        dry_run: Whether rows are looked at, and nothing else.
        settle_s: Seconds until what was sent and not answered is looked up.
        pending_s: Seconds that one step may take at the server, such as an account that is DELETE_PENDING.

    Attributes:
        stopping: Whether nothing more is begun.
        harmless: What stays, by row, and does not keep the rest of the row from being undone later.
    """

    def __init__(
        self,
        store: JournalStore,
        fence: Fence,
        steps: UndoSteps,
        checks: Checks,
        report: UndoReport,
        *,
        dry_run: bool,
        settle_s: float,
        pending_s: float,
    ) -> None:
        self._store = store
        self._fence = fence
        self._steps = steps
        self._checks = checks
        self._report = report
        self._dry_run = dry_run
        self._settle_s = settle_s
        self._pending_s = pending_s
        self.stopping = False
        self.harmless: dict[int, list[Stay]] = {}

    async def turn(self, row: UndoRow) -> float | None:
        """Go on with a row.

        Returns:
            When it is to have its next turn, in the event loop's time; None where its outcome is known, or it
            is left half done because of a stop.

        Raises:
            JournalError: The journal cannot be written.
            AlianzaError: No row will do better, such as a refused login.
        """
        if row.targets and row.item is None:
            try:
                await self._checks.look_at(row)
            except UndoRefusedError as refusal:
                # A refused row stays whole: it says why at its first step.
                row.stays += [Stay(target.name, "refused", refusal) for target in row.targets]
                row.targets.clear()
        if self._dry_run:
            await self._count_dry(row)
            return None
        while row.targets:
            if self.stopping:
                return None
            due = await self._step(row, row.targets[-1])
            if due is not None:
                return due
        await self._end(row)
        return None

    async def _step(self, row: UndoRow, target: Target) -> float | None:
        """Undo one step; it is none of the row's targets any more once its outcome is known."""
        assert row.item is not None  # noqa: S101  (set where it was looked at)
        assert row.session is not None  # noqa: S101  (likewise)
        above = self._steps.standing_on(row, target)
        if above is not None:
            row.targets.pop()
            row.stays.append(Stay(target.name, None, UndoRefusedError(f"its {above} is still there")))
            return None
        before = row.undone.get(target.name)
        if row.attempt is None or row.attempt.name != target.name:
            row.attempt = Attempt(target.name, anyio.current_time())
            wait = self._until_settled(before)
            if wait > 0:
                return row.attempt.began + wait
        if target.is_but_a_name and before is not None and before.status == "intent":
            await self._outcome(row, target, "unknown", UndoRefusedError(_NOT_AGAIN.format(target.name)))
            return None
        return await self._try(row, target, row.attempt, row.item, row.session)

    def _until_settled(self, before: UndoEntry | None) -> float:
        """Return the seconds until what an earlier undo sent, and had no answer to, has been carried out."""
        if before is None or before.status not in MAY_BE_LOST or before.intent_at is None:
            return 0.0
        # By a clock that was set back meanwhile it may be yet to come: it is waited for once, no longer.
        return min(self._settle_s, before.intent_at + self._settle_s - time.time())

    async def _try(
        self, row: UndoRow, target: Target, attempt: Attempt, item: Item[Any], session: RecordingSession
    ) -> float | None:
        """Send it, and settle what came of it."""

        async def intend() -> None:
            await self._store.write(self._fence, UndoIntent(row.number, target.name))
            attempt.intended = True

        take_back = target.step.restore if target.restores else target.step.undo
        assert take_back is not None  # noqa: S101  (else it is no target)
        session.before_send, session.lost, sent = intend, False, session.attempts
        item.begin(target.name, target.entry.key, lost=False, looks=attempt.looks)
        try:
            await take_back(item, made_of(target.entry))
        except Later as later:
            attempt.looks = item.looks
            if anyio.current_time() - attempt.began < self._pending_s:
                return later.due
            minutes = f"{self._pending_s / 60:.0f} minutes"
            slow = UndoRefusedError(f"the server has been at it for {minutes}; undo it again to look")
            await self._outcome(row, target, "unknown", slow)
        except Unsettled as lost:
            return await self._lost(row, target, attempt, lost.failure)
        except AlianzaError as error:
            if ends_the_job(error):
                raise
            if session.lost:
                return await self._lost(row, target, attempt, error)
            refused = isinstance(error, UndoRefusedError)
            await self._outcome(row, target, "refused" if refused else "failed", error)
        except Exception as error:  # noqa: BLE001  (a step is the caller's own code)
            shown = AlianzaError(
                f"row {row.number} met an unexpected {type(error).__name__}; please report it"
            )
            shown.__cause__ = error
            await self._outcome(row, target, "unknown" if session.attempts > sent else "failed", shown)
        else:
            await self._outcome(row, target, "restored" if target.restores else "undone", None)
        finally:
            session.before_send = None
        return None

    async def _lost(
        self, row: UndoRow, target: Target, attempt: Attempt, error: AlianzaError
    ) -> float | None:
        """Wait until it can be looked at: undoing it again looks first, and what is gone is done."""
        attempt.losses += 1
        if target.is_but_a_name:
            await self._outcome(row, target, "unknown", UndoRefusedError(_NOT_AGAIN.format(target.name)))
            return None
        if attempt.losses < _LOSSES_AT_MOST:
            return anyio.current_time() + self._settle_s
        await self._outcome(row, target, "unknown", error)
        return None

    async def _outcome(
        self, row: UndoRow, target: Target, status: UndoStatus, error: AlianzaError | None
    ) -> None:
        """Write a step's outcome, and count it."""
        row.targets.pop()
        done = status in {"undone", "restored"}
        if not done:
            harmless = target.is_but_a_name and status == "unknown"
            row.stays.append(
                Stay(target.name, status, error or AlianzaError("it stays"), target.entry, harmless)
            )
        intended = row.attempt is not None and row.attempt.intended
        if status == "refused" and not intended:
            return  # with the others that stay, at the row's end
        outcome = UndoOutcome(
            row.number,
            target.name,
            "undone" if done else "skipped" if status == "refused" else status,
            object_id=target.entry.object_id,
            error=error,
        )
        # What is gone already was not sent, and an outcome needs an intent.
        before = () if intended else (UndoIntent(row.number, target.name),)
        await self._store.write(self._fence, *before, outcome)
        if done:
            self._report.add_step(target.name)
            row.counted.add("restored" if target.restores else "undone")

    async def _end(self, row: UndoRow) -> None:
        """Write what stays, and why; count the row, unless the rest of it is undone later."""
        above = [self._steps.standing_on(row, target) for target in row.later]
        shut = all(name is not None for name in above)
        later = [
            Stay(target.name, None, UndoRefusedError(f"its {name} is still there"))
            for target, name in zip(row.later, above, strict=True)
        ]
        for stay in (*row.stays, *(later if shut else ())):
            before = row.undone.get(stay.name)
            # What was begun once stays `failed` or `unknown`: that says more than why it was left.
            begun = stay.status in {"failed", "unknown"} or (before.status if before else None) not in _UNSAID
            if not begun:
                skipped = UndoOutcome(row.number, stay.name, "skipped", error=stay.error)
                await self._store.write(self._fence, skipped)
        if shut:
            self._add(row)
        elif harmless := [stay for stay in row.stays if stay.harmless]:
            self.harmless[row.number] = harmless

    async def _count_dry(self, row: UndoRow) -> None:
        """Count a row of a dry run."""
        if row.targets:
            self._report.may_be_undone += 1
        else:
            self._add(row)

    def _add(self, row: UndoRow) -> None:
        """Count a row whose outcome is known."""
        key, verdict = row.entry.key, row.verdict
        if verdict is not None:
            status, stay = verdict
            began = status in {"failed", "unknown"} or bool(row.counted)
            step = stay.name if began else None
            self._report.add(UndoResult(row.number, key, status, step, stay.error))
        else:
            only_restored = row.counted == {"restored"} and not row.done_before
            self._report.add(UndoResult(row.number, key, "restored" if only_restored else "undone"))
