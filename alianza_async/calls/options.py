"""What may differ from one call to the next: its time limits, and which calls it gives way to."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal, TypedDict, get_args

from alianza_async.calls.numbers import over_zero
from alianza_async.errors import ConfigurationError

__all__ = ["CallOptions", "Lane", "TrafficClass", "lane_of", "seconds"]

TrafficClass = Literal["interactive", "bulk"]
"""Somebody waits for an interactive call; a bulk call gives way to those, and keeps a tenth of the rate."""


class CallOptions(TypedDict, total=False):
    """Options of one call; what is left out is as the session says.

    Attributes:
        timeout: Seconds for one request to be answered.
        deadline: Seconds for the whole call: login, queue, waits, every attempt, the last look-up.
        traffic: `interactive` calls leave before `bulk` ones, which keep at least a tenth of the rate.
    """

    timeout: float
    deadline: float
    traffic: TrafficClass


class Lane(IntEnum):
    """In which order calls that wait for their turn leave."""

    LOGIN = 0
    """Ahead of everything: the others cannot leave without it."""
    INTERACTIVE = 1
    BULK = 2


_LANES: Final = {"interactive": Lane.INTERACTIVE, "bulk": Lane.BULK}


def lane_of(traffic: TrafficClass) -> Lane:
    """Return the lane of a class of traffic.

    Raises:
        ConfigurationError: There is no such class.
    """
    lane = _LANES.get(traffic)
    if lane is None:
        classes = " or ".join(get_args(TrafficClass))
        raise ConfigurationError(f"traffic is {traffic!r:.40}; give {classes}")
    return lane


def seconds(name: str, value: float) -> float:
    """Return a number of seconds that a call may take.

    Raises:
        ConfigurationError: It is no positive, finite number.
    """
    over_zero(name, value, unit="a number of seconds")
    return value
