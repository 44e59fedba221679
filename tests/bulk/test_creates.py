from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine.kind import Kind
from alianza_async.bulk.kinds.creates import ACCOUNTS, USERS
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.errors import ConfigurationError, InvalidInputError
from alianza_async.models.accounts import AccountCreate
from alianza_async.models.users import UserCreate
from tests.bulk.engine import account, accounts, statuses, user, write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


def test_an_account_row_has_the_model_s_fields_and_no_others(session: Session) -> None:
    """A kind is read from the declaration: fields, the required ones, the key; the partition is no column."""
    kind = Kind(session, ACCOUNTS)
    assert kind.fields == frozenset(AccountCreate.model_fields)
    assert kind.required == {
        "account_number",
        "account_name",
        "account_type",
        "time_zone",
        "billing_cycle_day",
    }
    assert kind.key_field == "account_number"


def test_a_user_row_names_its_account_unless_the_job_does(session: Session) -> None:
    """`account_id` and `account_number` are columns of a users file, not where `account_id=` is given."""
    free, bound = (
        Kind(session, USERS),
        Kind(session, USERS, ids={"account_id": "a-1"}),
    )
    assert free.fields - bound.fields == {"account_id", "account_number"}
    assert bound.fields == frozenset(UserCreate.model_fields)
    assert bound.read(user("ada")).ids == {"account_id": "a-1"}


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ({"account_id": "a-1"}, {"account_id": "a-1"}),
        ({"account_number": "ACME"}, {"account_number": "ACME"}),
        ({"account_id": "a-1", "account_number": "ACME"}, {"account_id": "a-1"}),
    ],
)
def test_an_id_wins_over_a_number(
    session: Session, values: Mapping[str, object], ids: Mapping[str, str]
) -> None:
    """A user's account is named by its id, or else by its number; neither goes into the body."""
    payload = Kind(session, USERS).read(user("ada", **values))
    assert (payload.key, payload.ids) == ("ada", ids)
    assert payload.model.model_dump(exclude_unset=True) == {"username": "ada", "time_zone": "US/Eastern"}


def test_a_user_row_without_an_account_is_invalid(session: Session) -> None:
    """Neither id nor number: the complaint names the field and what to give; so for a model."""
    kind = Kind(session, USERS)
    for row in (user("ada"), UserCreate.model_validate(user("ada"))):
        with pytest.raises(InvalidInputError) as caught:
            kind.read(row)
        assert [(error.field, error.message) for error in caught.value.fields] == [
            ("account_id", "is missing; give account_id or account_number")
        ]


def test_a_model_is_taken_as_it_is_and_another_model_is_refused(session: Session) -> None:
    """A model of the right kind is sent as it stands; one of another kind names both."""
    kind = Kind(session, ACCOUNTS)
    model = AccountCreate.model_validate(account("ACME"))
    assert kind.read(model).model is model
    assert kind.key_of(model) == "ACME"
    with pytest.raises(InvalidInputError, match=r"^the row is a UserCreate, not a AccountCreate$"):
        kind.read(UserCreate.model_validate(user("ada")))


def test_only_a_create_with_a_key_runs_in_bulk(session: Session) -> None:
    """A read, or an action without a natural key, is refused before anything is opened."""
    with pytest.raises(ConfigurationError, match="retrieveAccount cannot run in bulk: it is no create"):
        session.bulk.create(session.accounts.get, accounts(1))


async def test_any_declared_create_runs(session: Session, sandbox: Sandbox) -> None:
    """`bulk.create` takes the declaration and the ids all rows share."""
    owner = await session.accounts.create(AccountCreate.model_validate(account("ACME")))
    ids = {"account_id": owner.id or ""}
    report = await session.bulk.create(session.users.create, [user("ada"), user("bob")], ids=ids).run()
    assert statuses(report.results) == [(1, "created"), (2, "created")]
    assert [made.key for made in sandbox.store.created] == ["ACME", "ada", "bob"]


async def test_keys_of_a_mapping_may_be_camel_case(session: Session, sandbox: Sandbox) -> None:
    """`accountNumber` is `account_number`; an unknown key of a mapping is invalid and named."""
    wire = {
        "accountNumber": "ACME",
        "accountName": "Ardent",
        "accountType": "SIMPLE",
        "timeZone": "America/Detroit",
        "billingCycleDay": 1,
    }
    report = await session.bulk.create_accounts([wire, wire | {"accountNumber": "B-2", "color": "red"}]).run()
    assert statuses(report.results) == [(1, "created"), (2, "invalid")]
    assert "color" in str(report.results[1].error)
    (made,) = sandbox.store.accounts.values()
    assert (made["accountNumber"], made["timeZone"]) == ("ACME", "US/Eastern")


async def test_unknown_columns_of_a_file_are_kept_and_named_once(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A file's own column is not sent, is told once in the report, and stands in the result file."""
    source = write_csv(tmp_path / "in.csv", [row | {"Sales rep": "Ada"} for row in accounts(3)])
    report = await session.bulk.create_accounts(source, results=tmp_path / "out.csv").run()
    assert (report.created, report.unknown_columns) == (3, ("Sales rep",))
    assert {"Sales rep", "salesRep"} & set(next(iter(sandbox.store.accounts.values()))) == set()
    assert (tmp_path / "out.csv").read_text().count(",Ada,") == 3


@pytest.mark.parametrize("concurrency", [0, -1, 10_001, 1.5, True, "many", None])
def test_a_concurrency_that_cannot_be_meant_is_refused(session: Session, concurrency: object) -> None:
    """A number from 1 to 10,000 or `auto`, and nothing else."""
    with pytest.raises(ConfigurationError, match=r"concurrency is .*; give a number from 1 to 10000, or"):
        session.bulk.create_accounts(accounts(1), concurrency=concurrency)  # type: ignore[arg-type]


def test_the_kinds_that_take_one_account_for_all_rows(session: Session) -> None:
    """The workflow says so by its path; one whose rows name their account as a field of theirs is refused."""
    assert [name for name in WORKFLOWS if WORKFLOWS[name].takes_account_id] == ["users"]
    with pytest.raises(ConfigurationError, match="account_id does not go with delete-accounts: leave it out"):
        session.bulk.run("delete-accounts", [], ids={"account_id": "a-1"})
