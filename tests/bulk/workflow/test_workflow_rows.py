from __future__ import annotations

import pytest

from alianza_async.bulk.engine.kind import Kind
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.kinds.subscriber_row import SubscriberRow
from alianza_async.endpoints.models import WriteModel, validate_write
from alianza_async.errors import ConfigurationError, InvalidInputError
from alianza_async.session import Session
from alianza_async.settings import Credentials
from tests.bulk.engine import account
from tests.bulk.workflow.places import STREET, subscriber


def kind_of(name: str, choices: dict[str, str] | None = None) -> Kind[WriteModel]:
    """Return a workflow on a session that is not open: rows are checked without asking anybody."""
    session = Session(Credentials("tester", "a-made-up-password"), base_url="http://localhost")
    return Kind(session, WORKFLOWS[name], choices)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account_name": "x"}, "account_name"),
        ({"account_type": "ODD"}, "account_type"),
        ({"billing_cycle_day": 31}, "billing_cycle_day"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"first_name": "Al"}, "first_name"),
        ({"username": None}, "username"),
        ({"user_product_plan": "GOLD"}, "user_product_plan"),
        ({"telephone_number": "8015551212 x7"}, "telephone_number"),
        ({"telephone_number": "801-555-121"}, "telephone_number"),
        ({"telephone_number": "+44 20 7946 0958"}, "telephone_number"),
        ({"telephone_number": "1-800-FLOWERS"}, "telephone_number"),
        ({"telephone_number": "19115551212"}, "telephone_number"),
        ({"telephone_number": "11015551212"}, "telephone_number"),
        ({"telephone_number": "18011551212"}, "telephone_number"),
        ({"telephone_number": "1801555121٢"}, "telephone_number"),
        ({"telephone_number": None}, "telephone_number"),
        ({"area_code": "212"}, "area_code"),
        ({"telephone_number": None, "area_code": "80"}, "area_code"),
        ({"mac_address": "4AE1BC53AD6"}, "mac_address"),
        ({"mac_address": "4A:E1-BC:53:AD:6B"}, "mac_address"),
        ({"mac_address": "000000000000"}, "mac_address"),
        ({"mac_address": "FFFFFFFFFFFF"}, "mac_address"),
        ({"mac_address": "01:00:5E:00:00:16"}, "mac_address"),
        ({"e911_address": ""}, "e911_address"),
        ({"e911_state": "Illinoi"}, "e911_state"),
        ({"e911_state": "ON"}, "e911_state"),
        ({"postal_code": "6270"}, "postal_code"),
        ({"postal_code": "K1A 0B1"}, "postal_code"),
        ({"country": "Mexico"}, "country"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], field: str) -> None:
    """What is wrong with a row is told offline, by our name of the field, and no value is repeated."""
    with pytest.raises(InvalidInputError) as raised:
        kind_of("subscribers").read(subscriber(**changes))

    assert [complaint.field for complaint in raised.value.fields] == [field]
    assert STREET not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"telephone_number": "+18015551212"}, "telephone_number", "18015551212"),
        ({"mac_address": "4a:e1:bc:53:ad:6b"}, "mac_address", "4AE1BC53AD6B"),
        ({"mac_address": "4ae1.bc53.ad6b"}, "mac_address", "4AE1BC53AD6B"),
        ({"mac_address": "4AE1-BC53-AD6B"}, "mac_address", "4AE1BC53AD6B"),
        ({"mac_address": "4a e1 bc 53 ad 6b"}, "mac_address", "4AE1BC53AD6B"),
        ({"telephone_number": "(801) 555-1212"}, "telephone_number", "18015551212"),
        ({"e911_state": "Illinois"}, "e911_state", "IL"),
        ({"country": "United States"}, "country", "USA"),
        ({"country": "us"}, "country", "USA"),
        ({"country": "CAN", "e911_state": "on", "postal_code": "k1a0b1"}, "postal_code", "K1A 0B1"),
        ({"time_zone": "America/Denver"}, "time_zone", "US/Mountain"),
    ],
)
def test_a_field_is_brought_into_its_one_form(changes: dict[str, object], field: str, value: str) -> None:
    """Common ways to write a field are taken, and sent in the API's own."""
    payload = kind_of("subscribers").read(subscriber(**changes))

    assert getattr(payload.model, field) == value


