from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from alianza_async.bulk.engine.kind import made_of
from alianza_async.bulk.engine.turns import Later
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.undoing.undo_rows import UndoSteps
from alianza_async.errors import ConfigurationError, RequestRejectedError
from alianza_async.sandbox.faults import Fault
from tests.bulk.workflow.driver import KillableStore, killed
from tests.bulk.workflow.places import a_sandbox, at, carried_out, kind_on, subscriber
from tests.bulk.workflow.test_small_workflows import PLAN, owned, plans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


def undo_all(
    sandbox: Sandbox, store: KillableStore, name: str = "subscribers", only: Sequence[str] | None = None
) -> list[str]:
    """Undo row 1 step by step, last first, from the journal alone; return the steps that were undone."""
    undone: list[str] = []

    async def take_back(session: Session) -> None:
        kind = kind_on(session, WORKFLOWS[name])
        state = (await store.rows([1]))[1]
        for target in reversed(UndoSteps(kind.workflow, unverified=False).of(state, {}).targets):
            if only and target.name not in only:
                continue
            item = kind.item_of(session, state.steps, step=target.name)
            take = target.step.restore if target.restores else target.step.undo
            assert take is not None
            while True:
                try:
                    await take(item, made_of(target.entry))
                except Later as later:
                    await anyio.sleep(later.due - anyio.current_time())
                else:
                    break
            undone.append(target.name)

    at(sandbox, take_back)
    return undone


def crash(sandbox: Sandbox, store: KillableStore, *, after: int) -> None:
    """Run a subscriber without a device until the process is killed after so many writes."""

    async def go(session: Session) -> bool:
        return await killed(kind_on(session), [subscriber(mac_address=None)], store, after)

    assert at(sandbox, go)


def left(sandbox: Sandbox) -> tuple[int, int, int, int]:
    """Return how many accounts, users, numbers on accounts and lines there are."""
    truth = sandbox.truth()
    return truth.accounts, truth.users, truth.numbers, truth.device_lines


def test_a_subscriber_is_taken_back_and_nothing_is_left() -> None:
    """Undone in reverse, a subscriber leaves nothing behind, and its number is free again."""
    sandbox, store = a_sandbox(delete_pending_s=20), KillableStore()
    carried_out(sandbox, [subscriber()], store)

    undone = undo_all(sandbox, store)

    assert undone == ["line", "activation", "number", "user", "account"]
    assert left(sandbox) == (0, 0, 0, 0)
    stocked = sandbox.store.numbers.inventory.one("sandbox-partition", "18015550001")
    assert (stocked.account_id, stocked.reserved_by) == (None, None)


def test_undone_twice_is_undone() -> None:
    """What is gone already is done: a second run of every undo changes nothing and fails at nothing."""
    sandbox, store = a_sandbox(), KillableStore()
    carried_out(sandbox, [subscriber()], store)

    assert undo_all(sandbox, store) == undo_all(sandbox, store)
    assert left(sandbox) == (0, 0, 0, 0)


def test_a_reservation_alone_is_given_back() -> None:
    """A row that came no further than its reservation gives it back."""
    sandbox, store = a_sandbox(), KillableStore()
    activate = "createOrAddTelephoneNumberToAccount"
    sandbox.faults.add(Fault(kind="status_before", operation=activate, status=403))
    carried_out(sandbox, [subscriber()], store)
    undone = undo_all(sandbox, store)

    assert (undone, left(sandbox)) == (["number", "user", "account"], (0, 0, 0, 0))
    stocked = sandbox.store.numbers.inventory.one("sandbox-partition", "18015550001")
    assert stocked.reserved_by is None


def test_a_reservation_that_was_used_up_is_not_given_back() -> None:
    """Once its number was on the account, a reservation is nobody's: one made since is somebody else's."""
    sandbox, store = a_sandbox(), KillableStore()
    carried_out(sandbox, [subscriber()], store)
    undo_all(sandbox, store, only=["activation"])
    stocked = sandbox.store.numbers.inventory.one("sandbox-partition", "18015550001")
    sandbox.store.numbers.inventory.reserve(stocked, "somebody else")

    undo_all(sandbox, store, only=["number"])

    assert stocked.reserved_by == "somebody else"


def test_a_number_that_is_not_in_service_is_waited_for() -> None:
    """A number cannot be released while its activation is under way: the release waits for it."""
    sandbox, store = a_sandbox(activation_s=40), KillableStore()
    crash(sandbox, store, after=5)
    undo_all(sandbox, store, only=["activation"])

    assert sandbox.truth().numbers == 0


def test_what_the_server_refuses_to_take_back_is_raised() -> None:
    """An account that somebody has put another user into is not deleted: the refusal comes through."""
    sandbox, store = a_sandbox(), KillableStore()
    carried_out(sandbox, [subscriber()], store)

    with pytest.raises(RequestRejectedError):
        undo_all(sandbox, store, only=["account"])


def test_plans_are_given_back() -> None:
    """Undone, a user has the plans again that were taken away, and the new one no more."""
    sandbox, store = owned(), KillableStore()
    carried_out(sandbox, [PLAN], store, workflow=WORKFLOWS["calling-plans"])

    undo_all(sandbox, store, "calling-plans")

    assert plans(sandbox) == ["sandbox-plan-500"]


def test_a_suspended_account_has_its_status_again() -> None:
    """Undone, a suspended account has the status that it had."""
    sandbox, store = owned(), KillableStore()
    carried_out(sandbox, [{"account_number": "A-00001"}], store, workflow=WORKFLOWS["suspend-accounts"])

    undo_all(sandbox, store, "suspend-accounts")

    (account,) = sandbox.store.accounts.values()
    change = store.step(1, "suspension").change
    assert (change, account["status"]) == ('{"status": ["ACTIVE", "SUSPENDED"]}', "ACTIVE")


def test_what_cannot_be_undone_says_what_is_lost() -> None:
    """Every step that is undone says in one plain sentence what cannot come back, or loses nothing."""
    steps = [step for name in WORKFLOWS for step in WORKFLOWS[name].steps if step.undo is not None]

    assert all(step.irreversible and step.writes for step in steps)
    assert all(step.subject or step.holders or step.name == "number" for step in steps)


def test_a_step_is_found_by_its_name() -> None:
    """A workflow gives its step by name, and says so where it has none."""
    workflow = WORKFLOWS["subscribers"]

    assert workflow.step_named("line").name == "line"
    with pytest.raises(ConfigurationError, match="no step lines"):
        workflow.step_named("lines")
