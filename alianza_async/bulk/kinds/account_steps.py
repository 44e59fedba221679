"""Steps that make, find, change and delete accounts and users, and find those that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, cast

from alianza_async.bulk.engine.evidence import ACCOUNTS, USERS, Subject
from alianza_async.bulk.engine.shapes import ACCOUNT_ID, ACCOUNT_NUMBER
from alianza_async.bulk.engine.steps import Item, Made, Need, Step, create, find_created, folded, step
from alianza_async.bulk.kinds.changes import patch_differing, restore_fields
from alianza_async.bulk.kinds.found import differs, not_asked_for
from alianza_async.bulk.kinds.parents import AccountIds
from alianza_async.endpoints.models import WriteModel
from alianza_async.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alianza_async.bulk.kinds.row_parts import OwnerFields
    from alianza_async.calls.call import Reply
    from alianza_async.errors import ConflictError
    from alianza_async.models.accounts import Account, AccountCreate
    from alianza_async.models.users import UserCreate

__all__ = [
    "READ_ACCOUNT",
    "READ_USER",
    "account_step",
    "going",
    "owner_steps",
    "parent_step",
    "user_step",
]

R = TypeVar("R", bound=WriteModel)

READ_ACCOUNT: Final = Need("Account", "READ")
READ_USER: Final = Need("EU_User", "READ")
_PARENTS: Final = "account ids"


def account_step(body: Callable[[R], AccountCreate], *, shared: bool, after: Sequence[str] = ()) -> Step[R]:
    """Declare the step that creates a row's account.

    Args:
        body: Returns the account that a row asks for.
        shared: Whether several rows may be of one account.
        after: The steps that a row has to pass before it makes an account.
    """

    async def send(item: Item[R]) -> Made:
        return await create(item.session.accounts.create, {}, body(item.row))

    async def find(item: Item[R]) -> Made | None:
        made = await find_created(item.session.accounts.create, {}, body(item.row))
        if made is not None and going(cast("Account", made.value)):
            get = item.session.accounts.get
            raise differs(get, await get.raw(made.id or ""), "status", object_id=made.id)
        return made

    async def update(item: Item[R], there: ConflictError) -> Made:
        return await patch_differing(item.session.accounts.patch, {}, body(item.row), there)

    async def restore(item: Item[R], made: Made) -> None:
        accounts = item.session.accounts
        await restore_fields(item, accounts.get, accounts.patch, {}, made)

    return step(
        "account",
        send,
        key="account_number",
        find=find,
        update=update,
        restore=restore,
        undo=_delete_account,
        holders=_accounts_with_number,
        subject=_account_subject,
        after=after,
        shared=shared,
        irreversible="the account and its settings are gone; while it is DELETE_PENDING its number is taken",
        needs=(Need("Account", "CREATE"),),
    )


def user_step(body: Callable[[R], UserCreate]) -> Step[R]:
    """Declare the step that creates a row's user, in the account of the step `account`.

    Args:
        body: Returns the user that a row asks for.
    """

    async def send(item: Item[R]) -> Made:
        return await create(item.session.users.create, _in_account(item), body(item.row))

    async def find(item: Item[R]) -> Made | None:
        return await find_created(item.session.users.create, _in_account(item), body(item.row))

    async def update(item: Item[R], there: ConflictError) -> Made:
        return await patch_differing(item.session.users.patch, _in_account(item), body(item.row), there)

    async def restore(item: Item[R], made: Made) -> None:
        users = item.session.users
        await restore_fields(item, users.get, users.patch, _in_account(item), made)

    return step(
        "user",
        send,
        key="username",
        find=find,
        update=update,
        restore=restore,
        undo=_delete_user,
        holders=_users_with_name,
        subject=_user_subject,
        after="account",
        irreversible="the user's voicemail, greetings and settings are gone",
        needs=(Need("EU_User", "CREATE"),),
    )


def parent_step() -> Step[WriteModel]:
    """Declare the step that finds the account a user goes to: by its id, or by its number, asked once."""
    return step("account", _parent, writes=False, needs=(READ_ACCOUNT,), calls=0)


def _in_account(item: Item[R]) -> dict[str, str]:
    return {ACCOUNT_ID: item.id_of("account")}


async def _parent(item: Item[WriteModel]) -> Made:
    account_id = item.ids.get(ACCOUNT_ID)
    if account_id is None:
        ids = cast("AccountIds", item.shared.setdefault(_PARENTS, AccountIds(item.session)))
        account_id = await ids.find(item.ids[ACCOUNT_NUMBER])
    return Made(account_id, existed=True)


# --- looking ------------------------------------------------------------------------------------------------


def _account_subject(item: Item[R]) -> Subject | None:
    return None if item.key is None else Subject(ACCOUNTS, item.key, account_number=item.key)


def _user_subject(item: Item[R]) -> Subject | None:
    return None if item.key is None else Subject(USERS, item.key, account_id=item.id_of("account"))


async def _accounts_with_number(item: Item[R]) -> Sequence[str]:
    """Return every account that the search finds under a number.

    `GET /v2/partition/{partitionId}/account/search`.
    """
    wanted = folded(item.key or "")
    found = await item.session.accounts.search(q=item.key or "")
    return [each.id for each in found if each.id and folded(each.account_number or "") == wanted]


async def _users_with_name(item: Item[R]) -> Sequence[str]:
    """Return every user of the account who has a name."""
    wanted = folded(item.key or "")
    found = await item.session.users.list(item.id_of("account"))
    return [each.id for each in found if each.id and folded(each.username or "") == wanted]


# --- of an account there is ---------------------------------------------------------------------------------


def owner_steps(*, user_optional: bool = False) -> tuple[Step[OwnerFields], Step[OwnerFields]]:
    """Declare the steps that find the account and the user that a row names.

    Args:
        user_optional: Whether a row may name no user.
    """
    return (
        step("account", owner_account, writes=False, needs=(READ_ACCOUNT,)),
        step(
            "user",
            owner_user,
            writes=False,
            after="account",
            when=has_owner if user_optional else None,
            needs=(READ_USER,),
        ),
    )


async def owner_account(item: Item[OwnerFields]) -> Made:
    """Find the account that the row names.

    Raises:
        ResponseShapeError: Another account was answered.
        ConflictError: It is being deleted.
    """
    row, get = item.row, item.session.accounts.get
    reply: Reply[Account]
    if row.account_id is not None:
        reply = await get.raw(row.account_id)
        asked, answered = row.account_id, reply.value.id
    else:
        asked = row.account_number or ""
        reply = await get.raw(asked, account_id_type="AccountNumber")
        answered = reply.value.account_number
    if answered is None or folded(answered) != folded(asked):
        raise not_asked_for(get, reply, "account")
    if going(reply.value):
        raise differs(get, reply, "status")
    return Made(reply.value.id, existed=True, value=reply.value)


def has_owner(row: OwnerFields) -> bool:
    """Tell whether a row names a user."""
    return row.username is not None or row.user_id is not None


async def owner_user(item: Item[OwnerFields]) -> Made:
    """Find the user that the row names, in its account.

    Raises:
        ResponseShapeError: Another user was answered.
    """
    row, get, account = item.row, item.session.users.get, item.id_of("account")
    if row.user_id is not None:
        reply = await get.raw(account, row.user_id)
        asked, answered = row.user_id, reply.value.id
    else:
        asked = row.username or ""
        reply = await get.raw(account, asked, id_type="UserName")
        answered = reply.value.username
    if answered is None or folded(answered) != folded(asked):
        raise not_asked_for(get, reply, "user")
    return Made(reply.value.id, existed=True, value=reply.value)


# --- taking back --------------------------------------------------------------------------------------------


def going(account: Account) -> bool:
    """Tell whether an account is deleted, or about to be."""
    return account.status in {"DELETED", "DELETE_PENDING"}


async def _delete_user(item: Item[WriteModel], made: Made) -> None:
    """Delete the user that was made; gone already is done."""
    try:
        await item.session.users.delete(item.id_of("account"), made.id or "")
    except NotFoundError:
        return


async def _delete_account(item: Item[WriteModel], made: Made) -> None:
    """Delete the account that was made, and wait until it is gone.

    Raises:
        Later: Its deletion takes a while.
    """
    accounts = item.session.accounts
    account = await _account_by_id(item, made.id or "")
    if account is None and item.looks:
        return  # its deletion was answered before
    if account is None or not going(account):
        try:  # also where the look-up did not find it: that alone is no proof that it is gone
            await accounts.delete(made.id or "")
        except NotFoundError:
            return
        account = await _account_by_id(item, made.id or "")
    if account is not None and account.status != "DELETED":
        raise item.later()


async def _account_by_id(item: Item[WriteModel], account_id: str) -> Account | None:
    try:
        return await item.session.accounts.get(account_id)
    except NotFoundError:
        return None
