"""SSO exemptions: who may log in without the identity provider."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.sso_exemptions import SsoExemption, SsoExemptionCreate

__all__ = ["SsoExemptions"]

_SSO_CONFIG = "/v2/authn/sso-config"
_EXEMPTIONS = _SSO_CONFIG + "/accounts/{account_id}/exemptions"
_EXEMPTION = _EXEMPTIONS + "/{exemption_id}"
_ENFORCED_EXEMPTIONS = _SSO_CONFIG + "/partitions/enforced/{partition_id}/exemptions"
_ENFORCED_EXEMPTION = _ENFORCED_EXEMPTIONS + "/{exemption_id}"


class SsoExemptions(Resource):
    """Who may log in without the identity provider."""

    tag = "SSO Exemptions"

    @declare.post(_EXEMPTIONS, operation_id="addSSOExemption")
    async def create(self, account_id: str, exemption: SsoExemptionCreate) -> SsoExemption:
        """Create an SSO exemption of an account.

        `POST /v2/authn/sso-config/accounts/{accountId}/exemptions`.
        """
        ...

    @declare.delete(_EXEMPTION, operation_id="deleteSSOExemption")
    async def delete(self, account_id: str, exemption_id: str) -> None:
        """Delete an SSO exemption of an account.

        `DELETE /v2/authn/sso-config/accounts/{accountId}/exemptions/{exemptionId}`.
        """
        ...

    @declare.get(_EXEMPTION, operation_id="getSSOExemptionById")
    async def get(self, account_id: str, exemption_id: str) -> SsoExemption:
        """Return one SSO exemption of an account.

        `GET /v2/authn/sso-config/accounts/{accountId}/exemptions/{exemptionId}`.
        """
        ...

    @declare.put(_EXEMPTION, operation_id="updateSSOExemption")
    async def update(self, account_id: str, exemption_id: str, exemption: SsoExemptionCreate) -> SsoExemption:
        """Put an SSO exemption of an account in the place of one.

        `PUT /v2/authn/sso-config/accounts/{accountId}/exemptions/{exemptionId}`.
        """
        ...

    @declare.get(_ENFORCED_EXEMPTIONS, operation_id="getSSOExemptionsByPartition")
    async def list_enforced(self, *, partition_id: str | None = None) -> list[SsoExemption]:
        """Return every exemption from what a partition enforces.

        `GET /v2/authn/sso-config/partitions/enforced/{partitionId}/exemptions`.
        """
        ...

    @declare.post(_ENFORCED_EXEMPTIONS, operation_id="addSSOExemptionPartitionEnforced")
    async def create_enforced(
        self, exemption: SsoExemptionCreate, *, partition_id: str | None = None
    ) -> SsoExemption:
        """Exempt somebody from what a partition enforces.

        `POST /v2/authn/sso-config/partitions/enforced/{partitionId}/exemptions`.
        """
        ...

    @declare.delete(_ENFORCED_EXEMPTION, operation_id="deleteSSOExemptionPartitionEnforced")
    async def delete_enforced(self, exemption_id: str, *, partition_id: str | None = None) -> None:
        """Delete an exemption from what a partition enforces.

        `DELETE /v2/authn/sso-config/partitions/enforced/{partitionId}/exemptions/{exemptionId}`.
        """
        ...

    @declare.get(_ENFORCED_EXEMPTION, operation_id="getSSOExemptionByIdPartitionEnforced")
    async def get_enforced(self, exemption_id: str, *, partition_id: str | None = None) -> SsoExemption:
        """Return one exemption from what a partition enforces.

        `GET /v2/authn/sso-config/partitions/enforced/{partitionId}/exemptions/{exemptionId}`.
        """
        ...

    @declare.put(_ENFORCED_EXEMPTION, operation_id="updateSSOExemptionPartitionEnforced")
    async def update_enforced(
        self, exemption_id: str, exemption: SsoExemptionCreate, *, partition_id: str | None = None
    ) -> SsoExemption:
        """Put an exemption from what a partition enforces in the place of one.

        `PUT /v2/authn/sso-config/partitions/enforced/{partitionId}/exemptions/{exemptionId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_EXEMPTIONS, operation_id="getSSOExemptionsByAccount")
    async def list(self, account_id: str) -> list[SsoExemption]:
        """Return every SSO exemption of an account.

        `GET /v2/authn/sso-config/accounts/{accountId}/exemptions`.
        """
        ...
