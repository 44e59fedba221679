"""An id that cannot be printed is no answer: no outcome is built on it, and no table shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk import Made, Workflow, step
from alianza_async.models.accounts import AccountCreate
from tests.bulk.engine import accounts

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.session import Session

STEERING = "a1\x1b[2J\u202e"


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("answered", [STEERING, Made(STEERING), Made(STEERING, existed=True)])
async def test_a_step_that_answers_one_is_lost(
    session: Session, tmp_path: Path, answered: str | Made
) -> None:
    """What was sent may be there: it is looked up, and where that shows nothing better it stays unknown."""

    async def send(_item: object) -> str | Made:
        return answered

    async def find(_item: object) -> Made:
        return Made(STEERING, existed=True)

    workflow = Workflow(
        "mine",
        step("thing", send, key="account_number", find=find),
        fields=AccountCreate,
        key="account_number",
    )
    job = session.bulk.workflow(
        workflow, accounts(1), results=tmp_path / "out.csv", journal=tmp_path / "j.db", settle_s=0
    )
    report = await job.run()
    assert (report.unknown, report.created, report.exists) == (1, 0, 0)
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert "an id that cannot be printed" in text
    assert "\x1b" not in text


@pytest.mark.usefixtures("short_waits")
async def test_a_look_up_that_answers_a_usable_one_settles_it(session: Session, tmp_path: Path) -> None:
    """The look-up shows the object under an id that is one: that is the row's."""

    async def send(_item: object) -> str:
        return STEERING

    async def find(_item: object) -> Made:
        return Made("a1", existed=True)

    workflow = Workflow(
        "mine",
        step("thing", send, key="account_number", find=find),
        fields=AccountCreate,
        key="account_number",
    )
    report = await session.bulk.workflow(workflow, accounts(1), journal=tmp_path / "j.db", settle_s=0).run()
    assert (report.unknown, report.exists) == (0, 1)
