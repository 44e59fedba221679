"""The two kinds of model: open to read, strict to write."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self, TypeVar, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_serializer,
)
from pydantic.alias_generators import to_camel

from alianza_async.endpoints.masking import SHOWN, is_mask, mask_undeclared, shown
from alianza_async.errors import FieldError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ReadModel", "Timestamp", "WireModel", "WriteModel", "field_errors", "validate_write"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
W = TypeVar("W", bound="WriteModel")


class WireModel(BaseModel):
    """A model with snake_case names in Python and camelCase names on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        loc_by_alias=False,
        # A value that is refused may be a password or an address: errors never echo it.
        hide_input_in_errors=True,
    )

    def to_wire(self) -> bytes:
        """Return the JSON to send: what was set, secrets in clear, and nothing else."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True, exclude_unset=True, context=SHOWN)

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Show no secret, no part of an address and no signature of a URL."""
        return shown(self, iter(super().__repr_args__()))


class ReadModel(WireModel):
    """What the server answers: nothing is required, unknown fields and enum values are kept."""

    model_config = ConfigDict(extra="allow")

    _masked = model_serializer(mode="wrap")(mask_undeclared)


class WriteModel(WireModel):
    """What is sent: unknown fields are refused, bounds are checked, text is trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_what_no_field_means(cls, value: object) -> object:
        """Refuse control characters, which some servers act on, and masks of values that were dumped."""
        if isinstance(value, str):
            value = value.strip()
            # Nearly every text is printable: one look, without a search.
            if not value.isprintable() and (found := _CONTROL.search(value)):
                raise ValueError(f"holds a control character (U+{ord(found[0]):04X}); take it out")
            if "***" in value and is_mask(value):
                raise ValueError("holds a mask instead of a value; give the value, or leave the field out")
        return value

    def to_wire(self) -> bytes:
        """Return the JSON to send: what was given; None is "not given"."""
        return self.__pydantic_serializer__.to_json(
            self, by_alias=True, exclude_unset=True, exclude_none=True, context=SHOWN
        )


_datetimes: TypeAdapter[datetime] = TypeAdapter(datetime)


class _WireTime(datetime):
    """A datetime that remembers how the server wrote it, so that it goes back unchanged."""

    wire: str | int | float

    def __copy__(self) -> Self:
        # datetime's own copy would forget how it was written.
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self


def _read_time(value: object) -> object:
    """Parse ISO 8601 text or Unix seconds or milliseconds; keep as text what is none of them."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return value
    try:
        if isinstance(value, str) and value[10:11] == "T" and value[-1] == "Z":  # as the API writes them
            stamped = _WireTime.fromisoformat(value)
        else:
            parsed = _datetimes.validate_python(value)
            stamped = _WireTime.combine(parsed.date(), parsed.timetz())
    except ValueError:
        return str(value)
    stamped.wire = value
    return stamped


def _write_time(value: datetime | str | None) -> object:
    if isinstance(value, datetime):
        # One that was computed of another has forgotten it, and is written anew.
        wire: object = getattr(value, "wire", None)
        return value.isoformat() if wire is None else wire
    return value


Timestamp = Annotated[
    datetime | str, BeforeValidator(_read_time), PlainSerializer(_write_time, when_used="json-unless-none")
]
"""A point in time as the server writes it: ISO 8601 or Unix time; text that is neither stays text."""


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """Return pydantic's complaints as ours: our field names, no values."""
    out: list[FieldError] = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        out.append(FieldError(name, message[:1].lower() + message[1:]))
    return tuple(out)


def validate_write(model: type[W], values: Mapping[str, object]) -> W:
    """Make a write model of a mapping.

    Raises:
        InvalidInputError: It cannot be sent; names each field, echoes no value.
    """
    try:
        return cast("W", model.__pydantic_validator__.validate_python(values))
    except ValidationError as error:
        fields = field_errors(error)
        text = "; ".join(str(field) for field in fields)
        raise InvalidInputError(text, fields=fields) from None
