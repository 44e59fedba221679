"""Accounts: list, create, find, change, delete, search, check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.line_book import plain_mac
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.validation import check_account

if TYPE_CHECKING:
    from collections.abc import Callable

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
    unique = incoming.unique(body["accountNumber"])
    return ok(incoming.store.add_account(partition_id, body, unique=unique))


def retrieve_account(incoming: Incoming) -> Answer:
    """Find an account by one of its keys: `GET .../account/{accountId}?accountIdType=`."""
    partition_id, given = incoming.partition, incoming.params["accountId"]
    kind = incoming.query().get("accountIdType", "Id")
    if kind == "Id":
        return ok(incoming.store.account(partition_id, given))
    if kind == "AccountNumber":
        return ok(incoming.store.account_by_number(partition_id, given))
    if kind == "PhoneNumber":
        return ok(_only(incoming, incoming.store.numbers.accounts_with(partition_id, given)))
    if kind == "MacAddress":
        lines = incoming.store.lines.of_mac(plain_mac(given) or "")
        return ok(_only(incoming, [str(line["accountId"]) for line in lines]))
    kinds = "AccountNumber, Id, MacAddress, PhoneNumber"
    raise ApiError(400, (f"accountIdType must be one of {kinds}",), {"accountIdType": kind})


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
    incoming.store.remove_account(_account(incoming), incoming.options.delete_pending_s)
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
    """Tell as a bare boolean whether proposed values are free: `GET .../account/validateproperties`."""
    partition_id, query, store = incoming.partition, incoming.query(), incoming.store
    in_use: dict[str, Callable[[str], bool]] = {
        "accountnumber": lambda number: store.number_in_use(partition_id, number),
        "username": store.username_in_use,
        "macaddress": lambda mac: bool(store.lines.of_mac(plain_mac(mac) or "")),
        "sipusername": store.lines.sip_username_in_use,
    }
    return ok(not any(taken(query[name]) for name, taken in in_use.items() if name in query))


def _account(incoming: Incoming) -> Json:
    """Find the path's account."""
    return incoming.store.account(incoming.partition, incoming.params["accountId"])


def _only(incoming: Incoming, account_ids: list[str]) -> Json:
    """Answer the one account that some key belongs to.

    Raises:
        ApiError: 404 where there is none, 400 where there are two or more.
    """
    found = sorted(set(account_ids))
    if len(found) > 1:
        raise ApiError(400, ("More than one account has that key",), {"accountIds": found})
    return incoming.store.account(incoming.partition, found[0] if found else incoming.params["accountId"])


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
