"""Is the object that was found the one that was to be created? Equal in every field that was sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import cast

from pydantic.alias_generators import to_snake

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs.

    Attributes:
        field: Our name of it; a nested one as `call_screening_settings.forward_tn`.
        sent: What was to be created. Kept out of the repr: it may be somebody's address.
        found: What is there.
    """

    field: str
    sent: object = field(repr=False)
    found: object = field(repr=False)


def differences(sent: bytes, found: object) -> tuple[Difference, ...]:
    """Return the fields of a sent body that a found object does not hold as they were sent.

    Fields the server added are no difference; neither is the order of an object's fields.

    Args:
        sent: The JSON body of the create.
        found: The found object, as parsed JSON.
    """
    return tuple(_compare("", json.loads(sent), found))


def _compare(path: str, sent: object, found: object) -> list[Difference]:
    if isinstance(sent, dict) and isinstance(found, dict):
        there = cast("dict[str, object]", found)
        out: list[Difference] = []
        for name, value in cast("dict[str, object]", sent).items():
            ours = to_snake(name)
            out += _compare(f"{path}.{ours}" if path else ours, value, there.get(name))
        return out
    if isinstance(sent, bool) != isinstance(found, bool) or sent != found:
        return [Difference(path, sent, found)]
    return []
