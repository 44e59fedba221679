"""An account's users: list, create, find, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.validation import check_user

if TYPE_CHECKING:
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming


def list_users(incoming: Incoming) -> Answer:
    """List an account's users: `GET .../user`."""
    return ok(incoming.store.users_of(_account(incoming)))


def create_user(incoming: Incoming) -> Answer:
    """Create a user: `POST .../user`."""
    account = _account(incoming)
    body = _folded(incoming, check_user(incoming.body))
    return ok(incoming.store.add_user(account, body, unique=incoming.unique(body["username"])))


def retrieve_user(incoming: Incoming) -> Answer:
    """Find a user by id or user name: `GET .../user/{userId}?idType=`."""
    account, given = _account(incoming), incoming.params["userId"]
    kind = incoming.query().get("idType", "ID")
    if kind == "ID":
        return ok(incoming.store.user(account, given))
    if kind == "UserName":
        name = given.lower() if incoming.options.fold_usernames else given
        return ok(incoming.store.user_by_name(account, name))
    raise ApiError(400, ("idType must be one of ID, UserName",), {"idType": kind})


def update_user(incoming: Incoming) -> Answer:
    """Replace a user: `PUT .../user/{userId}`."""
    user = _user(incoming)
    body = _folded(incoming, check_user(incoming.body))
    return ok(incoming.store.replace_user(user, body, unique=incoming.options.unique))


def patch_user(incoming: Incoming) -> Answer:
    """Change some of a user's fields: `PATCH .../user/{userId}`."""
    user = _user(incoming)
    body = _folded(incoming, check_user({**user, **incoming.body}))
    return ok(incoming.store.replace_user(user, body, unique=incoming.options.unique))


def delete_user(incoming: Incoming) -> Answer:
    """Delete a user: `DELETE .../user/{userId}`."""
    incoming.store.remove_user(_user(incoming))
    return Answer(204)


def _folded(incoming: Incoming, body: Json) -> Json:
    """Answer a user's body as the options have it kept."""
    if incoming.options.fold_usernames:
        return {**body, "username": str(body["username"]).lower()}
    return body


def _account(incoming: Incoming) -> Json:
    """Find the path's account."""
    return incoming.store.account(incoming.partition, incoming.params["accountId"])


def _user(incoming: Incoming) -> Json:
    """Find the path's user."""
    return incoming.store.user(_account(incoming), incoming.params["userId"])


_ALL: Final = "/v2/partition/{partitionId}/account/{accountId}/user"
_ONE: Final = _ALL + "/{userId}"

ROUTES: Final = (
    Route("GET", _ALL, "retrieveEndUserList", list_users),
    Route("POST", _ALL, "createEndUser", create_user, takes_body=True),
    Route("GET", _ONE, "retrieveEndUser", retrieve_user),
    Route("PUT", _ONE, "updateEndUser", update_user, takes_body=True),
    Route("PATCH", _ONE, "patchEndUser", patch_user, takes_body=True),
    Route("DELETE", _ONE, "deleteEndUser", delete_user),
)
