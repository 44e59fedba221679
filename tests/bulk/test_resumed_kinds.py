"""Jobs of every kind over their journal on disk, cut off in the middle and resumed: done once, and proven."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.journal import JournalReader
from alianza_async.errors import ConnectionFailedError
from alianza_async.sandbox import Fault
from alianza_async.transports.httpx import InProcessTransport
from tests.bulk.engine import account, accounts, read_csv, session_on, write_csv
from tests.bulk.ownership_cases import CREATES, HISTORY, PLAN, Case
from tests.bulk.test_journaled import cut

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.journal import StepEntry
    from alianza_async.calls.call import Call, Reply
    from alianza_async.sandbox import Sandbox

each = pytest.mark.parametrize("case", CREATES, ids=str)


def step_of(path: Path, case: Case, row: int = 1) -> StepEntry:
    """Return what a journal has of the case's step."""
    with JournalReader(path) as journal:
        return journal.steps(row)[case.step]


def sandbox_of(case: Case) -> Sandbox:
    """Return a sandbox in the time of this process."""
    sandbox = case.sandbox()
    sandbox.store.agenda.clock = time.monotonic
    return sandbox


@pytest.mark.usefixtures("exact_clocks", "short_waits")
@pytest.mark.parametrize("history", [True, False])
@each
async def test_cut_off_once_it_was_made_it_is_found(case: Case, tmp_path: Path, *, history: bool) -> None:
    """The server has made it, and the process dies before the answer: found, it is not made again."""
    sandbox, path = sandbox_of(case), tmp_path / "job.db"
    source = write_csv(tmp_path / "in.csv", [case.row])
    sandbox.faults.add(Fault(kind="hang_after", operation=case.sends))
    async with session_on(sandbox) as session:
        await cut(session.bulk.run(case.kind, source, journal=path), lambda: case.made(sandbox) == 1)
        if not history:
            off = (Fault(kind="status_before", operation=name, status=403, times=None) for name in HISTORY)
            sandbox.faults.add(*off)
        report = await session.bulk.resume(path).run()

    step, made = step_of(path, case), "updated" if case is PLAN else "created"
    expected = (made, "history") if history else ("exists", "none")
    assert ((step.status, step.evidence), step.adopted, step.attempts) == (expected, True, 1)
    assert (report.failed, report.unknown, case.made(sandbox)) == (0, 0, 1)
    (result,) = report.results
    assert (result.adopted, result.evidence) == (True, expected[1])


@pytest.mark.usefixtures("exact_clocks", "short_waits")
@each
async def test_a_resumed_job_s_result_file_says_what_its_journal_does(case: Case, tmp_path: Path) -> None:
    """Resumed once more when all is done, its result file is the same, and nothing is sent."""
    sandbox, path, out = sandbox_of(case), tmp_path / "job.db", tmp_path / "out.csv"
    source = write_csv(tmp_path / "in.csv", [case.row])
    async with session_on(sandbox) as session:
        await session.bulk.run(case.kind, source, journal=path, results=out).run()
        first = read_csv(out)
        sent = sandbox.truth().requests[case.sends]
        await session.bulk.resume(path, results=out).run()

    assert read_csv(out) == first
    assert (first[0]["result_status"], sandbox.truth().requests[case.sends]) == (
        "updated" if case is PLAN else "created",
        sent,
    )


async def test_rows_from_python_are_finished_only_when_all_are_settled(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A later iterable that lacks a row which was sent does not finish the job: the row is named."""
    path = tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="hang_after", operation="createAccount", times=2))
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(accounts(3), journal=path, job_id="nightly", concurrency=2)
        await cut(job, lambda: sandbox.truth().created_accounts == 2)
        fewer = await session.bulk.create_accounts(
            [account(1), account(3)], journal=path, job_id="nightly"
        ).run()
        with JournalReader(path) as journal:
            state = journal.facts.state
        whole = await session.bulk.create_accounts(accounts(3), journal=path, job_id="nightly").run()
        with JournalReader(path) as journal:
            then = journal.facts.state

    assert (fewer.missing, state) == ((2,), "stopped")
    assert (whole.missing, then, sandbox.truth().created_accounts) == ((), "finished", 3)


async def test_a_host_that_cannot_be_reached_costs_no_attempt_of_another_row(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never connected, then reached: each attempt had its intent, and none is fewer than what left."""
    send, refused = InProcessTransport.send, 0

    async def unreachable(
        self: InProcessTransport,
        call: Call,
        headers: dict[str, str],
        timeout: float,  # noqa: ASYNC109  (as the protocol)
    ) -> Reply[object]:
        nonlocal refused
        if call.operation.operation_id == "createAccount" and refused < 3:
            refused += 1
            raise ConnectionFailedError("no route", context=call.context())
        return await send(self, call, headers, timeout)

    monkeypatch.setattr(InProcessTransport, "send", unreachable)
    path = tmp_path / "job.db"
    async with session_on(sandbox) as session:
        report = await session.bulk.create_accounts(accounts(1), journal=path).run()

    with JournalReader(path) as journal:
        step = journal.steps(1)["account"]
    assert (report.created, step.attempts, sandbox.truth().requests["createAccount"]) == (1, 4, 1)


async def test_a_stop_amid_a_look_up_leaves_the_row_for_a_resume(sandbox: Sandbox, tmp_path: Path) -> None:
    """Stopped while a lost row waits for its look-up, the row has its turns to its end; nothing is lost."""
    path = tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="cut_after", operation="createAccount"))
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(accounts(4), journal=path, concurrency=1, settle_s=0.3)
        task = asyncio.create_task(job.run())
        with anyio.fail_after(10):
            while not sandbox.truth().created_accounts:
                await anyio.lowlevel.checkpoint()
        job.stop()
        report = await task
        resumed = await session.bulk.resume(path, accounts(4)).run()

    assert (report.unsettled, report.created + report.exists) == ((), report.total)
    assert (resumed.created + resumed.exists, sandbox.truth().duplicate_account_numbers) == (4, [])
