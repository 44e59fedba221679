"""Call groups: users and devices that ring together."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.call_groups import CallGroup, CallGroupCreate
from alianza_async.models.enums import MemberType

__all__ = ["CallGroups"]

_GROUPS = "/v2/partition/{partition_id}/account/{account_id}/group"
_GROUP = _GROUPS + "/{call_group_id}"


class CallGroups(Resource):
    """Users and devices that ring together."""

    tag = "Call Group"

    @declare.post(_GROUPS, operation_id="createCallGroup")
    async def create(
        self, account_id: str, group: CallGroupCreate, *, partition_id: str | None = None
    ) -> CallGroup:
        """Create a call group.

        `POST /v2/partition/{partitionId}/account/{accountId}/group`.
        """
        ...

    @declare.delete(_GROUP, operation_id="deleteCallGroup")
    async def delete(self, account_id: str, call_group_id: str, *, partition_id: str | None = None) -> None:
        """Delete a call group.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/group/{callGroupId}`.
        """
        ...

    @declare.get(_GROUP, operation_id="getCallGroup")
    async def get(self, account_id: str, call_group_id: str, *, partition_id: str | None = None) -> CallGroup:
        """Return one call group.

        `GET /v2/partition/{partitionId}/account/{accountId}/group/{callGroupId}`.
        """
        ...

    @declare.patch(_GROUP, operation_id="patchCallGroup")
    async def patch(
        self,
        account_id: str,
        call_group_id: str,
        changes: Mapping[str, object],
        *,
        partition_id: str | None = None,
    ) -> CallGroup:
        """Change the given fields of a call group.

        A name is that of a field of `CallGroup`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/group/{callGroupId}`.
        """
        ...

    @declare.put(_GROUP, operation_id="updateCallGroup")
    async def update(
        self,
        account_id: str,
        call_group_id: str,
        group: CallGroup | CallGroupCreate,
        *,
        partition_id: str | None = None,
    ) -> CallGroup:
        """Put a call group in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/group/{callGroupId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_GROUPS, operation_id="getAllCallGroups")
    async def list(
        self,
        account_id: str,
        *,
        member_id: str | None = None,
        member_type: MemberType | None = None,
        partition_id: str | None = None,
    ) -> list[CallGroup]:
        """Return the call groups of an account, all or those of one member.

        `GET /v2/partition/{partitionId}/account/{accountId}/group`.
        """
        ...
