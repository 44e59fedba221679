"""Kinds of field that the generated models share: secrets, zones, numbers, unions told apart by a tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, cast

from pydantic import BeforeValidator, Discriminator, PlainSerializer, SecretStr
from pydantic_core import PydanticUndefined

from alianza_async.endpoints.models import WriteModel
from alianza_async.models._reading.macs import read_mac
from alianza_async.models._reading.numbers import read_number
from alianza_async.models._reading.sorts import Sort
from alianza_async.models.time_zones import to_api_time_zone

__all__ = ["MacAddress", "PhoneNumber", "Secret", "TaggedWrite", "TimeZone", "by_tag"]


def _in_clear(value: SecretStr) -> str:
    return value.get_secret_value()


Secret = Annotated[SecretStr, PlainSerializer(_in_clear, when_used="json"), Sort.SECRET]
"""A password, PIN or key: hidden wherever it is shown, in clear in the JSON that is sent."""


def _map_time_zone(value: object) -> object:
    return to_api_time_zone(value) if isinstance(value, str) else value


TimeZone = Annotated[str, BeforeValidator(_map_time_zone), Sort.TIME_ZONE]
"""A time zone to send: one of the API's own names, or another that `to_api_time_zone` maps to one."""


def _as_read(read: Callable[[str], str]) -> Callable[[object], object]:
    """Return what brings text into the API's spelling, and leaves what it cannot read to the API."""

    def spell(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return read(value)
        except ValueError:
            return value

    return spell


MacAddress = Annotated[str, BeforeValidator(_as_read(read_mac)), Sort.MAC]
"""A MAC address to send, in any common spelling; it is sent as 12 hexadecimal digits."""

PhoneNumber = Annotated[str, BeforeValidator(_as_read(read_number)), Sort.TELEPHONE_NUMBER]
"""A telephone number to send; one of North America, however it is written, is sent as its 11 digits."""


class TaggedWrite(WriteModel):
    """A member of a tagged union: its tag is sent although nobody set it."""

    def model_post_init(self, _context: object, /) -> None:
        """Count the tag as given; only tags have a default other than None."""
        for name, field in type(self).model_fields.items():
            if field.default is not None and field.default is not PydanticUndefined:
                self.__pydantic_fields_set__.add(name)


def by_tag(name: str, wire: str, known: frozenset[str], *, other: str | None = None) -> Discriminator:
    """Tell the members of a union apart by the value of one field.

    Args:
        name: The field's name in Python.
        wire: The field's name on the wire.
        known: The values that have a member of their own.
        other: The tag of the member that takes everything else; None refuses it.
    """

    def tag_of(value: object) -> str | None:
        if isinstance(value, Mapping):
            fields = cast("Mapping[object, object]", value)
            tag = fields.get(wire, fields.get(name))
        else:
            tag = cast("object", getattr(value, name, None))
        return tag if isinstance(tag, str) and tag in known else other

    tell: Callable[[object], str | None] = tag_of
    return Discriminator(
        tell,
        custom_error_type="union_tag",
        custom_error_message=f"needs {name}, one of {', '.join(sorted(known))}",
    )
