from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.errors import StepError, UnknownOutcomeError
from tests.bulk.workflow.driver import KillableStore
from tests.bulk.workflow.places import NUMBERS, a_sandbox, at, carried_out, statuses, subscriber
from tests.bulk.workflow.test_small_workflows import NUMBER, owned

if TYPE_CHECKING:
    from alianza_async.session import Session

REFUSED = (
    f"its service: the 911 address of its number {NUMBERS[1]} was refused "
    "(REJECTED WEST:UPDATE:CRITICAL_ERROR #409): the number rings, and emergency calls from it do not reach "
    "the right place; PATCH the number with another e911Address, then try the failed rows again"
)


def test_a_number_whose_911_address_is_refused_is_not_in_service() -> None:
    """A refused address fails the row, with number and code: the number is on the account, not in service."""
    sandbox, store = a_sandbox(e911_reject="12 main"), KillableStore()

    (ended,) = carried_out(sandbox, [subscriber()], store)

    assert isinstance(ended.error, StepError)
    assert (ended.status, str(ended.error)) == ("failed", REFUSED)
    assert (ended.number_state, ended.without_911, ended.failed_step) == ("activated", True, "service")
    assert ended.objects["number"] == NUMBERS[1]
    # The street is in the provider's words, and in none of ours.
    assert store.entry().error == REFUSED
    assert store.step(1, "service").error == REFUSED.removeprefix("its service: ")


def test_a_number_of_an_inventory_is_not_in_service_either() -> None:
    """The rule holds for telephone-numbers as for subscribers."""
    sandbox = owned(e911_reject="main")
    (ended,) = carried_out(sandbox, [NUMBER], workflow=WORKFLOWS["telephone-numbers"])
    assert (ended.status, ended.number_state) == ("failed", "activated")


def test_a_refused_address_that_was_cured_by_hand_is_found_in_service() -> None:
    """Once another address was registered by hand, trying the failed row again finds it in service."""
    sandbox, store = a_sandbox(e911_reject="12 main"), KillableStore()
    (failed,) = carried_out(sandbox, [subscriber()], store)

    async def cure(session: Session) -> None:
        (number,) = sandbox.store.numbers.active.values()
        now = cast("dict[str, object]", number["e911Address"])
        address: dict[str, object] = {
            **{name: now[name] for name in ("streetName", "city", "state", "postalCode")},
            "streetNumber": "14",
        }
        sandbox.store.addresses.validate(address)
        await session.telephone_numbers.patch(str(number["accountId"]), NUMBERS[1], {"e911Address": address})

    at(sandbox, cure)
    # The row's own address would not pass any more: what is cured does not go by it.
    sandbox.options = sandbox.options.with_changes({"unit_required": "12 main"})
    (cured,) = carried_out(sandbox, [subscriber()], store, look_first=True)

    assert (failed.status, cured.status, cured.number_state) == ("failed", "created", "in service")
    truth = sandbox.truth()
    assert (truth.created_numbers, truth.numbers_without_911) == (1, [])


@pytest.mark.parametrize(
    ("choice", "status"), [("fail", "failed"), ("accept", "created"), ("keep", "created")]
)
def test_a_refused_address_with_a_correction_is_a_decision(choice: str, status: str) -> None:
    """Where a refusal comes with a correction, it is decided on as chosen, or the row names both ways."""
    sandbox, store = a_sandbox(e911_reject="main", e911_alternatives="raw"), KillableStore()

    (ended,) = carried_out(sandbox, [subscriber()], store, choices={"corrections": choice})

    assert ended.status == status
    if choice == "fail":
        both = (
            "say corrections=accept to take the correction it offers, or corrections=keep to keep the address"
        )
        assert both in str(ended.error)
    else:
        assert store.step(1, "service").detail == f"corrections={choice}"
        assert sandbox.truth().numbers_without_911 == []


def test_a_911_address_that_stays_pending_is_unknown() -> None:
    """A registration that does not end in time leaves the row unknown; it is resumed, and then in service."""
    sandbox, store = a_sandbox(e911_pending="main"), KillableStore()

    (ended,) = carried_out(sandbox, [subscriber()], store)

    sentence = (
        "its service: its number rings without 911 yet: the registration of its emergency address is still "
        "pending; resume later to look again"
    )
    assert isinstance(ended.error, UnknownOutcomeError)
    assert (ended.status, ended.error.message, ended.without_911) == ("unknown", sentence, True)
    assert (store.entry().status, store.entry().error) == ("unknown", sentence)

    (number,) = sandbox.store.numbers.active.values()
    event = sandbox.store.numbers.events.latest(number, "NINE_ONE_ONE_ADDRESS")
    assert event is not None
    event.move("COMPLETED")
    (again,) = carried_out(sandbox, [subscriber()], store)
    assert (again.status, again.number_state) == ("created", "in service")
    assert sandbox.truth().created_numbers == 1


def test_the_911_address_is_followed_to_its_end() -> None:
    """An active number whose address takes longer is looked at until that is registered, too."""
    sandbox = a_sandbox(activation_s=5, e911_s=60)
    (ended,) = carried_out(sandbox, [subscriber()])
    assert (ended.status, sandbox.truth().numbers_without_911) == ("created", [])


@pytest.mark.parametrize(("choice", "status"), [("required", "unknown"), ("optional", "created")])
def test_whether_an_event_of_the_address_has_to_be_shown_is_a_choice(choice: str, status: str) -> None:
    """A number just activated whose address shows no event is not in service, unless the choice says so."""
    sandbox = a_sandbox(require_address=False)
    # Nothing is registered where the partition's server shows no such events.
    book = sandbox.store.numbers.events
    shown = book.find
    book.find = lambda *args: [each for each in shown(*args) if each.service != "NINE_ONE_ONE_ADDRESS"]  # type: ignore[method-assign]
    ends = carried_out(sandbox, [subscriber()], choices={"e911_event": choice})
    assert statuses(ends) == [status]


def test_a_number_older_than_what_the_search_remembers_is_in_service() -> None:
    """A number that was there before, and of which no event is shown any more, counts as in service."""
    sandbox = a_sandbox(unique=False)
    carried_out(sandbox, [subscriber()])
    sandbox.store.numbers.events.find = lambda *_: []  # type: ignore[method-assign]
    (again,) = carried_out(sandbox, [subscriber()], look_first=True)
    assert again.status == "exists"
