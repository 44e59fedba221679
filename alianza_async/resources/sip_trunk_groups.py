"""SIP trunks that share their forwarding rules."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.sip_trunk_groups import (
    SipTrunkGroup,
    SipTrunkGroupCreate,
    SipTrunkGroupForwardRules,
)

__all__ = ["SipTrunkGroups"]

_GROUPS = "/v2/partition/{partition_id}/account/{account_id}/siptrunkgroup"
_GROUP = _GROUPS + "/{group_id}"
_FORWARD = _GROUP + "/forward"


class SipTrunkGroups(Resource):
    """SIP trunks that share their forwarding rules."""

    tag = "SIP Trunk Group"

    @declare.post(_GROUPS, operation_id="createGroup")
    async def create(
        self, account_id: str, group: SipTrunkGroupCreate, *, partition_id: str | None = None
    ) -> SipTrunkGroup:
        """Create a SIP trunk group.

        `POST /v2/partition/{partitionId}/account/{accountId}/siptrunkgroup`.
        """
        ...

    @declare.delete(_GROUP, operation_id="deleteGroup")
    async def delete(self, account_id: str, group_id: str, *, partition_id: str | None = None) -> None:
        """Delete a SIP trunk group.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/siptrunkgroup/{groupId}`.
        """
        ...

    @declare.get(_GROUP, operation_id="getGroup")
    async def get(self, account_id: str, group_id: str, *, partition_id: str | None = None) -> SipTrunkGroup:
        """Return one SIP trunk group.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunkgroup/{groupId}`.
        """
        ...

    @declare.put(_GROUP, operation_id="updateGroup")
    async def update(
        self,
        account_id: str,
        group_id: str,
        group: SipTrunkGroup | SipTrunkGroupCreate,
        *,
        partition_id: str | None = None,
    ) -> SipTrunkGroup:
        """Put a SIP trunk group in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/siptrunkgroup/{groupId}`.
        """
        ...

    @declare.get(_FORWARD, operation_id="getFailover")
    async def get_forwarding(
        self, account_id: str, group_id: str, *, partition_id: str | None = None
    ) -> SipTrunkGroupForwardRules:
        """Return when, and where to, a group of trunks forwards calls.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunkgroup/{groupId}/forward`.
        """
        ...

    @declare.put(_FORWARD, operation_id="updateFailover")
    async def update_forwarding(
        self, account_id: str, group_id: str, *, partition_id: str | None = None
    ) -> SipTrunkGroupForwardRules:
        """Apply the forwarding of a group to its trunks, and return it.

        `PUT /v2/partition/{partitionId}/account/{accountId}/siptrunkgroup/{groupId}/forward`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_GROUPS, operation_id="listGroups")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[SipTrunkGroup]:
        """Return every SIP trunk group of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunkgroup`.
        """
        ...
