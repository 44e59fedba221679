"""What a field may hold: rules that answer their complaint, and the check that runs a table of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox.answers import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alianza_async.sandbox.options import Json

Rule = Callable[[object], str | None]
"""Answers what is wrong with a value; None where nothing is."""

# C0, DEL and C1: nothing a person types into a name.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def as_object(value: object) -> Json | None:
    """Answer a value that is a JSON object; None for any other."""
    return cast("Json", value) if isinstance(value, dict) else None


def text(low: int = 0, high: int | None = None) -> Rule:
    """Build a rule: a string of low..high characters without control characters."""

    def rule(value: object) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        if high is not None and not low <= len(value) <= high:
            return f"size must be between {low} and {high}"
        if _CONTROL.search(value):
            return "must not contain control characters"
        return None

    return rule


def integer(low: int, high: int) -> Rule:
    """Build a rule: a whole number of low..high."""

    def rule(value: object) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "must be an integer"
        if value < low:
            return f"must be greater than or equal to {low}"
        if value > high:
            return f"must be less than or equal to {high}"
        return None

    return rule


def one_of(*allowed: str) -> Rule:
    """Build a rule: one of these words, exactly."""
    words = frozenset(allowed)

    def rule(value: object) -> str | None:
        if isinstance(value, str) and value in words:
            return None
        return f"must be one of {', '.join(sorted(words))}"

    return rule


def uuid_text(value: object) -> str | None:
    """Require a UUID written with hyphens."""
    if isinstance(value, str) and _UUID.fullmatch(value):
        return None
    return "must be a UUID"


def boolean(value: object) -> str | None:
    """Require true or false."""
    return None if isinstance(value, bool) else "must be a boolean"


def json_object(value: object) -> str | None:
    """Require a JSON object."""
    return None if isinstance(value, dict) else "must be an object"


def checked(body: Json, rules: Mapping[str, Rule], required: tuple[str, ...]) -> Json:
    """Run the rules over a body; fields without a rule pass as they are."""
    messages = list(_complaints(body, rules, required))
    if messages:
        raise ApiError(400, tuple(messages))
    return {name: value for name, value in body.items() if value is not None or name not in rules}


def _complaints(body: Json, rules: Mapping[str, Rule], required: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong: the missing fields first, then the fields in the order they were sent."""
    for name in required:
        if body.get(name) is None:
            yield f"{name} must not be null"
    for name, value in body.items():
        rule = rules.get(name)
        if rule is not None and value is not None:
            complaint = rule(value)
            if complaint is not None:
                yield f"{name} {complaint}"
