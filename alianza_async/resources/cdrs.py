"""CDRs: records of an account's calls."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Literal

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.cdrs import CallCategory, CallDetailRecordPage, CallFlagType, CallType
from alianza_async.models.shared_jobs import Job
from alianza_async.resources.page_styles import BY_INDEX

__all__ = ["Cdrs"]

_SEARCH = "/v2/partition/{partition_id}/account/{account_id}/cdrsearch"


class Cdrs(Resource):
    """Records of an account's calls."""

    tag = "CDRs"

    @declare.get_pages(_SEARCH, operation_id="cdrSearch", style=BY_INDEX)
    async def search(
        self,
        account_id: str,
        *,
        call_category: list[CallCategory] | None = None,
        call_flag_type: list[CallFlagType] | None = None,
        call_type: list[CallType] | None = None,
        dialed_number: str | None = None,
        end_date: str,
        end_time: str | None = None,
        first_result_index: int | None = None,
        max_result: int | None = None,
        min_cost: float | None = None,
        orig_number: str | None = None,
        sort: Literal["COST", "CALL_LENGTH", "DATE"] | None = None,
        sort_order: Literal["ASC", "DESC"] | None = None,
        start_date: str,
        start_time: str | None = None,
        term_number: str | None = None,
        partition_id: str | None = None,
    ) -> CallDetailRecordPage:
        """Return the call records of an account that match.

        `GET /v2/partition/{partitionId}/account/{accountId}/cdrsearch`.
        """
        ...

    @declare.get(
        _SEARCH + "/csv",
        operation_id="cdrSearchCSV",
        deprecated="cdrs.download is deprecated: use cdrs.export",
    )
    async def download(
        self,
        account_id: str,
        *,
        call_category: list[CallCategory] | None = None,
        call_flag_type: list[CallFlagType] | None = None,
        call_type: list[CallType] | None = None,
        dialed_number: str | None = None,
        end_date: str,
        end_time: str | None = None,
        first_result_index: int | None = None,
        max_result: int | None = None,
        min_cost: float | None = None,
        orig_number: str | None = None,
        sort: Literal["COST", "CALL_LENGTH", "DATE"] | None = None,
        sort_order: Literal["ASC", "DESC"] | None = None,
        start_date: str,
        start_time: str | None = None,
        term_number: str | None = None,
        partition_id: str | None = None,
    ) -> Download:
        """Download the call records of an account that match, as CSV.

        `GET /v2/partition/{partitionId}/account/{accountId}/cdrsearch/csv`.
        """
        ...

    @declare.get(_SEARCH + "/csv_2", operation_id="cdrSearchCSV_2", operation_class=OperationClass.ACTION)
    async def export(
        self,
        account_id: str,
        *,
        call_category: list[CallCategory] | None = None,
        call_flag_type: list[CallFlagType] | None = None,
        call_type: list[CallType] | None = None,
        dialed_number: str | None = None,
        end_date: str | None = None,
        end_time: str | None = None,
        first_result_index: int | None = None,
        max_result: int | None = None,
        min_cost: float | None = None,
        orig_number: str | None = None,
        sort: Literal["COST", "CALL_LENGTH", "DATE"] | None = None,
        sort_order: Literal["ASC", "DESC"] | None = None,
        start_date: str | None = None,
        start_time: str | None = None,
        term_number: str | None = None,
        partition_id: str | None = None,
    ) -> Job:
        """Start a job that writes the call records of an account that match, as CSV.

        `GET /v2/partition/{partitionId}/account/{accountId}/cdrsearch/csv_2`.
        """
        ...
