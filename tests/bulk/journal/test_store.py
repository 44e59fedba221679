"""What every store keeps: one suite for all of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.journal import (
    Control,
    Entry,
    PutBack,
    RowOutcome,
    StepEntry,
    StepIntent,
    StepOutcome,
    UndoEntry,
    UndoIntent,
    UndoOutcome,
)
from alianza_async.errors import CallContext, InvalidInputError, JournalError, RequestRejectedError
from tests.bulk.journal.journals import FACTS, entry_of, intent, outcome, step_of

if TYPE_CHECKING:
    from alianza_async.bulk.journal import Fence, JournalStore

CONTEXT = CallContext("createAccount", "POST", "/v2/partition/{partition_id}/account", "r-1", 1)


async def test_intent_and_outcome_fill_one_row_and_one_step(
    store: JournalStore, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is known of a row and its step is kept; times are those of the writing, in milliseconds."""
    error = RequestRejectedError(
        "answered 400: no",
        context=CONTEXT,
        status=400,
        messages=["number 7 is taken"],
        server_request_id="s-9",
    )
    monkeypatch.setattr("time.time", lambda: 1000.5004)
    await store.write(fence, StepIntent(4, " A-4 ", b"digest", "account", "a-4", "update", '{"x": [1, 2]}'))
    monkeypatch.setattr("time.time", lambda: 1002.25)
    await store.write(
        fence,
        StepOutcome(
            *(4, "account", "failed", None, "id-4", "history", "detail"),
            error=error,
            request_id="r-3",
            adopted=True,
            sent_at=1001.1234,
        ),
        RowOutcome(
            *(4, "A-4", b"digest", "failed", "id-4", "none", error, "r-4", True, "account"),
            attempts=3,
        ),
    )
    state = (await store.rows([4]))[4]

    told = {"error_class": "RequestRejectedError", "error": "400: refused", "message": "number 7 is taken"}
    assert state.entry == Entry(
        *(4, "A-4", b"digest", "failed", "id-4"),
        **told,  # type: ignore[arg-type]
        attempts=3,
        request_id="r-4",
        adopted=True,
        intent_at=1000.5,
        settled_at=1002.25,
        evidence="none",
        failed_step="account",
        server_request_id="s-9",
    )
    assert state.steps == {
        "account": StepEntry(
            *(4, "account", "a-4", "failed", "id-4", "detail"),
            **told,  # type: ignore[arg-type]
            attempts=1,
            request_id="r-3",
            adopted=True,
            intent_at=1000.5,
            settled_at=1002.25,
            purpose="update",
            change='{"x": [1, 2]}',
            evidence="history",
            first_intent_at=1000.5,
            sent_at=1001.123,
            server_request_id="s-9",
        )
    }


