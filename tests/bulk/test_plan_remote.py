"""`check_remote` for every kind: what a run would find, told without changing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine.steps import Item, Made, create, find_created, step
from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.planning.plan import plan
from alianza_async.errors import ConfigurationError
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault
from tests.bulk.engine import account, accounts, session_on
from tests.bulk.kind_rows import ROWS, make_ready, rows_of, with_numbers
from tests.bulk.test_plan import counted

if TYPE_CHECKING:
    from alianza_async.bulk.planning.plan_report import Plan
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

READS = {
    *("logUserIn", "retrieveAccount", "retrieveEndUser", "validateAddress", "preValidateAccountTn"),
    *("retrieveTelephoneNumber", "retrieveAccountTelephoneNumbers", "retrieveTelephoneNumberOnAccount"),
    *("tnSearch", "statusSearch", "listDevices", "getPlans", "accountSearch"),
}
CREATE, ACTIVATE = "createAccount", "createOrAddTelephoneNumberToAccount"


async def planned(session: Session, sandbox: Sandbox, kind: str, rows: list[dict[str, object]]) -> Plan:
    """Plan rows at the API, and make sure that nothing but reading was sent."""
    before = dict(sandbox.truth().requests)
    made = await plan(session, kind, rows, check_remote=True)
    after = sandbox.truth().requests
    sent = {name for name, count in after.items() if count > before.get(name, 0)}
    assert sent <= READS, sent - READS
    return made


@pytest.mark.parametrize("kind", WORKFLOWS)
async def test_rows_of_every_kind_are_looked_up(kind: str) -> None:
    """Before a run all is to do, after it all is there; a plan of either changes nothing."""
    sandbox = with_numbers()
    async with session_on(sandbox) as session:
        await make_ready(session, kind)
        before = await planned(session, sandbox, kind, rows_of(kind))
        await session.bulk.run(kind, rows_of(kind)).run()
        after = await planned(session, sandbox, kind, rows_of(kind))
    assert (counted(before), counted(after)) == ({"create": ROWS}, {"same": ROWS})
    assert before.all_can_run
    assert after.all_can_run


async def test_a_row_that_is_half_done_is_told_step_by_step() -> None:
    """A run stopped half way: the plan says what is there, what is to do, and that a run can go on."""
    sandbox = with_numbers()
    rows = rows_of("subscribers")
    async with session_on(sandbox) as session:
        sandbox.faults.add(Fault(kind="status_before", status=403, operation=ACTIVATE))
        await session.bulk.run("subscribers", rows[:1]).run()
        made = await planned(session, sandbox, "subscribers", rows[:2])
    assert (counted(made), made.all_can_run) == ({"partly": 1, "create": 1}, True)
    (row,) = made.first["partly"]
    assert dict(row.steps) == {
        "account": "there",
        "user": "there",
        "number": "there",
        "activation": "to do",
        "line": "to do",
        "service": "to do",
    }


async def test_what_differs_is_named_with_its_step_and_what_an_update_does() -> None:
    """A user with another name would be updated; a number on another account would not."""
    sandbox = with_numbers()
    rows = rows_of("subscribers")[:2]
    async with session_on(sandbox) as session:
        await session.bulk.run("subscribers", rows).run()
        rows[1]["first_name"] = "Grace"
        made = await planned(session, sandbox, "subscribers", rows)
        number = {**rows_of("telephone-numbers")[0], "account_number": "A-00002", "username": "user-2"}
        numbers = await planned(session, sandbox, "telephone-numbers", [number])
    assert (counted(made), made.updates) == ({"same": 1, "differs": 1}, 1)
    (row,) = made.first["differs"]
    assert [(each.field, each.sent, each.found) for each in row.differences] == [
        ("user.first_name", "Grace", "Ada")
    ]
    assert (row.updates, dict(row.steps)["user"]) == (True, "differs")
    assert (counted(numbers), numbers.updates) == ({"differs": 1}, 0)
    assert "account_id" in {each.field.rpartition(".")[2] for each in numbers.first["differs"][0].differences}


async def test_what_a_run_destroys_is_named() -> None:
    """The plan says what is lost, and of each row whose: account ids, and the other plans of a user."""
    sandbox = with_numbers()
    plans = "calling-plans"
    async with session_on(sandbox) as session:
        await make_ready(session, plans)
        other = [row | {"calling_plan_product_id": "sandbox-plan-500"} for row in rows_of(plans)[:1]]
        await session.bulk.run(plans, other).run()
        made = await planned(session, sandbox, plans, rows_of(plans))
        deletions = await planned(session, sandbox, "delete-accounts", rows_of("delete-accounts"))
        ids = {each.id for each in await session.accounts.search(q="A-")}
    assert [(row.row, row.destroys) for row in made.first_destroying] == [
        (1, (("others", "sandbox-plan-500"),))
    ]
    assert made.destroys
    assert not (await plan(None, plans, rows_of(plans), choices={"others": "keep"})).destroys
    assert {name for row in deletions.first_destroying for _, name in row.destroys} == ids
    assert deletions.destroying == ROWS
    assert deletions.to_json()["no_undo"] == "a deleted account cannot be brought back"


async def test_what_a_row_belongs_to_and_is_not_there_blocks_it() -> None:
    """A user who is not there, and an account that is being deleted, block what hangs on them."""
    sandbox = with_numbers()
    async with session_on(sandbox) as session:
        await session.bulk.run("accounts", rows_of("accounts")[:2]).run()
        await session.bulk.run("delete-accounts", rows_of("delete-accounts")[1:2]).run()
        made = await planned(session, sandbox, "device-lines", rows_of("device-lines")[:2])
    assert counted(made) == {"blocked": 2}
    errors = [row.error or "" for row in made.first["blocked"]]
    assert [error.partition(":")[0] for error in errors] == ["its user", "its account"]


async def test_an_address_that_is_not_valid_makes_the_row_invalid() -> None:
    """What only the server can say of an address is said by the plan."""
    sandbox = with_numbers()
    async with session_on(sandbox) as session:
        await make_ready(session, "telephone-numbers")
        rows = [rows_of("telephone-numbers")[0] | {"e911_address": "nowhere"}]
        made = await planned(session, sandbox, "telephone-numbers", rows)
    assert counted(made) == {"invalid": 1}
    assert [reason.field for reason in made.worst_reasons()] == ["e911_address"]


async def test_a_look_up_that_fails_is_unknown_with_its_step() -> None:
    """A step that cannot be looked up leaves the row unknown, and nothing after it is asked."""
    sandbox = with_numbers()
    async with session_on(sandbox) as session:
        await make_ready(session, "device-lines")
        sandbox.faults.add(Fault(kind="status_before", status=403, operation="listDevices", times=None))
        made = await planned(session, sandbox, "device-lines", rows_of("device-lines"))
    assert counted(made) == {"unknown": ROWS}
    assert (made.first["unknown"][0].error or "").startswith("its line: 403: it was refused (request ")


async def test_a_number_that_a_run_chooses_is_not_reserved() -> None:
    """A row that names an area code: the number of its user is found again, and a free one is not touched."""
    sandbox = with_numbers()
    rows = [row | {"telephone_number": None, "area_code": "801"} for row in rows_of("subscribers")[:2]]
    async with session_on(sandbox) as session:
        await session.bulk.run("subscribers", rows[:1]).run()
        sandbox.faults.add(Fault(kind="status_before", status=403, operation="reserve"))
        await session.bulk.run("subscribers", rows[1:]).run()
        made = await planned(session, sandbox, "subscribers", rows)
    assert counted(made) == {"same": 1, "partly": 1}
    assert dict(made.first["partly"][0].steps)["number"] == "to do"


async def test_the_calls_of_steps_that_a_row_does_not_want_are_not_counted() -> None:
    """Conditional steps cost only the rows that want them."""
    rows = rows_of("subscribers")
    del rows[0]["mac_address"]
    made = await plan(None, "subscribers", rows)
    assert made.calls == WORKFLOWS["subscribers"].calls * ROWS - 1


@pytest.mark.parametrize("kind", [kind for kind in WORKFLOWS if kind != "users"])
async def test_the_calls_after_a_run_are_about_those_of_the_next_one(kind: str) -> None:
    """Of rows that are there a plan counts no fewer calls than a run makes, and twice as many at most."""
    sandbox = with_numbers()
    async with session_on(sandbox) as session:
        await make_ready(session, kind)
        await session.bulk.run(kind, rows_of(kind)).run()
        made = await planned(session, sandbox, kind, rows_of(kind))
        before = sum(sandbox.truth().requests.values())
        await session.bulk.run(kind, rows_of(kind)).run()
    sent = sum(sandbox.truth().requests.values()) - before
    assert sent <= made.calls <= 2 * sent


# --- a workflow of one's own


async def _send(item: Item[AccountCreate]) -> Made:
    return await create(item.session.accounts.create, {}, item.row)


async def _find(item: Item[AccountCreate]) -> Made | None:
    return await find_created(item.session.accounts.create, {}, item.row)


def own(find: object) -> Workflow[AccountCreate]:
    """Return a workflow that a user has declared."""
    one = step("account", _send, key="account_number", find=find, calls=2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return Workflow("mine", one, fields=AccountCreate, key="account_number")


async def test_a_workflow_of_ones_own_is_planned(session: Session, sandbox: Sandbox) -> None:
    """Its calls are those of its steps, and it is looked up as they say."""
    await session.bulk.create_accounts(accounts(1)).run()
    made = await session.bulk.plan(own(_find), accounts(3), check_remote=True)
    assert (counted(made), made.kind) == ({"same": 1, "create": 2}, "mine")
    assert made.calls == 3 + 2 * 2
    assert sandbox.truth().created_accounts == 1


async def test_a_step_that_nothing_can_look_up_can_run(session: Session) -> None:
    """Without a look-up a row can be sent, and the plan does not claim that it is not there."""
    made = await plan(session, own(None), accounts(2), check_remote=True)
    assert (counted(made), made.all_can_run) == ({"valid": 2}, True)


async def test_a_look_up_that_would_change_something_ends_the_plan(
    session: Session, sandbox: Sandbox
) -> None:
    """A plan sends nothing that changes something, whatever a look-up of one's own does."""
    with pytest.raises(ConfigurationError, match=r"sends nothing that changes something.*createAccount"):
        await plan(session, own(_send), [account(1)], check_remote=True)
    assert CREATE not in sandbox.truth().requests
