"""Any order of rows, faults, stops, crashes and revoked tokens ends with every row there once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alianza_async.errors import AlianzaError
from alianza_async.policies.values import RetryPolicy
from alianza_async.sandbox import Fault, Sandbox, SandboxOptions
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.httpx import InProcessTransport
from tests.bulk.engine import account
from tests.conftest import UNLIMITED
from tools.campaign_input import Wanted
from tools.campaign_judge import DONE, Verdict, World, judge
from tools.campaign_roads import claims_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from alianza_async.bulk import BulkJob
    from alianza_async.calls.call import Call, Reply
    from alianza_async.sandbox.faults import FaultKind
    from tools.campaign_judge import Claim

KINDS: tuple[FaultKind, ...] = (
    *("status_before", "status_after", "cut_before", "cut_after"),
    *("hang_before", "hang_after", "html_after", "garbage_after"),
)
LONGEST_STEP_S = 30
PATIENCE = RetryPolicy(wait_initial=0, wait_max=0, wait_jitter=0, attempt_timeout=0.05, settle_s=0)


class Freezing:
    """A transport that stands still from one request on: as a power cut leaves it.

    Args:
        inner: What carries requests until then.
        at: Number of the request, from 1.
        carried_out: Whether that request still arrives.
        on_freeze: Called at that moment.
    """

    def __init__(
        self, inner: InProcessTransport, at: int, *, carried_out: bool, on_freeze: Callable[[], None]
    ) -> None:
        self._inner = inner
        self._left = at
        self._carried_out = carried_out
        self._on_freeze = on_freeze
        self.frozen = asyncio.Event()

    @property
    def capacity(self) -> int:
        """How many requests may be under way at once."""
        return self._inner.capacity

    async def send(
        self,
        call: Call,
        headers: dict[str, str],
        timeout: float,  # noqa: ASYNC109  (as the protocol)
    ) -> Reply[object]:
        """Send one request, or stand still."""
        self._left -= 1
        if self._left == 0:
            if self._carried_out:
                with contextlib.suppress(AlianzaError):  # a fault of its own makes no difference any more
                    await self._inner.send(call, headers, timeout)
            self._on_freeze()
            self.frozen.set()
        if self._left <= 0:
            await asyncio.Event().wait()
        return await self._inner.send(call, headers, timeout)

    async def aclose(self) -> None:
        """Close what it stands on."""
        await self._inner.aclose()


class Provisioning(RuleBasedStateMachine):
    """One job over rows that grow in number, its journal, and the sandbox it makes accounts at."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.sandbox = Sandbox(SandboxOptions(unique=False))
        self.rows: list[dict[str, object]] = []
        self.journal = self.folder / "job-0.db"
        self.state = self.folder / "state"
        os.environ["XDG_STATE_HOME"] = str(self.state)  # what is known of jobs is on the same disk
        self.crashes = 0

    # --- what may happen ------------------------------------------------------------------------------------

    @rule(count=st.integers(1, 4))
    def enqueue(self, count: int) -> None:
        """Put more rows into the input."""
        self.rows += [account(len(self.rows) + 1 + more) for more in range(count)]

    @rule(
        kind=st.sampled_from(KINDS),
        operation=st.sampled_from(["createAccount", "retrieveAccount", "*"]),
        times=st.integers(1, 3),
    )
    def order(self, kind: FaultKind, operation: str, times: int) -> None:
        """Order faults."""
        self.sandbox.faults.add(Fault(kind=kind, operation=operation, times=times))

    @rule()
    def revoke(self) -> None:
        """End every token."""
        self.sandbox.store.tokens.revoke_all()

    @precondition(lambda self: bool(self.rows))
    @rule(results=st.integers(0, 6))
    def run_some(self, results: int) -> None:
        """Run the job, or go on with it, and stop it after some results; 0 = run it to its end."""
        with contextlib.suppress(AlianzaError):  # a login that faults do not let through ends a job
            self._within(self._run(results))

    @precondition(lambda self: bool(self.rows))
    @rule(request=st.integers(1, 12), carried_out=st.booleans())
    def crash(self, request: int, *, carried_out: bool) -> None:
        """Cut the power as some request leaves, or once it has been carried out."""
        self._within(self._crash(request, carried_out=carried_out))

    # --- what must hold -------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_doubled(self) -> None:
        """No account is there twice, at any time."""
        assert self.sandbox.truth().duplicate_account_numbers == []

    @invariant()
    def what_is_done_is_there(self) -> None:
        """What the journal calls done is there, and what it calls failed says why."""
        there = {str(one["accountNumber"]) for one in self.sandbox.store.accounts.values()}
        claims = self._claims()
        assert {key for key, claim in claims.items() if claim.status in DONE} <= there
        assert [key for key, claim in claims.items() if claim.status == "failed" and not claim.reason] == []

    def teardown(self) -> None:
        """Go on without faults to the end: then every row is there once, and the journal says so."""
        try:
            self.sandbox.faults.clear()
            if self.rows:
                self._within(self._run(0, retry_failed=True))
            verdict = self._verdict()
            assert (verdict.shown(), verdict.done) == ("", len(self.rows))
        finally:
            self.sandbox.faults.release()
            self.runner.close()
            shutil.rmtree(self.folder)

    # --- how ------------------------------------------------------------------------------------------------

    def _within(self, step: Coroutine[object, object, None]) -> None:
        """Take a step; one that hangs is a finding too."""

        async def limited() -> None:
            async with asyncio.timeout(LONGEST_STEP_S):
                await step

        self.runner.run(limited())

    async def _run(self, results: int, *, retry_failed: bool = False) -> None:
        async with self._session(InProcessTransport(self.sandbox.app)) as session:
            job = self._job(session, retry_failed=retry_failed)
            number = 0
            async for _ in job:
                number += 1
                if number == results:
                    job.stop()

    async def _crash(self, request: int, *, carried_out: bool) -> None:
        self.crashes += 1
        copy, kept = self.folder / f"job-{self.crashes}.db", self.folder / f"state-{self.crashes}"

        def save() -> None:
            """Keep what a disk would have, the file first: a checkpoint alone changes it."""
            for suffix in ("", "-wal"):
                source = self.journal.with_name(self.journal.name + suffix)
                if source.exists():
                    shutil.copyfile(source, copy.with_name(copy.name + suffix))
            if self.state.exists():
                shutil.copytree(self.state, kept)

        transport = Freezing(
            InProcessTransport(self.sandbox.app), request, carried_out=carried_out, on_freeze=save
        )
        async with self._session(transport) as session:
            running = asyncio.create_task(cast("Coroutine[object, object, object]", self._job(session).run()))
            cut = asyncio.create_task(transport.frozen.wait())
            await asyncio.wait({running, cut}, return_when=asyncio.FIRST_COMPLETED)
            was_cut = cut.done()
            for task in (running, cut):
                task.cancel()
            await asyncio.gather(running, cut, return_exceptions=True)
        if was_cut:
            self.journal = copy
            if kept.exists():
                shutil.rmtree(self.state)
                kept.rename(self.state)

    def _session(self, transport: InProcessTransport | Freezing) -> Session:
        login = Credentials("tester", "a-made-up-password")
        return Session(
            login, base_url="http://localhost", transport=transport, retry=PATIENCE, limit=UNLIMITED
        )

    def _job(self, session: Session, *, retry_failed: bool = False) -> BulkJob:
        if self.journal.exists():
            return session.bulk.resume(self.journal, list(self.rows), retry_failed=retry_failed)
        return session.bulk.create_accounts(list(self.rows), journal=self.journal, max_failures="off")

    def _claims(self) -> dict[str, Claim]:
        return claims_of(self.journal)

    def _verdict(self) -> Verdict:
        wanted = [
            Wanted(str(row["account_number"]), str(row["account_number"]), str(row["account_name"]))
            for row in self.rows
        ]
        return judge(
            "accounts", wanted, self._claims(), World(accounts=list(self.sandbox.store.accounts.values()))
        )


TestProvisioning = pytest.mark.usefixtures("_state_of_its_own", "short_waits")(Provisioning.TestCase)
TestProvisioning.settings = settings(
    max_examples=40, stateful_step_count=15, derandomize=True, deadline=None, database=None
)
