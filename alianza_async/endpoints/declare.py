"""The decorators that declare an operation; see `endpoints/endpoint.py` for how a declaration is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Concatenate, Never, ParamSpec, Protocol, TypeVar

from alianza_async.calls.call import NaturalKey, Operation, OperationClass
from alianza_async.endpoints.binding import FromClient, Header, Named, PartField
from alianza_async.endpoints.endpoint import Endpoint
from alianza_async.endpoints.paging import LinkStyle, PagedEndpoint, PageStyle

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = [
    "FromClient",
    "Header",
    "Named",
    "PartField",
    "delete",
    "get",
    "get_pages",
    "patch",
    "post",
    "put",
]

P = ParamSpec("P")
R = TypeVar("R")


class _Decorator(Protocol):
    # `Never` in the place of `self`: a method of any resource fits.
    def __call__(
        self, function: Callable[Concatenate[Never, P], Coroutine[object, object, R]], /
    ) -> Endpoint[P, R]: ...


class _PagedDecorator(Protocol):
    def __call__(
        self, function: Callable[Concatenate[Never, P], Coroutine[object, object, R]], /
    ) -> PagedEndpoint[P, R]: ...


def _operation(  # noqa: PLR0917  (the decorators below pass them on, by name, in one order)
    method: str,
    path: str,
    operation_id: str,
    operation_class: OperationClass,
    key: NaturalKey | None = None,
    deprecated: str | None = None,
    probe: str | None = None,
    authenticated: bool = True,
) -> Operation:
    return Operation(
        operation_id,
        method,
        path,
        operation_class,
        key=key,
        authenticated=authenticated,
        deprecated=deprecated,
        probe=probe,
    )


def _declare(operation: Operation) -> _Decorator:
    def decorate(
        function: Callable[Concatenate[Never, P], Coroutine[object, object, R]],
    ) -> Endpoint[P, R]:
        return Endpoint(operation, function)

    return decorate


def get(
    path: str,
    *,
    operation_id: str,
    operation_class: OperationClass = OperationClass.SAFE,
    deprecated: str | None = None,
    probe: str | None = None,
    authenticated: bool = True,
) -> _Decorator:
    """Declare a GET; `safe` unless it is said to be something else, such as one that starts a job.

    Args:
        path: Path template, from the end of the base URL on.
        operation_id: The operation's id in the published description.
        operation_class: What may be sent again.
        deprecated: What to use instead, for one the API has given up.
        probe: Which call shows what became of an action.
        authenticated: False for what is called before anybody is logged in.
    """
    return _declare(
        _operation(
            "GET",
            path,
            operation_id,
            operation_class,
            deprecated=deprecated,
            probe=probe,
            authenticated=authenticated,
        )
    )


def get_pages(path: str, *, operation_id: str, style: PageStyle | LinkStyle) -> _PagedDecorator:
    """Declare a GET whose answer is a page: it is awaited for one, `async for`-ed for every item.

    Args:
        path: Path template, from the end of the base URL on.
        operation_id: The operation's id in the published description.
        style: How it pages: by position, or by links to the next page.
    """
    operation = _operation("GET", path, operation_id, OperationClass.SAFE)

    def decorate(
        function: Callable[Concatenate[Never, P], Coroutine[object, object, R]],
    ) -> PagedEndpoint[P, R]:
        return PagedEndpoint(Endpoint(operation, function), style)

    return decorate


def post(
    path: str,
    *,
    operation_id: str,
    key: NaturalKey | None = None,
    operation_class: OperationClass | None = None,
    deprecated: str | None = None,
    probe: str | None = None,
    authenticated: bool = True,
) -> _Decorator:
    """Declare a POST; an `action` unless it has a natural key (`create`) or is said to be something else.

    Args:
        path: Path template, from the end of the base URL on.
        operation_id: The operation's id in the published description.
        key: By what the object that it makes is found again.
        operation_class: What may be sent again.
        deprecated: What to use instead, for one the API has given up.
        probe: Which call shows what became of an action.
        authenticated: False for what is called before anybody is logged in.
    """
    plain = OperationClass.CREATE if key else OperationClass.ACTION
    return _declare(
        _operation(
            "POST", path, operation_id, operation_class or plain, key, deprecated, probe, authenticated
        )
    )


def put(
    path: str,
    *,
    operation_id: str,
    operation_class: OperationClass = OperationClass.IDEMPOTENT,
    deprecated: str | None = None,
    probe: str | None = None,
    authenticated: bool = True,
) -> _Decorator:
    """Declare a PUT; `idempotent` unless it is said to be something else. Arguments as for `get`."""
    return _declare(
        _operation(
            "PUT",
            path,
            operation_id,
            operation_class,
            deprecated=deprecated,
            probe=probe,
            authenticated=authenticated,
        )
    )


def patch(
    path: str,
    *,
    operation_id: str,
    operation_class: OperationClass = OperationClass.ACTION,
    deprecated: str | None = None,
    probe: str | None = None,
) -> _Decorator:
    """Declare a PATCH; an `action` unless it is said to be something else (RFC 5789 promises nothing)."""
    return _declare(
        _operation("PATCH", path, operation_id, operation_class, deprecated=deprecated, probe=probe)
    )


def delete(
    path: str,
    *,
    operation_id: str,
    operation_class: OperationClass = OperationClass.IDEMPOTENT,
    deprecated: str | None = None,
    probe: str | None = None,
) -> _Decorator:
    """Declare a DELETE; `idempotent` unless it is said to be something else. Arguments as for `get`."""
    return _declare(
        _operation("DELETE", path, operation_id, operation_class, deprecated=deprecated, probe=probe)
    )
