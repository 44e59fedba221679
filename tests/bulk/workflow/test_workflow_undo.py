from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.work import Settle
from alianza_async.bulk.engine.workflow import WorkflowKind
from alianza_async.errors import ConfigurationError, RequestRejectedError
from tests.bulk.workflow.driver import MemoryLedger, any_kind, killed
from tests.bulk.workflow.places import a_sandbox, at, carried_out, subscriber
from tests.bulk.workflow.test_small_workflows import PLAN, owned, plans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


def undo_all(
    sandbox: Sandbox, ledger: MemoryLedger, name: str = "subscribers", only: Sequence[str] | None = None
) -> list[str]:
    """Take row 1 back step by step, last first, from the journal alone; return the steps that were."""
    undone: list[str] = []

    async def take_back(session: Session) -> None:
        kind = any_kind(WorkflowKind(session, WORKFLOWS[name]))
        steps = {step: entry for (_, step), entry in ledger.entries.items()}
        for step in reversed(kind.workflow.steps):
            item = kind.item_of(steps, step=step.name)
            made = item.made.get(step.name)
            if step.undo is None or made is None or made.existed or (only and step.name not in only):
                continue
            while True:
                try:
                    await step.undo(item, made)
                except Settle as later:
                    await anyio.sleep(later.due - anyio.current_time())
                else:
                    break
            undone.append(step.name)

    at(sandbox, take_back)
    return undone


def crash(sandbox: Sandbox, ledger: MemoryLedger, *, after: int) -> None:
    """Carry a subscriber out until the process is killed after so many writes."""

    async def go(session: Session) -> bool:
        kind = any_kind(WorkflowKind(session, WORKFLOWS["subscribers"]))
        return await killed(kind, [subscriber()], ledger, after)

    assert at(sandbox, go)


def left(sandbox: Sandbox) -> tuple[int, int, int, int]:
    """Return how many accounts, users, numbers on accounts and lines there are."""
    truth = sandbox.truth()
    return truth.accounts, truth.users, truth.numbers, truth.device_lines


def test_a_subscriber_is_taken_back_and_nothing_is_left() -> None:
    """Undone in reverse, a subscriber leaves nothing behind, and its number is free again."""
    sandbox, ledger = a_sandbox(delete_pending_s=20), MemoryLedger()
    carried_out(sandbox, [subscriber()], ledger)

    undone = undo_all(sandbox, ledger)

    assert undone == ["line", "activation", "number", "user", "account"]
    assert left(sandbox) == (0, 0, 0, 0)
    stocked = sandbox.store.numbers.inventory.one("sandbox-partition", "18015550001")
    assert (stocked.account_id, stocked.reserved_by) == (None, None)


def test_undone_twice_is_undone() -> None:
    """What is gone already is done: a second run of every undo changes nothing and fails at nothing."""
    sandbox, ledger = a_sandbox(), MemoryLedger()
    carried_out(sandbox, [subscriber()], ledger)

    assert undo_all(sandbox, ledger) == undo_all(sandbox, ledger)
    assert left(sandbox) == (0, 0, 0, 0)


def test_a_reservation_alone_is_given_back() -> None:
    """A row that came no further than its reservation gives it back."""
    sandbox, ledger = a_sandbox(), MemoryLedger()

    async def crash(session: Session) -> bool:
        return await killed(
            any_kind(WorkflowKind(session, WORKFLOWS["subscribers"])), [subscriber()], ledger, 7
        )

    assert at(sandbox, crash)
    undone = undo_all(sandbox, ledger)

    assert (undone, left(sandbox)) == (["number", "user", "account"], (0, 0, 0, 0))
    stocked = sandbox.store.numbers.inventory.one("sandbox-partition", "18015550001")
    assert stocked.reserved_by is None


def test_a_reservation_that_was_used_up_is_not_given_back() -> None:
    """Once its number was on the account, a reservation is nobody's: one made since is somebody else's."""
    sandbox, ledger = a_sandbox(), MemoryLedger()
    carried_out(sandbox, [subscriber()], ledger)
    undo_all(sandbox, ledger, only=["activation"])
    stocked = sandbox.store.numbers.inventory.one("sandbox-partition", "18015550001")
    sandbox.store.numbers.inventory.reserve(stocked, "somebody else")

    undo_all(sandbox, ledger, only=["number"])

    assert stocked.reserved_by == "somebody else"


def test_a_number_that_is_not_in_service_is_waited_for() -> None:
    """A number cannot be released while its activation is under way: the release waits for it."""
    sandbox, ledger = a_sandbox(activation_s=40), MemoryLedger()

    async def crash(session: Session) -> bool:
        return await killed(
            any_kind(WorkflowKind(session, WORKFLOWS["subscribers"])), [subscriber()], ledger, 9
        )

    assert at(sandbox, crash)
    undo_all(sandbox, ledger, only=["activation"])

    assert sandbox.truth().numbers == 0


def test_what_the_server_refuses_to_take_back_is_raised() -> None:
    """An account that somebody has put another user into is not deleted: the refusal comes through."""
    sandbox, ledger = a_sandbox(), MemoryLedger()
    carried_out(sandbox, [subscriber()], ledger)

    with pytest.raises(RequestRejectedError):
        undo_all(sandbox, ledger, only=["account"])


def test_plans_are_given_back() -> None:
    """Undone, a user has the plans again that were taken away, and the new one no more."""
    sandbox, ledger = owned(), MemoryLedger()
    carried_out(sandbox, [PLAN], ledger, workflow=WORKFLOWS["calling-plans"])

    undo_all(sandbox, ledger, "calling-plans")

    assert plans(sandbox) == ["sandbox-plan-500"]


def test_a_suspended_account_has_its_status_again() -> None:
    """Undone, a suspended account has the status that it had."""
    sandbox, ledger = owned(), MemoryLedger()
    carried_out(sandbox, [{"account_number": "A-00001"}], ledger, workflow=WORKFLOWS["suspend-accounts"])

    undo_all(sandbox, ledger, "suspend-accounts")

    (account,) = sandbox.store.accounts.values()
    assert (ledger.entries[1, "suspension"].key, account["status"]) == ("ACTIVE", "ACTIVE")


def test_what_cannot_be_undone_says_what_is_lost() -> None:
    """Every step that is undone says in one plain sentence what cannot come back, or loses nothing."""
    steps = [step for name in WORKFLOWS for step in WORKFLOWS[name].steps if step.undo is not None]

    assert [step.name for step in steps if step.irreversible is None] == ["suspension"]
    assert all(step.writes for step in steps)


def test_a_step_is_found_by_its_name() -> None:
    """A workflow gives its step by name, and says so where it has none."""
    workflow = WORKFLOWS["subscribers"]

    assert workflow.step_named("line").name == "line"
    with pytest.raises(ConfigurationError, match="no step lines"):
        workflow.step_named("lines")
