"""Voicemail messages: messages in a voicemail box."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated, Literal

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.shared_voicemail import VoicemailMessage, VoicemailMessageWrite

__all__ = ["VoicemailMessages"]

_MESSAGES = (
    "/v2/partition/{partition_id}/account/{account_id}/voicemailbox/{voicemail_box_id}/voicemailmessage"
)
_MESSAGE = _MESSAGES + "/{message_id}"


class VoicemailMessages(Resource):
    """Messages in a voicemail box."""

    tag = "Voicemail Message"

    @declare.delete(_MESSAGES, operation_id="deleteMultiple", operation_class=OperationClass.ACTION)
    async def delete_many(
        self,
        account_id: str,
        voicemail_box_id: str,
        message_ids: list[str] | None = None,
        *,
        partition_id: str | None = None,
    ) -> None:
        """Delete several messages of a voicemail box, or all where no ids are given.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/voicemailmessage`.
        """
        ...

    @declare.delete(_MESSAGE, operation_id="delete_4")
    async def delete(
        self, account_id: str, voicemail_box_id: str, message_id: str, *, partition_id: str | None = None
    ) -> None:
        """Delete a voicemail message.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/voicemailmessage/{messageId}`.
        """
        ...

    @declare.get(_MESSAGE, operation_id="getVoicemailMessage")
    async def get(
        self, account_id: str, voicemail_box_id: str, message_id: str, *, partition_id: str | None = None
    ) -> VoicemailMessage:
        """Return one voicemail message.

        `GET /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/voicemailmessage/{messageId}`.
        """
        ...

    @declare.put(_MESSAGE, operation_id="update_4")
    async def update(
        self,
        account_id: str,
        voicemail_box_id: str,
        message_id: str,
        message: VoicemailMessage | VoicemailMessageWrite,
        *,
        partition_id: str | None = None,
    ) -> VoicemailMessage:
        """Put a voicemail message in the place of one, such as to mark it as heard.

        `PUT /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/voicemailmessage/{messageId}`.
        """
        ...

    @declare.get(_MESSAGE + "/content", operation_id="getMessageContent")
    async def download(
        self,
        account_id: str,
        voicemail_box_id: str,
        message_id: str,
        *,
        accept: Annotated[str | None, declare.Header("Accept")] = None,
        file_name: str | None = None,
        partition_id: str | None = None,
    ) -> Download:
        """Download the sound of a message in the format that is asked for.

        `GET /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/voicemailmessage/{messageId}/content`.
        """
        ...

    @declare.get(_MESSAGE + "/content_2", operation_id="getVoicemailUrl")
    async def download_as(
        self,
        account_id: str,
        voicemail_box_id: str,
        message_id: str,
        *,
        media_type: Annotated[Literal["mp3", "wav"] | None, declare.Named("mediatype")] = None,
        partition_id: str | None = None,
    ) -> Download:
        """Download the sound of a message as MP3 or WAV.

        `GET /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/voicemailmessage/{messageId}/content_2`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_MESSAGES, operation_id="list_1")
    async def list(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> list[VoicemailMessage]:
        """Return every voicemail message of a voicemail box.

        `GET /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/voicemailmessage`.
        """
        ...
