"""Dynamic inventory: telephone numbers that a carrier offers and delivers on order."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.dynamic_inventory import InventoryBatch, InventoryOrder
from alianza_async.models.shared_numbers import NumberOrderCreate

__all__ = ["DynamicInventory"]

_DYNAMIC_INVENTORY = "/v2/partition/{partition_id}/account/{account_id}/dynamic-inventory"


class DynamicInventory(Resource):
    """Telephone numbers that a carrier offers and delivers on order."""

    tag = "Dynamic Inventory"

    @declare.post(_DYNAMIC_INVENTORY + "/orders", operation_id="createDynamicInventoryOrders")
    async def order(
        self, account_id: str, order: NumberOrderCreate, *, partition_id: str | None = None
    ) -> InventoryOrder:
        """Order numbers from a carrier, to be activated as they come.

        `POST /v2/partition/{partitionId}/account/{accountId}/dynamic-inventory/orders`.
        """
        ...

    @declare.get(_DYNAMIC_INVENTORY + "/tn-search", operation_id="retrieveTnsFromCarriersDynamicInventory")
    async def search(
        self,
        account_id: str,
        *,
        npa: str | None = None,
        npa_nxx: Annotated[str | None, declare.Named("npa-nxx")] = None,
        qty: int | None = None,
        sequential: bool | None = None,
        partition_id: str | None = None,
    ) -> list[InventoryBatch]:
        """Return the blocks of numbers that carriers offer.

        `GET /v2/partition/{partitionId}/account/{accountId}/dynamic-inventory/tn-search`.
        """
        ...
