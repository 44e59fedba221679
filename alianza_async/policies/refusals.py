"""Refused logins of one password: when the next one may be made without locking the account."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from copy import copy
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from alianza_async.errors import AuthenticationError

__all__ = ["REFUSALS", "RefusalBook", "Refusals"]

_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 300.0
_IN_AN_HOUR: Final = 5
_HOUR: Final = 3600.0
_PASSWORDS_AT_MOST: Final = 1_000


class Refusals:
    """Counts the refused logins of one password.

    After the first the next waits 5 s, doubled up to 5 minutes; five in an hour are the most.

    Args:
        clock: Seconds, monotonic.

    Attributes:
        latest: The latest refusal; None where the latest login was not refused.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at: deque[float] = deque(maxlen=_IN_AN_HOUR)
        self._in_a_row = 0
        self.latest: AuthenticationError | None = None

    @property
    def count(self) -> int:
        """How many there were in the last hour."""
        after = self._clock() - _HOUR
        return sum(at > after for at in self._at)

    @property
    def wait(self) -> float:
        """Seconds until the next login may be made; 0 where it may be made now."""
        if self.latest is None:
            return 0.0
        since = self._clock() - self._at[-1]
        backed_off = min(_FIRST_WAIT * 2.0 ** (self._in_a_row - 1), _LONGEST_WAIT)
        return max(0.0, backed_off - since, self.until_allowed)

    @property
    def until_allowed(self) -> float:
        """Seconds until a login may be made that a user asks for: the five of an hour hold for it too."""
        if len(self._at) < _IN_AN_HOUR:
            return 0.0
        return max(0.0, self._at[0] + _HOUR - self._clock())

    def add(self, refusal: AuthenticationError) -> None:
        """Note a refusal."""
        self.latest = refusal
        self._in_a_row = min(self._in_a_row + 1, 60)
        self._at.append(self._clock())

    def end(self) -> None:
        """Note a login that was not refused: the password is right."""
        self.latest, self._in_a_row = None, 0
        self._at.clear()

    def told(self, wait: float) -> AuthenticationError:
        """Return the latest refusal as an error of its own that says when the next login is made."""
        assert self.latest is not None  # noqa: S101  (there is a wait only after a refusal)
        error = copy(self.latest)
        error.message = f"{error.message}; the next login is made in {wait:.0f} s at the earliest"
        return error


class RefusalBook:
    """The refusals of each password that this process has used lately: a new session does not forget them."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, Refusals] = OrderedDict()

    def of(self, key: str) -> Refusals:
        """Return those of a password.

        Args:
            key: What tells it from others.
        """
        found = self._of.pop(key, None) or Refusals()
        self._of[key] = found
        if len(self._of) > _PASSWORDS_AT_MOST:
            self._of.popitem(last=False)
        return found

    def clear(self) -> None:
        """Forget them all."""
        self._of.clear()


REFUSALS: Final = RefusalBook()
