"""What of a model is shown: in its repr no secret and no address, in what it is dumped to no secret.

A dump is for logs, answers of a service and files; what is sent has a serialiser of its own, which shows all.
Whoever needs the real values asks for them: `model.model_dump(context={"secrets": True})`. The mask never
travels back: what would be sent with one in a value's place is refused.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final, Protocol, cast

from pydantic import AfterValidator, BaseModel, PlainSerializer, SecretStr, SerializationInfo, WrapSerializer

from alianza_async.calls.hidden import shown_url
from alianza_async.calls.private import is_private, is_secret
from alianza_async.calls.redaction import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pydantic import SerializerFunctionWrapHandler

__all__ = [
    "SHOWN",
    "AnyFields",
    "Secret",
    "asks_for_secrets",
    "is_mask",
    "mask_undeclared",
    "masked",
    "masked_fields",
    "shown",
]

SHOWN: Final = {"secrets": True}
"""The context in which a model is dumped with its secrets."""

_LEAST: Final = 3
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LONGEST_SCHEME: Final = 20


class _Asked(Protocol):
    @property
    def context(self) -> object: ...


def asks_for_secrets(info: _Asked) -> bool:
    """Tell whether who dumps a model asks for its secrets."""
    context = info.context
    return isinstance(context, dict) and cast("dict[str, object]", context).get("secrets") is True


def is_mask(text: str) -> bool:
    """Tell whether a text is a mask, ours or pydantic's: nothing but asterisks, three at least."""
    return len(text) >= _LEAST and text[0] == "*" and not text.strip("*")


# --- dumped -------------------------------------------------------------------------------------------------


class _Masked(SecretStr):
    """A secret whose text and repr are the one mask of this library."""

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"SecretStr('{MASK}')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and self.get_secret_value() == other.get_secret_value()

    def __hash__(self) -> int:
        return hash(self.get_secret_value())


def _secret(value: SecretStr | str, info: SerializationInfo) -> str:
    """Dump a secret; text is one that was assigned, or put in by `model_copy`, which check nothing."""
    if not isinstance(value, (SecretStr, str)):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
        raise TypeError
    if not asks_for_secrets(info):
        return MASK
    return value if isinstance(value, str) else value.get_secret_value()


def _as_masked(value: SecretStr) -> SecretStr:
    return _Masked(value.get_secret_value())


Secret = Annotated[SecretStr, AfterValidator(_as_masked), PlainSerializer(_secret)]
"""A password, PIN or key: masked wherever it is shown or dumped, in clear in the JSON that is sent."""


def masked(value: object, hides: Callable[[str], bool] = is_secret) -> object:
    """Return plain data with the mask in the place of each value that its name hides; flags stay.

    Args:
        value: What JSON is made of.
        hides: Tells by a field's name whether its value is hidden.
    """
    if isinstance(value, dict):
        fields = cast("Mapping[object, object]", value)
        return {name: _one(str(name), each, hides) for name, each in fields.items()}
    if isinstance(value, (list, tuple)):
        return [masked(each, hides) for each in cast("Sequence[object]", value)]
    return value


def _one(name: str, value: object, hides: Callable[[str], bool]) -> object:
    if value is None or isinstance(value, bool):
        return value
    return MASK if hides(name) else masked(value, hides)


def _any_fields(value: object, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> object:
    dumped: object = handler(value)
    return dumped if asks_for_secrets(info) else masked(dumped)


# With a type of its own, the JSON schema of a model would no longer tell what its field is.
del _any_fields.__annotations__["return"]

AnyFields = Annotated[dict[str, object], WrapSerializer(_any_fields)]
"""Fields of any name to send: those named as a secret are masked when they are dumped."""


def mask_undeclared(
    self: BaseModel, handler: SerializerFunctionWrapHandler, info: SerializationInfo
) -> object:
    """Dump a model that keeps what it does not know, with that masked by its names."""
    dumped: object = handler(self)
    if asks_for_secrets(info) or not isinstance(dumped, dict):
        return dumped
    fields = cast("dict[str, object]", dumped)
    for name in (*(self.__pydantic_extra__ or ()), *_open_fields(type(self))):
        if name in fields:
            fields[name] = _one(name, fields[name], is_secret)
    return fields


del mask_undeclared.__annotations__["return"]  # as above


@cache
def _open_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the declared fields that may hold fields of any name, by our name and by that on the wire."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        kind = str(field.annotation)
        if "dict[" in kind or "object" in kind:
            names += name, field.serialization_alias or field.alias or name
    return tuple(dict.fromkeys(names))


# --- shown --------------------------------------------------------------------------------------------------


def shown(
    model: BaseModel, fields: Iterator[tuple[str | None, object]]
) -> Iterator[tuple[str | None, object]]:
    """Yield what the repr of a model shows of its fields: no secret, no part of an address, no signature.

    Args:
        model: The model.
        fields: What pydantic would show.
    """
    is_address = _is_address(type(model))
    for name, value in fields:
        hides = is_address and name != "id"
        yield name, _shown(value, hides=hides or is_private(name or ""))


def _shown(value: object, *, hides: bool) -> object:
    if value is None or isinstance(value, (bool, BaseModel)):
        return value  # a model has a repr of its own
    if isinstance(value, (list, tuple)):
        return [_shown(each, hides=hides) for each in cast("Sequence[object]", value)]
    if hides:
        return MASK
    if isinstance(value, dict):
        fields = cast("Mapping[object, object]", value)
        return {name: _shown(each, hides=is_private(str(name))) for name, each in fields.items()}
    if isinstance(value, str) and "?" in value and _URL.match(value, 0, _LONGEST_SCHEME):
        return shown_url(value)
    return value


@cache
def _is_address(model: type[BaseModel]) -> bool:
    """Tell whether a model is an address: of such a one the names in it are private too."""
    return "street_name" in model.model_fields


# --- refused ------------------------------------------------------------------------------------------------


def masked_fields(value: object, name: str = "") -> Iterator[str]:
    """Yield the names of the fields of plain data that hold a mask in a value's place."""
    if isinstance(value, str):
        if is_mask(value):
            yield name
    elif isinstance(value, dict):
        for key, each in cast("Mapping[str, object]", value).items():
            yield from masked_fields(each, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for each in cast("Sequence[object]", value):
            yield from masked_fields(each, name)
