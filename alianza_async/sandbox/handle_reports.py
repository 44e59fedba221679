"""Reports and exports: operations that answer a job whose output is CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from alianza_async.sandbox import report_columns as columns
from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.csv_files import write_csv
from alianza_async.sandbox.handle_imports import DEVICE_TYPE, MAC, RATE_CENTER, STATE
from alianza_async.sandbox.handle_inventory import status_search
from alianza_async.sandbox.handle_jobs import start_job
from alianza_async.sandbox.jobs import Outcome
from alianza_async.sandbox.queries import span
from alianza_async.sandbox.report_rows import (
    account_rows,
    device_inventory_rows,
    device_rows,
    inventory_rows,
    number_event_rows,
    number_rows,
    rate_center_rows,
    user_change_rows,
    user_rows,
)
from alianza_async.sandbox.routes import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alianza_async.sandbox.answers import Answer
    from alianza_async.sandbox.routes import Incoming

_MONTHS: Final = 12


class _Report(NamedTuple):
    """One operation.

    Attributes:
        path: Its path under the partition.
        operation: Its id.
        columns: The columns of its file.
        rows: What fills them; None = nothing the sandbox keeps.
        needed: What it must be told, or may be.
        status: Status it answers with; 200 where the API promises the job's description with that.
        verb: Its verb.
    """

    path: str
    operation: str
    columns: Sequence[str]
    rows: Callable[[Incoming], Iterable[Mapping[str, object]]] | None = None
    needed: Literal["", "month", "month if any", "dates", "search"] = ""
    status: int = 202
    verb: str = "GET"


def _handler(report: _Report) -> Callable[[Incoming], Answer]:
    """Write the handler of a report."""

    def make(incoming: Incoming) -> Outcome:
        """Write the file, of what is true at the job's end."""
        return Outcome(output=write_csv(report.columns, report.rows(incoming) if report.rows else ()))

    def handle(incoming: Incoming) -> Answer:
        """Start the job that writes the file."""
        partition_id = incoming.partition
        if "accountId" in incoming.params:
            incoming.store.account(partition_id, incoming.params["accountId"])
        if report.needed == "search":
            status_search(incoming)  # only for what it refuses
        complaints = _complaints(incoming.query(), report.needed)
        if complaints:
            raise ApiError(400, complaints)
        return start_job(incoming, report.operation, lambda: make(incoming), status=report.status)

    return handle


def _complaints(query: Mapping[str, str], needed: str) -> tuple[str, ...]:
    """Say what is wrong with the span of time a report is asked for.

    Raises:
        ApiError: 400 where a date is none.
    """
    found: list[str] = []
    if needed == "dates":
        found = [f"{name} must not be null" for name in ("startDate", "endDate") if not query.get(name)]
        span(query)
    elif needed == "month" or (needed == "month if any" and ("month" in query or "year" in query)):
        month, year = query.get("month", ""), query.get("year", "")
        if not (month.isdecimal() and 1 <= int(month) <= _MONTHS):
            found.append(f"month must be between 1 and {_MONTHS}")
        if not year.isdecimal():
            found.append("year must be an integer")
    return tuple(found)


_DEVICE_FILE: Final = (MAC, DEVICE_TYPE)
_PLAN_FILE: Final = (RATE_CENTER, STATE)
_TN: Final = "/telephonenumber"

_REPORTS: Final = (
    _Report("/report/account/csv_2", "accountCSVReport2", columns.ACCOUNTS, account_rows, status=200),
    _Report("/report/account/csv_3", "accountCSVReport3", columns.ACCOUNTS, account_rows),
    _Report("/report/user/csv_2", "userCSVReport2", columns.USERS, user_rows, "month", 200),
    _Report("/report/user/csv_3", "userCSVReport3", columns.USERS, user_rows, "month"),
    _Report("/report/user-products/csv_2", "userProductsReport", columns.USER_PRODUCTS, user_rows),
    _Report(
        "/report/accounthistory/enduserchanges_2",
        "endUserAccountHistory2",
        columns.USER_CHANGES,
        user_change_rows,
        "dates",
    ),
    _Report("/report/tn/csv_2", "telephoneNumberCSVReport2", columns.NUMBERS, number_rows, "month"),
    _Report(_TN + "/export_2", "asyncExportTnInventory", columns.NUMBER_INVENTORY, inventory_rows),
    _Report(
        _TN + "/exportstatussearch_2",
        "exportTNStatusSearch2",
        columns.NUMBER_EVENTS,
        number_event_rows,
        "search",
    ),
    _Report("/report/portout/csv_2", "telephoneNumberPortOutCSVReport2", columns.PORTED_OUT, None, "month"),
    _Report("/report/device/csv_2", "deviceCSVReport2", columns.DEVICES, device_rows, status=200),
    _Report("/report/device/csv_3", "deviceCSVReport3", columns.DEVICES, device_rows),
    _Report("/report/deviceregistration/csv_2", "deviceRegistrationReport", columns.REGISTRATIONS),
    _Report(
        "/deviceinventory_2", "allTelephoneNumberCSVReport_2", _DEVICE_FILE, device_inventory_rows, "", 200
    ),
    _Report(
        "/deviceinventory/export", "getDeviceInventory", _DEVICE_FILE, device_inventory_rows, "", 200, "POST"
    ),
    _Report("/ratecenter/inventoryplan_2", "getInventoryPlan2", _PLAN_FILE, rate_center_rows, "", 200),
    _Report("/report/businesslines/csv_2", "businessLinesCSVReport2", columns.BUSINESS_LINES, None, "month"),
    _Report("/report/sip/csv_2", "sipCSVReport2", columns.SIP_TRUNKS, None, "month"),
    _Report("/report/specialtylines/csv_2", "specialtyLinesReport", columns.SPECIALTY_LINES, None, "month"),
    _Report("/report/vfax/csv_2", "vFaxCSVReport2", columns.VFAX, None, "month"),
    _Report(
        "/report/emergencynotificationcompliance/csv_2",
        "emergencyNotificationComplianceReport",
        columns.COMPLIANCE,
    ),
    _Report("/report/msteams/csv_1", "msTeamsReport", columns.TEAMS, None, "month if any", 200),
    _Report(
        "/report/contact_center_retail/csv_1",
        "contactCenterRetailReport",
        columns.CONTACT_CENTER,
        None,
        "month if any",
    ),
    _Report(
        "/report/contact_center_usage/csv_1",
        "contactCenterUsageReport",
        columns.CONTACT_CENTER,
        None,
        "month if any",
    ),
    _Report("/account/{accountId}/cdrsearch/csv_2", "cdrSearchCSV_2", columns.CALLS),
)

ROUTES: Final = tuple(
    Route(item.verb, "/v2/partition/{partitionId}" + item.path, item.operation, _handler(item))
    for item in _REPORTS
)
