"""Where each argument of a declaration goes: into the path, the query, a header, a part, or the body."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast, get_args, get_origin, get_type_hints

from pydantic.alias_generators import to_camel

from alianza_async.calls.files import Part, Upload
from alianza_async.endpoints.encoding import encode_body, header_text, key_value, path_value, query_texts
from alianza_async.endpoints.paths import PathTemplate, with_query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alianza_async.calls.call import Call

__all__ = ["Binder", "FromClient", "Header", "Named", "PartField"]


@dataclass(frozen=True, slots=True)
class Named:
    """Marks a query parameter whose name on the wire is not the camelCase of ours.

    Attributes:
        name: Its name on the wire.
    """

    name: str


@dataclass(frozen=True, slots=True)
class FromClient(Named):
    """Marks a query parameter that is the client's own value where none is given, as placeholders are.

    Attributes:
        name: Its name on the wire.
    """


@dataclass(frozen=True, slots=True)
class Header:
    """Marks an argument that is sent as a header field.

    Attributes:
        name: The field's name.
    """

    name: str


@dataclass(frozen=True, slots=True)
class PartField:
    """Marks an argument that is a part of a multipart body; an `Upload` is one by itself.

    Attributes:
        name: The part's name on the wire.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Binder:
    """Where each argument of a declaration goes; made once an operation."""

    name: str
    positional: tuple[str, ...]
    keywords: frozenset[str]
    required: frozenset[str]
    defaults: Mapping[str, object]
    path: PathTemplate
    from_client: tuple[str, ...]
    body: str | None
    query: Mapping[str, str]
    headers: Mapping[str, str]
    parts: Mapping[str, str]

    @classmethod
    def of(cls, function: Callable[..., object], path: PathTemplate) -> Binder:
        """Read a declaration.

        Raises:
            TypeError: It has two bodies, one of which would never be sent; or no parameter for a placeholder.
        """
        parameters = list(inspect.signature(function).parameters.values())[1:]
        hints = get_type_hints(function, include_extras=True)
        positional = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        rest = {p.name: _marker(p.name, hints[p.name]) for p in parameters if p.name not in path.names}
        unnamed = [name for name in path.names if name not in hints]
        if unnamed:
            raise TypeError(
                f"{function.__qualname__}(): the path has {{{unnamed[0]}}}, and no parameter is called so"
            )
        bodies = [name for name in positional if isinstance(rest.get(name), Named)]
        if len(bodies) > 1:
            raise TypeError(f"{function.__qualname__}() has more than one body: {', '.join(bodies)}")
        return cls(
            name=function.__qualname__,
            positional=positional,
            keywords=frozenset(p.name for p in parameters),
            required=frozenset(p.name for p in parameters if p.default is p.empty),
            defaults={p.name: p.default for p in parameters if p.default is not p.empty},
            path=path,
            from_client=tuple(
                p.name
                for p in parameters
                if (p.name in path.names and p.default is None) or isinstance(rest.get(p.name), FromClient)
            ),
            body=bodies[0] if bodies else None,
            query={n: m.name for n, m in rest.items() if isinstance(m, Named) and n not in bodies},
            headers={n: m.name for n, m in rest.items() if isinstance(m, Header)},
            parts={n: m.name for n, m in rest.items() if isinstance(m, PartField)},
        )

    def bind(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
        """Return every argument by its name; raises TypeError as Python itself would."""
        if len(args) > len(self.positional):
            raise TypeError(
                f"{self.name}() takes {len(self.positional)} positional arguments but {len(args)} were given"
            )
        values = dict(zip(self.positional, args, strict=False))
        for name, value in kwargs.items():
            if name in values:
                raise TypeError(f"{self.name}() got multiple values for argument {name!r}")
            if name not in self.keywords:
                raise TypeError(f"{self.name}() got an unexpected keyword argument {name!r}")
            values[name] = value
        if not self.required <= values.keys():
            missing = ", ".join(repr(name) for name in sorted(self.required - values.keys()))
            raise TypeError(f"{self.name}() missing required argument: {missing}")
        return {**self.defaults, **values}

    def wanted(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> list[str]:
        """Return the names of what was not given and is the client's to fill in."""
        given = self.positional[: len(args)]
        return [name for name in self.from_client if kwargs.get(name) is None and name not in given]

    def target(self, values: Mapping[str, object]) -> tuple[str, dict[str, str]]:
        """Return path and query as they go on the wire, and what stands for each placeholder.

        Raises:
            InvalidInputError: An id cannot be one path segment.
        """
        path_values = {name: path_value(name, values[name]) for name in self.path.names}
        target = self.path.fill(path_values)
        if self.query:
            target = with_query(
                target,
                [(wire, text) for name, wire in self.query.items() for text in query_texts(values[name])],
            )
        return target, path_values

    def fill(self, call: Call, values: Mapping[str, object]) -> None:
        """Give a call its body, its parts and its headers.

        Raises:
            InvalidInputError: The body or a header cannot be sent, or a file cannot be read.
        """
        if self.body is not None and (body := values[self.body]) is not None:
            call.body = encode_body(body)
            if call.operation.key is not None:
                call.key_value = key_value(body, call.operation.key)
        if self.headers:
            call.headers = {
                wire: header_text(name, value)
                for name, wire in self.headers.items()
                if (value := values[name]) is not None
            }
        if self.parts:
            call.parts = tuple(
                Part(wire, part_value(value))
                for name, wire in self.parts.items()
                if (value := values[name]) is not None
            )


def part_value(value: object) -> str | Upload:
    """Return what a part holds: a file that can be read, text as it is, anything else as JSON.

    Raises:
        InvalidInputError: The file cannot be read, or the value holds what JSON cannot.
    """
    if isinstance(value, Upload):
        value.check()
        return value
    return value if isinstance(value, str) else encode_body(value).decode()


def _marker(name: str, hint: object) -> Named | Header | PartField:
    # A marker may stand inside a union, as in `Annotated[str, Header("X")] | None`.
    for part in (hint, *cast("tuple[object, ...]", get_args(hint))):
        if get_origin(part) is Annotated:
            for extra in cast("tuple[object, ...]", get_args(part))[1:]:
                if isinstance(extra, (Named, Header, PartField)):
                    return extra
        if part is Upload:
            return PartField(to_camel(name))
    return Named(to_camel(name))
