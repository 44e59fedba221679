from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine.kind import Kind
from alianza_async.bulk.engine.validation import Validation
from alianza_async.bulk.engine.work import Work
from alianza_async.bulk.input.rows import EarlierResult, Row
from alianza_async.bulk.kinds.creates import ACCOUNTS
from alianza_async.bulk.report import ItemResult, Status
from alianza_async.errors import FieldError, InvalidInputError
from tests.bulk.engine import account, statuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


@pytest.fixture
def validation(session: Session) -> Iterator[Validation]:
    """The validation of an accounts job on `in.csv`."""
    made = Validation(Kind(session, ACCOUNTS), "in.csv")
    yield made
    made.close()


def _row(number: int, key: str = "ACME", *, earlier: EarlierResult | None = None, **changes: object) -> Row:
    return Row(number, account(key, **changes), None, earlier=earlier)


def _result(taken: Work | ItemResult) -> ItemResult:
    assert isinstance(taken, ItemResult)
    return taken


def test_a_good_row_is_work(validation: Validation) -> None:
    """A row that can be sent comes back with what is to be sent, and is not looked up first."""
    taken = validation.take(_row(1))
    assert isinstance(taken, Work)
    assert (taken.payload.key, taken.look_first, taken.unknown_before) == ("ACME", False, False)


def test_an_invalid_row_names_the_input_the_row_and_the_field(validation: Validation) -> None:
    """One sentence tells where to look, and `fields` holds each complaint."""
    result = _result(validation.take(_row(7, billing_cycle_day=0, account_name="ab")))
    assert (result.row, result.key, result.status) == (7, "ACME", "invalid")
    assert isinstance(result.error, InvalidInputError)
    assert str(result.error).startswith("in.csv row 7, account_name: ")
    assert [error.field for error in result.error.fields] == ["account_name", "billing_cycle_day"]


def test_what_is_wrong_with_the_row_itself_comes_first(validation: Validation) -> None:
    """A row with a problem is invalid whatever its values are, and its key is not taken by it."""
    bad = Row(1, account("ACME"), None, (FieldError("account_name", "holds a control character"),))
    assert str(_result(validation.take(bad)).error) == (
        "in.csv row 1, account_name: holds a control character"
    )
    assert isinstance(validation.take(_row(2)), Work)


def test_of_two_rows_with_one_key_the_first_valid_one_is_sent(validation: Validation) -> None:
    """An invalid row does not take the key; the first valid one does, and the later ones name it."""
    assert _result(validation.take(_row(1, billing_cycle_day=0))).status == "invalid"
    assert isinstance(validation.take(_row(2)), Work)
    for number in (3, 4):
        double = _result(validation.take(_row(number)))
        assert double.status == "invalid"
        assert str(double.error) == (
            f"in.csv row {number}, account_number: is a duplicate: row 2 has the same"
        )


@pytest.mark.parametrize("twin", ["Café-1", "Cafe\u0301-1", "  Café-1 "])
def test_keys_are_compared_composed_and_trimmed(validation: Validation, twin: str) -> None:
    """What a person cannot tell apart is one key; a case of its own is another key."""
    assert isinstance(validation.take(_row(1, "Café-1")), Work)
    assert "row 1 has the same" in str(_result(validation.take(_row(2, twin))).error)
    assert isinstance(validation.take(_row(3, "CAFÉ-1")), Work)


@pytest.mark.parametrize("status", ["created", "exists", "updated"])
def test_what_an_earlier_run_did_is_skipped_and_keeps_its_key(validation: Validation, status: Status) -> None:
    """A done row is `skipped` with what is known of it, even where it is invalid by now; doubles name it."""
    earlier = EarlierResult(status, "id-1", None, 2, "r-9")
    result = _result(validation.take(_row(1, billing_cycle_day=0, earlier=earlier)))
    assert (result.status, result.done_before, result.done) == ("skipped", True, True)
    assert (result.id, result.attempts, result.request_id) == ("id-1", 2, "r-9")
    assert "row 1 has the same" in str(_result(validation.take(_row(2))).error)


def test_a_done_row_may_have_lost_its_key(validation: Validation) -> None:
    """A done row without a key is skipped all the same."""
    row = Row(1, {}, None, earlier=EarlierResult("created"))
    assert (_result(validation.take(row)).key, _result(validation.take(row)).status) == (None, "skipped")


@pytest.mark.parametrize(
    ("status", "look_first", "unknown_before"),
    [("failed", True, False), ("unknown", True, True), ("invalid", False, False), ("skipped", False, False)],
)
def test_what_may_be_there_is_looked_up_first(
    validation: Validation, status: Status, *, look_first: bool, unknown_before: bool
) -> None:
    """`failed` and `unknown` may have left an object behind; `invalid` and `skipped` were never sent."""
    taken = validation.take(_row(1, earlier=EarlierResult(status)))
    assert isinstance(taken, Work)
    assert (taken.look_first, taken.unknown_before) == (look_first, unknown_before)


async def test_doubles_of_an_input_are_sent_once(session: Session, sandbox: Sandbox) -> None:
    """End to end: the first valid one is created, the later ones are invalid and name it."""
    rows = [account("ACME", billing_cycle_day=99), account("ACME"), account("OTHER"), account(" ACME ")]
    report = await session.bulk.create_accounts(rows).run()
    assert statuses(report.results) == [(1, "invalid"), (2, "created"), (3, "created"), (4, "invalid")]
    assert str(report.results[3].error) == (
        "<iterable> row 4, account_number: is a duplicate: row 2 has the same"
    )
    assert sandbox.truth().requests["createAccount"] == 2
