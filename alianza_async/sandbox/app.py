"""The sandbox itself: one ASGI app over its state."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from alianza_async.sandbox.admin import admin_app, forbidden
from alianza_async.sandbox.api import SECURITY_HEADERS, Api
from alianza_async.sandbox.callers import refusal_of
from alianza_async.sandbox.dates import DateHeader
from alianza_async.sandbox.state import SandboxState

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from alianza_async.sandbox.options import SandboxOptions


class Sandbox(SandboxState):
    """An Alianza of one's own.

    Give `app` to uvicorn or to an in-process ASGI transport, or the whole to `serve`.

    Args:
        options: How it behaves; assign to `options` to change that at run time.
    """

    def __init__(self, options: SandboxOptions | None = None) -> None:
        super().__init__(options)
        self.app: ASGIApp = _Front(self)


class _Front:
    """The ASGI app: it sends each request to the API, or to the few pages a test asks.

    An object with a call of its own, for uvicorn takes a bound method for an ASGI 2 app.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._api = Api(sandbox)
        self._clock, self._sandbox = DateHeader(), sandbox
        self._admin = admin_app(sandbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and cast("str", scope["path"]).startswith("/v2/"):
            # The hot road stays clear of Starlette's layers: thousands of creates a second go through here.
            await self._api(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = self._clock.at(time.time() + self._sandbox.options.clock_offset_s)
                message["headers"] = [*message["headers"], date, *SECURITY_HEADERS]
            await send(message)

        refusal = refusal_of(scope) if scope["type"] == "http" else None
        answers = self._admin if refusal is None else forbidden(refusal)
        await answers(scope, receive, send_secured)
