"""Paging groups: phones that play one announcement together."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from collections.abc import Mapping

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.paging_groups import PagingGroup, PagingGroupCreate

__all__ = ["PagingGroups"]

_GROUPS = "/v2/partition/{partition_id}/account/{account_id}/grouppaging"
_GROUP = _GROUPS + "/{paging_group_id}"


class PagingGroups(Resource):
    """Phones that play one announcement together."""

    tag = "Paging Group"

    @declare.post(_GROUPS, operation_id="createPagingGroup")
    async def create(
        self, account_id: str, group: PagingGroupCreate, *, partition_id: str | None = None
    ) -> PagingGroup:
        """Create a paging group.

        `POST /v2/partition/{partitionId}/account/{accountId}/grouppaging`.
        """
        ...

    @declare.delete(_GROUP, operation_id="deletePagingGroup")
    async def delete(self, account_id: str, paging_group_id: str, *, partition_id: str | None = None) -> None:
        """Delete a paging group.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/grouppaging/{pagingGroupId}`.
        """
        ...

    @declare.get(_GROUP, operation_id="getPagingGroup")
    async def get(
        self, account_id: str, paging_group_id: str, *, partition_id: str | None = None
    ) -> PagingGroup:
        """Return one paging group.

        `GET /v2/partition/{partitionId}/account/{accountId}/grouppaging/{pagingGroupId}`.
        """
        ...

    @declare.patch(_GROUP, operation_id="patchPagingGroup")
    async def patch(
        self,
        account_id: str,
        paging_group_id: str,
        changes: Mapping[str, object],
        *,
        partition_id: str | None = None,
    ) -> PagingGroup:
        """Change the given fields of a paging group.

        A name is that of a field of `PagingGroup`, ours or the one on the wire; any other is refused.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/grouppaging/{pagingGroupId}`.
        """
        ...

    @declare.put(_GROUP, operation_id="updatePagingGroup")
    async def update(
        self,
        account_id: str,
        paging_group_id: str,
        group: PagingGroup | PagingGroupCreate,
        *,
        partition_id: str | None = None,
    ) -> PagingGroup:
        """Put a paging group in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/grouppaging/{pagingGroupId}`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_GROUPS, operation_id="getAllPagingGroups")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[PagingGroup]:
        """Return every paging group of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/grouppaging`.
        """
        ...
