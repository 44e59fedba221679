"""The first few rows of a job, before whose verdict no other row is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from alianza_async.bulk.planning.canary import check_canary
from alianza_async.errors import BulkStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.bulk.report import ItemResult, Report
    from alianza_async.bulk.work import Kind, Payload, Work
    from alianza_async.session import Session

__all__ = ["CanaryGate"]


class CanaryGate:
    """Lets a number of rows through, reads them back, and lets the rest follow or stops the job.

    Args:
        session: Where they are read back.
        kind: What the rows become.
        count: How many rows go first.
        report: The job's sums, for the error.
        stop: Stops the job because of an error.

    Attributes:
        turn: To be held by whoever takes a row before the verdict: exactly so many rows go first.
    """

    def __init__(
        self,
        session: Session,
        kind: Kind[object],
        count: int,
        *,
        report: Report,
        stop: Callable[[Exception], None],
    ) -> None:
        self._session = session
        self._kind = kind
        self._left = count
        self._report = report
        self._stop = stop
        self._under_way = 0
        self._made: list[tuple[int, Payload, str | None]] = []
        self._failed: list[ItemResult] = []
        self._verdict = anyio.Event()
        self.turn = anyio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the verdict is in, or the job stops."""
        return self._verdict.is_set()

    async def may_take(self) -> None:
        """Wait for the verdict, once all of the first rows are under way."""
        if self._left == 0:
            await self._verdict.wait()

    def open(self) -> None:
        """Let everybody through: the job stops."""
        self._verdict.set()

    def took(self) -> None:
        """Note that a row is under way."""
        if self._left:
            self._left -= 1
            self._under_way += 1

    async def ended(self, work: Work, result: ItemResult) -> None:
        """Take the end of a row; after the last of the first ones, read them back."""
        if self._verdict.is_set():
            return
        self._under_way -= 1
        if result.status == "created":
            self._made.append((work.row.number, work.payload, result.id))
        elif result.status in {"failed", "unknown"}:
            self._failed.append(result)
        if self._left or self._under_way:
            return
        told = await self._why_not()
        if told is not None:
            self._stop(BulkStoppedError(f"the job stopped after its canary: {told}", report=self._report))
        self._verdict.set()

    async def _why_not(self) -> str | None:
        """Return why the rest may not follow; None where it may."""
        if self._failed:
            rows = ", ".join(str(result.row) for result in self._failed)
            return (
                f"{len(self._failed)} of its rows did not go well (row {rows}): mend the cause, then resume"
            )
        found = await check_canary(
            self._session, self._kind, self._made, settle_s=self._session.retry_policy.settle_s
        )
        return None if found.ok else f"{found}; find out why before you resume it"
