"""The job tracker's memory: files uploaded, jobs under way, their errors and output."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.csv_files import RowError, UnusableFileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.sandbox.agenda import Agenda
    from alianza_async.sandbox.options import Json, SandboxOptions

_BEGINS: Final = 1 / 3  # of a job's time; until then it is PENDING


def now_text() -> str:
    """Write the time of day the way the API does: `2026-01-31T12:00:00.000Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job's work came to.

    Attributes:
        errors: What was wrong in its input.
        done: How many rows were carried out; None = it takes no rows.
        output: The file it made; None = none.
    """

    errors: list[RowError] = field(default_factory=list[RowError])
    done: int | None = None
    output: bytes | None = None


@dataclass(slots=True)
class Upload:
    """A place for one file.

    Attributes:
        partition_id: Whose it is.
        content: The file; None = not uploaded yet.
    """

    partition_id: str
    content: bytes | None = None


@dataclass(slots=True)
class Job:
    """One job.

    Attributes:
        id: Its id.
        name: The operation it carries out.
        partition_id: Whose it is.
        user_id: Who started it.
        input_key: Key of its input; None = it has none.
        status: Where it stands.
        errors: What was wrong in its input.
        output_key: Key of its output; None = it has none.
        output: Its output.
        start: When it was asked for.
        updated: When it last changed.
    """

    id: str
    name: str
    partition_id: str
    user_id: str
    input_key: str | None
    status: Literal["PENDING", "IN_PROGRESS", "DONE", "FAILED"] = "PENDING"
    errors: list[RowError] = field(default_factory=list[RowError])
    output_key: str | None = None
    output: bytes | None = None
    start: str = field(default_factory=now_text)
    updated: str = field(default_factory=now_text)

    def to_json(self) -> Json:
        """Write it as the API's `Job`; what it does not have is left out."""
        view: Json = {
            "id": self.id,
            "name": self.name,
            "userId": self.user_id,
            "status": self.status,
            "errors": [error.to_json() for error in self.errors],
            "inputKey": self.input_key,
            "outputKey": self.output_key,
            "start": self.start,
            "lastUpdated": self.updated,
        }
        return {name: value for name, value in view.items() if value is not None}


class JobBook:
    """All uploads and jobs of one sandbox.

    Args:
        agenda: When things happen.

    Attributes:
        jobs: Every job, by id.
        leaked: Requests for a file, up or down, that carried a login token.
    """

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._uploads: dict[str, Upload] = {}
        self._outputs: dict[str, bytes] = {}
        self.jobs: dict[str, Job] = {}
        self.leaked = 0

    def new_upload(self, partition_id: str) -> str:
        """Answer the key of a new place for a file."""
        key = uuid.uuid4().hex
        self._uploads[key] = Upload(partition_id)
        return key

    def take_upload(self, key: str, content: bytes) -> bool:
        """Keep a file under its key, in place of one that was there; answer False for an unknown key."""
        upload = self._uploads.get(key)
        if upload is None:
            return False
        upload.content = content
        return True

    def upload(self, partition_id: str, key: object) -> Upload:
        """Answer the place with this key.

        Raises:
            ApiError: 400 where the partition has none.
        """
        upload = self._uploads.get(key) if isinstance(key, str) else None
        if upload is None or upload.partition_id != partition_id:
            raise ApiError(400, ("key is not the key of an upload",))
        return upload

    def output(self, key: str) -> bytes | None:
        """Answer the output with this key; None where there is none."""
        return self._outputs.get(key)

    def job(self, partition_id: str, job_id: str) -> Job:
        """Answer the job with this id.

        Raises:
            ApiError: 404 where the partition has none.
        """
        job = self.jobs.get(job_id)
        if job is None or job.partition_id != partition_id:
            raise ApiError(404, ("Job not found",), {"jobId": job_id})
        return job

    def start(self, job: Job, work: Callable[[], Outcome], options: SandboxOptions) -> None:
        """Start a job: it begins after a third of its time, and does its work at the end of it.

        Args:
            job: The job, PENDING.
            work: What it does, in one step.
            options: How long it takes, and whether it ever ends.
        """
        self.jobs[job.id] = job
        self._agenda.put_off(options.job_s * _BEGINS, lambda: self._begin(job))
        if options.jobs_end:
            self._agenda.put_off(options.job_s, lambda: self._end(job, work))

    def _begin(self, job: Job) -> None:
        """Tell that a job is under way."""
        job.status, job.updated = "IN_PROGRESS", now_text()

    def _end(self, job: Job, work: Callable[[], Outcome]) -> None:
        """Do a job's work; it has failed where no row of its input could be used."""
        try:
            outcome = work()
        except UnusableFileError as unusable:
            outcome = Outcome([unusable.error], done=0)
        job.status = "FAILED" if outcome.errors and outcome.done == 0 else "DONE"
        job.errors, job.updated = outcome.errors, now_text()
        if outcome.output is not None:
            job.output, job.output_key = outcome.output, uuid.uuid4().hex
            self._outputs[job.output_key] = outcome.output
