from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.errors import ConflictError, UnknownOutcomeError
from alianza_async.models.accounts import AccountCreate
from alianza_async.models.calling_plans import CallingPlanChange
from alianza_async.models.users import UserCreate
from alianza_async.sandbox import Fault, handle_lines
from tests.bulk.engine import account, user
from tests.bulk.workflow.driver import KillableStore, killed
from tests.bulk.workflow.places import (
    NUMBERS,
    STREET,
    a_sandbox,
    at,
    carried_out,
    kind_on,
    requests,
    statuses,
)

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming
    from alianza_async.session import Session

OLD, NEW = "sandbox-plan-500", "sandbox-plan-unlimited"
OWNER = {"account_number": "A-00001", "username": "eve"}
NUMBER = {
    **OWNER,
    "telephone_number": NUMBERS[0],
    "e911_address": STREET,
    "e911_city": "Springfield",
    "e911_state": "IL",
    "postal_code": "62701",
}
LINE = {**OWNER, "mac_address": "4AE1BC53AD6B"}
PLAN = {**OWNER, "calling_plan_product_id": NEW}


def owned(**options: object) -> Sandbox:
    """Return a sandbox with the account A-00001 and its user eve, who has the old plan."""
    sandbox = a_sandbox(**options)  # type: ignore[arg-type]

    async def fill(session: Session) -> None:
        made = await session.accounts.create(AccountCreate.model_validate(account(1)))
        eve = await session.users.create(made.id or "", UserCreate.model_validate(user("eve")))
        await session.calling_plans.add(
            made.id or "",
            CallingPlanChange(reference_type="END_USER", reference_id=eve.id, calling_plan_product_id=OLD),
        )

    at(sandbox, fill)
    return sandbox


def plans(sandbox: Sandbox) -> list[str]:
    """Return the products of every plan there is."""
    return [
        plan.product_id
        for account_id in sandbox.store.accounts
        for plan in sandbox.store.plans.of_account(account_id)
    ]


def test_a_reservation_of_what_is_in_use_makes_nothing() -> None:
    """Reserving a number that is on the account is answered with success: the row exists all the same."""
    sandbox = owned()
    (first,) = carried_out(sandbox, [NUMBER], workflow=WORKFLOWS["telephone-numbers"])
    sandbox.faults.add(Fault(kind="foreign_before", operation="reserve"))
    (again,) = carried_out(sandbox, [NUMBER], workflow=WORKFLOWS["telephone-numbers"])
    assert (first.status, again.status) == ("created", "exists")


def test_a_reservation_whose_answer_was_lost_makes_the_number_no_less_ours() -> None:
    """The reservation may be anybody's, the activation is this job's: the row is created."""
    sandbox = owned()
    sandbox.faults.add(Fault(kind="cut_after", operation="reserve"))
    (ended,) = carried_out(sandbox, [NUMBER], workflow=WORKFLOWS["telephone-numbers"])
    assert ended.status == "created"


def test_a_list_without_the_plan_just_given_is_not_believed() -> None:
    """The other plan is taken away, though the list that is to name it came empty at first."""
    sandbox = owned()
    sandbox.faults.add(Fault(kind="absent", operation="getPlans", times=3))
    (ended,) = carried_out(sandbox, [PLAN], workflow=WORKFLOWS["calling-plans"])
    assert (ended.status, plans(sandbox)) == ("updated", [NEW])


@pytest.mark.parametrize("loses", [False, True], ids=["first send", "lost answer"])
def test_one_list_without_the_plan_buys_no_second_one(*, loses: bool) -> None:
    """The user's list comes empty once: the account's list shows the plan, and nothing is bought."""
    sandbox = owned()
    if loses:
        sandbox.faults.add(
            Fault(kind="cut_after", operation="addPlan"), Fault(kind="absent", operation="getPlans", times=3)
        )
    else:
        carried_out(sandbox, [PLAN], workflow=WORKFLOWS["calling-plans"])
        sandbox.faults.add(Fault(kind="absent", operation="getPlans"))
    (ended,) = carried_out(sandbox, [PLAN], workflow=WORKFLOWS["calling-plans"])

    assert (ended.error, plans(sandbox), requests(sandbox)["addPlan"]) == (None, [NEW], 2)


