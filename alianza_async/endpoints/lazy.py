"""The one lazy boundary: `client.<resource>` loads its module, and its models, when first touched."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, Self, TypeVar, overload

if TYPE_CHECKING:
    from alianza_async.endpoints.endpoint import Resource

__all__ = ["HasResources", "Lazy"]

R = TypeVar("R", bound="Resource")


class HasResources(Protocol):
    """A client under which resources hang.

    Attributes:
        resources_in: The package that holds a module for each.
    """

    resources_in: ClassVar[str]


class Lazy(Generic[R]):
    """A resource of a client: `sip_trunks` is the class `SipTrunks` of the module of its name."""

    def __set_name__(self, owner: type[HasResources], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[HasResources]) -> Self: ...
    @overload
    def __get__(self, instance: HasResources, owner: type[HasResources]) -> R: ...
    def __get__(self, instance: HasResources | None, owner: type[HasResources]) -> Self | R:
        """Load the resource, and put it where the next access finds it without coming here."""
        if instance is None:
            return self
        name = self._name
        module = import_module(f"{owner.resources_in}.{name}")
        resource: R = getattr(module, name.title().replace("_", ""))(instance)
        instance.__dict__[name] = resource
        return resource
