"""Dialtone, a made-up carrier of telephone numbers, in memory: what examples/third_carrier.py calls."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


def problem(status: int, code: str, detail: str, **more: object) -> JSONResponse:
    """Answer an error as JSON:API writes it."""
    return JSONResponse({"errors": [{"status": str(status), "code": code, "detail": detail, **more}]}, status)


class Dialtone:
    """The service: `requests` are what came; `before` and `after` are answered instead, undone or done."""

    def __init__(self) -> None:
        self.app = Starlette(routes=[Route("/v1/{name}", self._serve, methods=["GET", "POST"])])
        self.tokens: set[str] = set()
        self.numbers: list[dict[str, object]] = []
        self.calls: list[dict[str, object]] = [{"id": i, "seconds": 60 * i} for i in range(1, 6)]
        self.requests: list[str] = []
        self.before, self.after = deque[Response](), deque[Response]()

    async def _serve(self, request: Request) -> Response:
        self.requests.append(f"{request.method} {request.url.path}?{request.url.query}".rstrip("?"))
        if request.url.path == "/v1/token":
            return self._log_in(await request.json())
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return problem(401, "token_expired", "log in again")
        if self.before:
            return self.before.popleft()
        answer = self._order(await request.json()) if request.method == "POST" else self._list(request)
        return self.after.popleft() if self.after else answer

    def _log_in(self, credentials: dict[str, str]) -> Response:
        if credentials["client_secret"] != "a-made-up-secret":
            return problem(401, "bad_client", "no such client")
        self.tokens.add(token := f"token-{len(self.requests)}")
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 600})

    def _order(self, number: dict[str, str]) -> Response:
        if not number["phone_number"].startswith("+"):
            return problem(422, "invalid", "must begin with +", source={"parameter": "phone_number"})
        if any(each["phone_number"] == number["phone_number"] for each in self.numbers):
            return problem(409, "taken", "somebody has it", source={"parameter": "phone_number"})
        self.numbers.append({"id": len(self.numbers) + 1, "monthly_fee": "1.50", **number})
        return JSONResponse(self.numbers[-1], 201)

    def _list(self, request: Request) -> Response:
        wanted = request.query_params.get("phone_number")
        listed = self.calls if request.url.path == "/v1/calls" else self.numbers
        rows = [each for each in listed if wanted in {None, each.get("phone_number")}]
        page, size = (int(request.query_params.get(name, "1")) for name in ("page", "per_page"))
        link = str(request.url.include_query_params(page=page + 1)) if page * size < len(rows) else None
        found = rows[(page - 1) * size : page * size]
        if listed is self.numbers:
            return JSONResponse({"data": found, "links": {"next": link}})
        return JSONResponse({"count": len(rows), "next": link, "previous": None, "results": found})


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(Dialtone().app, host="127.0.0.1", port=8099)
