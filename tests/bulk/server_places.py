"""What the tests of jobs through the server's own bulk operations share."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import anyio

from alianza_async.bulk.journal import JournalReader
from alianza_async.models.accounts import AccountCreate
from tests.bulk.engine import account, user

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alianza_async.bulk import BulkJob
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


async def add_accounts(session: Session, count: int = 1) -> list[str]:
    """Create accounts `A-00001` and so on; return their ids."""
    made = [
        await session.accounts.create(AccountCreate.model_validate(account(number)))
        for number in range(1, count + 1)
    ]
    return [one.id or "" for one in made]


def users(count: int, accounts: int = 1) -> list[dict[str, object]]:
    """Return rows of users `u-001` and so on, dealt out to the accounts."""
    return [
        user(
            f"u-{number:03}",
            account_number=f"A-{1 + (number - 1) % accounts:05}",
            first_name="Anna",
            extension=str(1000 + number),
            allow_portal_access=number % 2 == 0,
            language_tag="fr-CA",
            user_product_plan="ADVANCED",
        )
        for number in range(1, count + 1)
    ]


def usernames(sandbox: Sandbox) -> Counter[str]:
    """Return how often each user name is there."""
    return Counter(made.key for made in sandbox.store.created if made.key.startswith("u-"))


def sent(sandbox: Sandbox, *operations: str) -> tuple[int, ...]:
    """Return how often operations were called."""
    return tuple(sandbox.truth().requests.get(name, 0) for name in operations)


async def until(when: Callable[[], bool]) -> None:
    """Wait until something is so."""
    with anyio.fail_after(20):
        while not when():  # noqa: ASYNC110  (the server tells nobody)
            await anyio.sleep(0.005)


async def cut(job: BulkJob, when: Callable[[], bool]) -> None:
    """Run a job and cancel it as soon as something is so: the process is killed."""
    task = asyncio.create_task(job.run())
    try:
        await until(lambda: when() or task.done())
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def server_steps(path: Path) -> Counter[tuple[str, str | None]]:
    """Return how many rows of a journal have which status of their step `server-job`."""
    with JournalReader(path) as journal:
        steps = [journal.steps(entry.row).get("server-job") for entry in journal.entries()]
    return Counter((step.status, step.object_id) if step else ("none", None) for step in steps)


def copied(path: Path) -> Path:
    """Return a copy of a journal as it is on disk at this moment."""
    folder = path.parent / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for part in (path.name, f"{path.name}-wal"):
        shutil.copy(path.parent / part, folder / part)
    return folder / path.name


class Clock:
    """The sandbox's time, moved by hand.

    Args:
        sandbox: Whose time it is.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.now = 0.0
        sandbox.store.agenda.clock = lambda: self.now
