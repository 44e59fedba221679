"""IVRs: voice menus of an account."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.ivrs import Ivr, IvrCreate

__all__ = ["Ivrs"]

_IVRS = "/v2/partition/{partition_id}/account/{account_id}/ivr"
_IVR = _IVRS + "/{ivr_id}"


class Ivrs(Resource):
    """Voice menus of an account."""

    tag = "IVR"

    @declare.post(_IVRS, operation_id="createIvr")
    async def create(self, account_id: str, ivr: IvrCreate, *, partition_id: str | None = None) -> Ivr:
        """Create a voice menu.

        `POST /v2/partition/{partitionId}/account/{accountId}/ivr`.
        """
        ...

    @declare.delete(_IVR, operation_id="deleteIvr")
    async def delete(self, account_id: str, ivr_id: str, *, partition_id: str | None = None) -> None:
        """Delete a voice menu.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/ivr/{ivrId}`.
        """
        ...

    @declare.get(_IVR, operation_id="retrieveIvr")
    async def get(self, account_id: str, ivr_id: str, *, partition_id: str | None = None) -> Ivr:
        """Return one voice menu.

        `GET /v2/partition/{partitionId}/account/{accountId}/ivr/{ivrId}`.
        """
        ...

    @declare.put(_IVR, operation_id="updateIvr")
    async def update(
        self, account_id: str, ivr_id: str, ivr: Ivr | IvrCreate, *, partition_id: str | None = None
    ) -> Ivr:
        """Put a voice menu in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/ivr/{ivrId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_IVRS, operation_id="retrieveIvrList")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[Ivr]:
        """Return every voice menu of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/ivr`.
        """
        ...
