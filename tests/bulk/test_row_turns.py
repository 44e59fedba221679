"""What a row does where its turn cannot go on: it waits for a login, for the host, for another row."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from alianza_async.bulk import Workflow, step
from alianza_async.bulk.engine.outcomes import from_steps
from alianza_async.bulk.engine.turns import Later
from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.kinds.removals import AccountRow
from alianza_async.errors import ConnectionFailedError, ConnectionProblem
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault
from alianza_async.transports.httpx import InProcessTransport
from tests.bulk.engine import account, session_on, write_csv
from tests.bulk.ownership_cases import (
    ACCOUNTS,
    CREATES,
    LINE,
    NUMBER,
    SUBSCRIBER_ACCOUNT,
    SUBSCRIBER_NUMBER,
    USERS,
    Case,
)
from tests.bulk.test_settlement import left_lost, lie
from tests.bulk.workflow.driver import KillableStore, job_of, killed, works
from tests.bulk.workflow.places import a_sandbox, at, carried_out, kind_on, requests, statuses, subscriber
from tests.virtual_time import use_clock

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.engine.row_run import AnyRowRun
    from alianza_async.bulk.engine.steps import Item
    from alianza_async.bulk.report import ItemResult
    from alianza_async.calls.call import Call, Reply
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

each = pytest.mark.parametrize("case", CREATES, ids=str)


@pytest.fixture(autouse=True)
def _virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that has a clock read the event loop's."""
    use_clock(monkeypatch)


# --- tokens that are revoked --------------------------------------------------------------------------------


@each
def test_a_row_whose_tokens_are_revoked_waits_for_the_next_login(case: Case) -> None:
    """Its token is refused several times in a row: it waits, and is made; it does not end with a 401."""
    sandbox, store = case.sandbox(), KillableStore()
    sandbox.faults.add(Fault(kind="status_before", operation=case.sends, status=401, times=6))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    assert (result.error, case.made(sandbox)) == (None, 1)
    assert store.step(1, case.step).attempts == requests(sandbox)[case.sends] == 7


@pytest.mark.parametrize(
    ("case", "operation"),
    [(USERS, "retrieveAccount"), (LINE, "retrieveEndUser"), (NUMBER, "validate")],
    ids=str,
)
def test_so_does_one_that_only_reads(case: Case, operation: str) -> None:
    """A step that only reads waits for the next login too."""
    sandbox, store = case.sandbox(), KillableStore()
    names = [name for name in requests_of(case) if operation.casefold() in name.casefold()]
    sandbox.faults.add(Fault(kind="status_before", operation=names[0], status=401, times=6))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    assert (result.error, case.made(sandbox)) == (None, 1)


def test_so_does_one_that_looks_first() -> None:
    """A row that is looked up before it is sent waits for the next login."""
    sandbox = ACCOUNTS.sandbox()
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", status=401, times=6))

    (result,) = carried_out(sandbox, [ACCOUNTS.row], workflow=ACCOUNTS.workflow, ensure=True)

    assert (result.status, result.error) == ("created", None)


def requests_of(case: Case) -> dict[str, int]:
    """Return which operations a clean run of a row calls."""
    sandbox = case.sandbox()
    carried_out(sandbox, [case.row], workflow=case.workflow)
    return requests(sandbox)


# --- settled without being sent -----------------------------------------------------------------------------


async def settled(run: AnyRowRun) -> object:
    """Settle a row, and send nothing."""
    while True:
        try:
            return await run.settle_only()
        except Later as later:
            await anyio.sleep(max(0.0, later.due - anyio.current_time()))


def only_settled(case: Case, store: KillableStore, sandbox: object) -> tuple[ItemResult, dict[str, str]]:
    """Settle a row of a journal as reconcile does."""

    async def settle(session: Session) -> tuple[ItemResult, dict[str, str]]:
        kind = kind_on(session, case.workflow)
        job = await job_of(kind, store)
        (work,) = await works(kind, [case.row], store)
        run = kind.run_of(job, work)
        end = await settled(run)
        await store.write(job.fence, *run.journal.taken())
        return from_steps(work, end), store.statuses()  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    return at(sandbox, settle)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@each
def test_what_was_made_is_found_without_a_send(case: Case) -> None:
    """Reconcile finds what a killed run has made, proves it, and sends nothing."""
    sandbox, store = left_lost(case)
    before = dict(requests(sandbox))

    only_settled(case, store, sandbox)

    step = store.step(1, case.step)
    assert (step.status in {"created", "updated"}, step.evidence, step.attempts) == (True, "history", 1)
    changed = {name for name, count in requests(sandbox).items() if count != before.get(name, 0)}
    assert not changed & {"createAccount", "createEndUser", "createDevice", "addPlan", "reserve", case.sends}


