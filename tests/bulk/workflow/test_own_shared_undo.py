"""What several rows of a workflow of one's own share is deleted only where none of them needs it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async import AccountCreate, UserCreate
from alianza_async.bulk import Item, Made, Workflow, create, find_created, step
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.undoing.undo import undo
from alianza_async.endpoints.models import WriteModel
from tests.bulk.undo_jobs import sentences

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


class Seat(WriteModel):
    """A user of a customer."""

    customer: str
    username: str


def _account(item: Item[Seat]) -> AccountCreate:
    return AccountCreate(
        account_number=item.row.customer,
        account_name="Ardent Bakery",
        account_type="SIMPLE",
        time_zone="US/Eastern",
        billing_cycle_day=5,
    )


def _user(item: Item[Seat]) -> UserCreate:
    return UserCreate(username=item.row.username, time_zone="US/Eastern")


async def _make_customer(item: Item[Seat]) -> Made:
    return await create(item.session.accounts.create, {}, _account(item))


async def _find_customer(item: Item[Seat]) -> Made | None:
    return await find_created(item.session.accounts.create, {}, _account(item))


async def _delete_customer(item: Item[Seat], made: Made) -> None:
    await item.session.accounts.delete(made.id or "")


async def _make_user(item: Item[Seat]) -> Made:
    return await create(item.session.users.create, {"account_id": item.id_of("customer")}, _user(item))


async def _find_user(item: Item[Seat]) -> Made | None:
    return await find_created(item.session.users.create, {"account_id": item.id_of("customer")}, _user(item))


async def _delete_user(item: Item[Seat], made: Made) -> None:
    await item.session.users.delete(item.id_of("customer"), made.id or "")


SEATS = Workflow(
    "seats",
    step("customer", _make_customer, key="customer", find=_find_customer, undo=_delete_customer, shared=True),
    step("user", _make_user, key="username", find=_find_user, undo=_delete_user, after="customer"),
    fields=Seat,
    key="username",
)


async def test_what_other_rows_need_is_not_deleted(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The row that made the customer is undone alone: the customer stays, for others are in it."""
    path = tmp_path / "job.db"
    rows = [{"customer": "ACME-1", "username": f"user-{number}"} for number in range(1, 4)]
    report = await session.bulk.workflow(SEATS, rows, journal=path).run()
    assert report.all_done
    with JournalReader(path) as reader:
        maker = next(row for row in (1, 2, 3) if reader.steps(row)["customer"].status == "created")

    alone = await undo(session, path, workflow=SEATS, source=rows, only=[maker])

    assert (alone.refused, sandbox.truth().requests.get("deleteAccount", 0)) == (1, 0)
    assert "of this job needs its customer" in sentences(alone)[maker]
    rest = await undo(session, path, workflow=SEATS, source=rows)
    assert (rest.all_done, sandbox.truth().accounts, sandbox.truth().users) == (True, 0, 0)
