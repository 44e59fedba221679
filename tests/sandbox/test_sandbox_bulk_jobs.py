"""Jobs of the API's own bulk operations: their time, their abort, what they refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.sandbox.sandbox_bulk import CREATE, ROW, outputs, refused, start, wanted
from tests.sandbox.sandbox_caller import ACCOUNTS, Json, logged_in
from tests.sandbox.sandbox_jobs import BULK_JOBS, COLLECTIONS, at_work


@pytest.mark.parametrize(
    ("changes", "status", "expected"),
    [
        ({"jobTypeId": "update users"}, 400, "jobTypeId must be one of "),
        ({"jobTypeId": None}, 400, "jobTypeId must be one of "),
        ({"targetAccountId": "none"}, 400, "targetAccountId is not the id of an account"),
        ({"inputCollectionId": "none"}, 400, "inputCollectionId is not the id of a collection"),
        ({"jobTypeId": "delete users"}, 422, "jobTypeId delete users does not take CreateUserInput"),
        ({"abortAfter": -1}, 400, "abortAfter must be an integer of at least 0"),
        ({"abortAfter": True}, 400, "abortAfter must be an integer of at least 0"),
    ],
)
async def test_a_job_needs_what_it_works_on(changes: Json, status: int, expected: str) -> None:
    """A job over something that is not there, or not of its type, is refused and not started."""
    caller = await logged_in()
    home = await caller.create()
    collection = await caller.json("POST", COLLECTIONS, wanted())
    body = {"jobTypeId": "create users", "targetAccountId": home["id"], "inputCollectionId": collection["id"]}
    told = refused(await caller.call("POST", BULK_JOBS, {**body, **changes}))
    assert (told[0], told[1][0][: len(expected)]) == (status, expected)
    assert caller.sandbox.truth().jobs == 0


async def test_a_job_is_created_then_started_then_completed() -> None:
    """A job begins after a third of its time and does its work at its end; outputs are there from then on."""
    caller, clock = await at_work(job_s=9)
    home = await caller.create()
    collection = await caller.json("POST", COLLECTIONS, wanted())
    job = await start(caller, home, collection)
    seen: list[object] = []
    for now in (1002, 1004, 1009):
        clock.now = now
        current = await caller.json("GET", f"{BULK_JOBS}/{job['id']}")
        assert current["executionStatus"] == current["jobStatus"]
        seen.append((current["jobStatus"], caller.sandbox.truth().users, bool(current["outputCollections"])))
    assert seen == [("CREATED", 0, False), ("STARTED", 0, False), ("COMPLETED", 1, True)]
    assert (job["ownerId"], job["targetAccountId"], job["inputCollectionId"]) == (
        home["id"],
        home["id"],
        collection["id"],
    )


async def test_an_aborted_job_keeps_what_it_has_done() -> None:
    """An abort two thirds on leaves two of three rows done, told in the outputs; nothing comes after."""
    caller, clock = await at_work(job_s=9)
    home = await caller.create()
    rows = [{**ROW, "Username": f"ann{index}@acme"} for index in range(3)]
    job = await start(caller, home, await caller.json("POST", COLLECTIONS, wanted(CREATE, *rows)))
    clock.now += 6
    aborted = await caller.json("PUT", f"{BULK_JOBS}/{job['id']}", {**job, "jobStatus": "ABORTED"})
    assert aborted["jobStatus"] == "ABORTED"
    clock.now += 9
    done, failed = await outputs(caller, job)
    assert ([row["Index"] for row in done], failed, caller.sandbox.truth().users) == ([0, 1], [], 2)


async def test_an_abort_before_the_beginning_does_nothing() -> None:
    """A job aborted at once has no row done and never starts."""
    caller, clock = await at_work(job_s=9)
    home = await caller.create()
    job = await start(caller, home, await caller.json("POST", COLLECTIONS, wanted()))
    await caller.json("PUT", f"{BULK_JOBS}/{job['id']}", {"jobStatus": "ABORTED"})
    clock.now += 20
    assert (await caller.json("GET", f"{BULK_JOBS}/{job['id']}"))["jobStatus"] == "ABORTED"
    assert caller.sandbox.truth().users == 0


async def test_a_job_aborts_itself_when_told() -> None:
    """`abortAfter` is in seconds, counts from the request that says it, and the newest one holds."""
    caller, clock = await at_work(job_s=9)
    home = await caller.create()
    collection = await caller.json("POST", COLLECTIONS, wanted())
    job = await start(caller, home, collection, abortAfter=2)
    one = f"{BULK_JOBS}/{job['id']}"
    clock.now += 1
    assert (await caller.json("PUT", one, {**job, "abortAfter": 5}))["abortAfter"] == 5
    clock.now += 4
    assert (await caller.json("GET", one))["jobStatus"] == "STARTED"
    clock.now += 1
    assert (await caller.json("GET", one))["jobStatus"] == "ABORTED"


async def test_a_job_that_never_ends_can_be_aborted() -> None:
    """With that option a job stays STARTED; aborted, it has done nothing."""
    caller, clock = await at_work(jobs_end=False)
    home = await caller.create()
    job = await start(caller, home, await caller.json("POST", COLLECTIONS, wanted()))
    clock.now += 1e9
    assert (await caller.json("GET", f"{BULK_JOBS}/{job['id']}"))["jobStatus"] == "STARTED"
    await caller.json("PUT", f"{BULK_JOBS}/{job['id']}", {"jobStatus": "ABORTED"})
    assert await outputs(caller, job) == ([], [])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"jobTypeId": "delete users"}, "jobTypeId cannot be changed"),
        ({"targetAccountId": "other"}, "targetAccountId cannot be changed"),
        ({"inputCollectionId": "other"}, "inputCollectionId cannot be changed"),
        ({"jobStatus": "PAUSED"}, "jobStatus must be one of CREATED, STARTED, ABORTED, COMPLETED"),
        ({"abortAfter": "soon"}, "abortAfter must be an integer of at least 0"),
    ],
)
async def test_a_job_is_not_turned_into_another(change: Json, expected: str) -> None:
    """What a job works on stays, and a status nobody knows is refused."""
    caller, _ = await at_work()
    home = await caller.create()
    job = await start(caller, home, await caller.json("POST", COLLECTIONS, wanted()))
    response = await caller.call("PUT", f"{BULK_JOBS}/{job['id']}", {**job, **change})
    assert refused(response)[:2] == (400, [expected])


async def test_a_job_that_has_ended_stays_as_it_is() -> None:
    """After its end a job cannot be aborted."""
    caller = await logged_in()
    home = await caller.create()
    job = await start(caller, home, await caller.json("POST", COLLECTIONS, wanted()))
    response = await caller.call("PUT", f"{BULK_JOBS}/{job['id']}", {"jobStatus": "ABORTED"})
    assert refused(response)[:2] == (400, ["The job has ended"])


async def test_an_account_that_goes_away_fails_its_rows() -> None:
    """Rows whose account is deleted before they are carried out are told one by one."""
    caller, clock = await at_work()
    home = await caller.create()
    job = await start(caller, home, await caller.json("POST", COLLECTIONS, wanted()))
    await caller.call("DELETE", f"{ACCOUNTS}/{home['id']}")
    clock.now += 9
    assert await outputs(caller, job) == ([], [{**ROW, "Index": 0, "Error": "Account not found"}])


@pytest.mark.parametrize("level", ["NONE", "READ", "EDIT"])
async def test_a_job_needs_the_permission_of_its_rows(level: str) -> None:
    """Who may not create a user by a single call may not have a job create it either."""
    caller = await logged_in()
    home = await caller.create()
    collection = await caller.json("POST", COLLECTIONS, wanted())
    caller.sandbox.options = replace(caller.sandbox.options, permissions={"EU_User": level})
    body = {"jobTypeId": "create users", "targetAccountId": home["id"], "inputCollectionId": collection["id"]}
    response = await caller.call("POST", BULK_JOBS, body)
    assert refused(response)[:2] == (403, ["You do not have permission to do this"])
    caller.sandbox.options = replace(caller.sandbox.options, permissions={"EU_User": "CREATE"})
    assert len((await outputs(caller, await start(caller, home, collection)))[0]) == 1


async def test_jobs_and_collections_are_their_partitions_own() -> None:
    """Unknown ones are a 404, and so are another partition's."""
    caller = await logged_in()
    home = await caller.create()
    collection = await caller.json("POST", COLLECTIONS, wanted())
    job = await start(caller, home, collection)
    caller.sandbox.options = replace(caller.sandbox.options, partition_id="other")
    await caller.log_in()
    for job_id in ("none", job["id"]):
        assert refused(await caller.call("GET", f"{BULK_JOBS}/{job_id}"))[:2] == (404, ["Job not found"])
    for collection_id in ("none", collection["id"]):
        response = await caller.call("GET", f"{COLLECTIONS}/{collection_id}")
        assert refused(response)[:2] == (404, ["Collection not found"])
