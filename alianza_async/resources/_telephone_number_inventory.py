"""Telephone number inventory: the partition's stock of telephone numbers."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated, Literal

from alianza_async.calls.call import NaturalKey, OperationClass
from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.shared_activations import ActivationServiceType, ActivationStatus
from alianza_async.models.shared_jobs import Job, JobUploadKey
from alianza_async.models.shared_numbers import NumberFunction, TelephoneNumber, TelephoneNumberCreate
from alianza_async.models.telephone_numbers import (
    NumberAvailability,
    NumberReservation,
    ServiceActivationPage,
)
from alianza_async.resources.page_styles import BY_INDEX

__all__ = ["TelephoneNumberInventory"]

_NUMBERS = "/v2/partition/{partition_id}/telephonenumber"
_NUMBER = _NUMBERS + "/{tn}"
_RESERVE = _NUMBER + "/reserve"

Type = Literal["POSTALCODE_OR_TN", "TN", "POSTALCODE", "LAT_LONG", "RATECENTER", "RATECENTER_CARRIER"]


class TelephoneNumberInventory(Resource):
    """The partition's stock of telephone numbers."""

    @declare.get(_NUMBERS, operation_id="listTnInventory")
    async def list_inventory(self, *, partition_id: str | None = None) -> list[TelephoneNumber]:
        """Return every number in the partition's stock.

        `GET /v2/partition/{partitionId}/telephonenumber`.
        """
        ...

    @declare.post(
        _NUMBERS, operation_id="createTelephoneNumber", key=NaturalKey("phoneNumber", _NUMBERS + "/{key}")
    )
    async def add_to_inventory(
        self, number: TelephoneNumberCreate, *, partition_id: str | None = None
    ) -> TelephoneNumber:
        """Add a number to the partition's stock.

        `POST /v2/partition/{partitionId}/telephonenumber`.
        """
        ...

    @declare.post(
        _NUMBERS + "/bulkimport",
        operation_id="bulkInsert",
        deprecated="telephone_numbers.upload_inventory is deprecated: use telephone_numbers.import_inventory",
    )
    async def upload_inventory(self, file: UploadSource, *, partition_id: str | None = None) -> list[str]:
        """Add the numbers of a CSV file to the stock, and return its faulty lines.

        `POST /v2/partition/{partitionId}/telephonenumber/bulkimport`.
        """
        ...

    @declare.post(_NUMBERS + "/bulkimport_2", operation_id="bulkTelephoneNumberImport")
    async def import_inventory(self, key: JobUploadKey, *, partition_id: str | None = None) -> Job:
        """Start a job that adds the numbers of an uploaded file to the stock.

        `POST /v2/partition/{partitionId}/telephonenumber/bulkimport_2`.
        """
        ...

    @declare.get(_NUMBERS + "/export", operation_id="exportTnInventory")
    async def download_inventory(self, *, partition_id: str | None = None) -> Download:
        """Download the partition's stock of numbers as CSV.

        `GET /v2/partition/{partitionId}/telephonenumber/export`.
        """
        ...

    @declare.get(
        _NUMBERS + "/export_2", operation_id="asyncExportTnInventory", operation_class=OperationClass.ACTION
    )
    async def export_inventory(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes the partition's stock of numbers as CSV.

        `GET /v2/partition/{partitionId}/telephonenumber/export_2`.
        """
        ...

    @declare.get(_NUMBERS + "/exportstatussearch", operation_id="exportTNStatusSearch")
    async def download_status_search(
        self,
        *,
        account_id: str | None = None,
        date_type: Literal["FOCDate", "UpdatedDate", "CreatedDate"] | None = None,
        end_date: str | None = None,
        event_type: list[ActivationServiceType] | None = None,
        include_sub_tns: bool | None = None,
        start_date: str | None = None,
        status_type: list[ActivationStatus] | None = None,
        telephone_number: str | None = None,
        partition_id: str | None = None,
    ) -> Download:
        """Download the activations that match, as CSV.

        `GET /v2/partition/{partitionId}/telephonenumber/exportstatussearch`.
        """
        ...

    @declare.get(
        _NUMBERS + "/exportstatussearch_2",
        operation_id="exportTNStatusSearch2",
        operation_class=OperationClass.ACTION,
    )
    async def export_status_search(
        self,
        *,
        account_id: str | None = None,
        date_type: Literal["FOCDate", "UpdatedDate", "CreatedDate"] | None = None,
        end_date: str | None = None,
        event_type: list[str] | None = None,
        include_sub_tns: bool | None = None,
        start_date: str | None = None,
        status_type: list[str] | None = None,
        telephone_number: str | None = None,
        partition_id: str | None = None,
    ) -> Job:
        """Start a job that writes the activations that match, as CSV.

        `GET /v2/partition/{partitionId}/telephonenumber/exportstatussearch_2`.
        """
        ...

    @declare.get(_NUMBERS + "/search", operation_id="tnSearch")
    async def search(
        self,
        *,
        carrier_id: str | None = None,
        function_type: Annotated[NumberFunction | None, declare.Named("functiontype")] = None,
        lat: float | None = None,
        long: float | None = None,
        max_results: int | None = None,
        q: str | None = None,
        kind: Annotated[Type | None, declare.Named("type")] = None,
        partition_id: str | None = None,
    ) -> list[TelephoneNumber]:
        """Find free numbers by digits, place or kind.

        `GET /v2/partition/{partitionId}/telephonenumber/search`.
        """
        ...

    @declare.get_pages(_NUMBERS + "/statussearch", operation_id="statusSearch", style=BY_INDEX)
    async def status_search(
        self,
        *,
        account_id: str | None = None,
        date_type: Literal["FOCDate", "UpdatedDate", "CreatedDate"] | None = None,
        end_date: str | None = None,
        event_type: list[ActivationServiceType] | None = None,
        first_result_index: int | None = None,
        max_result: int | None = None,
        start_date: str | None = None,
        status_type: list[ActivationStatus] | None = None,
        telephone_number: str | None = None,
        partition_id: str | None = None,
    ) -> ServiceActivationPage:
        """Return the activations and orders of numbers that match, with their status.

        `GET /v2/partition/{partitionId}/telephonenumber/statussearch`.
        """
        ...

    @declare.delete(_NUMBER, operation_id="deleteTnFromInventory")
    async def delete_from_inventory(self, tn: str, *, partition_id: str | None = None) -> None:
        """Take a number out of the partition's stock.

        `DELETE /v2/partition/{partitionId}/telephonenumber/{tn}`.
        """
        ...

    @declare.get(_NUMBER, operation_id="retrieveTelephoneNumber")
    async def look_up(self, tn: str, *, partition_id: str | None = None) -> TelephoneNumber:
        """Return one number of the partition, on an account or in stock.

        `GET /v2/partition/{partitionId}/telephonenumber/{tn}`.
        """
        ...

    @declare.get(_NUMBER + "/availability", operation_id="retrieveTelephoneNumberAvailability")
    async def availability(self, tn: str, *, partition_id: str | None = None) -> NumberAvailability:
        """Tell whether a number is free.

        `GET /v2/partition/{partitionId}/telephonenumber/{tn}/availability`.
        """
        ...

    @declare.put(
        _NUMBER + "/cooldown/recover",
        operation_id="cooldownRecover",
        operation_class=OperationClass.ACTION,
        probe="telephone_numbers.look_up",
    )
    async def recover(self, tn: str, *, partition_id: str | None = None) -> TelephoneNumber:
        """Make a number free before its waiting time is over.

        `PUT /v2/partition/{partitionId}/telephonenumber/{tn}/cooldown/recover`.
        """
        ...

    @declare.get(_NUMBER + "/fmfmcheck", operation_id="isTnOffNet")
    async def find_me_allowed(self, tn: str, *, partition_id: str | None = None) -> bool:
        """Tell whether calls may be passed on to a number.

        `GET /v2/partition/{partitionId}/telephonenumber/{tn}/fmfmcheck`.
        """
        ...

    @declare.delete(_RESERVE, operation_id="releaseReservation", operation_class=OperationClass.ACTION)
    async def release(self, tn: str, *, partition_id: str | None = None) -> None:
        """Give a reserved number back.

        `DELETE /v2/partition/{partitionId}/telephonenumber/{tn}/reserve`.
        """
        ...

    @declare.put(_RESERVE, operation_id="reserve", operation_class=OperationClass.ACTION)
    async def reserve(self, tn: str, *, partition_id: str | None = None) -> NumberReservation:
        """Reserve a number for a short while.

        `PUT /v2/partition/{partitionId}/telephonenumber/{tn}/reserve`.
        """
        ...
