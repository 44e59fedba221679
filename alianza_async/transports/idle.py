"""What waits for its next request: the last one put back is the first one taken, so that few stay warm."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from alianza_async.transports.base import KEEPALIVE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Idle"]

T = TypeVar("T")


class Idle(Generic[T]):
    """Connections, or pools of one, that nobody uses at the moment."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: deque[tuple[T, float]] = deque()

    def take(self) -> tuple[T, bool] | None:
        """Return the one put back last, and whether it is fresh enough to be used; None without any."""
        if not self._waiting:
            return None
        item, since = self._waiting.pop()
        return item, time.monotonic() - since < KEEPALIVE_SECONDS

    def put(self, item: T) -> T | None:
        """Take one back; return the oldest where it has not been needed for long, and is to be closed."""
        now = time.monotonic()
        self._waiting.append((item, now))
        return self._waiting.popleft()[0] if now - self._waiting[0][1] >= KEEPALIVE_SECONDS else None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._waiting)

    def drain(self) -> Iterator[T]:
        """Take all of them, the one that was put back last first."""
        while self._waiting:
            yield self._waiting.pop()[0]
