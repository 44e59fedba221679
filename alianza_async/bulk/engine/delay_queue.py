"""Items that wait until what was sent for them can be looked up; they hold no worker and no permit."""

from __future__ import annotations

import heapq
import math
from itertools import count
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DelayQueue"]

T = TypeVar("T")

_LIMIT: Final = 500


class DelayQueue(Generic[T]):
    """A queue by time.

    Args:
        limit: How many items may wait before no new ones are taken.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._heap: list[tuple[float, int, T]] = []
        self._number = count()
        self._turns = 0
        self._finished = False
        self._stopped = False
        self._changed = anyio.Event()

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._heap)

    @property
    def is_full(self) -> bool:
        """Whether too many items wait for another one to be taken."""
        return len(self._heap) >= self._limit and not self._stopped

    def put(self, item: T, due: float) -> None:
        """Have an item wait until a time of the event loop's clock."""
        heapq.heappush(self._heap, (due, next(self._number), item))
        self._notify()

    async def next(self, most: Callable[[], int] = lambda: _LIMIT) -> T | None:
        """Wait for the next item whose time has come; None once none can come any more.

        Args:
            most: How many of them may have their turn at once. A resumed job has hundreds that are due in the
                same moment: all at once they would be a queue for permits, and a login stood at its end.
        """
        while True:
            left = math.inf
            if self._heap and self._turns < most():
                left = self._heap[0][0] - anyio.current_time()
                if left <= 0:
                    self._turns += 1
                    self._notify()
                    return heapq.heappop(self._heap)[2]
            elif self._finished and not self._heap and not self._turns:
                return None
            changed = self._changed
            with anyio.move_on_after(left):
                await changed.wait()

    async def room(self) -> None:
        """Wait until few enough items wait for another one to be taken."""
        while self.is_full:
            await self._changed.wait()

    def turn_over(self) -> None:
        """Note that a turn which `next()` gave is over."""
        self._turns -= 1
        self._notify()

    def finish(self) -> None:
        """Note that every item has had its first turn."""
        self._finished = True
        self._notify()

    def stop(self) -> None:
        """Have no worker wait for room: no further item is taken."""
        self._stopped = True
        self._notify()

    def clear(self) -> None:
        """Drop what waits."""
        self._heap.clear()
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
