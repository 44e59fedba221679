"""Authorize: logging in and out. A session does both by itself; this is for those who want to look."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.authorize import Login, LoginInfo

__all__ = ["Authorize"]


class Authorize(Resource):
    """Logging in and out, and who is logged in."""

    tag = "Authorize"

    # A second login leaves what one leaves, a token more: the next one replaces it. So it may be sent again.
    @declare.post(
        "/v2/authorize",
        operation_id="logUserIn",
        operation_class=OperationClass.IDEMPOTENT,
        authenticated=False,
    )
    async def login(self, login: Login) -> LoginInfo:
        """Log in, and return the token and whose it is; the session's own login is not touched.

        `POST /v2/authorize`.

        Raises:
            AuthenticationError: The login was refused.
        """
        ...

    @declare.put("/v2/authorize/logout", operation_id="logOut")
    async def logout(self) -> None:
        """End the session's token on the server; the next call logs in again.

        `PUT /v2/authorize/logout`.
        """
        ...

    @declare.get("/v2/authorize/userinfo", operation_id="getLoginInfo")
    async def user_info(self) -> LoginInfo:
        """Return who is logged in, with which permissions.

        `GET /v2/authorize/userinfo`.
        """
        ...

    @declare.put(
        "/v2/authorize",
        operation_id="changePassword",
        operation_class=OperationClass.ACTION,
        authenticated=False,
    )
    async def change_password(self, login: Login) -> LoginInfo:
        """Change the password of a login; the session keeps using the one it was given.

        `PUT /v2/authorize`.
        """
        ...

    @declare.post(
        "/v2/authorize/jwt",
        operation_id="loginWithJWT",
        operation_class=OperationClass.IDEMPOTENT,
        deprecated="authorize.login_with_token is deprecated: the API names no replacement",
        authenticated=False,
    )
    async def login_with_token(self, token: str) -> LoginInfo:
        """Log in with a signed token of another system; the session's own login is not touched.

        `POST /v2/authorize/jwt`.
        """
        ...
