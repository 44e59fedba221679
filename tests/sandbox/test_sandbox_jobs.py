"""The job tracker: uploads without a login, jobs that take their time, outputs."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from alianza_async.sandbox import SandboxOptions, serve
from alianza_async.sandbox.agenda import Agenda
from tests.sandbox.sandbox_caller import Refusal, logged_in, refusal
from tests.sandbox.sandbox_jobs import PARTITION, Clock, at_work, finished, report, uploaded

STATUS_CHANGE = PARTITION + "/account/bulkstatuschange_2"
ACCOUNT_REPORT = PARTITION + "/report/account/csv_3"


async def test_upload_place_is_on_the_sandbox_and_needs_no_login() -> None:
    """The address is on the host the caller used; the file is what the job's input answers."""
    caller = await logged_in()
    place = await caller.json("POST", "/v2/job/input")
    assert place["url"] == f"http://sandbox.test/_sandbox/uploads/{place['key']}"
    assert (await caller.http.post(str(place["url"]), content=b"Account Number,Status\n")).status_code == 200
    started = await caller.call("POST", STATUS_CHANGE, {"key": place["key"]})
    job = await finished(caller, started)
    assert (job["name"], job["inputKey"], job["status"], job["errors"]) == (
        "bulkStatusChange_2",
        place["key"],
        "DONE",
        [],
    )
    assert (await caller.call("GET", f"/v2/job/{job['id']}/input")).content == b"Account Number,Status\n"
    assert caller.sandbox.truth().tokens_leaked == 0


@pytest.mark.parametrize("header", ["X-AUTH-TOKEN", "Authorization", "Cookie"])
async def test_a_login_shown_to_the_file_store_is_a_leak(header: str) -> None:
    """An upload or a download that carries a login is carried out, and counted in the truth."""
    caller = await logged_in()
    place = await caller.json("POST", "/v2/job/input")
    response = await caller.http.put(str(place["url"]), content=b"x", headers={header: caller.token})
    assert (response.status_code, caller.sandbox.truth().tokens_leaked) == (200, 1)
    job = await finished(caller, await caller.call("GET", ACCOUNT_REPORT))
    url = str((await caller.json("GET", f"/v2/job/{job['id']}/output-url"))["url"])
    response = await caller.http.get(url, headers={header: caller.token})
    assert (response.status_code, caller.sandbox.truth().tokens_leaked) == (200, 2)


@pytest.mark.parametrize(("verb", "kind"), [("PUT", "uploads"), ("GET", "outputs")])
async def test_the_file_store_knows_its_keys_only(verb: str, kind: str) -> None:
    """A made-up key is a 404."""
    caller = await logged_in()
    response = await caller.http.request(verb, f"/_sandbox/{kind}/made-up")
    assert refusal(response) == (404, ["Resource not found"], {})


async def test_output_is_the_same_by_url() -> None:
    """The address of an output gives the file without a token."""
    caller = await logged_in()
    await caller.create()
    job = await finished(caller, await caller.call("GET", ACCOUNT_REPORT))
    output = await caller.call("GET", f"/v2/job/{job['id']}/output")
    url = str((await caller.json("GET", f"/v2/job/{job['id']}/output-url"))["url"])
    assert url == f"http://sandbox.test/_sandbox/outputs/{job['outputKey']}"
    assert (await caller.http.get(url)).content == output.content


async def test_a_job_is_pending_then_in_progress_then_done() -> None:
    """A job begins after a third of its time; its output is there at the end, not before."""
    caller, clock = await at_work(job_s=9)
    started = (await caller.call("GET", ACCOUNT_REPORT)).json()
    one = f"/v2/job/{started['id']}"
    seen: list[object] = []
    for now in (1000, 1002.9, 1003, 1008.9):
        clock.now = now
        seen.append((await caller.json("GET", one))["status"])
        assert refusal(await caller.call("GET", one + "/output"))[1] == ["The job has no output"]
    assert seen == ["PENDING", "PENDING", "IN_PROGRESS", "IN_PROGRESS"]
    clock.now = 1009
    done = await caller.json("GET", one)
    assert (done["status"], done["start"], "outputKey" in started) == ("DONE", started["start"], False)
    assert str(done["lastUpdated"]) >= str(done["start"])
    assert (await caller.call("GET", one + "/output")).status_code == 200


async def test_a_job_does_its_work_at_its_end() -> None:
    """What a job changes is unchanged until it is DONE; the truth counts jobs."""
    caller, clock = await at_work()
    made = await caller.create()
    key = await uploaded(caller, "Account Number,Status\nACME-1,SUSPENDED\n")
    await caller.call("POST", STATUS_CHANGE, {"key": key})
    clock.now += 8
    status = f"{PARTITION}/account/{made['id']}/status"
    assert (await caller.call("GET", status)).json() == "ACTIVE"
    clock.now += 1
    assert caller.sandbox.truth().jobs == 1
    assert (await caller.call("GET", status)).json() == "SUSPENDED"


async def test_jobs_can_be_told_never_to_end() -> None:
    """With that option a job stays IN_PROGRESS however long one waits."""
    caller, clock = await at_work(jobs_end=False)
    job = (await caller.call("GET", ACCOUNT_REPORT)).json()
    clock.now += 1e9
    assert (await caller.json("GET", f"/v2/job/{job['id']}"))["status"] == "IN_PROGRESS"


@pytest.mark.parametrize("suffix", ["", "/input", "/output", "/output-url"])
async def test_a_job_is_found_in_its_own_partition_only(suffix: str) -> None:
    """An unknown job is a 404, and so is one of another partition."""
    caller = await logged_in()
    job = (await caller.call("GET", ACCOUNT_REPORT)).json()
    caller.sandbox.options = replace(caller.sandbox.options, partition_id="other")
    await caller.log_in()
    for job_id in ("none", job["id"]):
        expected: Refusal = (404, ["Job not found"], {"jobId": job_id})
        assert refusal(await caller.call("GET", f"/v2/job/{job_id}{suffix}")) == expected


