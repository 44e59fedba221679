"""Inbound rate plans: rate plans for incoming calls."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.inbound_rate_plans import InboundRatePlanProduct

__all__ = ["InboundRatePlans"]

_PLANS = "/v2/partition/{partition_id}/inboundrateplanproduct"


class InboundRatePlans(Resource):
    """Rate plans for incoming calls."""

    tag = "Inbound Rate Plan Product"

    @declare.get(_PLANS + "/{rate_plan_id}", operation_id="retrieveInboundRatePlan")
    async def get(self, rate_plan_id: str, *, partition_id: str | None = None) -> InboundRatePlanProduct:
        """Return one inbound rate plan.

        `GET /v2/partition/{partitionId}/inboundrateplanproduct/{ratePlanId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_PLANS, operation_id="retrieveInboundRatePlanList")
    async def list(self, *, partition_id: str | None = None) -> list[InboundRatePlanProduct]:
        """Return every inbound rate plan of the partition.

        `GET /v2/partition/{partitionId}/inboundrateplanproduct`.
        """
        ...
