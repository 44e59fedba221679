"""What the tests of undo share: jobs that have run, somebody else's login, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.bulk.journal import JournalReader
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.httpx import InProcessTransport

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.undoing.undo_report import UndoReport
    from alianza_async.sandbox import Sandbox

NUMBERS = [f"1801555{index:04}" for index in range(100)]


def subscriber(number: int, **changes: object) -> dict[str, object]:
    """Return a subscriber's row; None takes a field out."""
    row: dict[str, object] = {
        "account_number": f"SUB-{number:04}",
        "account_name": "Ardent Bakery",
        "account_type": "SIMPLE",
        "time_zone": "America/Chicago",
        "billing_cycle_day": 5,
        "username": f"user.{number}",
        "first_name": "Anna",
        "last_name": "Baker",
        "telephone_number": NUMBERS[number],
        "e911_address": "12 Main St",
        "e911_city": "Springfield",
        "e911_state": "IL",
        "postal_code": "62701",
        "mac_address": f"4AE1BC53{number:04X}",
    }
    return {name: value for name, value in (row | changes).items() if value is not None}


def subscribers(count: int) -> list[dict[str, object]]:
    """Return so many subscribers."""
    return [subscriber(number) for number in range(1, count + 1)]


def login_of(sandbox: Sandbox, name: str) -> Session:
    """Return a session of another login at the same partition."""
    return Session(
        Credentials(name, "another-made-up-password"),
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
        retry=RetryPolicy(attempts=2, wait_initial=0, wait_max=0, wait_jitter=0, settle_s=0),
        limit=LimitPolicy(rate=100_000),
    )


async def made(session: Session, kind: str, rows: object, journal: Path) -> None:
    """Run a job to its end; every row of it is done."""
    report = await session.bulk.run(kind, rows, journal=journal).run()  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert report.all_done, [result.error for result in report.results if result.error]


def undone(journal: Path, row: int = 1) -> dict[str, str]:
    """Return how far each step of a row was taken back, as the journal has it."""
    with JournalReader(journal) as reader:
        return {name: entry.status for name, entry in reader.undone(row).items()}


def sentences(report: UndoReport) -> dict[int, str]:
    """Return why each row is still there, by row."""
    return {result.row: str(result.error) for result in report.results}


def requests(sandbox: Sandbox, *operations: str) -> list[int]:
    """Return how often each operation was called."""
    counted = sandbox.truth().requests
    return [counted.get(operation, 0) for operation in operations]


def left(sandbox: Sandbox) -> tuple[int, int, int, int]:
    """Return how many accounts, users, numbers on accounts and device lines there are."""
    truth = sandbox.truth()
    return truth.accounts, truth.users, len(sandbox.store.numbers.active), truth.device_lines
