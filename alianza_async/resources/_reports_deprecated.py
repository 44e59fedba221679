"""Reports that the API has given up."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.reports import ReportSummary
from alianza_async.models.shared_jobs import Job

__all__ = ["ReportsDeprecated"]

_REPORT = "/v2/partition/{partition_id}/report"
_ACCOUNT = _REPORT + "/account"
_DEVICE = _REPORT + "/device"
_USER = _REPORT + "/user"


class ReportsDeprecated(Resource):
    """Reports that the API has given up."""

    @declare.get(
        _ACCOUNT + "/csv",
        operation_id="accountCSVReport",
        deprecated="reports.accounts_csv is deprecated: use reports.accounts",
    )
    async def accounts_csv(self, *, partition_id: str | None = None) -> Download:
        """Download the report on accounts as CSV.

        `GET /v2/partition/{partitionId}/report/account/csv`.
        """
        ...

    @declare.get(
        _ACCOUNT + "/csv_2",
        operation_id="accountCSVReport2",
        operation_class=OperationClass.ACTION,
        deprecated="reports.accounts_old is deprecated: use reports.accounts",
    )
    async def accounts_old(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes the older report on accounts.

        `GET /v2/partition/{partitionId}/report/account/csv_2`.
        """
        ...

    @declare.get(
        _REPORT + "/accounthistory/enduserchanges",
        operation_id="endUserAccountHistory",
        deprecated="reports.user_changes_csv is deprecated: use reports.user_changes",
    )
    async def user_changes_csv(
        self, *, end_date: str, start_date: str, partition_id: str | None = None
    ) -> Download:
        """Download which users came and went between two days, as CSV.

        `GET /v2/partition/{partitionId}/report/accounthistory/enduserchanges`.
        """
        ...

    @declare.get(
        _DEVICE + "/csv",
        operation_id="deviceCSVReport",
        deprecated="reports.devices_csv is deprecated: use reports.devices",
    )
    async def devices_csv(self, *, partition_id: str | None = None) -> Download:
        """Download the report on devices as CSV.

        `GET /v2/partition/{partitionId}/report/device/csv`.
        """
        ...

    @declare.get(
        _DEVICE + "/csv_2",
        operation_id="deviceCSVReport2",
        operation_class=OperationClass.ACTION,
        deprecated="reports.devices_old is deprecated: use reports.devices",
    )
    async def devices_old(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes the older report on devices.

        `GET /v2/partition/{partitionId}/report/device/csv_2`.
        """
        ...

    @declare.get(
        _REPORT + "/line",
        operation_id="mockLineSummary",
        deprecated="reports.line_summary_mock is deprecated: made-up figures that nothing replaces",
    )
    async def line_summary_mock(self, *, partition_id: str | None = None) -> ReportSummary:
        """Return made-up figures on lines.

        `GET /v2/partition/{partitionId}/report/line`.
        """
        ...

    @declare.get(
        _REPORT + "/portout/csv",
        operation_id="telephoneNumberPortOutCSVReport",
        deprecated="reports.port_outs_csv is deprecated: use reports.port_outs",
    )
    async def port_outs_csv(self, *, month: int, year: int, partition_id: str | None = None) -> Download:
        """Download which numbers left for another carrier in a month, as CSV.

        `GET /v2/partition/{partitionId}/report/portout/csv`.
        """
        ...

    @declare.get(
        _REPORT + "/sip/csv",
        operation_id="sipCSVReport",
        deprecated="reports.sip_trunks_csv is deprecated: use reports.sip_trunks",
    )
    async def sip_trunks_csv(
        self, *, month: int | None = None, year: int | None = None, partition_id: str | None = None
    ) -> Download:
        """Download the month's report on SIP trunks as CSV.

        `GET /v2/partition/{partitionId}/report/sip/csv`.
        """
        ...

    @declare.get(
        _REPORT + "/tn/csv",
        operation_id="telephoneNumberCSVReport",
        deprecated="reports.telephone_numbers_csv is deprecated: use reports.telephone_numbers",
    )
    async def telephone_numbers_csv(
        self, *, month: int, year: int, partition_id: str | None = None
    ) -> Download:
        """Download the month's report on telephone numbers as CSV.

        `GET /v2/partition/{partitionId}/report/tn/csv`.
        """
        ...

    @declare.get(
        _USER + "/csv",
        operation_id="userCSVReport",
        deprecated="reports.users_csv is deprecated: use reports.users",
    )
    async def users_csv(self, *, month: int, year: int, partition_id: str | None = None) -> Download:
        """Download the month's report on users as CSV.

        `GET /v2/partition/{partitionId}/report/user/csv`.
        """
        ...

    @declare.get(
        _USER + "/csv_2",
        operation_id="userCSVReport2",
        operation_class=OperationClass.ACTION,
        deprecated="reports.users_old is deprecated: use reports.users",
    )
    async def users_old(self, *, month: int, year: int, partition_id: str | None = None) -> Job:
        """Start a job that writes the month's older report on users.

        `GET /v2/partition/{partitionId}/report/user/csv_2`.
        """
        ...

    @declare.get(
        _REPORT + "/vfax/csv",
        operation_id="vFaxCSVReport",
        deprecated="reports.virtual_fax_lines_csv is deprecated: use reports.virtual_fax_lines",
    )
    async def virtual_fax_lines_csv(
        self, *, month: int | None = None, year: int | None = None, partition_id: str | None = None
    ) -> Download:
        """Download the month's report on fax lines as CSV.

        `GET /v2/partition/{partitionId}/report/vfax/csv`.
        """
        ...
