from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from alianza_async.bulk.engine.steps import Item, Made, step
from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.planning.canary_gate import CanaryRow, check_canary
from alianza_async.errors import CallContext, ConflictError, Difference
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault
from tests.bulk.engine import account, accounts

if TYPE_CHECKING:
    from alianza_async.endpoints.models import WriteModel
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

ACCOUNTS = WORKFLOWS["accounts"]


def item(session: Session, number: int, object_id: str | None, **changes: object) -> Item[WriteModel]:
    """Return a row of which a job has made an account."""
    row: WriteModel = AccountCreate.model_validate(account(number, **changes))
    made = Item(session, row, {})
    made.made["account"] = Made(object_id, key=f"A-{number:05}")
    return made


async def made(session: Session, count: int) -> list[tuple[int, Item[WriteModel]]]:
    """Create accounts, and return what a job knows of them."""
    report = await session.bulk.create_accounts(accounts(count)).run()
    return [(result.row, item(session, result.row, result.id)) for result in report.results]


def verdicts(rows: list[CanaryRow]) -> list[tuple[int, str]]:
    """Return row and verdict of each."""
    return [(row.row, row.found) for row in rows]


async def test_what_was_created_is_read_back(session: Session, sandbox: Sandbox) -> None:
    """Each is looked up once, in the order given, and the job may go on."""
    report = await check_canary(ACCOUNTS, await made(session, 3))
    assert verdicts(report) == [(1, "same"), (2, "same"), (3, "same")]
    assert sandbox.truth().requests["retrieveAccount"] == 3


async def test_a_field_that_came_out_otherwise(session: Session) -> None:
    """A field that differs is named; its values are beside it, and not in the sentence."""
    first, (row, sent) = await made(session, 2)
    other = item(session, 2, sent.made["account"].id, account_name="As It Was Sent")
    report = await check_canary(ACCOUNTS, [first, (row, other)])
    assert verdicts(report) == [(1, "same"), (2, "differs")]
    bad = report[1]
    assert [(one.field, one.sent, one.found) for one in bad.differences] == [
        ("account_name", "As It Was Sent", "Ardent Bakery")
    ]
    assert str(bad) == "row 2 differs in account_name"


async def test_absent_and_another(session: Session) -> None:
    """What is not there, or is somebody else's, stops the job."""
    await made(session, 1)
    report = await check_canary(
        ACCOUNTS, [(1, item(session, 1, "another-id")), (2, item(session, 2, "id-2"))]
    )
    assert verdicts(report) == [(1, "another"), (2, "absent")]
    assert [str(row) for row in report] == ["row 1 is there with another id", "row 2 is not there"]


async def test_a_look_up_that_fails(session: Session, sandbox: Sandbox) -> None:
    """What could not be read back is not taken for well."""
    rows = await made(session, 1)
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", status=403))
    report = await check_canary(ACCOUNTS, rows)
    assert verdicts(report) == [(1, "unknown")]
    assert str(report[0]).startswith("row 1 could not be read back: 403: it was refused (request ")


async def _send(_item: Item[AccountCreate]) -> Made:
    return Made("id")


def workflow(*finds: object) -> Workflow[Any]:
    """Return a workflow with a step for each look-up."""
    steps = [
        step(f"step-{number}", _send, find=cast("Any", find), key="account_number")
        for number, find in enumerate(finds, 1)
    ]
    return Workflow("mine", *steps, fields=AccountCreate, key="account_number")


def row_of(session: Session, *steps: str) -> tuple[int, Item[Any]]:
    """Return a row of which each of these steps has made an object."""
    row = Item(session, AccountCreate.model_validate(account(1)), {})
    row.made.update({name: Made("id", key="A-00001") for name in steps})
    return 1, row


async def test_a_server_that_commits_late(session: Session) -> None:
    """With `settle_s` one that is not there yet is looked up a second time."""
    asked = 0

    async def late(_item: object) -> Made | None:
        nonlocal asked
        asked += 1
        return Made("id") if asked == 2 else None

    rows = [row_of(session, "step-1")]
    report = await check_canary(workflow(late), rows, settle_s=0.001)
    assert (verdicts(report), asked) == ([(1, "same")], 2)


async def test_every_object_of_a_row_is_read_back(session: Session) -> None:
    """Each step that was done is looked up, and the one that is not as it was sent is named."""

    async def there(_item: object) -> Made:
        return Made("id")

    async def gone(_item: object) -> None:
        return None

    chain = workflow(there, gone, gone)
    report = await check_canary(chain, [row_of(session, "step-1", "step-2")])
    assert str(report[0]) == "row 1: its step-2 is not there"
    assert verdicts(await check_canary(chain, [row_of(session, "step-1")])) == [(1, "same")]


async def test_a_look_up_of_ones_own_that_breaks_is_unknown(session: Session) -> None:
    """An error in a caller's own code stops the job with its rows named, not with a traceback."""

    async def broken(_item: object) -> Made:
        raise KeyError("id")

    report = await check_canary(workflow(broken), [row_of(session, "step-1")])
    assert str(report[0]) == "row 1 could not be read back: an unexpected KeyError; please report it"


@pytest.mark.parametrize(
    ("field", "found", "expected"),
    [("sip_password", None, "same"), ("sip_password", "another", "differs"), ("tags", None, "differs")],
)
async def test_a_secret_is_not_answered(session: Session, field: str, found: object, expected: str) -> None:
    """A secret that the server keeps to itself is no difference; anything else that is missing is one."""

    async def differs(_item: object) -> Made:
        error = ConflictError("it differs", context=CallContext("find", "GET", "/", "r-1", 1))
        error.differences, error.existing_id = (Difference(field, "what was sent", found),), "id"
        raise error

    report = await check_canary(workflow(differs), [row_of(session, "step-1")])
    assert verdicts(report) == [(1, expected)]
    assert "what was sent" not in str(report[0])
