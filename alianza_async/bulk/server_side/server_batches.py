"""Rows that go through the server's own bulk operations: gathered into batches, one server job each.

```
rows of one account -> a batch -> POST collection -> intents on disk -> POST job -> its id on disk -> outputs
```

Each row's intent is its own step's, and with it goes its step `server-job`: `unknown` from before its job is
started, with the job's id in `object_id` once that is known; then `created` or `failed`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import anyio

from alianza_async.bulk.engine.recording_session import RecordingSession
from alianza_async.bulk.server_side.server_jobs import ServerJobs
from alianza_async.errors import (
    AlianzaError,
    CallError,
    FieldError,
    JobFailedError,
    JournalError,
    RequestRejectedError,
    ResponseShapeError,
    UnknownOutcomeError,
)
from alianza_async.errors.fields import field_in
from alianza_async.policies.retry import Unsettled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.bulk.engine.row_journal import RowJournal
    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.report import Status
    from alianza_async.resources.server_jobs.bulk import BulkWork, ServerRow
    from alianza_async.session import Session

__all__ = ["ServerBatches"]

E = TypeVar("E", bound=AlianzaError)

_QUIET_S: Final = 0.2
_REFUSED: Final = 422


@dataclass(slots=True, eq=False)
class _Member:
    """One row of a batch.

    Attributes:
        item: The row.
        values: What it holds, by the server's own columns.
        outcome: What the server says of it, where it was done.
        error: Why it was not, or why that is not known yet.
    """

    item: Item[Any]
    values: dict[str, object] = field(repr=False)
    outcome: ServerRow | None = None
    error: Exception | None = None

    @property
    def ended(self) -> bool:
        """Whether it is known what became of it, as far as that can be."""
        return self.outcome is not None or self.error is not None

    @property
    def journal(self) -> RowJournal:
        """What is written of it."""
        assert self.item.journal is not None  # noqa: S101  (a row is sent by a run alone)
        return self.item.journal

    @property
    def session(self) -> RecordingSession:
        """Its own view of the session."""
        return cast("RecordingSession", self.item.session)


@dataclass(slots=True, eq=False)
class _Batch:
    """Rows of one account that go together.

    Attributes:
        account_id: The account.
        members: Its rows.
        full: Set once no further row finds room.
        done: Set once each row's outcome is known, as far as it can be.
    """

    account_id: str
    members: list[_Member] = field(default_factory=list[_Member])
    full: anyio.Event = field(default_factory=anyio.Event)
    done: anyio.Event = field(default_factory=anyio.Event)


class ServerBatches:
    """Hands rows to the server many at a time, and gives each its own outcome.

    Args:
        session: Where requests go.
        work: What the server is to do, such as `CREATE_USERS`.
        size: Rows in one job at the most.

    Attributes:
        jobs: What the server's jobs are at.
    """

    def __init__(self, session: Session, work: BulkWork, *, size: int) -> None:
        self._session = session
        self._what = work
        self._size = size
        self._bulk = session.bulk_operation_jobs.server_bulk
        self._open: dict[str, _Batch] = {}
        self.jobs = ServerJobs(session)

    async def carry_out(self, item: Item[Any], account_id: str, values: dict[str, object]) -> ServerRow:
        """Put a row into a batch of its account, and return what the server says once it is done.

        Raises:
            RequestRejectedError: The server refuses the row.
            Unsettled: A job may have carried it out, and does not say so: it is to be looked up.
            UnknownOutcomeError: Its job does not end.
            JournalError: The journal cannot be written.
            CallError: Nothing was started.
        """
        member = _Member(item, values)
        sent = self.jobs.of(item)
        if sent.open or sent.status == "created":
            # It was put back by hand, and a job may have it all the same.
            await member.session.announce()
            raise self._lost(self.jobs.unknown("one of the server's jobs may have made it"))
        batch = self._open.get(account_id)
        leads = batch is None
        if batch is None:
            batch = self._open[account_id] = _Batch(account_id)
        batch.members.append(member)
        if len(batch.members) >= self._size:
            del self._open[account_id]
            batch.full.set()
        if leads:
            await self._lead(batch)
        else:
            await batch.done.wait()
        if member.outcome is not None:
            return member.outcome
        raise member.error or self._lost(self.jobs.unknown("its batch was cut off"))

    # --- one batch --------------------------------------------------------------------------------------

    async def _lead(self, batch: _Batch) -> None:
        """See a batch through; its first row's to do, so that nothing outlives its rows."""
        try:
            await self._gather(batch)
            await self._hand_over(batch.account_id, batch.members)
        finally:
            if self._open.get(batch.account_id) is batch:
                del self._open[batch.account_id]
            batch.done.set()

    async def _gather(self, batch: _Batch) -> None:
        """Wait until a batch is full, or no row came for a moment: the input has ended, or is elsewhere."""
        before = 0
        while not batch.full.is_set() and len(batch.members) > before:
            before = len(batch.members)
            with anyio.move_on_after(_QUIET_S):
                await batch.full.wait()
        if self._open.get(batch.account_id) is batch:
            del self._open[batch.account_id]

    async def _hand_over(self, account_id: str, members: Sequence[_Member]) -> None:
        """Send rows and start a job over them; each has its outcome, or its error, when this returns."""
        try:
            parts = await self._send(account_id, members)
        except Exception as error:  # noqa: BLE001  (each row that waits has an outcome)
            for member in members:
                if not member.ended:
                    member.error = _own(error) if isinstance(error, AlianzaError) else error
        else:
            await asyncio.gather(*(self._hand_over(account_id, part) for part in parts))

    async def _send(self, account_id: str, members: Sequence[_Member]) -> list[Sequence[_Member]]:
        """Send rows and start a job over them; return what is left to be sent, without what is refused."""
        try:
            collection_id = await self._keep(members)
        except RequestRejectedError as refused:
            if len(members) == 1:
                members[0].error = refused
                return []
        else:
            await self._run_job(account_id, members, collection_id)
            return []
        await self._sift(members)
        rest = [member for member in members if not member.ended]
        if len(rest) == len(members):
            return _halves(members)  # it is not the rows: there are too many of them
        return [rest] if rest else []

    async def _sift(self, members: Sequence[_Member]) -> None:
        """Find the rows for which the server refused all that came with them.

        From where its complaints count rows is not published, so they are found by halves; rows that are kept
        start nothing.
        """
        for half in _halves(members):
            try:
                await self._keep(half)
            except RequestRejectedError as refused:
                if len(half) == 1:
                    half[0].error = refused
                else:
                    await self._sift(half)

    async def _keep(self, members: Sequence[_Member]) -> str:
        """Send rows; once more where the answer is lost: rows that are kept twice start nothing."""
        rows, policy = [member.values for member in members], self._session.retry_policy
        for attempt in range(policy.attempts):
            try:
                return await self._bulk.keep(self._what, rows)
            except UnknownOutcomeError as lost:
                cause = lost.__cause__
                if attempt + 1 == policy.attempts and isinstance(cause, CallError):
                    raise cause from None  # not unknown: nothing can have come of it
            await anyio.sleep(min(policy.wait_max, policy.wait_initial * 2.0**attempt))
        raise AssertionError("unreachable: the last attempt returns or raises")  # pragma: no cover

    async def _run_job(self, account_id: str, members: Sequence[_Member], collection_id: str) -> None:
        """Start the job over rows that were kept, wait for its end, and give each row its outcome."""
        job_id = await self._begin(account_id, members, collection_id)
        if job_id is None:
            return
        for member in members:
            self.jobs.of(member.item).job_id = job_id
        await self._write(members, "unknown")
        rows = [member.values for member in members]
        try:
            report = await self._bulk.report(self._what, job_id, rows, timeout=self.jobs.longest_s)
        except UnknownOutcomeError as late:
            for member in members:
                member.error = _own(late)
        except AlianzaError as error:
            # Whatever it is: the job goes on, and the rows can be looked up.
            failure = error if isinstance(error, CallError) else self.jobs.unknown(str(error))
            for member in members:
                member.error = self._lost(_own(failure))
        else:
            ended = zip(members, report.rows, strict=True)
            await asyncio.gather(*(self._end(member, row, job_id) for member, row in ended))

    async def _begin(self, account_id: str, members: Sequence[_Member], collection_id: str) -> str | None:
        """Start the job, and return its id; None where the rows have their errors.

        Before each attempt to start it the intent of every row is on disk.
        """

        async def announce() -> None:
            for member in members:
                self.jobs.begin(member.item, member.journal)
            await asyncio.gather(*(member.session.announce() for member in members))

        view = RecordingSession.over(self._session)
        view.before_send = announce
        try:
            job = await view.bulk_operation_jobs.server_bulk.begin(self._what, account_id, collection_id)
        except (UnknownOutcomeError, ResponseShapeError) as lost:
            for member in members:
                member.error = self._lost(_own(lost))
        except CallError as refused:
            for member in members:
                if self.jobs.of(member.item).open:
                    self.jobs.note(member.item, "failed", refused)
                member.error = _own(refused)
        else:
            return job.id
        finally:
            for member in members:
                member.session.request_id = view.request_id
        return None

    async def _end(self, member: _Member, row: ServerRow, job_id: str) -> None:
        """Give a row its outcome; what was done is on disk before it is told."""
        match row.outcome:
            case "done":
                await self._write([member], "created")
                member.outcome = row
            case "failed":
                member.error = refusal = self._refusal(row)
                self.jobs.note(member.item, "failed", refusal)
            case _:
                self.jobs.of(member.item).open = False  # the job is over
                silent = "the server's job has ended and does not tell of it, and it is not there"
                member.error = self._lost(JobFailedError(silent, context=self.jobs.context(), job_id=job_id))

    async def _write(self, members: Sequence[_Member], status: Status) -> None:
        """Write where the job of some rows stands."""
        for member in members:
            self.jobs.note(member.item, status)
        await asyncio.gather(*(member.journal.flush() for member in members))

    def _refusal(self, row: ServerRow) -> RequestRejectedError:
        """Return what the server says against a row, as a single call would have been refused."""
        reason = row.error or "it does not say why"
        named = field_in(reason)
        return RequestRejectedError(
            f"the server's bulk operation refuses it: {reason}",
            context=self.jobs.context(),
            status=_REFUSED,
            messages=(reason,),
            fields=(FieldError(named, reason),) if named else (),
        )

    def _lost(self, failure: CallError) -> Unsettled:
        return Unsettled(failure, 0.0, last=False)


def _halves(members: Sequence[_Member]) -> list[Sequence[_Member]]:
    return [members[: len(members) // 2], members[len(members) // 2 :]]


def _own(error: E) -> E:
    """Return a row's own copy of an error that many rows share: details of one row go into its copy."""
    if isinstance(error, JournalError):
        return error  # one journal, one error
    copy = error.__class__.__new__(error.__class__, *error.args)
    copy.__dict__.update(error.__dict__)
    copy.__cause__ = error.__cause__
    return copy
