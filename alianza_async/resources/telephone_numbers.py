"""Telephone numbers: stock, search, reservation, activation, orders, emergency addresses."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.models.shared_addresses import E911Address
from alianza_async.models.shared_numbers import (
    AccountTelephoneNumber,
    AccountTelephoneNumberWrite,
    NumberActivation,
    NumberActivationCreate,
)
from alianza_async.models.telephone_numbers import (
    ExternalNumber,
    ExternalNumberCreate,
    NumberDestination,
    NumberDestinationWrite,
    NumberUsage,
)
from alianza_async.resources._telephone_number_inventory import TelephoneNumberInventory
from alianza_async.resources._telephone_number_orders import TelephoneNumberOrders

__all__ = ["TelephoneNumbers"]

_NUMBERS = "/v2/partition/{partition_id}/account/{account_id}/telephonenumber"
_NUMBER = _NUMBERS + "/{tn}"
_E911_ADDRESS = _NUMBER + "/911-address"
_CORRECTION = _E911_ADDRESS + "/correction"


class TelephoneNumbers(TelephoneNumberOrders, TelephoneNumberInventory):
    """Telephone numbers: stock, search, reservation, activation, orders, emergency addresses."""

    tag = "Telephone Number"

    @declare.post(_NUMBERS, operation_id="createOrAddTelephoneNumberToAccount", probe="telephone_numbers.get")
    async def activate(
        self, account_id: str, activation: NumberActivationCreate, *, partition_id: str | None = None
    ) -> NumberActivation:
        """Put numbers on an account: from stock, new, or by a port from another carrier.

        `POST /v2/partition/{partitionId}/account/{accountId}/telephonenumber`.
        """
        ...

    @declare.post(
        _NUMBERS + "/external",
        operation_id="createOrUpdateExternalTelephoneNumberToAccount",
        probe="telephone_numbers.get",
    )
    async def add_external(
        self, account_id: str, number: ExternalNumberCreate, *, partition_id: str | None = None
    ) -> ExternalNumber:
        """Put a number that is live elsewhere on an account, or change it.

        `POST /v2/partition/{partitionId}/account/{accountId}/telephonenumber/external`.
        """
        ...

    @declare.get(_NUMBERS + "/groupid/{group_id}", operation_id="retrieveTelephoneNumbersByUserGroups")
    async def list_by_group(
        self, account_id: str, group_id: str, *, partition_id: str | None = None
    ) -> list[AccountTelephoneNumber]:
        """Return the numbers of the users in a group.

        `GET /v2/partition/{partitionId}/account/{accountId}/telephonenumber/groupid/{groupId}`.
        """
        ...

    @declare.delete(_NUMBER, operation_id="deleteTelephoneNumberOnAccount")
    async def delete(self, account_id: str, tn: str, *, partition_id: str | None = None) -> None:
        """Take a number off its account.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/telephonenumber/{tn}`.
        """
        ...

    @declare.get(_NUMBER, operation_id="retrieveTelephoneNumberOnAccount")
    async def get(
        self, account_id: str, tn: str, *, partition_id: str | None = None
    ) -> AccountTelephoneNumber:
        """Return one number of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/telephonenumber/{tn}`.
        """
        ...

    @declare.patch(_NUMBER, operation_id="patchTelephoneNumberOnAccount")
    async def patch(
        self, account_id: str, tn: str, changes: Mapping[str, object], *, partition_id: str | None = None
    ) -> AccountTelephoneNumber:
        """Change the given fields of a number of an account.

        A name is that of a field of `AccountTelephoneNumber`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/telephonenumber/{tn}`.
        """
        ...

    @declare.put(
        _NUMBER,
        operation_id="updateTelephoneNumberOnAccount",
        operation_class=OperationClass.ACTION,
        probe="telephone_numbers.get",
    )
    async def update(
        self,
        account_id: str,
        tn: str,
        number: AccountTelephoneNumber | AccountTelephoneNumberWrite,
        *,
        partition_id: str | None = None,
    ) -> AccountTelephoneNumber:
        """Put the settings of a number of an account in the place of those there are.

        `PUT /v2/partition/{partitionId}/account/{accountId}/telephonenumber/{tn}`.
        """
        ...

    @declare.get(_CORRECTION, operation_id="getE911Correction")
    async def e911_correction(
        self, account_id: str, tn: str, *, partition_id: str | None = None
    ) -> E911Address:
        """Return the emergency address as the emergency service would have it.

        `GET /v2/partition/{partitionId}/account/{accountId}/telephonenumber/{tn}/911-address/correction`.
        """
        ...

    @declare.put(
        _CORRECTION + "/accept",
        operation_id="acceptE911Correction",
        operation_class=OperationClass.ACTION,
        probe="telephone_numbers.get",
    )
    async def accept_e911_correction(
        self, account_id: str, tn: str, *, partition_id: str | None = None
    ) -> AccountTelephoneNumber:
        """Accept the emergency address as the emergency service would have it.

        `PUT /v2/partition/{partitionId}/account/{accountId}/telephonenumber/{tn}/911-address/correction/accept`.
        """
        ...

    @declare.put(
        _E911_ADDRESS + "/original/accept",
        operation_id="acceptOriginalE911",
        operation_class=OperationClass.ACTION,
        probe="telephone_numbers.get",
    )
    async def keep_e911_address(
        self,
        account_id: str,
        tn: str,
        *,
        latitude: str | None = None,
        longitude: str | None = None,
        partition_id: str | None = None,
    ) -> AccountTelephoneNumber:
        """Keep the emergency address as it was given.

        `PUT /v2/partition/{partitionId}/account/{accountId}/telephonenumber/{tn}/911-address/original/accept`.
        """
        ...

    @declare.get(_E911_ADDRESS + "/usages", operation_id="retrieveTelephoneNumberUsages")
    async def e911_usages(self, account_id: str, tn: str, *, partition_id: str | None = None) -> NumberUsage:
        """Tell which users of an account rely on a number's emergency address.

        `GET /v2/partition/{partitionId}/account/{accountId}/telephonenumber/{tn}/911-address/usages`.
        """
        ...

    @declare.put(_NUMBER + "/destination", operation_id="destination")
    async def set_destination(
        self,
        account_id: str,
        tn: str,
        destination: NumberDestination | NumberDestinationWrite,
        *,
        partition_id: str | None = None,
    ) -> NumberDestination:
        """Set where calls to a number go.

        `PUT /v2/partition/{partitionId}/account/{accountId}/telephonenumber/{tn}/destination`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_NUMBERS, operation_id="retrieveAccountTelephoneNumbers")
    async def list(
        self, account_id: str, *, limited_data: bool | None = None, partition_id: str | None = None
    ) -> list[AccountTelephoneNumber]:
        """Return every telephone number of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/telephonenumber`.
        """
        ...
