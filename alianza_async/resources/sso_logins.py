"""SSO logins: logging in by way of an identity provider, and the links of users to it."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.authorize import LoginInfo
from alianza_async.models.enums import SsoScope
from alianza_async.models.sso_logins import SsoLink, SsoRedirect

__all__ = ["SsoLogins"]

_SSO = "/v2/authn/sso"
_SSO_LINKAGE = _SSO + "/sso-linkage"


class SsoLogins(Resource):
    """Logging in by way of an identity provider, and the links of users to it."""

    tag = "SSO Authentication"

    @declare.post(_SSO + "/login-callback", operation_id="finishSSO")
    async def finish(
        self, *, code: str, redirect_uri: Annotated[str, declare.Named("redirect_uri")], state: SsoScope
    ) -> LoginInfo:
        """Trade the code of an identity provider for a login.

        `POST /v2/authn/sso/login-callback`.
        """
        ...

    @declare.delete(
        _SSO_LINKAGE,
        operation_id="unlinkSSO",
        operation_class=OperationClass.ACTION,
        probe="sso_logins.list_links",
    )
    async def unlink(
        self,
        *,
        account_id: str,
        user_id: str,
        partition_id: Annotated[str | None, declare.FromClient("partitionId")] = None,
    ) -> None:
        """Cut the link of a user to the identity provider.

        `DELETE /v2/authn/sso/sso-linkage`.
        """
        ...

    @declare.get(_SSO_LINKAGE, operation_id="getSSOLinkages")
    async def list_links(
        self,
        *,
        account_id: str,
        partition_id: Annotated[str | None, declare.FromClient("partitionId")] = None,
    ) -> list[SsoLink]:
        """Return which users of an account are linked to an identity provider.

        `GET /v2/authn/sso/sso-linkage`.
        """
        ...

    @declare.post(
        _SSO + "/{email_address}", operation_id="spInitiatedAuthn", operation_class=OperationClass.IDEMPOTENT
    )
    async def start(
        self,
        email_address: str,
        *,
        redirect: bool = False,
        redirect_override: Annotated[str | None, declare.Header("X-AUTH-REDIRECT-OVERRIDE")] = None,
    ) -> SsoRedirect:
        """Ask where a user goes to log in at the identity provider.

        `POST /v2/authn/sso/{emailAddress}`.
        """
        ...
