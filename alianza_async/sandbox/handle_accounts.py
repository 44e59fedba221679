"""Accounts: list, create, find, change, delete, search, check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.validation import check_account

if TYPE_CHECKING:
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming

_SEARCHED: Final = ("accountNumber", "accountName", "id")


def list_accounts(incoming: Incoming) -> Answer:
    """List the partition's accounts: `GET .../account`."""
    return ok(incoming.store.accounts_of(incoming.partition))


def create_account(incoming: Incoming) -> Answer:
    """Create an account: `POST .../account`."""
    partition_id = incoming.partition
    body = check_account(incoming.body)
    return ok(incoming.store.add_account(partition_id, body, unique=incoming.options.unique))


def retrieve_account(incoming: Incoming) -> Answer:
    """Find an account by its id or its number: `GET .../account/{accountId}?accountIdType=`."""
    partition_id, given = incoming.partition, incoming.params["accountId"]
    kind = incoming.query().get("accountIdType", "Id")
    if kind == "Id":
        return ok(incoming.store.account(partition_id, given))
    if kind == "AccountNumber":
        return ok(incoming.store.account_by_number(partition_id, given))
    raise ApiError(400, ("accountIdType must be one of AccountNumber, Id",), {"accountIdType": kind})


def update_account(incoming: Incoming) -> Answer:
    """Replace an account: `PUT .../account/{accountId}`."""
    account = _account(incoming)
    body = check_account(incoming.body)
    return ok(incoming.store.replace_account(account, body, unique=incoming.options.unique))


def patch_account(incoming: Incoming) -> Answer:
    """Change some of an account's fields: `PATCH .../account/{accountId}`."""
    account = _account(incoming)
    body = check_account({**account, **incoming.body})
    return ok(incoming.store.replace_account(account, body, unique=incoming.options.unique))


def delete_account(incoming: Incoming) -> Answer:
    """Delete an account: `DELETE .../account/{accountId}`."""
    incoming.store.remove_account(_account(incoming))
    return Answer(200)


def account_status(incoming: Incoming) -> Answer:
    """Tell an account's status as a bare string: `GET .../account/{accountId}/status`."""
    return ok(_account(incoming)["status"])


def search_accounts(incoming: Incoming) -> Answer:
    """Find accounts by a part of their number, name or id: `GET .../account/search?q=`."""
    partition_id = incoming.partition
    term = incoming.query().get("q", "").casefold()
    views: list[Json] = []
    if term:
        for account in incoming.store.accounts_of(partition_id):
            matches = {name: account[name] for name in _SEARCHED if term in str(account[name]).casefold()}
            if matches:
                views.append(_view(account, matches))
    return ok(views)


def validate_properties(incoming: Incoming) -> Answer:
    """Tell as a bare boolean whether proposed values are free: `GET .../account/validateproperties`.

    The sandbox has no devices, so every MAC address and SIP user name is free.
    """
    partition_id, query = incoming.partition, incoming.query()
    number, username = query.get("accountnumber"), query.get("username")
    taken = (number is not None and incoming.store.number_in_use(partition_id, number)) or (
        username is not None and incoming.store.username_in_use(username)
    )
    return ok(not taken)


def _account(incoming: Incoming) -> Json:
    """Find the path's account."""
    return incoming.store.account(incoming.partition, incoming.params["accountId"])


def _view(account: Json, matches: Json) -> Json:
    """Write an account the way a search shows it."""
    return {
        "partitionId": account["partitionId"],
        "id": account["id"],
        "accountNumber": account["accountNumber"],
        "accountName": account["accountName"],
        "type": account["accountType"],
        "accountStatus": account["status"],
        "platformType": account.get("platformType"),
        "matches": matches,
    }


_ALL: Final = "/v2/partition/{partitionId}/account"
_ONE: Final = _ALL + "/{accountId}"

ROUTES: Final = (
    Route("GET", _ALL, "getAccounts", list_accounts),
    Route("POST", _ALL, "createAccount", create_account, takes_body=True),
    Route("GET", _ALL + "/search", "accountSearch", search_accounts),
    Route("GET", _ALL + "/validateproperties", "validateAccountProperties", validate_properties),
    Route("GET", _ONE, "retrieveAccount", retrieve_account),
    Route("PUT", _ONE, "updateAccount", update_account, takes_body=True),
    Route("PATCH", _ONE, "accountPatch", patch_account, takes_body=True),
    Route("DELETE", _ONE, "deleteAccount", delete_account),
    Route("GET", _ONE + "/status", "getStatus", account_status),
)
