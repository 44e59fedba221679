"""What the tests of reconcile share: a journal whose process was killed, and what the server did of it."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from alianza_async.bulk.journal.memory import MemoryStore
from alianza_async.bulk.journal.store import JobFacts, RowOutcome, StepIntent, StepOutcome
from alianza_async.bulk.reconciling.reconcile import Reconciliation, reconcile
from alianza_async.models.accounts import AccountCreate
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.httpx import InProcessTransport
from tests.conftest import FAST_RETRY, UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alianza_async.bulk.journal.store import Change, Evidence, Fence
    from alianza_async.sandbox import Sandbox

Row = dict[str, object]
_SAMPLES = range(1001, 1004)


def row(number: str, name: str = "Acme") -> Row:
    """Return a row of an accounts job."""
    return {
        "account_number": number,
        "account_name": name,
        "account_type": "SIMPLE",
        "time_zone": "US/Eastern",
        "billing_cycle_day": 1,
    }


def account(number: str, name: str = "Acme") -> AccountCreate:
    """Return the account that such a row creates."""
    return AccountCreate.model_validate(row(number, name))


def other_login(sandbox: Sandbox) -> Session:
    """Return a session of another login on the same sandbox."""
    return Session(
        Credentials("somebody-else", "another-password"),
        base_url="http://localhost",
        transport=InProcessTransport(sandbox.app),
        retry=FAST_RETRY,
        limit=UNLIMITED,
    )


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; fail after five seconds."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


class Job:
    """A job whose process was killed.

    Args:
        session: Where it was sent.
        folder: Where its input is.
        rows: Its input.
        step: The step that its rows' outcomes are of.
        facts: What differs from the usual.
    """

    def __init__(
        self, session: Session, folder: Path, rows: list[Row], step: str = "account", **facts: object
    ) -> None:
        self._session = session
        self._step = step
        self._fence: Fence | None = None
        self.rows = rows
        self.input = folder / "input.jsonl"
        self.input.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
        told: dict[str, object] = {
            "job_id": "job-1",
            "kind": "accounts",
            "input": str(self.input),
            "input_sha256": None,
            "options": {},
            "base_url": "http://localhost",
            "environment": None,
            "scope": "sandbox-partition",
            "login": "tester",
            "rows": None,
        }
        self.store = MemoryStore(JobFacts(**{**told, **facts}))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async def measure(self) -> None:
        """Create a few accounts whose answers came: by them the server's clock is known to milliseconds."""
        for number in _SAMPLES:
            key = f"SAMPLE-{number}"
            await self.write(StepIntent(number, key, None, "account", key))
            sent_at = time.time()
            made = await self._session.accounts.create(account(key))
            await self.write(
                StepOutcome(number, "account", "created", key, made.id, evidence="answered", sent_at=sent_at),
                RowOutcome(number, key, None, "created", made.id, evidence="answered"),
            )

    def key(self, number: int) -> str:
        """Return a row's key."""
        values = self.rows[number - 1]
        return str(values.get("username") or values["account_number"])

    async def intend(self, number: int, *, times: int = 1, step: str | None = None) -> None:
        """Write a row's intent: it was sent, so many times."""
        key, digest = self.key(number), self.store.digest(self.rows[number - 1])
        for _ in range(times):
            await self.write(StepIntent(number, key, digest, step or self._step, key))

    async def settle(
        self, number: int, status: str, object_id: str | None = None, evidence: Evidence = "none"
    ) -> None:
        """Write how a row ended."""
        key, digest = self.key(number), self.store.digest(self.rows[number - 1])
        adopted = evidence == "history"
        await self.write(
            StepOutcome(number, self._step, status, key, object_id, evidence, adopted=adopted),
            RowOutcome(number, key, digest, status, object_id, evidence, adopted=adopted),
        )

    async def write(self, *changes: Change) -> None:
        """Write to its journal."""
        self._fence = self._fence or await self.store.lease(owner="test", ttl_s=30)
        await self.store.write(self._fence, *changes)

    async def reconcile(self, **options: object) -> Reconciliation:
        """Reconcile without waiting for anything to settle."""
        if self._fence is not None:
            await self.store.release(self._fence)
            self._fence = None
        told = {"settle_s": 0, **options}
        return await reconcile(self._session, self.store, **told)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async def statuses(self) -> list[tuple[str, str | None]]:
        """Return each row's status and object."""
        return [
            (state.entry.status, state.entry.object_id)
            async for state in self.store.entries()
            if state.entry.row not in _SAMPLES
        ]
