"""Account devices: an account's physical phones and adapters, each known by its MAC address."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.account_devices import DeviceMetadata, DeviceMetadataWrite
from alianza_async.models.shared_devices import DeviceLine, ProvisioningRequest
from alianza_async.models.shared_jobs import FileImportError

__all__ = ["AccountDevices"]

_DEVICE = "/v2/partition/{partition_id}/account/{account_id}/device/{mac_address}"
_METADATA = _DEVICE + "/metadata"


class AccountDevices(Resource):
    """An account's physical phones and adapters, each known by its MAC address."""

    tag = "Account Device"

    @declare.delete(_DEVICE, operation_id="deleteDeviceByMac")
    async def delete(self, account_id: str, mac_address: str, *, partition_id: str | None = None) -> None:
        """Delete every line of a device.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}`.
        """
        ...

    @declare.get(_DEVICE, operation_id="listDeviceLinesForMac")
    async def list_lines(
        self, account_id: str, mac_address: str, *, partition_id: str | None = None
    ) -> list[DeviceLine]:
        """Return the lines set up on a device.

        `GET /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}`.
        """
        ...

    @declare.post(_DEVICE, operation_id="bulkImportDevice")
    async def import_(
        self, account_id: str, mac_address: str, file: UploadSource, *, partition_id: str | None = None
    ) -> list[FileImportError]:
        """Create the device lines of a CSV file, and return its faulty lines.

        `POST /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}`.
        """
        ...

    @declare.get(_DEVICE + "/csv", operation_id="listDevicesCSV")
    async def export(self, account_id: str, mac_address: str, *, partition_id: str | None = None) -> Download:
        """Download the lines of a device as CSV.

        `GET /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}/csv`.
        """
        ...

    @declare.get(_METADATA, operation_id="getDeviceMetadata")
    async def get_metadata(
        self, account_id: str, mac_address: str, *, partition_id: str | None = None
    ) -> DeviceMetadata:
        """Return the settings of a device as a whole.

        `GET /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}/metadata`.
        """
        ...

    @declare.patch(_METADATA, operation_id="patchDeviceMetadata")
    async def patch_metadata(
        self,
        account_id: str,
        mac_address: str,
        changes: Mapping[str, object],
        *,
        partition_id: str | None = None,
    ) -> DeviceMetadata:
        """Change the given settings of a device as a whole.

        A name is that of a field of `DeviceMetadata`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}/metadata`.
        """
        ...

    @declare.put(_METADATA, operation_id="updateDeviceMetadata")
    async def update_metadata(
        self,
        account_id: str,
        mac_address: str,
        metadata: DeviceMetadata | DeviceMetadataWrite,
        *,
        partition_id: str | None = None,
    ) -> DeviceMetadata:
        """Put settings of a device as a whole in the place of those there are.

        `PUT /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}/metadata`.
        """
        ...

    @declare.post(_METADATA + "/generateadminpassword", operation_id="generateAdminPassword")
    async def generate_admin_password(
        self, account_id: str, mac_address: str, *, partition_id: str | None = None
    ) -> str:
        """Make a new administrator password for a device and return it.

        `POST /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}/metadata/generateadminpassword`.
        """
        ...

    @declare.post(_METADATA + "/resetencryptionkey", operation_id="resetEncryptionKey")
    async def reset_encryption_key(
        self, account_id: str, mac_address: str, *, partition_id: str | None = None
    ) -> None:
        """Make a device fetch its configuration with a new key.

        `POST /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}/metadata/resetencryptionkey`.
        """
        ...

    @declare.get(_DEVICE + "/provisioning", operation_id="getProvisoningRequest")
    async def provisioning(
        self, account_id: str, mac_address: str, *, partition_id: str | None = None
    ) -> ProvisioningRequest:
        """Return when, and with what, a device last fetched its configuration.

        `GET /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}/provisioning`.
        """
        ...

    @declare.get(_DEVICE + "/validateproperties", operation_id="validateDeviceProperties")
    async def validate(
        self,
        account_id: str,
        mac_address: str,
        *,
        line_number: Annotated[int, declare.Named("lineno")],
        partition_id: str | None = None,
    ) -> bool:
        """Tell whether a line of a device is free to use.

        `GET /v2/partition/{partitionId}/account/{accountId}/device/{macAddress}/validateproperties`.
        """
        ...
