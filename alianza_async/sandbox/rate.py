"""Strict sliding-second counting: what the limit refuses, and the highest second seen."""

from __future__ import annotations

from collections import deque


class SlidingLimit:
    """Admit at most `rate` requests in any one second (below 1/s: one every 1/rate seconds).

    Only admitted requests count, so a caller that is refused gets in again as soon as a second has room.
    """

    def __init__(self) -> None:
        self._admitted: deque[float] = deque()

    def admit(self, now: float, rate: float) -> bool:
        """Say whether a request arriving now fits, and count it if so.

        Args:
            now: Monotonic arrival time in seconds; never smaller than the one before.
            rate: Requests a second; it may change from call to call.
        """
        window = 1.0 if rate >= 1 else 1.0 / rate
        admitted = self._admitted
        while admitted and now - admitted[0] >= window:
            admitted.popleft()
        if len(admitted) >= max(1, int(rate)):
            return False
        admitted.append(now)
        return True


class PeakMeter:
    """Remember the most arrivals that any span shorter than one second ever held."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque()
        self.peak = 0

    def mark(self, now: float) -> None:
        """Count an arrival at this monotonic time, in seconds."""
        recent = self._recent
        recent.append(now)
        while now - recent[0] >= 1.0:
            recent.popleft()
        self.peak = max(self.peak, len(recent))
