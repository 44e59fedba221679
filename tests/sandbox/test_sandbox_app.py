"""What every answer has, what is recorded, and the pages a test asks."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING

import pytest

from alianza_async.sandbox import RequestRecord, Sandbox, SandboxOptions
from tests.sandbox.sandbox_caller import ACCOUNTS, Caller, account, logged_in, refusal, user

if TYPE_CHECKING:
    from starlette.types import Message


@pytest.mark.parametrize(
    ("verb", "path"),
    [("GET", "/health"), ("GET", "/nowhere"), ("POST", "/v2/authorize"), ("GET", "/v2/nowhere")],
)
async def test_every_answer_is_secured(verb: str, path: str) -> None:
    """Security headers are on every answer, errors and pages of the test included."""
    headers = (await Caller(Sandbox()).call(verb, path)).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


async def test_each_api_answer_has_the_servers_own_id() -> None:
    """The server's request id is a UUID, new for each answer."""
    caller = await logged_in()
    ids = {(await caller.call("GET", ACCOUNTS)).headers["X-Amzn-RequestId"] for _ in range(3)}
    assert len({uuid.UUID(one) for one in ids}) == 3


@pytest.mark.parametrize(
    "path",
    ["/v2/nowhere", "/v2/partition/p/account/a/b/c/d", "/v2/", "/v2", "/", "/v1/authorize", "/_sandbox/x"],
)
async def test_unknown_paths_are_the_apis_404(path: str) -> None:
    """A path no operation has is a 404 with the API's error body."""
    assert refusal(await Caller(Sandbox()).call("GET", path)) == (404, ["Resource not found"], {})


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("DELETE", "/v2/authorize", {"POST", "PUT"}),
        ("POST", ACCOUNTS + "/search", {"GET"}),
        ("POST", ACCOUNTS + "/some-id", {"DELETE", "GET", "PATCH", "PUT"}),
        ("DELETE", "/health", {"GET", "HEAD"}),
    ],
)
async def test_wrong_verbs_are_the_apis_405(verb: str, path: str, allowed: set[str]) -> None:
    """A verb the path does not have is a 405 that tells which it has."""
    response = await Caller(Sandbox()).call(verb, path)
    assert refusal(response) == (405, [f"Method {verb} is not allowed"], {})
    assert set(response.headers["Allow"].split(", ")) == allowed


async def test_health_needs_no_token() -> None:
    """Health is told to anyone."""
    response = await Caller(Sandbox()).call("GET", "/health")
    assert (response.status_code, response.json()) == (200, {"status": "UP"})


async def test_every_request_is_recorded() -> None:
    """The record tells operation, verb, raw path, status, arrival and the client's own id."""
    caller = await logged_in()
    before = time.monotonic()
    await caller.call("GET", f"{ACCOUNTS}/a%2Fb?accountIdType=Id", headers={"X-Request-ID": "mine-1"})
    record = caller.sandbox.recorder.requests[-1]
    assert record == RequestRecord(
        "retrieveAccount", "GET", f"{ACCOUNTS}/a%2Fb", 404, record.arrived, "mine-1"
    )
    assert before <= record.arrived <= time.monotonic()


@pytest.mark.parametrize(("limit", "kept"), [(0, 0), (2, 2), (10, 4)])
async def test_records_are_bounded_and_counts_are_not(limit: int, kept: int) -> None:
    """Only the newest records are kept, every request is counted."""
    caller = await logged_in(SandboxOptions(record_limit=limit))
    for _ in range(3):
        await caller.call("GET", ACCOUNTS)
    assert len(caller.sandbox.recorder.requests) == kept
    assert caller.sandbox.truth().requests == {"logUserIn": 1, "getAccounts": 3}


async def test_truth_is_told_as_json_too() -> None:
    """`/_sandbox/truth` tells what `truth()` tells, and objects are recorded in order."""
    caller = await logged_in()
    made = await caller.create()
    member = await caller.json("POST", f"{ACCOUNTS}/{made['id']}/user", user())
    await caller.call("POST", ACCOUNTS, account())
    await caller.call("GET", "/v2/nowhere")
    truth = caller.sandbox.truth()
    assert await caller.json("GET", "/_sandbox/truth") == truth.to_json()
    assert truth.to_json() == {
        "accounts": 1,
        "users": 1,
        "created_accounts": 1,
        "created_users": 1,
        "duplicate_account_numbers": [],
        "duplicate_usernames": [],
        "logins": 1,
        "requests": {"logUserIn": 1, "createAccount": 2, "createEndUser": 1, "unknown": 1},
        "statuses": {"200": 3, "400": 1, "404": 1},
        "peak_per_second": truth.peak_per_second,
        "throttled": 0,
        "numbers": 0,
        "active_numbers": 0,
        "created_numbers": 0,
        "duplicate_numbers": [],
        "numbers_without_address": [],
        "numbers_without_911": [],
        "device_lines": 0,
        "created_device_lines": 0,
        "duplicate_device_lines": [],
        "calling_plans": 0,
        "duplicate_calling_plans": [],
        "history_entries": 2,
        "jobs": 0,
        "tokens_leaked": 0,
    }
    assert 1 <= truth.peak_per_second <= 5
    assert caller.sandbox.store.created == [
        ("account", made["id"], "ACME-1"),
        ("user", member["id"], "ann@acme"),
    ]
    assert (await caller.call("GET", "/_sandbox/accounts")).json() == [
        await caller.json("GET", f"{ACCOUNTS}/{made['id']}")
    ]


