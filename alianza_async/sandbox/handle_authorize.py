"""Login, logout, password change, and who is logged in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import Answer, ApiError, ok
from alianza_async.sandbox.history import PARTITION_NAME
from alianza_async.sandbox.permissions import USUAL
from alianza_async.sandbox.routes import Route
from alianza_async.sandbox.tokens import user_id_of

if TYPE_CHECKING:
    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.routes import Incoming
    from alianza_async.sandbox.tokens import Login


def log_in(incoming: Incoming) -> Answer:
    """Answer a new token for accepted credentials: `POST /v2/authorize`."""
    username = _accept(incoming)
    return _new_token(incoming, username)


def change_password(incoming: Incoming) -> Answer:
    """Take a new password and answer a new token: `PUT /v2/authorize`."""
    username = _accept(incoming)
    fresh = incoming.body.get("changePassword")
    if not isinstance(fresh, str) or not fresh:
        raise ApiError(400, ("changePassword must not be null",))
    incoming.store.password = fresh
    return _new_token(incoming, username)


def log_out(incoming: Incoming) -> Answer:
    """End the token: `PUT /v2/authorize/logout`."""
    incoming.store.tokens.revoke(incoming.token)
    return Answer(200)


def login_info(incoming: Incoming) -> Answer:
    """Tell who is logged in, without a token: `GET /v2/authorize/userinfo`."""
    return ok(_describe(incoming, incoming.login))


def _accept(incoming: Incoming) -> str:
    """Answer the user name of a login that holds.

    Raises:
        ApiError: 400 where a field is missing, 401 where the credentials are wrong, or the status asked for.
    """
    options = incoming.options
    if options.login_status is not None:
        raise ApiError(options.login_status, ("Login is not available",))
    username, password = incoming.body.get("username"), incoming.body.get("password")
    fields = (("username", username), ("password", password))
    missing = tuple(
        f"{name} must not be null" for name, value in fields if not isinstance(value, str) or not value
    )
    if missing:
        raise ApiError(400, missing)
    expected = incoming.store.password or options.password
    if (options.username is not None and username != options.username) or (
        expected is not None and password != expected
    ):
        raise ApiError(401, ("Invalid username or password",))
    return str(username)


def _new_token(incoming: Incoming, username: str) -> Answer:
    """Issue a token and describe it."""
    options = incoming.options
    token, login = incoming.store.tokens.issue(username, options.partition_id, options.token_ttl_s)
    return ok({"authToken": token, **_describe(incoming, login)})


def _describe(incoming: Incoming, login: Login) -> Json:
    """Write what the API tells of a login, its token aside."""
    facts: Json = {
        "userId": user_id_of(login.username),
        "userType": "ManagementUser",
        "username": login.username,
        "partitionId": login.partition_id,
        "partitionName": PARTITION_NAME,
        "permissions": {**USUAL, **(incoming.options.permissions or {})},
        "mustChangePassword": incoming.options.must_change_password and incoming.store.password is None,
        "maxLifeInHours": max(1, math.ceil(login.life_s / 3600)),
    }
    if incoming.options.expires_in:
        facts["expiresIn"] = login.life_s if login.life_s % 1 else int(login.life_s)
    return facts


ROUTES: Final = (
    Route("POST", "/v2/authorize", "logUserIn", log_in, needs_token=False, takes_body=True),
    Route("PUT", "/v2/authorize", "changePassword", change_password, needs_token=False, takes_body=True),
    Route("PUT", "/v2/authorize/logout", "logOut", log_out),
    Route("GET", "/v2/authorize/userinfo", "getLoginInfo", login_info),
)
