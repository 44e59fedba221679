from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.creates import CreateKind
from alianza_async.bulk.planning.canary import CanaryReport, CanaryRow, check_canary
from alianza_async.bulk.planning.lookups import There
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.engine.workflow import WorkflowKind
from alianza_async.comparison import Difference
from alianza_async.errors import ConfigurationError
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault
from tests.bulk.engine import account, accounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.bulk.work import Payload
    from alianza_async.call import Call
    from alianza_async.models.accounts import Account
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


def kind_of(session: Session) -> CreateKind[Account]:
    """Return accounts as a kind."""
    return CreateKind(session, session.accounts.create)


async def made(session: Session, count: int) -> list[tuple[int, Payload, str | None]]:
    """Create accounts, and return what a job knows of them."""
    report = await session.bulk.create_accounts(accounts(count)).run()
    kind = kind_of(session)
    return [(result.row, kind.read(account(result.row)), result.id) for result in report.results]


def verdicts(report: CanaryReport) -> list[tuple[int, str]]:
    """Return row and verdict of each."""
    return [(row.row, row.found) for row in report.rows]


async def test_what_was_created_is_read_back(session: Session, sandbox: Sandbox) -> None:
    """Each is looked up once, in the order given, and the job may go on."""
    report = await check_canary(session, kind_of(session), await made(session, 3))
    assert verdicts(report) == [(1, "same"), (2, "same"), (3, "same")]
    assert (report.ok, str(report)) == (True, "the first 3 were read back as they were sent")
    assert sandbox.truth().requests["retrieveAccount"] == 3


async def test_a_field_that_came_out_otherwise(session: Session) -> None:
    """A field that differs is named; its values are beside it, and not in the sentence."""
    works = await made(session, 2)
    other = kind_of(session).read(account(2, account_name="As It Was Sent"))
    report = await check_canary(session, kind_of(session), [works[0], (2, other, works[1][2])])
    assert not report.ok
    (bad,) = report.bad
    assert [(one.field, one.sent, one.found) for one in bad.differences] == [
        ("account_name", "As It Was Sent", "Ardent Bakery")
    ]
    assert str(report) == (
        "1 of the first 2 were not read back as they were sent: row 2 differs in account_name"
    )


async def test_absent_and_another(session: Session) -> None:
    """What is not there, or is somebody else's, stops the job."""
    (work,) = await made(session, 1)
    absent = (2, kind_of(session).read(account(2)), "id-2")
    report = await check_canary(session, kind_of(session), [(1, work[1], "another-id"), absent])
    assert verdicts(report) == [(1, "another"), (2, "absent")]
    assert "row 1 is there with another id; row 2 is not there" in str(report)


async def test_a_look_up_that_fails(session: Session, sandbox: Sandbox) -> None:
    """What could not be read back is not taken for well."""
    works = await made(session, 1)
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", status=403))
    report = await check_canary(session, kind_of(session), works)
    assert (verdicts(report), report.ok) == ([(1, "unknown")], False)
    assert "row 1 could not be read back: 403: it was refused" in str(report)


async def test_a_server_that_commits_late(session: Session) -> None:
    """With `settle_s` one that is not there yet is looked up a second time."""
    asked = 0

    async def late(_payload: object) -> There | None:
        nonlocal asked
        asked += 1
        return There("id", ()) if asked == 2 else None

    works = [(1, kind_of(session).read(account(1)), "id")]
    report = await check_canary(session, kind_of(session), works, settle_s=0.001, look_up=late)
    assert (report.ok, asked) == (True, 2)


@pytest.mark.parametrize(
    ("field", "found", "expected"),
    [("sip_password", None, "same"), ("sip_password", "another", "differs"), ("tags", None, "differs")],
)
async def test_a_secret_is_not_answered(session: Session, field: str, found: object, expected: str) -> None:
    """A secret that the server keeps to itself is no difference; anything else that is missing is one."""

    async def there(_payload: object) -> There:
        return There("id", (Difference(field, "what was sent", found),))

    works = [(1, kind_of(session).read(account(1)), "id")]
    report = await check_canary(session, kind_of(session), works, look_up=there)
    assert verdicts(report) == [(1, expected)]
    assert "what was sent" not in str(report)


async def test_a_call_is_looked_up_as_it_was_sent(session: Session) -> None:
    """A call stands for itself, whatever the kind is."""
    body: Mapping[str, object] = account(1)
    call: Call = await session.accounts.create.prepare(AccountCreate.model_validate(body))
    reply = await session.send(call)
    kind = kind_of(session)
    del kind.create
    report = await check_canary(session, kind, [(1, call, getattr(reply.value, "id", None))])
    assert report.rows == (CanaryRow(1, "same", getattr(reply.value, "id", None)),)
    absent = await session.accounts.create.prepare(AccountCreate.model_validate(account(2)))
    assert verdicts(await check_canary(session, kind, [(2, absent, None)])) == [(2, "absent")]


async def test_a_kind_that_cannot_be_looked_up(session: Session) -> None:
    """It is said, not passed over; nothing is asked."""
    kind = WorkflowKind(session, WORKFLOWS["suspend-accounts"])
    payload = kind.read({"account_number": "A-00001"})
    with pytest.raises(ConfigurationError, match="cannot be looked up by a key"):
        await check_canary(session, kind, [(1, payload, None)])