async def test_duplicates_listed_are_the_first_hundred() -> None:
    """The truth names at most 100 duplicates."""
    caller = await logged_in(SandboxOptions(unique=False))
    store = caller.sandbox.store
    for index in range(202):
        store.add_account("sandbox-partition", account(f"ACME-{index // 2}"), unique=False)
    listed = caller.sandbox.truth().duplicate_account_numbers
    assert listed == [f"ACME-{index}" for index in range(100)]


async def test_reset_forgets_all_but_the_options() -> None:
    """After a reset there are no accounts, tokens, faults or counts; the options hold."""
    caller = await logged_in(SandboxOptions(expires_in=False))
    await caller.create()
    await caller.call("POST", "/_sandbox/faults", {"kind": "status_before", "times": None})
    assert await caller.json("POST", "/_sandbox/reset") == {}
    assert (await caller.call("GET", ACCOUNTS)).status_code == 401
    truth = caller.sandbox.truth()
    assert (truth.accounts, truth.created_accounts, truth.logins, truth.requests) == (
        0,
        0,
        0,
        {"getAccounts": 1},
    )
    assert "expiresIn" not in await caller.log_in()


async def test_options_change_while_serving() -> None:
    """Options sent are changed, the others stay."""
    caller = await logged_in(SandboxOptions(seed=5))
    await caller.json("PUT", "/_sandbox/options", {"unique": False, "rate": 50, "username": "ann"})
    assert caller.sandbox.options == SandboxOptions(seed=5, unique=False, rate=50, username="ann")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "the options must be a JSON object"),
        ({"speed": 1}, "speed is not a sandbox option"),
        ({"rate": "5"}, "sandbox option rate does not take a value of that type"),
        ({"rate": True}, "sandbox option rate does not take a value of that type"),
        ({"rate": 0}, "sandbox option rate must be a positive number, or None for no limit"),
        ({"latency_ms": -1}, "sandbox option latency_ms must be a finite number of at least 0"),
        ({"inventory": "/etc/passwd"}, "sandbox option inventory is given when it starts, not over HTTP"),
        ({"inventory": None}, "sandbox option inventory is given when it starts, not over HTTP"),
        ({"password": None}, "sandbox option password is given when it starts, not over HTTP"),
    ],
)
async def test_senseless_options_are_refused(body: object, message: str) -> None:
    """An unknown option, a wrong type or an impossible figure is a 400 and changes nothing."""
    caller = Caller(Sandbox())
    assert refusal(await caller.call("PUT", "/_sandbox/options", body)) == (400, [message], {})
    assert caller.sandbox.options == SandboxOptions()


async def test_revoke_ends_every_token() -> None:
    """After `/_sandbox/revoke` every token is a 401."""
    caller = await logged_in()
    await caller.log_in()
    assert await caller.json("POST", "/_sandbox/revoke") == {"revoked": 2}
    assert (await caller.call("GET", ACCOUNTS)).status_code == 401


async def test_faults_can_be_ordered_from_outside() -> None:
    """A fault, or a list of them, is added to the plan; a body is text."""
    caller = await logged_in()
    one = {"kind": "status_before", "operation": "getAccounts", "status": 418, "body": "tea"}
    assert await caller.json("POST", "/_sandbox/faults", one) == {"added": 1}
    assert await caller.json("POST", "/_sandbox/faults", [one, one]) == {"added": 2}
    answers = [await caller.call("GET", ACCOUNTS) for _ in range(4)]
    assert [(answer.status_code, answer.text) for answer in answers] == [(418, "tea")] * 3 + [(200, "[]")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("boom", "a fault is a JSON object with a kind"),
        ({"operation": "*"}, "a fault is a JSON object with a kind"),
        ({"kind": "explode"}, "explode is not a kind of fault"),
        ({"kind": "late", "colour": 1, "b": 2}, "a fault has no field b"),
    ],
)
async def test_senseless_faults_are_refused(body: object, message: str) -> None:
    """A fault that makes no sense is a 400 that says why."""
    assert refusal(await Caller(Sandbox()).call("POST", "/_sandbox/faults", body)) == (400, [message], {})


async def test_latency_is_at_least_what_was_asked() -> None:
    """Every API answer takes the latency and at most the jitter more; other pages do not wait."""
    caller = await logged_in()
    caller.sandbox.options = SandboxOptions(latency_ms=20, latency_jitter_ms=5)
    started = time.monotonic()
    await caller.call("GET", ACCOUNTS)
    assert time.monotonic() - started >= 0.02


async def test_waiting_requests_do_not_hold_up_others() -> None:
    """Fifty requests at once take one latency, not fifty."""
    caller = await logged_in()
    caller.sandbox.options = SandboxOptions(latency_ms=100)
    started = time.monotonic()
    await asyncio.gather(*(caller.call("GET", ACCOUNTS) for _ in range(50)))
    assert time.monotonic() - started < 50 * 0.1 / 2


async def test_a_client_that_leaves_amid_its_body_changes_nothing() -> None:
    """A request whose body never ends is recorded without a status and not carried out."""
    sandbox = Sandbox()
    messages: list[Message] = [
        {"type": "http.request", "body": b'{"username":', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    # No raw_path either: ASGI lets a server leave it out.
    scope: dict[str, object] = {
        "type": "http",
        "method": "POST",
        "path": "/v2/authorize",
        "headers": [],
        "query_string": b"",
    }
    await sandbox.app(scope, receive, send)
    assert sent == []
    assert sandbox.recorder.requests[-1].status == 0
    assert sandbox.truth().statuses == {}


@pytest.mark.parametrize("password", ["hunter2", None])
def test_options_do_not_show_the_password(password: str | None) -> None:
    """The password's value is in no repr; that there is none may be seen."""
    shown = repr(SandboxOptions(username="ann", password=password))
    assert "hunter2" not in shown
    assert ("password=None" in shown) is (password is None)
    assert "username='ann'" in shown
