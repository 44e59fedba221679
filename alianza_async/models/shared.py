"""Values that more than one model holds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from alianza_async.endpoints.models import ReadModel, Timestamp, WriteModel

__all__ = [
    "CallScreening",
    "CallScreeningSettings",
    "CallScreeningSettingsWrite",
    "CallingPlan",
    "CustomCallScreen",
    "CustomCallScreenWrite",
    "EndUserType",
    "Name",
    "RingType",
]

Name = Annotated[str, Field(min_length=3, max_length=256)]
"""Numbers and names of the API: 3 to 256 characters."""

CallScreening = Literal["Allow", "Block", "Voicemail", "Forward", "VipRing", "BlockWithPrompt"]
RingType = Literal["StandardRing", "Ring1", "Ring2", "Ring3", "Ring4", "Ring5", "Ring6", "Ring7"]
EndUserType = Literal["ADMIN", "ADVANCED_ADMIN", "BASIC_ADMIN", "STANDARD", "STANDARD_ADMIN", "SUPER_ADMIN"]


class CustomCallScreen(ReadModel):
    """How calls of one number are screened."""

    telephone_number: str | None = None
    block_type: CallScreening | str | None = None
    ring_type: RingType | str | None = None


class CustomCallScreenWrite(WriteModel):
    """How calls of one number are to be screened."""

    telephone_number: str | None = None
    block_type: CallScreening | None = None
    ring_type: RingType | None = None


class CallScreeningSettings(ReadModel):
    """How incoming calls are screened."""

    anonymous_call_screen: CallScreening | str | None = None
    anonymous_ring_type: RingType | str | None = None
    toll_free_call_screen: CallScreening | str | None = None
    toll_free_ring_type: RingType | str | None = None
    default_call_screen: CallScreening | str | None = None
    default_ring_type: RingType | str | None = None
    custom_call_screen_list: list[CustomCallScreen] | None = None
    forward_tn: str | None = None


class CallScreeningSettingsWrite(WriteModel):
    """How incoming calls are to be screened."""

    anonymous_call_screen: CallScreening | None = None
    anonymous_ring_type: RingType | None = None
    toll_free_call_screen: CallScreening | None = None
    toll_free_ring_type: RingType | None = None
    default_call_screen: CallScreening | None = None
    default_ring_type: RingType | None = None
    custom_call_screen_list: list[CustomCallScreenWrite] | None = None
    forward_tn: str | None = None


class CallingPlan(ReadModel):
    """Minutes bought for a user, an account or another owner."""

    id: str | None = None
    reference_id: str | None = None
    reference_type: str | None = None
    calling_plan_product_id: str | None = None
    start_date: Timestamp | None = None
    end_date: Timestamp | None = None
    plan_minutes: int | None = None
    seconds_remaining: int | None = None
