"""How often a call is tried, how fast calls leave, when a login is renewed: frozen values, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from alianza_async.errors import ConfigurationError

__all__ = ["LimitPolicy", "RetryPolicy", "TokenPolicy"]


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ConfigurationError(f"{name} is {value!r}; give a number over 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often, and how long, a call is tried. What may be tried again is not a setting.

    Waiting for a permit, for the rate limit or for a pause counts towards none of these.

    Attributes:
        attempts: Requests a call may send, look-ups not counted; 1 is never again.
        attempt_timeout: Seconds for one request to be answered in full.
        total_timeout: Seconds a call may spend with the server and backing off.
        wait_initial: Seconds before the second attempt; it doubles from there.
        wait_max: Seconds of back-off at the most.
        wait_jitter: Up to so many seconds at random on top of each wait.
        max_retry_after: The longest wait, in seconds, that a server may ask for; longer, and the call gives
            up and says when to come back.
        settle_s: Seconds after which a create whose answer was lost is looked up, at the earliest: the time a
            server may take to carry a request out after it was given up.
    """

    attempts: int = 6
    attempt_timeout: float = 30.0
    total_timeout: float = 120.0
    wait_initial: float = 0.2
    wait_max: float = 10.0
    wait_jitter: float = 0.5
    max_retry_after: float = 120.0
    settle_s: float = 2.0

    def __post_init__(self) -> None:
        """Refuse values that are not allowed."""
        if self.attempts < 1:
            raise ConfigurationError(f"attempts is {self.attempts}; give 1 or more")
        _positive("attempt_timeout", self.attempt_timeout)
        _positive("total_timeout", self.total_timeout)
        for name in ("wait_initial", "wait_max", "wait_jitter", "max_retry_after", "settle_s"):
            value: float = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"{name} is {value!r}; give a number of seconds, 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPolicy:
    """How many requests a second leave, over any sliding second.

    Attributes:
        rate: Requests a second; the provider allows about 100 a credential.
        floor: What a 429 may not bring the rate under.
    """

    rate: float = 100.0
    floor: float = 1.0

    def __post_init__(self) -> None:
        """Refuse values that are not allowed."""
        _positive("rate", self.rate)
        _positive("floor", self.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPolicy:
    """When a login is renewed.

    Attributes:
        lifetime: Seconds a token lives, where the server does not say.
        renew_before: Seconds before its end that a token is renewed in the background...
        renew_fraction: ...or at this fraction of a life too short for that.
        generations: How many logins' tokens one call may have refused before it fails.
        sliding: Whether `lifetime` counts from a token's last use instead of from its login. A life that the
            server tells is counted from the login in any case.
    """

    lifetime: float = 3600.0
    renew_before: float = 300.0
    renew_fraction: float = 0.8
    generations: int = 3
    sliding: bool = False
