"""What is written of one row: intents are on disk before anything is sent, outcomes ride along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine.claims import Claims
from alianza_async.bulk.engine.row_journal import RowJournal
from alianza_async.bulk.engine.valid_row import Payload
from alianza_async.bulk.engine.work import Work
from alianza_async.bulk.input.rows import Row
from alianza_async.bulk.journal import NullStore, SqliteStore
from alianza_async.bulk.journal.store import PutBack, RowOutcome, StepOutcome
from alianza_async.errors import JournalError
from alianza_async.models.accounts import AccountCreate
from tests.bulk.engine import account
from tests.bulk.journal.journals import FACTS, leased

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from alianza_async.bulk.engine.private import Change
    from alianza_async.bulk.journal.store import Fence, JournalStore


def work(number: int, digest: bytes | None = b"d") -> Work:
    """Return a row on its way."""
    values = account(number)
    model = AccountCreate.model_validate(values)
    return Work(Row(number, values, None), Payload(model.account_number, model), model.account_number, digest)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    """A new journal."""
    made = await SqliteStore.create(tmp_path / "job.db", FACTS)
    yield made
    await made.aclose()


@pytest.fixture
async def fence(store: SqliteStore) -> Fence:
    """The right to write it."""
    return await leased(store)


def journal_of(store: JournalStore, fence: Fence, row: Work) -> RowJournal:
    """Return the journal of one row."""
    return RowJournal(store, fence, row, keeps=True)


async def test_an_intent_is_on_disk_with_the_row_and_its_digest(store: SqliteStore, fence: Fence) -> None:
    """When an intent has been awaited, row and step stand in the journal, each with one more attempt."""
    journal = journal_of(store, fence, work(3))
    await journal.intend("account", "A-00003", "create", None)
    await journal.intend("account", "A-00003", "create", None)

    state = (await store.rows([3]))[3]
    step = state.steps["account"]
    assert (state.entry.key, state.entry.status, state.entry.digest) == ("A-00003", "intent", b"d")
    assert (step.status, step.key, step.purpose, step.attempts) == ("intent", "A-00003", "create", 2)
    assert journal.intended


async def test_an_update_is_journaled_with_its_old_values(store: SqliteStore, fence: Fence) -> None:
    """The intent of an update has its purpose and what it changes: it can be finished, and taken back."""
    change: Change = {"account_name": ["Old", "New"], "street": None}
    await journal_of(store, fence, work(1)).intend("account", "A-00001", "update", change)

    step = (await store.rows([1]))[1].steps["account"]
    assert (step.purpose, step.change) == (
        "update",
        '{"account_name": ["Old", "New"], "street": null}',
    )


async def test_an_outcome_rides_with_the_next_intent(store: SqliteStore, fence: Fence) -> None:
    """What is noted is written with the next write; lost with the process, it costs a look-up."""
    journal = journal_of(store, fence, work(1))
    await journal.intend("account", "A-00001", "create", None)
    journal.note(StepOutcome(1, "account", "created", object_id="id-1", evidence="answered"))
    before = (await store.rows([1]))[1].steps["account"].status
    await journal.intend("user", "ada", "create", None)

    after = (await store.rows([1]))[1].steps
    assert before == "intent"
    assert {name: step.status for name, step in after.items()} == {"account": "created", "user": "intent"}
    assert after["account"].object_id == "id-1"


async def test_what_waits_is_flushed_or_taken_once(store: SqliteStore, fence: Fence) -> None:
    """A row that has to wait writes what it has; at its end it goes with the row's outcome."""
    journal = journal_of(store, fence, work(1))
    await journal.intend("account", "A-00001", "create", None)
    journal.note(PutBack(1, "account"))
    await journal.flush()
    flushed = (await store.rows([1]))[1].steps["account"].status
    journal.note(StepOutcome(1, "account", "failed"))
    taken = journal.taken()

    assert (flushed, len(taken), journal.taken()) == ("pending", 1, [])


async def test_a_row_whose_outcome_is_known_cannot_be_intended(store: SqliteStore, fence: Fence) -> None:
    """What the journal refuses is raised: then nothing may be sent."""
    await store.write(fence, RowOutcome(1, "A-00001", b"d", "exists"))

    with pytest.raises(JournalError, match="row 1 is exists"):
        await journal_of(store, fence, work(1)).intend("account", "A-00001", "create", None)


async def test_a_key_belongs_to_the_row_that_claims_it_first(store: SqliteStore, fence: Fence) -> None:
    """Keys are compared folded, per step; the row itself may ask again, unless it found its key taken."""
    first, second = (Claims(journal_of(store, fence, work(number)), number) for number in (1, 2))
    told = [
        await first("number", "+1A"),
        await first("number", "+1A"),
        await second("number", " +1a "),
        await second("line", "+1A"),
    ]
    first.spoil("number", "+1A")

    assert told == [True, True, False, True]
    assert await first("number", "+1A") is False


async def test_without_a_journal_nothing_is_kept_but_claims() -> None:
    """A job without a journal writes nothing; whether another row has a key is known all the same."""
    store = NullStore(FACTS)
    fence = await leased(store)
    first, second = (Claims(RowJournal(store, fence, work(number), keeps=False), number) for number in (1, 2))
    journal = RowJournal(store, fence, work(1), keeps=False)
    await journal.intend("account", "A-00001", "create", None)

    told = [await first("number", "+1"), await second("number", "+1"), await second("line", "+1")]
    assert (told, await store.rows([1]), journal.known) == ([True, False, True], {}, {})
    await store.aclose()
    await store.aclose()
