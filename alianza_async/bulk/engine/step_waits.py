"""When a step of a row has its next turn: after a pause, and not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NoReturn, TypeVar

import anyio

from alianza_async.bulk.engine.steps import Step, folded
from alianza_async.bulk.engine.turns import Later, Parked
from alianza_async.endpoints.models import WriteModel

if TYPE_CHECKING:
    from alianza_async.bulk.engine.row_context import RowContext
    from alianza_async.bulk.engine.step_record import StepRecord
    from alianza_async.errors import AlianzaError

__all__ = ["StepWaits"]

R = TypeVar("R", bound=WriteModel)

_ASKED_AT_MOST: Final = 4
_AGAIN_S: Final = 1.0
_COMING_AT_MOST_S: Final = 30.0


class StepWaits(Generic[R]):
    """The waits of one step of one row.

    Each wait ends the turn by raising `Later`; what the row has to write is written first, and no other row
    has a turn at a shared step meanwhile.

    Args:
        step: The step.
        row: The row.
        known: What is known of the step.

    Attributes:
        due: When its next turn is, in the event loop's time.
    """

    due = 0.0
    _asked = 0
    _coming_since: float | None = None
    _samples_awaited = 0

    def __init__(self, step: Step[R], row: RowContext[R], known: StepRecord[R]) -> None:
        self._step = step
        self._row = row
        self._known = known

    async def until(self, due: float) -> NoReturn:
        """End the turn; the row has its next one when it is due.

        Raises:
            Later: Always.
        """
        self.due = due
        row, key = self._row, self._known.key
        if self._step.shared and key is not None:
            row.job.locks.busy_until(self._step.name, folded(key), row.number, due)
        await row.journal.flush()
        raise Later(due)

    async def for_(self, seconds: float) -> NoReturn:
        """Wait so long; the shortest wait is what an answer that was lost needs to settle.

        Raises:
            Later: Always.
        """
        await self.until(anyio.current_time() + max(seconds, self._row.job.settle_s))

    def was_answered(self) -> None:
        """Restart the count: what was asked is answered."""
        self._asked = 0

    async def ask_again(self, error: AlianzaError) -> None:
        """Ask a little later, three times, each after twice the pause; return where that was in vain.

        Raises:
            Later: It is worth another try.
            Parked: The server cannot be reached.
        """
        await self.park(error)
        self._asked += 1
        if self._asked < _ASKED_AT_MOST:
            await self.until(
                anyio.current_time() + max(_AGAIN_S, self._row.job.settle_s) * 2.0 ** (self._asked - 1)
            )
        self._asked = 0

    async def for_what_is_coming(self) -> None:
        """Wait for what account history shows to be coming; return where that takes too long.

        Raises:
            Later: It may still come.
        """
        now = anyio.current_time()
        self._coming_since = now if self._coming_since is None else self._coming_since
        if now - self._coming_since < _COMING_AT_MOST_S:
            await self.for_(_AGAIN_S)
        self._coming_since = None

    @property
    def may_be_sampled(self) -> bool:
        """Whether it is worth waiting for an object that measures the server's clock."""
        return not self._row.job.history.server_clock.sampled and self._samples_awaited < _ASKED_AT_MOST

    async def for_a_sample(self) -> NoReturn:
        """Wait for an object that this job makes with a known answer: it measures the server's clock.

        Raises:
            Later: Always.
        """
        self._samples_awaited += 1
        await self.for_(_AGAIN_S / 2)

    def note(self, error: AlianzaError) -> bool:
        """Tell the outage detector of an error; return whether the row is to be parked because of it."""
        outage = self._row.job.outage
        return outage is not None and outage.note_failure(self._row.number, error)

    async def park(self, error: AlianzaError) -> None:
        """End the turn where the server cannot be reached: that is no failure of the row.

        Raises:
            Parked: It cannot be reached, or may not be reachable.
        """
        if self.note(error):
            await self._row.journal.flush()
            raise Parked(error) from error
