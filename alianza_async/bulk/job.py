"""A bulk job as its user holds it: iterate it, or run it and take the report."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from alianza_async.bulk.concurrency import AutoConcurrency, FixedConcurrency
from alianza_async.bulk.report import ItemResult, Report
from alianza_async.bulk.results import ResultFile
from alianza_async.bulk.runner import Runner
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Awaitable, Callable

    from alianza_async.bulk.budget import FailureBudget
    from alianza_async.bulk.kinds import Kind
    from alianza_async.bulk.sources import Source
    from alianza_async.session import Session

__all__ = ["BulkJob"]

R_co = TypeVar("R_co", covariant=True)

_BUFFER = 64


class BulkJob(Generic[R_co]):
    """One bulk job.

    Iterate it for a stream of results, which holds the workers back where its reader is slow; or
    `await job.run()` for all of them at once. It runs once.

    ```python
    async for result in session.bulk.create_accounts("accounts.csv"):
        print(result.row, result.status, result.id)
    ```

    To stop early call `stop()` and read on until it ends: what is under way is then settled. Leaving the loop
    instead cuts it off; `report.unsettled` then names the rows whose end is not known, and the result file
    calls them `unknown`, so that a run that is fed it looks them up before it sends them.

    Attributes:
        report: The sums, live while the job runs.
    """

    def __init__(
        self,
        session: Session,
        kind: Kind[R_co],
        source: Source,
        *,
        concurrency: int | None,
        budget: FailureBudget,
        ensure: bool,
        results: str | os.PathLike[str] | None,
    ) -> None:
        self._session = session
        self._kind = kind
        self._source = source
        self._fixed = concurrency
        self._budget = budget
        self._ensure = ensure
        self._results = results
        self._runner: Runner[R_co] | None = None
        self._stopped = False
        self.report = Report(unknown_columns=source.unknown_columns)

    def stop(self) -> None:
        """Take no further row; what is under way goes on to its end, and the stream of results with it."""
        self._stopped = True
        if self._runner is not None:
            self._runner.stop()

    async def run(self) -> Report:
        """Run the whole job and return its report, with one result an item in `report.results`, by row.

        Raises:
            BulkStoppedError: It stopped before its input ended; `error.report` has the results until then.
        """
        results = self.report.results

        async def collect(result: ItemResult) -> None:
            results.append(result)

        try:
            await self._begin(collect).run()
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
            runner = self._begin(hand_on)

            async def supervise() -> None:
                with send:
                    await runner.run()

            # A task of its own: a task group may not stay open across a yield.
            supervisor = asyncio.create_task(supervise(), name="alianza_async bulk job")
            try:
                async for result in receive:
                    yield result
                await supervisor
            finally:
                if not supervisor.done():
                    supervisor.cancel()
                    await asyncio.gather(supervisor, return_exceptions=True)

    def _begin(self, emit: Callable[[ItemResult], Awaitable[None]]) -> Runner[R_co]:
        if self._runner is not None:
            raise ConfigurationError("this job ran already; make a new one")
        session = self._session
        concurrency = (
            AutoConcurrency(lambda: session.rate, session.capacity)
            if self._fixed is None
            else FixedConcurrency(self._fixed)
        )
        results = None if self._results is None else ResultFile(self._results, source=self._source)
        self.report.results_path = results.path if results else None
        self.report.begin()
        self._runner = Runner(
            session,
            self._kind,
            self._source,
            concurrency=concurrency,
            budget=self._budget,
            ensure=self._ensure,
            results=results,
            report=self.report,
            emit=emit,
        )
        if self._stopped:
            self._runner.stop()
        return self._runner


def _row(result: ItemResult) -> int:
    return result.row
