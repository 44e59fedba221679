"""A plain caller of a sandbox: no client library, so that a fault of one cannot hide a fault of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import httpx

from alianza_async.sandbox import Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNTS = "/v2/partition/sandbox-partition/account"
Json = dict[str, object]
Refusal = tuple[int, list[str], Json]


def account(number: str = "ACME-1", **changes: object) -> Json:
    """Write an account body with no more than the API requires."""
    return {
        "accountNumber": number,
        "accountName": "Acme",
        "accountType": "SIMPLE",
        "timeZone": "US/Eastern",
        "billingCycleDay": 1,
        **changes,
    }


def user(username: str = "ann@acme", **changes: object) -> Json:
    """Write a user body with no more than the API requires."""
    return {"username": username, "timeZone": "US/Eastern", **changes}


class Caller:
    """Sends requests to one sandbox, in process, with its token once it has one."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=sandbox.app), base_url="http://sandbox.test"
        )
        self.token = ""

    async def call(
        self, verb: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send one request."""
        sent = {"X-AUTH-TOKEN": self.token} if self.token else {}
        return await self.http.request(verb, path, json=body, headers={**sent, **(headers or {})})

    async def json(self, verb: str, path: str, body: object = None) -> Json:
        """Send one request that must be answered 200 and decode the object answered."""
        response = await self.call(verb, path, body)
        assert response.status_code == 200, response.text
        return cast("Json", response.json())

    async def log_in(self) -> Json:
        """Log in, keep the token, answer the body."""
        body = await self.json("POST", "/v2/authorize", {"username": "ann", "password": "secret"})
        self.token = str(body["authToken"])
        return body

    async def create(self, number: str = "ACME-1", **changes: object) -> Json:
        """Create an account."""
        return await self.json("POST", ACCOUNTS, account(number, **changes))


async def logged_in(options: SandboxOptions | None = None) -> Caller:
    """Answer a caller of a new sandbox, logged in."""
    caller = Caller(Sandbox(options))
    await caller.log_in()
    return caller


def refusal(response: httpx.Response) -> Refusal:
    """Take an error body of the API apart, and hold its status to the response's."""
    body = cast("dict[str, object]", response.json())
    assert sorted(body) == ["data", "messages", "status"]
    assert body["status"] == response.status_code
    return response.status_code, cast("list[str]", body["messages"]), cast("Json", body["data"])
