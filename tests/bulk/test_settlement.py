"""What became of a lost answer is found out before anything is sent again; every send has its intent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.sandbox import Fault
from tests.bulk.ownership_cases import CREATES, HISTORY, PLAN, SUBSCRIBER_ACCOUNT, Case
from tests.bulk.workflow.driver import KillableStore, killed
from tests.bulk.workflow.places import at, carried_out, kind_on, requests
from tests.virtual_time import use_clock

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox
    from alianza_async.sandbox.faults import FaultKind
    from alianza_async.session import Session

each = pytest.mark.parametrize("case", CREATES, ids=str)
LIES: tuple[FaultKind, ...] = ("another", "twice", "absent", "status_before", "garbage_after")


@pytest.fixture(autouse=True)
def _virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that has a clock read the event loop's."""
    use_clock(monkeypatch)


def lost_then(case: Case, kind: FaultKind, times: int | None, **options: object) -> Sandbox:
    """Return a sandbox that carries the step out, loses its answer, and lies when it is looked up."""
    sandbox = case.sandbox(**options)
    sandbox.faults.add(Fault(kind="cut_after", operation=case.sends))
    if case is PLAN or case.parents:
        # Until then the look-ups of this row's steps tell the truth.
        return sandbox
    lie(sandbox, case, kind, times)
    return sandbox


def lie(sandbox: Sandbox, case: Case, kind: FaultKind, times: int | None) -> None:
    """Have the look-ups of a step lie."""
    sandbox.faults.add(*(Fault(kind=kind, operation=name, times=times, status=500) for name in case.looks))


def left_lost(case: Case, **options: object) -> tuple[Sandbox, KillableStore]:
    """Return a sandbox, and the journal of a job that was killed after the step was carried out."""
    store = KillableStore()
    carried_out(case.sandbox(**options), [case.row], store, workflow=case.workflow)
    intents = [write for write in store.writes if write.endswith(" intent")]
    after = intents.index(f"1 {case.step} intent") + 1
    sandbox, store = case.sandbox(**options), KillableStore(settle_s=1.0)

    async def crash(session: Session) -> None:
        assert await killed(kind_on(session, case.workflow), [case.row], store, after)

    at(sandbox, crash)
    assert (case.made(sandbox), store.step(1, case.step).status) == (1, "intent")
    return sandbox, store


def status_of(case: Case) -> str:
    """Return the status of the step where it is done by this job."""
    return "updated" if case is PLAN else "created"


# --- look-ups that do not fit -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LIES)
@each
def test_a_look_up_that_lies_for_a_while_is_asked_again(case: Case, kind: FaultKind) -> None:
    """It answers another key, two objects, none, 500 or no JSON: it is asked again, and nothing is sent."""
    sandbox, store = left_lost(case)
    lie(sandbox, case, kind, 1)

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    step = store.step(1, case.step)
    assert (step.status, step.evidence, result.error) == (status_of(case), "history", None)
    assert (case.made(sandbox), case.is_own(sandbox, store), step.attempts) == (1, True, 1)


@pytest.mark.parametrize("kind", LIES)
@each
def test_a_look_up_that_goes_on_lying_leaves_it_unknown(case: Case, kind: FaultKind) -> None:
    """Nothing is sent on the word of a look-up that does not fit; a later run finds out."""
    sandbox, store = left_lost(case)
    lie(sandbox, case, kind, None)
    (lied_to,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)
    then = (store.step(1, case.step).status, requests(sandbox)[case.sends])
    sandbox.faults.clear()

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    assert (lied_to.status, then) == ("unknown", ("unknown", 1))
    step = store.step(1, case.step)
    assert (step.status, step.evidence, result.error) == (status_of(case), "history", None)
    assert (case.made(sandbox), step.attempts) == (1, 1)


# --- account history ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["status_before", "garbage_after", "cut_before"])
@each
def test_history_that_cannot_be_read_leaves_it_unknown(case: Case, fault: FaultKind) -> None:
    """Account history answers 500, no JSON or nothing at all: nobody can tell now, and a later run can."""
    sandbox, store = left_lost(case)
    sandbox.faults.add(*(Fault(kind=fault, operation=name, status=500, times=None) for name in HISTORY))
    (blind,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)
    then = store.step(1, case.step).status
    sandbox.faults.clear()

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    assert (blind.status, then) == ("unknown", "unknown")
    step = store.step(1, case.step)
    assert (step.status, step.evidence, result.error) == (status_of(case), "history", None)
    assert (case.made(sandbox), step.attempts) == (1, 1)


