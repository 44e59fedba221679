"""SSO configurations: identity providers of accounts, and those a partition enforces."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated, Literal

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.sso_configurations import (
    EnforcedSubPartitions,
    SamlBinding,
    SsoConfiguration,
    SsoConfigurationCreate,
    SsoConfigurationStart,
    SsoConfigurationWrite,
    SsoUserValidation,
)

__all__ = ["SsoConfigurations"]

_SSO_CONFIG = "/v2/authn/sso-config"
_ACCOUNTS = _SSO_CONFIG + "/accounts"
_ACCOUNT = _ACCOUNTS + "/{account_id}"
_ALL_ENFORCED = _SSO_CONFIG + "/partitions/enforced"
_OF_ACCOUNT = _ACCOUNT + "/{sso_name}"
_ENFORCED = _ALL_ENFORCED + "/{partition_id}"
_OF_PARTITION = _ENFORCED + "/{sso_name}"


class SsoConfigurations(Resource):
    """Identity providers of accounts, and those a partition enforces."""

    tag = "SSO Configuration"

    @declare.post(_ACCOUNTS, operation_id="createSSOConfig", probe="sso_configurations.get")
    async def create(self, configuration: SsoConfigurationCreate) -> SsoConfigurationStart:
        """Start an SSO configuration of an account, and return what the provider needs.

        `POST /v2/authn/sso-config/accounts`.
        """
        ...

    @declare.put(_ACCOUNT, operation_id="updateSSOConfig")
    async def update(
        self,
        account_id: str,
        configuration: SsoConfigurationWrite | None = None,
        *,
        sso_name: Annotated[str | None, declare.PartField("ssoName")] = None,
        identity_provider_sign_in_url: Annotated[
            str | None, declare.PartField("identityProviderSignInUrl")
        ] = None,
        external_id_attribute_field_mapping: Annotated[
            str | None, declare.PartField("externalIdAttributeFieldMapping")
        ] = None,
        external_email_attribute_field_mapping: Annotated[
            str | None, declare.PartField("externalEmailAttributeFieldMapping")
        ] = None,
        identity_provider_signing_certificate: UploadSource | None = None,
        saml_request_protocol_binding: Annotated[
            SamlBinding | None, declare.PartField("samlRequestProtocolBinding")
        ] = None,
    ) -> SsoConfiguration:
        """Complete or change an SSO configuration of an account, as JSON or with a certificate file.

        `PUT /v2/authn/sso-config/accounts/{accountId}`.
        """
        ...

    @declare.get(_ACCOUNT + "/signing-certificate", operation_id="downloadSigningCertificate")
    async def signing_certificate(
        self,
        account_id: str,
        *,
        encoding: Annotated[Literal["pem", "cer"] | None, declare.Named("format")] = None,
    ) -> Download:
        """Download the certificate that signs requests of an account.

        `GET /v2/authn/sso-config/accounts/{accountId}/signing-certificate`.
        """
        ...

    @declare.get(_ACCOUNT + "/user-validation", operation_id="getUserValidation")
    async def validate_user(
        self,
        account_id: str,
        *,
        user_id: str | None = None,
        partition_id: Annotated[str | None, declare.FromClient("partitionId")] = None,
    ) -> SsoUserValidation:
        """Tell whether a user of an account could log in by the identity provider.

        `GET /v2/authn/sso-config/accounts/{accountId}/user-validation`.
        """
        ...

    @declare.delete(_OF_ACCOUNT, operation_id="deleteSSOConfig")
    async def delete(self, account_id: str, sso_name: str) -> None:
        """Delete an SSO configuration of an account.

        `DELETE /v2/authn/sso-config/accounts/{accountId}/{ssoName}`.
        """
        ...

    @declare.get(_OF_ACCOUNT, operation_id="getSSOConfig")
    async def get(self, account_id: str, sso_name: str) -> SsoConfiguration:
        """Return one SSO configuration of an account.

        `GET /v2/authn/sso-config/accounts/{accountId}/{ssoName}`.
        """
        ...

    @declare.post(_OF_ACCOUNT + "/status", operation_id="enableSSO", probe="sso_configurations.get")
    async def set_enabled(self, account_id: str, sso_name: str, *, enabled: bool | None = None) -> None:
        """Switch an SSO configuration of an account on or off.

        `POST /v2/authn/sso-config/accounts/{accountId}/{ssoName}/status`.
        """
        ...

    @declare.post(
        _ALL_ENFORCED,
        operation_id="createSSOConfigPartitionEnforced",
        probe="sso_configurations.get_enforced",
    )
    async def create_enforced(self, configuration: SsoConfigurationCreate) -> SsoConfigurationStart:
        """Start an SSO configuration that a partition enforces, and return what the provider needs.

        `POST /v2/authn/sso-config/partitions/enforced`.
        """
        ...

    @declare.put(
        _ALL_ENFORCED + "/sub-partitions/{sso_name}",
        operation_id="updateSubPartitionsList",
        operation_class=OperationClass.ACTION,
        probe="sso_configurations.get_enforced",
    )
    async def add_enforced_partitions(self, sso_name: str, partitions: EnforcedSubPartitions) -> None:
        """Add partitions for which an SSO configuration is enforced.

        `PUT /v2/authn/sso-config/partitions/enforced/sub-partitions/{ssoName}`.
        """
        ...

    @declare.get(_ENFORCED, operation_id="listSSOConfigsByPartitionIdPartitionEnforced")
    async def list_enforced(self, *, partition_id: str | None = None) -> list[SsoConfiguration]:
        """Return every SSO configuration that a partition enforces.

        `GET /v2/authn/sso-config/partitions/enforced/{partitionId}`.
        """
        ...

    @declare.put(_ENFORCED, operation_id="updateSSOConfigPartitionEnforced")
    async def update_enforced(
        self,
        configuration: SsoConfigurationWrite | None = None,
        *,
        sso_name: Annotated[str | None, declare.PartField("ssoName")] = None,
        identity_provider_sign_in_url: Annotated[
            str | None, declare.PartField("identityProviderSignInUrl")
        ] = None,
        external_id_attribute_field_mapping: Annotated[
            str | None, declare.PartField("externalIdAttributeFieldMapping")
        ] = None,
        external_email_attribute_field_mapping: Annotated[
            str | None, declare.PartField("externalEmailAttributeFieldMapping")
        ] = None,
        user_id_attribute_field_mapping: Annotated[
            str | None, declare.PartField("userIdAttributeFieldMapping")
        ] = None,
        identity_provider_signing_certificate: UploadSource | None = None,
        saml_request_protocol_binding: Annotated[
            SamlBinding | None, declare.PartField("samlRequestProtocolBinding")
        ] = None,
        idp_logout_url: Annotated[str | None, declare.PartField("idpLogoutUrl")] = None,
        partition_id: str | None = None,
    ) -> SsoConfiguration:
        """Complete or change an SSO configuration that a partition enforces.

        `PUT /v2/authn/sso-config/partitions/enforced/{partitionId}`.
        """
        ...

    @declare.get(
        _ENFORCED + "/signing-certificate", operation_id="downloadSigningCertificatePartitionEnforced"
    )
    async def enforced_signing_certificate(
        self,
        *,
        encoding: Annotated[Literal["pem", "cer"] | None, declare.Named("format")] = None,
        partition_id: str | None = None,
    ) -> Download:
        """Download the certificate that signs requests of a partition.

        `GET /v2/authn/sso-config/partitions/enforced/{partitionId}/signing-certificate`.
        """
        ...

    @declare.delete(_OF_PARTITION, operation_id="deleteSSOConfigPartitionEnforced")
    async def delete_enforced(self, sso_name: str, *, partition_id: str | None = None) -> None:
        """Delete an SSO configuration that a partition enforces.

        `DELETE /v2/authn/sso-config/partitions/enforced/{partitionId}/{ssoName}`.
        """
        ...

    @declare.get(_OF_PARTITION, operation_id="getSSOConfigPartitionEnforced")
    async def get_enforced(self, sso_name: str, *, partition_id: str | None = None) -> SsoConfiguration:
        """Return one SSO configuration that a partition enforces.

        `GET /v2/authn/sso-config/partitions/enforced/{partitionId}/{ssoName}`.
        """
        ...

    @declare.post(
        _OF_PARTITION + "/status",
        operation_id="enableSSOPartitionEnforced",
        probe="sso_configurations.get_enforced",
    )
    async def set_enforced_enabled(
        self, sso_name: str, *, enabled: bool | None = None, partition_id: str | None = None
    ) -> None:
        """Switch an SSO configuration that a partition enforces on or off.

        `POST /v2/authn/sso-config/partitions/enforced/{partitionId}/{ssoName}/status`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_ACCOUNT, operation_id="listSSOConfigsByAccountId")
    async def list(self, account_id: str) -> list[SsoConfiguration]:
        """Return every SSO configuration of an account.

        `GET /v2/authn/sso-config/accounts/{accountId}`.
        """
        ...
