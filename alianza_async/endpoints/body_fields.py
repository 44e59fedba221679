"""Plain data that is sent in a model's place: its names become those on the wire, and each has to be one.

A server ignores what it does not know: a name in the wrong spelling would change nothing, unseen by anybody.
"""

from __future__ import annotations

import difflib
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Final, Union, cast, get_args, get_origin

from pydantic import BaseModel, RootModel
from pydantic.alias_generators import to_snake

from alianza_async.calls.files import Upload
from alianza_async.calls.wording import kind_of
from alianza_async.endpoints.models import ReadModel, WireModel
from alianza_async.errors import FieldError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["ANY_SHAPE", "Shape", "as_sent", "fields_of", "named", "read_model"]

_CLOSE: Final = 0.75
_LONGEST_NAME: Final = 100
_MOST_PROPOSED: Final = 3

# A path would be its text, an upload its source, and what is iterated over is read only once.
_CHANGED = (bytes, bytearray, memoryview, complex, os.PathLike, Upload, Iterator)
_PLAIN = frozenset({str, int, bool, type(None)})  # nearly everything


@dataclass(frozen=True, slots=True)
class Shape:
    """What plain data stands for, as far as a declaration says.

    Attributes:
        models: The models whose fields a mapping may hold; none where its names are free.
        values: What the values of a mapping with free names stand for.
    """

    models: tuple[type[BaseModel], ...] = ()
    values: Shape | None = None

    @classmethod
    def of(cls, hint: object) -> Shape:
        """Read a type: a model, a list or a mapping of them, or a union of these."""
        if isinstance(hint, type) and issubclass(hint, RootModel):
            return cls.of(hint.model_fields["root"].annotation)
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            return ANY_SHAPE if _is_open(hint) else cls((hint,))
        origin, inner = get_origin(hint), cast("tuple[object, ...]", get_args(hint))
        if origin is Annotated or (isinstance(origin, type) and issubclass(origin, (list, tuple))):
            return cls.of(inner[0]) if inner else ANY_SHAPE
        if isinstance(origin, type) and issubclass(origin, Mapping):
            held = cls.of(inner[1])
            return ANY_SHAPE if held == ANY_SHAPE else cls((), held)
        if origin not in {Union, UnionType} or any(_takes_any_name(each) for each in inner):
            return ANY_SHAPE
        shapes = [cls.of(each) for each in inner]
        models = dict.fromkeys(model for shape in shapes for model in shape.models)
        values = next((shape.values for shape in shapes if shape.values is not None), None)
        return cls(tuple(models), None if models else values)


ANY_SHAPE: Final = Shape()
"""That of data of which nothing is known: its names are free."""


def _is_open(model: type[BaseModel]) -> bool:
    """Tell whether a model takes any name by its own will; one to read keeps those that it was answered."""
    return model.model_config.get("extra") == "allow" and not issubclass(model, ReadModel)


def _takes_any_name(hint: object) -> bool:
    """Tell whether one member of a union lets a mapping hold any name and any value."""
    if get_origin(hint) is Annotated:
        return _takes_any_name(get_args(hint)[0])
    kind: object = get_origin(hint) or hint
    if not isinstance(kind, type):
        return False
    if issubclass(kind, BaseModel):
        return _is_open(kind)
    return kind is object or (issubclass(kind, Mapping) and Shape.of(hint) == ANY_SHAPE)


@dataclass(frozen=True, slots=True)
class _Field:
    """A field that a mapping may hold.

    Attributes:
        ours: Our name of it.
        wire: Its name on the wire.
        shape: What its value stands for.
    """

    ours: str
    wire: str
    shape: Shape


@cache
def fields_of(models: tuple[type[BaseModel], ...]) -> Mapping[str, _Field]:
    """Return the fields of models, by our name of each and by that on the wire."""
    known: dict[str, _Field] = {}
    for model in models:
        for name, field in model.model_fields.items():
            wire = field.serialization_alias or field.alias or name
            shape, earlier = Shape.of(field.annotation), known.get(name)
            if earlier is not None and earlier.shape != shape:
                both = dict.fromkeys((*earlier.shape.models, *shape.models))
                shape = Shape(tuple(both), shape.values or earlier.shape.values)
            known[name] = known[wire] = _Field(name, wire, shape)
    return known