@pytest.mark.parametrize("known", [True, False])
def test_a_user_whose_record_names_the_plans_is_not_listed_twice(*, known: bool) -> None:
    """Where the user's own record shows the same other plans as the list, that confirms it at no cost."""
    sandbox = owned()
    if known:
        (eve,) = sandbox.store.users.values()
        eve["callingPlans"] = [{"callingPlanProductId": OLD}]
    before = requests(sandbox).get("getPlans", 0)
    (ended,) = carried_out(sandbox, [PLAN], workflow=WORKFLOWS["calling-plans"])

    assert (ended.status, plans(sandbox)) == ("updated", [NEW])
    assert requests(sandbox)["getPlans"] - before == (2 if known else 3)


@pytest.mark.parametrize(
    ("name", "row", "first"),
    [
        ("telephone-numbers", NUMBER, "created"),
        ("device-lines", LINE, "created"),
        ("calling-plans", PLAN, "updated"),
        ("suspend-accounts", {"account_number": "A-00001"}, "updated"),
    ],
)
def test_done_once_and_found_the_second_time(name: str, row: dict[str, object], first: str) -> None:
    """Each workflow does its work once; run again it finds it done, with nothing doubled."""
    sandbox = owned(unique=False)

    ends = [*carried_out(sandbox, [row], workflow=WORKFLOWS[name])]
    ends += carried_out(sandbox, [row], workflow=WORKFLOWS[name], look_first=True)

    assert [(ended.status, ended.error) for ended in ends] == [(first, None), ("exists", None)]
    truth = sandbox.truth()
    doubles = truth.duplicate_numbers + truth.duplicate_device_lines + truth.duplicate_calling_plans
    assert (doubles, truth.numbers_without_address) == ([], [])


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("telephone-numbers", NUMBER),
        ("device-lines", LINE),
        ("calling-plans", PLAN),
        ("suspend-accounts", {"account_number": "A-00001"}),
    ],
)
def test_killed_at_any_write_it_is_done_once(name: str, row: dict[str, object]) -> None:
    """Each workflow, killed at any write and resumed, is done, and done once."""
    for after in range(8):
        sandbox, store = owned(unique=False), KillableStore()
        workflow = WORKFLOWS[name]

        async def crash(session: Session, store: KillableStore = store, after: int = after) -> bool:
            return await killed(kind_on(session, WORKFLOWS[name]), [row], store, after)

        at(sandbox, crash)
        (ended,) = carried_out(sandbox, [row], store, workflow=workflow)

        truth = sandbox.truth()
        doubles = truth.duplicate_numbers + truth.duplicate_device_lines + truth.duplicate_calling_plans
        assert (after, ended.error, doubles) == (after, None, [])
        assert truth.numbers + truth.device_lines <= 1


def test_a_number_may_go_on_an_account_without_a_user() -> None:
    """A row without a user puts its number on the account and leaves open where it rings."""
    sandbox = owned()
    row = {name: value for name, value in NUMBER.items() if name != "username"}

    (ended,) = carried_out(sandbox, [row], workflow=WORKFLOWS["telephone-numbers"])

    (number,) = sandbox.store.numbers.active.values()
    assert (ended.status, ended.id, "referenceId" in number) == ("created", NUMBERS[0], False)


def test_an_owner_there_is_not_fails_the_row() -> None:
    """A row whose account or user is not there fails by that step's name, and nothing is sent."""
    sandbox, store = owned(), KillableStore()
    rows = [LINE | {"account_number": "NOBODY"}, LINE | {"username": "nobody", "mac_address": "4AE1BC53AD6C"}]

    ends = carried_out(sandbox, rows, store, workflow=WORKFLOWS["device-lines"])

    assert [str(ended.error).split(": ")[1] for ended in ends] == ["its account", "its user"]
    assert (store.statuses(1)["line"], sandbox.truth().device_lines) == ("skipped", 0)


