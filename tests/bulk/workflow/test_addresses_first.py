"""The address of a row is validated before anything of it is written, and once for all rows that share it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.kinds.subscribers import SUBSCRIBERS
from alianza_async.errors import InvalidInputError
from alianza_async.sandbox import Fault
from tests.bulk.workflow.driver import KillableStore, killed
from tests.bulk.workflow.places import (
    NUMBERS,
    ODD_STREET,
    a_sandbox,
    at,
    carried_out,
    kind_on,
    requests,
    statuses,
    subscriber,
)
from tests.bulk.workflow.test_small_workflows import NUMBER, owned

if TYPE_CHECKING:
    from alianza_async.sandbox import Sandbox
    from alianza_async.sandbox.addresses import Verdict
    from alianza_async.session import Session

WRITES = frozenset(
    {"createAccount", "createEndUser", "reserve", "createOrAddTelephoneNumberToAccount", "createDevice"}
)


def registered(sandbox: Sandbox) -> list[dict[str, str]]:
    """Return the emergency address of each number on an account."""
    return [cast("dict[str, str]", each["e911Address"]) for each in sandbox.store.numbers.active.values()]


# --- before any write ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "options", "field"),
    [
        ({"e911_address": "Nowhere Nook"}, {}, "e911_address"),
        ({"e911_state": "NY"}, {}, "e911_address"),
        ({"e911_address": ODD_STREET}, {}, "e911_address"),
        ({}, {"unit_required": "12 main"}, "e911_unit"),
    ],
    ids=["no such place", "another state", "a correction", "a missing unit"],
)
def test_a_row_with_a_bad_address_makes_nothing(
    changes: dict[str, object], options: dict[str, object], field: str
) -> None:
    """An address that is not valid, or lacks a unit, fails its row with no account and no user made."""
    sandbox, store = a_sandbox(**options), KillableStore()  # type: ignore[arg-type]

    (ended,) = carried_out(sandbox, [subscriber(**changes)], store)

    assert isinstance(ended.error, InvalidInputError)
    assert ([complaint.field for complaint in ended.error.fields], ended.objects) == ([field], {})
    assert not WRITES & requests(sandbox).keys()
    assert store.statuses() == dict.fromkeys(store.statuses(), "skipped") | {"address": "failed"}
    assert "Main" not in str(ended.error)


def test_a_number_of_an_inventory_is_not_reserved_for_a_building_without_a_unit() -> None:
    """The rule holds for telephone-numbers: nothing is reserved, and the message names the column."""
    sandbox = owned(unit_required="12 main")
    (ended,) = carried_out(sandbox, [NUMBER], workflow=WORKFLOWS["telephone-numbers"])
    told = "its address: e911_unit: the building needs it, so that help finds the door"
    assert (ended.status, str(ended.error)) == ("failed", told)
    assert "reserve" not in requests(sandbox)


def test_a_unit_that_the_row_names_is_enough() -> None:
    """A building that needs a unit is satisfied by the row's column; it is registered whole."""
    sandbox = a_sandbox(unit_required="12 main")
    (ended,) = carried_out(sandbox, [subscriber(apt="4B")])
    (address,) = registered(sandbox)
    assert (ended.status, address["secondaryLocationDescription"], address["unit"]) == (
        "created",
        "APARTMENT",
        "4B",
    )


# --- asked once ---------------------------------------------------------------------------------------------


def test_rows_with_one_address_share_its_verdicts() -> None:
    """40 rows of one address, however spelled, cost one look-up of each kind; each has its own name in it."""
    sandbox = a_sandbox()
    rows = [
        subscriber(
            number, first_name=f"Ann{number}", e911_address="12  MAIN st." if number % 2 else "12 Main St"
        )
        for number in range(1, 41)
    ]

    ends = carried_out(sandbox, rows, workers=40)

    counted = requests(sandbox)
    assert set(statuses(ends)) == {"created"}
    assert (counted["validateAddress"], counted["preValidateAccountTn"]) == (1, 1)
    assert {address["firstName"] for address in registered(sandbox)} == {f"Ann{n}" for n in range(1, 41)}


