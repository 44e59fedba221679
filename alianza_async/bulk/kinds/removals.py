"""The kinds `delete-accounts` and `suspend-accounts`: what is so already is left, and is `exists`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, model_validator

from alianza_async.bulk.engine.evidence import ACCOUNTS, Subject
from alianza_async.bulk.engine.steps import Made, Need, folded, step
from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.account_steps import READ_ACCOUNT, going
from alianza_async.bulk.kinds.changes import restore_fields
from alianza_async.bulk.kinds.found import differs, not_asked_for
from alianza_async.bulk.kinds.row_fields import complaint
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import NotFoundError, PermissionDeniedError, StepError, UnknownOutcomeError

if TYPE_CHECKING:
    from alianza_async.bulk.engine.private import Change
    from alianza_async.bulk.engine.steps import Item
    from alianza_async.calls.call import Reply
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
    """Return the row's account; None where it is deleted.

    Raises:
        ResponseShapeError: Another account was answered.
    """
    get, row = item.session.accounts.get, item.row
    try:
        if row.account_id is not None:
            reply = await get.raw(row.account_id)
            fits = reply.value.id == row.account_id
        else:
            asked = row.account_number or ""
            reply = await get.raw(asked, account_id_type="AccountNumber")
            fits = folded(reply.value.account_number or "") == folded(asked)
    except NotFoundError:
        await _confirm_gone(item)
        return None
    if not fits or reply.value.id is None:
        raise not_asked_for(get, reply, "account")
    return None if reply.value.status == "DELETED" else reply


async def _confirm_gone(item: Item[AccountRow]) -> None:
    """Make sure by another look-up that an account is gone: nothing is reported done on one answer of 404.

    Raises:
        UnknownOutcomeError: The search finds it, or its users are listed.
        StepError: The login may not look otherwise.
    """
    number, search = item.row.account_number, item.session.accounts.search
    if number is None:
        await _confirm_no_users(item, item.row.account_id or "")
        return
    reply = await search.raw(q=number)
    if any(each.account_number == number and each.account_status != "DELETED" for each in reply.value):
        raise UnknownOutcomeError(
            "its look-up says that it is not there, and the search finds it; look again",
            context=search.context(reply),
        )


async def _confirm_no_users(item: Item[AccountRow], account_id: str) -> None:
    """Make sure that an id is no account's: the search knows numbers alone, the list of users knows ids.

    Raises:
        UnknownOutcomeError: The account's users are listed, if only as none.
        StepError: The login may not list them.
    """
    users = item.session.users.list
    try:
        reply = await users.raw(account_id, limited_data=True)
    except NotFoundError:
        return
    except PermissionDeniedError:
        raise StepError(
            "there is no account with this id, and nothing confirms that it is gone: the login may not list "
            "its users; check the id"
        ) from None
    raise UnknownOutcomeError(
        "its look-up says that it is not there, and its users are listed; look again",
        context=users.context(reply),
    )


def _subject(item: Item[WriteModel]) -> Subject | None:
    return None if item.key is None else Subject(ACCOUNTS, item.key, account_id=item.key)


async def _the_id(item: Item[AccountRow]) -> str | None:
    """Return the account's id: journaled before anything is done to it."""
    reply = await _account(item)
    return None if reply is None else reply.value.id


# --- deleting -----------------------------------------------------------------------------------------------


async def _delete(item: Item[AccountRow]) -> Made:
    """Delete the account.

    `DELETE /v2/partition/{partitionId}/account/{accountId}`.
    """
    there = await _find_deleted(item)
    if there is not None:
        return there
    account_id = item.key or ""
    await item.session.accounts.delete(account_id)
    # An answer without a body proves nothing of itself: what is still there was not deleted.
    return Made(account_id, key=account_id if await _find_deleted(item) is not None else "still there")


async def _find_deleted(item: Item[AccountRow]) -> Made | None:
    """Look whether the account is deleted, or about to be."""
    reply = await _account(item)
    if reply is None:
        return Made(item.key, existed=True)
    if item.key is not None and reply.value.id != item.key:
        # Somebody has given its number to a new account since: the row is not about that one.
        return Made(item.key, existed=True)
    return Made(reply.value.id, existed=True) if going(reply.value) else None


async def _gone(item: Item[AccountRow]) -> Made:
    """Wait until the account is gone.

    Raises:
        Later: It is DELETE_PENDING yet.
    """
    deleted = item.made["deletion"].id
    reply = await _account(item)
    if reply is None or reply.value.id != deleted:
        return Made(deleted)
    raise item.later()


# --- suspending ---------------------------------------------------------------------------------------------


async def _status_change(item: Item[AccountRow]) -> Change | None:
    """Return what suspending changes: the account's status is journaled before it is sent."""
    account = await _found(item)
    return (
        None
        if account is None or _suspended(item, account)
        else {"status": [account.value.status, _SUSPENDED]}
    )


async def _suspend(item: Item[AccountRow]) -> Made:
    """Suspend the account.

    `PATCH /v2/partition/{partitionId}/account/{accountId}`.
    """
    account = await _found(item)
    if account is None or account.value.id is None:
        raise StepError("there is no such account; check its number or id")
    there = _suspended(item, account)
    if there is not None:
        return there
    patched = await item.session.accounts.patch(account.value.id, {"status": _SUSPENDED})
    done = patched.id is not None and patched.status in {None, _SUSPENDED}
    return Made(account.value.id, key=patched.id if done else "another account, or not suspended")


async def _found(item: Item[AccountRow]) -> Reply[Account] | None:
    """Return the account that the step is about; None where it is gone, or its number is another's now."""
    reply = await _account(item)
    return reply if reply is not None and item.key in {None, reply.value.id} else None


async def _find_suspended(item: Item[AccountRow]) -> Made | None:
    """Look whether the account is suspended.

    Raises:
        ConflictError: It is being deleted.
    """
    account = await _found(item)
    return None if account is None else _suspended(item, account)


def _suspended(item: Item[AccountRow], reply: Reply[Account]) -> Made | None:
    if going(reply.value):
        raise differs(item.session.accounts.get, reply, "status")
    return Made(reply.value.id, existed=True) if reply.value.status == _SUSPENDED else None


async def _restore(item: Item[WriteModel], made: Made) -> None:
    accounts = item.session.accounts
    await restore_fields(item, accounts.get, accounts.patch, {}, made)


DELETE_ACCOUNTS: Final = Workflow[AccountRow](
    "delete-accounts",
    step(
        "deletion",
        _delete,
        key=_the_id,
        find=_find_deleted,
        subject=_subject,
        purpose="delete",
        destroys=_DELETES,
        needs=(Need("Account", "DELETE"),),
        calls=5,
    ),
    step("gone", _gone, writes=False, after="deletion", calls=2),
    fields=AccountRow,
    key=("account_number", "account_id"),
    no_undo="a deleted account cannot be brought back",
    no_update="there is nothing to change in what is deleted",
)
"""Rows of `AccountRow`. Nothing can undo it."""

SUSPEND_ACCOUNTS: Final = Workflow[AccountRow](
    "suspend-accounts",
    step(
        "suspension",
        _suspend,
        key=_the_id,
        find=_find_suspended,
        change=_status_change,
        restore=_restore,
        subject=_subject,
        purpose="update",
        destroys=_SUSPENDS,
        needs=(Need("Account", "EDIT"), READ_ACCOUNT),
        calls=4,
    ),
    fields=AccountRow,
    key=("account_number", "account_id"),
)
"""Rows of `AccountRow`. Undone, an account has the status again that it had before."""
