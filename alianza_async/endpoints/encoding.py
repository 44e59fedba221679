"""How arguments go on the wire: path values, query parameters, bodies, and the key in a body."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

from pydantic import BaseModel, TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticSerializationError

from alianza_async.calls.private import is_secret
from alianza_async.calls.wording import kind_of
from alianza_async.endpoints.body_fields import ANY_SHAPE, Shape, as_sent, named
from alianza_async.endpoints.masking import SHOWN, masked_fields
from alianza_async.endpoints.models import WireModel
from alianza_async.endpoints.paths import quote_segment
from alianza_async.errors import FieldError, InvalidInputError
from alianza_async.errors.fields import snake_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.calls.call import NaturalKey

__all__ = [
    "any_json",
    "encode_body",
    "header_text",
    "key_value",
    "path_value",
    "query_text",
    "query_texts",
]


def path_value(name: str, value: object) -> str:
    """Return what stands for a placeholder of the path, not quoted yet.

    Raises:
        InvalidInputError: It is neither text nor a UUID: a number has lost its zeros, None would be an id.
    """
    if isinstance(value, str):
        return str.__str__(value)  # of a `(str, Enum)` its value
    if not isinstance(value, UUID):
        what = "None" if value is None else kind_of(value)
        raise InvalidInputError(f"{name} is {what}; give the id of the object as text")
    return str(value)


def query_text(name: str, value: object) -> str:
    """Return a query parameter's value as it goes on the wire.

    Raises:
        InvalidInputError: It is nothing that a query can hold, such as bytes, a mapping, or not a number.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (float, Decimal)) and not math.isfinite(value):
        raise InvalidInputError(f"{name} is no finite number; give one")
    if not isinstance(value, (int, float, Decimal, UUID)):
        raise InvalidInputError(f"{name} is {kind_of(value)}, which no query can hold; give text or a number")
    try:
        return str(value)
    except ValueError:  # Python writes no more than 4,300 digits
        raise InvalidInputError(f"{name} is too large a number; give a smaller one") from None


def query_texts(name: str, value: object) -> list[str]:
    """Return every text that a query parameter is sent as: none for None, one an item for a list.

    Raises:
        InvalidInputError: One of them is nothing that a query can hold.
    """
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [query_text(name, item) for item in cast("Sequence[object]", value)]
    return [query_text(name, value)]


def header_text(name: str, value: object) -> str:
    """Return a header field's value as it goes on the wire.

    Raises:
        InvalidInputError: It holds what no header field can: a line end would begin another field.
    """
    text = query_text(name, value)
    if not (text.isascii() and text.isprintable()):
        raise InvalidInputError(
            f"{name} holds a character that no header can; give plain ASCII without line ends"
        )
    return text


_ASTERISK: Final = ord("*")  # one byte is looked for in a seventh of the time that three take

any_json: TypeAdapter[object] = TypeAdapter(object)
"""Reads and writes whatever JSON is."""


def encode_body(body: object, shape: Shape = ANY_SHAPE) -> bytes:
    """Return a body as JSON bytes.

    Args:
        body: A model, or plain data.
        shape: What plain data stands for.

    Raises:
        InvalidInputError: It holds what JSON cannot, a mask where a value was, or a name that is no field.
    """
    try:
        if isinstance(body, WireModel):
            raw = body.to_wire()
        else:
            raw = any_json.dump_json(as_sent(body, shape), context=SHOWN)
    except (PydanticSerializationError, UnicodeError, RecursionError):
        raise _unsendable(body) from None
    if _ASTERISK in raw and (names := list(masked_fields(any_json.validate_json(raw)))):
        complaint = "holds a mask instead of a value; give the value, or leave the field out"
        fields = [FieldError(snake_case(name), complaint) for name in names]
        raise InvalidInputError("; ".join(map(str, fields)), fields=fields)
    return raw


def _unsendable(body: object) -> InvalidInputError:
    """Return the error of a body that JSON cannot hold; of a model, it names the fields."""
    what = "holds a value that JSON cannot"
    fields: list[FieldError] = []
    if isinstance(body, WireModel):
        for name in sorted(body.model_fields_set & type(body).model_fields.keys()):
            try:
                body.model_dump_json(include={name}, context=SHOWN)
            except (PydanticSerializationError, UnicodeError, RecursionError):
                give = "give text" if is_secret(name) else "give text, numbers, lists and the like"
                fields.append(FieldError(name, f"{what}; {give}"))
    text = "; ".join(map(str, fields)) or f"the body {what}; give text, numbers, lists and the like"
    return InvalidInputError(text, fields=fields)


@cache
def _field_of(model: type[BaseModel], wire_name: str) -> str:
    """Return our name of a model's field."""
    return next((name for name in model.model_fields if to_camel(name) == wire_name), wire_name)


def key_value(body: object, key: NaturalKey, shape: Shape = ANY_SHAPE) -> str | None:
    """Return the natural key's value of a body, a model or a mapping; None where it has none.

    Args:
        body: A model, or plain data.
        key: The key.
        shape: What plain data stands for.

    Raises:
        InvalidInputError: It could not be looked up, because it is no text or number, or no path segment; so
            it is not sent either.
    """
    if isinstance(body, BaseModel):
        value = getattr(body, _field_of(type(body), key.field), None)
    else:
        value = (
            named(cast("Mapping[str, object]", body), key.field, shape) if isinstance(body, Mapping) else None
        )
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidInputError(f"{key.field} is {kind_of(value)}; give text")
    quote_segment(str(value), name=key.field)
    return str(value)
