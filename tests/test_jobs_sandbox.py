"""Work that the server does in its own time, through the session, against the embedded Alianza."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alianza_async.calls.files import Upload
from alianza_async.errors import JobFailedError, UnknownOutcomeError
from alianza_async.models.shared_jobs import Job, JobUploadKey
from alianza_async.resources.server_jobs.bulk import CREATE_USERS, DELETE_USERS
from tests.retry_calls import new_account

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


async def started(session: Session, content: bytes) -> Job:
    """Upload status changes and start them."""
    key = await session.jobs.upload(Upload(content, "rows.csv", "text/csv"))
    return await session.accounts.change_statuses(JobUploadKey(key=key))


async def test_an_input_is_uploaded_worked_on_and_waited_for(sandbox: Sandbox, session: Session) -> None:
    """Status changes from a file: uploaded without our token, started, waited for, and carried out."""
    sandbox.options = replace(sandbox.options, job_s=0.05)
    account = await session.accounts.create(new_account())
    job = await started(session, b"Account Number,Status\nACME-1,SUSPENDED\nNOBODY,ACTIVE\n")
    seen: list[str | None] = []
    done = await session.jobs.wait(
        job, on_progress=lambda job: seen.append(job.status), poll_initial=0.01, timeout=10
    )
    assert (done.status, seen[-1]) == ("DONE", "DONE")
    assert [(fault.line_number, fault.column) for fault in done.errors or ()] == [(3, "Account Number")]
    assert (await session.accounts.get(account.id or "")).status == "SUSPENDED"
    assert sandbox.store.jobs.leaked == 0


async def test_an_input_without_one_good_row_fails_the_job(session: Session) -> None:
    """Where no row can be used the job has failed, and the error names line and column."""
    job = await started(session, b"Account Number,Status\nNOBODY,ACTIVE\n")
    with pytest.raises(JobFailedError) as caught:
        await session.jobs.wait(job, poll_initial=0.01, timeout=10)
    assert [(error.line, error.column) for error in caught.value.errors] == [(2, "Account Number")]


async def test_a_report_is_waited_for_and_fetched(sandbox: Sandbox, session: Session) -> None:
    """A report's job is waited for, and its output fetched from where the API says, without our token."""
    await session.accounts.create(new_account())
    job = await session.jobs.wait(await session.reports.accounts(), poll_initial=0.01)
    with await session.jobs.output(job) as report:
        assert "ACME-1" in report.text()
    assert sandbox.store.jobs.leaked == 0


async def test_a_job_that_never_ends_is_unknown(sandbox: Sandbox, session: Session) -> None:
    """A sandbox whose jobs never end: the wait ends at its deadline, with the job's id."""
    sandbox.options = replace(sandbox.options, jobs_end=False)
    job = await started(session, b"Account Number,Status\nACME-1,ACTIVE\n")
    with pytest.raises(UnknownOutcomeError, match=f"job {job.id} has not ended within 0.05 s"):
        await session.jobs.wait(job, poll_initial=0.01, timeout=0.05)


async def test_the_servers_bulk_operations_tell_each_row(session: Session) -> None:
    """Users are created and deleted in bulk by the server: each row's outcome comes home beside it."""
    account = await session.accounts.create(new_account())
    rows: list[dict[str, object]] = [
        {"Username": f"user{n}", "Time Zone": "US/MOUNTAIN", "First Name": "Ann"} for n in (1, 2, 1)
    ]
    bulk = session.bulk_operation_jobs.server_bulk
    made = await bulk.run(CREATE_USERS, account.id or "", rows, poll_initial=0.01)
    assert [row.outcome for row in made.rows] == ["done", "done", "failed"]
    assert made.rows[2].error
    assert made.unmatched == ()
    assert {user.username for user in await session.users.list(account.id or "")} == {"user1", "user2"}
    gone = await bulk.run(
        DELETE_USERS, account.id or "", [{"Username": "user2"}, {"Username": "nobody"}], poll_initial=0.01
    )
    assert [row.outcome for row in gone.rows] == ["done", "failed"]
    assert {user.username for user in await session.users.list(account.id or "")} == {"user1"}
