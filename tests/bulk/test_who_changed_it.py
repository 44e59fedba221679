"""A change whose answer was lost, and that is as it was wanted: account history says whose work that is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import pytest

from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.store import Entry, RowState, StepEntry
from alianza_async.bulk.kinds.removals import SUSPEND_ACCOUNTS
from alianza_async.bulk.undoing.undo import undo
from alianza_async.bulk.undoing.undo_rows import UndoSteps
from alianza_async.models.calling_plans import CallingPlanChange
from alianza_async.sandbox.faults import Fault
from tests.bulk.conftest import measured_exactly
from tests.bulk.engine import account, session_on, user, write_csv
from tests.bulk.test_cut_off_updates import THERE, cut_off
from tests.bulk.undo_jobs import login_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

HISTORY: Final = ("accountHistoryByAccountNumberSearch", "accountHistoryByAccountIdSearch")
_MAC: Final = "4AE1BC530001"
_OLD, _NEW, _OTHER = "sandbox-plan-500", "sandbox-plan-2000", "sandbox-plan-unlimited"
_ANN: Final[dict[str, object]] = {"accountNumber": "A-00001", "username": "ann"}
_LINE: Final[dict[str, object]] = {
    **_ANN,
    "macAddress": _MAC,
    "lineNumber": 1,
    "deviceTypeId": "Generic",
    "deviceName": "An old name",
    "faxEnabled": False,
}
_OWNER: Final = {"account_number": "A-00001", "username": "ann"}


@dataclass(frozen=True)
class Case:
    """A kind that changes something.

    Attributes:
        kind: The kind.
        step: The step that changes it.
        row: The row.
        sends: The operation that changes it.
        now: What is there now, as a text.
        by_another: Makes it as the row wants it, by another login.
        things: What is there beforehand.
    """

    kind: str
    step: str
    row: dict[str, object]
    sends: str
    now: Callable[[Sandbox], object]
    by_another: Callable[[Session, Sandbox], Awaitable[object]]
    things: dict[str, list[dict[str, object]]] = field(default_factory=dict[str, "list[dict[str, object]]"])

    def __str__(self) -> str:
        """Return the kind."""
        return self.kind


def _account(sandbox: Sandbox) -> dict[str, object]:
    (only,) = sandbox.store.accounts.values()
    return only


def _user(sandbox: Sandbox) -> dict[str, object]:
    (only,) = sandbox.store.users.values()
    return only


def _line(sandbox: Sandbox) -> dict[str, object]:
    (only,) = sandbox.store.lines.lines.values()
    return only


def _plans(sandbox: Sandbox) -> object:
    return sorted(plan.product_id for plan in sandbox.store.plans.everything())


async def _remove_plan(session: Session, sandbox: Sandbox) -> None:
    change = CallingPlanChange(
        reference_type="END_USER", reference_id=str(_user(sandbox)["id"]), calling_plan_product_id=_OLD
    )
    await session.calling_plans.remove(str(_account(sandbox)["id"]), change)


def _id(thing: dict[str, object]) -> str:
    return str(thing["id"])


_USER: Final[dict[str, list[dict[str, object]]]] = {
    "accounts": [THERE],
    "users": [{**_ANN, "timeZone": "US/Pacific"}],
}
CASES: Final = (
    Case(
        "accounts",
        "account",
        account(1),
        "accountPatch",
        lambda sandbox: _account(sandbox)["accountName"],
        lambda session, sandbox: session.accounts.patch(
            _id(_account(sandbox)), {"accountName": "Ardent Bakery"}
        ),
        {"accounts": [THERE]},
    ),
    Case(
        "users",
        "user",
        {**user("ann"), "account_number": "A-00001"},
        "patchEndUser",
        lambda sandbox: _user(sandbox)["timeZone"],
        lambda session, sandbox: session.users.patch(
            _id(_account(sandbox)), _id(_user(sandbox)), {"timeZone": "US/Eastern"}
        ),
        _USER,
    ),
    Case(
        "device-lines",
        "line",
        {**_OWNER, "mac_address": _MAC},
        "updateDevice",
        lambda sandbox: _line(sandbox)["deviceName"],
        lambda session, sandbox: session.device_lines.patch(
            _id(_account(sandbox)), _id(_line(sandbox)), {"deviceName": f"{_MAC} line 1"}
        ),
        {**_USER, "lines": [_LINE]},
    ),
    Case(
        "suspend-accounts",
        "suspension",
        {"account_number": "A-00001"},
        "accountPatch",
        lambda sandbox: _account(sandbox)["status"],
        lambda session, sandbox: session.accounts.patch(_id(_account(sandbox)), {"status": "SUSPENDED"}),
        {"accounts": [THERE]},
    ),
    Case(
        "calling-plans",
        "others",
        {**_OWNER, "calling_plan_product_id": _NEW},
        "removePlan",
        _plans,
        _remove_plan,
        {**_USER, "plans": [{**_ANN, "callingPlanProductId": _OLD}]},
    ),
)


def on_exists(case: Case) -> Literal["skip", "update"]:
    """Return what is to become of what is there."""
    return "update" if case.kind in {"accounts", "users", "device-lines"} else "skip"


each = pytest.mark.parametrize("case", CASES, ids=str)


def step_of(path: Path, case: Case) -> StepEntry:
    """Return what the journal has of the step that changes something."""
    with JournalReader(path) as reader:
        return reader.steps(1)[case.step]


async def left_lost(sandbox: Sandbox, case: Case, path: Path, folder: Path) -> object:
    """Have a job cut off before its change is carried out; return what was there before."""
    sandbox.seed(case.things, login="crm", ago_s=9_999)
    before = case.now(sandbox)
    rows = write_csv(folder / "in.csv", [case.row])
    async with session_on(sandbox) as session:
        job = session.bulk.run(case.kind, rows, journal=path, on_exists=on_exists(case))
        await cut_off(sandbox, job, case.sends)
    return before


async def by_another(sandbox: Sandbox, case: Case) -> None:
    """Have another login make it as the row wants it."""
    async with login_of(sandbox, "another") as another:
        await case.by_another(another, sandbox)


def no_history(sandbox: Sandbox) -> None:
    """Let nobody read account history."""
    sandbox.faults.add(
        *(Fault(kind="status_before", operation=name, status=403, times=None) for name in HISTORY)
    )


@pytest.mark.usefixtures("short_waits")
@each
async def test_what_another_made_so_is_left_by_an_undo(
    session: Session, sandbox: Sandbox, tmp_path: Path, case: Case
) -> None:
    """History shows another login: the row is not this job's, and no undo takes it back."""
    path = tmp_path / "job.db"
    await left_lost(sandbox, case, path, tmp_path)
    await by_another(sandbox, case)
    theirs = case.now(sandbox)

    await session.bulk.resume(path).run()

    step = step_of(path, case)
    assert (step.status, step.evidence, step.adopted) == ("exists", "none", False)
    # The plan that was bought is this job's, but the only one that the user has left.
    left = 1 if case.kind == "calling-plans" else 0
    for unverified in (False, True):
        report = await undo(session, path, unverified=unverified)
        assert (report.restored, report.undone, report.refused, report.maker_unknown) == (0, 0, left, 0)
    assert case.now(sandbox) == theirs


