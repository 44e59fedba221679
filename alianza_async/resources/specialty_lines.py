"""Specialty lines: lines for lifts, alarms, door phones and the like."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.specialty_lines import SipUsernameCheck, SpecialtyLine, SpecialtyLineCreate

__all__ = ["SpecialtyLines"]

_SPECIALTY_LINES = "/v2/partition/{partition_id}/account/{account_id}/specialty-line"
_SPECIALTY_LINE = _SPECIALTY_LINES + "/{line_id}"


class SpecialtyLines(Resource):
    """Lines for lifts, alarms, door phones and the like."""

    tag = "Specialty Line"

    @declare.post(_SPECIALTY_LINES, operation_id="create_specialty_line")
    async def create(
        self, account_id: str, line: SpecialtyLineCreate, *, partition_id: str | None = None
    ) -> SpecialtyLine:
        """Create a specialty line.

        `POST /v2/partition/{partitionId}/account/{accountId}/specialty-line`.
        """
        ...

    @declare.delete(_SPECIALTY_LINE, operation_id="delete_specialty_line")
    async def delete(self, account_id: str, line_id: str, *, partition_id: str | None = None) -> None:
        """Delete a specialty line.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/specialty-line/{lineId}`.
        """
        ...

    @declare.get(_SPECIALTY_LINE, operation_id="retrieve_specialty_line_by_id")
    async def get(self, account_id: str, line_id: str, *, partition_id: str | None = None) -> SpecialtyLine:
        """Return one specialty line.

        `GET /v2/partition/{partitionId}/account/{accountId}/specialty-line/{lineId}`.
        """
        ...

    @declare.put(
        _SPECIALTY_LINE,
        operation_id="update_specialty_line",
        operation_class=OperationClass.ACTION,
        probe="specialty_lines.get",
    )
    async def update(
        self, account_id: str, line_id: str, line: SpecialtyLineCreate, *, partition_id: str | None = None
    ) -> SpecialtyLine:
        """Put a specialty line in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/specialty-line/{lineId}`.
        """
        ...

    @declare.post(
        "/v2/rpc/specialty-line/validate-sip-username",
        operation_id="validate_sip_username",
        operation_class=OperationClass.SAFE,
    )
    async def validate_sip_username(self, check: SipUsernameCheck) -> bool:
        """Tell whether a SIP user name is free for a specialty line.

        `POST /v2/rpc/specialty-line/validate-sip-username`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_SPECIALTY_LINES, operation_id="retrieve_specialty_line_by_account")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[SpecialtyLine]:
        """Return every specialty line of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/specialty-line`.
        """
        ...