@pytest.mark.parametrize("spelled", ["4ae1bc53ad6b", "4A:E1:BC:53:AD:6B", "4ae1.bc53.ad6b"])
def test_a_line_is_found_however_its_mac_is_spelled(spelled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that writes a MAC in its own way still has our line: it is equal, and no second is made."""
    show = handle_lines._shown  # pyright: ignore[reportPrivateUsage]  # the server spells it

    def respelled(incoming: Incoming, line: Json) -> Json:
        return show(incoming, line) | {"macAddress": spelled}

    monkeypatch.setattr(handle_lines, "_shown", respelled)
    sandbox, workflow = owned(unique=False), WORKFLOWS["device-lines"]
    carried_out(sandbox, [LINE], workflow=workflow)
    (ended,) = carried_out(sandbox, [LINE], workflow=workflow, look_first=True)

    assert (ended.status, ended.error, sandbox.truth().device_lines) == ("exists", None, 1)


def test_a_number_is_found_however_it_is_spelled() -> None:
    """A server that answers a number with a plus and dashes still has ours: it is equal, and added once."""
    sandbox, workflow = owned(unique=False), WORKFLOWS["telephone-numbers"]
    carried_out(sandbox, [NUMBER], workflow=workflow)
    (number,) = sandbox.store.numbers.active.values()
    digits = NUMBERS[0]
    number["phoneNumber"] = f"+1 {digits[1:4]}-{digits[4:7]}-{digits[7:]}"

    (ended,) = carried_out(sandbox, [NUMBER], workflow=workflow, look_first=True)

    assert (ended.status, ended.error, sandbox.truth().created_numbers) == ("exists", None, 1)


def test_a_line_of_another_user_differs() -> None:
    """A device line that is there for somebody else is a conflict, not ours."""
    sandbox = owned()
    workflow = WORKFLOWS["device-lines"]
    carried_out(sandbox, [LINE | {"device_name": "Front desk"}], workflow=workflow)

    (ended,) = carried_out(sandbox, [LINE], workflow=workflow)

    assert isinstance(ended.error, ConflictError)
    assert ended.error.message == "its line: it exists already and differs in device_name"


def test_a_user_changes_over_to_another_plan() -> None:
    """The new plan is added first, then the others go."""
    sandbox, store = owned(), KillableStore()

    (ended,) = carried_out(sandbox, [PLAN], store, workflow=WORKFLOWS["calling-plans"])

    assert (ended.status, plans(sandbox)) == ("updated", [NEW])
    assert store.step(1, "others").key == OLD


def test_other_plans_are_kept_if_told() -> None:
    """`others=keep` leaves the user's other plans."""
    sandbox = owned()

    carried_out(sandbox, [PLAN], workflow=WORKFLOWS["calling-plans"], choices={"others": "keep"})

    assert plans(sandbox) == [OLD, NEW]


def test_a_plan_that_is_there_twice_is_unknown() -> None:
    """A user who has the plan twice is named, not guessed at."""
    sandbox = owned(unique=False)
    workflow = WORKFLOWS["calling-plans"]
    carried_out(sandbox, [PLAN], workflow=workflow)

    async def double(_session: Session) -> None:
        (account_id,) = sandbox.store.accounts
        (plan,) = sandbox.store.plans.of_account(account_id)
        sandbox.store.plans.add(sandbox.store.accounts[account_id], plan.owner, NEW, unique=False)

    at(sandbox, double)
    (ended,) = carried_out(sandbox, [PLAN], workflow=workflow)

    assert (ended.status, type(ended.error)) == ("unknown", UnknownOutcomeError)


def test_accounts_are_deleted_and_waited_for() -> None:
    """A deleted account is followed until it is gone; one that is not there is done already."""
    sandbox = a_sandbox(delete_pending_s=30)

    async def fill(session: Session) -> str:
        await session.accounts.create(AccountCreate.model_validate(account(1)))
        return (await session.accounts.create(AccountCreate.model_validate(account(2)))).id or ""

    account_id = at(sandbox, fill)
    rows = [{"account_number": "A-00001"}, {"account_id": account_id}, {"account_number": "A-00003"}]

    ends = carried_out(sandbox, rows, workflow=WORKFLOWS["delete-accounts"])

    assert (statuses(ends), sandbox.truth().accounts) == (["updated", "updated", "exists"], 0)
    assert ends[1].id == account_id


@pytest.mark.parametrize(("times", "status", "left"), [(2, "updated", 0), (None, "failed", 1)])
def test_a_look_up_by_id_that_denies_an_account_is_not_believed(
    times: int | None, status: str, left: int
) -> None:
    """The account's users are listed, so it is there: it is deleted, or the row says that it is there."""
    sandbox = a_sandbox()

    async def fill(session: Session) -> str:
        return (await session.accounts.create(AccountCreate.model_validate(account(1)))).id or ""

    account_id = at(sandbox, fill)
    sandbox.faults.add(Fault(kind="absent", operation="retrieveAccount", times=times))
    (ended,) = carried_out(sandbox, [{"account_id": account_id}], workflow=WORKFLOWS["delete-accounts"])

    assert (ended.status, sandbox.truth().accounts) == (status, left)
    assert ended.error is None or "its users are listed" in str(ended.error)


def test_an_id_that_no_account_has_is_not_called_deleted_on_one_source() -> None:
    """Two look-ups of different kinds do not find it: gone before. Where one is refused, the row fails."""
    sandbox = a_sandbox()
    rows = [{"account_id": "no-such-account"}]
    gone = carried_out(sandbox, rows, workflow=WORKFLOWS["delete-accounts"])
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveEndUserList", status=403, times=None))
    unsure = carried_out(sandbox, rows, workflow=WORKFLOWS["delete-accounts"])

    assert (statuses(gone), statuses(unsure)) == (["exists"], ["failed"])
    assert "nothing confirms that it is gone" in str(unsure[0].error)


def test_an_account_with_users_is_not_deleted() -> None:
    """What the server refuses to delete fails its row with the refusal."""
    sandbox = owned()

    (ended,) = carried_out(sandbox, [{"account_number": "A-00001"}], workflow=WORKFLOWS["delete-accounts"])

    assert (ended.status, str(ended.error).startswith("deleteAccount: its deletion: ")) == ("failed", True)


def test_a_lost_deletion_is_found() -> None:
    """A deletion whose answers were lost is looked up: the account is gone, so it was ours."""
    sandbox = a_sandbox()

    async def fill(session: Session) -> None:
        await session.accounts.create(AccountCreate.model_validate(account(1)))

    at(sandbox, fill)
    sandbox.faults.add(Fault(kind="cut_after", operation="deleteAccount", times=1))
    (ended,) = carried_out(sandbox, [{"account_number": "A-00001"}], workflow=WORKFLOWS["delete-accounts"])

    assert (ended.status, requests(sandbox)["deleteAccount"]) == ("updated", 2)


def test_an_account_that_is_being_deleted_is_not_suspended() -> None:
    """An account on its way out, and one that is not there, cannot be suspended."""
    sandbox = a_sandbox(delete_pending_s=30)

    async def fill(session: Session) -> None:
        made = await session.accounts.create(AccountCreate.model_validate(account(1)))
        await session.accounts.delete(made.id or "")

    at(sandbox, fill)
    rows = [{"account_number": "A-00001"}, {"account_number": "A-00002"}]

    ends = carried_out(sandbox, rows, workflow=WORKFLOWS["suspend-accounts"])

    assert [type(ended.error).__name__ for ended in ends] == ["ConflictError", "StepError"]


def test_numbers_that_are_in_service_exist() -> None:
    """The same row a second time, not looked up first: refused, found, and said to exist."""
    sandbox = owned()

    ends = [*carried_out(sandbox, [NUMBER], workflow=WORKFLOWS["telephone-numbers"])]
    ends += carried_out(sandbox, [NUMBER], workflow=WORKFLOWS["telephone-numbers"])

    assert [(ended.status, ended.error) for ended in ends] == [("created", None), ("exists", None)]
