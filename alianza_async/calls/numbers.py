"""Numbers in settings: refused where they are given, in one sentence, and not where they are first needed."""

from __future__ import annotations

import math
from typing import TypeGuard

from alianza_async.errors import ConfigurationError

__all__ = ["over_zero", "whole", "zero_or_more"]


def whole(name: str, value: object, *, least: int = 1) -> None:
    """See that a setting is a whole number.

    Args:
        name: The setting's name.
        value: Its value, of any type: callers without types give anything.
        least: The smallest that is allowed.

    Raises:
        ConfigurationError: It is none, or too small.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigurationError(f"{name} is {value!r:.40}; give a whole number, {least} or more")


def over_zero(name: str, value: object, *, unit: str = "a number") -> None:
    """See that a setting is a finite number over 0.

    Args:
        name: The setting's name.
        value: Its value, of any type.
        unit: What it is a number of, as in `a number of seconds`.

    Raises:
        ConfigurationError: It is none.
    """
    if not (_is_number(value) and value > 0):
        raise ConfigurationError(f"{name} is {value!r:.40}; give {unit} over 0")


def zero_or_more(name: str, value: object) -> None:
    """See that a setting is a finite number of seconds, 0 or more.

    Args:
        name: The setting's name.
        value: Its value, of any type.

    Raises:
        ConfigurationError: It is none, or under 0.
    """
    if not (_is_number(value) and value >= 0):
        raise ConfigurationError(f"{name} is {value!r:.40}; give a number of seconds, 0 or more")


def _is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a finite number, and not True or False."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
