"""Call parking spots: places where a call waits until somebody picks it up."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.call_parking_spots import CallParkingSpot, CallParkingSpotCreate

__all__ = ["CallParkingSpots"]

_SPOTS = "/v2/partition/{partition_id}/account/{account_id}/callpark"
_SPOT = _SPOTS + "/{spot_id}"


class CallParkingSpots(Resource):
    """Places where a call waits until somebody picks it up."""

    tag = "Call Parking Spot"

    @declare.post(_SPOTS, operation_id="createCallParkingSpot")
    async def create(
        self, account_id: str, spot: CallParkingSpotCreate, *, partition_id: str | None = None
    ) -> CallParkingSpot:
        """Create a parking spot.

        `POST /v2/partition/{partitionId}/account/{accountId}/callpark`.
        """
        ...

    @declare.delete(_SPOT, operation_id="deleteCallParkingSpot")
    async def delete(self, account_id: str, spot_id: str, *, partition_id: str | None = None) -> None:
        """Delete a parking spot.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/callpark/{spotId}`.
        """
        ...

    @declare.get(_SPOT, operation_id="getCallParkingSpot")
    async def get(self, account_id: str, spot_id: str, *, partition_id: str | None = None) -> CallParkingSpot:
        """Return one parking spot.

        `GET /v2/partition/{partitionId}/account/{accountId}/callpark/{spotId}`.
        """
        ...

    @declare.patch(_SPOT, operation_id="patchCallParkingSpot")
    async def patch(
        self,
        account_id: str,
        spot_id: str,
        spot: CallParkingSpot | CallParkingSpotCreate,
        *,
        partition_id: str | None = None,
    ) -> CallParkingSpot:
        """Change the given fields of a parking spot.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/callpark/{spotId}`.
        """
        ...

    @declare.put(_SPOT, operation_id="updateCallParkingSpot")
    async def update(
        self,
        account_id: str,
        spot_id: str,
        spot: CallParkingSpot | CallParkingSpotCreate,
        *,
        partition_id: str | None = None,
    ) -> CallParkingSpot:
        """Put a parking spot in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/callpark/{spotId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_SPOTS, operation_id="getAllCallParkingSpots")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[CallParkingSpot]:
        """Return every parking spot of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/callpark`.
        """
        ...
