from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine import step_waits
from alianza_async.bulk.journal import JournalReader
from alianza_async.errors import InvalidInputError
from alianza_async.models.users import UserCreate
from alianza_async.sandbox import Sandbox, SandboxOptions
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import session_on, user, write_csv
from tests.bulk.server_places import Clock, add_accounts, cut, sent, server_steps, until

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.session import Session

KIND = "telephone-numbers"
NUMBERS = [f"1801555{index:04}" for index in range(40)]
KEEP, START, LOOK, ADD, RESERVE = (
    *("create_collection", "create_job", "get_job"),
    *("createOrAddTelephoneNumberToAccount", "reserveTelephoneNumber"),
)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once where a look-up could not tell."""
    monkeypatch.setattr(step_waits, "_AGAIN_S", 0.0)


@pytest.fixture
def sandbox() -> Sandbox:
    """Return a server with numbers in its inventory, that lets one be on several accounts."""
    made = Sandbox(SandboxOptions(unique=False))
    made.seed_inventory(NUMBERS)
    return made


def row(index: int, **changes: object) -> dict[str, object]:
    """Return the row of a number, on one of two accounts; None takes a field out."""
    values: dict[str, object] = {
        "account_number": f"A-{1 + index % 2:05}",
        "username": f"user-{1 + index % 2}",
        "telephone_number": NUMBERS[index],
        "e911_address": f"{12 + index} Main St",
        "e911_city": "Springfield",
        "e911_state": "IL",
        "postal_code": "62701",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


async def add_owners(session: Session) -> list[str]:
    """Create two accounts with a user each; return the users' ids."""
    return [
        (await session.users.create(account_id, UserCreate.model_validate(user(f"user-{number}")))).id or ""
        for number, account_id in enumerate(await add_accounts(session, 2), 1)
    ]


def numbers(sandbox: Sandbox) -> list[str]:
    """Return every number on an account, as often as it is on one."""
    return sorted(str(there["phoneNumber"]) for there in sandbox.store.numbers.active.values())


async def test_numbers_go_up_with_their_addresses(sandbox: Sandbox, tmp_path: Path) -> None:
    """A number rings at its user, has the address that was validated, and is followed into service."""
    path = tmp_path / "job.db"
    async with session_on(sandbox) as session:
        owners = await add_owners(session)
        rows = [row(index) for index in range(10)]
        rows[0]["e911_address"] = "12 Main St Unit 7"
        rows[1] = row(1, username=None, user_id=owners[1])
        rows[2] = row(2, username=None)
        report = await session.bulk.run(KIND, rows, via="server", journal=path).run()
    assert [(result.status, result.id) for result in report.results] == [
        ("created", number) for number in NUMBERS[:10]
    ]
    there = {str(view["phoneNumber"]): view for view in sandbox.store.numbers.active.values()}
    assert [there[number].get("referenceId") for number in NUMBERS[:3]] == [owners[0], owners[1], None]
    address = there[NUMBERS[0]]["e911Address"]
    assert isinstance(address, dict)
    assert (address["streetNumber"], address["streetName"], address["unit"]) == ("12", "Main", "7")
    assert sandbox.truth().numbers_without_address == []
    assert {view["carrierStatus"] for view in there.values()} == {"ACTIVE"}
    assert sent(sandbox, START, ADD, RESERVE) == (2, 0, 0)
    with JournalReader(path) as journal:
        steps = {name: step.status for name, step in journal.steps(1).items()}
        kept = "\n".join(map(repr, [*journal.entries(), *journal.steps(1).values()]))
    assert (steps["activation"], steps["server-job"], steps["service"]) == ("created", "created", "exists")
    assert "Main" not in kept


async def test_rows_that_are_refused_come_home_by_row(sandbox: Sandbox, tmp_path: Path) -> None:
    """Taken, unknown, already there, or at an address that the columns cannot tell: each has its reason."""
    sandbox.options = SandboxOptions()
    path = tmp_path / "job.db"
    async with session_on(sandbox) as session:
        await add_owners(session)
        await session.bulk.run(KIND, [row(0), row(1)], via="server").run()
        rows = [
            row(0),
            row(1, account_number="A-00001", username=None),
            row(2, telephone_number="18015559999"),
            row(3, e911_address="12 N Main St"),
            row(4, username="nobody"),
            row(5, e911_address="12 Main St Apt 3"),
            row(6),
        ]
        report = await session.bulk.run(KIND, rows, via="server", journal=path).run()
    assert [result.status for result in report.results] == ["exists", *["failed"] * 5, "created"]
    told = [str(result.error) for result in report.results]
    assert "differs in account_id" in told[1]
    assert "its activation: the server's bulk operation refuses it" in told[2]
    assert "has a pre_directional, for which the server has no column" in told[3]
    assert isinstance(report.results[3].error, InvalidInputError)
    assert "its user" in told[4]
    assert "has a secondary_location_description" in told[5]
    assert numbers(sandbox) == [NUMBERS[0], NUMBERS[1], NUMBERS[6]]


