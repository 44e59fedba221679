"""Device inventory: the partition's stock of devices, as files."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.shared_jobs import FileImportError, Job, JobUploadKey

__all__ = ["DeviceInventory"]

_INVENTORY = "/v2/partition/{partition_id}/deviceinventory"


class DeviceInventory(Resource):
    """The partition's stock of devices, as files."""

    tag = "Device Inventory Management"

    @declare.get(
        _INVENTORY,
        operation_id="allTelephoneNumberCSVReport",
        deprecated="device_inventory.download is deprecated: use device_inventory.export",
    )
    async def download(self, *, partition_id: str | None = None) -> Download:
        """Download the partition's stock of devices as CSV.

        `GET /v2/partition/{partitionId}/deviceinventory`.
        """
        ...

    @declare.post(
        _INVENTORY,
        operation_id="importDeviceInventory_1",
        deprecated="device_inventory.upload is deprecated: use device_inventory.import_",
    )
    async def upload(self, file: UploadSource, *, partition_id: str | None = None) -> list[FileImportError]:
        """Add the devices of a CSV file to the stock, and return its faulty lines.

        `POST /v2/partition/{partitionId}/deviceinventory`.
        """
        ...

    @declare.post(_INVENTORY + "/delete", operation_id="deleteDeviceInventory")
    async def delete(self, key: JobUploadKey, *, partition_id: str | None = None) -> Job:
        """Start a job that takes the devices of an uploaded file out of the stock.

        `POST /v2/partition/{partitionId}/deviceinventory/delete`.
        """
        ...

    @declare.post(_INVENTORY + "/export", operation_id="getDeviceInventory")
    async def export(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes the partition's stock of devices as CSV.

        `POST /v2/partition/{partitionId}/deviceinventory/export`.
        """
        ...

    @declare.post(_INVENTORY + "/import", operation_id="importDeviceInventory")
    async def import_(self, key: JobUploadKey, *, partition_id: str | None = None) -> Job:
        """Start a job that adds the devices of an uploaded file to the stock.

        `POST /v2/partition/{partitionId}/deviceinventory/import`.
        """
        ...
