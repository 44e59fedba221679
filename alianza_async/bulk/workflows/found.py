"""What a step says of what it found: it differs, there are two of it, it was refused with an address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from alianza_async.comparison import Difference, differences
from alianza_async.errors import (
    AnswerError,
    ConflictError,
    FieldError,
    InvalidInputError,
    UnknownOutcomeError,
)
from alianza_async.polling import context_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from alianza_async.bulk.provisioning.row_parts import AddressFields
    from alianza_async.call import Reply
    from alianza_async.models.base import WriteModel
    from alianza_async.operations import BoundEndpoint

__all__ = ["bad_address", "differs", "discreet", "must_equal", "several"]

T = TypeVar("T")
_LONG_ENOUGH = 3


def differs(endpoint: BoundEndpoint[..., T], reply: Reply[T], *fields: str) -> ConflictError:
    """Return the error of something that is there, and differs.

    Args:
        endpoint: What found it.
        reply: Its answer.
        *fields: The fields that differ.
    """
    error = ConflictError(
        f"it exists already and differs in {', '.join(fields)}",
        context=context_of(endpoint, reply),
        status=reply.status,
    )
    error.differences = tuple(Difference(field, None, None) for field in fields)
    return error


def must_equal(endpoint: BoundEndpoint[..., T], reply: Reply[T], sent: WriteModel, found: BaseModel) -> None:
    """Make sure that what was found holds every field that would be sent.

    Raises:
        ConflictError: It differs; names the fields.
    """
    there: object = json.loads(found.model_dump_json(by_alias=True, exclude_unset=True))
    fields = [difference.field for difference in differences(sent.to_wire(), there)]
    if fields:
        raise differs(endpoint, reply, *fields)


def several(endpoint: BoundEndpoint[..., T], reply: Reply[T], count: int) -> UnknownOutcomeError:
    """Return the error of a look-up that found more than one."""
    return UnknownOutcomeError(
        f"{count} have its key; find out which one is meant", context=context_of(endpoint, reply)
    )


def bad_address(why: str) -> InvalidInputError:
    """Return the error of an emergency address that no number goes into service with."""
    complaint = FieldError("e911_address", why)
    return InvalidInputError(str(complaint), fields=[complaint])


def discreet(error: AnswerError, row: AddressFields, parts: Sequence[str | None] = ()) -> AnswerError:
    """Take the server's words out of a refusal where they hold a part of the row's address.

    Args:
        error: The refusal.
        row: The row.
        parts: Further parts of the address, as it was sent.
    """
    told = " ".join((error.message, *error.messages)).casefold()
    street = [part for part in (row.e911_address, *parts) if part and len(part) >= _LONG_ENOUGH]
    words = [word for word in row.e911_address.split() if len(word) > _LONG_ENOUGH and not word.isdigit()]
    if any(part.casefold() in told for part in (*street, *words)):
        error.message = f"refused with {error.status}; the server's words hold the address and are not shown"
        error.messages = ()
    return error
