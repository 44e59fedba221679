"""Cymbus softphones: groups of partitions and accounts, SIP logins of users."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.cymbus_products import (
    CymbusAccountGroup,
    CymbusAccountGroupWrite,
    CymbusPartitionGroup,
    CymbusPartitionGroupWrite,
    SipCredentialData,
)

__all__ = ["CymbusProducts"]

_CYMBUS = "/v2/cymbus"
_ACCOUNT_GROUP = _CYMBUS + "/account-group"
_PARTITION_GROUP = _CYMBUS + "/partition-group"
_CREDENTIALS = _CYMBUS + "/{user_id}/sipcredentials"


class CymbusProducts(Resource):
    """Cymbus softphones: groups of partitions and accounts, SIP logins of users."""

    tag = "Cymbus User Product"

    @declare.put(_ACCOUNT_GROUP, operation_id="updateCymbusAccountGroup")
    async def update_account_group(
        self, group: CymbusAccountGroup | CymbusAccountGroupWrite
    ) -> CymbusAccountGroup:
        """Set the softphone group of an account.

        `PUT /v2/cymbus/account-group`.
        """
        ...

    @declare.post(
        _ACCOUNT_GROUP + "/prevalidate",
        operation_id="prevalidateCymbusGroupName",
        operation_class=OperationClass.SAFE,
    )
    async def prevalidate_group_name(self, *, group_name: str | None = None) -> None:
        """Check whether a softphone group may have a name; stores nothing.

        `POST /v2/cymbus/account-group/prevalidate`.
        """
        ...

    @declare.get(_ACCOUNT_GROUP + "/{account_id}", operation_id="retrieveStrettoDeviceLinesGroup")
    async def get_account_group(
        self, account_id: Annotated[str, declare.Named("accountid")]
    ) -> CymbusAccountGroup:
        """Return the softphone group of an account.

        `GET /v2/cymbus/account-group/{accountid}`.
        """
        ...

    @declare.put(_PARTITION_GROUP, operation_id="updateCymbusPartitionGroup")
    async def update_partition_group(
        self, group: CymbusPartitionGroup | CymbusPartitionGroupWrite
    ) -> CymbusPartitionGroup:
        """Set the softphone group of a partition.

        `PUT /v2/cymbus/partition-group`.
        """
        ...

    @declare.get(_PARTITION_GROUP + "/{partition_id}", operation_id="retrieveCymbusPartitionGroup")
    async def get_partition_group(self, *, partition_id: str | None = None) -> CymbusPartitionGroup:
        """Return the softphone group of a partition.

        `GET /v2/cymbus/partition-group/{partitionId}`.
        """
        ...

    @declare.get(_CREDENTIALS, operation_id="retrieveSipCredentialsForCymbusUser")
    async def sip_credentials(self, user_id: Annotated[str, declare.Named("userid")]) -> SipCredentialData:
        """Return the SIP logins of a softphone user.

        `GET /v2/cymbus/{userid}/sipcredentials`.
        """
        ...

    @declare.put(
        _CREDENTIALS + "/change",
        operation_id="changeSipCredentialsForCymbusUser",
        operation_class=OperationClass.ACTION,
    )
    async def change_sip_passwords(
        self, user_id: Annotated[str, declare.Named("userid")]
    ) -> SipCredentialData:
        """Make new SIP passwords for a softphone user and return them.

        `PUT /v2/cymbus/{userid}/sipcredentials/change`.
        """
        ...
