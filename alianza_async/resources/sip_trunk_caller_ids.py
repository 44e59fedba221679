"""SIP trunk caller ids: caller ids of SIP trunks and the calling numbers they replace."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.sip_trunk_caller_ids import (
    CallerIdMapping,
    CallerIdMappingWrite,
    CallingNumber,
    CallingNumberCreate,
    CustomCallerId,
    CustomCallerIdCreate,
)

__all__ = ["SipTrunkCallerIds"]

_CALLER_ID = "/v2/partition/{partition_id}/account/{account_id}/siptrunk_2/cid"
_NUMBERS = _CALLER_ID + "/callerid"
_FROM_NUMBERS = _CALLER_ID + "/fromnumber"
_MAPPING = _CALLER_ID + "/mapping"


class SipTrunkCallerIds(Resource):
    """Caller ids of SIP trunks and the calling numbers they replace."""

    tag = "Sip Trunk Caller ID Mapping"

    @declare.post(_NUMBERS, operation_id="createCallerId", probe="sip_trunk_caller_ids.list")
    async def create(
        self, account_id: str, caller_id: CustomCallerIdCreate, *, partition_id: str | None = None
    ) -> CustomCallerId:
        """Add a caller id for trunks of an account.

        `POST /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/cid/callerid`.
        """
        ...

    @declare.delete(_NUMBERS + "/{caller_id}", operation_id="deleteCallerId")
    async def delete(self, account_id: str, caller_id: str, *, partition_id: str | None = None) -> None:
        """Delete a caller id of an account's trunks.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/cid/callerid/{callerId}`.
        """
        ...

    @declare.get(_FROM_NUMBERS, operation_id="listCustomFromNumbers")
    async def list_from_numbers(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[CallingNumber]:
        """Return every calling number that a caller id can replace.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/cid/fromnumber`.
        """
        ...

    @declare.post(
        _FROM_NUMBERS, operation_id="createFromNumber", probe="sip_trunk_caller_ids.list_from_numbers"
    )
    async def create_from_number(
        self, account_id: str, number: CallingNumberCreate, *, partition_id: str | None = None
    ) -> CallingNumber:
        """Add a calling number that a caller id can replace.

        `POST /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/cid/fromnumber`.
        """
        ...

    @declare.delete(_FROM_NUMBERS + "/{from_number}", operation_id="deleteFromNumber")
    async def delete_from_number(
        self, account_id: str, from_number: str, *, partition_id: str | None = None
    ) -> None:
        """Delete a calling number that a caller id can replace.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/cid/fromnumber/{fromNumber}`.
        """
        ...

    @declare.get(_MAPPING, operation_id="listCallerIdMappings")
    async def list_mappings(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[CallerIdMapping]:
        """Return which caller id replaces which calling number.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/cid/mapping`.
        """
        ...

    @declare.put(_MAPPING, operation_id="updateFromNumber")
    async def update_mapping(
        self, account_id: str, mapping: CallerIdMappingWrite, *, partition_id: str | None = None
    ) -> CallerIdMapping:
        """Set which caller id replaces a calling number.

        `PUT /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/cid/mapping`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_NUMBERS, operation_id="listCallerIds")
    async def list(self, account_id: str, *, partition_id: str | None = None) -> list[CustomCallerId]:
        """Return every caller id of an account's trunks.

        `GET /v2/partition/{partitionId}/account/{accountId}/siptrunk_2/cid/callerid`.
        """
        ...
