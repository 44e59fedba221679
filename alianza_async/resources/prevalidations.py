"""Prevalidations: checks of an address, a telephone number or a product before it is put on an account."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.prevalidations import E911Validation, PortAvailability
from alianza_async.models.shared_numbers import NumberActivation, NumberActivationCreate

__all__ = ["Prevalidations"]

_ACCOUNT = "/v2/partition/{partition_id}/account"


class Prevalidations(Resource):
    """Checks of an address, a telephone number or a product before it is put on an account."""

    tag = "Account Prevalidate"

    @declare.put(
        _ACCOUNT + "/e911/prevalidate",
        operation_id="preValidateAccountTn",
        operation_class=OperationClass.SAFE,
    )
    async def e911_address(
        self, activation: NumberActivation | NumberActivationCreate, *, partition_id: str | None = None
    ) -> E911Validation:
        """Check the emergency address of an activation to come; stores nothing.

        `PUT /v2/partition/{partitionId}/account/e911/prevalidate`.
        """
        ...

    @declare.post(
        _ACCOUNT + "/prevalidate", operation_id="preValidateAccount", operation_class=OperationClass.SAFE
    )
    async def telephone_number(
        self, activation: NumberActivationCreate, *, partition_id: str | None = None
    ) -> PortAvailability:
        """Check whether a number can be activated or ported in; stores nothing.

        `POST /v2/partition/{partitionId}/account/prevalidate`.
        """
        ...

    @declare.post(
        _ACCOUNT + "/{account_id}/product/prevalidate",
        operation_id="prevalidate",
        operation_class=OperationClass.SAFE,
    )
    async def product(self, account_id: str, *, partition_id: str | None = None) -> None:
        """Check whether an account can have another product; stores nothing.

        `POST /v2/partition/{partitionId}/account/{accountId}/product/prevalidate`.
        """
        ...
