"""Ownership is proven: what is found is never taken for made, whoever made it, whichever kind it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.errors import UndoRefusedError
from alianza_async.sandbox import Fault
from tests.bulk.ownership_cases import ACCOUNTS, CREATES, HISTORY, OTHER, PLAN, SAME, USERS, Case
from tests.bulk.workflow.driver import KillableStore, killed
from tests.bulk.workflow.places import a_sandbox, at, carried_out, kind_on
from tests.virtual_time import use_clock

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox
    from alianza_async.sandbox.faults import FaultKind
    from alianza_async.session import Session

each = pytest.mark.parametrize("case", CREATES, ids=str)
SENT = [case for case in CREATES if case is not PLAN]  # a plan is looked for before it is bought


@pytest.fixture(autouse=True)
def _virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that has a clock read the event loop's."""
    use_clock(monkeypatch)


def cut_off(sandbox: Sandbox, case: Case, store: KillableStore, after: int, *, update: bool = False) -> bool:
    """Kill a job of one row after so many writes."""

    async def crash(session: Session) -> bool:
        kind = kind_on(session, case.workflow, on_exists="update" if update else "skip")
        return await killed(kind, [case.row], store, after)

    return at(sandbox, crash)


def intent_of(case: Case, **options: object) -> int:
    """Return which write of a row's is the intent of the case's step."""
    store = KillableStore()
    carried_out(case.sandbox(**options), [case.row], store, workflow=case.workflow)
    intents = [write for write in store.writes if write.endswith(" intent")]
    return intents.index(f"1 {case.step} intent") + 1


@pytest.mark.parametrize("status", [None, 403, 405, 501])
@pytest.mark.parametrize("login", [OTHER, SAME])
@pytest.mark.parametrize("kind", ["html_after", "cut_after"])
@pytest.mark.parametrize("case", SENT, ids=str)
def test_what_was_there_before_is_not_adopted(
    case: Case, kind: FaultKind, login: str, status: int | None
) -> None:
    """A create is refused as already there, and the refusal is lost: it exists, and is not this job's.

    Whoever made it three days ago, another login or the same one; with account history and where that is off,
    when nobody can tell who made it.
    """
    sandbox, store = case.sandbox(unique=True), KillableStore()
    sandbox.seed(case.parents | case.equal, login=login)
    sandbox.faults.add(Fault(kind=kind, operation=case.sends))
    if status is not None:
        sandbox.faults.add(
            *(Fault(kind="status_before", operation=name, status=status, times=None) for name in HISTORY)
        )

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    step = store.step(1, case.step)
    assert (step.status, step.evidence, step.adopted) == ("exists", "none", status is not None)
    assert result.error is None
    assert case.made(sandbox) == 1


@pytest.mark.parametrize(
    ("case", "login"),
    # A number that this login has reserved is nobody else's to put on an account.
    [(case, login) for case in SENT for login in (OTHER, SAME) if (case.sort, login) != ("numbers", OTHER)],
    ids=str,
)
def test_killed_before_it_left_what_was_there_is_not_adopted(case: Case, login: str) -> None:
    """An intent is on disk and nothing was sent; what is there was made by somebody else: it exists."""
    sandbox, store = case.sandbox(), KillableStore(dies_at_once=True)
    assert cut_off(sandbox, case, store, intent_of(case))
    sandbox.seed(case.equal, login=login)

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    step = store.step(1, case.step)
    assert (step.status, step.evidence, result.error) == ("exists", "none", None)
    assert case.made(sandbox) == 1


@pytest.mark.parametrize("status", [None, 403, 405, 501])
@each
def test_what_this_job_made_is_its_own_where_history_shows_it(case: Case, status: int | None) -> None:
    """Killed between send and answer: history proves that this job made it; without it nobody can tell."""
    sandbox, store = case.sandbox(), KillableStore()
    assert cut_off(sandbox, case, store, intent_of(case))
    assert (store.step(1, case.step).status, case.made(sandbox)) == ("intent", 1)
    if status is not None:
        sandbox.faults.add(
            *(Fault(kind="status_before", operation=name, status=status, times=None) for name in HISTORY)
        )

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    step = store.step(1, case.step)
    made = "updated" if case is PLAN else "created"
    expected = (made, "history") if status is None else ("exists", "none")
    assert ((step.status, step.evidence), step.adopted, result.adopted) == (expected, True, True)
    assert (result.error, case.made(sandbox), case.is_own(sandbox, store)) == (None, 1, True)
    assert step.attempts == 1


