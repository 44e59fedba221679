"""The workflows `delete-accounts` and `suspend-accounts`: what is so already is left, and is `exists`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, model_validator

from alianza_async.bulk.provisioning.account_steps import going
from alianza_async.bulk.provisioning.row_fields import complaint
from alianza_async.bulk.workflows.found import differs
from alianza_async.bulk.workflows.steps import Made, step
from alianza_async.bulk.workflows.workflow import Workflow
from alianza_async.errors import NotFoundError, StepError
from alianza_async.models.base import WriteModel

if TYPE_CHECKING:
    from alianza_async.bulk.workflows.steps import Item
    from alianza_async.call import Reply
    from alianza_async.models.accounts import Account

__all__ = ["DELETE_ACCOUNTS", "SUSPEND_ACCOUNTS", "AccountRow"]

_Text = Annotated[str, Field(min_length=1, max_length=256)]
_SUSPENDED: Final = "SUSPENDED"
_DELETES: Final = (
    "deletes each account with its users, numbers, devices and settings, for good: no undo brings it back"
)
_SUSPENDS: Final = (
    "cuts off the service of each account, emergency calls included, until the suspension is undone"
)


class AccountRow(WriteModel):
    """An account: by its number, or by its id."""

    account_number: _Text | None = None
    account_id: _Text | None = None

    @model_validator(mode="after")
    def _names_an_account(self) -> AccountRow:
        if (self.account_number is None) == (self.account_id is None):
            raise complaint("account_number", "or account_id is what names the account: give one of the two")
        return self


async def _account(item: Item[AccountRow]) -> Reply[Account] | None:
    """Return the row's account; None where it is deleted."""
    get, row = item.session.accounts.get, item.row
    try:
        if row.account_id is not None:
            reply = await get.raw(row.account_id)
        else:
            reply = await get.raw(row.account_number or "", account_id_type="AccountNumber")
    except NotFoundError:
        return None
    return None if reply.value.status == "DELETED" else reply


async def _the_id(item: Item[AccountRow]) -> str | None:
    """Return the account's id: written down before anything is done to it."""
    reply = await _account(item)
    return None if reply is None else reply.value.id


async def _delete(item: Item[AccountRow]) -> Made:
    """Delete the account.

    `DELETE /v2/partition/{partitionId}/account/{accountId}`.
    """
    there = await _find_deleted(item)
    if there is not None:
        return there
    account_id = item.key or ""
    await item.session.accounts.delete(account_id)
    return Made(account_id)


async def _find_deleted(item: Item[AccountRow]) -> Made | None:
    """Look whether the account is deleted, or about to be."""
    reply = await _account(item)
    if reply is None:
        return Made(item.key, existed=True)
    if item.key is not None and reply.value.id != item.key:
        # Somebody has given its number to a new account since: that one is not meant.
        return Made(item.key, existed=True)
    return Made(reply.value.id, existed=True) if going(reply.value) else None


async def _gone(item: Item[AccountRow]) -> Made:
    """Wait until the account is gone.

    Raises:
        Settle: It is DELETE_PENDING yet.
    """
    deleted = item.made["deletion"].id
    reply = await _account(item)
    if reply is None or reply.value.id != deleted:
        return Made(deleted)
    raise item.later()


async def _status_before(item: Item[AccountRow]) -> str | None:
    """Return the account's status: written down before it is changed."""
    reply = await _account(item)
    return None if reply is None else reply.value.status


async def _suspend(item: Item[AccountRow]) -> Made:
    """Suspend the account.

    `PATCH /v2/partition/{partitionId}/account/{accountId}`.
    """
    reply = await _account(item)
    if reply is None or reply.value.id is None:
        raise StepError("there is no such account; check its number or id")
    there = _suspended(item, reply)
    if there is not None:
        return there
    await item.session.accounts.patch(reply.value.id, {"status": _SUSPENDED})
    return Made(reply.value.id)


async def _find_suspended(item: Item[AccountRow]) -> Made | None:
    """Look whether the account is suspended.

    Raises:
        ConflictError: It is being deleted.
    """
    reply = await _account(item)
    return None if reply is None else _suspended(item, reply)


def _suspended(item: Item[AccountRow], reply: Reply[Account]) -> Made | None:
    if going(reply.value):
        raise differs(item.session.accounts.get, reply, "status")
    return Made(reply.value.id, existed=True) if reply.value.status == _SUSPENDED else None


async def _restore(item: Item[WriteModel], made: Made) -> None:
    """Give the account the status again that it had; where it is gone there is nothing to give."""
    try:
        await item.session.accounts.patch(made.id or "", {"status": made.key or "ACTIVE"})
    except NotFoundError:
        return


DELETE_ACCOUNTS: Final = Workflow(
    "delete-accounts",
    step("deletion", _delete, key=_the_id, find=_find_deleted, makes="updated", destroys=_DELETES),
    step("gone", _gone, writes=False, after="deletion"),
    fields=AccountRow,
    key=("account_number", "account_id"),
)
"""Rows of `AccountRow`. Nothing can undo it."""

SUSPEND_ACCOUNTS: Final = Workflow(
    "suspend-accounts",
    step(
        "suspension",
        _suspend,
        key=_status_before,
        find=_find_suspended,
        makes="updated",
        undo=_restore,
        destroys=_SUSPENDS,
    ),
    fields=AccountRow,
    key=("account_number", "account_id"),
)
"""Rows of `AccountRow`. Undone, an account has the status again that it had before."""
