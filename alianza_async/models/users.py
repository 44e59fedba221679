"""End users of an account: what a create takes, what the API answers."""

from __future__ import annotations

from typing import Literal

from alianza_async.endpoints.models import ReadModel, Timestamp, WriteModel
from alianza_async.models.fields import TimeZone
from alianza_async.models.shared import (
    CallingPlan,
    CallScreeningSettings,
    CallScreeningSettingsWrite,
    EndUserType,
    Name,
)
from alianza_async.models.shared_call_handling import (
    CallerIdConfig,
    CallerIdConfigWrite,
    CallHandlingSchedule,
    CallHandlingScheduleWrite,
    CallHandlingSettings,
    CallHandlingSettingsWrite,
)
from alianza_async.models.shared_devices import DeviceLine
from alianza_async.models.shared_users import MediaFriends, MediaFriendsWrite, UserGroup, UserGroupWrite
from alianza_async.models.time_zones import ApiTimeZone

__all__ = ["SoftphoneClientType", "User", "UserCreate", "UserProductPlan"]

UserProductPlan = Literal["STANDARD", "ADVANCED", "PROFESSIONAL"]
SoftphoneClientType = Literal["STRETTO", "CYMBUS"]


class UserCreate(WriteModel):
    """A new end user.

    The description requires the time zone alone; the user name is required here too, because it is the only
    key by which a user whose answer was lost can be found again.
    """

    username: Name
    time_zone: TimeZone
    first_name: Name | None = None
    last_name: Name | None = None
    email_address: Name | None = None
    allow_portal_access: bool | None = None
    block_email: bool | None = None
    call_handling_schedules: list[CallHandlingScheduleWrite] | None = None
    call_handling_settings: CallHandlingSettingsWrite | None = None
    call_screening_settings: CallScreeningSettingsWrite | None = None
    caller_id_config: CallerIdConfigWrite | None = None
    end_user_type: EndUserType | None = None
    extension: str | None = None
    group: UserGroupWrite | None = None
    language_tag: str | None = None
    media_friends: MediaFriendsWrite | None = None
    must_change_password: bool | None = None
    new_cpp_id: str | None = None
    softphone_client_type: SoftphoneClientType | None = None
    tags: str | None = None
    user_product_plan: UserProductPlan | None = None


class User(ReadModel):
    """An end user as the API answers it; fields this release does not know are kept."""

    id: str | None = None
    partition_id: str | None = None
    account_id: str | None = None
    username: str | None = None
    time_zone: ApiTimeZone | str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email_address: str | None = None
    allow_portal_access: bool | None = None
    block_email: bool | None = None
    call_handling_schedules: list[CallHandlingSchedule] | None = None
    call_handling_settings: CallHandlingSettings | None = None
    call_screening_settings: CallScreeningSettings | None = None
    caller_id_config: CallerIdConfig | None = None
    calling_plans: list[CallingPlan] | None = None
    devices: list[DeviceLine] | None = None
    end_user_type: EndUserType | str | None = None
    extension: str | None = None
    group: UserGroup | None = None
    language_tag: str | None = None
    media_friends: MediaFriends | None = None
    must_change_password: bool | None = None
    new_cpp_id: str | None = None
    pin_locked_out: bool | None = None
    softphone_client_type: SoftphoneClientType | str | None = None
    tags: str | None = None
    user_product_plan: UserProductPlan | str | None = None
    voicemail_box_id: str | None = None
    welcome_email_sent: Timestamp | None = None
