from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.kinds.found import discreet
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.kinds.subscriber_row import SubscriberRow
from alianza_async.endpoints.models import validate_write
from alianza_async.errors import (
    AlianzaError,
    CallContext,
    ConflictError,
    InvalidInputError,
    RequestRejectedError,
    UnknownOutcomeError,
)
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault
from tests.bulk.engine import account
from tests.bulk.workflow.driver import KillableStore
from tests.bulk.workflow.places import (
    NUMBERS,
    STREET,
    a_sandbox,
    at,
    carried_out,
    in_area,
    requests,
    subscriber,
)
from tests.bulk.workflow.test_small_workflows import LINE, NUMBER, owned

if TYPE_CHECKING:
    from alianza_async.session import Session


def refusal(message: str) -> RequestRejectedError:
    """Return a refusal in the server's words."""
    context = CallContext("activate", "POST", "/v2/x", "id-1", 1)
    return RequestRejectedError(message, context=context, status=400, messages=[message])


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("no such place: 12 main st", False),
        ("Main is not a street", False),
        ("the carrier does not serve it", True),
    ],
)
def test_the_servers_words_are_kept_unless_they_hold_the_street(words: str, shown: bool) -> None:
    """A refusal keeps the server's words, unless a part of the row's street is among them."""
    row = validate_write(SubscriberRow, subscriber(e911_address=STREET))

    error = discreet(refusal(words), row)

    assert (words in str(error), words in error.messages) == (shown, shown)
    assert "400" in str(error) or shown


def test_an_address_in_another_state_is_no_address() -> None:
    """A postal code of another state than the row says fails the row, by both fields' names."""
    (ended,) = carried_out(a_sandbox(), [subscriber(e911_state="UT")])

    assert isinstance(ended.error, InvalidInputError)
    expected = "its address: e911_address: its postal_code does not belong to e911_state; correct one of them"
    assert str(ended.error) == expected


def test_a_number_that_takes_too_long_is_unknown_and_found_later() -> None:
    """A number that is not in service in a quarter of an hour leaves its row unknown until a resume."""
    sandbox, store = a_sandbox(activation_s=1200), KillableStore()

    (late,) = carried_out(sandbox, [subscriber()], store)
    sandbox.store.agenda.clock = lambda: 1e6
    (ended,) = carried_out(sandbox, [subscriber()], store)

    assert (type(late.error), late.status, ended.status) == (UnknownOutcomeError, "unknown", "created")
    assert sandbox.truth().active_numbers == 1


def test_an_account_that_is_being_deleted_is_none_to_build_on() -> None:
    """An account on its way out is not `exists`: its row fails instead of losing what is put into it."""
    sandbox = a_sandbox(delete_pending_s=600)
    row = subscriber()

    async def delete(session: Session) -> None:
        made = await session.accounts.create(validate_write(SubscriberRow, row).account())
        await session.accounts.delete(made.id or "")

    at(sandbox, delete)
    (ended,) = carried_out(sandbox, [row], look_first=True)

    assert isinstance(ended.error, ConflictError)
    assert ended.error.message == "its account: it exists already and differs in status"


def test_owners_may_be_named_by_id() -> None:
    """Account and user of a row may be named by their ids."""
    sandbox = owned()
    (account_id,), (user_id,) = sandbox.store.accounts, sandbox.store.users
    row = {"account_id": account_id, "user_id": user_id, "mac_address": LINE["mac_address"]}

    (ended,) = carried_out(sandbox, [row], workflow=WORKFLOWS["device-lines"])

    assert (ended.status, sandbox.truth().device_lines) == ("created", 1)


def test_a_number_that_rings_elsewhere_differs() -> None:
    """A number that is on the account for somebody else is a conflict."""
    sandbox = owned(unique=False)
    workflow = WORKFLOWS["telephone-numbers"]
    nobodys = {name: value for name, value in NUMBER.items() if name != "username"}
    carried_out(sandbox, [nobodys], workflow=workflow)

    (ended,) = carried_out(sandbox, [NUMBER], workflow=workflow, look_first=True)

    assert isinstance(ended.error, ConflictError)
    assert ended.error.message == "its activation: it exists already and differs in reference_id"


def test_a_user_who_has_a_number_of_the_area_keeps_it() -> None:
    """Run again without a journal, a user who has a number of the area code gets no second one."""
    sandbox = a_sandbox()
    carried_out(sandbox, [in_area()])

    (ended,) = carried_out(sandbox, [in_area()], look_first=True)

    assert (ended.status, sandbox.truth().created_numbers, requests(sandbox)["reserve"]) == ("exists", 1, 1)


def test_a_number_the_inventory_does_not_have_fails_the_row() -> None:
    """A number that is not in the inventory fails its row by the step's name, with a lost answer too."""
    sandbox = a_sandbox([])
    sandbox.faults.add(Fault(kind="cut_before", operation="reserve"))

    (ended,) = carried_out(sandbox, [subscriber()])

    assert (ended.status, str(ended.error).startswith("reserve: its number: ")) == ("failed", True)


def test_a_key_that_cannot_be_chosen_fails_the_row() -> None:
    """Two rows that name one number are told apart: the second fails, the number stays the first's."""
    rows = [subscriber(1), subscriber(2, telephone_number=NUMBERS[1])]

    ends = carried_out(a_sandbox(), rows, workers=1)

    assert [ended.status for ended in ends] == ["created", "failed"]
    assert isinstance(ends[1].error, AlianzaError)
    assert "another row of this job has its telephone_number" in str(ends[1].error)


def test_a_lost_suspension_is_found() -> None:
    """A suspension whose answers were lost is looked up, and found done."""
    sandbox = a_sandbox()

    async def fill(session: Session) -> None:
        await session.accounts.create(AccountCreate.model_validate(account(1)))

    at(sandbox, fill)
    sandbox.faults.add(Fault(kind="cut_after", operation="accountPatch", times=6))
    (ended,) = carried_out(sandbox, [{"account_number": "A-00001"}], workflow=WORKFLOWS["suspend-accounts"])

    assert (ended.status, ended.adopted) == ("updated", True)
