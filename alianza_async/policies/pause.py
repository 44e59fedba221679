"""The pause that one 429 puts on everybody."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pause"]

_NEVER = float("-inf")


class Pause:
    """A point in time before which nothing leaves.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = _NEVER

    @property
    def remaining(self) -> float:
        """Seconds until anything may leave; 0 where nothing is paused."""
        return 0.0 if self._until == _NEVER else max(0.0, self._until - self._clock())

    def extend(self, seconds: float) -> float:
        """Pause for so many seconds from now at least; returns when the pause will be over."""
        self._until = max(self._until, self._clock() + seconds)
        return self._until

    async def wait(self) -> None:
        """Wait until the pause is over, however often it is extended meanwhile."""
        while (remaining := self.remaining) > 0:  # noqa: ASYNC110  (it waits for a time: no event tells it)
            await anyio.sleep(remaining)