@pytest.mark.usefixtures("short_waits")
@each
async def test_what_nobody_is_proven_to_have_changed_is_maker_unknown(
    session: Session, sandbox: Sandbox, tmp_path: Path, case: Case
) -> None:
    """Without account history: it is as wanted, maker unknown, and restored only where that is asked for."""
    path = tmp_path / "job.db"
    before = await left_lost(sandbox, case, path, tmp_path)
    await by_another(sandbox, case)
    theirs = case.now(sandbox)
    no_history(sandbox)

    report = await session.bulk.resume(path).run()

    step = step_of(path, case)
    assert (step.status, step.evidence, step.adopted, report.maker_unknown) == ("exists", "none", True, 1)
    left = await undo(session, path)
    assert (left.undone, left.restored, left.maker_unknown) == (0, 0, 1)
    assert "maker unknown" in str(left.results[0].error)
    assert case.now(sandbox) == theirs
    await undo(session, path, unverified=True)
    assert case.now(sandbox) == before


@pytest.mark.usefixtures("short_waits")
@each
async def test_unverified_restores_nothing_that_another_changed(
    session: Session, sandbox: Sandbox, tmp_path: Path, case: Case
) -> None:
    """What history could not say when it was settled, it says before it is restored: then it is left."""
    path = tmp_path / "job.db"
    await left_lost(sandbox, case, path, tmp_path)
    await by_another(sandbox, case)
    theirs = case.now(sandbox)
    no_history(sandbox)
    await session.bulk.resume(path).run()
    sandbox.faults.clear()

    report = await undo(session, path, unverified=True)

    assert report.refused == 1
    assert f"its {case.step} is not this job's: changed by another" in str(report.results[0].error)
    assert case.now(sandbox) == theirs


