"""Accounts: what a create takes, what the API answers."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from alianza_async.endpoints.models import ReadModel, Timestamp, WriteModel
from alianza_async.models.fields import TimeZone
from alianza_async.models.shared import CallingPlan, CallScreeningSettings, CallScreeningSettingsWrite, Name
from alianza_async.models.time_zones import ApiTimeZone

__all__ = [
    "Account",
    "AccountCreate",
    "AccountStatus",
    "AccountSummary",
    "AccountType",
    "DialingBehaviorType",
    "PlatformType",
    "RegulatoryType",
    "TimeZone",
]

AccountType = Literal["SIMPLE", "ADVANCED"]
AccountStatus = Literal["ACTIVE", "DISABLED", "DELETED", "DELETE_PENDING", "SUSPENDED", "PENDING"]
PlatformType = Literal["V2_0", "V2_1", "CPE1", "CPE2"]
RegulatoryType = Literal["RESIDENTIAL", "COMMERCIAL", "GOVERNMENT"]
DialingBehaviorType = Literal[
    "SEVEN_DIGIT",
    "TEN_DIGIT",
    "OPEN_DIAL_PLAN",
    "DIAL_NINE_SEVEN_DIGIT",
    "DIAL_NINE_TEN_DIGIT",
    "OPEN_DIAL_PLAN_TEN_DIGIT",
]


class AccountCreate(WriteModel):
    """A new account.

    `extension_length` is required where `account_type` is `ADVANCED`; `time_zone` takes IANA names too.
    """

    account_number: Name
    account_name: Name
    account_type: AccountType
    time_zone: TimeZone
    billing_cycle_day: Annotated[int, Field(ge=1, le=28)]
    extension_length: Annotated[int, Field(ge=3, le=6)] | None = None
    allow_dangerous_extensions: bool | None = None
    call_screening_settings: CallScreeningSettingsWrite | None = None
    custom_field: Name | None = None
    custom_hold_music_media_id: str | None = None
    dialing_behavior_type: DialingBehaviorType | None = None
    domain: str | None = None
    hold_music_media_id: str | None = None
    hold_timeout_seconds: Annotated[int, Field(ge=30, le=600)] | None = None
    inbound_rate_plan_product_id: str | None = None
    language_tag: str | None = None
    platform_type: PlatformType | None = None
    regulatory_type: RegulatoryType | None = None
    route_plan_id: UUID | None = None
    send_welcome_email: bool | None = None
    status: AccountStatus | None = None

    @model_validator(mode="after")
    def _advanced_needs_extensions(self) -> AccountCreate:
        if self.account_type == "ADVANCED" and self.extension_length is None:
            raise ValueError("extension_length is required where account_type is ADVANCED")
        return self


class Account(ReadModel):
    """An account as the API answers it; fields this release does not know are kept."""

    id: str | None = None
    partition_id: str | None = None
    account_number: str | None = None
    account_name: str | None = None
    account_type: AccountType | str | None = None
    time_zone: ApiTimeZone | str | None = None
    billing_cycle_day: int | None = None
    extension_length: int | None = None
    allow_dangerous_extensions: bool | None = None
    call_screening_settings: CallScreeningSettings | None = None
    calling_plans: list[CallingPlan] | None = None
    custom_field: str | None = None
    custom_hold_music_media_id: str | None = None
    deletion_date: Timestamp | None = None
    dialing_behavior_type: DialingBehaviorType | str | None = None
    domain: str | None = None
    end_user_count: int | None = None
    hold_music_media_id: str | None = None
    hold_timeout_seconds: int | None = None
    inbound_rate_plan_product_id: str | None = None
    language_tag: str | None = None
    platform_change_date: Timestamp | None = None
    platform_type: PlatformType | str | None = None
    regulatory_type: RegulatoryType | str | None = None
    route_plan_id: str | None = None
    send_welcome_email: bool | None = None
    status: AccountStatus | str | None = None


class AccountSummary(ReadModel):
    """One hit of the account search."""

    id: str | None = None
    partition_id: str | None = None
    account_number: str | None = None
    account_name: str | None = None
    type: AccountType | str | None = None
    account_status: AccountStatus | str | None = None
    platform_type: PlatformType | str | None = None
    platform_change_date: Timestamp | None = None
    matches: dict[str, str] | None = None
