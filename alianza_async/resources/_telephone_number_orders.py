"""Telephone number orders: orders of telephone numbers at carriers."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.shared_numbers import NumberOrder, NumberOrderCreate
from alianza_async.models.telephone_numbers import OrderCancellation

__all__ = ["TelephoneNumberOrders"]

_ORDERS = "/v2/partition/{partition_id}/account/{account_id}/telephonenumber/tn-requests"
_ACTION = _ORDERS + "/actions"
_ORDER = _ORDERS + "/{order_id}"


class TelephoneNumberOrders(Resource):
    """Orders of telephone numbers at carriers."""

    @declare.get(_ORDERS, operation_id="retrieveDynamicInventoryActivations")
    async def list_orders(
        self,
        account_id: str,
        *,
        archived: bool | None = None,
        get_all: bool | None = None,
        partition_id: str | None = None,
    ) -> list[NumberOrder]:
        """Return the orders of an account at carriers.

        `GET /v2/partition/{partitionId}/account/{accountId}/telephonenumber/tn-requests`.
        """
        ...

    @declare.post(
        _ORDERS,
        operation_id="createOrAddTelephoneNumberToAccountWithDynamicInventory",
        probe="telephone_numbers.list_orders",
    )
    async def order(
        self, account_id: str, order: NumberOrderCreate, *, partition_id: str | None = None
    ) -> NumberOrder:
        """Order a number from a carrier; which one it will be is not known yet.

        `POST /v2/partition/{partitionId}/account/{accountId}/telephonenumber/tn-requests`.
        """
        ...

    @declare.post(
        _ACTION + "/cancel",
        operation_id="cancelAndRemoveDynamicInventoryReservation",
        probe="telephone_numbers.get_order",
    )
    async def cancel_order(
        self, account_id: str, cancellation: OrderCancellation, *, partition_id: str | None = None
    ) -> None:
        """Call an order at a carrier off and file it away.

        `POST /v2/partition/{partitionId}/account/{accountId}/telephonenumber/tn-requests/actions/cancel`.
        """
        ...

    @declare.post(
        _ACTION + "/resubmit",
        operation_id="reviseAndResubmitDynamicInventoryReservation",
        probe="telephone_numbers.list_orders",
    )
    async def resubmit_order(
        self, account_id: str, order: NumberOrderCreate, *, partition_id: str | None = None
    ) -> NumberOrder:
        """Call an order at a carrier off and place a corrected one.

        `POST /v2/partition/{partitionId}/account/{accountId}/telephonenumber/tn-requests/actions/resubmit`.
        """
        ...

    @declare.get(_ORDER, operation_id="getDynamicInventoryActivation")
    async def get_order(
        self, account_id: str, order_id: str, *, partition_id: str | None = None
    ) -> NumberOrder:
        """Return one order at a carrier, whatever its state.

        `GET /v2/partition/{partitionId}/account/{accountId}/telephonenumber/tn-requests/{orderId}`.
        """
        ...

    @declare.put(
        _ORDER,
        operation_id="updateTelephoneNumberToAccountWithDynamicInventory",
        operation_class=OperationClass.ACTION,
        probe="telephone_numbers.get_order",
    )
    async def update_order(
        self,
        account_id: str,
        order_id: str,
        order: NumberOrder | NumberOrderCreate,
        *,
        partition_id: str | None = None,
    ) -> NumberOrder:
        """Put an order at a carrier in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/telephonenumber/tn-requests/{orderId}`.
        """
        ...

    @declare.post(_ORDER + "/refresh", operation_id="refreshDynamicInventoryActivation")
    async def refresh_order(self, account_id: str, order_id: str, *, partition_id: str | None = None) -> None:
        """Ask the carrier how far an order has come.

        `POST /v2/partition/{partitionId}/account/{accountId}/telephonenumber/tn-requests/{orderId}/refresh`.
        """
        ...
