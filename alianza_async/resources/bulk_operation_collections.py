"""Bulk operation collections: rows that a server-side bulk operation reads or has written."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated, Literal

from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.bulk_operation_collections import BulkCollection, BulkCollectionCreate

__all__ = ["BulkOperationCollections"]

_COLLECTIONS = "/v2/bulk-user-operation/collection"
_COLLECTION = _COLLECTIONS + "/{collection_id}"


class BulkOperationCollections(Resource):
    """Rows that a server-side bulk operation reads or has written."""

    tag = "Bulk Operation Collection"

    @declare.post(_COLLECTIONS, operation_id="create_collection")
    async def create(
        self,
        collection: BulkCollectionCreate | None = None,
        *,
        transform_object_type: Annotated[str | None, declare.PartField("transformObjectType")] = None,
        transform_objects_file: UploadSource | None = None,
        column_types: Annotated[str | None, declare.PartField("columnTypes")] = None,
        job_type_id: Annotated[str | None, declare.PartField("jobTypeId")] = None,
    ) -> BulkCollection:
        """Store the rows that a bulk operation is to read: given as objects, or as a file.

        `POST /v2/bulk-user-operation/collection`.
        """
        ...

    @declare.get(_COLLECTION, operation_id="get_collection")
    async def get(self, collection_id: str) -> BulkCollection:
        """Return a collection of rows.

        `GET /v2/bulk-user-operation/collection/{collectionId}`.
        """
        ...

    @declare.get(_COLLECTION + "/{extension}", operation_id="get_collection_file")
    async def download(self, collection_id: str, extension: Literal["json", "csv"]) -> Download:
        """Download a collection as JSON or CSV.

        `GET /v2/bulk-user-operation/collection/{collectionId}/{extension}`.
        """
        ...
