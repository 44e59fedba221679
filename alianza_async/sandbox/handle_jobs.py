"""The job tracker: a place to upload to, how a job stands, its input and its output."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.jobs import Job
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.tokens import user_id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.sandbox.jobs import Outcome
    from alianza_async.sandbox.routes import Incoming

FILE_TYPE: Final = b"application/octet-stream"
UPLOADS: Final = "/_sandbox/uploads/"
OUTPUTS: Final = "/_sandbox/outputs/"


def start_job(
    incoming: Incoming,
    name: str,
    work: Callable[[], Outcome],
    *,
    input_key: str | None = None,
    status: int = 202,
) -> Answer:
    """Start a job for an operation and answer it, still PENDING.

    Args:
        incoming: The request that asks for it.
        name: The job's name.
        work: What it does at its end.
        input_key: Key of the file it reads.
        status: Status the operation answers with.
    """
    partition_id = incoming.login.partition_id
    job = Job(str(uuid.uuid4()), name, partition_id, user_id_of(incoming.login.username), input_key)
    answer = Answer(status, ok(job.to_json()).body)
    incoming.store.jobs.start(job, work, incoming.options)
    return answer


def upload_place(incoming: Incoming) -> Answer:
    """Answer an address to upload a file to and the key that stands for it: `POST /v2/job/input`."""
    key = incoming.store.jobs.new_upload(incoming.login.partition_id)
    return ok({"url": f"{incoming.origin}{UPLOADS}{key}", "key": key})


def get_job(incoming: Incoming) -> Answer:
    """Tell how a job stands: `GET /v2/job/{jobId}`."""
    return ok(_job(incoming).to_json())


def get_input(incoming: Incoming) -> Answer:
    """Answer a job's input: `GET /v2/job/{jobId}/input`."""
    job = _job(incoming)
    upload = None if job.input_key is None else incoming.store.jobs.upload(job.partition_id, job.input_key)
    if upload is None or upload.content is None:
        raise ApiError(404, ("The job has no input",), {"jobId": job.id})
    return Answer(200, upload.content, FILE_TYPE)


def get_output(incoming: Incoming) -> Answer:
    """Answer a job's output: `GET /v2/job/{jobId}/output`."""
    return Answer(200, _output(_job(incoming))[1], FILE_TYPE)


def get_output_url(incoming: Incoming) -> Answer:
    """Answer an address that gives a job's output without a token: `GET /v2/job/{jobId}/output-url`."""
    return ok({"url": f"{incoming.origin}{OUTPUTS}{_output(_job(incoming))[0]}"})


def _job(incoming: Incoming) -> Job:
    """Find the path's job."""
    return incoming.store.jobs.job(incoming.login.partition_id, incoming.params["jobId"])


def _output(job: Job) -> tuple[str, bytes]:
    """Answer a job's output and its key.

    Raises:
        ApiError: 404 where it has none, or none yet.
    """
    if job.output is None or job.output_key is None:
        raise ApiError(404, ("The job has no output",), {"jobId": job.id})
    return job.output_key, job.output


_ONE: Final = "/v2/job/{jobId}"

ROUTES: Final = (
    Route("POST", "/v2/job/input", "getJobInputUrl", upload_place),
    Route("GET", _ONE, "getJobById", get_job),
    Route("GET", _ONE + "/input", "getJobInput", get_input),
    Route("GET", _ONE + "/output", "getJobOutput", get_output),
    Route("GET", _ONE + "/output-url", "getOutputUrl", get_output_url),
)
