"""What a declared operation is called with: the least it allows, and everything it has."""

from __future__ import annotations

import inspect
import types
import typing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, TypeAdapter

from alianza_async.calls.files import Upload
from alianza_async.carrier import PARTITION
from alianza_async.endpoints.models import WriteModel
from tools.contract_values import Values
from tools.description import Json, closure, operations, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alianza_async.resources.registry import Declared

_SCALARS = (str, int, float, bool)


@dataclass(frozen=True)
class Given:
    """Arguments of one call.

    Attributes:
        label: What they are, in a word.
        values: Each argument by name.
    """

    label: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a declaration.

    Attributes:
        name: Its name in Python.
        hint: Its type.
        required: Whether it has no default.
        formats: What the description gives it and the fields of a body, such as `uuid`, by name.
    """

    name: str
    hint: object
    required: bool
    formats: Mapping[str, str]


class Arguments:
    """Makes the arguments of declared operations from their own types.

    A body that is one of the strict models is made from that model, for what it allows must be what the
    description allows. One that is open (a read model sent back, a mapping) says too little, so it is made
    from the description, read, and sent.

    Args:
        description: The description that is served.
    """

    def __init__(self, description: Json) -> None:
        self._description = description
        self._bodies: dict[str, Json] = {}
        self._formats: dict[str, dict[str, str]] = {}
        for _verb, _path, operation in operations(description):
            name = operation["operationId"]
            content = operation.get("requestBody", {}).get("content", {})
            self._bodies[name] = content.get("application/json", {}).get("schema", {})
            fields = {each["name"]: each.get("schema", {}) for each in operation.get("parameters", [])}
            fields |= content.get("multipart/form-data", {}).get("schema", {}).get("properties", {})
            schemas: Json = description["components"]["schemas"]
            for schema in closure(schemas, references(self._bodies[name])):
                fields |= schemas[schema].get("properties", {})
            self._formats[name] = {
                wire: field["format"] for wire, field in fields.items() if "format" in field
            }

    def of(self, one: Declared) -> Iterator[Given]:
        """Yield the least; everything, once for each member of a union; and what was read, sent back.

        Raises:
            ValueError: A type has no value here.
        """
        parameters = self._parameters(one)
        body, parts = one.endpoint.body_name, one.endpoint.binder.parts
        if body and parts:
            # One body or the other: never both, and never neither, which no type can say.
            in_parts = [
                replace(p, required=p.required or p.name in parts) for p in parameters if p.name != body
            ]
            yield Given("in parts", _make(in_parts, full=True, choice=0)[0])
            parameters = [
                replace(p, required=p.required or p.name == body) for p in parameters if p.name not in parts
            ]
        yield from self._with_body(one, parameters)

    def _with_body(self, one: Declared, parameters: list[Parameter]) -> Iterator[Given]:
        body = next((p for p in parameters if p.name == one.endpoint.body_name), None)
        if body is None:
            yield from _filled(parameters)
            return
        strict, is_open_too = _sides(body.hint)
        rest = [p for p in parameters if p is not body]
        if strict is not None:
            yield from _filled([*rest, replace(body, hint=strict)])
        if is_open_too:
            made = Values(self._description, full=True).of(
                self._bodies[one.operation.operation_id], body.name
            )
            sent_back = _adapter(body.hint).validate_python(made)
            for given in _filled(rest):
                yield Given(f"{given.label}, sent back", {**given.values, body.name: sent_back})

    def _parameters(self, one: Declared) -> list[Parameter]:
        endpoint = one.endpoint
        function = endpoint._function  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - its types are meant
        hints = typing.get_type_hints(function, include_extras=True)
        binder = endpoint.binder
        wires = {name: endpoint.wire_name(name) for name in endpoint.path_names}
        wires |= {**binder.query, **binder.headers, **binder.parts}
        formats = self._formats.get(one.operation.operation_id, {})
        ours = {name: formats[wire] for name, wire in wires.items() if wire in formats}
        return [
            Parameter(name, hints[name], parameter.default is parameter.empty, {**formats, **ours})
            for name, parameter in list(inspect.signature(function).parameters.items())[1:]
            # The session's own is sent, as everyone would.
            if name != PARTITION
        ]


def _filled(parameters: Sequence[Parameter]) -> Iterator[Given]:
    """Yield the least that some parameters take, then everything."""
    yield Given("the least", _make(parameters, full=False, choice=0)[0])
    choice, width = 0, 1
    while choice < width:
        everything, width = _make(parameters, full=True, choice=choice)
        yield Given(f"everything, {choice + 1} of {width}", everything)
        choice += 1


def _adapter(hint: object) -> TypeAdapter[object]:
    return TypeAdapter(cast("type[object]", hint))


def _make(parameters: Sequence[Parameter], *, full: bool, choice: int) -> tuple[dict[str, object], int]:
    out: dict[str, object] = {}
    width = 1
    for parameter in parameters:
        if not (parameter.required or full):
            continue
        hint = parameter.hint
        if Upload in {hint, *typing.get_args(hint)}:
            out[parameter.name] = Upload(b"name\r\nvalue\r\n", "file.csv", "text/csv")
            continue
        adapter = _adapter(hint)
        schema = adapter.json_schema()
        values = Values(schema, full=full, choice=choice, formats=parameter.formats)
        out[parameter.name] = adapter.validate_python(values.of(schema, parameter.name))
        width = max(width, values.widest)
    return out, width


def _sides(hint: object) -> tuple[object | None, bool]:
    """Return the strict side of a body's type, if it has one, and whether it has an open side."""
    members = (
        [arg for arg in typing.get_args(hint) if arg is not type(None)]
        if typing.get_origin(hint) in {typing.Union, types.UnionType}
        else [hint]
    )
    strict = next((member for member in members if not is_open(member)), None)
    return strict, any(is_open(member) for member in members)


def is_open(hint: object) -> bool:
    """Tell whether a type takes more than the description allows: a read model, a mapping, any object."""
    args = [arg for arg in typing.get_args(hint) if arg is not type(None)]
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return False
    if origin is typing.Annotated:
        return is_open(args[0])
    if args and not (inspect.isclass(origin) and issubclass(origin, typing.Mapping)):
        return any(is_open(arg) for arg in args)
    if inspect.isclass(hint) and issubclass(hint, BaseModel):
        return not issubclass(hint, WriteModel)
    return hint not in _SCALARS
