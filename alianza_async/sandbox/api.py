"""The API's road through the sandbox, as plain ASGI: count, limit, wait, break on order, answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from alianza_async.sandbox import (
    handle_accounts,
    handle_addresses,
    handle_authorize,
    handle_bulk,
    handle_history,
    handle_imports,
    handle_inventory,
    handle_jobs,
    handle_lines,
    handle_numbers,
    handle_plans,
    handle_reports,
    handle_users,
)
from alianza_async.sandbox.answers import Answer, ApiError
from alianza_async.sandbox.asked_for import is_noted, note_request
from alianza_async.sandbox.bodies import json_object
from alianza_async.sandbox.contract import contract_table
from alianza_async.sandbox.dates import DateHeader
from alianza_async.sandbox.faults import ConnectionCutError
from alianza_async.sandbox.lies import lie
from alianza_async.sandbox.permissions import refuse_forbidden
from alianza_async.sandbox.record import RequestRecord
from alianza_async.sandbox.routes import Incoming, Match, RouteTable, unquoted
from alianza_async.sandbox.tokens import NOBODY

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from alianza_async.sandbox.faults import Fault
    from alianza_async.sandbox.state import SandboxState
    from alianza_async.sandbox.tokens import Login

TABLE: Final = RouteTable(
    (
        *handle_authorize.ROUTES,
        *handle_accounts.ROUTES,
        *handle_users.ROUTES,
        *handle_history.ROUTES,
        *handle_addresses.ROUTES,
        *handle_inventory.ROUTES,
        *handle_numbers.ROUTES,
        *handle_lines.ROUTES,
        *handle_plans.ROUTES,
        *handle_jobs.ROUTES,
        *handle_imports.ROUTES,
        *handle_reports.ROUTES,
        *handle_bulk.ROUTES,
    )
)

SECURITY_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)

_NO_ENTRY: Final = (401, 403)


@dataclass(slots=True)
class _Exchange:
    """One request and the two ends of its connection.

    Attributes:
        scope: The ASGI scope.
        receive: Where its body comes from.
        send: Where its answer goes.
        found: The operation it is for, or the error of a path or verb there is none for.
        operation: Operation id; `unknown` where there is none.
        token: Login token sent.
        request_id: The client's own request id.
        content_type: Media type of its body.
        host: Host and port it was sent to.
        body: Its whole body, once read.
    """

    scope: Scope
    receive: Receive
    send: Send
    found: Match | ApiError
    operation: str
    token: str
    request_id: str
    content_type: str
    host: str
    body: bytes = b""


class Api:
    """Answers everything under `/v2`.

    Args:
        sandbox: Whose store, options and faults it uses.
    """

    def __init__(self, sandbox: SandboxState) -> None:
        self._sandbox = sandbox
        self._late: set[asyncio.Task[Answer]] = set()
        self._clock = DateHeader()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        arrived = time.monotonic()  # before anything else: this is when the limit counts it
        verb, path = cast("str", scope["method"]), raw_path(scope)
        exchange = _open(scope, receive, send, _find(verb, path))
        recorder = self._sandbox.recorder
        recorder.arrive(exchange.operation, arrived)
        status = 0
        try:
            answer = self._throttle(arrived)
            if not await _read(exchange):
                return
            await self._wait()
            if answer is None:
                answer = await self._carry_out(exchange)
            await respond(send, answer, self._date())
            status = answer.status
        finally:
            recorder.finish(
                RequestRecord(exchange.operation, verb, path, status, arrived, exchange.request_id)
            )

    def _throttle(self, arrived: float) -> Answer | None:
        """Answer the 429 of a request over the limit."""
        sandbox = self._sandbox
        options = sandbox.options
        if options.rate is None or sandbox.limit.admit(arrived, options.rate):
            return None
        sandbox.recorder.throttled += 1
        wait = f"{options.retry_after_s:g}".encode("ascii")
        return ApiError(429, ("Too many requests",), headers=((b"retry-after", wait),)).answer()

    async def _wait(self) -> None:
        """Take the time the options ask for."""
        options = self._sandbox.options
        if options.latency_ms or options.latency_jitter_ms:
            jitter = options.latency_jitter_ms * self._sandbox.random.random()
            await asyncio.sleep((options.latency_ms + jitter) / 1000)

    async def _carry_out(self, exchange: _Exchange) -> Answer:
        """Do what is asked, or what the fault of the moment makes of it.

        Raises:
            ConnectionCutError: A fault drops the connection.
        """
        faults = self._sandbox.faults
        fault = faults.take(exchange.operation, cast("str", exchange.scope["method"]))
        if fault is None:
            self._note(exchange)
            return self._perform(exchange)
        if not fault.prevents:
            self._note(exchange)
        if fault.kind == "late":
            return await self._perform_late(exchange, fault.delay_s)
        if fault.delay_s and not fault.hangs:
            await asyncio.sleep(fault.delay_s)
        if fault.lies:
            return self._lie(exchange, fault)
        answer = fault.answer() if fault.prevents else self._perform(exchange)
        if fault.hangs:
            await faults.hang(exchange.receive, fault.delay_s)
        if fault.drops:
            await cut(exchange.send, answer, self._date())
        return fault.answer()

    async def _perform_late(self, exchange: _Exchange, delay_s: float) -> Answer:
        """Carry a request out later, also where it is cancelled, as by a client that leaves in process."""

        async def later() -> Answer:
            await asyncio.sleep(delay_s)
            return self._perform(exchange)

        task = asyncio.create_task(later())
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        return await asyncio.shield(task)

    def _lie(self, exchange: _Exchange, fault: Fault) -> Answer:
        """Carry a request out, unless the fault prevents it, and answer with something else."""
        found = exchange.found
        true = None if fault.prevents else self._perform(exchange)
        if isinstance(found, ApiError) or (true is not None and true.status in _NO_ENTRY):
            return self._perform(exchange) if true is None else true
        try:
            incoming = self._incoming(exchange, found)
        except ApiError as error:
            return error.answer()
        return lie(fault.kind, found.route.operation, incoming, true)

    def _date(self) -> tuple[bytes, bytes]:
        """Answer the `Date` header of this moment, by the server's clock."""
        return self._clock.at(time.time() + self._sandbox.options.clock_offset_s)

    def _perform(self, exchange: _Exchange) -> Answer:
        """Let the operation's handler answer; it runs in one step, so no other request sees it half done."""
        self._sandbox.store.agenda.catch_up()
        found = exchange.found
        if isinstance(found, ApiError):
            return found.answer()
        try:
            return found.route.handler(self._incoming(exchange, found))
        except ApiError as error:
            return error.answer()

    def _note(self, exchange: _Exchange) -> None:
        """Tell account history that a create has arrived, where the options ask for it."""
        found = exchange.found
        if not self._sandbox.options.history_requests or isinstance(found, ApiError):
            return
        if is_noted(exchange.operation):
            with contextlib.suppress(ApiError):  # what cannot even be read is refused, and not told of
                note_request(exchange.operation, self._incoming(exchange, found))

    def _incoming(self, exchange: _Exchange, found: Match) -> Incoming:
        """Make what a handler sees of a request.

        Raises:
            ApiError: The login does not hold or may not do this, or the body is no JSON object.
        """
        sandbox, route = self._sandbox, found.route
        options, store = sandbox.options, sandbox.store
        login = _login(sandbox, exchange.token) if route.needs_token else NOBODY
        if options.permissions is not None:
            refuse_forbidden(route.need, options.permissions)
        store.history.actor = login.username
        store.history.follow(options)
        return Incoming(
            store=store,
            options=options,
            params=unquoted(found.params),
            query_string=cast("bytes", exchange.scope["query_string"]),
            token=exchange.token,
            login=login,
            body=json_object(exchange.body, exchange.content_type) if route.takes_body else {},
            raw=exchange.body,
            content_type=exchange.content_type,
            origin=f"{exchange.scope['scheme']}://{exchange.host}",
        )


