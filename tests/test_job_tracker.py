# mypy: disable-error-code="empty-body"
# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.calls.files import Download, Upload
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.endpoints.models import ReadModel
from alianza_async.errors import (
    InvalidInputError,
    JobComplaint,
    JobFailedError,
    NotFoundError,
    ResponseShapeError,
    UnknownOutcomeError,
)
from alianza_async.resources.server_jobs import tracker
from tests.conftest import FAST_RETRY
from tests.fakes import ScriptedTransport, Step, answer, lost, refusal, scripted
from tests.hosts import Host, session_on
from tests.raw_server import http, serving
from tests.virtual_time import now, run_virtual, use_clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alianza_async.calls.call import Call, Reply

HOUR = 3600.0


class Fault(ReadModel):
    """What is wrong with a row."""

    error: str | None = None
    line_number: int | None = None
    column: str | None = None
    input: str | None = None


class Job(ReadModel):
    """A job."""

    id: str | None = None
    status: str | None = None
    errors: list[Fault] | None = None


class Place(ReadModel):
    """Where a file goes, or lies."""

    url: str | None = None
    key: str | None = None


class Jobs(Resource):
    """The tracker's operations, as the resource declares them."""

    @declare.get("/v2/job/{job_id}", operation_id="getJobById")
    async def get(self, job_id: str) -> Job:
        """Bring a job."""
        ...

    @declare.post("/v2/job/input", operation_id="getJobInputUrl")
    async def request_upload(self) -> Place:
        """Ask for a place to upload to."""
        ...

    @declare.get("/v2/job/{job_id}/output", operation_id="getJobOutput")
    async def download_output(self, job_id: str) -> Download:
        """Bring a job's output."""
        ...

    @declare.get("/v2/job/{job_id}/output-url", operation_id="getOutputUrl")
    async def output_url(self, job_id: str) -> Place:
        """Tell where a job's output lies."""
        ...


def job(status: str, **more: object) -> Step:
    """Answer a job."""
    return answer(200, {"id": "j1", "status": status, **more})


PENDING, RUNNING, DONE = job("PENDING"), job("IN_PROGRESS"), job("DONE")


class Waited:
    """What a wait in virtual time came to, and when it looked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *script: Step, otherwise: Step | None = None) -> None:
        use_clock(monkeypatch)
        self.looks: list[float] = []
        self.told: list[str | None] = []
        self._script = [self._timed(step) for step in script]
        self._otherwise = None if otherwise is None else self._timed(otherwise)

    def _timed(self, step: Step) -> Step:
        def timed(call: Call) -> object:
            self.looks.append(round(now(), 3))
            return step(call)

        return timed  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    def wait(
        self,
        job: Job | str = "j1",
        /,
        *,
        timeout: float = HOUR,
        poll_initial: float = 0.5,
        poll_max: float = 10.0,
    ) -> Job:
        """Wait, and return the job."""
        return run_virtual(self._wait(job, timeout, poll_initial, poll_max))

    async def _wait(self, job: Job | str, timeout: float, poll_initial: float, poll_max: float) -> Job:  # noqa: ASYNC109
        transport = ScriptedTransport(*self._script, otherwise=self._otherwise)
        async with scripted(transport) as session:
            return await tracker.wait(
                Jobs(session).get,
                job,
                timeout=timeout,
                poll_initial=poll_initial,
                poll_max=poll_max,
                on_progress=lambda seen: self.told.append(seen.status),
            )


def test_a_job_is_looked_at_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its id a job is looked at at once, then after 0.5 s; each wait is half as long again, to the cap."""
    waited = Waited(monkeypatch, PENDING, *[RUNNING] * 5, DONE)
    assert waited.wait(poll_max=2.0).status == "DONE"
    assert waited.looks == [0.0, 0.5, 1.25, 2.375, 4.063, 6.063, 8.063]
    assert waited.told == ["PENDING", *["IN_PROGRESS"] * 5, "DONE"]


def test_a_job_that_has_just_been_started_is_given_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job as its start answered it was looked at just now: the first look comes after a wait."""
    waited = Waited(monkeypatch, DONE)
    assert waited.wait(Job(id="j1", status="PENDING")).id == "j1"
    assert waited.looks == [0.5]


def test_a_job_that_has_ended_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that was done when its start was answered is answered as it is."""
    waited = Waited(monkeypatch)
    done = Job(id="j1", status="DONE")
    assert waited.wait(done) is done
    assert waited.looks == []


