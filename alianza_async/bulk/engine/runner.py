"""The runner of a job: rows from the source through the worker pool to their results, and an orderly stop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from alianza_async.bulk.engine.outcomes import (
    from_error,
    from_steps,
    from_surprise,
    may_be_lost,
    not_sent,
)
from alianza_async.bulk.engine.pool import Pool
from alianza_async.bulk.engine.prefetch import Prefetcher, Taken
from alianza_async.bulk.engine.settlement import ends_the_job
from alianza_async.bulk.engine.turns import Later, Parked, RowEnd
from alianza_async.bulk.engine.validation import Validation
from alianza_async.bulk.engine.work import Work
from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.bulk.journal.store import RowState
from alianza_async.errors import AlianzaError, JournalError, ResultFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.bulk.concurrency import SlowStart
    from alianza_async.bulk.engine.context import JobContext
    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.engine.recorder import Recorder
    from alianza_async.bulk.engine.resume_state import ResumeState
    from alianza_async.bulk.engine.row_run import AnyRowRun
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.output.results import ResultFile
    from alianza_async.bulk.planning.canary_gate import CanaryGate
    from alianza_async.bulk.report import ItemResult, Report

__all__ = ["Runner"]

_BREATHER = 20  # rows that wait for nothing let others run after so many


class Runner:
    """Runs one job from its first row to its last result.

    Args:
        kind: What a row is to become.
        source: The rows.
        job: What all rows have in common.
        concurrency: How many rows may be under way.
        results: Where each row's outcome is written, or None.
        report: The sums, kept live.
        resumed: What earlier runs have done, where the job goes on.
        grace_s: Seconds that what is under way has after a stop; None = as long as it takes.
        canary: What keeps the rest back until the first few rows were read back, or None.

    Attributes:
        complete: Whether every row of the input had its turn, and all that was under way has ended.
        on_pause: Told where the job pauses, or goes on.
    """

    def __init__(
        self,
        kind: AnyKind,
        source: Source,
        job: JobContext,
        *,
        concurrency: SlowStart,
        results: ResultFile | None,
        report: Report,
        resumed: ResumeState | None = None,
        grace_s: float | None = None,
        canary: CanaryGate | None = None,
    ) -> None:
        self._kind = kind
        self._source = source
        self._job = job
        self._concurrency = concurrency
        self._results = results
        self._report = report
        self._resumed = resumed
        self._grace_s = grace_s
        self._canary = canary
        self._validation = Validation(kind, source.name)
        self._rows = Prefetcher(source, self._prepare)
        self._breath = 0
        self._stopping = False
        self._running = anyio.Event()
        self._running.set()
        self._scope: anyio.CancelScope | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settled_from = 0.0
        self._broken: Exception | None = None
        self._pool: Pool[Work] = Pool(self._take, self._turn, width=lambda: concurrency.target)
        self.complete = False
        self.on_pause: Callable[[bool], object] | None = None

    def stop(self) -> None:
        """Take no further row; what is under way goes on to its end, or to that of the grace period."""
        self._stopping = True
        self._rows.stop()
        self._pool.stop()
        self._running.set()
        if self._canary is not None:
            self._canary.open()
        if self._job.outage is not None:
            self._job.outage.stop()
        if self._scope is not None and self._loop is not None and self._grace_s is not None:
            # The loop's own clock: a signal's handler runs in no task, where anyio knows of no loop.
            self._scope.deadline = min(self._scope.deadline, self._loop.time() + self._grace_s)

    def pause(self, paused: bool) -> None:
        """Take no further row for now, or go on; what is under way is not touched."""
        if not paused or self._stopping:
            self._running.set()
        elif self._running.is_set():
            self._running = anyio.Event()
        if self.on_pause is not None and paused != self._report.paused:
            self.on_pause(paused)
        self._report.paused = paused

    def broken(self, error: Exception) -> None:
        """Stop because of an error; the first one is the one that is raised."""
        self._broken = self._broken or error
        self.stop()

    async def run(self, recorder: Recorder) -> None:
        """Run the job.

        Args:
            recorder: Takes the results.

        Raises:
            BulkStoppedError: It stopped before the input ended, and why.
        """
        report = self._report
        self._recorder = recorder
        self._loop = asyncio.get_running_loop()
        self._settled_from = anyio.current_time() + self._job.settle_s
        try:
            with anyio.CancelScope() as self._scope:
                if self._stopping:
                    self.stop()
                await self._pool.run()
            if self._scope.cancelled_caught:
                self._leave_behind(recorder)
            else:
                self.complete = self._rows.ended and self._broken is None
            await self._drain(recorder)
        except BaseException:
            # Cut off. Whoever read the results is gone; the result file still has to name every row.
            with anyio.CancelScope(shield=True):
                self._leave_behind(recorder)
                await self._drain(recorder)
            raise
        finally:
            report.unsettled = tuple(sorted(recorder.under_way))
            report.unknown_columns = self._source.unknown_columns
            report.notes = self._source.notes
            report.in_flight = 0
            report.end()
            self._validation.close()
            await self._close_results()
        broken = self._broken
        if isinstance(broken, BulkStoppedError):
            raise broken
        if broken is not None:
            raise BulkStoppedError(f"the job stopped: {broken}", report=report) from broken

    async def _close_results(self) -> None:
        if self._results is None:
            return
        try:
            # Putting a large file in order takes seconds: not on the event loop, and not left half done.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._results.close)
        except ResultFileError as error:
            self._broken = self._broken or error

    # --- turns ----------------------------------------------------------------------------------------------

    async def _turn(self, work: Work) -> float | None:
        """Give a row a turn; returns when it is to have its next one."""
        run = self._kind.run_of(self._job, work)
        try:
            end = await self._end_of(work, run)
        except Later as later:
            return later.due
        except JournalError as error:
            self.broken(error)  # the row stays under way: its outcome is not on disk
        except AlianzaError as error:
            if ends_the_job(error):
                # Nothing will go better for the next row: the job stops, and nothing more is sent.
                self.broken(error)
            await self._ended(work, from_error(work, error), keep=ends_the_job(error))
        except Exception as error:  # noqa: BLE001  (one bad row never stops the rest, whatever is wrong with it)
            await self._ended(work, from_surprise(work, error))
        else:
            if end is None:
                await self._not_sent_in_outage(work)
            else:
                await self._succeeded(work, end)
        return None

    async def _end_of(self, work: Work, run: AnyRowRun) -> RowEnd | None:
        """Bring a row to its end, however often it is parked; None where an outage left it unsent."""
        while True:
            try:
                return await run.go_on()
            except Parked:
                outage = self._job.outage
                if outage is None or not await outage.wait_over(work.row.number):
                    return None

    async def _succeeded(self, work: Work, end: RowEnd) -> None:
        """Note a row whose steps have come to their end, and how many rows may be under way from now on."""
        if end.status not in {"failed", "unknown"} and self._job.outage is not None:
            self._job.outage.note_success(work.row.number)
        began = time.monotonic()
        await self._ended(work, from_steps(work, end))
        latency = None if end.latency is None else end.latency * end.requests
        if latency is not None and self._job.keeps_journal:
            latency += time.monotonic() - began
        self._report.concurrency = self._concurrency.settled(latency, end.requests)

    async def _not_sent_in_outage(self, work: Work) -> None:
        """Name a row that an outage, or a stop during it, left unsent; its journal entry stays as it is."""
        outage = self._job.outage
        if outage is not None and outage.given_up:
            self.broken(BulkStoppedError(f"the job stopped: {outage.message}", report=self._report))
        await self._ended(work, not_sent(work), keep=True)

    async def _ended(self, work: Work, result: ItemResult, *, keep: bool = False) -> None:
        run = work.run
        await self._recorder.ended(work, result, keep=keep)
        if self._canary is not None:
            await self._canary.ended(work, result)
        work.run = None  # what a row used is used again, and leaves no cycle for the garbage collector
        if run is not None:
            run.close()

    # --- rows -----------------------------------------------------------------------------------------------

    async def _take(self) -> tuple[Work, float | None] | None:
        """Return the next row to be sent, or None."""
        if self._canary is None or self._canary.is_open:
            return await self._next_row()
        async with self._canary.turn:
            return await self._next_row()

    async def _next_row(self) -> tuple[Work, float | None] | None:
        """Return the next row to be sent, or None; rows that are not sent get their result here."""
        recorder = self._recorder
        while await self._may_take():
            try:
                taken = await self._next_taken()
            except Exception as error:  # noqa: BLE001  (the caller's own iterator may raise anything)
                self.broken(error)
                return None
            if taken is None:
                return None
            work = taken.outcome
            if not isinstance(work, Work):
                await self._pass_on(taken, recorder)
                continue
            work.began = time.monotonic()
            recorder.took(taken.row)
            if self._canary is not None:
                self._canary.took()
            # It may have been sent just before the end: what the server still does, it has time to do.
            return work, self._settled_from if may_be_lost(work) else None
        return None

    async def _next_taken(self) -> Taken | None:
        """Return the next row and what follows from it, counted; None at the end."""
        taken = await self._rows.next()
        if taken is not None and not isinstance(taken.outcome, RowState):  # those are counted already
            self._report.total += 1
            if taken.row.changes:
                self._report.changes.add(taken.row)
        self._report.unknown_columns = self._source.unknown_columns
        return taken

    async def _pass_on(self, taken: Taken, recorder: Recorder) -> None:
        """Hand a row that is not sent to the recorder."""
        row, outcome, digest = taken
        if isinstance(outcome, RowState):
            recorder.passed_over(row, outcome)
        elif isinstance(outcome, Work):
            await recorder.not_sent(row, not_sent(outcome))
        else:
            await recorder.refused(row, outcome, digest)

    async def _may_take(self) -> bool:
        """Wait until another row may be taken; False where none may be any more."""
        self._breath = (self._breath + 1) % _BREATHER
        if self._breath == 0:
            await anyio.lowlevel.checkpoint()
        if not self._running.is_set():
            await self._running.wait()
        if self._canary is not None:
            await self._canary.may_take()
        outage = self._job.outage
        if outage is not None and outage.active:
            await outage.wait_over(0)
        return not self._stopping

    async def _prepare(self, rows: list[Row]) -> list[Taken]:
        """Return what follows from rows that were just read."""
        digests = [self._digest(row) for row in rows]
        states: list[RowState | None] = [None] * len(rows)
        if self._resumed is not None:
            keys = [self._kind.key_of(row.given) for row in rows]
            states = await self._resumed.meet(list(zip(rows, keys, digests, strict=True)))
        return [
            self._taken(row, state, digest) for row, state, digest in zip(rows, states, digests, strict=True)
        ]

    def _taken(self, row: Row, state: RowState | None, digest: bytes | None) -> Taken:
        if state is not None and self._resumed is not None and self._resumed.is_settled(state.entry):
            self._validation.pass_over(row)
            return Taken(row, state, digest)
        work = self._validation.take(row)
        if isinstance(work, Work):
            work.digest = digest
            if state is not None:
                work.state = state
                work.attempts = state.entry.attempts
                work.look_first = not state.steps or state.entry.status == "failed"
                work.unknown_before = state.entry.status == "unknown"
            if self._job.store.suspicion is not None:
                work.look_first = True
        return Taken(row, work, digest)

    def _digest(self, row: Row) -> bytes | None:
        """Return what a row comes to, where the journal keeps it.

        Only its key identifies a row from Python: each run refuses one that has none.
        """
        if not self._job.keeps_journal or (not self._source.is_file and self._kind.key_of(row.given) is None):
            return None
        return self._job.store.digest(row.given)

    def _leave_behind(self, recorder: Recorder) -> None:
        """Name the rows that were cut off while under way in the result file."""
        how = "the job was cut off while it was under way; "
        recorder.cut_off(how + ("resume it" if self._job.keeps_journal else "look before you send it"))
        self.stop()

    async def _drain(self, recorder: Recorder) -> None:
        """Write a line for each row that had no turn, so that the result file holds the whole input."""
        if not self._stopping or not recorder.writes_lines or not self._source.is_file:
            return
        with contextlib.suppress(AlianzaError):
            while (taken := await self._next_taken()) is not None:
                await self._pass_on(taken, recorder)
                if taken.row.number % _BREATHER == 0:
                    await anyio.lowlevel.checkpoint()
