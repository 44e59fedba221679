"""What `help`, `inspect`, mocks and frameworks read of an operation: its declaration, not `*args`.

An operation looks like the function that was declared, without its `self`. A call pays nothing for that: the
class of an operation's calls is made when a client's operation is first touched, a signature when it is read.
"""

from __future__ import annotations

import inspect
from functools import WRAPPER_ASSIGNMENTS, cached_property, update_wrapper
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar, cast

from alianza_async.errors import SessionStateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alianza_async.calls.call import Sender

__all__ = ["NO_CLIENT", "Described", "bound_class", "describe"]

B = TypeVar("B", bound="Described")

_NAMES: Final = frozenset({"__name__", "__qualname__", "__annotations__", "__globals__", "__wrapped__"})
COROUTINE: Final = frozenset({"__code__", "__defaults__", "__kwdefaults__"})
"""With these, `inspect` takes an object for the coroutine function that it stands for."""


if TYPE_CHECKING:

    class _Typed:
        _function_names: ClassVar[frozenset[str]]
        _answer: ClassVar[str]
        __name__: str
        __qualname__: str

else:  # one annotation in a class of ours would stand for those of the operation

    class _Typed:
        __slots__ = ()


class Described(_Typed):
    """A declared operation of a client, as tools that look at functions see it.

    Its class says in `_function_names` what it has of a function beside name, annotations and globals, and in
    `_answer` what a call answers, where `{}` stands for the declared answer.
    """

    __slots__ = ()

    @property
    def function(self) -> Callable[..., object]:
        """The declaration as it was written."""
        raise NotImplementedError

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        """Return itself: like a bound method, it stays bound. By this, `inspect` takes it for a routine."""
        return self

    if not TYPE_CHECKING:  # checkers read the types of the declaration by themselves

        def __getattr__(self, name: str) -> object:
            if name == "__signature__":
                return _Declaration(self.function, self._answer).without_self
            if name == "__wrapped__":
                return self.function
            if name in _NAMES or name in self._function_names:
                return getattr(self.function, name)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class _Declaration:
    """What a method's signature is read from, as its `__wrapped__`."""

    def __init__(self, function: Callable[..., object], answer: str) -> None:
        self._function = function
        self._answer = answer

    @cached_property
    def __signature__(self) -> inspect.Signature:
        signature = inspect.signature(self._function)
        declared = cast("object", signature.return_annotation)
        text = declared if isinstance(declared, str) else inspect.formatannotation(declared)
        return signature.replace(return_annotation=self._answer.format(text))

    @property
    def without_self(self) -> inspect.Signature:
        _, *parameters = self.__signature__.parameters.values()
        return self.__signature__.replace(parameters=parameters)


def bound_class(base: type[B], function: Callable[..., object], answers: Mapping[str, str]) -> type[B]:
    """Make the class of one operation's calls: its methods have that operation's signature and text.

    Args:
        base: The class of all operations' calls.
        function: The declaration.
        answers: The methods, and what each answers, where `{}` stands for the declared answer.
    """
    text = inspect.cleandoc(function.__doc__ or "")
    members: dict[str, object] = {
        "__slots__": (),
        "__module__": function.__module__,
        "__qualname__": base.__qualname__,
        # A property, because `pydoc` ignores the text of an object that is also the text of its class.
        "__doc__": property(lambda _: function.__doc__),
    }
    for name, answer in answers.items():
        method = cast("FunctionType", getattr(base, name))
        own = FunctionType(method.__code__, method.__globals__, name)
        own.__module__, own.__qualname__ = function.__module__, f"{function.__qualname__}.{name}"
        own.__doc__ = f"{method.__doc__}\n\n{text}"
        cast("Any", own).__wrapped__ = _Declaration(function, answer)
        members[name] = own
    return cast("type[B]", type(base.__name__, (base,), members))


def describe(wrapper: object, function: Callable[..., object], names: frozenset[str] = frozenset()) -> None:
    """Give a declared operation the name, text and module of its declaration, and what else is named."""
    update_wrapper(cast("Any", wrapper), function, assigned=(*WRAPPER_ASSIGNMENTS, *names))


class _NoClient:
    """Stands for the client where an operation is looked at on a class, as mocks do."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        raise SessionStateError("the operation was called on a class; call it on an open session")

    def __repr__(self) -> str:
        return "no client"


NO_CLIENT: Final = cast("Sender", _NoClient())
