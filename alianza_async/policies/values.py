"""How often a call is tried, how fast calls leave, when a login is renewed: frozen values, checked once."""

from __future__ import annotations

from dataclasses import dataclass

from alianza_async.calls.numbers import over_zero, whole, zero_or_more
from alianza_async.errors import ConfigurationError

__all__ = ["LimitPolicy", "RetryPolicy", "TokenPolicy"]


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
        whole("attempts", self.attempts)
        over_zero("attempt_timeout", self.attempt_timeout)
        over_zero("total_timeout", self.total_timeout)
        for name in ("wait_initial", "wait_max", "wait_jitter", "max_retry_after", "settle_s"):
            zero_or_more(name, getattr(self, name))


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
        over_zero("rate", self.rate)
        over_zero("floor", self.floor)


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

    def __post_init__(self) -> None:
        """Refuse values that are not allowed."""
        over_zero("lifetime", self.lifetime, unit="a number of seconds")
        zero_or_more("renew_before", self.renew_before)
        over_zero("renew_fraction", self.renew_fraction, unit="a fraction")
        if self.renew_fraction > 1:
            raise ConfigurationError(
                f"renew_fraction is {self.renew_fraction!r}; give a fraction of 1 at the most"
            )
        whole("generations", self.generations)
