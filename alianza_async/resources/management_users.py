"""Management users: administrators of a partition."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.management_users import (
    ManagementUser,
    ManagementUserCreate,
    ManagementUserPage,
    ManagementUserSso,
)
from alianza_async.resources.page_styles import BY_INDEX

__all__ = ["ManagementUsers"]

_USERS = "/v2/partition/{partition_id}/managementuser"
_USER_GROUPS = _USERS + "/usergroups"
_USER = _USERS + "/{user_id}"


class ManagementUsers(Resource):
    """Administrators of a partition."""

    tag = "Management User"

    @declare.post(_USERS, operation_id="createManagementUser", probe="management_users.search")
    async def create(self, user: ManagementUserCreate, *, partition_id: str | None = None) -> ManagementUser:
        """Create an administrator of the partition.

        `POST /v2/partition/{partitionId}/managementuser`.
        """
        ...

    @declare.get_pages(_USERS + "/search", operation_id="searchManagementUsers", style=BY_INDEX)
    async def search(
        self,
        *,
        descending: bool | None = None,
        first_result_index: int | None = None,
        max_result: int | None = None,
        search_string: str,
        sort_column: Literal["firstName", "lastName", "username"],
        partition_id: str | None = None,
    ) -> ManagementUserPage:
        """Return the administrators of the partition who match a text.

        `GET /v2/partition/{partitionId}/managementuser/search`.
        """
        ...

    @declare.get(_USER_GROUPS, operation_id="getManagementUserGroupCSV")
    async def export(self, *, partition_id: str | None = None) -> Download:
        """Download the administrators of the partition and their roles as CSV.

        `GET /v2/partition/{partitionId}/managementuser/usergroups`.
        """
        ...

    @declare.post(_USER_GROUPS, operation_id="bulkUpdateManagementUserRoles")
    async def import_(self, file: UploadSource, *, partition_id: str | None = None) -> list[str]:
        """Create or change the administrators that a CSV file lists, with their roles.

        `POST /v2/partition/{partitionId}/managementuser/usergroups`.
        """
        ...

    @declare.get(_USERS + "/validateproperties", operation_id="validateManagementUserProperties")
    async def validate(self, *, email: str, partition_id: str | None = None) -> bool:
        """Tell whether an e-mail address is free for an administrator.

        `GET /v2/partition/{partitionId}/managementuser/validateproperties`.
        """
        ...

    @declare.delete(_USER, operation_id="deleteManagementUser")
    async def delete(
        self, user_id: Annotated[str, declare.Named("id")], *, partition_id: str | None = None
    ) -> None:
        """Delete an administrator of the partition.

        `DELETE /v2/partition/{partitionId}/managementuser/{id}`.
        """
        ...

    @declare.get(_USER, operation_id="getManagementUser")
    async def get(
        self, user_id: Annotated[str, declare.Named("id")], *, partition_id: str | None = None
    ) -> ManagementUser:
        """Return one administrator of the partition.

        `GET /v2/partition/{partitionId}/managementuser/{id}`.
        """
        ...

    @declare.patch(_USER, operation_id="patchManagementUser")
    async def patch(
        self,
        user_id: Annotated[str, declare.Named("id")],
        changes: Mapping[str, object],
        *,
        partition_id: str | None = None,
    ) -> ManagementUser:
        """Change the given fields of an administrator of the partition.

        A name is that of a field of `ManagementUser`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/managementuser/{id}`.
        """
        ...

    @declare.put(_USER, operation_id="updateManagementUser")
    async def update(
        self,
        user_id: Annotated[str, declare.Named("id")],
        user: ManagementUser | ManagementUserCreate,
        *,
        partition_id: str | None = None,
    ) -> ManagementUser:
        """Put an administrator of the partition in the place of one.

        `PUT /v2/partition/{partitionId}/managementuser/{id}`.
        """
        ...

    @declare.put(
        _USER + "/resetpassword",
        operation_id="resetManagementUserPassword",
        operation_class=OperationClass.ACTION,
    )
    async def reset_password(
        self, user_id: Annotated[str, declare.Named("id")], *, partition_id: str | None = None
    ) -> ManagementUser:
        """Give an administrator of the partition a new password, by mail.

        `PUT /v2/partition/{partitionId}/managementuser/{id}/resetpassword`.
        """
        ...

    @declare.get(_USER + "/sso", operation_id="managementUserSso")
    async def sso_status(
        self, user_id: Annotated[str, declare.Named("id")], *, partition_id: str | None = None
    ) -> ManagementUserSso:
        """Tell how an administrator of the partition is linked to an identity provider.

        `GET /v2/partition/{partitionId}/managementuser/{id}/sso`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_USERS, operation_id="listManagementUsers")
    async def list(self, *, partition_id: str | None = None) -> list[ManagementUser]:
        """Return every administrator of the partition.

        `GET /v2/partition/{partitionId}/managementuser`.
        """
        ...
