"""What of a change may be kept or shown, and which values of a row no journal may quote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

from pydantic import BaseModel, SecretStr

from alianza_async.calls.hidden import hidden
from alianza_async.calls.private import is_private
from alianza_async.endpoints.matching import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alianza_async.errors import Difference

__all__ = ["Change", "change_in", "change_of", "merged", "private_values"]

Change = dict[str, "list[object] | None"]
"""What an update changes: by field `[old, new]`; None where the value is private and so not kept."""

_SCALARS: Final = (str, int, float, type(None))


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
        if isinstance(value, SecretStr):
            found.append(hidden(value))
        elif isinstance(value, str):
            if is_private(name):
                found.append(hidden(value))
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
