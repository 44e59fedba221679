"""Local calling areas: prefixes that count as local calls, as files."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.shared_jobs import FileImportError

__all__ = ["LocalCallingAreas"]

_PREFIXES = "/v2/partition/{partition_id}/localprefixes"


class LocalCallingAreas(Resource):
    """Prefixes that count as local calls, as files."""

    tag = "Local Calling Areas"

    @declare.get(_PREFIXES + "/export/csv", operation_id="allTelephoneNumberCSVReport_1")
    async def export(self, *, partition_id: str | None = None) -> Download:
        """Download the prefixes that count as local, as CSV.

        `GET /v2/partition/{partitionId}/localprefixes/export/csv`.
        """
        ...

    @declare.post(_PREFIXES + "/import", operation_id="importLocalAreas")
    async def import_(self, file: UploadSource, *, partition_id: str | None = None) -> list[FileImportError]:
        """Load the prefixes that count as local from a CSV file, and return its faulty lines.

        `POST /v2/partition/{partitionId}/localprefixes/import`.
        """
        ...
