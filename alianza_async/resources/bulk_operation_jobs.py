"""Bulk operation jobs: server-side bulk operations on users and telephone numbers."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated, Literal

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.bulk_operation_collections import BulkCollection, BulkCollectionCreate
from alianza_async.models.bulk_operation_jobs import BulkJob, BulkJobCreate
from alianza_async.resources.bulk_operation_collections import BulkOperationCollections
from alianza_async.resources.server_jobs.bulk import BulkDoors, ServerBulk

__all__ = ["BulkOperationJobs"]

_JOBS = "/v2/bulk-user-operation/job"
_JOB = _JOBS + "/{job_id}"

JobTypeId = Literal["create users", "create telephone numbers", "delete users", "delete telephone numbers"]
TransformObjectType = Literal[
    "CreateUserInput", "CreateTelephoneNumberInput", "DeleteUserInput", "DeleteTelephoneNumberInput"
]


class BulkOperationJobs(Resource):
    """Server-side bulk operations on users and telephone numbers."""

    tag = "Bulk Operation Job"

    @declare.post(_JOBS, operation_id="create_job")
    async def create(
        self,
        job: BulkJobCreate | None = None,
        *,
        transform_object_type: Annotated[
            TransformObjectType | None, declare.PartField("transformObjectType")
        ] = None,
        transform_object_file: UploadSource | None = None,
        target_account_id: Annotated[str | None, declare.PartField("targetAccountId")] = None,
        job_type_id: Annotated[JobTypeId | None, declare.PartField("jobTypeId")] = None,
    ) -> BulkJob:
        """Start a bulk operation on a stored collection, or on a file sent along.

        `POST /v2/bulk-user-operation/job`.
        """
        ...

    @declare.get(_JOB, operation_id="get_job")
    async def get(self, job_id: str) -> BulkJob:
        """Return a bulk operation: how far it is, and the collections it wrote.

        `GET /v2/bulk-user-operation/job/{jobId}`.
        """
        ...

    @declare.put(
        _JOB,
        operation_id="update_job",
        operation_class=OperationClass.ACTION,
        probe="bulk_operation_jobs.get",
    )
    async def update(self, job_id: str, job: BulkJob | BulkJobCreate) -> BulkJob:
        """Change a bulk operation, such as its status.

        `PUT /v2/bulk-user-operation/job/{jobId}`.
        """
        ...

    @property
    def server_bulk(self) -> ServerBulk[BulkJob]:
        """The whole of it: rows up, the job waited for, each row's outcome home; see `server_jobs.bulk`."""
        collections = BulkOperationCollections(self.client)

        async def keep(kind: str, rows: list[dict[str, object]]) -> BulkCollection:
            return await collections.create(
                BulkCollectionCreate(transform_object_type=kind, transform_objects=rows)
            )

        async def start(kind: str, account_id: str, collection_id: str) -> BulkJob:
            return await self.create(
                BulkJobCreate(
                    job_type_id=kind, target_account_id=account_id, input_collection_id=collection_id
                )
            )

        async def rows_of(collection_id: str) -> Download:
            return await collections.download(collection_id, "json")

        return ServerBulk(BulkDoors(keep, start, self.get, rows_of))
