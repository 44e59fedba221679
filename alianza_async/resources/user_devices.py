"""User devices: device lines of one user, the older way; use device_lines."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.shared_devices import (
    DeviceLine,
    DeviceLineCreate,
    DeviceLineRegistration,
    DeviceLineSwap,
    DeviceStatus,
)

__all__ = ["UserDevices"]

_DEVICES = "/v2/partition/{partition_id}/account/{account_id}/user/{user_id}/device"
_DEVICE = _DEVICES + "/{device_id}"

# Named, so that the decorator below fits a line: mypy reads `list` in what follows a longer one as the method.
_LIST_DEVICE_LINES = "user_devices.list is deprecated: use device_lines.list"


class UserDevices(Resource):
    """Device lines of one user, the older way; use device_lines."""

    tag = "Device (Deprecated)"

    @declare.post(
        _DEVICES,
        operation_id="createDevice_1",
        deprecated="user_devices.create is deprecated: use device_lines.create",
    )
    async def create(
        self, account_id: str, user_id: str, line: DeviceLineCreate, *, partition_id: str | None = None
    ) -> DeviceLine:
        """Create a device line of a user.

        `POST /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device`.
        """
        ...

    @declare.get(
        _DEVICES + "/validateproperties",
        operation_id="validateProperties_3",
        deprecated="user_devices.validate is deprecated: use account_devices.validate",
    )
    async def validate(
        self,
        account_id: str,
        user_id: str,
        *,
        line_number: Annotated[int, declare.Named("lineno")],
        mac_address: Annotated[str, declare.Named("macaddress")],
        partition_id: str | None = None,
    ) -> bool:
        """Tell whether a line of a device is free for a user.

        `GET /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device/validateproperties`.
        """
        ...

    @declare.delete(
        _DEVICE,
        operation_id="removeDevice_1",
        deprecated="user_devices.delete is deprecated: use device_lines.delete",
    )
    async def delete(
        self, account_id: str, user_id: str, device_id: str, *, partition_id: str | None = None
    ) -> None:
        """Delete a device line of a user.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device/{deviceId}`.
        """
        ...

    @declare.get(
        _DEVICE, operation_id="getDevice_1", deprecated="user_devices.get is deprecated: use device_lines.get"
    )
    async def get(
        self, account_id: str, user_id: str, device_id: str, *, partition_id: str | None = None
    ) -> DeviceLine:
        """Return one device line of a user.

        `GET /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device/{deviceId}`.
        """
        ...

    @declare.patch(
        _DEVICE,
        operation_id="patchDevice",
        deprecated="user_devices.patch is deprecated: use device_lines.patch",
    )
    async def patch(
        self,
        account_id: str,
        user_id: str,
        device_id: str,
        line: DeviceLine | DeviceLineCreate,
        *,
        partition_id: str | None = None,
    ) -> DeviceLine:
        """Change the given fields of a device line of a user.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device/{deviceId}`.
        """
        ...

    @declare.put(
        _DEVICE,
        operation_id="updateDevice_1",
        deprecated="user_devices.update is deprecated: use device_lines.update",
    )
    async def update(
        self,
        account_id: str,
        user_id: str,
        device_id: str,
        line: DeviceLine | DeviceLineCreate,
        *,
        partition_id: str | None = None,
    ) -> DeviceLine:
        """Put a device line of a user in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device/{deviceId}`.
        """
        ...

    @declare.get(
        _DEVICE + "/provisioningstatus",
        operation_id="getProvisioningStatus",
        deprecated="user_devices.provisioning_status is deprecated: use device_lines.provisioning_status",
    )
    async def provisioning_status(
        self, account_id: str, user_id: str, device_id: str, *, partition_id: str | None = None
    ) -> DeviceStatus:
        """Tell how far the provisioning of a user's device line has come.

        `GET /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device/{deviceId}/provisioningstatus`.
        """
        ...

    @declare.get(
        _DEVICE + "/registrationstatus",
        operation_id="getRegistrationStatus_2",
        deprecated="user_devices.registration_status is deprecated: use device_lines.registration_status",
    )
    async def registration_status(
        self, account_id: str, user_id: str, device_id: str, *, partition_id: str | None = None
    ) -> DeviceLineRegistration:
        """Tell whether a user's device line is registered.

        `GET /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device/{deviceId}/registrationstatus`.
        """
        ...

    @declare.post(
        _DEVICE + "/swap",
        operation_id="swapDevice_1",
        deprecated="user_devices.swap is deprecated: use device_lines.swap",
    )
    async def swap(
        self,
        account_id: str,
        user_id: str,
        device_id: str,
        swap: DeviceLineSwap,
        *,
        partition_id: str | None = None,
    ) -> DeviceLine:
        """Move a user's line to a device with another MAC address.

        `POST /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device/{deviceId}/swap`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_DEVICES, operation_id="listDeviceByUser", deprecated=_LIST_DEVICE_LINES)
    async def list(
        self, account_id: str, user_id: str, *, partition_id: str | None = None
    ) -> list[DeviceLine]:
        """Return every device line of a user.

        `GET /v2/partition/{partitionId}/account/{accountId}/user/{userId}/device`.
        """
        ...
