"""Each option of a bulk job is shown by its own name where a job is made."""

from __future__ import annotations

import inspect
import re

import pytest

from alianza_async import JobOptions, Report, Session
from alianza_async.bulk import Bulk, Reconciliation, UndoPlan, UndoReport
from alianza_async.bulk.report import ItemResult

TAKE_OPTIONS = ("create_accounts", "create_users", "create", "workflow", "run", "resume")


@pytest.mark.parametrize("name", TAKE_OPTIONS)
def test_options_are_documented_one_by_one(name: str) -> None:
    """`help(session.bulk.create_accounts)` and its signature name each option."""
    method = getattr(Bulk, name)
    parameters = inspect.signature(method).parameters
    text = inspect.getdoc(method) or ""
    arguments = re.findall(r"^    (\w+): ", text, re.MULTILINE)

    assert set(JobOptions.__annotations__) <= set(arguments)
    assert [each for each in parameters if each != "self"] == [
        each for each in arguments if each in parameters
    ]
    assert repr(parameters["concurrency"].default) == ("..." if name == "resume" else "'auto'")
    assert "Raises:\n" in text


def test_every_option_of_the_class_is_documented() -> None:
    """`help(JobOptions)` names each option once."""
    documented = re.findall(r"^    (\w+): ", inspect.getdoc(JobOptions) or "", re.MULTILINE)

    assert documented == list(JobOptions.__annotations__)


def test_jobs_and_reports_show_themselves_in_one_line() -> None:
    """A job says what it makes of which input, and a report its sums; no row, no key, no login."""
    session = Session(auth_token="secret-token", environment="beta")
    job = session.bulk.create_accounts([{"account_number": "ACME-1"}])
    report = Report(total=3, in_flight=1)
    assert repr(report) == "<Report 3 rows: none settled, 1 under way>"
    report.add(ItemResult(1, "ACME-1", "created", id="a1"))

    assert repr(session.bulk) == "<Bulk of <Session https://api.b2.alianza.com closed>>"
    assert repr(job) == "<BulkJob accounts from <iterable>: not begun>"
    assert repr(report) == "<Report 3 rows: 1 created, 1 under way>"
    assert repr(UndoReport(rows=2, failed=1)) == "<UndoReport 2 rows: 1 failed>"
    assert repr(UndoPlan("job", "accounts", 2)) == (
        "<UndoPlan accounts of job job: 2 rows to undo, 0 refused, 0 unproven>"
    )
    assert repr(Reconciliation(1, {"created": 1})) == (
        "<Reconciliation 1 rows: 1 created; 0 doubles, 0 still unknown>"
    )


async def test_a_plan_shows_itself_in_one_line() -> None:
    """A plan says what of which input, and how many rows of each class."""
    async with Session(auth_token="secret-token", environment="beta") as session:
        plan = await session.bulk.plan("accounts", [{"account_number": "ACME-1"}])

    assert repr(plan) == "<Plan accounts from <iterable>, 1 rows: 1 invalid>"