def _find(verb: str, path: str) -> Match | ApiError:
    """Return what answers: a handler written for the operation, or else its declaration."""
    found = TABLE.find(verb, path)
    return found if isinstance(found, Match) else contract_table().find(verb, path)


def raw_path(scope: Scope) -> str:
    """Answer a request's path as it was sent, still quoted."""
    raw: bytes | None = scope.get("raw_path")
    return cast("str", scope["path"]) if raw is None else raw.partition(b"?")[0].decode("latin-1")


async def respond(send: Send, answer: Answer, date: tuple[bytes, bytes]) -> None:
    """Send a whole answer."""
    await send(_start(answer, len(answer.body), date))
    await send({"type": "http.response.body", "body": answer.body})


async def cut(send: Send, answer: Answer, date: tuple[bytes, bytes]) -> None:
    """Send half an answer, then drop the connection.

    Raises:
        ConnectionCutError: Always; the server closes the connection on it.
    """
    # As 200, whatever it was: a 204 has no body that could be cut short.
    await send(_start(replace(answer, status=200), len(answer.body) + 1, date))
    await send(
        {"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True}
    )
    raise ConnectionCutError("the sandbox dropped the connection, as a fault told it to")


def _start(answer: Answer, length: int, date: tuple[bytes, bytes]) -> dict[str, object]:
    """Write the message that starts an answer."""
    request_id = (b"x-amzn-requestid", str(uuid.uuid4()).encode("ascii"))
    headers = [date, *SECURITY_HEADERS, request_id, *answer.headers]
    if answer.status != 204:  # noqa: PLR2004  # No Content: no length either
        headers.append((b"content-length", str(length).encode("ascii")))
    if answer.body:
        headers.append((b"content-type", answer.content_type))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


def _open(scope: Scope, receive: Receive, send: Send, found: Match | ApiError) -> _Exchange:
    """Pick the headers that matter out of a request's."""
    token = request_id = content_type = host = b""
    for name, value in cast("list[tuple[bytes, bytes]]", scope["headers"]):
        if name == b"x-auth-token":
            token = value
        elif name == b"x-request-id":
            request_id = value
        elif name == b"content-type":
            content_type = value
        elif name == b"host":
            host = value
    return _Exchange(
        scope,
        receive,
        send,
        found,
        found.route.operation if isinstance(found, Match) else "unknown",
        token.decode("latin-1"),
        request_id.decode("latin-1"),
        content_type.decode("latin-1"),
        host.decode("latin-1"),
    )


async def _read(exchange: _Exchange) -> bool:
    """Read a request's body to its end; answer False where the client leaves before that."""
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            return False
        exchange.body += cast("bytes", message.get("body", b""))
        if not message.get("more_body"):
            return True


def _login(sandbox: SandboxState, token: str) -> Login:
    """Answer who holds the token sent.

    Raises:
        ApiError: 401 where it is missing, wrong, revoked or expired.
    """
    login = sandbox.store.tokens.find(token)
    if login is None:
        raise ApiError(401, ("The token is missing, wrong or expired",))
    return login
