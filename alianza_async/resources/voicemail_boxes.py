"""Voicemail boxes, their greetings and PINs."""

# ruff: noqa: E501, PIE790  (a path is not broken; the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Literal

from alianza_async.calls.call import OperationClass
from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.voicemail_boxes import PinChange, VoicemailBox, VoicemailBoxCreate

__all__ = ["VoicemailBoxes"]

_ACCOUNT = "/v2/partition/{partition_id}/account/{account_id}"
_BOXES = _ACCOUNT + "/voicemailbox"
_BOX = _BOXES + "/{voicemail_box_id}"
_GREETING = _BOX + "/greetings/{greeting_type}/media"
_BUSINESS_LINE_GREETING = (
    _ACCOUNT + "/business-line/voicemail-box/{voicemail_box_id}/greetings/{greeting_type}/media"
)

GreetingType = Literal["Personal", "PersonalNoAnswer", "PersonalBusy", "PersonalName", "PrimaryGreeting"]


class VoicemailBoxes(Resource):
    """Voicemail boxes, their greetings and PINs."""

    tag = "Voicemail Box"

    @declare.delete(_BUSINESS_LINE_GREETING, operation_id="deleteBusinessLineGreeting")
    async def delete_business_line_greeting(
        self,
        account_id: str,
        voicemail_box_id: str,
        greeting_type: GreetingType,
        *,
        partition_id: str | None = None,
    ) -> None:
        """Delete a greeting of a business line's voicemail box.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/greetings/{greetingType}/media`.
        """
        ...

    @declare.get(_BUSINESS_LINE_GREETING, operation_id="retrieveBusinessLineGreeting")
    async def download_business_line_greeting(
        self,
        account_id: str,
        voicemail_box_id: str,
        greeting_type: GreetingType,
        *,
        partition_id: str | None = None,
    ) -> Download:
        """Download a greeting of a business line's voicemail box.

        `GET /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/greetings/{greetingType}/media`.
        """
        ...

    @declare.put(_BUSINESS_LINE_GREETING, operation_id="uploadBusinessLineGreeting")
    async def upload_business_line_greeting(
        self,
        account_id: str,
        voicemail_box_id: str,
        greeting_type: GreetingType,
        file: UploadSource,
        *,
        partition_id: str | None = None,
    ) -> None:
        """Upload a greeting for a business line's voicemail box.

        `PUT /v2/partition/{partitionId}/account/{accountId}/business-line/voicemail-box/{voicemailBoxId}/greetings/{greetingType}/media`.
        """
        ...

    @declare.post(_BOXES, operation_id="createVoicemailBox")
    async def create(
        self, account_id: str, box: VoicemailBoxCreate, *, partition_id: str | None = None
    ) -> VoicemailBox:
        """Create a voicemail box.

        `POST /v2/partition/{partitionId}/account/{accountId}/voicemailbox`.
        """
        ...

    @declare.delete(_BOX, operation_id="deleteVoicemailBox")
    async def delete(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> None:
        """Delete a voicemail box.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}`.
        """
        ...

    @declare.get(_BOX, operation_id="retrieveVoicemailBox")
    async def get(
        self, account_id: str, voicemail_box_id: str, *, partition_id: str | None = None
    ) -> VoicemailBox:
        """Return one voicemail box.

        `GET /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}`.
        """
        ...

    @declare.patch(_BOX, operation_id="patchVoicemailBox")
    async def patch(
        self,
        account_id: str,
        voicemail_box_id: str,
        box: VoicemailBox | VoicemailBoxCreate,
        *,
        partition_id: str | None = None,
    ) -> VoicemailBox:
        """Change the given fields of a voicemail box.

        `PATCH /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}`.
        """
        ...

    @declare.put(_BOX, operation_id="updateVoicemailBox")
    async def update(
        self,
        account_id: str,
        voicemail_box_id: str,
        box: VoicemailBox | VoicemailBoxCreate,
        *,
        partition_id: str | None = None,
    ) -> VoicemailBox:
        """Put a voicemail box in the place of one.

        `PUT /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}`.
        """
        ...

    @declare.delete(_GREETING, operation_id="deleteGreeting")
    async def delete_greeting(
        self,
        account_id: str,
        voicemail_box_id: str,
        greeting_type: GreetingType,
        *,
        partition_id: str | None = None,
    ) -> None:
        """Delete a greeting of a user's voicemail box.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/greetings/{greetingType}/media`.
        """
        ...

    @declare.get(_GREETING, operation_id="retrieveGreeting")
    async def download_greeting(
        self,
        account_id: str,
        voicemail_box_id: str,
        greeting_type: GreetingType,
        *,
        partition_id: str | None = None,
    ) -> Download:
        """Download a greeting of a user's voicemail box.

        `GET /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/greetings/{greetingType}/media`.
        """
        ...

    @declare.put(_GREETING, operation_id="uploadGreeting")
    async def upload_greeting(
        self,
        account_id: str,
        voicemail_box_id: str,
        greeting_type: GreetingType,
        file: UploadSource,
        *,
        partition_id: str | None = None,
    ) -> None:
        """Upload a greeting for a user's voicemail box.

        `PUT /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/greetings/{greetingType}/media`.
        """
        ...

    @declare.put(_BOX + "/pin", operation_id="setPin", operation_class=OperationClass.ACTION)
    async def set_pin(
        self, account_id: str, voicemail_box_id: str, change: PinChange, *, partition_id: str | None = None
    ) -> None:
        """Set the PIN with which somebody opens a voicemail box.

        `PUT /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/pin`.
        """
        ...

    @declare.put(
        _BOX + "/unlock",
        operation_id="unlockVoicemailBox",
        operation_class=OperationClass.ACTION,
        probe="voicemail_boxes.get",
    )
    async def unlock(
        self,
        account_id: str,
        voicemail_box_id: str,
        *,
        reset_pin: bool | None = None,
        partition_id: str | None = None,
    ) -> VoicemailBox:
        """Unlock a voicemail box; may take the PIN away too.

        `PUT /v2/partition/{partitionId}/account/{accountId}/voicemailbox/{voicemailBoxId}/unlock`.
        """
        ...

    # Last, because from here on `list` is this operation.
    @declare.get(_BOXES, operation_id="retrieveVoicemailBoxList")
    async def list(
        self, account_id: str, *, parent_id: str | None = None, partition_id: str | None = None
    ) -> list[VoicemailBox]:
        """Return the voicemail boxes of an account, all or those under one.

        `GET /v2/partition/{partitionId}/account/{accountId}/voicemailbox`.
        """
        ...
