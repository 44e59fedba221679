"""Every declared operation by name: what `alianza operations`, the documentation and the sandbox list.

Asking for it loads all resources with their models; nothing else in the library does.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast

from alianza_async import resources
from alianza_async.endpoints.endpoint import Endpoint, Resource
from alianza_async.endpoints.paging import PagedEndpoint
from alianza_async.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.calls.call import Operation

__all__ = ["Declared", "find", "operations"]

_PLACEHOLDER = re.compile(r"{(\w+)}")


class Declared:
    """One declared operation.

    Attributes:
        tag: What the published description calls its group.
        python: How it is called under a session, such as `accounts.create`.
        endpoint: The declaration; of a list that pages, that of one page.
        pages: Whether it pages.
        doc: The first line of its docstring.
        path: Path template as published, with `/v2` and camelCase placeholders.
    """

    def __init__(
        self, tag: str, python: str, member: Endpoint[..., object] | PagedEndpoint[..., object]
    ) -> None:
        self.tag = tag
        self.python = python
        self.pages = isinstance(member, PagedEndpoint)
        self.endpoint = endpoint = member.endpoint if isinstance(member, PagedEndpoint) else member
        self.doc = (endpoint.__doc__ or "").strip().partition("\n")[0]
        self.path = _PLACEHOLDER.sub(
            lambda match: f"{{{endpoint.wire_name(match[1])}}}", endpoint.operation.path
        )

    @property
    def operation(self) -> Operation:
        """The operation as data."""
        return self.endpoint.operation

    @property
    def resource(self) -> str:
        """The name of its resource."""
        return self.python.partition(".")[0]


@cache
def operations() -> tuple[Declared, ...]:
    """Return every declared operation, sorted by resource, path and method."""
    return tuple(sorted(_all(), key=lambda each: (each.resource, each.operation.path, each.operation.method)))


def find(name: str) -> Declared:
    """Return an operation by its Python name or its id in the published description.

    Args:
        name: Such as `accounts.create` or `createAccount`.

    Raises:
        InvalidInputError: There is none.
    """
    for each in operations():
        if name in {each.python, each.operation.operation_id}:
            return each
    raise InvalidInputError(f"there is no operation {name!r}; `alianza operations` lists all")


def _all() -> Iterator[Declared]:
    for found in pkgutil.iter_modules(resources.__path__):
        if found.name.startswith("_"):
            continue  # a part of a resource: its class is a base of the resource's
        module = import_module(f"{resources.__name__}.{found.name}")
        for _, owner in inspect.getmembers(module, inspect.isclass):
            if owner.__module__ == module.__name__ and issubclass(owner, Resource):
                for name, member in inspect.getmembers_static(owner):
                    if isinstance(member, (Endpoint, PagedEndpoint)):
                        declared = cast("Endpoint[..., object] | PagedEndpoint[..., object]", member)
                        yield Declared(owner.tag, f"{found.name}.{name}", declared)
