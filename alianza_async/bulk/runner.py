"""The runner: W workers over one iterator, one result an item, and an orderly stop."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
import anyio.lowlevel

from alianza_async.bulk.feed import Feed
from alianza_async.bulk.intake import MAY_BE_THERE, Intake, Work
from alianza_async.bulk.parents import AccountIds
from alianza_async.bulk.report import DONE, ItemResult, Report, Status
from alianza_async.bulk.rows import ResultLine, Row
from alianza_async.errors import (
    AlianzaError,
    AlreadyExistsError,
    AuthenticationError,
    BulkStoppedError,
    CallError,
    ConfigurationError,
    ConflictError,
    FailureBudgetError,
    InvalidInputError,
    ResultFileError,
    UnknownOutcomeError,
)
from alianza_async.policies.lookup import conflict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import TaskGroup

    from alianza_async.bulk.budget import FailureBudget
    from alianza_async.bulk.concurrency import Concurrency
    from alianza_async.bulk.kinds import Kind
    from alianza_async.bulk.results import ResultFile
    from alianza_async.bulk.sources import Source
    from alianza_async.call import Call, Reply
    from alianza_async.session import Session

__all__ = ["Runner"]

R_co = TypeVar("R_co", covariant=True)

_BREATHER = 200  # rows that are not sent wait for nothing: so often they let others run


class Runner(Generic[R_co]):
    """Runs one job from its first row to its last result.

    Args:
        session: Where items are sent.
        kind: What a row is to become.
        source: The rows.
        concurrency: How many items may be under way.
        budget: How many may fail.
        ensure: Whether every item is looked up before it is created.
        results: Where each row's outcome is written, or None.
        report: The sums, kept live.
        emit: Takes each result; may wait, and so hold the workers back.
    """

    def __init__(
        self,
        session: Session,
        kind: Kind[R_co],
        source: Source,
        *,
        concurrency: Concurrency,
        budget: FailureBudget,
        ensure: bool,
        results: ResultFile | None,
        report: Report,
        emit: Callable[[ItemResult], Awaitable[None]],
    ) -> None:
        self._session = session
        self._kind = kind
        self._source = source
        self._concurrency = concurrency
        self._budget = budget
        self._ensure = ensure
        self._results = results
        self._report = report
        self._emit = emit
        self._accounts = AccountIds(session)
        self._intake = Intake(kind, source.name)
        self._rows = Feed(source)
        self._under_way: dict[int, Row] = {}
        self._workers = 0
        self._stopping = False
        self._broken: Exception | None = None

    def stop(self) -> None:
        """Take no further row; what is under way goes on to its end."""
        self._stopping = True
        self._rows.stop()

    async def run(self) -> None:
        """Run the job.

        Raises:
            BulkStoppedError: It stopped before the input ended, and why.
        """
        report = self._report
        try:
            async with anyio.create_task_group() as group:
                self._hire(group)
            await self._drain()
        except BaseException:
            # Cut off. Whoever read the results is gone; the result file still has to tell of every row.
            self._emit = _to_nobody
            with anyio.CancelScope(shield=True):
                await self._leave_behind()
            raise
        finally:
            report.unsettled = tuple(sorted(self._under_way))
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

    # --- workers --------------------------------------------------------------------------------------------

    def _hire(self, group: TaskGroup) -> None:
        while self._workers < self._concurrency.target:
            self._workers += 1
            group.start_soon(self._work, group)

    async def _work(self, group: TaskGroup) -> None:
        """Take rows and settle them, until there is none or there are workers enough."""
        try:
            while self._workers <= self._concurrency.target:
                work = await self._next()
                if work is None:
                    return
                result, latency = await self._settle(work)
                await self._record(work.row, result)
                self._report.concurrency = self._concurrency.settled(latency)
                if not (self._stopping or self._rows.ended):
                    self._hire(group)
        finally:
            self._workers -= 1

    async def _next(self) -> Work | None:
        """Return the next row to be sent, or None; rows that are not sent get their result here."""
        while not self._stopping:
            try:
                row = await self._rows.next()
                if row is None:
                    return None
                self._report.total += 1
                taken = self._intake.take(row)
            except Exception as error:  # noqa: BLE001  (the caller's own iterator may raise anything)
                self._break(error)
                return None
            if isinstance(taken, Work):
                self._under_way[row.number] = row
                self._report.in_flight += 1
                return taken
            await self._record(row, taken)
            if row.number % _BREATHER == 0:
                await anyio.lowlevel.checkpoint()
        return None

    async def _settle(self, work: Work) -> tuple[ItemResult, float | None]:
        """Send one item and tell how it ended; never raises but for cancellation."""
        started = time.monotonic()
        number, key = work.row.number, self._kind.key_of(work.row.values) or work.payload.key
        call: Call | None = None
        try:
            call = await self._prepare(work)
            found = await self._find(call, work)
            reply = found or await self._session.send(call)
        except AlianzaError as error:
            return self._ended_badly(work, key, error, call, time.monotonic() - started), None
        except Exception as error:  # noqa: BLE001  (one bad row never stops the rest, whatever is wrong with it)
            return _surprised(number, key, error, call, time.monotonic() - started), None
        result = ItemResult(
            number,
            key,
            "exists" if found else "created",
            id=_id_of(reply),
            attempts=call.attempts,
            request_id=reply.request_id,
            elapsed=time.monotonic() - started,
            adopted=reply.adopted,
        )
        return result, reply.elapsed

    def _ended_badly(
        self, work: Work, key: str, error: AlianzaError, call: Call | None, elapsed: float
    ) -> ItemResult:
        maybe_sent = call is not None and call.maybe_sent
        found = _id_of(error.existing) if isinstance(error, ConflictError) and error.existing else None
        shown: AlianzaError | None = error
        status: Status
        match error:
            case AlreadyExistsError():
                status, shown = "exists", None
            case UnknownOutcomeError():
                status = "unknown"
            case InvalidInputError() if not maybe_sent:
                status = "invalid"  # such as an id that cannot stand in a path
            case AuthenticationError(login_refused=True) | ConfigurationError():
                # Nothing will go better for the next item: the job stops, and nothing more is sent.
                status = "unknown" if maybe_sent else "skipped"
                self._break(error)
            case CallError() if work.unknown_before and not (call and call.attempts):
                # The look-up that was to tell could not: it is as unknown as before.
                status = "unknown"
            case _:
                status = "failed"
        return ItemResult(
            work.row.number,
            key,
            status,
            id=found,
            error=shown,
            attempts=call.attempts if call else 0,
            request_id=error.request_id if isinstance(error, CallError) else None,
            elapsed=elapsed,
        )

    async def _prepare(self, work: Work) -> Call:
        payload = work.payload
        ids = dict(payload.ids)
        number = ids.pop("account_number", None)
        if number is not None:
            ids["account_id"] = await self._accounts.find(number)
        return await self._kind.create.prepare_with(ids, payload.model)

    async def _find(self, call: Call, work: Work) -> Reply[object] | None:
        """Look the object up first, where that is asked for; None where it is to be created."""
        if not (self._ensure or work.look_first):
            return None
        found = await self._session.find(call)
        if found is None:
            return None
        if found.differences:
            raise conflict(call, found)
        return found.reply

    # --- results --------------------------------------------------------------------------------------------

    async def _record(self, row: Row, result: ItemResult) -> None:
        """Count a result, write it, hand it on; in this order, so that nothing that was told is lost."""
        report = self._report
        if self._under_way.pop(row.number, None) is not None:
            report.in_flight -= 1
            if result.status not in {"skipped", "invalid"}:
                reason = self._budget.spend(result.status)
                if reason is not None:
                    self._break(
                        FailureBudgetError(
                            f"the job stopped: {reason}; mend the cause and run it again with its result "
                            "file, or raise max_failures",
                            report=report,
                        )
                    )
        report.add(result)
        report.unknown_columns = self._source.unknown_columns
        self._write(row, result)
        await self._emit(result)

    def _write(self, row: Row, result: ItemResult) -> None:
        if self._results is None:
            return
        earlier = row.earlier
        # A row that had no turn is as an earlier run left it: without its `unknown` it would be sent blindly.
        keep = result.status == "skipped" and earlier is not None and earlier.status in DONE | MAY_BE_THERE
        self._write_line(row, earlier if keep and earlier else _line(result))

    def _write_line(self, row: Row, line: ResultLine) -> None:
        if self._results is None:
            return
        try:
            self._results.write(row, line)
        except ResultFileError as error:
            # What cannot be told must not be done: stop sending first.
            self._break(error)

    def _break(self, error: Exception) -> None:
        self._broken = self._broken or error
        self.stop()

    async def _leave_behind(self) -> None:
        """Tell the result file of a job that was cut off: its rows under way, and those that had no turn."""
        cut_off = ResultLine(
            "unknown", None, "the job was cut off while it was under way; look before you send it"
        )
        for row in self._under_way.values():
            self._write_line(row, cut_off)
        self.stop()
        await self._drain()

    async def _drain(self) -> None:
        """Write a line for each row that had no turn, so that the result file holds the whole input."""
        if not self._stopping or self._results is None or not self._source.is_file:
            return
        with contextlib.suppress(AlianzaError):
            while (row := await self._rows.next()) is not None:
                self._report.total += 1
                taken = self._intake.take(row)
                if isinstance(taken, Work):
                    key = self._kind.key_of(row.values)
                    error = AlianzaError("not sent: the job stopped before its turn")
                    taken = ItemResult(row.number, key, "skipped", error=error)
                await self._record(row, taken)
                if row.number % _BREATHER == 0:
                    await anyio.lowlevel.checkpoint()


async def _to_nobody(_result: ItemResult) -> None:
    """Hand a result on to a reader who has left."""


def _surprised(number: int, key: str, error: Exception, call: Call | None, elapsed: float) -> ItemResult:
    """Return the result of a row that met an error nobody thought of."""
    sent = call is not None and call.attempts > 0
    shown = AlianzaError(f"row {number} met an unexpected {type(error).__name__}; please report it")
    shown.__cause__ = error
    return ItemResult(
        number,
        key,
        "unknown" if sent else "failed",
        error=shown,
        attempts=call.attempts if call else 0,
        request_id=call.request_id if call else None,
        elapsed=elapsed,
    )


def _line(result: ItemResult) -> ResultLine:
    error = None if result.error is None else str(result.error)
    return ResultLine(result.status, result.id, error, result.attempts, result.request_id)


def _id_of(reply: Reply[object]) -> str | None:
    found = getattr(reply.value, "id", None)
    return None if found is None else str(found)
