"""Declared operations: the declaration is the implementation.

```python
class Accounts(Resource):
    @declare.post("/v2/partition/{partition_id}/account", operation_id="createAccount", key=NUMBER)
    async def create(self, account: AccountCreate, *, partition_id: str | None = None) -> Account: ...
```

Verb, path and types stand once. `accounts.create` is an object: call it, `.raw(...)` it for the reply beside
the parsed value, or hand it to `session.bulk.create`. How arguments find their place:

* a name in the path template is a path value (`partition_id` is the session's unless given); `Named` there
  says how the description calls it;
* the other positional argument, if any, is the body;
* an `Upload`, and what is marked `PartField`, is a part of a multipart body; what is marked `Header` is one;
* the other keyword-only arguments are query parameters: camelCase on the wire, or as `Named` says; None is
  left out, a list is repeated.

What the declaration answers says how the body is read: a model or a list of them, text, a boolean, nothing,
or a `Download`.
"""

from __future__ import annotations

import inspect
import warnings
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    ClassVar,
    Concatenate,
    Generic,
    Never,
    ParamSpec,
    TypeVar,
    cast,
    get_args,
    get_type_hints,
    overload,
)

from pydantic import BaseModel, TypeAdapter
from pydantic.alias_generators import to_camel

from alianza_async.calls.call import Call, Operation, Reply, Road
from alianza_async.calls.files import Download
from alianza_async.endpoints.binding import PARTITION, Binder, Named
from alianza_async.endpoints.paths import PathTemplate

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

__all__ = ["BoundEndpoint", "Endpoint", "Resource"]

P = ParamSpec("P")
R = TypeVar("R")

_OURS = __name__.partition(".")[0] + "."


class Resource:
    """A group of declared operations bound to a session.

    Args:
        road: The session, or a view of it with other options.

    Attributes:
        tag: What the published description calls the group.
    """

    __slots__ = ("road",)
    tag: ClassVar[str] = ""

    def __init__(self, road: Road) -> None:
        self.road = road


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
    def function(self) -> Callable[..., object]:
        """The declaration as it was written: its arguments and types say what the call is."""
        return self._function

    @property
    def path_names(self) -> tuple[str, ...]:
        """The placeholders of the path, in order."""
        return self.binder.path.names

    @property
    def body_name(self) -> str | None:
        """The name of the argument that is the body."""
        return self.binder.body

    @cached_property
    def body_model(self) -> type[BaseModel] | None:
        """The model the body is, where it is one."""
        if self.binder.body is None:
            return None
        hint = get_type_hints(self._function)[self.binder.body]
        return hint if inspect.isclass(hint) and issubclass(hint, BaseModel) else None

    @cached_property
    def answer(self) -> object:
        """The type of the operation's answer."""
        return get_type_hints(self._function)["return"]

    @cached_property
    def parse(self) -> Callable[[bytes], R]:
        """What makes the operation's answer of a 2xx body."""
        if self.answer is type(None) or self.answer is Download:
            return cast("Callable[[bytes], R]", _nothing)
        adapter: TypeAdapter[R] = TypeAdapter(cast("type[R]", self.answer))
        if type(None) in get_args(self.answer):
            # "There is none" is told by a 204 with no body at all.
            return lambda body: adapter.validator.validate_json(body or b"null")
        return adapter.validator.validate_json

    def wire_name(self, placeholder: str) -> str:
        """Return how the description calls a placeholder of the path: camelCase, or as `Named` says."""
        hint = get_type_hints(self._function, include_extras=True).get(placeholder)
        marks = cast("tuple[object, ...]", getattr(hint, "__metadata__", ()))
        return next((mark.name for mark in marks if isinstance(mark, Named)), to_camel(placeholder))

    @cached_property
    def binder(self) -> Binder:
        """Where each argument goes."""
        return Binder.of(self._function, PathTemplate(self.operation.path))

    def prepare(
        self, args: tuple[object, ...], kwargs: Mapping[str, object], *, partition_id: str | None
    ) -> Call:
        """Make the call of its arguments; sends nothing.

        Args:
            args: Positional arguments of the declaration.
            kwargs: Keyword arguments of the declaration.
            partition_id: What stands for `partition_id` where it was not given.

        Raises:
            InvalidInputError: An id cannot be one path segment, or the body cannot be sent.
            TypeError: The arguments do not fit the declaration.
        """
        binder, operation = self.binder, self.operation
        values = binder.bind(args, kwargs)
        if values.get(PARTITION) is None:
            values[PARTITION] = partition_id
        target, path_values = binder.target(values)
        call = Call(operation, target, path_values, parse=self.parse, wants_file=self.answer is Download)
        binder.fill(call, values)
        if operation.deprecated is not None:
            warnings.warn(operation.deprecated, DeprecationWarning, stacklevel=_callers_level())
        return call

    def needs_partition(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> bool:
        """Tell whether the call takes the session's partition."""
        binder = self.binder
        return (
            binder.takes_partition
            and kwargs.get(PARTITION) is None
            and not (PARTITION in binder.positional and binder.positional.index(PARTITION) < len(args))
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
        return await self.send_with(args, kwargs)

    async def send_with(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Reply[R]:
        """Make the call of arguments that were collected elsewhere."""
        call = await self._prepare(args, kwargs)
        return cast("Reply[R]", await self.road.send(call))

    async def prepare(self, *args: P.args, **kwargs: P.kwargs) -> Call:
        """Make the call without sending it; logs in where that is needed to know the partition."""
        return await self._prepare(args, kwargs)

    async def prepare_with(self, ids: Mapping[str, str], body: object) -> Call:
        """Make the call of its ids, by placeholder, and its body, without sending it."""
        return await self._prepare((), self._arguments(ids, body))

    def prepare_now(self, ids: Mapping[str, str], body: object, partition_id: str) -> Call:
        """Make the call as `prepare_with` does, where the partition is known."""
        return self.endpoint.prepare((), self._arguments(ids, body), partition_id=partition_id)

    def _arguments(self, ids: Mapping[str, str], body: object) -> Mapping[str, object]:
        name = self.endpoint.body_name
        return {**ids, name: body} if name else ids

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


def _callers_level() -> int:
    """Return how many frames up, from who asks this, the first one outside this library is."""
    frame, level = inspect.currentframe(), 0
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
        frame, level = frame.f_back, level + 1
    return level
