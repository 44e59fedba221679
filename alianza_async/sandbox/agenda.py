"""What the sandbox does later: jobs that begin, end, run out of time."""

from __future__ import annotations

import heapq
import itertools
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Agenda:
    """Work put off until a time, carried out in order as soon as anybody looks.

    No timer of its own: every request, and every look at the truth, first carries out what is due. So a
    server that sleeps owes nothing, and a test moves the time by hand.

    Args:
        clock: Monotonic clock, in seconds.

    Attributes:
        clock: As given; replace it to move the time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def put_off(self, delay_s: float, work: Callable[[], None]) -> None:
        """Carry out some work so many seconds from now, once somebody looks.

        Args:
            delay_s: Seconds from now.
            work: What to do; what it puts off itself may be due at once.
        """
        heapq.heappush(self._waiting, (self.clock() + delay_s, next(self._order), work))

    def catch_up(self) -> None:
        """Carry out all that is due by now, earliest first."""
        while self._waiting and self._waiting[0][0] <= self.clock():
            heapq.heappop(self._waiting)[2]()
