"""What a declared operation is called with: the least it allows, and everything it has."""

from __future__ import annotations

import inspect
import types
import typing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import BaseModel, TypeAdapter

from alianza_async.binding import PARTITION
from alianza_async.bodies import Upload
from alianza_async.models.base import WriteModel
from tools.contract_values import Values
from tools.description import Json, operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alianza_async.registry import Declared

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
        form: The format that the description gives it, such as `uuid`.
    """

    name: str
    hint: object
    required: bool
    form: str | None


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
        self._formats: dict[tuple[str, str], str] = {}
        for _verb, _path, operation in operations(description):
            name = operation["operationId"]
            content = operation.get("requestBody", {}).get("content", {})
            self._bodies[name] = content.get("application/json", {}).get("schema", {})
            for parameter in operation.get("parameters", []):
                if "format" in parameter.get("schema", {}):
                    self._formats[name, parameter["name"]] = parameter["schema"]["format"]

    def of(self, one: Declared) -> Iterator[Given]:
        """Yield the least; everything, once for each member of the widest union; and what was read, sent back.

        Raises:
            ValueError: A type has no value here.
        """
        parameters = self._parameters(one)
        body, parts = one.endpoint.body_name, one.endpoint.binder.parts
        if body and parts:
            # One body or the other, never both.
            yield from _filled([p for p in parameters if p.name != body], "in parts, ")
            parameters = [replace(p, required=p.required or p.name == body) for p in parameters if p.name not in parts]
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
            made = Values(self._description, full=True).of(self._bodies[one.operation.operation_id], body.name)
            sent_back = TypeAdapter[object](body.hint).validate_python(made)
            for given in _filled(rest):
                yield Given(f"{given.label}, sent back", {**given.values, body.name: sent_back})

    def _parameters(self, one: Declared) -> list[Parameter]:
        endpoint = one.endpoint
        function = endpoint._function  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - its types are meant
        hints = typing.get_type_hints(function, include_extras=True)
        wires = {**{name: endpoint.wire_name(name) for name in endpoint.path_names}, **endpoint.binder.query}
        return [
            Parameter(
                name,
                hints[name],
                parameter.default is parameter.empty,
                self._formats.get((one.operation.operation_id, wires.get(name, ""))),
            )
            for name, parameter in list(inspect.signature(function).parameters.items())[1:]
            # The session's own is sent, as everyone would.
            if name != PARTITION
        ]


def _filled(parameters: Sequence[Parameter], prefix: str = "") -> Iterator[Given]:
    """Yield the least that some parameters take, then everything."""
    yield Given(f"{prefix}the least", _make(parameters, full=False, choice=0)[0])
    choice, width = 0, 1
    while choice < width:
        everything, width = _make(parameters, full=True, choice=choice)
        yield Given(f"{prefix}everything, {choice + 1} of {width}", everything)
        choice += 1


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
        schema = TypeAdapter[object](hint).json_schema()
        if schema.get("type") == "string" and parameter.form and "format" not in schema:
            schema["format"] = parameter.form  # an id is text to us, whatever it looks like
        values = Values(schema, full=full, choice=choice)
        out[parameter.name] = TypeAdapter[object](hint).validate_python(values.of(schema, parameter.name))
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
    if args and not (inspect.isclass(origin) and issubclass(origin, typing.Mapping)):  # type: ignore[arg-type]
        return any(is_open(arg) for arg in args)
    if inspect.isclass(hint) and issubclass(hint, BaseModel):
        return not issubclass(hint, WriteModel)
    return hint not in _SCALARS