def test_a_row_is_told_by_its_user_name_and_shares_no_number_and_no_device() -> None:
    """The key of a row is its user name; number and device are for it alone."""
    payload = kind_of("subscribers").read(subscriber(7, mac_address="4a-e1-bc-53-ad-6b"))

    assert (payload.key, payload.unique) == (
        "user.7",
        {"telephone_number": "18015550007", "mac_address": "4AE1BC53AD6B"},
    )


def test_no_street_in_the_repr_of_a_row() -> None:
    """A row's repr shows no street: it may end in a log."""
    row = validate_write(SubscriberRow, subscriber())

    assert (STREET in repr(row), STREET in str(row)) == (False, False)


def test_account_and_user_are_what_the_row_gave() -> None:
    """Account and user of a row hold the fields that were given, and no other."""
    row = validate_write(SubscriberRow, subscriber())

    assert b"first" not in row.account().to_wire()
    assert row.user().to_wire() == (
        b'{"username":"user.1","timeZone":"US/Central","firstName":"Anna","lastName":"Baker"}'
    )


def test_a_model_is_taken_as_it_is_and_another_one_refused() -> None:
    """A row may be the model itself; another model is refused by name."""
    kind = kind_of("subscribers")
    row = validate_write(SubscriberRow, subscriber())

    assert kind.read(row).model is row
    with pytest.raises(InvalidInputError, match="the row is a AccountRow, not a SubscriberRow"):
        kind.read(WORKFLOWS["delete-accounts"].fields(account_number="SUB-1"))  # type: ignore[call-arg]


@pytest.mark.parametrize("name", list(WORKFLOWS))
def test_every_workflow_is_what_its_name_says(name: str) -> None:
    """Each name of the table loads the workflow of that name; its keys are fields of its rows."""
    kind = kind_of(name)

    assert (kind.name, kind.key_field in kind.fields) == (name, True)
    assert len(WORKFLOWS) == 8


@pytest.mark.parametrize(
    ("choices", "told"),
    [({"corections": "keep"}, "has no choice corections"), ({"corrections": "maybe"}, "fail, accept, keep")],
)
def test_a_choice_there_is_not_is_refused(choices: dict[str, str], told: str) -> None:
    """A choice of another name or value is refused before any row, and the right ones are told."""
    with pytest.raises(ConfigurationError, match=told):
        kind_of("subscribers", choices)


def test_all_choices_are_told_for_a_resume() -> None:
    """What a job was told is kept with the defaults, so that a resume does the same."""
    assert kind_of("subscribers", {"corrections": "keep"}).choices == {
        "corrections": "keep",
        "device_type_id": "Generic",
        "e911_coordinates": "omit",
        "e911_event": "required",
        "prevalidate": "always",
    }


@pytest.mark.parametrize(
    ("name", "row", "field"),
    [
        ("telephone-numbers", {"account_number": "A-1", "area_code": "801"}, "telephone_number"),
        ("telephone-numbers", {"telephone_number": "18015550001"}, "account_number"),
        ("device-lines", {"account_id": "a", "username": "u"}, "mac_address"),
        ("device-lines", {"account_id": "a", "mac_address": "4AE1BC53AD6B"}, "username"),
        ("calling-plans", {"account_id": "a", "calling_plan_product_id": "p"}, "username"),
        ("calling-plans", {"account_id": "a", "username": "u"}, "calling_plan_product_id"),
        ("delete-accounts", {}, "account_number"),
        ("delete-accounts", {"account_id": "a", "account_number": "A-1"}, "account_number"),
        ("suspend-accounts", account(1), "account_name"),
    ],
)
def test_a_row_that_lacks_what_tells_it_is_refused(name: str, row: dict[str, object], field: str) -> None:
    """Each workflow says which field of a row is missing or not its own."""
    address = {"e911_address": STREET, "e911_city": "X", "e911_state": "IL", "postal_code": "62701"}
    with pytest.raises(InvalidInputError) as raised:
        kind_of(name).read(row | (address if name == "telephone-numbers" else {}))

    assert field in [complaint.field for complaint in raised.value.fields]


def test_a_key_of_two_fields_is_both() -> None:
    """Rows told by two fields have both in their key, in the input's own text."""
    kind = kind_of("device-lines")

    keys = [kind.key_of({"mac_address": "4a-e1", "line_number": 2}), kind.key_of({})]
    assert keys == ["4a-e1/2", None]
