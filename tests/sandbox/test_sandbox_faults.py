"""Faults on order: each kind in process, and what only a real socket shows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from alianza_async.sandbox import ConnectionCutError, Fault, FaultPlan, Sandbox, serve
from tests.sandbox.sandbox_caller import ACCOUNTS, account, logged_in, refusal

if TYPE_CHECKING:
    from starlette.types import Message, Receive

    from alianza_async.sandbox import FaultKind, RunningSandbox


@pytest.mark.parametrize(("kind", "stored"), [("status_before", 0), ("status_after", 1)])
async def test_a_status_instead_of_the_answer(kind: FaultKind, stored: int) -> None:
    """The answer is the fault's; before, nothing was done, after, it was."""
    caller = await logged_in()
    caller.sandbox.faults.add(
        Fault(kind=kind, operation="createAccount", status=500, headers={"Retry-After": "3"})
    )
    response = await caller.call("POST", ACCOUNTS, account())
    assert refusal(response) == (500, ["Injected fault"], {})
    assert response.headers["Retry-After"] == "3"
    assert caller.sandbox.truth().accounts == stored
    # Used up: the next create is answered by the API.
    await caller.create("ACME-2")


async def test_a_status_with_a_body_of_its_own() -> None:
    """A fault's body is sent as it is."""
    caller = await logged_in()
    caller.sandbox.faults.add(Fault(kind="status_before", status=429, body=b"slow down"))
    response = await caller.call("GET", ACCOUNTS)
    assert (response.status_code, response.content) == (429, b"slow down")


@pytest.mark.parametrize(
    ("fault", "status", "media_type", "start"),
    [
        (Fault(kind="garbage_after"), 200, "application/json", b'{"id": "tru'),
        (Fault(kind="garbage_after", body=b""), 200, None, b""),
        (Fault(kind="html_after"), 502, "text/html", b"<html>"),
    ],
)
async def test_answers_that_are_no_json(
    fault: Fault, status: int, media_type: str | None, start: bytes
) -> None:
    """Garbage and a gateway's page hide a create that took effect."""
    caller = await logged_in()
    caller.sandbox.faults.add(fault)
    response = await caller.call("POST", ACCOUNTS, account())
    assert (response.status_code, response.headers.get("Content-Type")) == (status, media_type)
    assert response.content.startswith(start)
    assert caller.sandbox.truth().accounts == 1


@pytest.mark.parametrize(
    ("kind", "stored"), [("cut_before", 0), ("cut_after", 1), ("hang_before", 0), ("hang_after", 1)]
)
async def test_dropped_connections_reach_an_in_process_caller(kind: FaultKind, stored: int) -> None:
    """In process a dropped connection is an exception, and the record has no status."""
    caller = await logged_in()
    caller.sandbox.faults.add(Fault(kind=kind, delay_s=0.001))
    with pytest.raises(ConnectionCutError):
        await caller.call("POST", ACCOUNTS, account())
    assert caller.sandbox.truth().accounts == stored
    assert caller.sandbox.recorder.requests[-1].status == 0


async def test_a_delete_can_be_cut_short() -> None:
    """A 204 has no body to cut, so it is announced as an answer that has one."""
    caller = await logged_in()
    made = await caller.create()
    caller.sandbox.faults.add(Fault(kind="cut_after", operation="deleteAccount"))
    with pytest.raises(ConnectionCutError):
        await caller.call("DELETE", f"{ACCOUNTS}/{made['id']}")
    assert caller.sandbox.truth().accounts == 0


async def test_first_fitting_fault_with_strikes_left_is_used() -> None:
    """Rules are tried in order; one for another operation is passed over, one used up too."""
    plan = FaultPlan()
    first = Fault(kind="status_before", operation="createAccount", times=2)
    rest = Fault(kind="late", times=None)
    plan.add(first, rest)
    taken = [plan.take(name) for name in ("getAccounts", "createAccount", "createAccount", "createAccount")]
    assert taken == [rest, first, first, rest]
    assert dict(plan.struck) == {"late": 2, "status_before": 2}
    plan.clear()
    assert plan.take("createAccount") is None


def test_chances_are_seeded() -> None:
    """A fault with a chance strikes the same requests for the same seed, and about as often as told."""

    def strikes(seed: int) -> list[bool]:
        plan = FaultPlan(seed)
        plan.add(Fault(kind="late", times=None, probability=0.25))
        return [plan.take("any") is not None for _ in range(1000)]

    assert strikes(1) == strikes(1)
    assert strikes(1) != strikes(2)
    assert 200 < sum(strikes(1)) < 300


