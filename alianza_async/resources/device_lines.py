"""Device lines: lines of an account's devices: what rings where, and how it is provisioned."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.device_lines import ProvisionedDevice, RequestedDevice
from alianza_async.models.shared_devices import (
    DeviceLine,
    DeviceLineCreate,
    DeviceLineRegistration,
    DeviceLineSwap,
    DeviceStatus,
    ProvisioningRequest,
)

__all__ = ["DeviceLines"]

_PARTITION = "/v2/partition/{partition_id}"
_PROVISIONING = _PARTITION + "/deviceprovisioning"
_LINES = _PARTITION + "/account/{account_id}/deviceline"
_LINE = _LINES + "/{device_id}"
_SWAP = _LINE + "/swap"

FilterType = Literal["MAC_ADDRESS", "MAC_ADDRESS_INVENTORY", "OWNING_USERID", "REFERENCED_USERID", "ACCOUNT"]


class DeviceLines(Resource):
    """Lines of an account's devices: what rings where, and how it is provisioned."""

    tag = "Account Device Line"

    @declare.post(_LINES, operation_id="createDevice", probe="account_devices.list_lines")
    async def create(
        self, account_id: str, line: DeviceLineCreate, *, partition_id: str | None = None
    ) -> DeviceLine:
        """Create a device line.

        `POST /v2/partition/{partitionId}/account/{accountId}/deviceline`.
        """
        ...

    @declare.delete(_LINE, operation_id="removeDevice")
    async def delete(self, account_id: str, device_id: str, *, partition_id: str | None = None) -> None:
        """Delete a device line.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/deviceline/{deviceId}`.
        """
        ...

    @declare.get(_LINE, operation_id="getDevice")
    async def get(self, account_id: str, device_id: str, *, partition_id: str | None = None) -> DeviceLine:
        """Return one device line.

        `GET /v2/partition/{partitionId}/account/{accountId}/deviceline/{deviceId}`.
        """
        ...

    @declare.patch(_LINE, operation_id="updateDevice")
    async def patch(
        self,
        account_id: str,
        device_id: str,
        changes: Mapping[str, object],
        *,
        partition_id: str | None = None,
    ) -> DeviceLine:
        """Change the given fields of a device line.

        A name is that of a field of `DeviceLine`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/deviceline/{deviceId}`.
        """
        ...

    @declare.put(_LINE, operation_id="putDevice")
    async def update(
        self,
        account_id: str,
        device_id: str,
        line: DeviceLine | DeviceLineCreate,
        *,
        partition_id: str | None = None,
    ) -> DeviceLine:
        """Put a device line in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/deviceline/{deviceId}`.
        """
        ...

    @declare.get(_LINE + "/provisioning", operation_id="provisioningInfo")
    async def provisioning(
        self, account_id: str, device_id: str, *, partition_id: str | None = None
    ) -> ProvisioningRequest:
        """Return when, and with what, a device last fetched a line's configuration.

        `GET /v2/partition/{partitionId}/account/{accountId}/deviceline/{deviceId}/provisioning`.
        """
        ...

    @declare.get(_LINE + "/provisioningstatus", operation_id="provisioningStatus")
    async def provisioning_status(
        self, account_id: str, device_id: str, *, partition_id: str | None = None
    ) -> DeviceStatus:
        """Tell how far the provisioning of a device line has come.

        `GET /v2/partition/{partitionId}/account/{accountId}/deviceline/{deviceId}/provisioningstatus`.
        """
        ...

    @declare.get(_LINE + "/registrationstatus", operation_id="registrationStatus")
    async def registration_status(
        self, account_id: str, device_id: str, *, partition_id: str | None = None
    ) -> DeviceLineRegistration:
        """Tell whether a device line is registered, and from where.

        `GET /v2/partition/{partitionId}/account/{accountId}/deviceline/{deviceId}/registrationstatus`.
        """
        ...

    @declare.post(_SWAP, operation_id="swapDevice", probe="device_lines.get")
    async def swap(
        self, account_id: str, device_id: str, swap: DeviceLineSwap, *, partition_id: str | None = None
    ) -> DeviceLine:
        """Move a line to a device with another MAC address.

        `POST /v2/partition/{partitionId}/account/{accountId}/deviceline/{deviceId}/swap`.
        """
        ...

    @declare.get(_SWAP + "/prevalidate", operation_id="swapPrevalidate")
    async def prevalidate_swap(
        self,
        account_id: str,
        device_id: str,
        *,
        mac_address: Annotated[str, declare.Named("macaddress")],
        partition_id: str | None = None,
    ) -> bool:
        """Tell whether a line can move to a MAC address.

        `GET /v2/partition/{partitionId}/account/{accountId}/deviceline/{deviceId}/swap/prevalidate`.
        """
        ...

    @declare.get(_PROVISIONING + "/account/{account_id}/device/{device_id}", operation_id="provisioningData")
    async def provisioning_data(
        self, account_id: str, device_id: str, *, partition_id: str | None = None
    ) -> ProvisionedDevice:
        """Return the configuration that a device gets.

        `GET /v2/partition/{partitionId}/deviceprovisioning/account/{accountId}/device/{deviceId}`.
        """
        ...

    @declare.get(_PROVISIONING + "/{mac_address}", operation_id="getProvisioningByMacAddress")
    async def provisioning_by_mac_address(
        self, mac_address: str, *, partition_id: str | None = None
    ) -> RequestedDevice:
        """Return what a MAC address asked for, and the lines it would get.

        `GET /v2/partition/{partitionId}/deviceprovisioning/{macAddress}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_LINES, operation_id="listDevices")
    async def list(
        self,
        account_id: str,
        *,
        filter_value: Annotated[str | None, declare.Named("filter")] = None,
        filter_type: FilterType | None = None,
        partition_id: str | None = None,
    ) -> list[DeviceLine]:
        """Return the device lines of an account, all or those a filter names.

        `GET /v2/partition/{partitionId}/account/{accountId}/deviceline`.
        """
        ...
