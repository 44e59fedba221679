"""What a step says of what it found: it differs, there are two of it, it was refused with an address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from alianza_async.calls.comparison import differences, same_value
from alianza_async.endpoints.masking import SHOWN
from alianza_async.errors import (
    AnswerError,
    ConflictError,
    Difference,
    FieldError,
    InvalidInputError,
    ResponseShapeError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from alianza_async.bulk.kinds.row_parts import AddressFields
    from alianza_async.calls.call import Reply
    from alianza_async.endpoints.endpoint import BoundEndpoint
    from alianza_async.endpoints.models import WriteModel

__all__ = [
    "answered_another",
    "bad_address",
    "differs",
    "discreet",
    "is_number",
    "must_equal",
    "not_asked_for",
    "several",
]

T = TypeVar("T")
_LONG_ENOUGH = 3


def differs(
    endpoint: BoundEndpoint[..., T], reply: Reply[T], *fields: str, object_id: str | None = None
) -> ConflictError:
    """Return the error of something that is there, and differs.

    Args:
        endpoint: What found it.
        reply: Its answer.
        *fields: The fields that differ.
        object_id: Its id; None = the one in the answer.
    """
    error = ConflictError(
        f"it exists already and differs in {', '.join(fields)}",
        context=endpoint.context(reply),
        status=reply.status,
    )
    error.differences = tuple(Difference(field, None, None) for field in fields)
    error.existing_id = object_id or reply.object_id
    return error


def must_equal(endpoint: BoundEndpoint[..., T], reply: Reply[T], sent: WriteModel, found: BaseModel) -> None:
    """Make sure that what was found holds every field that would be sent.

    Args:
        endpoint: What found it.
        reply: Its answer.
        sent: What would be sent.
        found: What is there.

    Raises:
        ConflictError: It differs; names the fields.
    """
    there: object = json.loads(found.model_dump_json(by_alias=True, exclude_unset=True, context=SHOWN))
    different = differences(sent.to_wire(), there)
    if different:
        object_id: object = getattr(found, "id", None)
        names = [each.field for each in different]
        error = differs(endpoint, reply, *names, object_id=None if object_id is None else str(object_id))
        error.differences = different
        raise error


def is_number(answered: str | None, number: str) -> bool:
    """Tell whether a telephone number that was answered is ours, however the server spells it."""
    return same_value("phone_number", answered, number)


def not_asked_for(endpoint: BoundEndpoint[..., T], reply: Reply[T], what: str) -> ResponseShapeError:
    """Return the error of an answer that holds another object than was asked for."""
    return ResponseShapeError(
        f"another {what} was answered than was asked for; nothing is built on it",
        context=endpoint.context(reply),
        status=reply.status,
    )


def answered_another(endpoint: BoundEndpoint[..., T], reply: Reply[object]) -> UnknownOutcomeError:
    """Return the error of a change whose answer is about another object: it counts as lost."""
    return UnknownOutcomeError(
        "the answer is about another object than was changed; look whether it was",
        context=endpoint.context(None),
        status=reply.status,
    )


def several(endpoint: BoundEndpoint[..., T], reply: Reply[T], count: int) -> UnknownOutcomeError:
    """Return the error of a look-up that found more than one."""
    return UnknownOutcomeError(
        f"{count} objects have its key; find out which one is right", context=endpoint.context(reply)
    )


def bad_address(why: str, *, field: str = "e911_address") -> InvalidInputError:
    """Return the error of an emergency address that no number goes into service with.

    Args:
        why: What is wrong with it; never a part of it.
        field: The column to correct.
    """
    complaint = FieldError(field, why)
    return InvalidInputError(str(complaint), fields=[complaint])


def discreet(error: AnswerError, row: AddressFields, parts: Sequence[str | None] = ()) -> AnswerError:
    """Take the server's words out of a refusal where they hold a part of the row's address.

    Args:
        error: The refusal.
        row: The row.
        parts: Further parts of the address, as it was sent.
    """
    said = " ".join((error.message, *error.messages)).casefold()
    street = [part for part in (row.e911_address, *parts) if part and len(part) >= _LONG_ENOUGH]
    words = [word for word in row.e911_address.split() if len(word) > _LONG_ENOUGH and not word.isdigit()]
    if any(part.casefold() in said for part in (*street, *words)):
        error.message = f"refused with {error.status}; the server's words hold the address and are not shown"
        error.messages = ()
    return error
