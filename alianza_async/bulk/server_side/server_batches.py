"""Rows that go through the server's own bulk operations: gathered into batches, one server job each.

```
rows of one account -> a batch -> POST collection -> intents on disk -> POST job -> its id on disk -> outputs
```

The intent is the step `server-job` of each row. `intent` is a job that may have been started, `unknown` one
that was started and has not told of the row yet, its id in the step's `object_id`; then `created` or
`failed`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

import anyio

from alianza_async.bulk.server_side.server_jobs import STEP, Sent, ServerJobs, last_seen
from alianza_async.bulk.work import Settle
from alianza_async.error_fields import field_in
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
from alianza_async.policies.retry import Unsettled

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from alianza_async.bulk.report import Status
    from alianza_async.bulk.work import Ledger, Work
    from alianza_async.server_bulk import BulkWork, ServerRow
    from alianza_async.session import Session

__all__ = ["ServerBatches"]

E = TypeVar("E", bound=AlianzaError)

_QUIET_S: Final = 0.2
_REFUSED: Final = 422


@dataclass(slots=True, eq=False)
class _Member:
    """One row of a batch.

    Attributes:
        work: The row.
        ledger: The journal.
        sent: What is known of the jobs it was in.
        values: What it holds, by the server's own columns.
        told: What the server tells of it, where it was done.
        error: Why it was not, or why nobody can tell yet.
    """

    work: Work
    ledger: Ledger
    sent: Sent
    values: dict[str, object] = field(repr=False)
    told: ServerRow | None = None
    error: Exception | None = None

    @property
    def ended(self) -> bool:
        """Whether it is known what became of it, as far as that can be."""
        return self.told is not None or self.error is not None


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
        self._sent: dict[int, Sent] = {}
        self.jobs = ServerJobs(session)

    @contextlib.contextmanager
    def turn(self, work: Work, ledger: Ledger) -> Generator[Sent]:
        """Give what is known of a row's jobs; forgotten once the row has ended."""
        number, ended = work.row.number, True
        sent = self._sent.get(number)
        if sent is None:
            # A row that the journal does not know has no steps either.
            sent = Sent() if work.entry is None else last_seen(ledger.steps(work).get(STEP))
            self._sent[number] = sent
        try:
            yield sent
        except Settle:
            ended = False
            raise
        finally:
            work.attempts = sent.jobs
            if ended:
                del self._sent[number]

    async def carry_out(
        self, work: Work, ledger: Ledger, sent: Sent, account_id: str, values: dict[str, object]
    ) -> ServerRow:
        """Put a row into a batch of its account, and return what the server tells once it is done.

        Raises:
            RequestRejectedError: The server refuses the row.
            Unsettled: A job may have carried it out, and does not tell: it is to be looked up.
            UnknownOutcomeError: Its job does not end.
            JournalError: The journal cannot be written.
            CallError: Nothing was started.
        """
        member = _Member(work, ledger, sent, values)
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
        if member.told is not None:
            return member.told
        raise member.error or self._lost(self.jobs.unknown("its batch was cut off"))

    # --- one batch --------------------------------------------------------------------------------------

    async def _lead(self, batch: _Batch) -> None:
        """See a batch through; its first row's to do, so that nothing runs that nobody waits for."""
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
        except Exception as error:  # noqa: BLE001  (each row that waits is told, whatever it is)
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
            member.work.maybe_sent, member.sent.job_id = True, job_id
        await self._settle(members, "unknown")
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
            told = zip(members, report.rows, strict=True)
            await asyncio.gather(*(self._tell(member, row, job_id) for member, row in told))

    async def _begin(self, account_id: str, members: Sequence[_Member], collection_id: str) -> str | None:
        """Write the intents, start the job, and return its id; None where the rows have their errors."""
        await asyncio.gather(*(member.ledger.intend(member.work, step=STEP) for member in members))
        for member in members:
            member.sent.begin(time.time())
        try:
            job = await self._bulk.begin(self._what, account_id, collection_id)
        except (UnknownOutcomeError, ResponseShapeError) as lost:
            for member in members:
                member.work.maybe_sent = True
                member.error = self._lost(_own(lost))
        except CallError as refused:
            await self._settle(members, "failed", error=refused)
            for member in members:
                member.sent.open, member.error = False, _own(refused)
        else:
            return job.id
        return None

    async def _tell(self, member: _Member, row: ServerRow, job_id: str) -> None:
        """Give a row its outcome, once that is on disk."""
        member.sent.open = False
        match row.outcome:
            case "done":
                await self._settle([member], "created")
                member.told = row
            case "failed":
                refusal = self._refusal(row)
                await self._settle([member], "failed", error=refusal)
                member.error = refusal
            case _:
                told_nothing = "the server's job has ended and does not tell of it, and it is not there"
                context = self.jobs.context()
                member.error = self._lost(JobFailedError(told_nothing, context=context, job_id=job_id))

    async def _settle(
        self, members: Sequence[_Member], status: Status, *, error: AlianzaError | None = None
    ) -> None:
        """Write where the job of some rows stands."""
        await asyncio.gather(
            *(
                member.ledger.settle_step(
                    member.work, STEP, status, object_id=member.sent.job_id, error=error, attempts=1
                )
                for member in members
            )
        )
        for member in members:
            member.sent.journaled = status

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
    middle = len(members) // 2
    return [members[:middle], members[middle:]]


def _own(error: E) -> E:
    """Return a row's own copy of an error that many rows share: what is told of one is added to it."""
    if isinstance(error, JournalError):
        return error  # one journal, one error
    copy = error.__class__.__new__(error.__class__, *error.args)
    copy.__dict__.update(error.__dict__)
    copy.__cause__ = error.__cause__
    return copy