@each
def test_killed_before_it_left_it_is_sent_once(case: Case) -> None:
    """An intent is on disk and nothing was sent: it is absent, is sent, and is this job's by its answer."""
    sandbox, store = case.sandbox(), KillableStore(dies_at_once=True)
    assert cut_off(sandbox, case, store, intent_of(case))
    assert case.made(sandbox) == 0

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    step = store.step(1, case.step)
    assert (step.evidence, step.attempts, step.adopted) == ("answered", 2, False)
    assert (result.error, case.made(sandbox), case.is_own(sandbox, store)) == (None, 1, True)


@pytest.mark.parametrize("kind", ["foreign_before", "foreign_after"])
@each
def test_an_answer_about_another_object_is_no_answer(case: Case, kind: FaultKind) -> None:
    """A gateway answers a create with another object's body: it counts as lost, and no step builds on it."""
    sandbox, store = case.sandbox(), KillableStore()
    sandbox.faults.add(Fault(kind=kind, operation=case.sends))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow)

    step = store.step(1, case.step)
    assert (result.error, case.made(sandbox), case.is_own(sandbox, store)) == (None, 1, True)
    assert step.evidence == ("history" if kind == "foreign_after" else "answered")
    assert (step.attempts, step.adopted) == ((1, True) if kind == "foreign_after" else (2, False))


# --- updates ------------------------------------------------------------------------------------------------

UPDATES = [case for case in CREATES if case.patches]


def differing(case: Case) -> Sandbox:
    """Return a sandbox in which the row's object is there, and differs in one field."""
    sandbox = case.sandbox(unique=True)
    (sort,) = case.equal
    sandbox.seed(case.parents, login=SAME)
    sandbox.seed({sort: [{**body, **case.old} for body in case.equal[sort]]}, login=SAME)
    return sandbox


def updates(sandbox: Sandbox, case: Case) -> int:
    """Return how many updates the server has carried out."""
    return sandbox.truth().requests.get(case.patches, 0)


def update_intent(case: Case) -> int:
    """Return which write is the intent of the update."""
    store = KillableStore()
    carried_out(differing(case), [case.row], store, workflow=case.workflow, on_exists="update")
    intents = [write for write in store.writes if write.endswith(" intent")]
    return intents.index(f"1 {case.step} intent") + 1


@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize("case", UPDATES, ids=str)
def test_an_update_that_was_cut_off_is_finished_as_an_update(case: Case, *, arrived: bool) -> None:
    """Killed before or after the PATCH: `updated`, with the old value that it had; never `created`."""
    sandbox, store = differing(case), KillableStore(dies_at_once=not arrived)
    assert cut_off(sandbox, case, store, update_intent(case), update=True)
    assert (store.step(1, case.step).purpose, updates(sandbox, case)) == ("update", int(arrived))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow, on_exists="update")

    step, (was,) = store.step(1, case.step), case.old.values()
    proof = "history" if arrived else "answered"  # what did not arrive is sent again
    assert (step.status, step.evidence, result.error) == ("updated", proof, None)
    assert step.change is not None
    assert f'"{case.field}": ["{was}", ' in step.change
    assert updates(sandbox, case) == 1
    assert case.made(sandbox) == 1


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "html_after"])
@pytest.mark.parametrize("case", UPDATES, ids=str)
def test_an_update_whose_answer_is_lost_is_an_update(case: Case, kind: FaultKind) -> None:
    """The answer of the PATCH is lost: `updated`, whether or not it was carried out."""
    sandbox, store = differing(case), KillableStore()
    sandbox.faults.add(Fault(kind=kind, operation=case.patches))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow, on_exists="update")

    step = store.step(1, case.step)
    proof = "answered" if kind == "cut_before" else "history"
    assert (step.status, step.evidence, result.error) == ("updated", proof, None)
    assert updates(sandbox, case) <= step.attempts


def taken_back(sandbox: Sandbox, case: Case, store: KillableStore) -> None:
    """Take an update back, from what the journal has of it."""

    async def take_back(session: Session) -> None:
        kind = kind_on(session, case.workflow)
        item = kind.item_of(session, (await store.rows([1]))[1].steps, step=case.step)
        restore = case.workflow.step_named(case.step).restore
        assert restore is not None
        await restore(item, item.made[case.step])

    at(sandbox, take_back)


