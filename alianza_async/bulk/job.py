"""A bulk job as its user holds it: iterate it, or run it and take the report."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from alianza_async.bulk.budget import FailureBudget
from alianza_async.bulk.concurrency import AutoConcurrency, FixedConcurrency, SlowStart
from alianza_async.bulk.engine.context import JobContext
from alianza_async.bulk.engine.outage import OutageDetector
from alianza_async.bulk.engine.recorder import Recorder
from alianza_async.bulk.engine.runner import Runner
from alianza_async.bulk.history import history_of, journaled_samples
from alianza_async.bulk.job_events import JobEvents
from alianza_async.bulk.job_journal import heed, open_journal, read_facts
from alianza_async.bulk.output.results import ResultFile, own_places
from alianza_async.bulk.report import ItemResult, Outage, Report
from alianza_async.errors import ConfigurationError, JournalError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping

    from anyio.streams.memory import MemoryObjectReceiveStream
    from pydantic import JsonValue

    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.bulk.input.fingerprints import Fingerprint
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.job_journal import Kept
    from alianza_async.bulk.journal.store import JobState
    from alianza_async.bulk.options import JobSettings
    from alianza_async.session import Session

__all__ = ["BulkJob"]

_RAN = "this job ran already; make a new one"
_BUFFER = 256  # results that wait for their reader before the workers do


class BulkJob:
    """One bulk job.

    Iterate it for a stream of results, which holds the workers back where its reader is slow; or
    `await job.run()` for all of them at once. It runs once.

    ```python
    async for result in session.bulk.create_accounts("accounts.csv"):
        print(result.row, result.status, result.id)
    ```

    To stop early call `stop()` and read on until it ends: what is under way is then settled. Leaving the loop
    instead cuts it off (at once where you close the iterator: `async with aclosing(aiter(job)) as results`);
    `report.unsettled` then names the rows whose end is not known. With a journal they are looked up when the
    job is resumed; without one the result file calls them `unknown`: a run that is fed it looks first.

    Attributes:
        report: The sums, live while the job runs.
    """

    def __init__(
        self,
        session: Session,
        kind: AnyKind,
        source: Source,
        settings: JobSettings,
        *,
        kind_options: Mapping[str, JsonValue] | None = None,
        resumed: bool = False,
        retry_failed: bool = False,
        restored: bool = False,
    ) -> None:
        self._session = session
        self._kind = kind
        self._source = source
        self._settings = settings
        self._kind_options = dict(kind_options or {})
        self._resumed = resumed
        self._retry_failed = retry_failed
        self._restored = restored
        self._runner: Runner | None = None
        self._began = False
        self._opened: tuple[Kept, ResultFile | None] | None = None
        self._stopped = False
        self.report = Report(
            unknown_columns=source.unknown_columns,
            notes=source.notes,
            warns=self._kind.workflow.warned(self._kind.choices),
        )

    def __repr__(self) -> str:
        """Return what it makes of which input, and how far it is."""
        job = f"{self._kind.workflow.name} from {self._source.name}"
        return f"<BulkJob {job}: {repr(self.report)[8:-1] if self._began else 'not begun'}>"

    def stop(self) -> None:
        """Take no further row; what is under way goes on to its end, and the stream of results with it."""
        self._stopped = True
        if self._runner is not None:
            self._runner.stop()

    def count_rows(self) -> int | None:
        """Count the rows of the job's file, quickly and without sending anything; None where that takes long.

        Raises:
            SourceError: It cannot be read.
        """
        return self._source.count()

    def expect(self, fingerprint: Fingerprint) -> None:
        """Hold the job to what its input was, such as when it was planned; to be called before it runs.

        Args:
            fingerprint: As `check_plan` returns it.

        Raises:
            InputChangedError: The job is held to another one already.
        """
        self._source.expect(fingerprint)

    async def open(self) -> None:
        """Open the job's result file and its journal, so that what refuses the job does so before it runs.

        A job opens them when it runs, where they are not open yet. An open job has to run: it holds a lock.

        Raises:
            ConfigurationError: It ran already.
            ResultFileError: The result file's place cannot be written, or holds what may not be replaced.
            JournalError: The journal cannot be made or used.
            CallError: The login failed.
        """
        if self._began:
            raise ConfigurationError(_RAN)
        await self._opening()

    async def run(self) -> Report:
        """Run the whole job and return its report, with one result an item in `report.results`, by row.

        Raises:
            BulkStoppedError: It stopped before its input ended; `error.report` has the results until then.
        """
        results = self.report.results

        async def collect(result: ItemResult) -> None:
            results.append(result)

        try:
            await self._run(collect)
        finally:
            results.sort(key=_row)
        return self.report

    async def __aiter__(self) -> AsyncIterator[ItemResult]:
        """Yield each result as its item ends.

        Raises:
            BulkStoppedError: After the last result, where the job stopped before its input ended.
        """
        send, receive = anyio.create_memory_object_stream[ItemResult](_BUFFER)

        async def hand_on(result: ItemResult) -> None:
            try:
                send.send_nowait(result)
            except anyio.WouldBlock:
                await send.send(result)

        # Both ends are closed here too, for a job that cannot even begin.
        with send, receive:

            async def supervise() -> None:
                with send:
                    await self._run(hand_on)

            # A task of its own: a task group may not stay open across a yield.
            supervisor = asyncio.create_task(supervise(), name="alianza_async bulk job")
            try:
                while (result := await _next_of(receive)) is not None:
                    yield result
                await supervisor
            finally:
                if not supervisor.done():
                    supervisor.cancel()
                    await asyncio.gather(supervisor, return_exceptions=True)

    async def _run(self, emit: Callable[[ItemResult], Awaitable[None]]) -> None:
        session, settings = self._session, self._settings
        kept, results = await self._begin()
        async with self._journal_kept(kept):
            await self._keep_track(kept, results)
            job_id = None if kept.path is None else kept.store.facts.job_id
            events = JobEvents(session, job_id, self._kind.name)
            job = self._job_of(kept, events)
            concurrency = self._concurrency()
            if kept.resumed is not None:
                for sample in await journaled_samples(kept.store, self._kind, session):
                    job.keep_sample(sample)
            self._runner = runner = await self._make_runner(kept, job, results, concurrency)
            runner.on_pause = events.paused
            recorder = Recorder(
                self.report,
                job,
                budget=FailureBudget.parse(settings.max_failures),
                concurrency=concurrency,
                results=results,
                emit=events.of_rows(emit),
                stop=self._stop_for,
            )
            if self._stopped:
                runner.stop()
            source, resumed = self._source.name, kept.resumed is not None
            async with (
                events.of_run(self.report, source=source, resumed=resumed),
                _heeding(kept, runner, session, self.report),
            ):
                await runner.run(recorder)
            if kept.resumed is not None and runner.complete:
                self.report.missing = tuple(await kept.resumed.unsettled())

    async def _begin(self) -> tuple[Kept, ResultFile | None]:
        """Begin, with what is open; where that fails nothing was sent, and the job may be run again."""
        if self._began:
            raise ConfigurationError(_RAN)
        self._began = True
        try:
            return await self._opening()
        except BaseException:
            self._began = False
            raise

    async def _opening(self) -> tuple[Kept, ResultFile | None]:
        """Return the journal and the result file, opened once."""
        if self._opened is None:
            # First the place that is found out at once; the journal needs a login.
            results = self._open_results()
            self._opened = await self._open_journal(results), results
        return self._opened

    def _job_of(self, kept: Kept, events: JobEvents) -> JobContext:
        """Return what all rows of the job have in common."""
        session, report = self._session, self.report

        def changed(outage: OutageDetector) -> None:
            report.outage = None if outage.since is None else Outage(outage.host, outage.since)
            events.outage(outage.since)

        return JobContext(
            session,
            kept.store,
            kept.fence,
            history_of(session, kept.store),
            settle_s=session.retry_policy.settle_s,
            keeps_journal=kept.path is not None,
            on_exists=self._kind.on_exists,
            ensure=self._kind.ensure,
            outage=OutageDetector(
                urlsplit(session.base_url).netloc,
                probe=session.with_options(
                    retry=replace(session.retry_policy, attempts=1)
                ).authorize.user_info,
                limit_s=self._settings.outage_limit_s,
                on_change=changed,
            ),
        )

    def _open_results(self) -> ResultFile | None:
        """Begin the result file.

        Raises:
            ResultFileError: Its place cannot be written, or holds what may not be replaced.
        """
        settings = self._settings
        if settings.results is None:
            return None
        return ResultFile(
            settings.results,
            source=self._source,
            force=settings.force,
            journals=[] if settings.journal is None else [settings.journal],
            resumed=os.path.realpath(settings.results) in self._own_places(),
        )

    def _own_places(self) -> frozenset[str]:
        """Return where earlier runs of this job wrote their result files."""
        settings = self._settings
        if settings.journal is None or not (self._resumed or settings.job_id):
            return frozenset()
        try:
            return own_places(read_facts(Path(settings.journal)).options)
        except JournalError:  # there is none yet, or it is refused by name when it is opened
            return frozenset()

    async def _keep_track(self, kept: Kept, results: ResultFile | None) -> None:
        """Remove what killed runs left of the result file, and note what this run would leave."""
        if kept.path is None or results is None:
            return
        options = kept.store.facts.options
        results.supersede(options)
        await kept.store.set_job(kept.fence, options=results.kept(options))

    async def _open_journal(self, results: ResultFile | None) -> Kept:
        try:
            return await open_journal(
                self._session,
                self._source,
                self._settings,
                kind=self._kind.name,
                kind_options=self._kind_options,
                resumed=self._resumed,
                retry_failed=self._retry_failed,
                restored=self._restored,
            )
        except BaseException:
            if results is not None:
                results.discard()
            raise

    async def _make_runner(
        self, kept: Kept, job: JobContext, results: ResultFile | None, concurrency: SlowStart
    ) -> Runner:
        settings, report = self._settings, self.report
        report.results_path = results.path if results else None
        report.journal_path = kept.path
        if kept.resumed is not None:
            await kept.resumed.seed(report)
        report.begin()
        canary = None
        if settings.canary:
            from alianza_async.bulk.planning.canary_gate import CanaryGate

            canary = CanaryGate(job, self._kind, settings.canary, report=report, stop=self._stop_for)
        return Runner(
            self._kind,
            self._source,
            job,
            concurrency=concurrency,
            results=results,
            report=report,
            resumed=kept.resumed,
            grace_s=settings.grace_s,
            canary=canary,
        )

    def _concurrency(self) -> SlowStart:
        """Return how many rows are under way at once: as many as the kind needs, or the user says."""
        session, at_once = self._session, self._kind.at_once
        if at_once is not None:
            return SlowStart(FixedConcurrency(at_once), start=at_once, halves=False)
        fixed = self._settings.concurrency
        wanted = (
            AutoConcurrency(lambda: session.rate, session.capacity)
            if fixed is None
            else FixedConcurrency(fixed)
        )
        return SlowStart(wanted, halves=self._settings.max_failures != "off")

    def _stop_for(self, error: Exception) -> None:
        if self._runner is not None:
            self._runner.broken(error)

    @contextlib.asynccontextmanager
    async def _journal_kept(self, kept: Kept) -> AsyncGenerator[None]:
        """Close the journal at the end, whatever that is, and say in it how the job ended."""
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                # An unwritable journal has stopped the job already, and says why.
                with contextlib.suppress(JournalError):
                    done = self._runner is not None and self._runner.complete and not self.report.missing
                    state: JobState = "finished" if done else "stopped"
                    await kept.store.set_job(
                        kept.fence, state=state, rows=self.report.total if done else None
                    )
                await kept.store.aclose()


@contextlib.asynccontextmanager
async def _heeding(kept: Kept, runner: Runner, session: Session, report: Report) -> AsyncGenerator[None]:
    """Do what another terminal asks for, while the context lasts."""
    # No task group: it would wrap what ends the job.
    task = asyncio.create_task(heed(kept, runner, session, report), name="alianza_async bulk control")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _next_of(receive: MemoryObjectReceiveStream[ItemResult]) -> ItemResult | None:
    """Return the next result, None at the end; the event loop has a turn only where none is there yet."""
    try:
        try:
            return receive.receive_nowait()
        except anyio.WouldBlock:
            return await receive.receive()
    except anyio.EndOfStream:
        return None


def _row(result: ItemResult) -> int:
    return result.row