@each
def test_a_late_commit_that_history_shows_is_waited_for(case: Case) -> None:
    """Carried out long after `settle_s`: history shows that it was asked for, so it is not doubled."""
    sandbox, store = case.sandbox(history_requests=True), KillableStore(settle_s=0.5)
    sandbox.faults.add(Fault(kind="late", operation=case.sends, delay_s=5))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow, attempt_timeout=1)

    step = store.step(1, case.step)
    assert (result.error, step.status, step.evidence) == (None, status_of(case), "history")
    assert (case.made(sandbox), requests(sandbox)[case.sends], step.attempts) == (1, 1, 1)


@each
def test_what_history_shows_is_coming_is_not_waited_for_for_ever(case: Case) -> None:
    """Asked for, and never carried out: after half a minute it is unknown, and nothing is sent again."""
    sandbox, store = case.sandbox(history_requests=True), KillableStore(settle_s=0.5)
    sandbox.faults.add(Fault(kind="late", operation=case.sends, delay_s=500))

    async def run_and_leave(session: Session) -> str:
        from tests.bulk.workflow.driver import run

        (result,) = await run(kind_on(session, case.workflow), [case.row], store)
        return result.status

    assert at(sandbox, run_and_leave, attempt_timeout=1) == "unknown"
    assert (requests(sandbox)[case.sends], store.step(1, case.step).attempts) == (1, 1)


# --- every send has its intent ------------------------------------------------------------------------------


def attempts_of(store: KillableStore) -> int:
    """Return how many attempts the journal has of all steps."""
    return sum(store.step(1, name).attempts for name in store.statuses())


def sent(sandbox: Sandbox, case: Case) -> int:
    """Return how often the step's request arrived at the server."""
    return requests(sandbox).get(case.sends, 0)


@pytest.mark.parametrize(("status", "times"), [(429, 3), (401, 1)])
@each
def test_each_attempt_has_its_intent(case: Case, status: int, times: int) -> None:
    """Throttled, or sent again after a new login: the journal has an attempt for each that arrived."""
    sandbox, store = case.sandbox(), KillableStore()
    sandbox.faults.add(Fault(kind="status_before", operation=case.sends, status=status, times=times))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    assert (result.error, case.made(sandbox)) == (None, 1)
    assert (sent(sandbox, case), store.step(1, case.step).attempts) == (times + 1, times + 1)
    assert store.writes.count(f"1 {case.step} intent") == times + 1


@pytest.mark.parametrize("times", [1, 3])
@each
def test_each_resend_after_a_lost_answer_has_its_intent(case: Case, times: int) -> None:
    """Lost before they were carried out, looked up and sent again: as many attempts as arrived."""
    sandbox, store = case.sandbox(), KillableStore()
    sandbox.faults.add(Fault(kind="cut_before", operation=case.sends, times=times))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    assert (result.error, case.made(sandbox)) == (None, 1)
    assert (sent(sandbox, case), store.step(1, case.step).attempts) == (times + 1, times + 1)
    assert result.resent


@each
def test_attempts_survive_a_kill_between_two_sends(case: Case) -> None:
    """Sent, lost, sent again and killed: the journal says twice, never fewer than arrived."""
    sandbox, store = case.sandbox(), KillableStore()
    carried_out(case.sandbox(), [case.row], store, workflow=case.workflow)
    intents = [write for write in store.writes if write.endswith(" intent")]
    first = intents.index(f"1 {case.step} intent") + 1
    sandbox.faults.add(Fault(kind="cut_before", operation=case.sends))
    store = KillableStore()

    async def crash(session: Session) -> bool:
        return await killed(kind_on(session, case.workflow), [case.row], store, first + 1)

    assert at(sandbox, crash)
    assert (sent(sandbox, case), store.step(1, case.step).attempts) == (2, 2)


@each
def test_what_only_looks_writes_no_intent(case: Case) -> None:
    """A second run of a row that is there, and looked up first, writes outcomes alone: nothing was sent."""
    sandbox = case.sandbox()
    carried_out(sandbox, [case.row], workflow=case.workflow)
    store = KillableStore()

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow, ensure=True)

    assert (result.status, [write for write in store.writes if write.endswith("intent")]) == ("exists", [])
    assert (attempts_of(store), store.commits, result.attempts) == (0, 1, 0)


def test_no_more_than_the_policy_allows_is_sent() -> None:
    """An answer that is lost each time is sent as often as the retry policy says; then the step is failed."""
    case = SUBSCRIBER_ACCOUNT
    sandbox, store = case.sandbox(), KillableStore()
    sandbox.faults.add(Fault(kind="cut_before", operation=case.sends, times=None))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    assert (result.status, sent(sandbox, case), store.step(1, case.step).attempts) == ("failed", 6, 6)
