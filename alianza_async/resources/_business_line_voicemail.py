"""Business line voicemail: voicemail boxes of business lines and their messages."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.business_lines import (
    BulkVoicemailChange,
    BusinessLineVoicemailBox,
    BusinessLineVoicemailBoxCreate,
    BusinessLineVoicemailBoxDetails,
    BusinessLineVoicemailMessage,
    PinStatus,
    ReadStatusChange,
)

__all__ = ["BusinessLineVoicemail"]

_VOICEMAIL_BOXES = "/v2/partition/{partition_id}/account/{account_id}/business-line/voicemail-box"
_VOICEMAIL_BOX = _VOICEMAIL_BOXES + "/{voicemail_box_id}"
_MESSAGES = _VOICEMAIL_BOX + "/message"
_RPC = _VOICEMAIL_BOX + "/rpc"
_MESSAGE = _MESSAGES + "/{message_id}"


class BusinessLineVoicemail(Resource):
    """Voicemail boxes of business lines and their messages."""

    @declare.get(_VOICEMAIL_BOXES, operation_id="retrieveBusinessLineVoicemailBoxes")
    async def list_voicemail_boxes(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[BusinessLineVoicemailBox]:
        """Return every voicemail box of an account's business lines.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box`.
        """
        ...

    @declare.post(_VOICEMAIL_BOXES, operation_id="createBusinessLineVoicemailBox")
    async def create_voicemail_box(
        self, account_id: str, box: BusinessLineVoicemailBoxCreate, *, partition_id: str | None = None
    ) -> BusinessLineVoicemailBox:
        """Create a voicemail box for business lines.

        `POST /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box`.
        """
        ...

    @declare.get(
        _VOICEMAIL_BOXES + "/views/expanded", operation_id="retrieveBusinessLineVoicemailBoxesExpandedView"
    )
    async def list_voicemail_boxes_expanded(
        self, account_id: str, *, partition_id: str | None = None
    ) -> list[BusinessLineVoicemailBoxDetails]:
        """Return every voicemail box of an account's business lines, with what uses it.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/views/expanded`.
        """
        ...

    @declare.delete(_VOICEMAIL_BOX, operation_id="deleteBusinessLineVoicemailBox")
    async def delete_voicemail_box(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> None:
        """Delete a voicemail box of business lines.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}`.
        """
        ...

    @declare.get(_VOICEMAIL_BOX, operation_id="retrieveBusinessLineVoicemailBox")
    async def get_voicemail_box(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> BusinessLineVoicemailBox:
        """Return one voicemail box of business lines.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}`.
        """
        ...

    @declare.put(_VOICEMAIL_BOX, operation_id="updateBusinessLineVoicemailBox")
    async def update_voicemail_box(
        self,
        account_id: str,
        voicemail_box_id: str,
        box: BusinessLineVoicemailBox | BusinessLineVoicemailBoxCreate,
        *,
        partition_id: str | None = None,
    ) -> BusinessLineVoicemailBox:
        """Put a voicemail box of business lines in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}`.
        """
        ...

    @declare.delete(
        _MESSAGES, operation_id="deleteBusinessLineVoicemailMessages", operation_class=OperationClass.ACTION
    )
    async def clear_voicemail_box(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> None:
        """Delete every message of a voicemail box.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/message`.
        """
        ...

    @declare.get(_MESSAGES, operation_id="retrieveBusinessLineVoicemailMessages")
    async def list_voicemail_messages(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> list[BusinessLineVoicemailMessage]:
        """Return every message of a voicemail box.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/message`.
        """
        ...

    @declare.put(
        _MESSAGES + "/bulk-update",
        operation_id="bulkVoicemailMessageUpdate",
        operation_class=OperationClass.ACTION,
    )
    async def change_voicemail_messages(
        self,
        account_id: str,
        voicemail_box_id: str,
        change: BulkVoicemailChange,
        *,
        partition_id: str | None = None,
    ) -> None:
        """Mark or delete several messages of a voicemail box.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/message/bulk-update`.
        """
        ...

    @declare.delete(_MESSAGE, operation_id="deleteBusinessLineVoicemailMessage")
    async def delete_voicemail_message(
        self, account_id: str, voicemail_box_id: str, message_id: str, *, partition_id: str | None = None
    ) -> None:
        """Delete a message of a voicemail box.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/message/{messageId}`.
        """
        ...

    @declare.get(_MESSAGE, operation_id="retrieveBusinessLineVoicemailMessage")
    async def get_voicemail_message(
        self, account_id: str, voicemail_box_id: str, message_id: str, *, partition_id: str | None = None
    ) -> BusinessLineVoicemailMessage:
        """Return one message of a voicemail box, without its sound.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/message/{messageId}`.
        """
        ...

    @declare.get(_MESSAGE + "/media", operation_id="retrieveBusinessLineVoicemailMessageMedia")
    async def download_voicemail_message(
        self, account_id: str, voicemail_box_id: str, message_id: str, *, partition_id: str | None = None
    ) -> Download:
        """Download the sound of a message.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/message/{messageId}/media`.
        """
        ...

    @declare.post(
        _MESSAGE + "/set-read-status",
        operation_id="updateBusinessLineVoicemailMessageRead",
        operation_class=OperationClass.IDEMPOTENT,
    )
    async def mark_voicemail_message(
        self,
        account_id: str,
        voicemail_box_id: str,
        message_id: str,
        change: ReadStatusChange,
        *,
        partition_id: str | None = None,
    ) -> None:
        """Mark a message as heard or as new.

        `POST /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/message/{messageId}/set-read-status`.
        """
        ...

    @declare.post(
        _RPC + "/check-pin-status",
        operation_id="checkBusinessLineVoicemailBoxPinStatus",
        operation_class=OperationClass.SAFE,
    )
    async def voicemail_pin_status(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> PinStatus:
        """Tell whether a voicemail box has a PIN, and whether it is locked.

        `POST /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/rpc/check-pin-status`.
        """
        ...

    @declare.post(_RPC + "/reset-pin", operation_id="resetBusinessLineVoicemailBoxPinStatus")
    async def reset_voicemail_pin(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> None:
        """Take away the PIN of a voicemail box.

        `POST /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/rpc/reset-pin`.
        """
        ...

    @declare.get(
        _VOICEMAIL_BOX + "/views/expanded", operation_id="retrieveBusinessLineVoicemailBoxExpandedView"
    )
    async def get_voicemail_box_expanded(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> BusinessLineVoicemailBoxDetails:
        """Return one voicemail box of business lines, with what uses it.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/views/expanded`.
        """
        ...
