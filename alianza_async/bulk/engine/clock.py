"""The server's clock against ours: by how much they differ, as bounds that hold, never as a guess."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

__all__ = ["Bounds", "ServerClock"]

_STALE_S: Final = 0.25  # some servers write their `Date` field only a few times a second
_MILLISECOND_S: Final = 0.001
_APART_S: Final = 0.25  # what answers need not be what writes the history, and their clocks differ


class Bounds(NamedTuple):
    """Bounds of the server's clock minus ours, in seconds.

    Attributes:
        lo: At least so much.
        hi: At most so much.
    """

    lo: float = -math.inf
    hi: float = math.inf

    def with_(self, other: Bounds) -> Bounds:
        """Return the bounds that hold both of these."""
        return Bounds(min(self.lo, other.lo), max(self.hi, other.hi))


class _Measured:
    """Bounds that get closer with each sample, and wider where two contradict each other."""

    def __init__(self) -> None:
        self._now: Bounds | None = None
        self._before: Bounds | None = None

    def add(self, sample: Bounds) -> None:
        now = self._now
        if now is None:
            self._now = sample
            return
        lo, hi = max(now.lo, sample.lo), min(now.hi, sample.hi)
        if lo <= hi:
            self._now = Bounds(lo, hi)
            return
        # A clock was set, or has drifted. What was measured before holds for what was done before.
        self._before = now if self._before is None else self._before.with_(now)
        self._now = sample

    @property
    def bounds(self) -> Bounds | None:
        """What holds for all that was measured; None before the first sample."""
        if self._now is None or self._before is None:
            return self._now
        return self._before.with_(self._now)


class ServerClock:
    """Tells whether something in the server's time was before or after something in ours.

    An object that we made with a known answer was logged between sending and answer, which bounds the
    difference to some milliseconds. While there is no such sample, the `Date` field of answers does, to about
    a second. All times are Unix seconds.

    Times are cut to their last digit. A time without a fraction is a whole second, and may be anywhere within
    it. One with milliseconds is exact enough: a request takes longer than one to arrive and be carried out,
    and the upper bound contains that.
    """

    def __init__(self) -> None:
        self._samples = _Measured()
        self._dates = _Measured()

    @property
    def bounds(self) -> Bounds:
        """Bounds of the server's clock minus ours; infinite while nothing is known."""
        return self._samples.bounds or self._dates.bounds or Bounds()

    @property
    def sampled(self) -> bool:
        """Whether there is a sample of an object that we made."""
        return self._samples.bounds is not None

    def observe(self, sent_at: float, answered_at: float, logged: float) -> None:
        """Learn from an object that we made with a known answer.

        Args:
            sent_at: When its request left, by our clock.
            answered_at: When its answer came, by our clock.
            logged: When it was made, by the server's history.
        """
        self._samples.add(Bounds(logged - answered_at, logged + _cut_off(logged) - sent_at))

    def observe_date(self, sent_at: float, answered_at: float, date: float) -> None:
        """Learn from the `Date` field of an answer, in whole seconds; see `observe`."""
        self._dates.add(Bounds(date - answered_at - _APART_S, date + 1.0 + _STALE_S + _APART_S - sent_at))

    def certainly_after(self, server_time: float, our_time: float) -> bool:
        """Tell whether a moment of the server's was no earlier than one of ours, whatever the clocks say."""
        return server_time - self.bounds.hi >= our_time

    def certainly_before(self, server_time: float, our_time: float) -> bool:
        """Tell whether a moment of the server's was earlier than one of ours, whatever the clocks say."""
        cut_off = max(_cut_off(server_time), _MILLISECOND_S)
        return server_time + cut_off - self.bounds.lo < our_time


def _cut_off(moment: float) -> float:
    """Return by how much a time as the server wrote it may be too early."""
    return 1.0 if moment.is_integer() else 0.0
