"""Single sign on: what a login page needs, and the exchange of its code for a token."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.authorize import LoginInfo
from alianza_async.models.single_sign_on import SsoClient

__all__ = ["SingleSignOn"]

_SSO = "/v2/authorize/sso"


class SingleSignOn(Resource):
    """What a login page needs, and the exchange of its code for a token."""

    tag = "Single Sign On - SSO"

    @declare.get(_SSO, operation_id="getClientId", authenticated=False)
    async def client_data(self) -> SsoClient:
        """Return what a login page needs to send somebody to the identity provider.

        `GET /v2/authorize/sso`.
        """
        ...

    @declare.post(_SSO, operation_id="getLoginInfo_1", authenticated=False)
    async def exchange_code(
        self,
        *,
        code: str | None = None,
        redirect_uri: Annotated[str | None, declare.Named("redirect_uri")] = None,
    ) -> LoginInfo:
        """Trade the code of an identity provider for a login.

        `POST /v2/authorize/sso`.
        """
        ...
