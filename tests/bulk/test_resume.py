from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.errors import BulkStoppedError, FailureBudgetError
from alianza_async.sandbox import SandboxOptions
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import COLUMNS, RESULT_COLUMNS, account, accounts, read_csv, session_on, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

CREATE = "createAccount"


def _fed(path: Path, *told: tuple[str, str]) -> Path:
    """Write a result file of accounts 1, 2, ... with these statuses and ids."""
    rows = [
        account(number)
        | dict.fromkeys(RESULT_COLUMNS, "")
        | {"result_row": number, "result_status": status, "result_id": found, "result_attempts": 1}
        | {"result_error": "as told" if status in {"failed", "unknown"} else "", "result_request_id": "r-1"}
        for number, (status, found) in enumerate(told, 1)
    ]
    return write_csv(path, rows)


def _told(path: Path) -> list[tuple[str, str]]:
    return [(line["result_status"], line["result_id"]) for line in read_csv(path)]


async def test_a_fed_back_result_file_skips_what_is_done(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Done rows are skipped and keep what the earlier run said of them, to the letter."""
    source = _fed(tmp_path / "in.csv", ("created", "id-1"), ("exists", "id-2"), ("skipped", ""))
    out = tmp_path / "out.csv"
    report = await session.bulk.create_accounts(source, results=out).run()
    assert (report.done_before, report.skipped, report.created, report.all_done) == (2, 2, 1, True)
    assert sandbox.truth().requests == {"logUserIn": 1, CREATE: 1}
    before, after = read_csv(source), read_csv(out)
    assert after[:2] == before[:2]
    assert list(after[0]) == [*COLUMNS, *RESULT_COLUMNS]
    assert after[2]["result_status"] == "created"


async def test_what_may_be_there_is_looked_up_first(sandbox: Sandbox, tmp_path: Path) -> None:
    """`failed` and `unknown` rows are looked up, the others sent at once: no doubles."""
    sandbox.options = SandboxOptions(unique=False)
    source = _fed(
        tmp_path / "in.csv",
        ("unknown", ""),
        ("failed", ""),
        ("unknown", ""),
        ("failed", ""),
        ("skipped", ""),
        ("invalid", ""),
    )
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(accounts(2)).run()
        report = await session.bulk.create_accounts(source, concurrency=1).run()
    assert [result.status for result in report.results] == ["exists"] * 2 + ["created"] * 4
    truth = sandbox.truth()
    assert (truth.requests["retrieveAccount"], truth.requests[CREATE]) == (4, 6)
    assert truth.duplicate_account_numbers == []


@pytest.mark.usefixtures("short_waits")
async def test_an_unknown_row_that_cannot_be_looked_up_stays_unknown(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A look-up that fails tells nothing: `unknown` stays, a row that had `failed` stays that."""
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", times=None))
    source = _fed(tmp_path / "in.csv", ("unknown", ""), ("failed", ""))
    async with session_on(sandbox, attempts=2) as session:
        report = await session.bulk.create_accounts(source).run()
    assert [(result.status, result.attempts) for result in report.results] == [("unknown", 0), ("failed", 0)]
    assert CREATE not in sandbox.truth().requests


@pytest.mark.parametrize("stop", ["budget", "login", "stop"])
async def test_a_row_without_a_turn_keeps_what_is_known_of_it(
    sandbox: Sandbox, tmp_path: Path, stop: str
) -> None:
    """An `unknown` row that a stopped job did not reach stays so: `skipped` would be sent blindly."""
    sandbox.options = SandboxOptions(unique=False, login_status=401 if stop == "login" else None)
    if stop == "budget":
        sandbox.faults.add(Fault(kind="status_before", operation=CREATE, status=403))
    told = [("skipped", ""), *[("unknown", "")] * 3, ("failed", ""), ("created", "id-6"), ("invalid", "")]
    source, out = _fed(tmp_path / "in.csv", *told), tmp_path / "out.csv"
    async with session_on(sandbox) as session:
        job = session.bulk.create_accounts(source, results=out, max_failures=1, concurrency=1)
        if stop == "stop":
            job.stop()
            await job.run()
        else:
            with pytest.raises(BulkStoppedError):
                await job.run()
    assert _told(out)[1:] == [*told[1:6], ("skipped", "")]
    assert read_csv(out)[1:6] == read_csv(source)[1:6]


@pytest.mark.usefixtures("short_waits")
async def test_runs_may_be_chained_until_all_is_done(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each run is fed the last one's results; a server that mostly fails is worn down, no doubles."""
    sandbox.options = SandboxOptions(unique=False)
    sandbox.faults.add(
        Fault(kind="status_after", operation=CREATE, times=None, probability=0.4),
        Fault(kind="status_before", operation=CREATE, times=None, probability=0.4),
        Fault(kind="status_before", operation="retrieveAccount", times=None, probability=0.5),
    )
    rows = [*accounts(120), account(1), account("no", billing_cycle_day=40)]
    path = write_csv(tmp_path / "run-0.csv", rows)
    runs = 0
    async with session_on(sandbox, attempts=2) as session:
        await session.login()
        done = 0
        while done < 120:
            runs += 1
            assert runs < 60, "it does not come to an end"
            results = tmp_path / f"run-{runs}.csv"
            job = session.bulk.create_accounts(path, results=results, max_failures=15, concurrency=8)
            with suppress(FailureBudgetError):
                await job.run()
            path = results
            done = sum(status in {"created", "exists"} for status, _ in _told(path))
    assert runs > 1
    assert [status for status, _ in _told(path)[120:]] == ["invalid", "invalid"]
    assert (sandbox.truth().created_accounts, sandbox.truth().duplicate_account_numbers) == (120, [])
    ids = {made.key: made.id for made in sandbox.store.created}
    assert {line["account_number"]: line["result_id"] for line in read_csv(path)[:120]} == ids
    assert [line["result_row"] for line in read_csv(path)] == [str(number) for number in range(1, 123)]


async def test_a_json_lines_result_file_goes_round_too(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Rows from Python, results as JSON Lines, fed back: nothing is sent again."""
    out = tmp_path / "out.jsonl"
    await session.bulk.create_accounts(accounts(10), results=out).run()
    report = await session.bulk.create_accounts(out).run()
    assert (report.done_before, sandbox.truth().requests[CREATE]) == (10, 10)
