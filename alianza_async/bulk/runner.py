"""The runner: W workers over one iterator, a second turn for what has to settle, and an orderly stop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
import anyio.lowlevel

from alianza_async.bulk.ahead import Ahead, Taken
from alianza_async.bulk.endings import ended_badly, ended_well, not_sent, surprised
from alianza_async.bulk.intake import Intake
from alianza_async.bulk.journal.entries import Entry
from alianza_async.bulk.past import MAY_BE_LOST
from alianza_async.bulk.settling import Settling
from alianza_async.bulk.work import Settle, Work
from alianza_async.errors import (
    AlianzaError,
    AuthenticationError,
    BulkStoppedError,
    ConfigurationError,
    JournalError,
    ResultFileError,
)

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from alianza_async.bulk.concurrency import Concurrency
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.journal import Journal
    from alianza_async.bulk.output.results import ResultFile
    from alianza_async.bulk.past import Past
    from alianza_async.bulk.planning.canary_gate import CanaryGate
    from alianza_async.bulk.recorder import Recorder
    from alianza_async.bulk.report import ItemResult, Report
    from alianza_async.bulk.work import Kind, Ledger

__all__ = ["Runner"]

R_co = TypeVar("R_co", covariant=True)

_BREATHER = 20  # rows that wait for nothing let others run after so many


class Runner(Generic[R_co]):
    """Runs one job from its first row to its last result.

    Args:
        kind: What a row is to become.
        source: The rows.
        concurrency: How many items may be under way.
        results: Where each row's outcome is written, or None.
        report: The sums, kept live.
        ledger: The journal, as the kind sees it.
        journal: The journal, or None.
        past: What earlier runs have done, where the job goes on.
        grace_s: Seconds that what is under way has after a stop; None = as long as it takes.
        canary: What keeps the rest back until the first few rows were read back, or None.

    Attributes:
        complete: Whether every row of the input had its turn, and all that was under way has ended.
    """

    def __init__(
        self,
        kind: Kind[R_co],
        source: Source,
        *,
        concurrency: Concurrency,
        results: ResultFile | None,
        report: Report,
        ledger: Ledger,
        journal: Journal | None = None,
        past: Past | None = None,
        grace_s: float | None = None,
        canary: CanaryGate | None = None,
    ) -> None:
        self._kind = kind
        self._source = source
        self._concurrency = concurrency
        self._results = results
        self._report = report
        self._ledger = ledger
        self._journal = journal
        self._past = past
        self._grace_s = grace_s
        self._canary = canary
        self._intake = Intake(kind, source.name)
        self._rows = Ahead(source, self._take)
        self._settling = Settling()
        self._workers = 0
        self._breath = 0
        self._stopping = False
        self._going_on = anyio.Event()
        self._going_on.set()
        self._scope: anyio.CancelScope | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settled_from = 0.0
        self.complete = False
        self._broken: Exception | None = None

    def stop(self) -> None:
        """Take no further row; what is under way goes on to its end, or to that of the grace period."""
        self._stopping = True
        self._rows.stop()
        self._settling.stop()
        self._going_on.set()
        if self._canary is not None:
            self._canary.open()
        if self._scope is not None and self._loop is not None and self._grace_s is not None:
            # The loop's own clock: a signal's handler runs in no task, where anyio knows of no loop.
            self._scope.deadline = min(self._scope.deadline, self._loop.time() + self._grace_s)

    def pause(self, paused: bool) -> None:
        """Take no further row for now, or go on; what is under way is not touched."""
        if not paused or self._stopping:
            self._going_on.set()
        elif self._going_on.is_set():
            self._going_on = anyio.Event()
        self._report.paused = paused

    def broken(self, error: Exception) -> None:
        """Stop because of an error; the first one is the one that is told."""
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
        self._loop = asyncio.get_running_loop()
        self._settled_from = anyio.current_time() + self._ledger.settle_s
        try:
            with anyio.CancelScope() as self._scope:
                if self._stopping:
                    self.stop()
                async with anyio.create_task_group() as turns:
                    turns.start_soon(self._second_turns, turns, recorder)
                    async with anyio.create_task_group() as workers:
                        self._hire(workers, recorder)
                    self._settling.finish()
            if self._scope.cancelled_caught:
                self._leave_behind(recorder)
            else:
                self.complete = self._rows.ended and self._broken is None
            await self._drain(recorder)
        except BaseException:
            # Cut off. Whoever read the results is gone; the result file still has to tell of every row.
            with anyio.CancelScope(shield=True):
                self._leave_behind(recorder)
                await self._drain(recorder)
            raise
        finally:
            report.unsettled = tuple(sorted(recorder.under_way))
            report.unknown_columns = self._source.unknown_columns
            report.in_flight = 0
            report.end()
            self._intake.close()
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

    def _hire(self, group: TaskGroup, recorder: Recorder) -> None:
        while self._workers < self._concurrency.target:
            self._workers += 1
            group.start_soon(self._work, group, recorder)

    async def _work(self, group: TaskGroup, recorder: Recorder) -> None:
        """Take rows and give each its first turn, until there is none or there are workers enough."""
        try:
            while self._workers <= self._concurrency.target:
                work = await self._next(recorder)
                if work is None:
                    return
                self._report.concurrency = self._concurrency.settled(await self._turn(work, recorder))
                if not (self._stopping or self._rows.ended):
                    self._hire(group, recorder)
        finally:
            self._workers -= 1

    async def _second_turns(self, group: TaskGroup, recorder: Recorder) -> None:
        """Give each row that had to settle its next turn, once its time has come."""

        async def turn(work: Work) -> None:
            try:
                await self._turn(work, recorder)
            finally:
                self._settling.turn_over()

        while (work := await self._settling.next(lambda: self._concurrency.target)) is not None:
            group.start_soon(turn, work)

    async def _turn(self, work: Work, recorder: Recorder) -> float | None:
        """Give a row a turn; returns what it took, where it was sent. Never raises but for cancellation."""
        try:
            ended = await self._kind.carry_out(work, self._ledger)
        except Settle as later:
            self._settling.put(work, later.due)
            return None
        except JournalError as error:
            self.broken(error)  # the row stays under way: what became of it is not on disk
            return None
        except AlianzaError as error:
            if isinstance(error, ConfigurationError) or (
                isinstance(error, AuthenticationError) and error.login_refused
            ):
                # Nothing will go better for the next item: the job stops, and nothing more is sent.
                self.broken(error)
            await self._end(recorder, work, ended_badly(work, error))
            return None
        except Exception as error:  # noqa: BLE001  (one bad row never stops the rest, whatever is wrong with it)
            await self._end(recorder, work, surprised(work, error))
            return None
        began = time.monotonic()
        await self._end(recorder, work, ended_well(work, ended))
        if ended.latency is None or self._journal is None:
            return ended.latency
        return ended.latency + time.monotonic() - began

    async def _end(self, recorder: Recorder, work: Work, result: ItemResult) -> None:
        await recorder.ended(work, result)
        if self._canary is not None:
            await self._canary.ended(work, result)

    # --- rows -----------------------------------------------------------------------------------------------

    async def _next(self, recorder: Recorder) -> Work | None:
        """Return the next row to be sent, or None."""
        if self._canary is None or self._canary.is_open:
            return await self._next_row(recorder)
        async with self._canary.turn:
            return await self._next_row(recorder)

    async def _next_row(self, recorder: Recorder) -> Work | None:
        """Return the next row to be sent, or None; rows that are not sent get their result here."""
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
                await self._tell(taken, recorder)
                continue
            work.began = time.monotonic()
            recorder.took(taken.row)
            if self._canary is not None:
                self._canary.took()
            if not work.lost:
                return work
            # It may have been sent just before the end: what the server still does, it has time to do.
            self._settling.put(work, self._settled_from)
        return None

    async def _next_taken(self) -> Taken | None:
        """Return the next row and what came of it, counted; None at the end."""
        taken = await self._rows.next()
        if taken is not None and not isinstance(taken.outcome, Entry):  # those are counted already
            self._report.total += 1
        self._report.unknown_columns = self._source.unknown_columns
        return taken

    async def _tell(self, taken: Taken, recorder: Recorder) -> None:
        """Tell of a row that is not sent."""
        row, outcome, digest = taken
        if isinstance(outcome, Entry):
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
        if not self._going_on.is_set():
            await self._going_on.wait()
        if self._canary is not None:
            await self._canary.may_take()
        if self._settling.is_full:
            await self._settling.room()
        return not self._stopping

    def _take(self, row: Row) -> Taken:
        """Return what is to be done for a row, its result where nothing is, None where it is done already."""
        entry = None
        digest = self._digest(row)
        if self._past is not None and digest is not None:
            entry = self._past.meet(row, self._kind.key_of(row.values), digest)
            if entry is not None and self._past.settled(entry):
                self._intake.pass_over(row)
                return Taken(row, entry, digest)
        work = self._intake.take(row)
        if isinstance(work, Work):
            work.digest = digest
            if entry is not None:
                work.entry = entry
                work.lost = entry.status in MAY_BE_LOST
                work.look_first = not work.lost
                work.unknown_before = entry.status == "unknown"
                # An intent without an outcome: at least one request may have left.
                work.before = max(entry.attempts, 1) if work.lost else entry.attempts
            self._kind.make_ready(work)
        return Taken(row, work, digest)

    def _digest(self, row: Row) -> bytes | None:
        """Return what a row comes to, where the journal keeps it.

        A row from Python is told from others by its key alone: one that has none is refused anew by each run.
        """
        if self._journal is None or (not self._source.is_file and self._kind.key_of(row.values) is None):
            return None
        return self._journal.digest(row.values)

    def _leave_behind(self, recorder: Recorder) -> None:
        """Tell the result file of the rows that were cut off while under way."""
        how = "the job was cut off while it was under way; look before you send it"
        recorder.cut_off(
            how if self._journal is None else "the job was cut off while it was under way; resume it"
        )
        self.stop()

    async def _drain(self, recorder: Recorder) -> None:
        """Write a line for each row that had no turn, so that the result file holds the whole input."""
        if not self._stopping or not recorder.writes_lines or not self._source.is_file:
            return
        with contextlib.suppress(AlianzaError):
            while (taken := await self._next_taken()) is not None:
                await self._tell(taken, recorder)
                if taken.row.number % _BREATHER == 0:
                    await anyio.lowlevel.checkpoint()