def test_another_unit_is_another_address() -> None:
    """Two units of a building are asked about apart."""
    sandbox = a_sandbox()
    carried_out(sandbox, [subscriber(1, unit="1"), subscriber(2, unit="2")])
    counted = requests(sandbox)
    assert (counted["validateAddress"], counted["preValidateAccountTn"]) == (2, 2)
    assert sandbox.truth().numbers_without_address == []


def test_a_failed_look_up_is_told_to_each_row_and_not_kept() -> None:
    """Rows that wait for one refused look-up each get their own error; the next row asks again."""
    sandbox = a_sandbox()
    rows = [subscriber(number) for number in range(1, 4)]
    sandbox.faults.add(Fault(kind="status_before", operation="validateAddress", status=400, times=1))

    ends = carried_out(sandbox, [*rows, subscriber(4)], workers=3)

    assert [ended.status for ended in ends] == ["failed", "failed", "failed", "created"]
    assert {str(ended.error).count("its address: ") for ended in ends[:3]} == {1}


# --- jobs begun before --------------------------------------------------------------------------------------


def as_it_was() -> Workflow[object]:  # type: ignore[type-var]  # pyright: ignore[reportInvalidTypeArguments]
    """Return subscribers as they were declared before: the address behind the user."""
    steps = {step.name: step for step in SUBSCRIBERS.steps}
    steps["account"] = replace(steps["account"], after=())
    steps["address"] = replace(steps["address"], after=("user",), gate=False)
    steps["number"] = replace(steps["number"], after=("address",))
    order = ("account", "user", "address", "number", "activation", "line", "service")
    return Workflow(  # type: ignore[return-value]  # pyright: ignore[reportReturnType]
        "subscribers",
        *(steps[name] for name in order),
        fields=SUBSCRIBERS.fields,
        key=SUBSCRIBERS.key,
        unique=SUBSCRIBERS.unique,
        choices=SUBSCRIBERS.choices,
    )


@pytest.mark.parametrize("dies_at_once", [True, False])
def test_a_job_begun_before_resumes(*, dies_at_once: bool) -> None:
    """Wherever a job of the old order was killed, this one goes on with its journal: everything once."""
    for after in range(7):
        sandbox, store = a_sandbox(unique=False), KillableStore(dies_at_once=dies_at_once)

        async def crash(session: Session, store: KillableStore = store, after: int = after) -> bool:
            return await killed(kind_on(session, as_it_was()), [subscriber()], store, after)

        at(sandbox, crash)
        (ended,) = carried_out(sandbox, [subscriber()], store)

        truth = sandbox.truth()
        made = (
            truth.created_accounts,
            truth.created_users,
            truth.created_numbers,
            truth.created_device_lines,
        )
        assert (after, ended.status, made, truth.numbers_without_911) == (after, "created", (1, 1, 1, 1), [])


def test_a_bad_address_of_a_job_begun_before_is_corrected_and_tried_again() -> None:
    """Account and user of a row that failed at its address are kept: the corrected row goes on with them."""
    sandbox, store = a_sandbox(), KillableStore()
    bad = subscriber(e911_address="Nowhere Nook")
    (failed,) = carried_out(sandbox, [bad], store, workflow=as_it_was())

    (ended,) = carried_out(sandbox, [subscriber()], store)

    counted = requests(sandbox)
    assert (failed.status, sorted(failed.objects)) == ("failed", ["account", "user"])
    assert (ended.status, counted["createAccount"], counted["createEndUser"]) == ("created", 1, 1)


def test_what_was_sent_is_looked_up_although_its_address_is_refused_now() -> None:
    """An account whose answer was lost is found, and named, even where the row does not pass any more."""
    sandbox, store = a_sandbox(unique=False), KillableStore(dies_at_once=True)

    async def crash(session: Session) -> bool:
        return await killed(kind_on(session), [subscriber()], store, 1)

    async def make(session: Session) -> None:
        body = SUBSCRIBERS.fields.model_validate(subscriber()).account()
        await session.accounts.create(body)

    assert at(sandbox, crash)
    at(sandbox, make)
    sandbox.options = sandbox.options.with_changes({"unit_required": "12 main"})
    (ended,) = carried_out(sandbox, [subscriber()], store)

    assert (ended.status, ended.failed_step) == ("failed", "address")
    assert store.statuses()["account"] in {"created", "exists"}
    assert sandbox.truth().created_accounts == 1


