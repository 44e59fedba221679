"""A server that fails often, and whose refusals quote all that it was sent."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qsl

from alianza_async.sandbox.faults import ConnectionCutError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Quoting", "texts"]

_STATUSES: Final = (400, 400, 409, 422, 500, 502, 503)


def texts(value: object) -> list[str]:
    """Return every text and number in plain data."""
    if isinstance(value, dict):
        return [text for each in cast("dict[str, object]", value).values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in cast("list[object]", value) for text in texts(each)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


class Quoting:
    """Stands before a sandbox: refuses some requests, breaks others off, and passes the rest on.

    Args:
        app: The sandbox's own app.
        seed: Seed of the chances.
        refuses: Chance that a request which brings a body is refused.
        breaks: Chance that one is carried out, and its connection breaks.

    Attributes:
        quoted: How many refusals there were.
        logins: How many logins; the first one is refused with a 503.
        tokens: Every token that it was sent.
    """

    def __init__(self, app: ASGIApp, seed: int, *, refuses: float = 0.3, breaks: float = 0.1) -> None:
        self._app = app
        self._random = random.Random(seed)  # noqa: S311  (chances, not secrets)
        self._refuses = refuses
        self._breaks = breaks
        self.quoted = 0
        self.logins = 0
        self.tokens: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = b""
        while True:
            message = await receive()
            body += cast("bytes", message.get("body", b""))
            if not message.get("more_body"):
                break
        headers = dict(cast("list[tuple[bytes, bytes]]", scope["headers"]))
        token = headers.get(b"x-auth-token", b"").decode()
        self.tokens |= {token} - {""}
        chance = self._random.random()
        if "/authorize" in cast("str", scope["path"]):
            chance = float(self.logins > 0)  # else no other request would ever come
            self.logins += 1
        if body and chance < self._refuses:
            await self._refuse(scope, body, token, send, 503 if token == "" else None)
            return
        left = [body]

        async def again() -> Message:
            return {"type": "http.request", "body": left.pop()} if left else await receive()

        async def dropped(_message: Message) -> None:
            """Send nothing: the connection breaks once it is carried out."""

        breaks = bool(body) and chance < self._refuses + self._breaks
        await self._app(scope, again, dropped if breaks else send)
        if breaks:
            raise ConnectionCutError

    async def _refuse(self, scope: Scope, body: bytes, token: str, send: Send, status: int | None) -> None:
        self.quoted += 1
        query = [value for _, value in parse_qsl(cast("bytes", scope["query_string"]).decode())]
        values = texts(json.loads(body))
        said = f"{', '.join([*values, *query])} with {token}: refused"
        shout = f"NO {' '.join(values).upper()}"
        answer = {
            "messages": [said, shout],
            "errors": [{"field": "streetName", "message": said}],
            "data": json.loads(body),
            "requestId": values[0],
        }
        await send(
            {
                "type": "http.response.start",
                "status": status or self._random.choice(_STATUSES),
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
