"""Users: the people of an account who make and take calls."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Literal

from alianza_async import declare
from alianza_async.call import NaturalKey
from alianza_async.ensure import Ensured, ensure
from alianza_async.models.users import User, UserCreate
from alianza_async.operations import Resource

__all__ = ["Users"]

_USERS = "/v2/partition/{partition_id}/account/{account_id}/user"
_USER = _USERS + "/{user_id}"
_NAME = NaturalKey("username", _USERS + "/{key}", (("idType", "UserName"),))


class Users(Resource):
    """End users of an account."""

    @declare.post(_USERS, operation_id="createEndUser", key=_NAME)
    async def create(self, account_id: str, user: UserCreate, *, partition_id: str | None = None) -> User:
        """Create a user in an account.

        A lost answer is looked up by user name before anything is sent again.

        `POST /v2/partition/{partitionId}/account/{accountId}/user`.

        Raises:
            AlreadyExistsError: The name is taken, in this account, by a user equal in every field sent.
            ConflictError: The name is taken, in this account, by a different user.
            RequestRejectedError: The server refuses the user; `.fields` names what it complains of.
            UnknownOutcomeError: It may have been created, and the look-up failed.
        """
        ...

    @declare.get(_USER, operation_id="retrieveEndUser")
    async def get(
        self,
        account_id: str,
        user_id: str,
        *,
        id_type: Literal["ID", "UserName"] | None = None,
        partition_id: str | None = None,
    ) -> User:
        """Return one user, by id or by user name.

        `GET /v2/partition/{partitionId}/account/{accountId}/user/{userId}`.

        Raises:
            NotFoundError: There is none.
        """
        ...

    @declare.put(_USER, operation_id="updateEndUser")
    async def replace(
        self, account_id: str, user_id: str, user: User, *, partition_id: str | None = None
    ) -> User:
        """Put a user in the place of one; `update` is the same with the ids taken from the model.

        `PUT /v2/partition/{partitionId}/account/{accountId}/user/{userId}`.
        """
        ...

    @declare.delete(_USER, operation_id="deleteEndUser")
    async def delete(self, account_id: str, user_id: str, *, partition_id: str | None = None) -> None:
        """Delete a user.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/user/{userId}`.
        """
        ...

    async def get_by_name(self, account_id: str, username: str) -> User:
        """Return the user of an account who has a user name.

        Raises:
            NotFoundError: There is none.
        """
        return await self.get(account_id, username, id_type="UserName")

    async def update(self, user: User) -> User:
        """Send a user back as it is in the model: changed fields, unchanged ones and unknown ones.

        `PUT /v2/partition/{partitionId}/account/{accountId}/user/{userId}`.

        Args:
            user: A user as it was read, with changes; its `account_id` and `id` say which.

        Raises:
            InvalidInputError: It lacks one of them.
        """
        return await self.replace(user.account_id or "", user.id or "", user)

    async def ensure(self, account_id: str, user: UserCreate) -> Ensured[User]:
        """Look the user up by name, and create it where it is absent.

        Returns:
            `created`, `existed` (equal in every field sent) or `differs`, with the user as it is now.
        """
        return await ensure(self.create, account_id, user)

    # Last, because from here on `list` is this operation.
    @declare.get(_USERS, operation_id="retrieveEndUserList")
    async def list(
        self, account_id: str, *, limited_data: bool | None = None, partition_id: str | None = None
    ) -> list[User]:
        """Return every user of an account, in one answer.

        `GET /v2/partition/{partitionId}/account/{accountId}/user`.
        """
        ...
