"""Rate centers: how many numbers each shall have in stock, and who is told."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.rate_centers import RateCenter
from alianza_async.models.shared_jobs import FileImportError, Job, JobUploadKey
from alianza_async.models.shared_numbers import TelephoneNumber

__all__ = ["RateCenters"]

_RATE_CENTER = "/v2/partition/{partition_id}/ratecenter"
_OLD_INVENTORY_PLAN = _RATE_CENTER + "/inventoryplan"
_INVENTORY_PLAN = _RATE_CENTER + "/inventoryplan_2"
_REORDER_EMAILS = _RATE_CENTER + "/reordernotification"


class RateCenters(Resource):
    """Rate centres, how many numbers each shall have in stock, and who is told."""

    tag = "Rate Center Inventory"

    @declare.get(
        _OLD_INVENTORY_PLAN,
        operation_id="getInventoryPlan",
        deprecated="rate_centers.download_inventory_plan is deprecated: use rate_centers.export_inventory_plan",
    )
    async def download_inventory_plan(self, *, partition_id: str | None = None) -> Download:
        """Download how many numbers each rate centre shall have in stock, as CSV.

        `GET /v2/partition/{partitionId}/ratecenter/inventoryplan`.
        """
        ...

    @declare.post(
        _OLD_INVENTORY_PLAN,
        operation_id="importFile",
        deprecated="rate_centers.upload_inventory_plan is deprecated: use rate_centers.import_inventory_plan",
    )
    async def upload_inventory_plan(
        self, file: UploadSource, *, partition_id: str | None = None
    ) -> list[FileImportError]:
        """Load how many numbers each rate centre shall have, and return the faulty lines.

        `POST /v2/partition/{partitionId}/ratecenter/inventoryplan`.
        """
        ...

    @declare.get(_INVENTORY_PLAN, operation_id="getInventoryPlan2", operation_class=OperationClass.ACTION)
    async def export_inventory_plan(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes how many numbers each rate centre shall have in stock.

        `GET /v2/partition/{partitionId}/ratecenter/inventoryplan_2`.
        """
        ...

    @declare.post(_INVENTORY_PLAN, operation_id="importFile_2")
    async def import_inventory_plan(self, key: JobUploadKey, *, partition_id: str | None = None) -> Job:
        """Start a job that reads how many numbers each rate centre shall have in stock.

        `POST /v2/partition/{partitionId}/ratecenter/inventoryplan_2`.
        """
        ...

    @declare.get(_REORDER_EMAILS, operation_id="getNotificationEmails")
    async def get_reorder_emails(self, *, partition_id: str | None = None) -> list[str]:
        """Return who is mailed when numbers run short.

        `GET /v2/partition/{partitionId}/ratecenter/reordernotification`.
        """
        ...

    @declare.put(_REORDER_EMAILS, operation_id="setNotificationEmails")
    async def update_reorder_emails(self, emails: list[str], *, partition_id: str | None = None) -> list[str]:
        """Set who is mailed when numbers run short.

        `PUT /v2/partition/{partitionId}/ratecenter/reordernotification`.
        """
        ...

    @declare.get(_RATE_CENTER + "/tnsearch", operation_id="search_1")
    async def search(
        self,
        *,
        distance_unit: Annotated[str | None, declare.Named("distanceunit")] = None,
        latitude: str | None = None,
        longitude: str | None = None,
        search_term: Annotated[str | None, declare.Named("searchterm")] = None,
        partition_id: str | None = None,
    ) -> TelephoneNumber:
        """Find numbers by the rate centre they belong to.

        `GET /v2/partition/{partitionId}/ratecenter/tnsearch`.
        """
        ...

    @declare.get(_RATE_CENTER + "/{tn}", operation_id="getRateCenter")
    async def get(self, tn: str, *, partition_id: str | None = None) -> RateCenter:
        """Return the rate centre of a number.

        `GET /v2/partition/{partitionId}/ratecenter/{tn}`.
        """
        ...