def found_in(sandbox: Sandbox, case: Case, store: KillableStore) -> dict[str, object]:
    """Return the object that was updated, as the server has it."""
    kept = sandbox.store
    there = {"accounts": kept.accounts, "users": kept.users, "lines": kept.lines.lines}[case.sort]
    return there[store.step(1, case.step).object_id or ""]


@pytest.mark.parametrize("case", UPDATES, ids=str)
def test_an_update_is_taken_back_by_its_journaled_old_value(case: Case) -> None:
    """What the update changed has its old value again; a second time there is nothing to do."""
    sandbox, store = differing(case), KillableStore()
    carried_out(sandbox, [case.row], store, workflow=case.workflow, on_exists="update")
    for _ in range(2):
        taken_back(sandbox, case, store)

    ((name, was),) = case.old.items()
    assert found_in(sandbox, case, store)[name] == was
    assert updates(sandbox, case) == 2


@pytest.mark.parametrize("case", UPDATES, ids=str)
def test_an_update_that_somebody_changed_since_is_left(case: Case) -> None:
    """The present value is not the one that this job gave: taking it back is refused, nothing is sent."""
    sandbox, store = differing(case), KillableStore()
    carried_out(sandbox, [case.row], store, workflow=case.workflow, on_exists="update")
    (name,) = case.old
    found_in(sandbox, case, store)[name] = "Somebody's"

    with pytest.raises(UndoRefusedError, match="was changed since"):
        taken_back(sandbox, case, store)
    assert (found_in(sandbox, case, store)[name], updates(sandbox, case)) == ("Somebody's", 1)


@pytest.mark.parametrize("case", SENT, ids=str)
def test_what_may_be_this_job_s_does_not_fail_as_existing(case: Case) -> None:
    """With `on_exists="fail"`, and nobody to tell who made it: it exists, maker unknown; it may be ours."""
    sandbox, store = case.sandbox(), KillableStore()
    assert cut_off(sandbox, case, store, intent_of(case))
    sandbox.faults.add(
        *(Fault(kind="status_before", operation=name, status=403, times=None) for name in HISTORY)
    )

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow, on_exists="fail")

    step = store.step(1, case.step)
    assert (step.status, step.evidence, step.adopted, result.error) == ("exists", "none", True, None)


@pytest.mark.parametrize("login", [OTHER, SAME])
@pytest.mark.parametrize("case", [case for case in SENT if not case.parents], ids=str)
def test_what_is_proven_to_be_another_s_does_fail_as_existing(case: Case, login: str) -> None:
    """With `on_exists="fail"`, a refusal that was lost, of what was made three days ago, fails the row."""
    sandbox, store = case.sandbox(unique=True), KillableStore()
    sandbox.seed(case.equal, login=login)
    sandbox.faults.add(Fault(kind="html_after", operation=case.sends))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow, on_exists="fail")

    assert (result.status, case.made(sandbox)) == ("failed", 1)


@pytest.mark.parametrize("kind", ["foreign_before", "foreign_after", "empty_after"])
@pytest.mark.parametrize("case", UPDATES, ids=str)
def test_an_update_is_not_done_on_the_word_of_another_object(case: Case, kind: FaultKind) -> None:
    """The PATCH is answered with another object, or with nothing: what is there says whether it was done."""
    sandbox, store = differing(case), KillableStore()
    sandbox.faults.add(Fault(kind=kind, operation=case.patches))

    (result,) = carried_out(sandbox, [case.row], store, workflow=case.workflow, on_exists="update")

    ((name, was),) = case.old.items()
    assert (store.step(1, case.step).status, result.error) == ("updated", None)
    assert found_in(sandbox, case, store)[name] != was


