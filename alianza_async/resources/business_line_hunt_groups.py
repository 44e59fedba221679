"""Business line hunt groups: groups of business lines that ring by a scheme, with failover and forwarding."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.business_line_hunt_groups import (
    FailoverAction,
    FailoverActionWrite,
    FailoverReason,
    ForwardConfiguration,
    ForwardConfigurationCreate,
    HuntGroup,
    HuntGroupCreate,
    PartitionStarCodes,
)

__all__ = ["BusinessLineHuntGroups"]

_HUNT_GROUPS = "/v2/partition/{partition_id}/account/{account_id}/business-line-hunt-group"
_HUNT_GROUP = _HUNT_GROUPS + "/{hunt_group_id}"
_FORWARDINGS = _HUNT_GROUP + "/forward-configuration"
_FAILOVER = _HUNT_GROUP + "/failover-action/{reason}"
_FORWARDING = _FORWARDINGS + "/{forwarding_id}"


class BusinessLineHuntGroups(Resource):
    """Groups of business lines that ring by a scheme, with failover and forwarding."""

    tag = "Business Line Hunt Group"

    @declare.post(_HUNT_GROUPS, operation_id="createBusinessLineHuntGroup")
    async def create(
        self, account_id: str, group: HuntGroupCreate, *, partition_id: str | None = None
    ) -> HuntGroup:
        """Create a hunt group.

        `POST /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group`.
        """
        ...

    @declare.delete(_HUNT_GROUP, operation_id="deleteBusinessLineHuntGroup")
    async def delete(self, account_id: str, hunt_group_id: str, *, partition_id: str | None = None) -> None:
        """Delete a hunt group.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}`.
        """
        ...

    @declare.get(_HUNT_GROUP, operation_id="retrieveBusinessLineHuntGroup")
    async def get(self, account_id: str, hunt_group_id: str, *, partition_id: str | None = None) -> HuntGroup:
        """Return one hunt group.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}`.
        """
        ...

    @declare.put(_HUNT_GROUP, operation_id="updateBusinessLineHuntGroup")
    async def update(
        self,
        account_id: str,
        hunt_group_id: str,
        group: HuntGroup | HuntGroupCreate,
        *,
        partition_id: str | None = None,
    ) -> HuntGroup:
        """Put a hunt group in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}`.
        """
        ...

    @declare.get(_FAILOVER, operation_id="getBusinessLineHuntGroupFailoverAction")
    async def get_failover(
        self, account_id: str, hunt_group_id: str, reason: FailoverReason, *, partition_id: str | None = None
    ) -> FailoverAction:
        """Return what a hunt group does for one reason of failure.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}/failover-action/{reason}`.
        """
        ...

    @declare.put(_FAILOVER, operation_id="updateBusinessLineHuntGroupFailoverAction")
    async def update_failover(
        self,
        account_id: str,
        hunt_group_id: str,
        reason: FailoverReason,
        action: FailoverAction | FailoverActionWrite,
        *,
        partition_id: str | None = None,
    ) -> FailoverAction:
        """Set what a hunt group does for one reason of failure.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}/failover-action/{reason}`.
        """
        ...

    @declare.get(_FORWARDINGS, operation_id="getBusinessLineHuntGroupForwardingConfigurations")
    async def list_forwarding(
        self, account_id: str, hunt_group_id: str, *, partition_id: str | None = None
    ) -> list[ForwardConfiguration]:
        """Return every forwarding of a hunt group.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}/forward-configuration`.
        """
        ...

    @declare.post(_FORWARDINGS, operation_id="createBusinessLineHuntGroupForwardingConfiguration")
    async def create_forwarding(
        self,
        account_id: str,
        hunt_group_id: str,
        configuration: ForwardConfigurationCreate,
        *,
        partition_id: str | None = None,
    ) -> ForwardConfiguration:
        """Add a forwarding to a hunt group.

        `POST /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}/forward-configuration`.
        """
        ...

    @declare.delete(_FORWARDING, operation_id="deleteBusinessLineHuntGroupForwardingConfiguration")
    async def delete_forwarding(
        self,
        account_id: str,
        hunt_group_id: str,
        forwarding_id: Annotated[str, declare.Named("id")],
        *,
        partition_id: str | None = None,
    ) -> None:
        """Delete a forwarding of a hunt group.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}/forward-configuration/{id}`.
        """
        ...

    @declare.get(_FORWARDING, operation_id="getBusinessLineHuntGroupForwardingConfiguration")
    async def get_forwarding(
        self,
        account_id: str,
        hunt_group_id: str,
        forwarding_id: Annotated[str, declare.Named("id")],
        *,
        partition_id: str | None = None,
    ) -> ForwardConfiguration:
        """Return one forwarding of a hunt group.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}/forward-configuration/{id}`.
        """
        ...

    @declare.put(_FORWARDING, operation_id="updateBusinessLineHuntGroupForwardingConfiguration")
    async def update_forwarding(
        self,
        account_id: str,
        hunt_group_id: str,
        forwarding_id: Annotated[str, declare.Named("id")],
        configuration: ForwardConfiguration | ForwardConfigurationCreate,
        *,
        partition_id: str | None = None,
    ) -> ForwardConfiguration:
        """Put a forwarding of a hunt group in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}/forward-configuration/{id}`.
        """
        ...

    @declare.get(_FORWARDING + "/constraints/star-code", operation_id="getAvailableStarCodes")
    async def star_codes(
        self,
        account_id: str,
        hunt_group_id: str,
        forwarding_id: Annotated[str, declare.Named("id")],
        *,
        partition_id: str | None = None,
    ) -> PartitionStarCodes:
        """Return the star codes still free for a forwarding.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group/{huntGroupId}/forward-configuration/{id}/constraints/star-code`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_HUNT_GROUPS, operation_id="retrieveBusinessLineHuntGroups")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[HuntGroup]:
        """Return every hunt group of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line-hunt-group`.
        """
        ...
