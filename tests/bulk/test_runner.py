from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine.recording_session import RecordingSession
from alianza_async.errors import ConflictError, NotFoundError, RequestRejectedError, UnknownOutcomeError
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.sandbox import Sandbox, SandboxOptions, serve
from alianza_async.sandbox.faults import Fault
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.bulk.engine import InstantTransport, account, accounts, session_on, statuses
from tests.virtual_time import run_virtual, use_clock

if TYPE_CHECKING:
    from alianza_async.bulk import Report
    from alianza_async.calls.call import Call, Reply
    from alianza_async.sandbox.faults import FaultKind

CREATE = "createAccount"


async def test_a_clean_create_sends_one_request_a_row(session: Session, sandbox: Sandbox) -> None:
    """300 good rows are 300 requests and one login; every result says so."""
    report = await session.bulk.create_accounts(accounts(300)).run()
    truth = sandbox.truth()
    assert truth.requests == {"logUserIn": 1, CREATE: 300}
    assert statuses(report.results) == [(row, "created") for row in range(1, 301)]
    assert {result.attempts for result in report.results} == {1}
    assert (report.total, report.created, report.in_flight, report.all_done) == (300, 300, 0, True)


async def test_a_result_says_what_is_there(session: Session, sandbox: Sandbox) -> None:
    """Key, id, request id and elapsed time of a created row are those of the object and its request."""
    report = await session.bulk.create_accounts([account("ACME-1")]).run()
    (result,), (made,) = report.results, sandbox.store.created
    assert (result.key, result.id) == (made.key, made.id) == ("ACME-1", made.id)
    assert result.request_id == sandbox.recorder.requests[-1].request_id
    assert (result.error, result.adopted, result.done) == (None, False, True)
    assert 0 < result.elapsed <= report.elapsed_s


async def test_what_was_there_equal_exists_and_what_differs_failed(session: Session) -> None:
    """Found otherwise than after our own attempt: equal in all that is sent = `exists`, else a conflict."""
    await session.bulk.create_accounts(accounts(2)).run()
    again = [account(1), account(2, account_name="Another Bakery"), account(3)]
    report = await session.bulk.create_accounts(again).run()
    assert statuses(report.results) == [(1, "exists"), (2, "failed"), (3, "created")]
    equal, differs, made = report.results
    assert (equal.error, equal.id is not None) == (None, True)
    assert isinstance(differs.error, ConflictError)
    assert [difference.field for difference in differs.error.differences] == ["account_name"]
    assert differs.id is not None
    assert len({equal.id, differs.id, made.id}) == 3


async def test_ensure_looks_first(sandbox: Sandbox) -> None:
    """With `ensure` and a server that takes doubles, what is there is found and nothing is made twice."""
    sandbox.options = SandboxOptions(unique=False)
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(accounts(20)).run()
        rows = [*accounts(20), account(21), account("A-00001 ", account_name="Changed")]
        rows = [rows[-1], *rows[1:-1]]
        report = await session.bulk.create_accounts(rows, ensure=True).run()
    assert statuses(report.results) == [
        (1, "failed"),
        *((row, "exists") for row in range(2, 21)),
        (21, "created"),
    ]
    assert isinstance(report.results[0].error, ConflictError)
    assert {result.attempts for result in report.results[:20]} == {0}
    assert sandbox.truth().created_accounts == 21


async def test_a_bad_row_never_stops_the_rest(session: Session, sandbox: Sandbox) -> None:
    """Rows that cannot be sent, rows the server refuses and rows nobody thought of: the others are made."""

    class Trap(dict[str, object]):
        """A mapping that is none."""

    rows: list[object] = [
        account(1),
        account(2, billing_cycle_day=99),
        7,
        Trap(account(4, account_type="ADVANCED")),
        account(5),
        None,
        account(7),
    ]
    sandbox.faults.add(Fault(kind="status_before", operation=CREATE, status=403, times=1))
    report = await session.bulk.create_accounts(rows, concurrency=1).run()  # type: ignore[arg-type]
    assert statuses(report.results) == [
        (1, "failed"),
        (2, "invalid"),
        (3, "invalid"),
        (4, "invalid"),
        (5, "created"),
        (6, "invalid"),
        (7, "created"),
    ]
    assert sandbox.truth().requests[CREATE] == 3


