"""The one lazy boundary: `client.<resource>` loads its module, and its models, when first touched."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, Self, TypeVar, cast, overload

from alianza_async.endpoints.described import NO_CLIENT

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HasResources", "Lazy"]

R = TypeVar("R")


class HasResources(Protocol):
    """A client under which resources hang.

    Attributes:
        resources_in: The package that holds a module for each.
    """

    resources_in: ClassVar[str]


class Lazy(Generic[R]):
    """Something that hangs under a client, by default a resource.

    `sip_trunks` is the class `SipTrunks` of the module of its name. Reached on the client's class, it shows
    what the resource has, without a client to call: for mocks and completion.

    Args:
        module: Where its class is; by default the module of its name among the owner's resources.
    """

    def __init__(self, module: str | None = None) -> None:
        self._module = module

    def __set_name__(self, owner: type[HasResources], name: str) -> None:
        self._name = name
        self._owner = owner

    @overload
    def __get__(self, instance: None, owner: type[HasResources]) -> Self: ...
    @overload
    def __get__(self, instance: HasResources, owner: type[HasResources]) -> R: ...
    def __get__(self, instance: HasResources | None, owner: type[HasResources]) -> Self | R:
        """Load the resource, and put it where the next access finds it without coming here."""
        if instance is None:
            return self
        resource = self._load(owner)(instance)
        instance.__dict__[self._name] = resource
        return resource

    def _load(self, owner: type[HasResources]) -> Callable[[object], R]:
        name = self._name
        module = import_module(self._module or f"{owner.resources_in}.{name}")
        return cast("Callable[[object], R]", getattr(module, name.title().replace("_", "")))

    if not TYPE_CHECKING:  # to checkers the class has the types of its resources

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):  # tools ask any object for such names, and that loads nothing
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return getattr(self._load(self._owner)(NO_CLIENT), name)

    def __dir__(self) -> list[str]:
        """List what the resource has."""
        return dir(self._load(self._owner))

    def __repr__(self) -> str:
        """Return its name; loads nothing."""
        return f"<Lazy {self._name}>"