@pytest.mark.parametrize("timeout", [0.2, 4.0, 60.0])
def test_a_job_that_never_ends_is_unknown_by_its_id(timeout: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its deadline, to the second, a wait ends as unknown, names the job, and can look once more."""
    waited = Waited(monkeypatch, otherwise=RUNNING)

    async def wait() -> tuple[float, object]:
        async with scripted(ScriptedTransport(otherwise=RUNNING)) as session:
            with pytest.raises(
                UnknownOutcomeError, match=f"job j1 has not ended within {timeout:g} s"
            ) as caught:
                await tracker.wait(Jobs(session).get, "j1", timeout=timeout)
            ended = now()
            assert caught.value.operation_id == "getJobById"
            reply = await caught.value.resolve()
            assert reply is not None
            return ended, reply.value

    ended, seen = run_virtual(wait())
    assert (round(ended, 3), seen) == (
        timeout,
        Job(
            id="j1",
            status="IN_PROGRESS",
        ),
    )
    with pytest.raises(UnknownOutcomeError):
        waited.wait(timeout=timeout)
    assert 0.0 < timeout - waited.looks[-1] <= 0.5  # the last look is made a moment before the end


def test_a_look_that_hangs_is_cut_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline is absolute: a request under way does not outlive it, and no answer at all is unknown."""

    async def hangs(_call: Call) -> Reply[object]:
        await anyio.sleep_forever()
        raise AssertionError("unreachable")

    waited = Waited(monkeypatch, hangs)
    with pytest.raises(UnknownOutcomeError, match=r"within 5 s.*request -"):
        waited.wait(timeout=5.0)


@pytest.mark.parametrize("failure", [lost, refusal(503, "busy"), refusal(429, "slow down")])
def test_an_outage_does_not_lose_a_job(
    failure: Step, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A look that fails for a reason that passes, beyond its own retries, is told, and made again."""
    caplog.set_level(logging.WARNING, logger="alianza_async")
    waited = Waited(monkeypatch, *[failure] * FAST_RETRY.attempts, DONE)
    assert waited.wait(timeout=HOUR).status == "DONE"
    assert len([text for text in caplog.messages if text.startswith("looking at job j1 failed")]) == 1


def test_a_job_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason that stays ends the wait."""
    with pytest.raises(NotFoundError):
        Waited(monkeypatch, refusal(404, "no such job")).wait()


@pytest.mark.parametrize("named", [Job(status="PENDING"), Job(id="", status="PENDING"), ""])
def test_a_job_without_an_id_is_refused(named: Job | str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked for a job that has no id."""
    with pytest.raises(InvalidInputError, match="the job has no id"):
        Waited(monkeypatch).wait(named)


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0.0},
        {"timeout": -1.0},
        {"timeout": float("nan")},
        {"poll_initial": 0.0},
        {"poll_initial": 5.0, "poll_max": 1.0},
    ],
)
def test_seconds_that_cannot_be_meant_are_refused(
    options: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wait without time, or without pauses, is refused before anything is sent."""
    with pytest.raises(InvalidInputError, match="waited for"):
        Waited(monkeypatch).wait(**options)


def test_progress_may_be_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    """`on_progress` may be a coroutine function; what it raises is the caller's own."""
    use_clock(monkeypatch)
    told: list[str | None] = []

    async def note(seen: Job) -> None:
        told.append(seen.status)
        if seen.status == "DONE":
            raise KeyError("mine")

    async def wait() -> None:
        async with scripted(ScriptedTransport(PENDING, DONE)) as session:
            await tracker.wait(Jobs(session).get, "j1", on_progress=note)

    with pytest.raises(KeyError, match="mine"):
        run_virtual(wait())
    assert told == ["PENDING", "DONE"]


FAULTS = [
    {"error": "'5 Elm Street' is no state", "lineNumber": 3, "column": "State", "input": "5 Elm Street"},
    {"error": "password=hunter22 is odd", "lineNumber": 4},
    {"column": "Name", "input": "x"},
    {"error": "x is short", "input": "x"},
]
EXPECTED = [
    JobComplaint("'***' is no state", 3, "State"),
    JobComplaint("password=*** is odd", 4),
    JobComplaint("it is not accepted", None, "Name"),
    JobComplaint("x is short"),
]


@pytest.mark.parametrize("given", [False, True])
def test_a_failed_job_says_where(given: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the job, lines and columns, and repeats neither what stood there nor a secret."""
    faults = {"id": "j1", "status": "FAILED", "errors": FAULTS}
    waited = Waited(monkeypatch, answer(200, faults))
    with pytest.raises(JobFailedError) as caught:
        waited.wait(Job.model_validate(faults) if given else "j1")
    error = caught.value
    assert (error.job_id, list(error.errors)) == ("j1", EXPECTED)
    assert error.message == (
        "job j1 failed: line 3, column State: '***' is no state; line 4: password=*** is odd; "
        "column Name: it is not accepted; and 1 more"
    )
    assert "Elm" not in f"{error!r} {error.errors!r}"
    assert error.operation_id == "getJobById"


def test_a_job_may_fail_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed job without errors is none the less an error."""
    with pytest.raises(JobFailedError, match="job j1 failed: the server does not say why"):
        Waited(monkeypatch, job("FAILED")).wait()


def test_a_job_may_be_done_with_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that were left out while the rest was done are the job's errors, not an exception."""
    done = Waited(monkeypatch, job("DONE", errors=FAULTS[:1])).wait()
    assert done.errors == [Fault.model_validate(FAULTS[0])]


async def test_an_input_goes_to_the_named_place_without_our_token(tmp_path: Path) -> None:
    """The file is put where the API says, without the token, and its key comes back."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a,b\n1,2\n")
    store = Host(http(b""))
    async with serving(store) as place:
        api = Host(http(f'{{"url": "http://{place}/up?sig=s", "key": "k-1"}}'.encode()))
        async with serving(api) as address, session_on(address) as session:
            key = await tracker.upload(Jobs(session).request_upload, Upload(path, media_type="text/csv"))
    assert (key, store.lines, store.bodies) == ("k-1", ["PUT /up?sig=s"], [b"a,b\n1,2\n"])
    assert (store.header("x-auth-token"), api.header("x-auth-token")) == (None, "token-0")


async def test_an_input_that_cannot_be_read_asks_for_no_place(tmp_path: Path) -> None:
    """A file that is not there costs no request."""
    transport = ScriptedTransport()
    async with scripted(transport) as session:
        with pytest.raises(InvalidInputError, match="nothing was sent"):
            await tracker.upload(Jobs(session).request_upload, Upload(tmp_path / "none"))
    assert transport.sent == []


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({}, "no place to upload to"),
        ({"url": "https://files.example/1"}, "no place to upload to"),
        ({"key": "k"}, "no place to upload to"),
        ({"url": "http://files.example/1", "key": "k"}, "no https URL"),
    ],
)
async def test_a_place_that_cannot_be_used_is_told(place: dict[str, str], message: str) -> None:
    """Without a URL and a key, or with plain http, nothing is uploaded."""
    transport = ScriptedTransport(answer(200, place))
    async with scripted(transport) as session:
        with pytest.raises(ResponseShapeError, match=message):
            await tracker.upload(Jobs(session).request_upload, Upload(b"x"))
    assert len(transport.sent) == 1


async def test_an_output_comes_from_the_named_place_without_our_token() -> None:
    """The output is fetched where the API says, of the job or of its id."""
    store = Host(http(b"a,b\n", "Content-Type: text/csv"))
    async with serving(store) as place:
        api = Host(http(f'{{"url": "http://{place}/down"}}'.encode()))
        async with serving(api) as address, session_on(address) as session:
            jobs = Jobs(session)
            named: Sequence[Job | str] = (Job(id="j 1", status="DONE"), "j 1")
            files = [await tracker.output(jobs.output_url, jobs.download_output, one) for one in named]
    assert [file.text() for file in files] == ["a,b\n"] * 2
    assert api.lines == ["GET /v2/job/j%201/output-url"] * 2
    assert (store.header("x-auth-token"), store.header("x-request-id")) == (None, None)


async def test_an_output_without_a_place_comes_through_the_api() -> None:
    """Where the API names no place, it brings the output itself."""
    api = Host(http(b"{}"), http(b"a,b\n"))
    async with serving(api) as address, session_on(address) as session:
        jobs = Jobs(session)
        file = await tracker.output(jobs.output_url, jobs.download_output, "j1")
        with pytest.raises(InvalidInputError, match="no id"):
            await tracker.output(jobs.output_url, jobs.download_output, Job())
    assert file.read() == b"a,b\n"
    assert api.lines == ["GET /v2/job/j1/output-url", "GET /v2/job/j1/output"]