# --- what is sent -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["omit", "send"])
def test_coordinates_are_sent_only_where_chosen(choice: str) -> None:
    """With coordinates the street is not passed on: they are sent, and noted, only on request."""
    sandbox, store = a_sandbox(), KillableStore()
    bodies: list[object] = []
    book = sandbox.store.addresses
    validate = book.validate

    def noted(address: dict[str, object]) -> Verdict:
        bodies.append(address)
        return validate(address)

    book.validate = noted  # type: ignore[method-assign]

    carried_out(sandbox, [subscriber()], store, choices={"e911_coordinates": choice})

    (sent,) = cast("list[dict[str, object]]", bodies)
    assert ("latitude" in sent, "longitude" in sent) == (choice == "send", choice == "send")
    assert store.step(1, "address").detail == ("e911_coordinates=send" if choice == "send" else None)


def test_prevalidation_is_left_out_only_where_chosen() -> None:
    """Without prevalidation the address is only read, and the journal notes it for each row."""
    sandbox, store = a_sandbox(), KillableStore()
    (ended,) = carried_out(sandbox, [subscriber()], store, choices={"prevalidate": "skip"})
    assert (ended.status, "preValidateAccountTn" in requests(sandbox)) == ("created", False)
    assert store.step(1, "address").detail == "prevalidate=skip"


def test_the_language_of_quebec_is_sent_where_given() -> None:
    """A row with `e911_language` has its calls answered in that language; without it nothing is sent."""
    sandbox = a_sandbox()
    quebec = {
        "e911_address": "12 Main St",
        "e911_city": "Montreal",
        "e911_state": "QC",
        "postal_code": "H2Y 1C6",
        "country": "CAN",
    }
    rows = [subscriber(1, **quebec, e911_language="fr_ca"), subscriber(2, **quebec)]
    assert statuses(carried_out(sandbox, rows)) == ["created", "created"]
    assert [address.get("language") for address in registered(sandbox)] == ["fr-CA", None]


# --- alternatives -------------------------------------------------------------------------------------------


def test_an_alternative_is_brought_to_the_form_that_is_sent() -> None:
    """Capitals, a suffix in the name and `US`: the suffix is split off, the country is the API's own."""
    sandbox = a_sandbox(e911_alternatives="raw")
    row = subscriber(e911_address=ODD_STREET)

    (ended,) = carried_out(sandbox, [row], choices={"corrections": "accept"})

    (address,) = registered(sandbox)
    assert ended.status == "created"
    assert (address["streetName"], address["streetSuffix"], address["country"]) == ("MAIN", "St", "USA")
    assert (address["firstName"], address["city"]) == ("Anna", "SPRINGFIELD")


@pytest.mark.parametrize(("own", "status"), [(None, "failed"), ("accept", "created"), ("keep", "failed")])
def test_another_place_is_accepted_for_a_listed_row_alone(own: str | None, status: str) -> None:
    """What is accepted for all rows covers spellings; a row that is to move says so itself."""
    sandbox, store = a_sandbox(), KillableStore()
    book = sandbox.store.addresses
    judge = book.judge

    def moved(address: dict[str, object]) -> object:
        verdict = judge(address)
        if address["streetNumber"] != "12":
            return verdict
        return type(verdict)(verdict.address, ("no MSAG match",), {**verdict.address, "streetNumber": "14"})

    book.judge = moved  # type: ignore[method-assign,assignment]  # pyright: ignore[reportAttributeAccessIssue]

    (ended,) = carried_out(
        sandbox, [subscriber(e911_correction=own)], store, choices={"corrections": "accept"}
    )

    assert ended.status == status
    assert store.step(1, "address").detail == f"corrections={own or 'accept'}"
    assert [address["streetNumber"] for address in registered(sandbox)] == (["14"] if own == "accept" else [])
    assert NUMBERS[1] not in str(ended.error)
