"""Declared operations: the declaration is the implementation.

```python
class Lines(Resource):
    @declare.post("/v2/tenant/{tenant_id}/line", operation_id="createLine", key=NUMBER)
    async def create(self, line: LineCreate, *, tenant_id: str | None = None) -> Line: ...
```

Verb, path and types stand once. `lines.create` is an object: call it, `.raw(...)` it for the reply beside
the parsed value, or hand it to a bulk job. How arguments find their place:

* a name in the path template is a path value; where it is None, as `tenant_id` by default, it is the
  client's own; `Named` there says how the description calls it;
* the other positional argument, if any, is the body: its model, or a mapping of the model's fields, by our
  names or those on the wire; the `Mapping` of a PATCH has the fields of what the PATCH answers;
* an `Upload`, and what is marked `PartField`, is a part of a multipart body; what is marked `Header` is one;
* the other keyword-only arguments are query parameters: camelCase on the wire, or as `Named` says; None is
  left out, a list is repeated.

What the declaration answers says how the body is read: a model or a list of them, text, a boolean, nothing,
or a `Download`.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
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
    get_type_hints,
    overload,
)

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from alianza_async.calls.call import Call, Operation, Reply, Sender
from alianza_async.calls.deadline import before
from alianza_async.calls.files import Download
from alianza_async.calls.frames import forget_variables
from alianza_async.calls.options import CallOptions, lane_of, seconds
from alianza_async.endpoints.binding import Binder, Named, with_ready_files
from alianza_async.endpoints.described import COROUTINE, NO_CLIENT, Described, bound_class, describe
from alianza_async.endpoints.parsing import parser_of
from alianza_async.endpoints.paths import PathTemplate
from alianza_async.errors import CallContext

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Self, Unpack


__all__ = ["BoundEndpoint", "Endpoint", "Resource"]

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

_OURS = __name__.partition(".")[0] + "."


class Resource:
    """A group of declared operations bound to a client.

    Args:
        client: The client, or a view of it with other options.

    Attributes:
        tag: What the published description calls the group.
    """

    __slots__ = ("client",)
    tag: ClassVar[str] = ""

    def __init__(self, client: Sender) -> None:
        self.client = client

    def __repr__(self) -> str:
        """Return its name, and whose it is."""
        return f"<{type(self).__name__} of {self.client!r}>"


class Endpoint(Generic[P, R_co]):
    """A declared operation: data, and, reached through a resource, a call.

    Attributes:
        operation: The operation as data.
    """

    def __init__(
        self,
        operation: Operation,
        function: Callable[Concatenate[Never, P], Coroutine[object, object, R_co]],
    ) -> None:
        self.operation = operation
        self._function = function
        self.__qualname__ = function.__qualname__
        describe(self, function, COROUTINE)

    @overload
    def __get__(self, instance: None, owner: type[Resource]) -> Endpoint[P, R_co]: ...
    @overload
    def __get__(self, instance: Resource, owner: type[Resource]) -> BoundEndpoint[P, R_co]: ...
    def __get__(
        self, instance: Resource | None, owner: type[Resource]
    ) -> Endpoint[P, R_co] | BoundEndpoint[P, R_co]:
        """Return the declaration on the class, the call on an instance."""
        return self if instance is None else self._bound(self, instance.client)

    @cached_property
    def _bound(self) -> type[BoundEndpoint[P, R_co]]:
        """The class of its calls."""
        answers = {"__call__": "{}", "raw": "Reply[{}]"}
        return bound_class(cast("type[BoundEndpoint[P, R_co]]", BoundEndpoint), self._function, answers)

    if not TYPE_CHECKING:  # there is nothing to call on the class, and checkers say so

        @property
        def __call__(self) -> Callable[..., object]:
            """What a mock of the resource's class checks arguments by."""
            return self._bound(self, NO_CLIENT).__call__

        @property
        def raw(self) -> Callable[..., object]:
            """As above."""
            return self._bound(self, NO_CLIENT).raw

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
        hints = get_type_hints(self._function)
        if "return" not in hints:
            raise TypeError(
                f"{self.__qualname__}() does not say what it answers: write `-> None`, or a model"
            )
        return cast("object", hints["return"])

    @cached_property
    def parse(self) -> Callable[[bytes], R_co]:
        """What makes the operation's answer of a 2xx body."""
        if self.answer is type(None) or self.answer is Download:
            return cast("Callable[[bytes], R_co]", _nothing)
        return parser_of(cast("type[R_co]", self.answer))

    def wire_name(self, placeholder: str) -> str:
        """Return how the description calls a placeholder of the path: camelCase, or as `Named` says."""
        hint = get_type_hints(self._function, include_extras=True).get(placeholder)
        marks = cast("tuple[object, ...]", getattr(hint, "__metadata__", ()))
        return next((mark.name for mark in marks if isinstance(mark, Named)), to_camel(placeholder))

    @cached_property
    def binder(self) -> Binder:
        """Where each argument goes."""
        operation = self.operation
        return Binder.of(self._function, PathTemplate(operation.path), changes=operation.method == "PATCH")

    def prepare(
        self, args: tuple[object, ...], kwargs: Mapping[str, object], defaults: Mapping[str, str]
    ) -> Call:
        """Make the call of its arguments; sends nothing.

        Args:
            args: Positional arguments of the declaration.
            kwargs: Keyword arguments of the declaration.
            defaults: The client's own value of each of `wanted(args, kwargs)`.

        Raises:
            InvalidInputError: An id cannot be one path segment, or the body cannot be sent.
            TypeError: The arguments do not fit the declaration.
        """
        binder, operation = self.binder, self.operation
        values = binder.bind(args, kwargs)
        values.update(defaults)
        target, path_values = binder.target(values)
        call = Call(operation, target, path_values, parse=self.parse, wants_file=self.answer is Download)
        binder.fill(call, values)
        if operation.deprecated is not None:
            warnings.warn(operation.deprecated, DeprecationWarning, stacklevel=_callers_level())
        return call

    def wanted(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> list[str]:
        """Return the names of what was not given and is the client's to fill in, such as `tenant_id`."""
        return self.binder.wanted(args, kwargs)


class BoundEndpoint(Described, Generic[P, R_co]):
    """A declared operation of a client: call it, or `.raw(...)` it.

    Attributes:
        endpoint: The declaration.
        client: The client, or view of one, that sends it.
        options: What differs from the client's own; None for nothing.
    """

    __slots__ = ("client", "endpoint", "options")
    _function_names = COROUTINE
    _answer = "{}"

    def __init__(self, endpoint: Endpoint[P, R_co], client: Sender) -> None:
        self.endpoint = endpoint
        self.client = client
        self.options: CallOptions | None = None

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return the same operation with options of its own, for one call or many.

        `await session.accounts.get.with_options(deadline=2.0)("id")`

        Args:
            **options: `timeout`, `deadline` and `traffic`, as `Session.with_options` takes them.

        Raises:
            ConfigurationError: A value is not allowed.
            TypeError: There is no such option: a deadline that is misspelt would bound nothing.
        """
        for name in options.keys() - CallOptions.__optional_keys__:
            raise TypeError(f"with_options() got an unexpected keyword argument {name!r}")
        if "timeout" in options:
            seconds("timeout", options["timeout"])
        if "deadline" in options:
            seconds("deadline", options["deadline"])
        if "traffic" in options:
            lane_of(options["traffic"])
        other = type(self)(self.endpoint, self.client)
        other.options = {**(self.options or {}), **options}
        return other

    @property
    def operation(self) -> Operation:
        """The operation as data."""
        return self.endpoint.operation

    @property
    def function(self) -> Callable[..., object]:
        """The declaration as it was written."""
        return self.endpoint.function

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Make the call and return the parsed answer."""
        sending = self.raw(*args, **kwargs)
        del args, kwargs  # no frame of a traceback shows what was given: it may be a mapping with a PIN in it
        return (await sending).value

    async def raw(self, *args: P.args, **kwargs: P.kwargs) -> Reply[R_co]:
        """Make the call and return the reply: status, headers, bytes, and the parsed answer as `.value`."""
        sending = self.send_with(args, kwargs)
        del args, kwargs  # as above
        return await sending

    async def send_with(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Reply[R_co]:
        """Make the call of arguments that were collected elsewhere."""
        preparing = self._prepare(args, kwargs)
        del args, kwargs  # as above
        call = await preparing
        return cast("Reply[R_co]", await self.client.send(call))

    def context(self, reply: Reply[object] | None = None) -> CallContext:
        """Return what an error says of this operation, and of its latest reply where there was one."""
        operation = self.endpoint.operation
        request_id, attempts = ("-", 0) if reply is None else (reply.request_id, reply.attempts)
        return CallContext(
            operation.operation_id,
            operation.method,
            operation.path,
            request_id,
            attempts,
            self.client.carrier.name,
        )

    async def prepare(self, *args: P.args, **kwargs: P.kwargs) -> Call:
        """Make the call without sending it; logs in where a value of the client's own needs that.

        Where it has a deadline, its time begins here.
        """
        preparing = self._prepare(args, kwargs)
        del args, kwargs  # as above
        return await preparing

    async def prepare_with(self, ids: Mapping[str, str], body: object) -> Call:
        """Make the call of its ids, by placeholder, and its body, without sending it."""
        name = self.endpoint.body_name
        return await self._prepare((), {**ids, name: body} if name else ids)

    async def _prepare(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Call:
        client, options = self.client, self.options
        deadline = client.deadline if options is None else options.get("deadline", client.deadline)
        filling = self._filled_in(args, kwargs)
        del args, kwargs  # as above
        if deadline is None:
            call = await filling
        else:
            ends_at = asyncio.get_running_loop().time() + deadline
            call = await before(ends_at, filling, self.context)
            call.ends_at = ends_at
        if options is not None:
            call.timeout = options.get("timeout")
            traffic = options.get("traffic")
            call.lane = None if traffic is None else lane_of(traffic)
        return call

    async def _filled_in(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Call:
        """Make the call, with the client's own values where none are given."""
        endpoint, client = self.endpoint, self.client
        handled = sys.exception()
        defaults: dict[str, str] = {}
        try:
            for name in endpoint.wanted(args, kwargs):
                defaults[name] = client.known_default(name) or await client.default(name)
            call = endpoint.prepare(args, kwargs, defaults)
        except BaseException as error:
            forget_variables(error, handled)
            raise
        finally:
            del args, kwargs  # as above
        return await with_ready_files(call) if call.parts else call

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
