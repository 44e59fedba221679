"""Reports on the partition, most of them written as a file by a job."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.models.reports import ReportSummary
from alianza_async.models.shared_jobs import Job
from alianza_async.resources._reports_deprecated import ReportsDeprecated

__all__ = ["Reports"]

_REPORT = "/v2/partition/{partition_id}/report"
_DEVICE = _REPORT + "/device"
_SIP = _REPORT + "/sip"
_TN = _REPORT + "/tn"
_USER = _REPORT + "/user"
_LINE = _REPORT + "/vfax"


class Reports(ReportsDeprecated):
    """Reports on the partition, most of them written as a file by a job."""

    tag = "Report"

    @declare.get(
        _REPORT + "/account/csv_3", operation_id="accountCSVReport3", operation_class=OperationClass.ACTION
    )
    async def accounts(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes the report on accounts.

        `GET /v2/partition/{partitionId}/report/account/csv_3`.
        """
        ...

    @declare.get(
        _REPORT + "/accounthistory/enduserchanges_2",
        operation_id="endUserAccountHistory2",
        operation_class=OperationClass.ACTION,
    )
    async def user_changes(self, *, end_date: str, start_date: str, partition_id: str | None = None) -> Job:
        """Start a job that writes which users came and went between two days.

        `GET /v2/partition/{partitionId}/report/accounthistory/enduserchanges_2`.
        """
        ...

    @declare.get(
        _REPORT + "/businesslines/csv_2",
        operation_id="businessLinesCSVReport2",
        operation_class=OperationClass.ACTION,
    )
    async def business_lines(self, *, month: int, year: int, partition_id: str | None = None) -> Job:
        """Start a job that writes the month's report on business lines.

        `GET /v2/partition/{partitionId}/report/businesslines/csv_2`.
        """
        ...

    @declare.get(
        _REPORT + "/contact_center_retail/csv_1",
        operation_id="contactCenterRetailReport",
        operation_class=OperationClass.ACTION,
    )
    async def contact_center_retail(
        self, *, month: int | None = None, year: int | None = None, partition_id: str | None = None
    ) -> Job:
        """Start a job that writes the month's report on contact centre seats.

        `GET /v2/partition/{partitionId}/report/contact_center_retail/csv_1`.
        """
        ...

    @declare.get(
        _REPORT + "/contact_center_usage/csv_1",
        operation_id="contactCenterUsageReport",
        operation_class=OperationClass.ACTION,
    )
    async def contact_center_usage(
        self, *, month: int | None = None, year: int | None = None, partition_id: str | None = None
    ) -> Job:
        """Start a job that writes the month's report on the use of contact centres.

        `GET /v2/partition/{partitionId}/report/contact_center_usage/csv_1`.
        """
        ...

    @declare.get(_DEVICE, operation_id="deviceSummaryReport")
    async def device_summary(self, *, partition_id: str | None = None) -> ReportSummary:
        """Return the figures on devices.

        `GET /v2/partition/{partitionId}/report/device`.
        """
        ...

    @declare.get(_DEVICE + "/csv_3", operation_id="deviceCSVReport3", operation_class=OperationClass.ACTION)
    async def devices(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes the report on devices.

        `GET /v2/partition/{partitionId}/report/device/csv_3`.
        """
        ...

    @declare.get(
        _REPORT + "/deviceregistration/csv_2",
        operation_id="deviceRegistrationReport",
        operation_class=OperationClass.ACTION,
    )
    async def device_registrations(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes which devices are registered.

        `GET /v2/partition/{partitionId}/report/deviceregistration/csv_2`.
        """
        ...

    @declare.get(
        _REPORT + "/emergencynotificationcompliance/csv_2",
        operation_id="emergencyNotificationComplianceReport",
        operation_class=OperationClass.ACTION,
    )
    async def emergency_notification_compliance(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes which accounts have their emergency notification set up.

        `GET /v2/partition/{partitionId}/report/emergencynotificationcompliance/csv_2`.
        """
        ...

    @declare.get(
        _REPORT + "/msteams/csv_1", operation_id="msTeamsReport", operation_class=OperationClass.ACTION
    )
    async def ms_teams(
        self, *, month: int | None = None, year: int | None = None, partition_id: str | None = None
    ) -> Job:
        """Start a job that writes the month's report on Microsoft Teams.

        `GET /v2/partition/{partitionId}/report/msteams/csv_1`.
        """
        ...

    @declare.get(
        _REPORT + "/portout/csv_2",
        operation_id="telephoneNumberPortOutCSVReport2",
        operation_class=OperationClass.ACTION,
    )
    async def port_outs(self, *, month: int, year: int, partition_id: str | None = None) -> Job:
        """Start a job that writes which numbers left for another carrier in a month.

        `GET /v2/partition/{partitionId}/report/portout/csv_2`.
        """
        ...

    @declare.get(_SIP, operation_id="sipSummaryReport")
    async def sip_trunk_summary(self, *, partition_id: str | None = None) -> ReportSummary:
        """Return the figures on SIP trunks.

        `GET /v2/partition/{partitionId}/report/sip`.
        """
        ...

    @declare.get(_SIP + "/csv_2", operation_id="sipCSVReport2", operation_class=OperationClass.ACTION)
    async def sip_trunks(self, *, month: int, year: int, partition_id: str | None = None) -> Job:
        """Start a job that writes the month's report on SIP trunks.

        `GET /v2/partition/{partitionId}/report/sip/csv_2`.
        """
        ...

    @declare.get(
        _REPORT + "/specialtylines/csv_2",
        operation_id="specialtyLinesReport",
        operation_class=OperationClass.ACTION,
    )
    async def specialty_lines(self, *, month: int, year: int, partition_id: str | None = None) -> Job:
        """Start a job that writes the month's report on specialty lines.

        `GET /v2/partition/{partitionId}/report/specialtylines/csv_2`.
        """
        ...

    @declare.get(_TN, operation_id="telephoneNumberSummaryReport")
    async def telephone_number_summary(self, *, partition_id: str | None = None) -> ReportSummary:
        """Return the figures on telephone numbers.

        `GET /v2/partition/{partitionId}/report/tn`.
        """
        ...

    @declare.get(
        _TN + "/csv_2", operation_id="telephoneNumberCSVReport2", operation_class=OperationClass.ACTION
    )
    async def telephone_numbers(self, *, month: int, year: int, partition_id: str | None = None) -> Job:
        """Start a job that writes the month's report on telephone numbers.

        `GET /v2/partition/{partitionId}/report/tn/csv_2`.
        """
        ...

    @declare.get(_USER, operation_id="userSummaryReport")
    async def user_summary(self, *, partition_id: str | None = None) -> ReportSummary:
        """Return the figures on users.

        `GET /v2/partition/{partitionId}/report/user`.
        """
        ...

    @declare.get(
        _REPORT + "/user-products/csv_2",
        operation_id="userProductsReport",
        operation_class=OperationClass.ACTION,
    )
    async def user_products(self, *, partition_id: str | None = None) -> Job:
        """Start a job that writes which product each user has.

        `GET /v2/partition/{partitionId}/report/user-products/csv_2`.
        """
        ...

    @declare.get(_USER + "/csv_3", operation_id="userCSVReport3", operation_class=OperationClass.ACTION)
    async def users(self, *, month: int, year: int, partition_id: str | None = None) -> Job:
        """Start a job that writes the month's report on users.

        `GET /v2/partition/{partitionId}/report/user/csv_3`.
        """
        ...

    @declare.get(_LINE, operation_id="vFaxSummaryReport")
    async def virtual_fax_summary(self, *, partition_id: str | None = None) -> ReportSummary:
        """Return the figures on fax lines.

        `GET /v2/partition/{partitionId}/report/vfax`.
        """
        ...

    @declare.get(_LINE + "/csv_2", operation_id="vFaxCSVReport2", operation_class=OperationClass.ACTION)
    async def virtual_fax_lines(self, *, month: int, year: int, partition_id: str | None = None) -> Job:
        """Start a job that writes the month's report on fax lines.

        `GET /v2/partition/{partitionId}/report/vfax/csv_2`.
        """
        ...
