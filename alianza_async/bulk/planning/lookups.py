"""Asking what is there already: the one place that knows how a row of a kind is looked up by its key."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from alianza_async.bulk.creates import CreateKind
from alianza_async.bulk.work import Payload
from alianza_async.errors import AnswerError, CallError

if TYPE_CHECKING:
    from alianza_async.bulk.work import Kind
    from alianza_async.comparison import Difference
    from alianza_async.session import Session

__all__ = ["LookUp", "Shown", "There", "is_secret", "look_up_of", "said_safely", "shown"]

# Parts of a field's name, and so of the names of the fields within it.
_SECRET: Final = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|credential|(?:^|_)(?:pin|api_key)(?:_|$)"
)
_PLACE: Final = re.compile(r"address|street|suite|postal|(?:^|_)(?:zip|city|house|unit|line_?[12])(?:_|$)")
_NO_PLACE: Final = frozenset({"email_address", "mac_address", "ip_address"})
_SCALARS: Final = (str, int, float, type(None))


class There(NamedTuple):
    """What is there under a row's key.

    Attributes:
        id: Its id.
        differences: The fields that are not as the row has them.
    """

    id: str | None
    differences: tuple[Difference, ...]


LookUp = Callable[[Payload], Awaitable[There | None]]
"""Asks what is there under a row's key: None = nothing.

Raises `NotFoundError` where something that the row belongs to is not there, and `CallError` where nobody can
tell.
"""


class Shown(NamedTuple):
    """A difference as it may be shown and written down.

    Attributes:
        field: Our name of the field.
        sent: What the row has.
        found: What is there.
        hidden: Whether the field may hold an address or a secret: then both values are left out.
    """

    field: str
    sent: str | float | None = None
    found: str | float | None = None
    hidden: bool = False


def look_up_of(session: Session, kind: Kind[object]) -> LookUp | None:
    """Return what looks rows of a kind up, or None where the kind makes more than one object of a row.

    Args:
        session: An open session: its rate limit paces the look-ups.
        kind: What a row becomes.
    """
    if not isinstance(kind, CreateKind):
        return None
    declared = cast("CreateKind[object]", kind)

    async def look_up(payload: Payload) -> There | None:
        found = await session.find(await declared.prepare(payload))
        if found is None:
            return None
        return There(found.reply.object_id, found.differences)

    return look_up


def is_secret(field: str) -> bool:
    """Tell whether a field, or one that it lies in, is named as one that holds a secret."""
    return any(_SECRET.search(part) for part in field.split("."))


def shown(difference: Difference) -> Shown:
    """Return a difference as it may be shown: where it may hold an address or a secret, the name alone."""
    field, sent, found = difference.field, difference.sent, difference.found
    if (
        is_secret(field)
        or any(part not in _NO_PLACE and _PLACE.search(part) for part in field.split("."))
        or not (isinstance(sent, _SCALARS) and isinstance(found, _SCALARS))
    ):
        return Shown(field, hidden=True)
    return Shown(field, sent, found)


def said_safely(error: CallError) -> str:
    """Return why a call failed in a sentence of ours: the server's own words may repeat what was sent."""
    said = "it was refused" if isinstance(error, AnswerError) else error.message
    status = "" if error.status is None else f"{error.status}: "
    return f"{status}{said} (request {error.request_id})"
