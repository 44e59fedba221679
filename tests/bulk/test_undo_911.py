from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alianza_async.bulk.undoing.undo import undo
from tests.bulk.undo_jobs import NUMBERS, left, made, sentences, subscribers

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


async def test_a_number_whose_911_address_was_refused_is_undone_only_as_a_live_one(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """It is not in service, and it rings: undo refuses it, as it does a live number, and takes it with it."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    sandbox.options = replace(sandbox.options, e911_reject="12 main")
    report = await session.bulk.run("subscribers", subscribers(2), journal=path).run()
    assert (report.failed, report.half_done.numbers_not_in_service) == (2, 2)

    refused = await undo(session, path)
    taken = await undo(session, path, include_live=True)

    assert refused.refused == 2
    assert "to cut off its calls all the same" in sentences(refused)[1]
    assert (taken.undone, left(sandbox)) == (2, (0, 0, 0, 0))


async def test_a_number_is_released_once_its_address_is_registered(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Where the server refuses to release a number while its address is registered, undo waits for that."""
    path = tmp_path / "job.db"
    sandbox.seed_inventory(NUMBERS)
    await made(session, "subscribers", subscribers(1), path)
    sandbox.options = replace(sandbox.options, strict=True)
    book = sandbox.store.numbers
    (number,) = book.active.values()
    event = book.events.open(number, "NINE_ONE_ONE_ADDRESS", "PENDING")
    sandbox.store.agenda.put_off(0.6, lambda: event.move("COMPLETED"))

    report = await undo(session, path, include_live=True)

    assert (report.undone, left(sandbox), event.status) == (1, (0, 0, 0, 0), "COMPLETED")
