"""The ledger of a job, with a journal and without one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.input.rows import Row
from alianza_async.bulk.journal import Journal
from alianza_async.bulk.ledger import JournalLedger, NullLedger
from alianza_async.bulk.work import Ledger, Payload, Work
from alianza_async.errors import JournalError
from alianza_async.models.accounts import AccountCreate
from tests.bulk.journal.journals import FACTS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


def work(number: int) -> Work:
    """Return a row on its way."""
    key = f"A-{number}"
    model = AccountCreate(
        account_number=key,
        account_name="Ann",
        account_type="SIMPLE",
        time_zone="US/Eastern",
        billing_cycle_day=1,
    )
    return Work(Row(number, {"account_number": key}, None), Payload(key, model), key)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncGenerator[Journal]:
    """A new journal."""
    async with Journal.create(tmp_path / "job.db", FACTS) as made:
        yield made


async def test_without_a_journal_nothing_is_kept_but_keys() -> None:
    """Every method does nothing, at once; whether another row has a key is known all the same."""
    ledger = NullLedger(2.5)
    protocol: Ledger = ledger
    first, second = work(1), work(2)
    await protocol.intend(first, step="account", step_key="A-1")
    await protocol.settle_step(first, "account", "created", object_id="id")

    assert (protocol.settle_s, protocol.steps(first)) == (2.5, {})
    told = [
        ledger.known_elsewhere(first, "number", "+1"),
        ledger.known_elsewhere(first, "number", "+1"),
        ledger.known_elsewhere(second, "number", " +1 "),
        ledger.known_elsewhere(second, "line", "+1"),
    ]
    assert told == [False, False, True, False]
    ledger.close()
    ledger.close()


async def test_a_row_is_journaled_with_its_digest(journal: Journal) -> None:
    """Intent and steps of a row are in the journal, by its number, key and digest."""
    ledger = JournalLedger(journal, 2.0)
    protocol: Ledger = ledger
    row = work(3)
    await protocol.intend(row)
    await protocol.intend(row, step="account", step_key="A-3")
    await protocol.settle_step(row, "account", "created", object_id="id-3", attempts=1, request_id="r")

    entry = journal.entry(3)
    assert entry is not None
    assert (entry.key, entry.status) == ("A-3", "intent")
    assert entry.digest == row.digest == journal.digest(row.row.values)
    assert protocol.steps(row) == journal.steps(3)
    assert protocol.steps(row)["account"].object_id == "id-3"
    assert protocol.settle_s == 2.0
    ledger.close()


async def test_a_given_digest_is_kept(journal: Journal) -> None:
    """What the job has made of the row already is not made anew."""
    row = work(1)
    row.digest = b"given"
    await JournalLedger(journal, 2.0).intend(row)

    entry = journal.entry(1)
    assert entry is not None
    assert entry.digest == b"given"


async def test_a_key_is_known_before_it_is_on_disk(journal: Journal) -> None:
    """Another row is told of a key from the moment it is intended, and after; the row itself is not."""
    ledger = JournalLedger(journal, 2.0)
    first, second = work(1), work(2)

    def told() -> tuple[bool, bool, bool]:
        return (
            ledger.known_elsewhere(first, "number", "+1"),
            ledger.known_elsewhere(second, "number", "+1"),
            ledger.known_elsewhere(second, "line", "+1"),
        )

    before = told()
    task = asyncio.ensure_future(ledger.intend(first, step="number", step_key="+1"))
    await asyncio.sleep(0)
    meanwhile = told()
    await task

    assert (before, meanwhile, told()) == ((False,) * 3, (False, True, False), (False, True, False))


async def test_what_cannot_be_written_is_told(journal: Journal) -> None:
    """A row whose end is known cannot be intended: nothing may be sent."""
    await journal.settle(1, "A-1", b"d", "exists")

    with pytest.raises(JournalError, match="row 1 is exists"):
        await JournalLedger(journal, 2.0).intend(work(1))