def test_an_unknown_kind_is_refused() -> None:
    """A kind nobody wrote is an error when the fault is made, not silence when it should strike."""
    with pytest.raises(ValueError, match="explode is not a kind of fault"):
        Fault(kind="explode")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def _log_in(http: httpx.AsyncClient) -> None:
    """Log a client in for all its further requests."""
    answer = await http.post("/v2/authorize", json={"username": "ann", "password": "secret"})
    http.headers["X-AUTH-TOKEN"] = answer.json()["authToken"]


def _client(running: RunningSandbox) -> httpx.AsyncClient:
    """Answer a client of a served sandbox."""
    return httpx.AsyncClient(base_url=running.base_url)


@pytest.mark.parametrize(("kind", "stored"), [("cut_before", 0), ("cut_after", 1)])
async def test_a_cut_is_half_an_answer_on_the_wire(kind: FaultKind, stored: int) -> None:
    """Over a socket the client gets the head of an answer and then the end of the connection."""
    async with serve() as running, _client(running) as http:
        await _log_in(http)
        running.sandbox.faults.add(Fault(kind=kind))
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post(ACCOUNTS, json=account())
        assert running.sandbox.truth().accounts == stored
        assert (await http.get("/health")).json() == {"status": "UP"}


class _Watched(FaultPlan):
    """A plan that tells when a request hangs, and when it no longer does."""

    def __init__(self) -> None:
        super().__init__()
        self.hanging = asyncio.Event()
        self.over = asyncio.Event()

    async def hang(self, receive: Receive, delay_s: float) -> None:
        """Tell, hang, tell."""
        self.hanging.set()
        await super().hang(receive, delay_s)
        self.over.set()


@pytest.mark.parametrize(("kind", "stored"), [("hang_before", 0), ("hang_after", 1)])
async def test_a_hang_lasts_until_the_client_leaves(kind: FaultKind, stored: int) -> None:
    """Over a socket a hanging request ends with the client's patience, and the server is free again."""
    async with serve() as running, _client(running) as http:
        await _log_in(http)
        plan = running.sandbox.faults = _Watched()
        plan.add(Fault(kind=kind))
        with pytest.raises(httpx.ReadTimeout):
            await http.post(ACCOUNTS, json=account(), timeout=0.05)
        async with asyncio.timeout(10):
            await plan.over.wait()
        assert running.sandbox.truth().accounts == stored


async def test_a_hang_is_not_ended_by_more_of_the_request() -> None:
    """Only the end of the connection counts as the client's leaving, whatever else is received."""
    messages: list[Message] = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    await FaultPlan().hang(receive, 0)
    assert messages == []


async def test_late_commits_after_the_client_gave_up() -> None:
    """A late request is carried out although its client left; leaving the server waits for it."""
    async with serve() as running, _client(running) as http:
        await _log_in(http)
        running.sandbox.faults.add(Fault(kind="late", delay_s=0.6))
        with pytest.raises(httpx.ReadTimeout):
            await http.post(ACCOUNTS, json=account(), timeout=0.05)
        assert running.sandbox.truth().accounts == 0
    assert running.sandbox.truth().accounts == 1


async def test_late_commits_in_process_after_the_client_gave_up() -> None:
    """In process a client that leaves cancels its request: what is late is carried out all the same."""
    caller = await logged_in()
    caller.sandbox.faults.add(Fault(kind="late", delay_s=0.1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(caller.create(), 0.02)
    assert caller.sandbox.truth().accounts == 0
    # The next request is late by as much, and so is answered after the first was carried out.
    caller.sandbox.faults.add(Fault(kind="late", delay_s=0.1))
    await caller.call("GET", ACCOUNTS)
    assert caller.sandbox.truth().accounts == 1


@pytest.mark.parametrize("how", ["release", "reset"])
async def test_hanging_requests_can_be_let_go(how: str) -> None:
    """`release` and a reset drop the connections that hang, and only those."""
    caller = await logged_in()
    plan = caller.sandbox.faults = _Watched()
    plan.add(Fault(kind="hang_after"))
    request = asyncio.create_task(caller.call("GET", ACCOUNTS))
    await plan.hanging.wait()
    {"release": plan.release, "reset": caller.sandbox.reset}[how]()
    with pytest.raises(ConnectionCutError):
        await request


async def test_leaving_the_server_lets_go_what_hangs() -> None:
    """A sandbox that is left with a request hanging ends at once, and the request with it."""
    sandbox = Sandbox()
    plan = sandbox.faults = _Watched()
    async with httpx.AsyncClient() as http:
        async with serve(sandbox) as running:
            plan.add(Fault(kind="hang_before"))
            request = asyncio.create_task(http.get(running.base_url + ACCOUNTS))
            await plan.hanging.wait()
        with pytest.raises(httpx.RemoteProtocolError):
            await request
