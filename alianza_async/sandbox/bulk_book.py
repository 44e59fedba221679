"""The memory of the API's own bulk operations: collections of rows, and the jobs that carry them out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.jobs import now_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alianza_async.sandbox.agenda import Agenda
    from alianza_async.sandbox.options import Json, SandboxOptions

_BEGINS: Final = 1 / 3  # of a job's time; until then it is CREATED
_ENDED: Final = frozenset({"ABORTED", "COMPLETED"})

SUCCESS: Final = "success"
ERROR: Final = "error"
"""The names of a job's two output collections."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Rows, to be carried out or to tell what came of it.

    Attributes:
        id: Its id.
        partition_id: Whose it is.
        owner_id: The account its rows are for; the partition where that is not known yet.
        kind: The type of its rows.
        rows: Its rows.
        created: When it was made.
    """

    id: str
    partition_id: str
    owner_id: str
    kind: str
    rows: list[Json]
    created: str

    def to_json(self) -> Json:
        """Write it as the API's `CollectionDTO`."""
        return {
            "id": self.id,
            "ownerId": self.owner_id,
            "size": len(self.rows),
            "transformObjectType": self.kind,
            "transformObjects": self.rows,
            "createdDateTime": self.created,
        }


@dataclass(slots=True)
class BulkJob:
    """One job.

    Attributes:
        id: Its id.
        partition_id: Whose it is.
        job_type: What it does.
        account_id: The account it does that in.
        collection_id: The rows it does it with.
        status: Where it stands.
        updated: When it last changed.
        outputs: Ids of its output collections, by name; empty until its end.
        abort_after: Seconds after which it is aborted; None = never.
    """

    id: str
    partition_id: str
    job_type: str
    account_id: str
    collection_id: str
    status: Literal["CREATED", "STARTED", "ABORTED", "COMPLETED"] = "CREATED"
    updated: str = field(default_factory=now_text)
    outputs: dict[str, str] = field(default_factory=dict[str, str])
    abort_after: int | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _ENDED

    def to_json(self) -> Json:
        """Write it as the API's `JobDTO`."""
        view: Json = {
            "id": self.id,
            "ownerId": self.account_id,
            "jobTypeId": self.job_type,
            "targetAccountId": self.account_id,
            "inputCollectionId": self.collection_id,
            "jobStatus": self.status,
            "executionStatus": self.status,
            "updatedDateTime": self.updated,
            "outputCollections": {name: {"id": key} for name, key in self.outputs.items()},
        }
        return view if self.abort_after is None else {**view, "abortAfter": self.abort_after}


class BulkBook:
    """All collections and bulk jobs of one sandbox.

    Args:
        agenda: When things happen.

    Attributes:
        jobs: Every job, by id.
    """

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._collections: dict[str, Collection] = {}
        self._running: dict[str, _Run] = {}
        self.jobs: dict[str, BulkJob] = {}

    def add_collection(self, partition_id: str, owner_id: str, kind: str, rows: list[Json]) -> Collection:
        """Keep rows that have been checked."""
        made = Collection(str(uuid.uuid4()), partition_id, owner_id, kind, rows, now_text())
        self._collections[made.id] = made
        return made

    def collection(self, partition_id: str, collection_id: str) -> Collection | None:
        """Answer the collection with this id; None where the partition has none."""
        found = self._collections.get(collection_id)
        return found if found is not None and found.partition_id == partition_id else None

    def job(self, partition_id: str, job_id: str) -> BulkJob | None:
        """Answer the job with this id; None where the partition has none."""
        found = self.jobs.get(job_id)
        return found if found is not None and found.partition_id == partition_id else None

    def start(self, job: BulkJob, carry_out: Callable[[Json], str], options: SandboxOptions) -> None:
        """Start a job: it begins after a third of its time, and does its work at the end of it.

        Args:
            job: The job, CREATED.
            carry_out: What it does with a row: answers an id, or raises `ApiError`.
            options: How long it takes, and whether it ever ends.
        """
        self.jobs[job.id] = job
        self._running[job.id] = _Run(carry_out, self._agenda.clock(), options)
        self._agenda.put_off(options.job_s * _BEGINS, lambda: self._begin(job))
        if options.jobs_end:
            self._agenda.put_off(options.job_s, lambda: self._end(job, "COMPLETED"))
        if job.abort_after is not None:
            self.abort_later(job, job.abort_after)

    def abort_later(self, job: BulkJob, delay_s: float) -> None:
        """Abort a job so many seconds from now, where it has not ended nor been told another time by then."""
        self._agenda.put_off(delay_s, lambda: self.abort(job) if job.abort_after == delay_s else None)

    def abort(self, job: BulkJob) -> None:
        """Abort a job; what it has done by now stays done."""
        self._end(job, "ABORTED")

    def _begin(self, job: BulkJob) -> None:
        """Tell that a job is under way."""
        if not job.ended:
            job.status, job.updated = "STARTED", now_text()

    def _end(self, job: BulkJob, status: Literal["ABORTED", "COMPLETED"]) -> None:
        """Carry out the rows, as many as an aborted job had time for, and keep what came of each."""
        run = self._running.pop(job.id, None)
        if run is None:
            return
        source = self._collections[job.collection_id]
        share = 1 if status == "COMPLETED" else run.share(self._agenda.clock())
        outcomes = list(_outcomes(source.rows[: int(len(source.rows) * share)], run.carry_out))
        for name in (SUCCESS, ERROR):
            rows = [row for kind, row in outcomes if kind == name]
            kept = self.add_collection(job.partition_id, job.account_id, source.kind, rows)
            job.outputs[name] = kept.id
        job.status, job.updated = status, now_text()


@dataclass(frozen=True, slots=True)
class _Run:
    """A job that has not ended.

    Attributes:
        carry_out: What it does with a row.
        started: Monotonic time it was asked for.
        options: How long it takes, and whether it ever ends.
    """

    carry_out: Callable[[Json], str]
    started: float
    options: SandboxOptions

    def share(self, now: float) -> float:
        """Answer how much of its work is done by now; a job that never ends does none."""
        if not self.options.jobs_end:
            return 0
        return min(1, (now - self.started) / self.options.job_s) if self.options.job_s else 1


def _outcomes(rows: list[Json], carry_out: Callable[[Json], str]) -> Iterator[tuple[str, Json]]:
    """Carry out rows one by one; a bad one does not stop the rest."""
    for index, row in enumerate(rows):
        try:
            yield SUCCESS, {**row, "Index": index, "Id": carry_out(row)}
        except ApiError as error:
            yield ERROR, {**row, "Index": index, "Error": "; ".join(error.messages)}
