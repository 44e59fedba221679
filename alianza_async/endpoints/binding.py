"""Where each argument of a declaration goes: into the path, the query, a header, a part, or the body."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Union, cast, get_args, get_origin, get_type_hints

import anyio.to_thread
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from alianza_async.calls.files import Part, Upload
from alianza_async.calls.wording import kind_of
from alianza_async.endpoints.body_fields import ANY_SHAPE, Shape
from alianza_async.endpoints.encoding import (
    encode_body,
    header_text,
    key_value,
    path_value,
    query_texts,
)
from alianza_async.endpoints.paths import PathTemplate, with_query
from alianza_async.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alianza_async.calls.call import Call

__all__ = [
    "Binder",
    "FromClient",
    "Header",
    "Named",
    "PartField",
    "file_of",
    "ready_file",
    "with_ready_files",
]


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
class _FilePart(PartField):
    """Marks an argument that is a file."""


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
    takes: _Takes
    shape: Shape
    query: Mapping[str, str]
    headers: Mapping[str, str]
    parts: Mapping[str, str]
    files: frozenset[str]

    @classmethod
    def of(cls, function: Callable[..., object], path: PathTemplate, *, changes: bool = False) -> Binder:
        """Read a declaration.

        Args:
            function: The declaration.
            path: Its path.
            changes: Whether it changes fields of what it answers, as a PATCH does: a mapping holds those.

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
            takes=_Takes.of(hints[bodies[0]] if bodies else object),
            shape=_shape(hints, bodies[0], changes=changes) if bodies else ANY_SHAPE,
            query={n: m.name for n, m in rest.items() if isinstance(m, Named) and n not in bodies},
            headers={n: m.name for n, m in rest.items() if isinstance(m, Header)},
            parts={n: m.name for n, m in rest.items() if isinstance(m, PartField)},
            files=frozenset(n for n, m in rest.items() if isinstance(m, _FilePart)),
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
                [
                    (wire, text)
                    for name, wire in self.query.items()
                    for text in query_texts(name, values[name])
                ],
            )
        return target, path_values

    def fill(self, call: Call, values: Mapping[str, object]) -> None:
        """Give a call its body, its parts and its headers.

        Raises:
            InvalidInputError: The body or a header cannot be sent, or a file cannot be read.
        """
        if self.body is not None and self.takes.body(self.body, body := values[self.body]):
            call.body = encode_body(body, self.shape)
            if call.operation.key is not None:
                call.key_value = key_value(body, call.operation.key, self.shape)
        if self.headers:
            call.headers = {
                wire: header_text(name, value)
                for name, wire in self.headers.items()
                if (value := values[name]) is not None
            }
        if self.parts:
            call.parts = tuple(
                Part(wire, file_of(name, value) if name in self.files else part_value(name, value))
                for name, wire in self.parts.items()
                if (value := values[name]) is not None
            )


def _shape(hints: Mapping[str, object], body: str, *, changes: bool) -> Shape:
    """Return what a body stands for that is plain data."""
    shape, answer = Shape.of(hints[body]), hints.get("return")
    is_model = inspect.isclass(answer) and issubclass(answer, BaseModel)
    return Shape.of(answer) if changes and is_model and shape == ANY_SHAPE else shape


@dataclass(frozen=True, slots=True)
class _Takes:
    """What may be given as a body.

    Attributes:
        kinds: Classes of it; an empty tuple where the declaration does not say.
        example: What to give, for the error.
        nothing: Whether there may be none.
    """

    kinds: tuple[type, ...]
    example: str
    nothing: bool

    @classmethod
    def of(cls, hint: object) -> _Takes:
        """Read the type of a declaration's body."""
        several = list(_members(hint))
        origins = [get_origin(each) or each for each in several if each is not NoneType]
        nothing = NoneType in several or object in origins
        classes = [each for each in origins if inspect.isclass(each)]
        if object in classes or len(classes) != len(origins):
            return cls((), "", nothing)
        kinds: list[type] = []  # in order: a model is what is given nearly always
        for each in classes:
            if issubclass(each, BaseModel):
                kinds += [each, Mapping]  # or its fields by name, whose values the server judges
            else:
                kinds += [list, tuple] if issubclass(each, (list, tuple)) else [each]
        return cls(tuple(dict.fromkeys(kinds)), " or ".join(each.__name__ for each in classes), nothing)

    def body(self, name: str, value: object) -> bool:
        """Tell whether there is a body.

        Raises:
            InvalidInputError: It is nothing that the operation takes; it is not echoed.
        """
        if value is None and self.nothing:
            return False
        if self.kinds and not isinstance(value, self.kinds):
            what = "None" if value is None else kind_of(value)
            raise InvalidInputError(f"{name} is {what}; give {self.example}")
        return value is not None


def part_value(name: str, value: object) -> str:
    """Return what a part that is no file holds: text as it is, anything else as JSON.

    Raises:
        InvalidInputError: The value holds what JSON cannot, or is no valid text.
    """
    if not isinstance(value, str):
        return encode_body(value).decode()
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(f"{name} is not valid Unicode text") from None
    return value


def file_of(name: str, value: object) -> Upload:
    """Return what an argument uploads.

    Raises:
        InvalidInputError: It is no path, no bytes and no open file. Text is none of these: nobody can tell
            whether it is the name of a file or what stands in it.
    """
    if isinstance(value, Upload):
        return value
    if isinstance(value, str):
        raise InvalidInputError(
            f"{name} is text, which may name a file or be its content; give pathlib.Path(...) for the file "
            "of that name, or bytes for the content"
        )
    return Upload(cast("bytes", value))


def _members(hint: object) -> Iterator[object]:
    """Yield what a union is made of, and any other type itself, without what is said of them."""
    origin = get_origin(hint)
    if origin is Annotated:
        yield from _members(get_args(hint)[0])
    elif origin in {Union, UnionType}:
        for each in cast("tuple[object, ...]", get_args(hint)):
            yield from _members(each)
    else:
        yield hint


async def ready_file(file: Upload) -> Upload:
    """Return a file as what can be read again and again; the event loop does not wait for the disk.

    Raises:
        InvalidInputError: The file cannot be read.
    """
    return file if isinstance(file.source, bytes) else await anyio.to_thread.run_sync(file.ready)


async def with_ready_files(call: Call) -> Call:
    """Return a call whose files can be sent again and again, and the same each time.

    Raises:
        InvalidInputError: A file cannot be read.
    """
    call.parts = tuple(
        [
            replace(part, value=await ready_file(part.value)) if isinstance(part.value, Upload) else part
            for part in call.parts
        ]
    )
    return call


def _marker(name: str, hint: object) -> Named | Header | PartField:
    # A marker may stand inside a union, as in `Annotated[str, Header("X")] | None`.
    marker: Named | Header | PartField | None = None
    for part in (hint, *cast("tuple[object, ...]", get_args(hint))):
        if get_origin(part) is Annotated:
            inner, *extras = cast("tuple[object, ...]", get_args(part))
            found = (extra for extra in extras if isinstance(extra, (Named, Header, PartField)))
            marker = marker or next(found, None)
            part = inner  # noqa: PLW2901  (what it marks)
        if part is Upload or Upload in get_args(part):
            return _FilePart(to_camel(name) if marker is None else marker.name)
    return marker or Named(to_camel(name))
