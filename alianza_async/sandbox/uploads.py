"""Where files are put and fetched without a login: the addresses a job hands out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from alianza_async.sandbox.handle_jobs import OUTPUTS, UPLOADS

if TYPE_CHECKING:
    from starlette.requests import Request

    from alianza_async.sandbox.state import SandboxState

_LOGIN_HEADERS: Final = ("x-auth-token", "authorization", "cookie")


def upload_routes(sandbox: SandboxState) -> tuple[Route, Route]:
    """Answer the two pages: one that takes a file, one that gives one."""
    pages = _Pages(sandbox)
    return (
        Route(UPLOADS + "{key}", pages.take, methods=["PUT", "POST"]),
        Route(OUTPUTS + "{key}", pages.give),
    )


class _Pages:
    """The handlers; each of them counts a request that shows a login to whoever keeps the files."""

    def __init__(self, sandbox: SandboxState) -> None:
        self._sandbox = sandbox

    async def take(self, request: Request) -> Response:
        """Keep a file, as sent."""
        self._watch(request)
        content = await request.body()
        if not self._sandbox.store.jobs.take_upload(request.path_params["key"], content):
            raise HTTPException(404)
        return Response()

    async def give(self, request: Request) -> Response:
        """Answer a file."""
        self._watch(request)
        content = self._sandbox.store.jobs.output(request.path_params["key"])
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type="application/octet-stream")

    def _watch(self, request: Request) -> None:
        """Count a request that carries a login: such an address belongs to somebody else's server."""
        if any(name in request.headers for name in _LOGIN_HEADERS):
            self._sandbox.store.jobs.leaked += 1
