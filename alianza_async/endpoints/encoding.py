"""How arguments go on the wire: path values, query parameters, bodies, and the key in a body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Final, cast

from pydantic import BaseModel, TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticSerializationError

from alianza_async.endpoints.masking import SHOWN, masked_fields
from alianza_async.endpoints.models import WireModel
from alianza_async.endpoints.paths import quote_segment
from alianza_async.errors import FieldError, InvalidInputError
from alianza_async.errors.fields import snake_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.calls.call import NaturalKey

__all__ = ["any_json", "encode_body", "header_text", "key_value", "path_value", "query_text", "query_texts"]


def path_value(name: str, value: object) -> str:
    """Return what stands for a placeholder of the path, not quoted yet.

    Raises:
        InvalidInputError: It is None, which would be sent as an id of that name.
    """
    if value is None:
        raise InvalidInputError(f"{name} is None; give the id of the object")
    return str(value)


def query_text(value: object) -> str:
    """Return a query parameter's value as it goes on the wire."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def query_texts(value: object) -> list[str]:
    """Return every text that a query parameter is sent as: none for None, one an item for a list."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [query_text(item) for item in cast("Sequence[object]", value)]
    return [query_text(value)]


def header_text(name: str, value: object) -> str:
    """Return a header field's value as it goes on the wire.

    Raises:
        InvalidInputError: It holds what no header field can: a line end would begin another field.
    """
    text = query_text(value)
    if not (text.isascii() and text.isprintable()):
        raise InvalidInputError(
            f"{name} holds a character that no header can; give plain ASCII without line ends"
        )
    return text


_ASTERISK: Final = ord("*")  # one byte is looked for in a seventh of the time that three take

any_json: TypeAdapter[object] = TypeAdapter(object)
"""Reads and writes whatever JSON is."""


def encode_body(body: object) -> bytes:
    """Return a body as JSON bytes.

    Raises:
        InvalidInputError: It holds what JSON cannot, or a mask where a value was.
    """
    try:
        raw = body.to_wire() if isinstance(body, WireModel) else any_json.dump_json(body, context=SHOWN)
    except (PydanticSerializationError, UnicodeError):
        raise InvalidInputError(
            "the body holds a value that JSON cannot; give text, numbers, lists and the like"
        ) from None
    if _ASTERISK in raw and (names := list(masked_fields(any_json.validate_json(raw)))):
        complaint = "holds a mask instead of a value; give the value, or leave the field out"
        fields = [FieldError(snake_case(name), complaint) for name in names]
        raise InvalidInputError("; ".join(map(str, fields)), fields=fields)
    return raw


@cache
def _field_of(model: type[BaseModel], wire_name: str) -> str:
    """Return our name of a model's field."""
    return next((name for name in model.model_fields if to_camel(name) == wire_name), wire_name)


def key_value(body: object, key: NaturalKey) -> str | None:
    """Return the natural key's value of a body, a model or a mapping; None where it has none.

    Raises:
        InvalidInputError: It could not be looked up, because it is no path segment; so it is not sent either.
    """
    if isinstance(body, BaseModel):
        value = getattr(body, _field_of(type(body), key.field), None)
    else:
        value = cast("Mapping[str, object]", body).get(key.field) if isinstance(body, Mapping) else None
    if value is None:
        return None
    quote_segment(str(value), name=key.field)
    return str(value)
