"""Virtual fax: outgoing faxes of an account."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.virtual_fax import OutboundFax, OutboundFaxWrite

__all__ = ["VirtualFax"]

_OUTBOUND = "/v2/partition/{partition_id}/account/{account_id}/vfax/outbound"


class VirtualFax(Resource):
    """Outgoing faxes of an account."""

    tag = "Virtual Fax"

    @declare.get(_OUTBOUND, operation_id="retrieveOutboundVFax")
    async def get_outbound(self, account_id: str, *, partition_id: str | None = None) -> OutboundFax:
        """Return how an account sends faxes.

        `GET /v2/partition/{partitionId}/account/{accountId}/vfax/outbound`.
        """
        ...

    @declare.put(_OUTBOUND, operation_id="updateOutboundVFax")
    async def update_outbound(
        self, account_id: str, fax: OutboundFax | OutboundFaxWrite, *, partition_id: str | None = None
    ) -> OutboundFax:
        """Set how an account sends faxes.

        `PUT /v2/partition/{partitionId}/account/{accountId}/vfax/outbound`.
        """
        ...
