"""What a test asks of a sandbox: its health, its truth, its options, its faults."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final, cast

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from alianza_async.sandbox.answers import encode, error_body
from alianza_async.sandbox.faults import Fault
from alianza_async.sandbox.uploads import upload_routes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.exceptions import HTTPException
    from starlette.requests import Request

    from alianza_async.sandbox.options import Json
    from alianza_async.sandbox.state import SandboxState
    from alianza_async.sandbox.store import Store

_FAULT_FIELDS = frozenset(field.name for field in fields(Fault))
_AT_START: Final = frozenset({"inventory", "password"})
"""Options that would open a file of this machine, or the sandbox, for whoever reaches its port."""

_LISTS: Final[Mapping[str, Callable[[Store], Mapping[str, Json]]]] = {
    "accounts": lambda store: store.accounts,
    "users": lambda store: store.users,
    "numbers": lambda store: store.numbers.active,
    "lines": lambda store: store.lines.lines,
    "plans": lambda store: {plan.id: plan.to_json() for plan in store.plans.everything()},
    "history": lambda store: {str(entry.place): entry.to_json() for entry in store.history.entries},
    "reservations": lambda store: {
        stocked.seed.number: stocked.reservation()
        for stocked in store.numbers.inventory.everything()
        if stocked.reserved_by is not None
    },
}


def admin_app(sandbox: SandboxState) -> Starlette:
    """Build the app that answers `/health` and `/_sandbox/*`; none of it counts as an API request."""
    pages = _Pages(sandbox)
    return Starlette(
        routes=[
            Route("/health", pages.health),
            Route("/_sandbox/truth", pages.truth),
            Route("/_sandbox/requests", pages.requests),
            *(Route(f"/_sandbox/{name}", pages.list_of(name)) for name in _LISTS),
            Route("/_sandbox/reset", pages.reset, methods=["POST"]),
            Route("/_sandbox/options", pages.options, methods=["PUT"]),
            Route("/_sandbox/revoke", pages.revoke, methods=["POST"]),
            Route("/_sandbox/seed", pages.seed, methods=["POST"]),
            Route("/_sandbox/release", pages.release, methods=["POST"]),
            Route("/_sandbox/faults", pages.faults, methods=["POST"]),
            Route("/_sandbox/faults", pages.struck, methods=["GET"]),
            *upload_routes(sandbox),
        ],
        exception_handlers={404: _http_error, 405: _http_error, ValueError: _value_error},
    )


def forbidden(reason: str) -> Response:
    """Answer a caller that may not use these pages."""
    return Response(error_body(403, (reason,)), status_code=403, media_type="application/json")


class _Pages:
    """The handlers, each one answer."""

    def __init__(self, sandbox: SandboxState) -> None:
        self._sandbox = sandbox

    async def health(self, _request: Request) -> Response:
        """Say that the server is up."""
        return _json({"status": "UP"})

    async def truth(self, _request: Request) -> Response:
        """Tell what happened so far."""
        return _json(self._sandbox.truth().to_json())

    def list_of(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        """Return the page that lists every object of a sort, of every partition."""

        async def page(_request: Request) -> Response:
            return _json(list(_LISTS[name](self._sandbox.store).values()))

        return page

    async def requests(self, _request: Request) -> Response:
        """List the request records."""
        return _json([record._asdict() for record in self._sandbox.recorder.requests])

    async def seed(self, request: Request) -> Response:
        """Make objects as though a login had made them some time ago; answer them."""
        given: object = await request.json()
        if not isinstance(given, dict):
            raise ValueError("what is to be seeded must be a JSON object")  # noqa: TRY004  # answered as 400
        things = cast("dict[str, object]", given)
        options = {name: things.pop(name) for name in ("login", "ago_s") if name in things}
        return _json(self._sandbox.seed(things, **options))  # type: ignore[arg-type]  # a test's own

    async def release(self, _request: Request) -> Response:
        """Drop the connections of all requests that hang now."""
        self._sandbox.faults.release()
        return _json({})

    async def reset(self, _request: Request) -> Response:
        """Forget everything but the options."""
        self._sandbox.reset()
        return _json({})

    async def options(self, request: Request) -> Response:
        """Change options while serving."""
        changes: object = await request.json()
        if not isinstance(changes, dict):
            raise ValueError("the options must be a JSON object")  # noqa: TRY004  # answered as 400
        for name in sorted(_AT_START & changes.keys()):
            raise ValueError(f"sandbox option {name} is given when it starts, not over HTTP")
        self._sandbox.options = self._sandbox.options.with_changes(cast("Json", changes))
        return _json({})

    async def revoke(self, _request: Request) -> Response:
        """End every login token."""
        return _json({"revoked": self._sandbox.store.tokens.revoke_all()})

    async def faults(self, request: Request) -> Response:
        """Add a fault, or a list of them, to the plan."""
        given: object = await request.json()
        items = cast("list[object]", given if isinstance(given, list) else [given])
        faults = [_fault(item) for item in items]
        self._sandbox.faults.add(*faults)
        return _json({"added": len(faults)})

    async def struck(self, _request: Request) -> Response:
        """Tell how often each kind of fault has struck, and how many requests hang now."""
        faults = self._sandbox.faults
        return _json({"struck": dict(faults.struck), "hanging": faults.held})


def _fault(item: object) -> Fault:
    """Build a fault from its JSON object.

    Raises:
        ValueError: It is no object, or has a field that no fault has, or lacks its kind.
    """
    if not isinstance(item, dict) or "kind" not in item:
        raise ValueError("a fault is a JSON object with a kind")
    values = cast("Json", item)
    unknown = sorted(values.keys() - _FAULT_FIELDS)
    if unknown:
        raise ValueError(f"a fault has no field {unknown[0]}")
    if isinstance(values.get("body"), str):
        values["body"] = str(values["body"]).encode()
    return Fault(**values)  # type: ignore[arg-type]  # a test's own instructions


def _json(value: object) -> Response:
    """Answer 200 with a JSON value."""
    return Response(encode(value), media_type="application/json")


async def _http_error(request: Request, error: Exception) -> Response:
    """Answer an unknown path or a wrong verb with the API's own error body."""
    refused = cast("HTTPException", error)
    status = refused.status_code
    text = "Resource not found" if status == 404 else f"Method {request.method} is not allowed"  # noqa: PLR2004
    return Response(
        error_body(status, (text,)),
        status_code=status,
        headers=refused.headers,
        media_type="application/json",
    )


async def _value_error(_request: Request, error: Exception) -> Response:
    """Answer an instruction that makes no sense."""
    return Response(error_body(400, (str(error),)), status_code=400, media_type="application/json")
