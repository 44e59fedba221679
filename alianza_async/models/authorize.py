"""Logging in: what is sent, what comes back."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ConfigDict, Field

from alianza_async.endpoints.models import ReadModel, WireModel
from alianza_async.models.fields import Secret
from alianza_async.models.shared import EndUserType

__all__ = ["Login", "LoginInfo"]


class Login(WireModel):
    """User name and password, sent as they are, spaces included; in clear on the wire alone."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1)
    password: Secret
    change_password: Secret | None = None


class LoginInfo(ReadModel):
    """Who is logged in, what they may do, and the token that proves it."""

    auth_token: Secret | None = Field(default=None, repr=False)
    user_id: str | None = None
    user_type: str | None = None
    end_user_type: EndUserType | str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email_address: str | None = None
    partition_id: str | None = None
    partition_name: str | None = None
    account_id: str | None = None
    permissions: dict[str, str] | None = None
    feature_toggles: dict[str, bool] | None = None
    must_change_password: bool | None = None
    must_add_email: bool | None = None
    sub_partition_ids: list[str] | None = None
    granted_authorities: list[str] | None = None
    token_source: str | None = None
    group_id: str | None = None
    group_name: str | None = None
    pwd_hash: Secret | None = Field(default=None, repr=False)
    max_life_in_hours: object = None
    expires_in: object = None

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Show the fields this release knows: one that it does not may be another token."""
        known = type(self).model_fields
        return ((name, value) for name, value in super().__repr_args__() if name in known)

    def lifetime(self) -> float | None:
        """Return how long the token lives, in seconds: `expiresIn`, else `maxLifeInHours`, else None.

        A lifetime that is no positive number, or longer than a year, is taken for a mistake and passed over.
        """
        for value, unit in ((self.expires_in, 1.0), (self.max_life_in_hours, 3600.0)):
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                continue
            try:
                seconds = float(value) * unit
            except (ValueError, OverflowError):
                continue
            if 0 < seconds <= _LONGEST_LIFE:
                return seconds
        return None


_LONGEST_LIFE = 366 * 86_400.0
