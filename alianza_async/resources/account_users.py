"""Account users: administrators of one account."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from alianza_async.calls.call import NaturalKey, OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.account_users import AccountUser, AccountUserCreate

__all__ = ["AccountUsers"]

_USERS = "/v2/partition/{partition_id}/account/{account_id}/accountuser"
_USER = _USERS + "/{user_id}"


class AccountUsers(Resource):
    """Administrators of one account."""

    tag = "Account User"

    @declare.post(
        _USERS,
        operation_id="createAccountUser",
        key=NaturalKey("username", _USERS + "/{key}", (("idType", "UserName"),), parent="account_id"),
    )
    async def create(
        self, account_id: str, user: AccountUserCreate, *, partition_id: str | None = None
    ) -> AccountUser:
        """Create an administrator of an account.

        `POST /v2/partition/{partitionId}/account/{accountId}/accountuser`.
        """
        ...

    @declare.delete(_USER, operation_id="deleteAccountUser")
    async def delete(self, account_id: str, user_id: str, *, partition_id: str | None = None) -> None:
        """Delete an administrator of an account.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/accountuser/{userId}`.
        """
        ...

    @declare.get(_USER, operation_id="getAccountUser")
    async def get(
        self,
        account_id: str,
        user_id: str,
        *,
        id_type: Literal["Id", "UserName"] | None = None,
        partition_id: str | None = None,
    ) -> AccountUser:
        """Return one administrator of an account, by id or by user name.

        `GET /v2/partition/{partitionId}/account/{accountId}/accountuser/{userId}`.
        """
        ...

    @declare.patch(_USER, operation_id="patchAccountUser")
    async def patch(
        self, account_id: str, user_id: str, changes: Mapping[str, object], *, partition_id: str | None = None
    ) -> AccountUser:
        """Change the given fields of an administrator of an account.

        A name is that of a field of `AccountUser`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/accountuser/{userId}`.
        """
        ...

    @declare.put(_USER, operation_id="updateAccountUser")
    async def update(
        self,
        account_id: str,
        user_id: str,
        user: AccountUser | AccountUserCreate,
        *,
        partition_id: str | None = None,
    ) -> AccountUser:
        """Put an administrator of an account in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/accountuser/{userId}`.
        """
        ...

    @declare.put(
        _USER + "/resetpassword",
        operation_id="resetAccountUserPassword",
        operation_class=OperationClass.ACTION,
    )
    async def reset_password(
        self, account_id: str, user_id: str, *, partition_id: str | None = None
    ) -> AccountUser:
        """Give an administrator of an account a new password, by mail.

        `PUT /v2/partition/{partitionId}/account/{accountId}/accountuser/{userId}/resetpassword`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_USERS, operation_id="getAccountUserList")
    async def list(
        self, account_id: str, *, limited_data: bool | None = None, partition_id: str | None = None
    ) -> list[AccountUser]:
        """Return every administrator of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/accountuser`.
        """
        ...