@pytest.mark.parametrize(
    "kind", ["foreign_before", "foreign_after", "empty_after", "cut_before", "cut_after"]
)
def test_a_suspension_is_not_done_on_the_word_of_another_object(kind: FaultKind) -> None:
    """The account is suspended, whatever the answer was about, and its old status is journaled."""
    sandbox, store = USERS.sandbox(), KillableStore()
    sandbox.faults.add(Fault(kind=kind, operation="accountPatch"))

    (result,) = carried_out(
        sandbox, [{"account_number": "OWN"}], store, workflow=WORKFLOWS["suspend-accounts"]
    )

    (own,) = (one for one in sandbox.store.accounts.values() if one["accountNumber"] == "OWN")
    step = store.step(1, "suspension")
    assert (result.status, result.error, own["status"]) == ("updated", None, "SUSPENDED")
    assert step.change == '{"status": ["ACTIVE", "SUSPENDED"]}'
    assert {one["status"] for one in sandbox.store.accounts.values() if one is not own} == {"ACTIVE"}


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "html_after", "status_before"])
def test_a_deletion_whose_answer_is_lost_is_looked_up(kind: FaultKind) -> None:
    """The account is deleted once, and no other one; a journal that has it as an intent is not believed."""
    sandbox, store = a_sandbox(delete_pending_s=30), KillableStore()
    sandbox.seed({"accounts": [*ACCOUNTS.equal["accounts"], *USERS.ground["accounts"]]})
    sandbox.faults.add(Fault(kind=kind, operation="deleteAccount", times=2))

    (result,) = carried_out(
        sandbox, [{"account_number": "A-00001"}], store, workflow=WORKFLOWS["delete-accounts"]
    )

    assert (result.status, result.error, sandbox.truth().accounts) == ("updated", None, 1)
    assert store.step(1, "deletion").purpose == "delete"


@pytest.mark.parametrize("dies_at_once", [True, False])
def test_a_deletion_that_was_cut_off_is_finished(*, dies_at_once: bool) -> None:
    """Killed before or after the DELETE: that account goes, also where its number is another's by then."""
    sandbox, store = a_sandbox(), KillableStore(dies_at_once=dies_at_once)
    sandbox.seed({"accounts": ACCOUNTS.equal["accounts"]})
    workflow, row = WORKFLOWS["delete-accounts"], {"account_number": "A-00001"}

    async def crash(session: Session) -> bool:
        return await killed(kind_on(session, workflow), [row], store, 1)

    assert at(sandbox, crash)
    if not dies_at_once:
        sandbox.seed({"accounts": ACCOUNTS.equal["accounts"]})  # somebody has made a new one since

    (result,) = carried_out(sandbox, [row], store, workflow=workflow)

    assert (result.error, sandbox.truth().accounts) == (None, 0 if dies_at_once else 1)


# --- plans that are taken away ------------------------------------------------------------------------------

OLD_PLANS = ["sandbox-plan-2000", "sandbox-plan-500"]


def with_old_plans() -> Sandbox:
    """Return a sandbox in which the row's user has two other plans."""
    sandbox = PLAN.sandbox()
    (owner,) = ({name: body[name] for name in ("accountNumber", "username")} for body in PLAN.equal["plans"])
    sandbox.seed({"plans": [{**owner, "callingPlanProductId": product} for product in OLD_PLANS]})
    return sandbox


def plans_of(sandbox: Sandbox) -> list[str]:
    """Return the products of the plans that the row's user has."""
    (eve,) = (one["id"] for one in sandbox.store.users.values() if one["username"] == "eve")
    return sorted(
        plan.product_id
        for account_id in sandbox.store.accounts
        for plan in sandbox.store.plans.of_account(account_id)
        if plan.owner.id == eve
    )


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "foreign_before", "foreign_after", "html_after"])
def test_plans_are_taken_away_whatever_the_answer_is(kind: FaultKind) -> None:
    """An answer is lost or about another plan: the user ends with the new plan alone, bought once."""
    sandbox, store = with_old_plans(), KillableStore()
    sandbox.faults.add(Fault(kind=kind, operation="removePlan"))

    (result,) = carried_out(sandbox, [PLAN.row], store, workflow=PLAN.workflow)

    assert (result.status, result.error, plans_of(sandbox)) == ("updated", None, ["sandbox-plan-unlimited"])
    change = store.step(1, "others").change
    assert change == f'{{"plans": ["{",".join(OLD_PLANS)}", "sandbox-plan-unlimited"]}}'


@pytest.mark.parametrize("dies_at_once", [True, False])
@pytest.mark.parametrize("after", [2, 3])
def test_plans_whose_removal_was_cut_off_are_taken_away(after: int, *, dies_at_once: bool) -> None:
    """Killed before or after each of the two removals: both go, and what they were stays journaled."""
    sandbox, store = with_old_plans(), KillableStore(dies_at_once=dies_at_once)
    assert cut_off(sandbox, PLAN, store, after)

    (result,) = carried_out(sandbox, [PLAN.row], store, workflow=PLAN.workflow)

    assert (result.error, plans_of(sandbox)) == (None, ["sandbox-plan-unlimited"])
    change = store.step(1, "others").change
    assert change == f'{{"plans": ["{",".join(OLD_PLANS)}", "sandbox-plan-unlimited"]}}'
    assert store.step(1, "plan").evidence in {"answered", "history"}
