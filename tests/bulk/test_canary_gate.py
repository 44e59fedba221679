from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import accounts, session_on
from tests.bulk.kind_rows import ROWS, make_ready, rows_of, with_numbers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CREATE = "createAccount"


async def trickle(count: int) -> AsyncIterator[dict[str, object]]:
    """Yield rows one by one."""
    for row in accounts(count):
        yield row


@pytest.mark.parametrize("is_async", [False, True])
async def test_the_rest_follows_where_the_first_are_as_they_were_sent(is_async: bool) -> None:
    """The canary's rows are made, then read back, and only then is another one sent."""
    sandbox = Sandbox()
    async with session_on(sandbox) as session:
        source = trickle(20) if is_async else accounts(20)
        report = await session.bulk.create_accounts(source, canary=3, concurrency=8).run()
    order = [request.operation for request in sandbox.recorder.requests if request.operation != "logUserIn"]
    assert report.created == 20
    assert order[:6] == [CREATE] * 3 + ["retrieveAccount"] * 3
    assert order[6:] == [CREATE] * 17


@pytest.mark.parametrize("kind", WORKFLOWS)
async def test_every_kind_has_a_canary(kind: str) -> None:
    """Whatever a row becomes, the first are read back, step by step, and the rest follows."""
    sandbox = with_numbers()
    async with session_on(sandbox) as session:
        await make_ready(session, kind)
        report = await session.bulk.run(kind, rows_of(kind), canary=2).run()
    assert report.created + report.updated == report.total == ROWS


async def test_an_object_of_a_row_that_is_not_as_it_was_sent_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that keeps other names of users: the canary of subscribers names the step and the field."""
    sandbox = with_numbers()
    make = sandbox.store.add_user

    def bend(account: dict[str, object], body: dict[str, object], *, unique: bool) -> dict[str, object]:
        return make(account, {**body, "firstName": "Eve"}, unique=unique)

    monkeypatch.setattr(sandbox.store, "add_user", bend)
    async with session_on(sandbox) as session:
        job = session.bulk.run("subscribers", rows_of("subscribers"), canary=1)
        with pytest.raises(BulkStoppedError, match=r"row 1: its user differs in first_name"):
            await job.run()
    assert sandbox.truth().created_accounts == 1


async def test_a_canary_that_is_not_as_it_was_sent_stops_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that keeps another name than it was given: three are made, and the rest is not sent."""
    sandbox = Sandbox()
    make = sandbox.store.add_account

    def bend(partition_id: str, body: dict[str, object], **options: bool) -> dict[str, object]:
        return make(partition_id, {**body, "accountName": "Something Else"}, **options)

    monkeypatch.setattr(sandbox.store, "add_account", bend)
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(accounts(20), canary=3, concurrency=8)
        with pytest.raises(BulkStoppedError, match=r"3 of the first 3 .* row 1 differs in account_name"):
            await job.run()
    assert sandbox.truth().created_accounts == 3
    assert (job.report.created, job.report.total) == (3, 3)


async def test_a_canary_that_fails_stops_the_job() -> None:
    """One of the first rows is refused: nothing more is sent, and the row is named."""
    sandbox = Sandbox(SandboxOptions())
    sandbox.faults.add(Fault(kind="status_before", status=403, operation=CREATE))
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(accounts(20), canary=2, concurrency=1)
        with pytest.raises(BulkStoppedError, match=r"canary: 1 of its rows did not go well \(row 1\)"):
            await job.run()
    assert sandbox.truth().requests[CREATE] == 2


async def test_a_job_smaller_than_its_canary_ends() -> None:
    """Fewer rows than the canary asks for: they are made, and nothing waits for more."""
    sandbox = Sandbox()
    async with session_on(sandbox) as session:
        report = await session.bulk.create_accounts(accounts(2), canary=5).run()
    assert report.created == 2
