"""Steps that make, find and delete accounts and users."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from alianza_async.bulk.workflows.found import differs
from alianza_async.bulk.workflows.steps import Made, create, find_created
from alianza_async.errors import NotFoundError

if TYPE_CHECKING:
    from alianza_async.bulk.provisioning.row_parts import OwnerFields
    from alianza_async.bulk.provisioning.subscriber_row import SubscriberRow
    from alianza_async.bulk.workflows.steps import Item
    from alianza_async.call import Reply
    from alianza_async.models.accounts import Account
    from alianza_async.models.base import WriteModel

__all__ = [
    "create_account",
    "create_user",
    "delete_account",
    "delete_user",
    "find_account",
    "find_user",
    "going",
    "has_owner",
    "owner_account",
    "owner_user",
]


# --- of a new subscriber ------------------------------------------------------------------------------------


async def create_account(item: Item[SubscriberRow]) -> Made:
    """Create the row's account."""
    return await create(item.session.accounts.create, {}, item.row.account())


async def find_account(item: Item[SubscriberRow]) -> Made | None:
    """Look the row's account up by its number; one that is being deleted is none to build on."""
    made = await find_created(item.session.accounts.create, {}, item.row.account())
    if made is not None and going(cast("Account", made.value)):
        get = item.session.accounts.get
        raise differs(get, await get.raw(made.id or ""), "status")
    return made


async def create_user(item: Item[SubscriberRow]) -> Made:
    """Create the row's user."""
    ids = {"account_id": item.id_of("account")}
    return await create(item.session.users.create, ids, item.row.user())


async def find_user(item: Item[SubscriberRow]) -> Made | None:
    """Look the row's user up by its name, in its account."""
    ids = {"account_id": item.id_of("account")}
    return await find_created(item.session.users.create, ids, item.row.user())


# --- of an account there is ---------------------------------------------------------------------------------


async def owner_account(item: Item[OwnerFields]) -> Made:
    """Find the account that the row names."""
    row, get = item.row, item.session.accounts.get
    reply: Reply[Account]
    if row.account_id is not None:
        reply = await get.raw(row.account_id)
    else:
        reply = await get.raw(row.account_number or "", account_id_type="AccountNumber")
    if going(reply.value):
        raise differs(get, reply, "status")
    return Made(reply.value.id, existed=True, value=reply.value)


def has_owner(row: OwnerFields) -> bool:
    """Tell whether a row names a user."""
    return row.username is not None or row.user_id is not None


async def owner_user(item: Item[OwnerFields]) -> Made:
    """Find the user that the row names, in its account."""
    row, users, account = item.row, item.session.users, item.id_of("account")
    if row.user_id is not None:
        found = await users.get(account, row.user_id)
    else:
        found = await users.get_by_name(account, row.username or "")
    return Made(found.id, existed=True, value=found)


# --- taking back --------------------------------------------------------------------------------------------


def going(account: Account) -> bool:
    """Tell whether an account is deleted, or about to be."""
    return account.status in {"DELETED", "DELETE_PENDING"}


async def delete_user(item: Item[WriteModel], made: Made) -> None:
    """Delete the user that was made; gone already is done."""
    try:
        await item.session.users.delete(item.id_of("account"), made.id or "")
    except NotFoundError:
        return


async def delete_account(item: Item[WriteModel], made: Made) -> None:
    """Delete the account that was made, and wait until it is gone.

    Raises:
        Settle: Its deletion takes a while.
    """
    accounts = item.session.accounts
    try:
        account = await accounts.get(made.id or "")
        if not going(account):
            await accounts.delete(made.id or "")
            account = await accounts.get(made.id or "")
    except NotFoundError:
        return
    if account.status != "DELETED":
        raise item.later()
