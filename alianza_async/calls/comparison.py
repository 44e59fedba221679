"""Is the object that was found the one that was to be created? Equal in every field that was sent."""

from __future__ import annotations

import json
from typing import cast

from pydantic.alias_generators import to_snake

from alianza_async.errors import Difference

__all__ = ["differences"]


def differences(sent: bytes, found: object) -> tuple[Difference, ...]:
    """Return the fields of a sent body that a found object does not hold as they were sent.

    Fields the server added are no difference; neither is the order of an object's fields.

    Args:
        sent: The JSON body of the create.
        found: The found object, as parsed JSON.
    """
    return tuple(_compare("", json.loads(sent), found))


def _compare(path: str, sent: object, found: object) -> list[Difference]:
    ours, theirs = _fields(sent), _fields(found)
    if ours is not None and theirs is not None:
        out: list[Difference] = []
        for name, value in ours.items():
            field = to_snake(name)
            out += _compare(f"{path}.{field}" if path else field, value, theirs.get(name))
        return out
    if isinstance(sent, bool) != isinstance(found, bool) or sent != found:
        return [Difference(path, sent, found)]
    return []


def _fields(value: object) -> dict[str, object] | None:
    """Return a JSON object's fields; None where it is no object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None
