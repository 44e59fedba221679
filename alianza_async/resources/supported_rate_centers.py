"""Supported rate centers: rate centres that a carrier serves, nearest first."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated, Literal

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.enums import CarrierType
from alianza_async.models.supported_rate_centers import SupportedRateCenter

__all__ = ["SupportedRateCenters"]


class SupportedRateCenters(Resource):
    """Rate centres that a carrier serves, nearest first."""

    tag = "Supported Rate Centers"

    @declare.get("/v2/supported-rate-centers", operation_id="getClosestAvailableRateCenters")
    async def nearest(
        self,
        *,
        bus_org_id: str | None = None,
        distance_unit: Literal["MILES", "KILOMETERS", "RADIANS"] | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        max_results: int | None = None,
        state: str | None = None,
        kind: Annotated[CarrierType | None, declare.Named("type")] = None,
    ) -> SupportedRateCenter:
        """Return the rate centres a carrier serves, nearest to a place first.

        `GET /v2/supported-rate-centers`.
        """
        ...
