"""Work that the API carries out in its own time: upload its input, wait for it, fetch its output.

```python
job = await session.reports.accounts()
job = await session.jobs.wait(job, on_progress=lambda job: print(job.status))
report = await session.jobs.output(job)
```

These are the doings behind `session.jobs`; the operations they need are declared there, and given to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from alianza_async.calls.redaction import MASK, Redactor
from alianza_async.endpoints.binding import file_of, ready_file
from alianza_async.endpoints.other_hosts import fetch_call, upload_call
from alianza_async.endpoints.polling import poll
from alianza_async.errors import InvalidInputError, JobComplaint, JobFailedError, ResponseShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.calls.call import Reply
    from alianza_async.calls.files import Download, UploadSource
    from alianza_async.endpoints.endpoint import BoundEndpoint

__all__ = ["HasKey", "HasUrl", "JobFault", "TrackedJob", "output", "upload", "wait"]

_DONE = "DONE"
_FAILED = "FAILED"
_TOLD = 3
_SHORT = 4


class JobFault(Protocol):
    """What a job says is wrong with a row of its input."""

    @property
    def error(self) -> str | None:
        """What is wrong."""
        ...

    @property
    def line_number(self) -> int | None:
        """Where, from the file's top."""
        ...

    @property
    def column(self) -> str | None:
        """In which column."""
        ...

    @property
    def input(self) -> str | None:
        """What stood there."""
        ...


class TrackedJob(Protocol):
    """A job as the API answers it."""

    @property
    def id(self) -> str | None:
        """Its id."""
        ...

    @property
    def status(self) -> str | None:
        """PENDING, IN_PROGRESS, DONE or FAILED."""
        ...

    @property
    def errors(self) -> Sequence[JobFault] | None:
        """What is wrong with its input; rows may be wrong in a job that is DONE."""
        ...


class HasUrl(Protocol):
    """Says where a file lies."""

    @property
    def url(self) -> str | None:
        """The place."""
        ...


class HasKey(HasUrl, Protocol):
    """Says where a file is to be put, and by what it is known then."""

    @property
    def key(self) -> str | None:
        """The key."""
        ...


J = TypeVar("J", bound=TrackedJob)
K = TypeVar("K", bound=HasKey)
U = TypeVar("U", bound=HasUrl)


async def wait(
    get: BoundEndpoint[..., J],
    job: J | str,
    *,
    timeout: float = 3600.0,  # noqa: ASYNC109  (what it runs out into is an outcome of its own)
    on_progress: Callable[[J], object] | None = None,
    poll_initial: float = 0.5,
    poll_max: float = 10.0,
) -> J:
    """Wait until a job has ended, and return it.

    A job that is DONE may have `errors` none the less: rows that were left out while the rest was carried
    out.

    Args:
        get: Brings a job by its id.
        job: The job as its start answered it, or its id.
        timeout: Seconds for all of it.
        on_progress: Given the job at each look; awaited where it answers an awaitable.
        poll_initial: Seconds between the first two looks; they grow by half each time.
        poll_max: Seconds between two looks at the most.

    Raises:
        JobFailedError: The job failed; says in which line and column.
        UnknownOutcomeError: It has not ended in time; names its id.
        InvalidInputError: The job has no id.
        CallError: It cannot be looked at.
    """
    if isinstance(job, str):
        job_id = job
    elif _ended(job):
        return _judged(get, job, None)
    else:
        job_id = job.id or ""
    reply = await poll(
        get,
        job_id,
        ended=_ended,
        timeout=timeout,
        initial=poll_initial,
        maximum=poll_max,
        at_once=isinstance(job, str),
        on_progress=on_progress,
    )
    return _judged(get, reply.value, reply)


async def upload(request: BoundEndpoint[..., K], file: UploadSource) -> str:
    """Upload a job's input, and return the key to start the job with.

    The file goes to the host that the API names, without our token; it is read as it goes out, and from its
    start again where that failed.

    Args:
        request: Asks for a place to upload to.
        file: What to upload.

    Raises:
        InvalidInputError: The file cannot be read; nothing was sent.
        ResponseShapeError: The API named no place, or one that cannot be used.
        CallError: The place could not be had, or does not take the file.
    """
    ready = await ready_file(file_of("file", file))
    reply = await request.raw()
    place = reply.value
    if not (place.url and place.key):
        raise ResponseShapeError(
            "answered no place to upload to, or no key for it",
            context=request.context(reply),
            status=reply.status,
        )
    await request.client.send(upload_call(place.url, ready))
    return place.key


async def output(
    output_url: BoundEndpoint[..., U], download: BoundEndpoint[..., Download], job: TrackedJob | str
) -> Download:
    """Fetch what a job made.

    It is fetched from the host that the API names, without our token; from the API itself where it names
    none.

    Args:
        output_url: Tells where a job's output lies.
        download: Brings it through the API.
        job: The job, or its id.

    Raises:
        InvalidInputError: The job has no id.
        NotFoundError: There is no such job, or it has no output, or none yet.
        CallError: The output cannot be had.
    """
    job_id = job if isinstance(job, str) else job.id
    if not job_id:
        raise InvalidInputError("the job has no id; give the job as the API answered it, or its id")
    place = await output_url(job_id)
    if not place.url:
        return await download(job_id)
    reply = await output_url.client.send(fetch_call(place.url))
    return cast("Download", reply.value)


def _ended(job: TrackedJob) -> bool:
    return job.status in {_DONE, _FAILED}


def _judged(get: BoundEndpoint[..., J], job: J, reply: Reply[J] | None) -> J:
    if job.status != _FAILED:
        return job
    redact = Redactor()
    errors = tuple(_row_error(fault, redact) for fault in job.errors or ())
    told = "; ".join(str(error) for error in errors[:_TOLD]) or "the server does not say why"
    more = f"; and {len(errors) - _TOLD} more" if len(errors) > _TOLD else ""
    raise JobFailedError(
        f"job {job.id} failed: {told}{more}",
        context=get.context(reply),
        job_id=job.id or "",
        errors=errors,
    )


def _row_error(fault: JobFault, redact: Redactor) -> JobComplaint:
    """Return a complaint without what stood in the input: that may be anybody's address."""
    message = fault.error or "it is not accepted"
    if fault.input and len(fault.input) >= _SHORT:
        message = message.replace(fault.input, MASK)
    return JobComplaint(redact(message), fault.line_number, fault.column)