async def test_an_error_nobody_thought_of_is_one_row_s(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the code itself breaks on a row, that row failed, its cause is kept, and the rest goes on."""
    send = RecordingSession.send

    async def broken(view: RecordingSession, call: Call) -> Reply[object]:
        if call.key_value == "A-00002":
            raise LookupError("a bug")
        return await send(view, call)

    monkeypatch.setattr(RecordingSession, "send", broken)
    report = await session.bulk.create_accounts(accounts(3)).run()
    assert statuses(report.results) == [(1, "created"), (2, "failed"), (3, "created")]
    error = report.results[1].error
    assert str(error) == "an unexpected LookupError; please report it"
    assert isinstance(error and error.__cause__, LookupError)
    assert sandbox.truth().created_accounts == 2


async def test_an_error_nobody_thought_of_after_sending_is_unknown() -> None:
    """Where it breaks once a request is out nobody can tell: `unknown`, with the request's id."""

    class Broken(InstantTransport):
        async def send(self, call: Call, headers: dict[str, str], timeout: float) -> Reply[object]:  # noqa: ASYNC109
            reply = await super().send(call, headers, timeout)
            if call.key_value == "A-00002":
                raise LookupError("a bug of the transport's")
            return reply

    async with Session(
        Credentials("tester", "a-made-up-password"), base_url="http://localhost", transport=Broken()
    ) as session:
        report = await session.bulk.create_accounts(accounts(3)).run()
    assert statuses(report.results) == [(1, "created"), (2, "unknown"), (3, "created")]
    broken = report.results[1]
    assert (broken.attempts, broken.request_id is not None, broken.id) == (1, True, None)


async def test_a_refusal_is_told_in_the_server_s_words(session: Session, sandbox: Sandbox) -> None:
    """A row the server refuses, whose key is not there, failed with the refusal itself."""
    refusal = b'{"status":400,"messages":["billing is closed"],"data":{}}'
    sandbox.faults.add(Fault(kind="status_before", operation=CREATE, status=400, body=refusal, times=1))
    (result,) = (await session.bulk.create_accounts(accounts(1)).run()).results
    assert (result.status, result.id) == ("failed", None)
    assert isinstance(result.error, RequestRejectedError)
    assert "billing is closed" in str(result.error)
    assert not isinstance(result.error, NotFoundError)


@pytest.mark.usefixtures("exact_clocks")
@pytest.mark.parametrize("kind", ["status_after", "cut_after", "html_after", "garbage_after"])
async def test_found_after_our_own_attempt_is_created(
    session: Session, sandbox: Sandbox, kind: FaultKind
) -> None:
    """An answer that was lost after the server acted is looked up: history proves it, so it is `created`."""
    sandbox.options = SandboxOptions(unique=False)
    sandbox.faults.add(Fault(kind=kind, operation=CREATE))
    report = await session.bulk.create_accounts(accounts(1)).run()
    (result,), (made,) = report.results, sandbox.store.created
    assert (result.status, result.adopted, result.id, result.attempts) == ("created", True, made.id, 1)
    assert (result.evidence, report.adopted) == ("history", 1)


def test_a_look_up_that_fails_too_leaves_it_unknown(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost, and not to be looked up either: `unknown`, never sent again, and nothing claimed."""
    sandbox.faults.add(
        Fault(kind="cut_after", operation=CREATE),
        Fault(kind="status_before", operation="retrieveAccount", times=None),
    )
    use_clock(monkeypatch)

    async def main() -> Report:
        async with session_on(sandbox, attempts=3) as session:
            return await session.bulk.create_accounts(accounts(1)).run()

    (result,) = run_virtual(main()).results
    assert (result.status, result.id, result.done) == ("unknown", None, False)
    assert isinstance(result.error, UnknownOutcomeError)
    assert sandbox.truth().requests[CREATE] == 1


KINDS: tuple[FaultKind, ...] = (
    "status_before",
    "status_after",
    "cut_before",
    "cut_after",
    "html_after",
    "garbage_after",
)


@pytest.mark.usefixtures("exact_clocks")
@pytest.mark.parametrize("probability", [0.05, 0.3])
@pytest.mark.parametrize("kind", KINDS)
async def test_no_fault_makes_a_double_or_loses_a_row(
    sandbox: Sandbox, kind: FaultKind, probability: float
) -> None:
    """500 rows, a server that takes doubles, one fault at a rate: 0 doubles, 0 lost, 0 unknown."""
    await _storm(sandbox, [Fault(kind=kind, times=None, probability=probability)])


@pytest.mark.usefixtures("exact_clocks")
async def test_all_faults_together_make_no_double_either(sandbox: Sandbox) -> None:
    """Every kind of fault at once, on creates and on look-ups alike."""
    await _storm(sandbox, [Fault(kind=kind, times=None, probability=0.04) for kind in KINDS])


@pytest.mark.usefixtures("exact_clocks")
async def test_answers_that_never_come_make_no_double(sandbox: Sandbox) -> None:
    """A server that acts and then hangs is given up on, looked up, and found."""
    fault = Fault(kind="hang_after", operation=CREATE, times=None, probability=0.05)
    await _storm(sandbox, [fault], attempt_timeout=0.25)


async def _storm(sandbox: Sandbox, faults: list[Fault], *, attempt_timeout: float = 30.0) -> None:
    sandbox.options = SandboxOptions(unique=False)
    sandbox.faults.add(*faults)
    async with session_on(sandbox, attempts=25, attempt_timeout=attempt_timeout) as session:
        await session.login()
        report = await session.bulk.create_accounts(accounts(500), max_failures="off").run()
    truth = sandbox.truth()
    assert sum(sandbox.faults.struck.values()) > 10
    assert (report.created, report.failed, report.unknown, report.exists) == (500, 0, 0, 0)
    assert (truth.created_accounts, truth.duplicate_account_numbers) == (500, [])
    ids = {made.key: made.id for made in sandbox.store.created}
    assert {result.key: result.id for result in report.results} == ids


@pytest.mark.usefixtures("exact_clocks")
async def test_over_a_real_socket_no_fault_makes_a_double(sandbox: Sandbox, credentials: Credentials) -> None:
    """The same over loopback, where connections really break: 0 doubles, 0 lost, 0 unknown."""
    sandbox.options = SandboxOptions(unique=False)
    kinds: tuple[FaultKind, ...] = (*KINDS, "hang_after")
    sandbox.faults.add(*(Fault(kind=kind, operation=CREATE, times=None, probability=0.03) for kind in kinds))
    retry = RetryPolicy(
        attempts=25, attempt_timeout=1.0, wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0
    )
    limit = LimitPolicy(rate=100_000)
    async with (
        serve(sandbox) as running,
        Session(credentials, base_url=running.base_url, retry=retry, limit=limit) as session,
    ):
        report = await session.bulk.create_accounts(accounts(500), max_failures="off", concurrency=50).run()
    truth = sandbox.truth()
    assert len(sandbox.faults.struck) == len(kinds)
    assert (report.created, report.failed, report.unknown) == (500, 0, 0)
    assert (truth.created_accounts, truth.duplicate_account_numbers) == (500, [])
    assert report.adopted > 0
