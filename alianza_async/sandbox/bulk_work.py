"""What the API's own bulk operations do with one row: it goes through the same doors as a single call."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox import handle_numbers, handle_users
from alianza_async.sandbox.bulk_schemas import ADDRESS, LANGUAGES, NUMBER, USERNAME, ZONES, texts
from alianza_async.sandbox.handle_numbers import add_numbers, delete_number
from alianza_async.sandbox.handle_users import create_user, delete_user
from alianza_async.sandbox.permissions import refuse_forbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alianza_async.sandbox.bulk_schemas import Values
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming

_FIELDS: Final = {
    "First Name": "firstName",
    "Last Name": "lastName",
    "Extension Number": "extension",
    "User Tags": "tags",
    "Email": "emailAddress",
    USERNAME: "username",
    "Calling Plan": "newCppId",
}


_DOORS: Final = {route.operation: route for route in (*handle_users.ROUTES, *handle_numbers.ROUTES)}
_DOOR_OF: Final = {
    "CreateUserInput": "createEndUser",
    "DeleteUserInput": "deleteEndUser",
    "CreateTelephoneNumberInput": "createOrAddTelephoneNumberToAccount",
    "DeleteTelephoneNumberInput": "deleteTelephoneNumberOnAccount",
}


def check_permission(incoming: Incoming, kind: str) -> None:
    """Make sure that whoever starts a job may do by a single call what its rows ask for.

    Raises:
        ApiError: 403 where the login may not.
    """
    if incoming.options.permissions is not None:
        refuse_forbidden(_DOORS[_DOOR_OF[kind]].need, incoming.options.permissions)


def worker(incoming: Incoming, kind: str, account_id: str) -> Callable[[Json], str]:
    """Answer what carries out one row of a kind in an account.

    Args:
        incoming: The request that started the job: its login acts, its options hold.
        kind: The type of the rows.
        account_id: The account.

    Returns:
        A function from a row to the id of what it made or removed; it raises `ApiError` where it cannot.
    """
    act = _WORK[kind]
    inside = {"partitionId": incoming.login.partition_id, "accountId": account_id}

    def carry_out(row: Json) -> str:
        """Carry out one row."""
        incoming.store.history.actor = incoming.login.username
        # Looked up row by row: it may be gone by now.
        account = incoming.store.account(incoming.login.partition_id, account_id)
        return act(replace(incoming, params=inside), account, texts(row))

    return carry_out


def _create_user(call: Incoming, _account: Json, values: Values) -> str:
    """Create a user."""
    body: Json = {field: values[column] for column, field in _FIELDS.items() if column in values}
    body["timeZone"] = ZONES[values["Time Zone"].casefold()]
    if "Feature Plan" in values:
        body["userProductPlan"] = values["Feature Plan"].upper()
    if "Voice Portal Access" in values:
        body["allowPortalAccess"] = values["Voice Portal Access"].upper() == "YES"
    if "Language" in values:
        body["languageTag"] = LANGUAGES[values["Language"].upper()]
    made: Json = json.loads(create_user(replace(call, body=body)).body)
    return str(made["id"])


def _delete_user(call: Incoming, account: Json, values: Values) -> str:
    """Delete a user."""
    user_id = str(call.store.user_by_name(account, values[USERNAME])["id"])
    delete_user(replace(call, params={**call.params, "userId": user_id}))
    return user_id


def _create_number(call: Incoming, account: Json, values: Values) -> str:
    """Put a number of the inventory on the account, with its emergency address, for the user named."""
    number: Json = {"phoneNumber": values[NUMBER]}
    if USERNAME in values:
        user = call.store.user_by_name(account, values[USERNAME])
        number.update({"referenceType": "END_USER", "referenceId": user["id"]})
    body: Json = {"telephoneNumbers": [number]}
    address = {field: values[column] for column, field in ADDRESS.items() if column in values}
    if address:
        body["e911Address"] = address
    made: Json = json.loads(add_numbers(replace(call, body=body)).body)
    return str(cast("list[Json]", made["telephoneNumbers"])[0]["id"])


def _delete_number(call: Incoming, account: Json, values: Values) -> str:
    """Release a number."""
    number_id = str(call.store.numbers.one(account, values[NUMBER])["id"])
    delete_number(replace(call, params={**call.params, "tn": number_id}))
    return number_id


_WORK: Final[Mapping[str, Callable[[Incoming, Json, Values], str]]] = {
    "CreateUserInput": _create_user,
    "DeleteUserInput": _delete_user,
    "CreateTelephoneNumberInput": _create_number,
    "DeleteTelephoneNumberInput": _delete_number,
}
