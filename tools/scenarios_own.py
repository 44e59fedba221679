"""A user's own small workflow, as the docs have one written: an account, then a user in it."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal, Protocol, cast

from alianza_async import AccountCreate, Item, Made, UserCreate, Workflow, step
from alianza_async.endpoints.models import WriteModel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from alianza_async.errors import ConflictError

_PLACES: Final = (
    "alianza_async.bulk",
    "alianza_async.bulk.engine.steps",
    "alianza_async.bulk.workflows.steps",
)


class _Steps(Protocol):
    """What is used of the module that has `create` and `find_created`."""

    create: Callable[..., Awaitable[Made]]
    find_created: Callable[..., Awaitable[Made | None]]


def _steps() -> _Steps:
    """Return the module that has them, wherever it is."""
    for place in _PLACES:
        try:
            module = import_module(place)
        except ImportError:
            continue
        if hasattr(module, "find_created"):
            return cast("_Steps", module)
    raise ImportError("find_created is in none of the modules where steps are written")


class Customer(WriteModel):
    """A row: an account and its first user."""

    account_number: str
    account_name: str
    account_type: Literal["SIMPLE", "ADVANCED"]
    time_zone: str
    billing_cycle_day: int
    username: str


def _account(item: Item[Customer]) -> AccountCreate:
    row = item.row
    return AccountCreate(
        account_number=row.account_number,
        account_name=row.account_name,
        account_type=row.account_type,
        time_zone=row.time_zone,
        billing_cycle_day=row.billing_cycle_day,
    )


def _user(item: Item[Customer]) -> UserCreate:
    return UserCreate(username=item.row.username, time_zone=item.row.time_zone)


def _place(item: Item[Customer]) -> dict[str, str]:
    return {"account_id": item.id_of("account")}


async def _create_account(item: Item[Customer]) -> Made:
    return await _steps().create(item.session.accounts.create, {}, _account(item))


async def _find_account(item: Item[Customer]) -> Made | None:
    return await _steps().find_created(item.session.accounts.create, {}, _account(item))


async def _update_account(item: Item[Customer], _conflict: ConflictError) -> Made:
    row = item.row
    there = await item.session.accounts.get_by_number(row.account_number)
    await item.session.accounts.patch(there.id or "", {"accountName": row.account_name})
    return Made(there.id)


async def _restore_account(item: Item[WriteModel], made: Made) -> None:
    change = cast("Mapping[str, list[str] | None]", getattr(made, "change", None) or {})
    old_and_new = next((value for name, value in change.items() if "name" in name.casefold()), None)
    there = await item.session.accounts.get(made.id or "")
    if old_and_new and there.account_name == old_and_new[1]:
        await item.session.accounts.patch(made.id or "", {"accountName": old_and_new[0]})


async def _delete_account(item: Item[WriteModel], made: Made) -> None:
    await item.session.accounts.delete(made.id or "")


async def _create_user(item: Item[Customer]) -> Made:
    made = await _steps().create(item.session.users.create, _place(item), _user(item))
    if item.choice("look") == "yes":
        there = await item.session.users.get(item.id_of("account"), made.id or "")
        return Made(there.id, key=there.username)
    return made


async def _find_user(item: Item[Customer]) -> Made | None:
    return await _steps().find_created(item.session.users.create, _place(item), _user(item))


async def _delete_user(item: Item[WriteModel], made: Made) -> None:
    await item.session.users.delete(item.id_of("account"), made.id or "")


class _Evidence(Protocol):
    """What is used of the module that says what account history is asked about."""

    Subject: Callable[..., object]
    ACCOUNTS: object
    USERS: object


def _subjects() -> dict[str, Callable[[Item[Customer]], object]]:
    """Return what account history is asked about, where the engine can be told."""
    if "subject" not in inspect.signature(step).parameters:
        return {}
    place = import_module("alianza_async.bulk.engine.evidence")
    return _asked_of(cast("_Evidence", place))


def _asked_of(evidence: _Evidence) -> dict[str, Callable[[Item[Customer]], object]]:
    subject = evidence.Subject
    return {
        "account": lambda item: subject(
            evidence.ACCOUNTS, item.row.account_number, account_number=item.row.account_number
        ),
        "user": lambda item: subject(evidence.USERS, item.row.username, account_id=item.id_of("account")),
    }


def _known(**options: object) -> dict[str, object]:
    """Return those options that `step` of this engine takes."""
    taken = inspect.signature(step).parameters
    return {name: value for name, value in options.items() if name in taken and value is not None}


def customers() -> Workflow[Customer]:
    """Return the workflow."""
    subjects = _subjects()
    declare = cast("Callable[..., object]", step)
    account = declare(
        "account",
        _create_account,
        key="account_number",
        find=_find_account,
        undo=_delete_account,
        **_known(update=_update_account, restore=_restore_account, subject=subjects.get("account")),
    )
    user = declare(
        "user",
        _create_user,
        key="username",
        find=_find_user,
        undo=_delete_user,
        after="account",
        **_known(subject=subjects.get("user")),
    )
    make = cast("Callable[..., Workflow[Customer]]", Workflow)
    choices = {"look": ("no", "yes")}  # whether its user is looked at once it is made
    return make("customers", account, user, fields=Customer, key="account_number", choices=choices)
