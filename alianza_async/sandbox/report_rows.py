"""What fills the reports: the store's real content, by column."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox.handle_inventory import status_search
from alianza_async.sandbox.history import PARTITION_NAME, USER, date_text
from alianza_async.sandbox.queries import span
from alianza_async.sandbox.report_columns import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming

_PLANS: Final = {"STANDARD": "Standard", "ADVANCED": "Advanced", "PROFESSIONAL": "Professional"}


def account_rows(incoming: Incoming) -> Iterator[Json]:
    """Yield a row for each account of the partition."""
    store = incoming.store
    for account in store.accounts_of(incoming.login.partition_id):
        account_id = str(account["id"])
        lines = store.lines.of_account(account_id)
        yield {
            "Account Billing Cycle Day": account["billingCycleDay"],
            "Account Dialing Behavior": account.get("dialingBehaviorType"),
            "Account Extension Length": account.get("extensionLength"),
            "Account Name": account["accountName"],
            "Account Number": account["accountNumber"],
            "Account Status": account["status"],
            "Account Time Zone": account["timeZone"],
            "Account Type": account["accountType"],
            "AccountId": account["id"],
            "CustomField": account.get("customField"),
            "Number of Devices": len({line.get("macAddress") for line in lines}),
            "Number of Phone Numbers": len(store.numbers.of_account(account_id)),
            "Number of Users": account["endUserCount"],
            "Partition": PARTITION_NAME,
            "PartitionId": account["partitionId"],
            **_users_by_plan(store.users_of(account)),
        }


def _users_by_plan(users: list[Json]) -> Json:
    """Count users by product plan, for the columns that tell so."""
    return {
        f"Number of {name} BCC Users": sum(user.get("userProductPlan") == plan for user in users)
        for plan, name in _PLANS.items()
    }


def user_rows(incoming: Incoming) -> Iterator[Json]:
    """Yield a row for each user of the partition, account by account."""
    for account in incoming.store.accounts_of(incoming.login.partition_id):
        for user in incoming.store.users_of(account):
            yield {
                "AccountNumber": account["accountNumber"],
                "AccountStatus": account["status"],
                "AccountType": account["accountType"],
                "Extension": user.get("extension"),
                "Partition": PARTITION_NAME,
                "UserFirstName": user.get("firstName"),
                "UserLastName": user.get("lastName"),
                "UserUsername": user["username"],
                "UserProductPlan": user.get("userProductPlan"),
            }


def user_change_rows(incoming: Incoming) -> Iterator[Json]:
    """Yield a row for each change of a user of the partition in the span asked for, as far as can be seen."""
    start, end = span(incoming.query())
    store = incoming.store
    for account in store.accounts_of(incoming.login.partition_id):
        for entry in store.history.newest_first((str(account["id"]),), incoming.options.history_lag_s):
            if entry.thing == USER and entry.reference_id is not None and start <= entry.logged < end:
                yield {
                    "Account Number": entry.account_number,
                    "Username": entry.name,
                    "Change Time": date_text(entry.logged),
                    "Change Type": entry.action,
                    "Old Value": entry.old,
                    "New Value": entry.new,
                }


def device_inventory_rows(incoming: Incoming) -> list[dict[str, str]]:
    """List the devices imported."""
    return incoming.store.kept.rows("devices", incoming.login.partition_id)


def rate_center_rows(incoming: Incoming) -> list[dict[str, str]]:
    """List the rate centers planned."""
    return incoming.store.kept.rows("rate centers", incoming.login.partition_id)


def number_rows(incoming: Incoming) -> Iterator[Json]:
    """Yield a row for each number on an account, with its two addresses."""
    for account in incoming.store.accounts_of(incoming.login.partition_id):
        for number in incoming.store.numbers.of_account(str(account["id"])):
            yield {
                "TelephoneNumber": number["phoneNumber"],
                "AccountNumber": account["accountNumber"],
                "AccountStatus": account["status"],
                "CarrierStatus": number["carrierStatus"],
                "FunctionType": number["functionType"],
                "PartitionName": PARTITION_NAME,
                "ServicePackageType": number.get("servicePackageType"),
                "TollFree": number["tollFree"],
                **_address("911", number.get("e911Address")),
                **_address("CSR", number.get("customerServiceRecord")),
            }


def inventory_rows(incoming: Incoming) -> Iterator[Json]:
    """Yield a row for each number of the partition, those on accounts too."""
    store = incoming.store
    for stocked in store.numbers.inventory.all_of(incoming.login.partition_id):
        account = store.accounts.get(stocked.account_id or "")
        yield {
            "TelephoneNumber": stocked.seed.number,
            "Status": "AVAILABLE" if account is None else "ASSIGNED",
            "AccountNumber": None if account is None else account["accountNumber"],
        }


def number_event_rows(incoming: Incoming) -> Iterator[Json]:
    """Yield a row for each event that a status search with the same query finds."""
    everything = replace(incoming, query_string=incoming.query_string + b"&maxResult=2147483647")
    found: Json = json.loads(status_search(everything).body)
    for event in cast("list[Json]", found["results"]):
        yield {
            "TelephoneNumber": event["mainTelephoneNumber"],
            "AccountId": event["accountId"],
            "EventType": event["serviceType"],
            "Status": event["activationStatusType"],
            "CreatedDate": event["createdDate"],
            "UpdatedDate": event["lastUpdatedDate"],
        }


def device_rows(incoming: Incoming) -> Iterator[Json]:
    """Yield a row for each device line of the partition."""
    store = incoming.store
    for account in store.accounts_of(incoming.login.partition_id):
        for line in store.lines.of_account(str(account["id"])):
            user = store.users.get(str(line.get("userId")))
            yield {
                "AccountNumber": account["accountNumber"],
                "DeviceName": line.get("deviceName"),
                "DeviceType": line.get("deviceTypeId"),
                "LineNumber": line.get("lineNumber"),
                "MacAddress": line.get("macAddress"),
                "Partition": PARTITION_NAME,
                "Username": None if user is None else user["username"],
                "PartitionId": account["partitionId"],
                "AccountId": account["id"],
                "DeviceId": line["id"],
                "UserId": line.get("userId"),
            }


def _address(prefix: str, address: object) -> Json:
    """Spread an address over the columns that begin with a prefix."""
    if not isinstance(address, dict):
        return {}
    parts = cast("Json", address)
    return {f"{prefix}{column}": parts.get(_camel(column)) for column in ADDRESS}


def _camel(column: str) -> str:
    """Answer the field a column of an address is named for; the second first name has none."""
    first, *rest = column.split("_")
    return first + "".join(word.capitalize() for word in rest)
