"""Virtual fax lines: fax numbers that deliver by e-mail."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.virtual_fax_lines import VirtualFaxLine, VirtualFaxLineCreate

__all__ = ["VirtualFaxLines"]

_LINES = "/v2/partition/{partition_id}/account/{account_id}/vfax"
_LINE = _LINES + "/{line_id}"


class VirtualFaxLines(Resource):
    """Fax numbers that deliver by e-mail."""

    tag = "Virtual Fax Line"

    @declare.post(_LINES, operation_id="createVFax")
    async def create(
        self, account_id: str, line: VirtualFaxLineCreate, *, partition_id: str | None = None
    ) -> VirtualFaxLine:
        """Create a fax line.

        `POST /v2/partition/{partitionId}/account/{accountId}/vfax`.
        """
        ...

    @declare.delete(_LINE, operation_id="deleteVFax")
    async def delete(
        self,
        account_id: str,
        line_id: Annotated[str, declare.Named("id")],
        *,
        partition_id: str | None = None,
    ) -> None:
        """Delete a fax line.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/vfax/{id}`.
        """
        ...

    @declare.get(_LINE, operation_id="retrieveVFax")
    async def get(
        self,
        account_id: str,
        line_id: Annotated[str, declare.Named("id")],
        *,
        partition_id: str | None = None,
    ) -> VirtualFaxLine:
        """Return one fax line.

        `GET /v2/partition/{partitionId}/account/{accountId}/vfax/{id}`.
        """
        ...

    @declare.patch(_LINE, operation_id="patchVFax")
    async def patch(
        self,
        account_id: str,
        line_id: Annotated[str, declare.Named("id")],
        line: VirtualFaxLine | VirtualFaxLineCreate,
        *,
        partition_id: str | None = None,
    ) -> VirtualFaxLine:
        """Change the given fields of a fax line.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/vfax/{id}`.
        """
        ...

    @declare.put(_LINE, operation_id="updateVFax")
    async def update(
        self,
        account_id: str,
        line_id: Annotated[str, declare.Named("id")],
        line: VirtualFaxLine | VirtualFaxLineCreate,
        *,
        partition_id: str | None = None,
    ) -> VirtualFaxLine:
        """Put a fax line in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/vfax/{id}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_LINES, operation_id="retrieveVFaxList")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[VirtualFaxLine]:
        """Return every fax line of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/vfax`.
        """
        ...