@each
def test_what_is_absent_goes_back_to_pending_without_a_send(case: Case) -> None:
    """What was never carried out may be sent by a run; reconcile itself sends nothing."""
    store = KillableStore()
    carried_out(case.sandbox(), [case.row], store, workflow=case.workflow)
    intents = [write for write in store.writes if write.endswith(" intent")]
    after = intents.index(f"1 {case.step} intent") + 1
    sandbox, store = case.sandbox(), KillableStore(dies_at_once=True)

    async def crash(session: Session) -> bool:
        return await killed(kind_on(session, case.workflow), [case.row], store, after)

    assert at(sandbox, crash)
    only_settled(case, store, sandbox)

    assert (store.step(1, case.step).status, case.made(sandbox)) == ("pending", 0)
    assert requests(sandbox).get(case.sends, 0) == 0


@pytest.mark.parametrize("before", ["intent", "unknown"])
@pytest.mark.parametrize("case", [SUBSCRIBER_NUMBER, NUMBER], ids=str)
def test_what_may_be_done_is_never_skipped(case: Case, before: str) -> None:
    """A number may be on the account, and its address does not pass now: it is looked up all the same."""
    sandbox, store = left_lost(case)
    if before == "unknown":
        lie(sandbox, case, "status_before", None)
        carried_out(sandbox, [case.row], store, workflow=case.workflow)
        sandbox.faults.clear()
    assert store.step(1, "activation").status == before
    (validates,) = [name for name in requests_of(case) if "validate" in name.casefold() and "pre" not in name]
    sandbox.faults.add(Fault(kind="status_before", operation=validates, status=422, times=None))

    (blind,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)
    then = store.step(1, "activation").status
    sandbox.faults.clear()
    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    assert (blind.status, blind.failed_step, then) == ("failed", "address", "created")
    assert store.step(1, "activation").attempts == 1
    assert (result.status, result.error, case.made(sandbox)) == ("created", None, 1)


# --- rows that share ----------------------------------------------------------------------------------------


def shared() -> list[dict[str, object]]:
    """Return two subscribers of one account."""
    return [subscriber(number, account_number="SHARED") for number in (1, 2)]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_another_row_of_the_job_made_is_no_stranger(workers: int) -> None:
    """With `on_exists="fail"`, rows that share an account are made: the job itself has made it."""
    results = carried_out(a_sandbox(), shared(), KillableStore(), workers=workers, on_exists="fail")

    assert statuses(results) == ["created", "created"]


def test_nor_is_what_an_earlier_run_of_the_job_made() -> None:
    """Killed once the first row was done: the second one finds the account by the journal's own proof."""
    sandbox, store = a_sandbox(), KillableStore()

    async def crash(session: Session) -> bool:
        return await killed(kind_on(session, on_exists="fail"), shared(), store, 6)

    assert at(sandbox, crash)
    results = carried_out(sandbox, shared(), store, on_exists="fail")

    assert statuses(results) == ["created", "created"]
    assert sandbox.truth().created_accounts == 1


def test_what_somebody_else_made_is_a_stranger_to_all_rows() -> None:
    """With `on_exists="fail"`, an account that was there before fails each row that shares it."""
    sandbox = a_sandbox()
    sandbox.seed({"accounts": [{**SUBSCRIBER_ACCOUNT.equal["accounts"][0], "accountNumber": "SHARED"}]})

    results = carried_out(sandbox, shared(), KillableStore(), on_exists="fail")

    assert statuses(results) == ["failed", "failed"]
    assert sandbox.truth().created_users == 0


# --- numbers ------------------------------------------------------------------------------------------------


def test_a_reservation_older_than_its_life_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resumed long after it was reserved, the number is reserved once more before it is activated."""
    case = NUMBER
    sandbox, store = case.sandbox(reservation_s=1800), KillableStore(dies_at_once=True)

    async def crash(session: Session) -> bool:
        return await killed(
            kind_on(session, case.workflow), [case.row], store, 2
        )  # at the activation's intent

    assert at(sandbox, crash)
    before = requests(sandbox)["reserve"]
    monkeypatch.setattr("alianza_async.bulk.kinds.number_steps.RESERVATION_LIFE_S", -1.0)

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    assert (result.status, result.error, before, requests(sandbox)["reserve"]) == ("created", None, 1, 2)


# --- the host is gone ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("short_waits")
async def test_a_row_that_an_outage_leaves_unsent_holds_up_no_other(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows share an account, and the one that is at it is left unsent: the others end too, and the job."""

    async def gone(_transport: InProcessTransport, call: Call, *_rest: object) -> Reply[object]:
        raise ConnectionFailedError("no route", context=call.context())

    async with session_on(sandbox, attempts=1) as session:
        await session.login()
        rows = [subscriber(number, account_number="SHARED") for number in range(1, 6)]
        job = session.bulk.run("subscribers", rows, outage_limit_s=0.2, concurrency=5)
        sandbox.faults.add(Fault(kind="cut_before", operation="createAccount"))
        running = asyncio.create_task(job.run())
        with anyio.fail_after(30):
            while not requests(sandbox).get("createAccount"):
                await anyio.lowlevel.checkpoint()
            monkeypatch.setattr(InProcessTransport, "send", gone)
            with pytest.raises(BulkStoppedError, match="cannot reach"):
                await running
    report = job.report
    assert (report.created, report.failed, report.unsettled) == (0, 0, ())
    assert statuses(report.results) == ["unknown", "skipped", "skipped", "skipped", "skipped"]


