"""SIP trunks of an account."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.shared_lines import Registration
from alianza_async.models.sip_trunks import (
    SipTrunk,
    SipTrunkCreate,
    SipTrunkForwardRules,
    SipTrunkForwardRulesWrite,
)

__all__ = ["SipTrunks"]

_TRUNKS = "/v2/partition/{partition_id}/account/{account_id}/siptrunk_2"
_TRUNK = _TRUNKS + "/{sip_trunk_id}"
_FORWARD = _TRUNK + "/forward"


class SipTrunks(Resource):
    """SIP trunks of an account."""

    tag = "SIP Trunk"

    @declare.post(_TRUNKS, operation_id="createSipTrunk")
    async def create(
        self, account_id: str, trunk: SipTrunkCreate, *, partition_id: str | None = None
    ) -> SipTrunk:
        """Create a SIP trunk.

        `POST /v2/partition/{partitionId}/account/{accountId}/siptrunk_2`.
        """
        ...

    @declare.get(_TRUNKS + "/shared-plan-lookup", operation_id="getShareableCallingPlans")
    async def shareable_calling_plans(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[SipTrunk]:
        """Return the trunks whose calling plans another trunk may share.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/shared-plan-lookup`.
        """
        ...

    @declare.get(_TRUNKS + "/validate", operation_id="validateSipTrunkIpPort")
    async def validate(
        self,
        account_id: str,
        *,
        ip: str,
        port: str,
        trunk_id: str | None = None,
        partition_id: str | None = None,
    ) -> bool:
        """Tell whether an address and port are free for a trunk.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/validate`.
        """
        ...

    @declare.delete(_TRUNK, operation_id="deleteSipTrunk")
    async def delete(self, account_id: str, sip_trunk_id: str, *, partition_id: str | None = None) -> None:
        """Delete a SIP trunk.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/{sipTrunkId}`.
        """
        ...

    @declare.get(_TRUNK, operation_id="retrieveSipTrunk")
    async def get(self, account_id: str, sip_trunk_id: str, *, partition_id: str | None = None) -> SipTrunk:
        """Return one SIP trunk.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/{sipTrunkId}`.
        """
        ...

    @declare.patch(_TRUNK, operation_id="patchSipTrunk")
    async def patch(
        self,
        account_id: str,
        sip_trunk_id: str,
        changes: Mapping[str, object],
        *,
        partition_id: str | None = None,
    ) -> SipTrunk:
        """Change the given fields of a SIP trunk.

        A name is that of a field of `SipTrunk`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/{sipTrunkId}`.
        """
        ...

    @declare.put(
        _TRUNK, operation_id="updateSipTrunk", operation_class=OperationClass.ACTION, probe="sip_trunks.get"
    )
    async def update(
        self,
        account_id: str,
        sip_trunk_id: str,
        trunk: SipTrunk | SipTrunkCreate,
        *,
        partition_id: str | None = None,
    ) -> SipTrunk:
        """Put a SIP trunk in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/{sipTrunkId}`.
        """
        ...

    @declare.get(_FORWARD, operation_id="retrieveSipTrunkForwardBehavior")
    async def get_forwarding(
        self, account_id: str, sip_trunk_id: str, *, partition_id: str | None = None
    ) -> SipTrunkForwardRules:
        """Return when, and where to, a trunk forwards calls.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/{sipTrunkId}/forward`.
        """
        ...

    @declare.put(_FORWARD, operation_id="updateSipTrunkForwardBehavior")
    async def update_forwarding(
        self,
        account_id: str,
        sip_trunk_id: str,
        rules: SipTrunkForwardRules | SipTrunkForwardRulesWrite,
        *,
        partition_id: str | None = None,
    ) -> None:
        """Set when, and where to, a trunk forwards calls.

        `PUT /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/{sipTrunkId}/forward`.
        """
        ...

    @declare.get(_TRUNK + "/registrationstatus", operation_id="getRegistrationStatus")
    async def registration_status(
        self, account_id: str, sip_trunk_id: str, *, partition_id: str | None = None
    ) -> Registration:
        """Tell whether a trunk is registered, and from where.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/{sipTrunkId}/registrationstatus`.
        """
        ...

    @declare.put(
        _TRUNK + "/unlock",
        operation_id="unlockSipTrunk",
        operation_class=OperationClass.ACTION,
        probe="sip_trunks.get",
    )
    async def unlock(
        self, account_id: str, sip_trunk_id: str, *, partition_id: str | None = None
    ) -> SipTrunk:
        """Unlock a trunk that was locked for suspicious calls.

        `PUT /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/{sipTrunkId}/unlock`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_TRUNKS, operation_id="retrieveSipTrunkList")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[SipTrunk]:
        """Return every SIP trunk of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunk_2`.
        """
        ...
