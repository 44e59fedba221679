"""Jobs: work that outlives its request: input, progress and output."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.jobs import JobOutputUrl, JobUpload
from alianza_async.models.shared_jobs import Job
from alianza_async.resources.server_jobs import tracker

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Jobs"]

_JOBS = "/v2/job"
_JOB = _JOBS + "/{job_id}"


class Jobs(Resource):
    """Work that outlives its request: input, progress and output."""

    tag = "Asynchronous JOB Tracker"

    @declare.post(_JOBS + "/input", operation_id="getJobInputUrl", operation_class=OperationClass.IDEMPOTENT)
    async def request_upload(self) -> JobUpload:
        """Ask where to upload a job's input, and for the key that names it.

        `POST /v2/job/input`.
        """
        ...

    @declare.get(_JOB, operation_id="getJobById")
    async def get(self, job_id: str) -> Job:
        """Return one job: its status and its errors.

        `GET /v2/job/{jobId}`.
        """
        ...

    @declare.get(_JOB + "/input", operation_id="getJobInput")
    async def download_input(self, job_id: str) -> Download:
        """Download what a job was given.

        `GET /v2/job/{jobId}/input`.
        """
        ...

    @declare.get(_JOB + "/output", operation_id="getJobOutput")
    async def download_output(self, job_id: str) -> Download:
        """Download what a job made.

        `GET /v2/job/{jobId}/output`.
        """
        ...

    @declare.get(_JOB + "/output-url", operation_id="getOutputUrl")
    async def output_url(self, job_id: str) -> JobOutputUrl:
        """Return the address where a job's output can be fetched.

        `GET /v2/job/{jobId}/output-url`.
        """
        ...

    async def wait(
        self,
        job: Job | str,
        *,
        timeout: float = 3600.0,  # noqa: ASYNC109  (what it runs out into is an outcome of its own)
        on_progress: Callable[[Job], object] | None = None,
        poll_initial: float = 0.5,
        poll_max: float = 10.0,
    ) -> Job:
        """Wait until a job has ended, and return it; see `job_tracker.wait`."""
        return await tracker.wait(
            self.get,
            job,
            timeout=timeout,
            on_progress=on_progress,
            poll_initial=poll_initial,
            poll_max=poll_max,
        )

    async def upload(self, file: UploadSource) -> str:
        """Upload a job's input, and return the key to start the job with; see `job_tracker.upload`."""
        return await tracker.upload(self.request_upload, file)

    async def output(self, job: Job | str) -> Download:
        """Fetch what a job made, without our token where it lies elsewhere; see `job_tracker.output`."""
        return await tracker.output(self.output_url, self.download_output, job)