async def test_what_cannot_heal_stops_the_job_instead_of_waiting(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that is refused is no outage: the job stops at once, and says why; nothing was sent."""
    problem = ConnectionProblem.CERTIFICATE_EXPIRED

    async def refused(_transport: InProcessTransport, call: Call, *_rest: object) -> Reply[object]:
        raise ConnectionFailedError("its certificate has expired", context=call.context(), problem=problem)

    async with session_on(sandbox, attempts=6) as session:
        await session.login()
        monkeypatch.setattr(InProcessTransport, "send", refused)
        job = session.bulk.run("subscribers", [subscriber(1), subscriber(2)], concurrency=1)
        with anyio.fail_after(30), pytest.raises(BulkStoppedError, match="its certificate has expired"):
            await job.run()
    assert set(statuses(job.report.results)) == {"skipped"}
    assert (job.report.failed, job.report.unknown) == (0, 0)


@pytest.mark.usefixtures("short_waits")
async def test_a_row_that_an_outage_leaves_half_done_says_what_exists(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its account is made when the host goes: the row is not sent to its end, and names its account."""

    async def gone(_transport: InProcessTransport, call: Call, *_rest: object) -> Reply[object]:
        raise ConnectionFailedError("no route", context=call.context())

    send = InProcessTransport.send

    async def going(transport: InProcessTransport, call: Call, *rest: object) -> Reply[object]:
        if call.operation.operation_id == "createEndUser":
            monkeypatch.setattr(InProcessTransport, "send", gone)
            raise ConnectionFailedError("no route", context=call.context())
        return await send(transport, call, *rest)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async with session_on(sandbox, attempts=1) as session:
        await session.login()
        monkeypatch.setattr(InProcessTransport, "send", going)
        job = session.bulk.run("subscribers", [subscriber(1)], outage_limit_s=0.2)
        with anyio.fail_after(30), pytest.raises(BulkStoppedError, match="cannot reach"):
            await job.run()

    (result,) = job.report.results
    assert (result.status, list(result.objects), job.report.failed) == ("skipped", ["account"], 0)
    assert job.report.half_done.in_words() == "1 row half done: 1 account"
    assert str(result.error) == "the job stopped before the rest of it was sent; resume the job"
    assert (job.report.skipped, job.report.begun) == (1, 1)


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("operation", ["*", "createAccount"], ids=["all calls", "creates alone"])
async def test_few_rows_and_one_worker_outlast_a_gateway(sandbox: Sandbox, operation: str) -> None:
    """A gateway answers each call with 503 for a while: three rows, one at a time, wait and are made."""
    async with session_on(sandbox, attempts=2) as session:
        await session.login()
        sandbox.faults.add(Fault(kind="status_before", operation=operation, status=503, times=25))
        rows = [account(f"G-{number}") for number in range(3)]
        report = await session.bulk.run("accounts", rows, concurrency=1).run()

    assert (report.created, report.failed, report.unknown) == (3, 0, 0)
    assert sandbox.truth().created_accounts == 3


@pytest.mark.usefixtures("short_waits")
async def test_a_row_that_found_no_connection_was_not_sent(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its intent is on disk when no connection is made: result and journal both say that nothing was sent."""

    async def gone(_transport: InProcessTransport, call: Call, *_rest: object) -> Reply[object]:
        raise ConnectionFailedError("no route", context=call.context())

    rows, path = [CREATES[0].row], tmp_path / "job.db"
    async with session_on(sandbox, attempts=1) as session:
        await session.partition_id()
        with monkeypatch.context() as patched:
            patched.setattr(InProcessTransport, "send", gone)
            for _ in range(2):
                job = session.bulk.run("accounts", rows, journal=path, job_id="j", outage_limit_s=0.2)
                with anyio.fail_after(30), pytest.raises(BulkStoppedError, match="cannot reach"):
                    await job.run()
                (result,) = job.report.results
                said = "not sent: the job stopped before the server could be reached; resume the job"
                assert (result.status, str(result.error)) == ("skipped", said)
                with JournalReader(path) as reader:
                    assert [step.status for step in reader.steps(1).values()] == ["pending"]
                    assert [entry.error for entry in reader.entries()] == [said]
        report = await session.bulk.resume(path, rows).run()

    assert (report.created, requests(sandbox)) == (1, {"createAccount": 1})


@pytest.mark.usefixtures("short_waits")
async def test_a_step_of_which_a_part_was_sent_is_unknown(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first request was carried out, its second finds no connection: it is not called unsent."""
    send = InProcessTransport.send

    async def going(transport: InProcessTransport, call: Call, *rest: object) -> Reply[object]:
        if requests(sandbox).get("createAccount"):
            raise ConnectionFailedError("no route", context=call.context())
        return await send(transport, call, *rest)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async def both(item: Item[AccountRow]) -> None:
        for number in ("P-1", "P-2"):
            await item.session.accounts.create(AccountCreate.model_validate(account(number)))

    async def find(_item: Item[AccountRow]) -> None:
        return None

    pair = Workflow("pairs", step("pair", both, find=find), fields=AccountRow, key="account_number")
    async with session_on(sandbox, attempts=1) as session:
        await session.login()
        monkeypatch.setattr(InProcessTransport, "send", going)
        job = session.bulk.workflow(pair, [{"account_number": "P-1"}], outage_limit_s=0.2)
        with anyio.fail_after(30), pytest.raises(BulkStoppedError, match="cannot reach"):
            await job.run()

    (result,) = job.report.results
    said = "it may have been done, and the job stopped before it was looked up; resume the job to look it up"
    assert (result.status, result.failed_step, str(result.error)) == ("unknown", "pair", said)


async def test_a_refused_login_leaves_a_half_done_row_as_it_is(sandbox: Sandbox) -> None:
    """The password was changed in the middle: nothing is unknown, and what exists is named."""
    sandbox.faults.add(Fault(kind="status_before", operation="createEndUser", status=401, times=None))
    async with session_on(sandbox) as session:
        await session.login()
        sandbox.options = replace(sandbox.options, login_status=401)
        job = session.bulk.run("subscribers", [subscriber(1)])
        with pytest.raises(BulkStoppedError, match="login was refused"):
            await job.run()

    (result,) = job.report.results
    assert (result.status, list(result.objects)) == ("skipped", ["account"])


@pytest.mark.usefixtures("short_waits")
async def test_a_row_that_had_only_read_when_the_host_went_is_resumed(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its account was found and nothing was sent: a resume reads it again, and makes the line."""
    sandbox.seed(LINE.ground)
    send, path = InProcessTransport.send, tmp_path / "job.db"

    async def gone(transport: InProcessTransport, call: Call, *rest: object) -> Reply[object]:
        if call.operation.operation_id in {"retrieveEndUser", "userInfo"}:
            raise ConnectionFailedError("no route", context=call.context())
        return await send(transport, call, *rest)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async with session_on(sandbox, attempts=1) as session:
        await session.login()
        source = write_csv(tmp_path / "in.csv", [LINE.row])
        with monkeypatch.context() as patched:
            patched.setattr(InProcessTransport, "send", gone)
            job = session.bulk.run("device-lines", source, journal=path, outage_limit_s=60.0)
            task = asyncio.create_task(job.run())
            with anyio.fail_after(30):
                while job.report.outage is None:
                    await anyio.lowlevel.checkpoint()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        report = await session.bulk.resume(path).run()

    assert (report.created, report.failed) == (1, 0)


@pytest.mark.parametrize("times", [1, None])
def test_a_shared_account_that_a_look_up_denies_is_not_made_twice(times: int | None) -> None:
    """One row has made it, and the look-up of the next one says that it is not there: it is not believed."""
    sandbox = a_sandbox(unique=False)
    sandbox.faults.add(Fault(kind="absent", operation="retrieveAccount", times=times))

    results = carried_out(sandbox, shared(), KillableStore(), workers=1)

    assert statuses(results) == ["created", "unknown" if times is None else "created"]
    assert sandbox.truth().created_accounts == 1


def test_a_shared_account_is_no_stranger_to_a_row_that_is_tried_again() -> None:
    """With `on_exists="fail"`, a row that failed before finds the account that another row has made."""
    sandbox, store = a_sandbox(), KillableStore()
    sandbox.faults.add(
        Fault(kind="status_before", operation="createEndUser", status=403),
        Fault(kind="absent", operation="retrieveAccount", times=None),
    )
    first = carried_out(sandbox, shared(), store, workers=1, on_exists="fail")
    sandbox.faults.clear()
    again = carried_out(sandbox, shared(), store, workers=1, on_exists="fail")

    assert (statuses(first), statuses(again)) == (["failed", "unknown"], ["created", "created"])