async def test_a_report_has_no_input() -> None:
    """The input of a job that read no file is a 404."""
    caller = await logged_in()
    job = (await caller.call("GET", ACCOUNT_REPORT)).json()
    response = await caller.call("GET", f"/v2/job/{job['id']}/input")
    assert refusal(response) == (404, ["The job has no input"], {"jobId": job["id"]})


@pytest.mark.parametrize("body", [{}, {"key": None}, {"key": "made-up"}, {"key": 1}])
async def test_an_import_needs_the_key_of_an_upload(body: object) -> None:
    """A missing or made-up key is a 400."""
    caller = await logged_in()
    response = await caller.call("POST", STATUS_CHANGE, body)
    assert refusal(response) == (400, ["key is not the key of an upload"], {})


async def test_another_partitions_key_is_refused() -> None:
    """An upload belongs to the partition it was asked for in."""
    caller = await logged_in()
    key = await uploaded(caller, "x")
    caller.sandbox.options = replace(caller.sandbox.options, partition_id="other")
    await caller.log_in()
    response = await caller.call("POST", "/v2/partition/other/account/bulkstatuschange_2", {"key": key})
    assert response.status_code == 400


async def test_a_job_whose_file_never_came_has_failed() -> None:
    """A key without a file starts a job that fails and says so; it has no input."""
    caller = await logged_in()
    key = (await caller.json("POST", "/v2/job/input"))["key"]
    job = await finished(caller, await caller.call("POST", STATUS_CHANGE, {"key": key}))
    assert (job["status"], job["errors"]) == (
        "FAILED",
        [{"error": "No file was uploaded", "lineNumber": 1, "column": "", "input": ""}],
    )
    assert (await caller.call("GET", f"/v2/job/{job['id']}/input")).status_code == 404


async def test_the_newest_file_under_a_key_counts() -> None:
    """A file uploaded again takes the place of the first."""
    caller = await logged_in()
    key = await uploaded(caller, "first")
    await caller.http.put(f"/_sandbox/uploads/{key}", content=b"Account Number,Status\n")
    job = await finished(caller, await caller.call("POST", STATUS_CHANGE, {"key": key}))
    assert job["status"] == "DONE"


async def test_a_reset_forgets_the_jobs() -> None:
    """After a reset no job and no upload is known, and nothing of theirs happens any more."""
    caller, clock = await at_work()
    await caller.call("GET", ACCOUNT_REPORT)
    caller.sandbox.reset()
    clock.now += 10
    assert caller.sandbox.truth().jobs == 0


def test_the_agenda_keeps_its_order() -> None:
    """Work is done when due, earliest first, and in the order it was asked for where due at once."""
    clock = Clock(0)
    agenda, done = Agenda(clock), list[str]()
    agenda.put_off(2, lambda: done.append("late"))
    agenda.put_off(1, lambda: done.append("first"))
    agenda.put_off(1, lambda: agenda.put_off(0, lambda: done.append("follow-up")))
    agenda.put_off(1, lambda: done.append("second"))
    agenda.catch_up()
    assert done == []
    clock.now = 1
    agenda.catch_up()
    assert done == ["first", "second", "follow-up"]
    clock.now = 2
    agenda.catch_up()
    assert done == ["first", "second", "follow-up", "late"]


@pytest.mark.parametrize("value", [-1, float("inf")])
def test_a_jobs_time_must_make_sense(value: float) -> None:
    """Negative and endless seconds are refused; a job that never ends has an option of its own."""
    with pytest.raises(ValueError, match="job_s"):
        SandboxOptions(job_s=value)


async def test_the_figures_of_a_report_are_those_of_its_end() -> None:
    """A report tells what is true when its job ends."""
    caller, clock = await at_work()
    job = (await caller.call("GET", ACCOUNT_REPORT)).json()
    await caller.create("LATE-1")
    clock.now += 9
    assert b"LATE-1" in (await caller.call("GET", f"/v2/job/{job['id']}/output")).content


async def test_a_fault_breaks_a_job_operation_too() -> None:
    """The tracker's operations go down the same road as all others: counted and breakable by their ids."""
    caller = await logged_in()
    await caller.http.post(
        "/_sandbox/faults", json={"kind": "status_after", "operation": "accountCSVReport3"}
    )
    assert (await caller.call("GET", ACCOUNT_REPORT)).status_code == 503
    assert caller.sandbox.truth().jobs == 1
    assert len(await report(caller, "/report/account/csv_3")) == 1


async def test_the_address_of_an_upload_holds_over_a_real_socket() -> None:
    """What the sandbox hands out is on the very host and port it listens on, and works there."""
    async with serve() as running, httpx.AsyncClient(base_url=running.base_url) as http:
        login = (await http.post("/v2/authorize", json={"username": "ann", "password": "x"})).json()
        headers = {"X-AUTH-TOKEN": str(login["authToken"])}
        place = (await http.post("/v2/job/input", headers=headers)).json()
        assert place["url"] == f"{running.base_url}/_sandbox/uploads/{place['key']}"
        assert (await http.put(str(place["url"]), content=b"Account Number,Status\n")).status_code == 200
        response = await http.post(STATUS_CHANGE, headers=headers, json={"key": place["key"]})
        job = (await http.get(f"/v2/job/{response.json()['id']}", headers=headers)).json()
        assert (job["status"], running.sandbox.truth().tokens_leaked) == ("DONE", 0)