async def test_every_intent_counts_and_forgets_what_no_longer_holds(
    store: JournalStore, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attempts of row and step grow by one with each intent and never fall; the first intent's time stays."""
    for now, step in ((1.0, "account"), (2.0, "account"), (3.0, "user")):
        monkeypatch.setattr("time.time", lambda now=now: now)
        await store.write(fence, intent(1, step))
    await store.write(
        fence,
        StepOutcome(
            1, "account", "failed", object_id="x", detail="d", error=InvalidInputError("no"), sent_at=2.5
        ),
        RowOutcome(1, "A-1", b"d", "failed", object_id="x", failed_step="account", attempts=1),
    )
    monkeypatch.setattr("time.time", lambda: 4.0)
    await store.write(fence, intent(1))

    again = (await store.rows([1]))[1]
    assert again.entry == Entry(1, "A-1", b"d", "intent", attempts=4, intent_at=4.0)
    assert again.steps["account"] == StepEntry(
        *(1, "account", "A-1", "intent"),
        attempts=3,
        intent_at=4.0,
        purpose="create",
        first_intent_at=1.0,
    )


async def test_a_change_stays_with_its_purpose(store: JournalStore, fence: Fence) -> None:
    """An update that is sent again keeps its journaled old values; another purpose has none of them."""
    seen: list[str | None] = []
    for purpose, change in (("update", "{1}"), ("update", None), ("update", "{2}"), ("create", None)):
        await store.write(fence, StepIntent(1, "A-1", b"d", "account", None, purpose, change))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        seen.append((await store.rows([1]))[1].steps["account"].change)
    await store.write(fence, StepOutcome(1, "account", "updated", change="{3}"))
    step = await step_of(store, 1)

    assert seen == ["{1}", "{1}", "{2}", None]
    assert step is not None
    assert (step.change, step.purpose) == ("{3}", "create")


async def test_steps_end_each_for_itself(store: JournalStore, fence: Fence) -> None:
    """The outcome of a step leaves its row and the other steps as they are; it may come without an intent."""
    await store.write(fence, intent(4))
    await store.write(fence, StepOutcome(4, "account", "created", object_id="id-4", evidence="answered"))
    await store.write(fence, StepOutcome(4, "user", "skipped", step_key="u-4"))
    state = (await store.rows([4]))[4]

    assert state.entry.status == "intent"
    assert {name: (step.key, step.status, step.attempts) for name, step in state.steps.items()} == {
        "account": ("A-4", "created", 1),
        "user": ("u-4", "skipped", 0),
    }


async def test_what_is_put_back_may_be_sent(store: JournalStore, fence: Fence) -> None:
    """A row and its step that were looked up and are absent are pending, then an intent again."""
    await store.write(fence, intent(1))
    await store.write(
        fence,
        StepOutcome(1, "account", "unknown", object_id="x", detail="d", error=InvalidInputError("no")),
        RowOutcome(1, "A-1", b"d", "unknown", object_id="x", failed_step="account"),
    )
    await store.write(fence, PutBack(1, "account"), PutBack(1))
    entry, step = await entry_of(store, 1), await step_of(store, 1)
    await store.write(fence, intent(1))

    assert entry is not None
    assert step is not None
    at = entry.intent_at
    assert entry == Entry(1, "A-1", b"d", "pending", attempts=1, intent_at=at)
    assert step == StepEntry(
        1, "account", "A-1", "pending", attempts=1, intent_at=at, first_intent_at=at, purpose="create"
    )
    again = await step_of(store, 1)
    assert again is not None
    assert (again.status, again.attempts) == ("intent", 2)


async def test_a_write_is_whole_or_not_there(store: JournalStore, fence: Fence) -> None:
    """Where one change of a write cannot be, none of it is; the others that wait are written."""
    await store.write(fence, RowOutcome(1, "A-1", b"d", "exists"))

    done = await asyncio.gather(
        store.write(fence, intent(5), intent(1)),
        store.write(fence, intent(2)),
        store.write(fence, *outcome(3)),
        store.write(fence, intent(4), *outcome(4)),
        return_exceptions=True,
    )

    assert [type(each).__name__ for each in done] == ["JournalError", "NoneType", "JournalError", "NoneType"]
    assert "row 1 is exists in the journal, and from there it cannot become intent" in str(done[0])
    assert "step account of row 3 is not in the journal, and cannot begin as created" in str(done[2])
    assert {row: state.entry.status for row, state in (await store.rows(range(1, 9))).items()} == {
        1: "exists",
        2: "intent",
        4: "created",
    }
    assert await step_of(store, 1) is None
    assert store.broken is None


async def test_a_write_of_hundreds_of_changes_is_whole_too(store: JournalStore, fence: Fence) -> None:
    """However many changes belong together, all are there or none."""
    await store.write(fence, RowOutcome(300, "A-300", b"d", "exists"))

    with pytest.raises(JournalError, match="row 300 is exists"):
        await store.write(fence, *(intent(row) for row in range(1, 301)))
    before = await store.counts()
    await store.write(fence, *(intent(row) for row in range(1, 300)))

    assert before == {"exists": 1}
    assert await store.counts() == {"exists": 1, "intent": 299}


async def test_rows_are_found_by_number_and_by_key(store: JournalStore, fence: Fence) -> None:
    """A batch is one question; of several rows with one key the first that is not invalid is found."""
    await store.write(
        fence,
        RowOutcome(1, "Cafe\u0301", b"d", "invalid"),
        RowOutcome(2, " Caf\u00e9 ", b"d", "exists"),
        RowOutcome(3, "\udce9", b"d", "invalid"),
        RowOutcome(4, None, None, "invalid"),
        RowOutcome(5, "Caf\u00e9", b"d", "exists"),
    )
    by_number = await store.rows([2, 4, 4, 77])
    by_key = await store.rows_by_key(["Caf\u00e9", "Cafe\u0301 ", "\udce9", "A-1"])

    assert {row: (state.entry.key, state.entry.digest) for row, state in by_number.items()} == {
        2: ("Caf\u00e9", b"d"),
        4: (None, None),
    }
    assert {key: state.entry.row for key, state in by_key.items()} == {
        "Caf\u00e9": 2,
        "Cafe\u0301 ": 2,
        "\udce9": 3,
    }
    assert await store.rows([]) == {}
    assert await store.rows_by_key([]) == {}
    assert await store.last_row() == 5


async def test_entries_come_by_row_each_once(store: JournalStore, fence: Fence) -> None:
    """Whatever the statuses, rows come by number; with `resent` and `adopted`, those of either kind."""
    statuses = ["exists", "invalid", "failed"]
    await asyncio.gather(
        *(
            store.write(fence, RowOutcome(row, f"A-{row}", b"d", statuses[row % 3]))
            for row in range(99, 0, -1)
        )
    )
    await store.write(fence, intent(100), intent(100), intent(101), intent(101, "user"), intent(102))
    await store.write(fence, StepOutcome(102, "account", "exists", adopted=True))

    async def rows(*wanted: str, resent: bool = False, adopted: bool = False) -> list[int]:
        entries = store.entries(*wanted, resent=resent, adopted=adopted)
        return [state.entry.row async for state in entries]

    assert await rows() == list(range(1, 103))
    assert await rows("exists") == list(range(3, 100, 3))
    assert await rows("failed", "exists", "failed") == [row for row in range(1, 100) if row % 3 != 1]
    assert await rows("unknown") == []
    assert await rows(resent=True) == [100]
    assert await rows(adopted=True) == [102]
    assert await rows("intent", resent=True, adopted=True) == [100, 102]
    assert await store.counts() == {"exists": 33, "invalid": 33, "failed": 33, "intent": 3}


async def test_what_is_undone_is_kept_by_step(store: JournalStore, fence: Fence) -> None:
    """Undoing keeps id and reason, and nothing of a server's words."""
    await store.write(fence, UndoIntent(2, "number"))
    await store.write(fence, UndoOutcome(2, "number", "failed", "n-2", InvalidInputError("no")))

    (entry,) = (await store.undone(2)).values()
    assert entry == UndoEntry(
        *(2, "number", "failed", "n-2", "InvalidInputError", "it cannot be sent"),
        entry.intent_at,
        entry.settled_at,
    )
    assert await store.undone(1) == {}
    assert await store.undo_counts() == {"failed": 1}


async def test_a_key_has_one_owner(store: JournalStore, fence: Fence) -> None:
    """Of all that claim a key at once one has it, and each gets its number; each step has its own keys."""
    owners = await asyncio.gather(*(store.claim(fence, "number", "+1 555", row) for row in range(1, 40)))
    (first,) = set(owners)

    assert await store.owner_of("number", "+1 555") == first
    assert await store.claim(fence, "number", "+1 555", first) == first
    assert await store.claim(fence, "user", "+1 555", 99) == 99
    assert await store.owner_of("number", "+1 556") is None
    await store.write(fence, intent(7))
    assert await store.owner_of("account", "A-7") == 7


async def test_what_is_known_of_the_job_is_live(store: JournalStore, fence: Fence) -> None:
    """What is written of the job is there at once; the run that made the journal is its first."""
    made = store.facts
    await store.set_job(fence, state="running", rows=5000, scope="p-1")
    await asyncio.gather(
        store.set_job(fence, login="another"), store.set_job(fence, options={"concurrency": 7})
    )
    running = store.facts
    await store.set_job(fence, state="stopped")
    stopped = store.facts

    assert (made.job_id, made.options, made.state, made.runs) == (FACTS.job_id, FACTS.options, "running", 1)
    assert (running.rows, running.scope, running.runs, running.ended_at) == (5000, "p-1", 1, None)
    assert (running.login, running.options) == ("another", {"concurrency": 7})
    assert stopped == replace(running, state="stopped", ended_at=stopped.ended_at)
    assert stopped.ended_at is not None
    assert (await store.control(), store.suspicion) == (Control(), None)
    with pytest.raises(JournalError, match="the job cannot be written"):
        await store.set_job(fence, state="lost")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert (store.facts, store.broken) == (stopped, None)


async def test_changes_of_one_row_keep_their_order(store: JournalStore, fence: Fence) -> None:
    """What is written of one row at once is written as it was submitted."""
    for row in range(1, 20):
        await asyncio.gather(
            store.write(fence, intent(row)),
            store.write(fence, *outcome(row, "unknown")),
            store.write(fence, PutBack(row), PutBack(row, "account")),
            store.write(fence, intent(row)),
            store.write(fence, *outcome(row)),
        )

    assert await store.counts() == {"created": 19}


async def test_who_is_cancelled_takes_nothing_back(store: JournalStore, fence: Fence) -> None:
    """A change whose waiter is cancelled is written all the same."""
    tasks = [asyncio.ensure_future(store.write(fence, intent(row))) for row in range(1, 31)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    await store.write(fence, intent(31))

    assert asyncio.CancelledError in {type(each) for each in done}
    assert await store.counts() == {"intent": 31}


async def test_a_digest_is_of_the_values(store: JournalStore) -> None:
    """Equal values have one digest, in whatever order; others have another."""
    digests = [
        store.digest({"a": "1", "b": [1]}),
        store.digest({"b": [1], "a": "1"}),
        store.digest({"a": "2"}),
    ]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]
    assert {len(digest) for digest in digests} == {16}