def as_sent(body: object, shape: Shape = ANY_SHAPE) -> object:
    """Return plain data as it is sent: with the wire's names, and models in it as they are sent themselves.

    Args:
        body: What was given.
        shape: What it stands for; names are left as they are where that is not known.

    Raises:
        InvalidInputError: It holds a name that its models do not have, or a field twice; or what would
            arrive as something else: bytes, files, what is no number, names that are no text.
    """
    complaints: list[FieldError] = []
    sent = _Sent(complaints.append).value(body, shape, "")
    if complaints:
        raise InvalidInputError("; ".join(map(str, complaints)), fields=complaints)
    return sent


def named(fields: Mapping[str, object], wire: str, shape: Shape) -> object:
    """Return what a mapping has under a field's name on the wire or, of a known model, under ours."""
    if wire in fields or not shape.models:
        return fields.get(wire)
    field = fields_of(shape.models).get(wire)
    return None if field is None else fields.get(field.ours)


@dataclass(frozen=True, slots=True)
class _Sent:
    """Goes through plain data.

    Attributes:
        complain: Takes what is wrong with a name.
    """

    complain: Callable[[FieldError], None]

    def value(self, value: object, shape: Shape, path: str) -> object:
        """Return one value as it is sent."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is dict or isinstance(value, Mapping):
            return self.mapping(cast("Mapping[object, object]", value), shape, path)
        if kind is list or isinstance(value, (list, tuple)):
            items = cast("Sequence[object]", value)
            return [self.value(each, shape, path) for each in items]
        if isinstance(value, WireModel):
            return cast("object", json.loads(value.to_wire()))
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInputError("the body holds a number that is none, or infinite; give a finite one")
        if isinstance(value, _CHANGED):
            held = kind_of(cast("object", value))
            raise InvalidInputError(f"the body holds {held}, which JSON cannot; give text")
        return value

    def mapping(self, fields: Mapping[object, object], shape: Shape, path: str) -> dict[str, object]:
        """Return a mapping as it is sent."""
        sent: dict[str, object] = {}
        known = fields_of(shape.models) if shape.models else None
        values = shape.values or ANY_SHAPE
        for name, value in fields.items():
            if not isinstance(name, str):
                raise InvalidInputError(f"the body has {kind_of(name)} for a name; give text")
            if known is None:
                sent[name] = self.value(value, values, f"{path}{name}.")
                continue
            field = known.get(name)
            if field is None:
                self.complain(FieldError(_shown(path, name), _unknown(name, known)))
            elif field.wire in sent:
                twice = f"is given twice, as {field.ours} and {field.wire}"
                self.complain(FieldError(_shown(path, name), twice))
            else:
                sent[field.wire] = self.value(value, field.shape, f"{path}{field.ours}.")
        return sent


def _shown(path: str, name: str) -> str:
    """Return how an error names what is no field: as we would write it; nothing where it is no name."""
    return f"{path}{to_snake(name)}" if name.isidentifier() and len(name) <= _LONGEST_NAME else ""


def _unknown(name: str, known: Mapping[str, _Field]) -> str:
    """Return what is wrong with a name that is none, and which ones are like it."""
    shown = _shown("", name)
    what = "is not a field of this body" if shown else "the body has a name that is not a field of it"
    ours = list(dict.fromkeys(field.ours for field in known.values()))
    near = difflib.get_close_matches(shown, ours, _MOST_PROPOSED, _CLOSE)
    if not near:
        return f"{what}; take it out, or give the field's own name"
    return f"{what}; did you mean {' or '.join(near)}?"


def read_model(name: str, value: object, kind: type[BaseModel]) -> None:
    """Refuse what is not the model that tells which object to change.

    Raises:
        InvalidInputError: It is something else, such as the dump of one.
    """
    if not isinstance(value, kind):
        what = "None" if value is None else kind_of(value)
        article = "an" if kind.__name__[0] in "AEIO" else "a"
        raise InvalidInputError(
            f"{name} is {what}; give {article} {kind.__name__}, or use patch or replace, which take an id "
            "and a mapping"
        )
