"""The API's own bulk operations: rows go up as a collection, a job works on them, its outputs come home.

Four there are: users and telephone numbers, created and deleted. What the server did with each row is told in
the job's output collections; here they are laid beside the rows they came from. A row of which the server
says nothing is `unknown`, never "done" by assumption.

These are the doings behind the resources; the operations they need are declared there, and given as
`BulkDoors`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from alianza_async.endpoints.encoding import any_json
from alianza_async.endpoints.polling import poll
from alianza_async.errors import InvalidInputError, ResponseShapeError, UnknownOutcomeError
from alianza_async.resources.server_jobs.bulk_rows import (
    CREATE_TELEPHONE_NUMBERS,
    CREATE_USERS,
    DELETE_TELEPHONE_NUMBERS,
    DELETE_USERS,
    BulkWork,
    Outcome,
    Row,
    ServerRow,
    checked,
    matched,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from alianza_async.calls.files import Download
    from alianza_async.endpoints.endpoint import BoundEndpoint

__all__ = [
    "CREATE_TELEPHONE_NUMBERS",
    "CREATE_USERS",
    "DELETE_TELEPHONE_NUMBERS",
    "DELETE_USERS",
    "BulkDoors",
    "BulkWork",
    "HasId",
    "ServerBulk",
    "ServerBulkReport",
    "ServerJob",
    "ServerRow",
]


class HasId(Protocol):
    """Has an id."""

    @property
    def id(self) -> str | None:
        """Its id."""
        ...


class ServerJob(HasId, Protocol):
    """A bulk job as the API answers it."""

    @property
    def job_status(self) -> str | None:
        """CREATED, STARTED, ABORTED or COMPLETED."""
        ...

    @property
    def execution_status(self) -> str | None:
        """The same of the work itself."""
        ...

    @property
    def output_collections(self) -> Mapping[str, HasId] | None:
        """Where the outcomes are, by name."""
        ...


J = TypeVar("J", bound=ServerJob)


@dataclass(frozen=True, slots=True)
class BulkDoors(Generic[J]):
    """The operations that a bulk job needs, bound to a session.

    Attributes:
        new_collection: Keeps rows of a type.
        new_job: Starts a job of a type, for an account, over a collection.
        get_job: Brings a job by its id.
        download: Brings a collection's rows as a JSON file.
    """

    new_collection: Callable[[str, list[Row]], Awaitable[HasId]]
    new_job: Callable[[str, str, str], Awaitable[J]]
    get_job: BoundEndpoint[..., J]
    download: Callable[[str], Awaitable[Download]]


@dataclass(frozen=True, slots=True)
class ServerBulkReport(Generic[J]):
    """What became of a bulk job.

    Attributes:
        job: The job at its end; None where there was nothing to do.
        rows: Every row that was given, in order.
        unmatched: Output rows that fit no row that was given. Kept out of the repr.
    """

    job: J | None
    rows: tuple[ServerRow, ...]
    unmatched: tuple[Mapping[str, object], ...] = field(default=(), repr=False)

    @property
    def aborted(self) -> bool:
        """Whether the job was stopped before its end."""
        return self.job is not None and _ABORTED in {self.job.job_status, self.job.execution_status}

    def of(self, outcome: Outcome) -> tuple[ServerRow, ...]:
        """Return the rows with an outcome."""
        return tuple(row for row in self.rows if row.outcome == outcome)


class ServerBulk(Generic[J]):
    """Runs the server's bulk operations.

    Args:
        doors: The operations it needs.
    """

    def __init__(self, doors: BulkDoors[J]) -> None:
        self._doors = doors

    async def run(
        self,
        work: BulkWork,
        account_id: str,
        rows: Iterable[Mapping[str, object]],
        *,
        timeout: float = 3600.0,  # noqa: ASYNC109  (what it runs out into is an outcome of its own)
        on_progress: Callable[[J], object] | None = None,
        poll_initial: float = 0.5,
        poll_max: float = 10.0,
    ) -> ServerBulkReport[J]:
        """Do one thing with many rows, and tell what became of each.

        A job that is stopped half-way is no error: its report says which rows are `unknown`.

        Args:
            work: What to do, such as `CREATE_USERS`.
            account_id: The account to do it in.
            rows: A mapping a row, by the API's own column names.
            timeout: Seconds to wait for the job.
            on_progress: Given the job at each look; awaited where it answers an awaitable.
            poll_initial: Seconds between the first two looks; they grow by half each time.
            poll_max: Seconds between two looks at the most.

        Raises:
            InvalidInputError: A row has a column that there is not; nothing was sent.
            RequestRejectedError: The server refuses a row, and so all of them; nothing was done.
            UnknownOutcomeError: Nobody can tell whether the job was started; or it has not ended in time, and
                its id is named: `report` tells the rows once it has.
            CallError: A call did not end well.
        """
        given = checked(work, rows)
        if not given:
            return ServerBulkReport(None, ())
        job = await self.start(work, account_id, given)
        return await self.report(
            work,
            job,
            given,
            timeout=timeout,
            on_progress=on_progress,
            poll_initial=poll_initial,
            poll_max=poll_max,
        )

    async def start(self, work: BulkWork, account_id: str, rows: Iterable[Mapping[str, object]]) -> J:
        """Send the rows and start the job; returns it as it is at its start.

        Raises:
            InvalidInputError: A row has a column that there is not, or there is no row; nothing was sent.
            CallError: A call did not end well.
        """
        return await self.begin(work, account_id, await self.keep(work, rows))

    async def keep(self, work: BulkWork, rows: Iterable[Mapping[str, object]]) -> str:
        """Send rows without starting anything; returns the id of the collection they are in.

        `POST /v2/bulk-user-operation/collection`.

        Raises:
            InvalidInputError: A row has a column that there is not, or there is no row; nothing was sent.
            CallError: The call did not end well; whatever came of it, nothing is carried out.
        """
        given = checked(work, rows)
        if not given:
            raise InvalidInputError("there is no row to start a job with")
        collection = await self._doors.new_collection(work.row_type, given)
        if not collection.id:
            raise self._odd("the server answered no id for the rows it was sent; no job was started")
        return collection.id

    async def begin(self, work: BulkWork, account_id: str, collection_id: str) -> J:
        """Start the job over rows that were kept; returns it as it is at its start.

        `POST /v2/bulk-user-operation/job`.

        Raises:
            UnknownOutcomeError: Nobody can tell whether it was started.
            CallError: The call did not end well.
        """
        job = await self._doors.new_job(work.job_type, account_id, collection_id)
        if not job.id:
            raise UnknownOutcomeError(
                "the server answered no id for the job it was asked to start; look at the account's objects",
                context=self._doors.get_job.context(None),
            )
        return job

    async def is_over(self, job_id: str) -> bool:
        """Look at a job once, and tell whether nothing more will come of it.

        `GET /v2/bulk-user-operation/job/{jobId}`.

        Raises:
            CallError: The call did not end well.
        """
        return _ended(await self._doors.get_job(job_id))

    async def report(
        self,
        work: BulkWork,
        job: J | str,
        rows: Iterable[Mapping[str, object]],
        *,
        timeout: float = 3600.0,  # noqa: ASYNC109  (what it runs out into is an outcome of its own)
        on_progress: Callable[[J], object] | None = None,
        poll_initial: float = 0.5,
        poll_max: float = 10.0,
    ) -> ServerBulkReport[J]:
        """Wait for a job that was started, now or by another process, and tell what became of each row.

        Args:
            work: What it does.
            job: The job, or its id.
            rows: The rows it was given, in their order.
            timeout: As for `run`.
            on_progress: As for `run`.
            poll_initial: As for `run`.
            poll_max: As for `run`.

        Raises:
            InvalidInputError: The job has no id.
            UnknownOutcomeError: It has not ended in time.
            ResponseShapeError: What it answers for the rows cannot be read.
            CallError: A call did not end well.
        """
        reply = await poll(
            self._doors.get_job,
            job if isinstance(job, str) else job.id or "",
            ended=_ended,
            timeout=timeout,
            initial=poll_initial,
            maximum=poll_max,
            at_once=isinstance(job, str),
            on_progress=on_progress,
        )
        outputs = [
            (name, row)
            for name, collection in (reply.value.output_collections or {}).items()
            if collection.id
            for row in await self._rows(collection.id)
        ]
        told, unmatched = matched(work, [dict(row) for row in rows], outputs)
        return ServerBulkReport(reply.value, told, unmatched)

    async def _rows(self, collection_id: str) -> list[Row]:
        """Return a collection's rows; the file is an array of them, or the collection that holds it."""
        with await self._doors.download(collection_id) as file:
            body = file.read()
        try:
            held = any_json.validate_json(body)
            inner = cast("Row", held).get("transformObjects") if isinstance(held, dict) else held
            return _rows.validate_python(inner)
        except ValidationError:
            raise self._odd("the job has ended, and what it tells of its rows cannot be read") from None

    def _odd(self, message: str) -> ResponseShapeError:
        return ResponseShapeError(message, context=self._doors.get_job.context(None))


_rows: TypeAdapter[list[Row]] = TypeAdapter(list[Row])

_ABORTED = "ABORTED"
_ENDED = frozenset({_ABORTED, "COMPLETED"})


def _ended(job: ServerJob) -> bool:
    """Tell whether nothing more will come of a job: the work's own status counts, the job's may run ahead."""
    if job.execution_status in _ENDED:
        return True
    return job.job_status in _ENDED and job.execution_status != "STARTED"
