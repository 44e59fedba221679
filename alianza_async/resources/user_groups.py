"""User groups: named groups of an account's users."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.user_groups import UserGroupSettings, UserGroupSettingsCreate

__all__ = ["UserGroups"]

_SETTINGS = "/v2/user-groups/settings"


class UserGroups(Resource):
    """Named groups of an account's users."""

    tag = "User Groups"

    @declare.delete(_SETTINGS, operation_id="deleteUserGroup")
    async def delete(
        self,
        *,
        account_id: str,
        group_id: str,
        partition_id: Annotated[str | None, declare.FromClient("partitionId")] = None,
    ) -> None:
        """Delete a user group.

        `DELETE /v2/user-groups/settings`.
        """
        ...

    @declare.post(_SETTINGS, operation_id="createUserGroup")
    async def create(
        self,
        settings: UserGroupSettingsCreate,
        *,
        account_id: str,
        partition_id: Annotated[str | None, declare.FromClient("partitionId")] = None,
    ) -> UserGroupSettings:
        """Create a user group.

        `POST /v2/user-groups/settings`.
        """
        ...

    @declare.put(_SETTINGS, operation_id="updateUserGroup")
    async def update(
        self,
        settings: UserGroupSettingsCreate,
        *,
        account_id: str,
        group_id: str,
        partition_id: Annotated[str | None, declare.FromClient("partitionId")] = None,
    ) -> None:
        """Put a user group in the place of one.

        `PUT /v2/user-groups/settings`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_SETTINGS, operation_id="getUserGroups")
    async def list(
        self,
        *,
        account_id: str,
        group_id: str | None = None,
        user_id: str | None = None,
        partition_id: Annotated[str | None, declare.FromClient("partitionId")] = None,
    ) -> UserGroupSettings | None:
        """Return the user groups of an account, or None where there are none.

        `GET /v2/user-groups/settings`.
        """
        ...
