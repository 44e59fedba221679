"""Refused logins of one password: when the next one may be made without locking the account."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from contextlib import asynccontextmanager, suppress
from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from alianza_async.errors import AuthenticationError

__all__ = ["REFUSALS", "RefusalBook", "Refusals"]

_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 300.0
_IN_AN_HOUR: Final = 5
_HOUR: Final = 3600.0
_PASSWORDS_AT_MOST: Final = 1_000


class _Noted(NamedTuple):
    """What is noted of a password's refusals: replaced as a whole, because several threads may read it."""

    latest: AuthenticationError | None = None
    in_a_row: int = 0
    at: tuple[float, ...] = ()


class Refusals:
    """Counts the refused logins of one password; sessions of several threads may share it.

    After the first the next waits 5 s, doubled up to 5 minutes; five in an hour are the most. What is
    left of the five is also how many may be under way: sessions that share nothing log in at the same time.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._noted = _Noted()
        self._under_way = 0
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    @asynccontextmanager
    async def one_login(self) -> AsyncGenerator[None, None]:
        """Wait until a login may be made, even if all that are under way are refused; it is the block.

        Raises:
            AuthenticationError: They were refused, and no more are allowed in this hour.
        """
        while (another := self._begins()) is not None:
            if refused := self.refused(by_hand=True):
                raise refused
            await another.wait()
        try:
            yield
        finally:
            self._ends()

    def _begins(self) -> asyncio.Event | None:
        """Begin a login; where it may not begin yet, return what tells that another one has ended."""
        with self._lock:
            if self.count + self._under_way < _IN_AN_HOUR:
                self._under_way += 1
                return None
            ended = asyncio.Event()
            if self._under_way:
                self._waiting.append((asyncio.get_running_loop(), ended))
            else:
                ended.set()
            return ended

    def _ends(self) -> None:
        with self._lock:
            self._under_way -= 1
            waiting, self._waiting = self._waiting, []
        for loop, ended in waiting:
            with suppress(RuntimeError):  # a loop that is closed has nobody who waits
                loop.call_soon_threadsafe(ended.set)

    @property
    def latest(self) -> AuthenticationError | None:
        """The latest refusal; None where the latest login was not refused."""
        return self._noted.latest

    @property
    def count(self) -> int:
        """How many there were in the last hour."""
        after = self._clock() - _HOUR
        return sum(at > after for at in self._noted.at)

    @property
    def wait(self) -> float:
        """Seconds until the next login may be made; 0 where it may be made now."""
        return self._wait(self._noted)

    @property
    def until_allowed(self) -> float:
        """Seconds until a login may be made that a user asks for: the five of an hour hold for it too."""
        return self._until_allowed(self._noted)

    def refused(self, *, by_hand: bool = False) -> AuthenticationError | None:
        """Return the latest refusal, as an error of its own, where no login may be made yet; else None.

        Args:
            by_hand: Whether a user asks for the login, who need not wait for the back-off.
        """
        noted = self._noted
        wait = self._until_allowed(noted) if by_hand else self._wait(noted)
        if noted.latest is None or not wait:
            return None
        error = copy(noted.latest)
        error.message = f"{error.message}; the next login is made in {wait:.0f} s at the earliest"
        return error

    def add(self, refusal: AuthenticationError) -> None:
        """Note a refusal."""
        with self._lock:
            noted = self._noted
            at = (*noted.at, self._clock())[-_IN_AN_HOUR:]
            self._noted = _Noted(refusal, min(noted.in_a_row + 1, 60), at)

    def end(self) -> None:
        """Note a login that was not refused: the password is right."""
        with self._lock:
            self._noted = _Noted()

    def _wait(self, noted: _Noted) -> float:
        if noted.latest is None:
            return 0.0
        since = self._clock() - noted.at[-1]
        backed_off = min(_FIRST_WAIT * 2.0 ** (noted.in_a_row - 1), _LONGEST_WAIT)
        return max(0.0, backed_off - since, self._until_allowed(noted))

    def _until_allowed(self, noted: _Noted) -> float:
        if len(noted.at) < _IN_AN_HOUR:
            return 0.0
        return max(0.0, noted.at[0] + _HOUR - self._clock())


class RefusalBook:
    """The refusals of each password that this process has used lately: a new session does not forget them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: OrderedDict[str, Refusals] = OrderedDict()

    def of(self, key: str) -> Refusals:
        """Return those of a password.

        Args:
            key: What tells it from others.
        """
        with self._lock:
            found = self._of.pop(key, None) or Refusals()
            self._of[key] = found
            if len(self._of) > _PASSWORDS_AT_MOST:
                self._of.popitem(last=False)
            return found

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._of.clear()


REFUSALS: Final = RefusalBook()
