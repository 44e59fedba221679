"""What a sandbox can be told: its pace, its tokens, its credentials, its strictness."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from alianza_async.sandbox.permissions import read_permissions

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, object]
"""A decoded JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How one sandbox behaves; replace the whole value to change it at run time.

    Attributes:
        latency_ms: Milliseconds each answer waits before the request is carried out.
        latency_jitter_ms: Up to this many milliseconds are added at random.
        rate: Requests allowed in any one second; None = no limit.
        retry_after_s: Seconds a 429 tells the caller to wait; whole seconds are sent as whole seconds.
        token_ttl_s: Seconds a login token lives.
        expires_in: Whether a login answers `expiresIn` (seconds); `maxLifeInHours` otherwise.
        unique: Whether account numbers and user names may be used only once.
        username: The one user name accepted; None = any.
        password: The one password accepted; None = any.
        partition_id: The partition each new login belongs to.
        must_change_password: Whether a login answers `mustChangePassword`.
        login_status: A status each login is answered with instead of a token.
        permissions: What a login may do, where not the usual: for an area such as `Account` a level, one of
            `NONE READ EDIT CREATE DELETE`; what needs a higher one is answered 403.
        delete_pending_s: Seconds an account is DELETE_PENDING before it is gone.
        activation_s: Seconds until a telephone number added to an account is in service.
        e911_s: Seconds until the emergency address of a number is registered, or refused.
        e911_reject: Part of a street or city: such an emergency address is refused once its number is on the
            account; empty = none is.
        e911_reject_rate: Chance that an emergency address is refused then, whatever it is.
        e911_pending: Part of a street or city: the registration of such an address never ends; empty = all
            end.
        e911_alternatives: How the 911 provider writes the address it would have: `tidy`; `raw` (capitals,
            the suffix in the street name, `CA`), with which a refusal after activation offers one, too;
            `none` = it offers none.
        unit_required: Part of a street: an address there needs a unit; empty = none does.
        strict: Whether the sandbox refuses what the provider's guides call wrong: a number without customer
            service record or directory listing, with a nested address or one that was not prevalidated as it
            stands, and its release while its address is being registered.
        require_address: Whether a telephone number is added only with a validated emergency address.
        inventory: File of the telephone numbers there are, from the start or a reset on.
        history: Whether account history is kept.
        history_lag_s: Seconds until an entry of it can be seen.
        history_requests: Whether it tells of accounts, users, numbers, device lines and calling plans that
            were asked for as the request arrives, before it is carried out.
        history_whole_seconds: Whether its times are whole seconds.
        clock_offset_s: Seconds by which the server's clock, as history and `Date` tell it, is ahead of ours.
        fold_usernames: Whether user names are kept and answered in lower case.
        fold_macs: Whether MAC addresses are answered in lower case.
        reservation_s: Seconds a reservation of a number lasts, without which a number is then not added to
            an account; 0 = for ever, and it may be added without one.
        job_s: Seconds a job of either kind takes; it is under way after a third of them.
        jobs_end: Whether jobs ever end.
        record_limit: How many request records are kept (the newest), from the start or a reset on; counters
            are always kept.
        seed: Seed of the jitter and of the faults' chances, from the start or a reset on.
    """

    latency_ms: float = 0
    latency_jitter_ms: float = 0
    rate: float | None = None
    retry_after_s: float = 1
    token_ttl_s: float = 28_800
    expires_in: bool = True
    unique: bool = True
    username: str | None = None
    password: str | None = None
    partition_id: str = "sandbox-partition"
    must_change_password: bool = False
    login_status: int | None = None
    permissions: Mapping[str, str] | None = None
    delete_pending_s: float = 0
    activation_s: float = 0
    e911_s: float = 0
    e911_reject: str = ""
    e911_reject_rate: float = 0
    e911_pending: str = ""
    e911_alternatives: str = "tidy"
    unit_required: str = ""
    strict: bool = False
    require_address: bool = True
    inventory: str | None = None
    history: bool = True
    history_lag_s: float = 0
    history_requests: bool = False
    history_whole_seconds: bool = False
    clock_offset_s: float = 0
    fold_usernames: bool = False
    fold_macs: bool = False
    reservation_s: float = 0
    job_s: float = 0
    jobs_end: bool = True
    record_limit: int = 1_000_000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse figures no server could follow.

        Raises:
            ValueError: A figure is negative, not finite or (the rate) not positive; a permission is none.
        """
        for name in _SPANS:
            value: float = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"sandbox option {name} must be a finite number of at least 0")
        if not -math.inf < self.clock_offset_s < math.inf:
            raise ValueError("sandbox option clock_offset_s must be a finite number")
        if self.rate is not None and not 0 < self.rate < math.inf:
            raise ValueError("sandbox option rate must be a positive number, or None for no limit")
        if self.e911_alternatives not in {"tidy", "raw", "none"}:
            raise ValueError("sandbox option e911_alternatives must be tidy, raw or none")
        read_permissions(self.permissions or {})

    def __repr__(self) -> str:
        """Show every option but the password's value."""
        shown = ", ".join(
            f"{name}={'***' if name == 'password' and self.password else getattr(self, name)!r}"
            for name in (field.name for field in fields(self))
        )
        return f"SandboxOptions({shown})"

    def with_changes(self, changes: Mapping[str, object]) -> SandboxOptions:
        """Answer these options with some of them changed, as a JSON object names them.

        Args:
            changes: Option names and their new values.

        Raises:
            ValueError: A name is no option, or a value is not of its type.
        """
        for name, value in changes.items():
            allowed = _TYPES.get(name)
            if allowed is None:
                raise ValueError(f"{name} is not a sandbox option")
            if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
                raise ValueError(f"sandbox option {name} does not take a value of that type")
        return replace(self, **changes)  # type: ignore[arg-type]  # checked just above


_SPANS = (
    *("latency_ms", "latency_jitter_ms", "retry_after_s", "token_ttl_s", "delete_pending_s", "activation_s"),
    *("history_lag_s", "reservation_s", "job_s", "record_limit", "e911_s", "e911_reject_rate"),
)
_NUMBER: tuple[type, ...] = (int, float)
_NONE = type(None)
_TYPES: dict[str, tuple[type, ...]] = {
    "latency_ms": _NUMBER,
    "latency_jitter_ms": _NUMBER,
    "rate": (*_NUMBER, _NONE),
    "retry_after_s": _NUMBER,
    "token_ttl_s": _NUMBER,
    "expires_in": (bool,),
    "unique": (bool,),
    "username": (str, _NONE),
    "password": (str, _NONE),
    "partition_id": (str,),
    "must_change_password": (bool,),
    "login_status": (int, _NONE),
    "permissions": (dict, _NONE),
    "delete_pending_s": _NUMBER,
    "activation_s": _NUMBER,
    "e911_s": _NUMBER,
    "e911_reject": (str,),
    "e911_reject_rate": _NUMBER,
    "e911_pending": (str,),
    "e911_alternatives": (str,),
    "unit_required": (str,),
    "strict": (bool,),
    "require_address": (bool,),
    "inventory": (str, _NONE),
    "history": (bool,),
    "history_lag_s": _NUMBER,
    "history_requests": (bool,),
    "history_whole_seconds": (bool,),
    "clock_offset_s": _NUMBER,
    "fold_usernames": (bool,),
    "fold_macs": (bool,),
    "reservation_s": _NUMBER,
    "job_s": _NUMBER,
    "jobs_end": (bool,),
    "record_limit": (int,),
    "seed": (int,),
}
