"""Pickup groups: users who may answer each other's calls."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.pickup_groups import PickupGroup, PickupGroupCreate

__all__ = ["PickupGroups"]

_GROUPS = "/v2/partition/{partition_id}/account/{account_id}/grouppickup"
_GROUP = _GROUPS + "/{pickup_group_id}"


class PickupGroups(Resource):
    """Users who may answer each other's calls."""

    tag = "Pickup Group"

    @declare.post(_GROUPS, operation_id="createPickupGroup")
    async def create(
        self, account_id: str, group: PickupGroupCreate, *, partition_id: str | None = None
    ) -> PickupGroup:
        """Create a pickup group.

        `POST /v2/partition/{partitionId}/account/{accountId}/grouppickup`.
        """
        ...

    @declare.delete(_GROUP, operation_id="deletePickupGroup")
    async def delete(self, account_id: str, pickup_group_id: str, *, partition_id: str | None = None) -> None:
        """Delete a pickup group.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/grouppickup/{pickupGroupId}`.
        """
        ...

    @declare.get(_GROUP, operation_id="getPickupGroup")
    async def get(
        self, account_id: str, pickup_group_id: str, *, partition_id: str | None = None
    ) -> PickupGroup:
        """Return one pickup group.

        `GET /v2/partition/{partitionId}/account/{accountId}/grouppickup/{pickupGroupId}`.
        """
        ...

    @declare.patch(_GROUP, operation_id="patchPickupGroup")
    async def patch(
        self,
        account_id: str,
        pickup_group_id: str,
        changes: Mapping[str, object],
        *,
        partition_id: str | None = None,
    ) -> PickupGroup:
        """Change the given fields of a pickup group.

        A name is that of a field of `PickupGroup`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/grouppickup/{pickupGroupId}`.
        """
        ...

    @declare.put(_GROUP, operation_id="updatePickupGroup")
    async def update(
        self,
        account_id: str,
        pickup_group_id: str,
        group: PickupGroup | PickupGroupCreate,
        *,
        partition_id: str | None = None,
    ) -> PickupGroup:
        """Put a pickup group in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/grouppickup/{pickupGroupId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_GROUPS, operation_id="getAllPickupGroups")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[PickupGroup]:
        """Return every pickup group of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/grouppickup`.
        """
        ...
