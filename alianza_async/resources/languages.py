"""Languages: the language the server takes a caller to prefer."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.languages import PreferredLanguage

__all__ = ["Languages"]


class Languages(Resource):
    """The language the server takes a caller to prefer."""

    tag = "Language Reference"

    @declare.get("/v2/language", operation_id="getLanguageFromHeader", authenticated=False)
    async def preferred(self) -> PreferredLanguage:
        """Return the language that the server takes the caller to prefer.

        `GET /v2/language`.
        """
        ...
