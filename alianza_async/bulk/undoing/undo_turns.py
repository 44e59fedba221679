"""One row on its way back: looked at, then step after step deleted, each written down before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import anyio

from alianza_async.bulk.undoing.undo_report import UndoResult
from alianza_async.bulk.work import Settle
from alianza_async.bulk.workflows.steps import Made
from alianza_async.errors import (
    AlianzaError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    JournalError,
    ResponseShapeError,
    ServerError,
    TransportError,
    UndoRefusedError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from alianza_async.bulk.journal.journal import Journal
    from alianza_async.bulk.undoing.undo_checks import Checks
    from alianza_async.bulk.undoing.undo_report import UndoReport, UndoStatus
    from alianza_async.bulk.undoing.undo_rows import AnyStep, RowToUndo
    from alianza_async.bulk.workflows.steps import Item

__all__ = ["Turns"]

_UNSAID: Final = frozenset({None, "skipped"})


class Turns:
    """Takes rows back.

    Args:
        journal: Where each step is written down.
        checks: What looks at a row first.
        report: The sums, kept live.
        dry_run: Whether rows are looked at, and nothing else.
        pending_s: Seconds that one step may take at the server, such as an account that is DELETE_PENDING.
    """

    def __init__(
        self, journal: Journal, checks: Checks, report: UndoReport, *, dry_run: bool, pending_s: float
    ) -> None:
        self._journal = journal
        self._checks = checks
        self._report = report
        self._dry_run = dry_run
        self._pending_s = pending_s
        self.stopping = False

    async def turn(self, undoing: RowToUndo) -> float | None:
        """Go on with a row.

        Returns:
            When it is to have its next turn, in the event loop's time; None where it has come to its end, or
            is left half done because of a stop.

        Raises:
            JournalError: The journal cannot be written.
            AuthenticationError: The login was refused: no row will do better.
            ConfigurationError: Likewise.
        """
        if undoing.blocked is not None:
            await self._skip(undoing, undoing.left, undoing.blocked)
            return None
        if not undoing.checked:
            try:
                undoing.item = await self._checks.look_at(undoing)
            except UndoRefusedError as refusal:
                await self._refuse(undoing, refusal)
                return None
            undoing.checked = True
        if self._dry_run:
            self._report.may_be_undone += 1
            return None
        assert undoing.item is not None  # noqa: S101  (set where it was checked)
        while undoing.left and not self.stopping:
            due = await self._step(undoing, undoing.item, undoing.left[-1])
            if due is not None:
                return due
        return None

    async def _step(self, undoing: RowToUndo, item: Item[Any], step: AnyStep) -> float | None:
        """Take one step back; empties what is left of the row where it does not go on."""
        of = undoing.made[step.name]
        if undoing.begun is not step:
            await self._journal.intend_undo(undoing.number, step.name)
            item.begin(step.name, of.key, lost=False)
            undoing.begun, undoing.began = step, anyio.current_time()
        assert step.undo is not None  # noqa: S101  (else it is not among what is left)
        status: UndoStatus
        try:
            await step.undo(item, Made(of.object_id, detail=of.detail, key=of.key))
        except Settle as later:
            if anyio.current_time() - undoing.began < self._pending_s:
                return later.due
            status = "unknown"
            error: AlianzaError = UndoRefusedError(
                f"the server has been at it for {self._pending_s / 60:.0f} minutes; undo it again to look"
            )
        except (JournalError, ConfigurationError):
            raise
        except AlianzaError as failure:
            if isinstance(failure, AuthenticationError) and failure.login_refused:
                raise
            status, error = "unknown" if _may_be_gone(failure) else "failed", failure
        except Exception as failure:  # noqa: BLE001  (a step is the caller's own code)
            status = "unknown"
            error = AlianzaError(
                f"row {undoing.number} met an unexpected {type(failure).__name__}; please report it"
            )
            error.__cause__ = failure
        else:
            await self._journal.settle_undo(undoing.number, step.name, "undone", object_id=of.object_id)
            self._report.add_step(step.name)
            undoing.left.pop()
            if not undoing.left and undoing.last:
                self._report.add(UndoResult(undoing.number, undoing.entry.key, "undone"))
            return None
        await self._journal.settle_undo(
            undoing.number, step.name, status, object_id=of.object_id, error=error
        )
        await self._skip(undoing, undoing.left[:-1], step.name)
        undoing.left.clear()
        self._report.add(UndoResult(undoing.number, undoing.entry.key, status, step.name, error))
        return None

    async def _refuse(self, undoing: RowToUndo, refusal: UndoRefusedError) -> None:
        """Leave a row as it is."""
        if not self._dry_run:
            for name in dict.fromkeys([*(step.name for step in undoing.left), *undoing.unsettled]):
                await self._leave(undoing, name, refusal)
        self._report.add(UndoResult(undoing.number, undoing.entry.key, "refused", error=refusal))

    async def _skip(self, undoing: RowToUndo, steps: list[AnyStep], blocked: str) -> None:
        """Leave steps as they are, because one that was done later is still there."""
        for step in steps:
            await self._leave(undoing, step.name, UndoRefusedError(f"its {blocked} is still there"))

    async def _leave(self, undoing: RowToUndo, name: str, why: UndoRefusedError) -> None:
        before = undoing.undone.get(name)
        # What was begun once stays `failed` or `unknown`: that says more than why it was not gone on with.
        if (None if before is None else before.status) in _UNSAID:
            await self._journal.settle_undo(undoing.number, name, "skipped", error=why)


def _may_be_gone(error: AlianzaError) -> bool:
    """Tell whether what ended so may have been carried out."""
    if isinstance(error, ConnectionFailedError):
        return False
    return isinstance(error, (UnknownOutcomeError, TransportError, ServerError, ResponseShapeError))
