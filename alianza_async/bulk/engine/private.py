"""Which fields may hold a secret or an address, and what of a change may be kept or shown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, cast

from pydantic import BaseModel

from alianza_async.endpoints.matching import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alianza_async.errors import Difference

__all__ = ["Change", "change_in", "change_of", "is_private", "is_secret", "merged", "private_values"]

Change = dict[str, "list[object] | None"]
"""What an update changes: by field `[old, new]`; None where the value is private and so not kept."""

# Parts of a field's name, and so of the names of the fields within it.
_SECRET: Final = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|credential|(?:^|_)(?:pin|api_key)(?:_|$)"
)
_PLACE: Final = re.compile(r"address|street|suite|postal|(?:^|_)(?:zip|city|house|unit|line_?[12])(?:_|$)")
_NO_PLACE: Final = frozenset({"email_address", "mac_address", "ip_address"})
_SCALARS: Final = (str, int, float, type(None))


def is_secret(field: str) -> bool:
    """Tell whether a field, or one that it lies in, is named as one that holds a secret."""
    return any(_SECRET.search(part) for part in field.split("."))


def is_private(field: str) -> bool:
    """Tell whether a field is named as one that holds a secret or a part of an address."""
    return is_secret(field) or any(
        part not in _NO_PLACE and _PLACE.search(part) is not None for part in field.split(".")
    )


def change_of(differences: Iterable[Difference]) -> Change:
    """Return what an update changes: old and new value of each field, none of a private one."""
    return {
        each.field: None
        if is_private(each.field)
        or not (isinstance(each.sent, _SCALARS) and isinstance(each.found, _SCALARS))
        else [each.found, each.sent]
        for each in differences
    }


def change_in(kept: str | None) -> Change | None:
    """Return a change as a journal keeps it."""
    return None if kept is None else cast("Change", json.loads(kept))


def private_values(model: BaseModel) -> tuple[str, ...]:
    """Return the texts of a row's private fields: what no journal may quote."""
    found: list[str] = []
    for name, value in model:
        if isinstance(value, str):
            if is_private(name):
                found.append(value)
        elif isinstance(value, BaseModel):
            found += private_values(value)
    return tuple(found)


def merged(first: Change | None, later: Change) -> Change:
    """Return a change and one that follows it as one.

    What a field holds when it is changed again is what an undo gives it back: it is the old value still, or
    somebody else has given it another one since. Only what was sent, however spelled, is the job's own.
    """
    together = dict(first or {})
    for field, changed in later.items():
        before = together.get(field)
        together[field] = changed
        if before is not None and changed is not None and _is_same(changed[0], before[1]):
            together[field] = [before[0], changed[1]]
    return together


def _is_same(one: object, other: object) -> bool:
    """Tell whether two values are one, spelled in two ways."""
    return folded(str(one)) == folded(str(other))
