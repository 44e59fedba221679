"""Declared operations: the declaration is the implementation.

```python
class Accounts(Resource):
    @post("/v2/partition/{partition_id}/account", operation_id="createAccount", key=NUMBER)
    async def create(self, account: AccountCreate, *, partition_id: str | None = None) -> Account: ...
```

Verb, path and types stand once. `accounts.create` is an object: call it, `.raw(...)` it for the reply beside
the parsed value, or hand it to `session.bulk.create`. How arguments find their place:

* a name in the path template is a path value (`partition_id` is the session's unless given);
* the other positional argument, if any, is the body;
* the other keyword-only arguments are query parameters: camelCase on the wire, None left out.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Concatenate,
    Generic,
    Never,
    ParamSpec,
    Protocol,
    TypeVar,
    cast,
    get_type_hints,
    overload,
)

from pydantic import BaseModel, TypeAdapter
from pydantic.alias_generators import to_camel

from alianza_async.call import Call, NaturalKey, Operation, OperationClass, Reply, Road
from alianza_async.paths import PathTemplate, with_query
from alianza_async.wire import encode_body, key_value, path_value, query_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

__all__ = [
    "BoundEndpoint",
    "Endpoint",
    "Resource",
    "delete",
    "get",
    "patch",
    "post",
    "put",
]

P = ParamSpec("P")
R = TypeVar("R")

_PARTITION = "partition_id"


class Resource:
    """A group of declared operations bound to a session.

    Args:
        road: The session, or a view of it with other options.
    """

    __slots__ = ("road",)

    def __init__(self, road: Road) -> None:
        self.road = road


class _Decorator(Protocol):
    # `Never` in the place of `self`: a method of any resource fits.
    def __call__(
        self, function: Callable[Concatenate[Never, P], Coroutine[object, object, R]], /
    ) -> Endpoint[P, R]: ...


@dataclass(frozen=True, slots=True)
class _Binder:
    """Where each argument of a declaration goes; made once an operation."""

    name: str
    positional: tuple[str, ...]
    keywords: frozenset[str]
    path: PathTemplate
    body: str | None
    required: frozenset[str]
    query: Mapping[str, str]
    defaults: Mapping[str, object]

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
        return values


class Endpoint(Generic[P, R]):
    """A declared operation: data, and, reached through a resource, a call.

    Attributes:
        operation: The operation as data.
    """

    def __init__(
        self,
        operation: Operation,
        function: Callable[Concatenate[Never, P], Coroutine[object, object, R]],
    ) -> None:
        self.operation = operation
        self._function = function
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__

    @overload
    def __get__(self, instance: None, owner: type[Resource]) -> Endpoint[P, R]: ...
    @overload
    def __get__(self, instance: Resource, owner: type[Resource]) -> BoundEndpoint[P, R]: ...
    def __get__(
        self, instance: Resource | None, owner: type[Resource]
    ) -> Endpoint[P, R] | BoundEndpoint[P, R]:
        """Return the declaration on the class, the call on an instance."""
        return self if instance is None else BoundEndpoint(self, instance.road)

    def __repr__(self) -> str:
        """Return verb, path and class."""
        operation = self.operation
        return (
            f"<Endpoint {self.__qualname__} {operation.method} {operation.path} {operation.operation_class}>"
        )

    @property
    def path_names(self) -> tuple[str, ...]:
        """The placeholders of the path, in order."""
        return self._binder.path.names

    @property
    def body_name(self) -> str | None:
        """The name of the argument that is the body."""
        return self._binder.body

    @cached_property
    def body_model(self) -> type[BaseModel] | None:
        """The model the body is, where it is one."""
        if self._binder.body is None:
            return None
        hint = get_type_hints(self._function)[self._binder.body]
        return hint if inspect.isclass(hint) and issubclass(hint, BaseModel) else None

    @cached_property
    def parse(self) -> Callable[[bytes], R]:
        """What makes the operation's answer of a 2xx body."""
        hint = get_type_hints(self._function)["return"]
        if hint is type(None):
            return cast("Callable[[bytes], R]", _nothing)
        adapter: TypeAdapter[R] = TypeAdapter(hint)
        return adapter.validate_json

    @cached_property
    def _binder(self) -> _Binder:
        path = PathTemplate(self.operation.path)
        parameters = list(inspect.signature(self._function).parameters.values())[1:]
        positional = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        bodies = [name for name in positional if name not in path.names]
        keyword_only = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
        return _Binder(
            name=self.__qualname__,
            positional=positional,
            keywords=frozenset((*positional, *keyword_only)),
            path=path,
            body=bodies[0] if bodies else None,
            required=frozenset(p.name for p in parameters if p.default is p.empty),
            query={name: to_camel(name) for name in keyword_only if name not in path.names},
            defaults={p.name: p.default for p in parameters if p.default is not p.empty},
        )

    def prepare(
        self, args: tuple[object, ...], kwargs: Mapping[str, object], *, partition_id: str | None
    ) -> Call:
        """Make the call of its arguments; sends nothing.

        Args:
            args: Positional arguments of the declaration.
            kwargs: Keyword arguments of the declaration.
            partition_id: What stands for `partition_id` where it was not given.

        Raises:
            InvalidInputError: An id cannot be one path segment.
            TypeError: The arguments do not fit the declaration.
        """
        binder = self._binder
        values = {**binder.defaults, **binder.bind(args, kwargs)}
        if values.get(_PARTITION) is None:
            values[_PARTITION] = partition_id
        path_values = {name: path_value(name, values[name]) for name in binder.path.names}
        target = binder.path.fill(path_values)
        if binder.query:
            query = [
                (wire, query_text(value))
                for name, wire in binder.query.items()
                if (value := values[name]) is not None
            ]
            target = with_query(target, query)
        call = Call(self.operation, target, path_values, parse=self.parse)
        if binder.body is not None and (body := values[binder.body]) is not None:
            call.body = encode_body(body)
            if self.operation.key is not None:
                call.key_value = key_value(body, self.operation.key)
        return call

    def needs_partition(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> bool:
        """Tell whether the call takes the session's partition."""
        binder = self._binder
        return (
            _PARTITION in binder.path.names
            and kwargs.get(_PARTITION) is None
            and not (_PARTITION in binder.positional and binder.positional.index(_PARTITION) < len(args))
        )


class BoundEndpoint(Generic[P, R]):
    """A declared operation on a session: call it, or `.raw(...)` it.

    Attributes:
        endpoint: The declaration.
        road: The session it is bound to.
    """

    __slots__ = ("endpoint", "road")

    def __init__(self, endpoint: Endpoint[P, R], road: Road) -> None:
        self.endpoint = endpoint
        self.road = road

    @property
    def operation(self) -> Operation:
        """The operation as data."""
        return self.endpoint.operation

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Make the call and return the parsed answer."""
        reply = await self.raw(*args, **kwargs)
        return reply.value

    async def raw(self, *args: P.args, **kwargs: P.kwargs) -> Reply[R]:
        """Make the call and return the reply: status, headers, bytes, and the parsed answer as `.value`."""
        call = await self.prepare(*args, **kwargs)
        return cast("Reply[R]", await self.road.send(call))

    async def prepare(self, *args: P.args, **kwargs: P.kwargs) -> Call:
        """Make the call without sending it; logs in where that is needed to know the partition."""
        return await self._prepare(args, kwargs)

    async def prepare_with(self, ids: Mapping[str, str], body: object) -> Call:
        """Make the call of its ids, by placeholder, and its body, without sending it."""
        name = self.endpoint.body_name
        return await self._prepare((), {**ids, name: body} if name else ids)

    async def _prepare(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Call:
        endpoint, road = self.endpoint, self.road
        partition_id = None
        if endpoint.needs_partition(args, kwargs):
            partition_id = road.known_partition or await road.partition_id()
        return endpoint.prepare(args, kwargs, partition_id=partition_id)

    def __repr__(self) -> str:
        """Return verb, path and class."""
        return f"<Bound{repr(self.endpoint)[1:]}"


def _nothing(_body: bytes) -> None:
    return None


def _declare(
    method: str,
    path: str,
    *,
    operation_id: str,
    operation_class: OperationClass,
    key: NaturalKey | None = None,
    authenticated: bool = True,
) -> _Decorator:
    operation = Operation(operation_id, method, path, operation_class, key=key, authenticated=authenticated)

    def decorate(
        function: Callable[Concatenate[Never, P], Coroutine[object, object, R]],
    ) -> Endpoint[P, R]:
        return Endpoint(operation, function)

    return decorate


def get(path: str, *, operation_id: str) -> _Decorator:
    """Declare a GET; it is `safe`."""
    return _declare("GET", path, operation_id=operation_id, operation_class=OperationClass.SAFE)


def post(
    path: str,
    *,
    operation_id: str,
    key: NaturalKey | None = None,
    operation_class: OperationClass | None = None,
    authenticated: bool = True,
) -> _Decorator:
    """Declare a POST; an `action` unless it has a natural key (`create`) or is said to be something else."""
    plain = OperationClass.CREATE if key else OperationClass.ACTION
    return _declare(
        "POST",
        path,
        operation_id=operation_id,
        operation_class=operation_class or plain,
        key=key,
        authenticated=authenticated,
    )


def put(path: str, *, operation_id: str, operation_class: OperationClass | None = None) -> _Decorator:
    """Declare a PUT; `idempotent` unless it is said to be something else."""
    given = operation_class or OperationClass.IDEMPOTENT
    return _declare("PUT", path, operation_id=operation_id, operation_class=given)


def patch(path: str, *, operation_id: str, operation_class: OperationClass | None = None) -> _Decorator:
    """Declare a PATCH; an `action` unless it is said to be something else (RFC 5789 promises nothing)."""
    given = operation_class or OperationClass.ACTION
    return _declare("PATCH", path, operation_id=operation_id, operation_class=given)


def delete(path: str, *, operation_id: str) -> _Decorator:
    """Declare a DELETE; it is `idempotent`."""
    return _declare("DELETE", path, operation_id=operation_id, operation_class=OperationClass.IDEMPOTENT)
