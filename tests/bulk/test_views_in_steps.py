"""A step may use the session with other options: what it sends is journaled and counted all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async import Item, Made, Workflow, step
from alianza_async.bulk.engine.recording_session import RecordingSession
from alianza_async.bulk.journal.reader import JournalReader
from alianza_async.models.accounts import AccountCreate
from alianza_async.sandbox import Fault, SandboxOptions
from tests.bulk.engine import accounts, session_on

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox


async def _make(item: Item[AccountCreate]) -> Made:
    made = await item.session.with_options(timeout=3).accounts.create(item.row)
    return Made(made.id, key=made.account_number)


async def test_a_view_is_recorded_by_its_session(sandbox: Sandbox) -> None:
    """A view of a view is of the same class, and what it sends stands in the session that a row was given."""
    async with session_on(sandbox) as session:
        recording = RecordingSession.over(session)
        view = recording.with_options(timeout=3).bind(user="u").with_options(timeout=2)
        await view.accounts.create(AccountCreate.model_validate(accounts(1)[0]))
    assert type(view) is RecordingSession
    assert (recording.requests, recording.attempts, recording.accepted) == (1, 1, True)
    assert view.requests == 0


@pytest.mark.usefixtures("short_waits")
async def test_what_a_view_sends_has_its_intent(sandbox: Sandbox, tmp_path: Path) -> None:
    """A create through a view whose answer is lost is journaled, handed back and never sent twice."""
    sandbox.options = SandboxOptions(unique=False)
    sandbox.faults.add(Fault(kind="status_after", operation="createAccount", status=502))
    workflow = Workflow[AccountCreate](
        "own", step("account", _make, key="account_number"), fields=AccountCreate, key="account_number"
    )
    journal = tmp_path / "own.db"
    async with session_on(sandbox) as session:
        report = await session.bulk.workflow(workflow, accounts(1), journal=journal).run()
    assert (report.unknown, sandbox.truth().requests["createAccount"]) == (1, 1)
    with JournalReader(journal) as read:
        assert [(entry.status, entry.attempts) for entry in read.steps(1).values()] == [("unknown", 1)]