async def test_a_lost_answer_to_the_job_is_looked_up(sandbox: Sandbox, tmp_path: Path) -> None:
    """A job whose start was not answered is not started again: its numbers are found, and are ours."""
    path = tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="cut_after", operation=START))
    async with session_on(sandbox) as session:
        await add_owners(session)
        rows = [row(index) for index in range(0, 12, 2)]
        report = await session.bulk.run(KIND, rows, via="server", journal=path).run()
    assert (report.created + report.exists, report.adopted, sent(sandbox, START)) == (6, 6, (1,))
    assert numbers(sandbox) == NUMBERS[0:12:2]
    assert server_steps(path) == {("created", None): 6}


async def test_a_job_of_which_nobody_knows_is_not_started_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """Not on the account, and its job may still be at it: the row is unknown, also when resumed."""
    file, path = write_csv(tmp_path / "in.csv", [row(0), row(2)]), tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="status_before", operation=START))
    async with session_on(sandbox) as session:
        await add_owners(session)
        first = await session.bulk.run(KIND, file, via="server", journal=path).run()
        second = await session.bulk.resume(path).run()
    assert (first.unknown, second.unknown, sent(sandbox, START)) == (2, 2, (1,))


@pytest.mark.parametrize("when", ["answer", "work"])
async def test_killed_and_resumed_no_number_is_added_twice(
    sandbox: Sandbox, tmp_path: Path, when: str
) -> None:
    """Killed before the job's answer, or while the server is at work: resumed, each number is there once."""
    file, path = write_csv(tmp_path / "in.csv", [row(index) for index in range(8)]), tmp_path / "job.db"
    clock = Clock(sandbox)
    async with session_on(sandbox) as session:
        await add_owners(session)
        if when == "answer":
            sandbox.faults.add(Fault(kind="hang_after", operation=START, times=2))
        else:
            sandbox.options = SandboxOptions(unique=False, job_s=60)
        job = session.bulk.run(KIND, file, via="server", journal=path)
        looks = 2 if when == "work" else 0
        await cut(job, lambda: len(sandbox.store.bulk.jobs) == 2 and sent(sandbox, LOOK)[0] >= looks)
        assert {(status, job_id is None) for status, job_id in server_steps(path)} == {
            ("unknown", looks == 0)
        }
        before = sent(sandbox, LOOK)[0]
        resumed = session.bulk.resume(path)
        if looks:
            await cut(resumed, lambda: sent(sandbox, LOOK)[0] >= before + 2)
            assert numbers(sandbox) == []
            clock.now = 61
            resumed = session.bulk.resume(path)
        report = await resumed.run()
    assert (report.created + report.exists, report.adopted, report.all_done) == (8, 8, True)
    assert (numbers(sandbox), sent(sandbox, START)) == (NUMBERS[:8], (2,))


async def test_killed_before_any_job_was_started(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nothing was intended yet: resumed, the rows are sent."""
    file, path = write_csv(tmp_path / "in.csv", [row(index) for index in range(0, 8, 2)]), tmp_path / "job.db"
    sandbox.faults.add(Fault(kind="hang_after", operation=KEEP))
    async with session_on(sandbox) as session:
        await add_owners(session)
        await cut(
            session.bulk.run(KIND, file, via="server", journal=path), lambda: sent(sandbox, KEEP) == (1,)
        )
        assert server_steps(path) == {}
        report = await session.bulk.resume(path).run()
    assert (report.created, report.adopted, numbers(sandbox)) == (4, 0, NUMBERS[0:8:2])


async def test_a_job_that_is_aborted_is_gone_on_with(sandbox: Sandbox, tmp_path: Path) -> None:
    """Numbers that an aborted job did not come to are put into another one."""
    path, clock = tmp_path / "job.db", Clock(sandbox)
    sandbox.options = SandboxOptions(unique=False, job_s=60)
    async with session_on(sandbox) as session:
        await add_owners(session)
        rows = [row(index) for index in range(0, 20, 2)]
        file = write_csv(tmp_path / "in.csv", rows)
        job = session.bulk.run(KIND, file, via="server", journal=path)
        await cut(job, lambda: sent(sandbox, LOOK)[0] > 0)
        (bulk_job,) = sandbox.store.bulk.jobs.values()
        clock.now = 30
        sandbox.store.bulk.abort(bulk_job)
        await until(lambda: bulk_job.ended)
        sandbox.options = SandboxOptions(unique=False)
        report = await session.bulk.resume(path).run()
    assert (report.created + report.exists, report.adopted, numbers(sandbox)) == (10, 5, NUMBERS[0:20:2])
    assert len(sandbox.store.bulk.jobs) == 2


async def test_numbers_that_the_server_added_are_taken_back(sandbox: Sandbox, tmp_path: Path) -> None:
    """A job that went through the server is undone as any other: its numbers are released."""
    path = tmp_path / "job.db"
    async with session_on(sandbox) as session:
        await add_owners(session)
        file = write_csv(tmp_path / "in.csv", [row(index) for index in range(4)])
        await session.bulk.run(KIND, [row(0)], via="server").run()
        await session.bulk.run(KIND, file, via="server", journal=path, ensure=True).run()
        report = await session.bulk.undo(path, include_live=True)
    assert (report.undone, report.found, report.all_done) == (3, 1, True)
    assert numbers(sandbox) == [NUMBERS[0]]