@pytest.mark.usefixtures("short_waits")
@each
async def test_what_this_job_is_shown_to_have_changed_is_restored(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    """History shows our login, within the step's time: `updated`, so proven, and an undo restores it."""
    path = tmp_path / "job.db"
    sandbox.seed(case.things, login="crm", ago_s=9_999)
    before = case.now(sandbox)
    rows = write_csv(tmp_path / "in.csv", [case.row])
    sandbox.faults.add(Fault(kind="cut_after", operation=case.sends))
    async with session_on(sandbox, attempts=1) as session:
        with monkeypatch.context() as patch:
            measured_exactly(patch)
            report = await session.bulk.run(case.kind, rows, journal=path, on_exists=on_exists(case)).run()
        step = step_of(path, case)
        assert (step.status, step.evidence, report.updated) == ("updated", "history", 1)
        await undo(session, path)
    assert case.now(sandbox) == before


@pytest.mark.usefixtures("short_waits")
async def test_what_another_deleted_is_settled_by_reconcile(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A deletion that never arrived, of what is gone, is `exists`; nobody has to wait for it."""
    sandbox.seed({"accounts": [THERE]}, login="crm", ago_s=9_999)
    path, rows = tmp_path / "job.db", write_csv(tmp_path / "in.csv", [{"account_number": "A-00001"}])
    await cut_off(sandbox, session.bulk.run("delete-accounts", rows, journal=path), "deleteAccount")
    async with login_of(sandbox, "another") as another:
        await another.accounts.delete(_id(_account(sandbox)))

    assert (await session.bulk.reconcile(path)).counts == {"exists": 1}
    assert (await session.bulk.resume(path).run()).exists == 1


def of_a_suspension(asked: Literal["", "unverified"], **facts: object) -> list[str | None]:
    """Return what is undone, or why not, of a row whose suspension the journal has so."""
    kept = StepEntry(1, "suspension", "a1", "updated", object_id="a1", purpose="update")
    entry = replace(kept, **{"change": '{"status": ["ACTIVE", "SUSPENDED"]}', **facts})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    state = RowState(Entry(1, "A-00001", None, "updated"), {"suspension": entry})
    row = UndoSteps(SUSPEND_ACCOUNTS, unverified=bool(asked)).of(state, {})
    targets = ["verify" if target.unverified else "restore" for target in row.targets]
    return [*targets, *(stay.status for stay in row.stays)]


def test_what_a_journal_says_of_a_change() -> None:
    """A change is restored where it was answered or proven; of an older version's, adopted is no proof."""
    unproven: dict[str, object] = {"status": "exists", "evidence": "none", "adopted": True}
    assert of_a_suspension("", evidence="answered") == ["restore"]
    assert of_a_suspension("", evidence="history", adopted=True) == ["restore"]
    assert of_a_suspension("", evidence="answered", adopted=True) == ["maker_unknown"]
    assert of_a_suspension("", **unproven) == ["maker_unknown"]
    assert of_a_suspension("unverified", **unproven) == ["verify"]
    assert of_a_suspension("unverified", change='{"status": null}', **unproven) == ["maker_unknown"]
    assert of_a_suspension("", status="exists", evidence="none") == []
    assert of_a_suspension("", change=None) == ["refused"]
