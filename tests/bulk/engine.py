"""What the tests of the bulk engine share: rows, files, and a server that answers at once."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, cast

from alianza_async.bulk.engine.clock import ServerClock
from alianza_async.bulk.journal import SqliteStore
from alianza_async.calls.call import Call, Reply
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.httpx import InProcessTransport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from alianza_async.bulk import BulkJob, ItemResult
    from alianza_async.bulk.journal import Change, JobFacts
    from alianza_async.sandbox import Sandbox

COLUMNS = ("account_number", "account_name", "account_type", "time_zone", "billing_cycle_day")
RESULT_COLUMNS = (
    "result_row",
    "result_status",
    "result_id",
    "result_error",
    "result_attempts",
    "result_request_id",
    "result_account_id",
    "result_user_id",
    "result_number_state",
    "result_failed_step",
)


def account(number: int | str, **changes: object) -> dict[str, object]:
    """Return a row that makes an account; a number becomes `A-00001`."""
    row: dict[str, object] = {
        "account_number": number if isinstance(number, str) else f"A-{number:05}",
        "account_name": "Ardent Bakery",
        "account_type": "SIMPLE",
        "time_zone": "US/Eastern",
        "billing_cycle_day": 5,
    }
    return row | changes


def accounts(count: int) -> list[dict[str, object]]:
    """Return so many accounts, `A-00001` first."""
    return [account(number) for number in range(1, count + 1)]


def user(name: str, **changes: object) -> dict[str, object]:
    """Return a row that makes a user."""
    return {"username": name, "time_zone": "US/Eastern", **changes}


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Write rows as a CSV file with the first row's columns."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def statuses(results: Sequence[ItemResult]) -> list[tuple[int, str]]:
    """Return row and status of each result, in the order given."""
    return [(result.row, result.status) for result in results]


async def streamed(job: BulkJob) -> list[ItemResult]:
    """Return a job's results in the order in which they came."""
    return [result async for result in job]


def session_on(
    sandbox: Sandbox, *, attempts: int = 6, attempt_timeout: float = 30.0, capacity: int = 40
) -> Session:
    """Return a session on a sandbox in this process, unpaced and without waits between attempts."""
    return Session(
        Credentials("tester", "a-made-up-password"),
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app, max_connections=capacity),
        retry=RetryPolicy(
            attempts=attempts,
            attempt_timeout=attempt_timeout,
            wait_initial=0,
            wait_max=0,
            wait_jitter=0,
            settle_s=0,
        ),
        limit=LimitPolicy(rate=100_000),
    )


async def journal_with(path: Path, facts: JobFacts, *changes: Change) -> None:
    """Make a journal that holds some changes, as a run that was killed leaves it."""
    store = await SqliteStore.create(path, facts)
    try:
        fence = await store.lease(owner="test", ttl_s=60)
        for change in changes:
            await store.write(fence, change)
    finally:
        await store.aclose()


def exact_clock() -> ServerClock:
    """Return the clock of a server in this process, which is ours: known to some milliseconds."""
    clock, moment = ServerClock(), 1_000_000_000.5
    # The server writes milliseconds, cut off: by its own words it is up to two of them behind.
    clock.observe(moment + 0.002, moment + 0.003, moment)
    return clock


class InstantTransport:
    """A server that creates whatever it is sent and answers at once; it counts, and keeps nothing.

    Args:
        capacity: How many requests may be under way at once.
    """

    def __init__(self, capacity: int = 20) -> None:
        self.capacity = capacity
        self.requests = 0

    async def send(self, call: Call, headers: dict[str, str], timeout: float) -> Reply[object]:  # noqa: ASYNC109
        """Answer."""
        assert (headers["Accept"], timeout > 0) == (call.accept, True)
        self.requests += 1
        answer: dict[str, object] = {"authToken": "a-token", "partitionId": "part", "expiresIn": 3600}
        if call.operation.authenticated:
            sent = cast("dict[str, object]", json.loads(call.body or b"{}"))
            answer = {**sent, "id": f"id-{self.requests}"}
        return Reply(200, {}, json.dumps(answer).encode(), 0.0001, call.request_id, None)

    async def aclose(self) -> None:
        """Close nothing."""
