"""Partitions: settings, carriers, history of its data."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.partitions import InboundCarrier, Partition, PartitionHistoryPage, PartitionSetting
from alianza_async.models.shared_jobs import Job, JobUploadKey
from alianza_async.resources.page_styles import BY_INDEX

__all__ = ["Partitions"]

_PARTITION = "/v2/partition/{partition_id}"
_INVENTORY = _PARTITION + "/deviceinventory_2"


class Partitions(Resource):
    """The partition itself: settings, carriers, history of its data."""

    tag = "Partition"

    @declare.get(_PARTITION, operation_id="retrieve_2")
    async def get(self, *, partition_id: str | None = None) -> Partition:
        """Return the partition.

        `GET /v2/partition/{partitionId}`.
        """
        ...

    @declare.get_pages(
        _PARTITION + "/data-history", operation_id="partitionDataHistorySearch", style=BY_INDEX
    )
    async def history(
        self,
        *,
        end_date: str | None = None,
        first_result_index: int | None = None,
        max_result: int | None = None,
        start_date: str | None = None,
        tag: list[str] | None = None,
        partition_id: str | None = None,
    ) -> PartitionHistoryPage:
        """Return what happened to the data of the partition.

        `GET /v2/partition/{partitionId}/data-history`.
        """
        ...

    @declare.get(
        _INVENTORY,
        operation_id="allTelephoneNumberCSVReport_2",
        operation_class=OperationClass.ACTION,
        deprecated="partitions.export_device_inventory is deprecated: use device_inventory.export",
    )
    async def export_device_inventory(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes the partition's stock of devices as CSV.

        `GET /v2/partition/{partitionId}/deviceinventory_2`.
        """
        ...

    @declare.post(
        _INVENTORY,
        operation_id="importDeviceInventory_2",
        deprecated="partitions.import_device_inventory is deprecated: use device_inventory.import_",
    )
    async def import_device_inventory(self, key: JobUploadKey, *, partition_id: str | None = None) -> Job:
        """Start a job that adds the devices of an uploaded file to the stock.

        `POST /v2/partition/{partitionId}/deviceinventory_2`.
        """
        ...

    @declare.get(_PARTITION + "/inboundcarriers", operation_id="getInboundCarriers")
    async def inbound_carriers(self, *, partition_id: str | None = None) -> list[InboundCarrier]:
        """Return the carriers that bring calls to the partition.

        `GET /v2/partition/{partitionId}/inboundcarriers`.
        """
        ...

    @declare.get(_PARTITION + "/is-di-supported", operation_id="isDISupported")
    async def dynamic_inventory_supported(self, *, partition_id: str | None = None) -> bool:
        """Tell whether the partition can order numbers from carriers.

        `GET /v2/partition/{partitionId}/is-di-supported`.
        """
        ...

    @declare.get(_PARTITION + "/setting", operation_id="getAllSettings")
    async def settings(self, *, partition_id: str | None = None) -> dict[str, PartitionSetting]:
        """Return every setting of the partition by its name.

        `GET /v2/partition/{partitionId}/setting`.
        """
        ...
