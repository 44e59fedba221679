"""Documents: versions of stored documents and their content."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.documents import DocumentContent, DocumentVersion

__all__ = ["Documents"]

_DOCUMENT_REPOSITORY = "/v2/document-repository"


class Documents(Resource):
    """Versions of stored documents and their content."""

    tag = "Document Repository"

    @declare.get(
        _DOCUMENT_REPOSITORY + "/document-content/{document_id}", operation_id="getDocumentVersionContentById"
    )
    async def content(self, document_id: Annotated[str, declare.Named("id")]) -> DocumentContent:
        """Return the content of a document's version.

        `GET /v2/document-repository/document-content/{id}`.
        """
        ...

    @declare.get(
        _DOCUMENT_REPOSITORY + "/document-version/{document_id}", operation_id="getDocumentVersionById"
    )
    async def get(self, document_id: Annotated[str, declare.Named("id")]) -> DocumentVersion:
        """Return one version of a document, without its content.

        `GET /v2/document-repository/document-version/{id}`.
        """
        ...
