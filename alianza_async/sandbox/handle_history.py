"""Account history, found by account id or account number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.history import date_text
from alianza_async.sandbox.queries import page, several, span
from alianza_async.sandbox.routes import Route

if TYPE_CHECKING:
    from alianza_async.sandbox.history import Entry
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming

_USUAL_PAGE: Final = 20
_TYPE_NAMES: Final = (
    "PHONE_NUMBER PROVISIONING CALL_FORWARDING CALL_SCREENING ADDRESS ADDRESS_CSR ADDRESS_E911 "
    "ADDRESS_DIRECTORY_LISTING ACCOUNT_STATUS VOICEMAIL CALLING_PLAN INBOUND_CALLING_PLAN IVR SIP_TRUNK "
    "SIP_TRUNK_FORWARD SIP_TRUNK_GROUP DEVICE DEVICE_METADATA USER USER_API_AUTH LINE_HUNTGROUP ACCOUNT "
    "LINE_APPEARANCE LINE_HARDWARE VFAX PAGING_GROUP PICKUP_GROUP GROUP_OF_REFERENCES CALL_PARKING_SPOT "
    "ACCOUNT_USER SIP_CREDENTIALS BUSINESS_LINE BUSINESS_LINE_HUNT_GROUP CALL_GROUP CALL_QUEUE "
    "USER_DEVICE_LINE EMERGENCY_NOTIFICATION DYNAMIC_RESERVATION SPECIALTY_LINE AUTHORITY AUTO_ATTENDANT "
    "CONTACT CONTACT_CENTER CALL_RECORDING ACCOUNT_CODE SHORT_CODE MEDIA_MANAGEMENT SOUNDS USER_GROUP"
)
_TYPES: Final = frozenset(_TYPE_NAMES.split())


def history_by_id(incoming: Incoming) -> Answer:
    """Find an account's history: `GET .../account/{accountId}/accounthistorysearch`."""
    partition_id, account_id = incoming.partition, incoming.params["accountId"]
    account = incoming.store.accounts.get(account_id)
    # An account that is no more is found by its history, which tells its partition by the number it had.
    known = account is not None and account["partitionId"] == partition_id
    if not known and not incoming.store.history.belongs(partition_id, account_id):
        raise ApiError(404, ("Account not found",), {"accountId": account_id})
    return _found(incoming, (account_id,))


def history_by_number(incoming: Incoming) -> Answer:
    """Find the history of all that ever had a number: `GET .../accounthistorysearch?accountNumber=`."""
    partition_id = incoming.partition
    number = incoming.query().get("accountNumber")
    if not number:
        raise ApiError(400, ("accountNumber must not be null",))
    account_ids = incoming.store.history.of_number(partition_id, number)
    if not account_ids and not incoming.store.number_in_use(partition_id, number):
        raise ApiError(404, ("Account not found",), {"accountNumber": number})
    return _found(incoming, account_ids)


def _found(incoming: Incoming, account_ids: tuple[str, ...]) -> Answer:
    """Answer one page of the entries that can be seen, newest first."""
    query = incoming.query()
    kinds = several(incoming, "accountHistoryType", _TYPES)
    start, end = span(query)
    seen = list(incoming.store.history.newest_first(account_ids, incoming.options.history_lag_s))
    wanted = [
        entry for entry in seen if start <= entry.logged < end and (not kinds or entry.thing.kind in kinds)
    ]
    facts: Json = {"totalRecords": len(wanted), **_dates(seen)}
    facts["results"] = [entry.to_json() for entry in page(wanted, query, _USUAL_PAGE)]
    return ok(facts)


def _dates(seen: list[Entry]) -> Json:
    """Tell when the account was created and last changed, as far as can be seen."""
    dates: Json = {}
    for entry in seen:
        if entry.thing.kind == "ACCOUNT" and entry.action == "CREATE":
            dates["accountCreatedDate"] = date_text(entry.logged)
    if seen:
        dates["accountLastUpdatedDate"] = date_text(seen[0].logged)
    return dates


_ALL: Final = "/v2/partition/{partitionId}/account"
_ONE: Final = _ALL + "/{accountId}"

ROUTES: Final = (
    Route("GET", _ALL + "/accounthistorysearch", "accountHistoryByAccountNumberSearch", history_by_number),
    Route("GET", _ONE + "/accounthistorysearch", "accountHistoryByAccountIdSearch", history_by_id),
)
