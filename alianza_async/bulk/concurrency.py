"""How many items to have under way: what fills the pipe, and no more.

By Little's law a rate r at a latency l needs r x l requests under way. The latency is the least one seen in
a sliding window, which queues of our own making do not raise (as in BBR, Cardwell et al. 2016). Where more
items under way stopped bringing more throughput, the server is the bottleneck, and growing on would only
lengthen its queue. A row of several requests needs r x (row's seconds) / (requests per row) rows under way.

A job starts narrow, widens as rows succeed and halves its width at each failure (slow start, as in TCP): what
fails because everything fails, fails few rows.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AutoConcurrency", "Concurrency", "FixedConcurrency", "SlowStart"]

# The mean latency lies over the least one; BBR too keeps twice the product under way. What is too many
# waits at the rate limit, where it costs nothing.
_HEADROOM = 2.0
_FAR_LESS = 1.25
_RISE = 1.05
_WINDOW = 10.0
_EPOCH = 1.0
_NARROW = 4


class FixedConcurrency:
    """As many as the user says.

    Args:
        target: Items under way at the most.
    """

    def __init__(self, target: int) -> None:
        self.target = target

    def settled(self, _latency: float | None, _requests: int = 1) -> int:
        """Note that an item ended; returns how many may be under way."""
        return self.target


class AutoConcurrency:
    """As many as the rate and the latency need.

    Args:
        rate: Requests a second at this moment.
        ceiling: The most that may be under way.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, rate: Callable[[], float], ceiling: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._ceiling = ceiling
        self._clock = clock
        # Until the first answer the latency may be anything: a second's worth is enough for any that is
        # bearable, and the rate limit spaces them out.
        self.target = max(1, min(ceiling, math.ceil(rate())))
        self._least = math.inf
        self._least_before = math.inf
        self._window_from = clock()
        self._epoch_from = clock()
        self._ended = 0
        self._throughput_before: float | None = None
        self._held = False

    def settled(self, latency: float | None, requests: int = 1) -> int:
        """Note that an item ended.

        Args:
            latency: Seconds that its requests took together, waits for the server not counted; None where it
                was not answered.
            requests: How many requests those were.

        Returns:
            How many may be under way from now on.
        """
        now = self._clock()
        self._ended += 1
        if latency is not None and requests > 0:
            # A rate of r requests a second starts r / n rows, each of which stays for its whole latency:
            # what counts is the time per request.
            latency /= requests
            first = self._least == self._least_before == math.inf
            if now - self._window_from >= _WINDOW:
                self._least_before, self._least = self._least, math.inf
                self._window_from = now
            self._least = min(self._least, latency)
            if first:
                # The first answer tells all that is needed: what the rate can use, no more, at once.
                self.target = self._wanted()
                self._begin_epoch(now)
        if now - self._epoch_from >= max(_EPOCH, 2 * min(self._least, self._least_before, _WINDOW)):
            self._adjust(now)
        return self.target

    def _adjust(self, now: float) -> None:
        throughput = self._ended / (now - self._epoch_from)
        wanted = self._wanted()
        if wanted > self.target:
            before = self._throughput_before
            # Held back by a busy server, it grows again where the same number brings far less than it did:
            # then the answers have become slower, and the pipe longer.
            longer = before is not None and self._held and throughput * _FAR_LESS < before
            if before is None or throughput >= before * _RISE or longer:
                self._throughput_before, self._held = throughput, False
                self.target = min(wanted, 2 * self.target)
            elif not self._held:
                self._throughput_before, self._held = throughput, True
        else:
            self.target = wanted
            self._throughput_before, self._held = None, False
        self._begin_epoch(now)

    def _begin_epoch(self, now: float) -> None:
        self._epoch_from = now
        self._ended = 0

    def _wanted(self) -> int:
        least = min(self._least, self._least_before)
        if least == math.inf:
            return self.target
        return max(1, min(self._ceiling, math.ceil(self._rate() * least * _HEADROOM) + 1))


class SlowStart:
    """A width that starts narrow: it doubles per round of successes, and halves at each failure.

    Args:
        wanted: What says how many may be under way when all goes well.
        start: Items under way at the start.
        halves: Whether a failure narrows it; False where failures are not counted (`max_failures="off"`).
    """

    def __init__(
        self, wanted: FixedConcurrency | AutoConcurrency, *, start: int = _NARROW, halves: bool = True
    ) -> None:
        self._wanted = wanted
        self._width = max(1, start)
        self._halves = halves

    @property
    def target(self) -> int:
        """Items that may be under way."""
        return min(self._width, self._wanted.target)

    def settled(self, latency: float | None, requests: int = 1) -> int:
        """Note that an item ended, as of `AutoConcurrency`; returns how many may be under way."""
        self._wanted.settled(latency, requests)
        return self.target

    def succeeded(self) -> None:
        """Note a success: one more may be under way, so that each round of successes doubles the width."""
        if self._width < self._wanted.target:
            self._width += 1

    def failed(self) -> None:
        """Note a counted failure: half as many may be under way, at least one."""
        if self._halves:
            self._width = max(1, self.target // 2)


Concurrency = FixedConcurrency | AutoConcurrency | SlowStart
