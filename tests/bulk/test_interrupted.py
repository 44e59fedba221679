"""Jobs with a journal that are stopped: what is then in the journal, the report and the result file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alianza_async.bulk.journal import JournalReader, RowOutcome, SqliteStore, StepIntent, StepOutcome
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import accounts, read_csv, session_on, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


def state_of(path: Path) -> tuple[str, int | None]:
    """Return a journal's state and number of rows."""
    with JournalReader(path) as reader:
        return reader.facts.state, reader.facts.rows


async def test_stopped_by_a_signals_handler(sandbox: Sandbox, tmp_path: Path) -> None:
    """A handler that runs in no task may stop a job; after the grace period what is under way is named."""
    sandbox.faults.add(Fault(kind="hang_before", operation="createAccount", times=None))
    rows = write_csv(tmp_path / "a.csv", accounts(3))
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(
            rows, journal=tmp_path / "job.db", grace_s=0.05, concurrency=2, results=tmp_path / "out.csv"
        )
        asyncio.get_running_loop().call_later(0.3, job.stop)
        report = await job.run()
    assert (report.unsettled, report.skipped, report.created) == ((1, 2), 1, 0)
    assert [line["result_status"] for line in read_csv(tmp_path / "out.csv")] == [
        "unknown",
        "unknown",
        "skipped",
    ]
    assert state_of(tmp_path / "job.db") == ("stopped", 3)


async def test_stopped_when_all_was_taken(session: Session, tmp_path: Path) -> None:
    """A job that is told to stop once every row had its turn is finished: there is nothing to go on with."""
    job = session.bulk.create_accounts(accounts(3), journal=tmp_path / "job.db")
    seen = 0
    async for _ in job:
        seen += 1
        if seen == 3:
            job.stop()
    assert state_of(tmp_path / "job.db") == ("finished", 3)


async def test_stopped_before_its_rows_were_looked_up(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A resumed job that stops at once calls what may have been sent unknown, and not merely unsent."""
    rows = write_csv(tmp_path / "a.csv", accounts(4))
    first = session.bulk.create_accounts(rows, journal=tmp_path / "first.db", concurrency=1)
    await first.run()
    with JournalReader(tmp_path / "first.db") as reader:
        facts = reader.facts
    made = await SqliteStore.create(tmp_path / "job.db", facts)
    fence = await made.lease(owner="test", ttl_s=60)
    for row, values in enumerate(accounts(3), 1):
        key = str(values["account_number"])
        # As a file's rows have them: every value is text.
        digest = made.digest({name: str(value) for name, value in values.items()})
        await made.write(fence, StepIntent(row, key, digest, "account", key))
        if row != 1:
            status = "created" if row == 2 else "failed"
            await made.write(fence, StepOutcome(row, "account", status), RowOutcome(row, key, digest, status))
    await made.aclose()
    sent = sum(sandbox.truth().requests.values())
    job = session.bulk.resume(tmp_path / "job.db", results=tmp_path / "out.csv", retry_failed=True)
    job.stop()
    report = await job.run()
    assert sum(sandbox.truth().requests.values()) == sent
    assert [line["result_status"] for line in read_csv(tmp_path / "out.csv")] == [
        "unknown",
        "created",
        "failed",
        "skipped",
    ]
    assert (report.unknown, report.created, report.failed, report.skipped) == (1, 1, 1, 1)
    assert state_of(tmp_path / "job.db") == ("stopped", 4)
    report = await session.bulk.resume(tmp_path / "job.db", results=tmp_path / "out.csv", settle_s=0).run()
    # The first job had made the account of row 1 before this one's intent: it is not this job's.
    assert (report.created, report.failed, report.exists) == (1, 1, 2)


async def test_what_a_journal_is_told(session: Session, tmp_path: Path) -> None:
    """It is told how many rows there are and at which rate they are sent: a resume goes on so."""
    rows = write_csv(tmp_path / "a.csv", accounts(3))
    await session.bulk.create_accounts(rows, journal=tmp_path / "job.db").run()
    with JournalReader(tmp_path / "job.db") as reader:
        assert (reader.facts.rows, reader.facts.options["rate"]) == (3, session.full_rate)
