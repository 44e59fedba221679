"""Scenarios of operators: what they see of halves, outages, signals, logins and destructive jobs is true."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
from typing import TYPE_CHECKING, Final, cast

from tools.scenarios_cell import DONE, NotApplicableError
from tools.scenarios_kinds import NO_UNDO

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tools.scenarios_cell import Cell

Json = dict[str, object]
_MANY: Final = 60
_FEW: Final = 12
_DESTROYS: Final = frozenset({"delete-accounts", "calling-plans"})
_HALF_COLUMNS: Final = {
    "accounts": "result_account_id",
    "users": "result_user_id",
    "numbers": "result_number_state",
}


def _only_command(cell: Cell) -> None:
    """Leave out the user's own workflow.

    Raises:
        NotApplicableError: It is that.
    """
    if cell.kind.is_own:
        raise NotApplicableError("the command line has the built-in kinds")


async def half_done_rows_are_named(cell: Cell) -> None:
    """A row that stops half way names what exists and at which step it stopped, per row and in sums."""
    cell.begin(2)
    body = json.dumps({"status": 403, "messages": ["No more of these"], "data": {}}).encode()
    cell.fault("status_before", cell.kind.sends[-1], times=None, status=403, body=body)
    if cell.kind.is_own:
        report = await cell.run()
        cell.expect(report.failed == len(cell.rows), f"{report.failed} failed")
        entry = cell.entries()[1]
        cell.expect(
            getattr(entry, "failed_step", None) == "user", "the journal does not name the failed step"
        )
        return
    results = cell.folder / "results.csv"
    code, out, _ = await cell.cli(*cell.run_words("--results", str(results), "--json"))
    cell.expect(code == 1, f"ended with {code}")
    lines = list(csv.DictReader(results.open(encoding="utf-8"))) if results.exists() else []
    cell.expect(len(lines) == len(cell.rows), "the result file lacks rows")
    cell.expect(all(line.get("result_failed_step") for line in lines), "no result_failed_step in the results")
    made = {
        sort
        for sort in cell.kind.sorts[:-1]
        if all(cell.kind.ids(cell.sandbox.store, row)[sort] for row in cell.rows)
    }
    for sort in made & _HALF_COLUMNS.keys():
        column = _HALF_COLUMNS[sort]
        cell.expect(all(line.get(column) for line in lines), f"no {column} in the results")
    facts = _printed(out)
    if made:
        cell.expect("half_done" in json.dumps(facts), "--json does not tell of half done rows")


def _printed(text: str) -> Json:
    """Read the object that --json printed; empty where it is none."""
    try:
        return cast("Json", json.loads(text))
    except ValueError:
        return {}


async def failures_ramp(cell: Cell) -> None:
    """Where every row fails, a job with `--max-failures 1` ends after a few, not after as many as fit."""
    cell.begin(_MANY)
    cell.fault("status_before", cell.kind.sends[0], times=None, status=403)
    try:
        await cell.run(max_failures=1)
    except Exception as error:  # noqa: BLE001  # a job that stops may say so by raising
        cell.expect("Failure" in type(error).__name__ or "Stopped" in type(error).__name__, str(error))
    failed = cell.statuses()["failed"]
    cell.expect(failed, "nothing failed")
    cell.expect(failed <= _FEW, f"{failed} of {_MANY} rows failed with --max-failures 1")


async def outage_is_nobodys_failure(cell: Cell) -> None:
    """While the server answers 503 to everything rows wait; then all of them are done and none has failed."""
    cell.begin(30)
    cell.fault("status_before", cell.kind.sends, times=None, status=503)
    job = asyncio.create_task(cell.run(max_failures=5))
    await cell.until(lambda: cell.sandbox.faults.struck["status_before"] >= _FEW)
    await asyncio.sleep(1.5)
    cell.sandbox.faults.clear()
    try:
        await asyncio.wait_for(job, 45)
    except Exception as error:  # noqa: BLE001  # that it stops is what is wrong
        cell.problems.append(f"stopped by an outage of two seconds: {type(error).__name__}: {error}")
    cell.expect_statuses(*DONE)
    cell.expect_all_there()
    cell.expect_no_doubles()


async def stdout_cannot_be_written(cell: Cell) -> None:
    """A full standard output changes neither what is done nor the exit code."""
    _only_command(cell)
    cell.begin(2)
    code, _, err = await cell.cli(*cell.run_words(), stdout="/dev/full")
    cell.expect(code == 0, f"ended with {code}: {err.strip()[-120:]}")
    cell.expect("run it again" not in err, "it ends in advice to run it again")
    cell.expect_all_there()


async def reader_has_gone(cell: Cell) -> None:
    """A standard output whose reader has left (`| head`) changes neither what is done nor the exit code."""
    _only_command(cell)
    cell.begin(2)
    pipe = cell.folder / "pipe"
    os.mkfifo(pipe)
    child = cell.start_cli(*cell.run_words("--json"), stdout=str(pipe))
    # Opened after the start, so that no copy of it keeps the child's own end alive.
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    await cell.until(lambda: cell.sent() > 0 or not child.is_alive())
    os.close(reader)
    code = await cell.ended(child)
    cell.expect(code == 0, f"ended with {code}: {cell.text('stderr.txt').strip()[-120:]}")
    cell.expect_all_there()


async def hangup_stops_in_order(cell: Cell) -> None:
    """SIGHUP ends a job as SIGTERM does: what is under way finishes, and a resume does the rest."""
    _only_command(cell)
    cell.begin(20)
    child = cell.start_cli(*cell.run_words("--concurrency", "2"))
    await cell.until(lambda: cell.sent() >= 3 or not child.is_alive())  # noqa: PLR2004
    os.kill(child.pid or 0, signal.SIGHUP)
    code = await cell.ended(child)
    cell.expect(code == 128 + signal.SIGHUP, f"ended with {code}, {128 + signal.SIGHUP} is right")
    cell.expect("intent" not in cell.statuses(), f"{cell.statuses()['intent']} rows were left under way")
    code, _, err = await cell.cli("bulk", "resume", str(cell.journal), "--yes")
    cell.expect(code == 0, f"resume ended with {code}: {err.strip()[-120:]}")
    cell.expect_all_there()
    cell.expect_no_doubles()


async def hangup_under_nohup(cell: Cell) -> None:
    """Where SIGHUP was ignored at the start it stays ignored."""
    _only_command(cell)
    cell.begin(20)
    child = cell.start_cli(*cell.run_words("--concurrency", "2"), ignores_hangup=True)
    await cell.until(lambda: cell.sent() >= 3 or not child.is_alive())  # noqa: PLR2004
    os.kill(child.pid or 0, signal.SIGHUP)
    code = await cell.ended(child)
    cell.expect(code == 0, f"ended with {code}")
    cell.expect_all_there()


async def tokens_are_revoked(cell: Cell) -> None:
    """However often tokens are revoked for a while, no row fails with a 401."""
    cell.begin(12)
    job = asyncio.create_task(cell.run())
    for _ in range(40):
        cell.sandbox.store.tokens.revoke_all()
        await asyncio.sleep(0.02)
        if job.done():
            break
    await job
    cell.expect_statuses(*DONE)
    cell.expect_all_there()
    cell.expect_no_doubles()


async def wrong_password_changes_nothing(cell: Cell) -> None:
    """A resume with a wrong password leaves every row as it was."""
    _only_command(cell)
    cell.begin(3)
    await cell.run_killed(cell.kind.sends[-1:], "after")
    before = {row: entry.status for row, entry in cell.entries().items()}
    cell.options(password="right")  # noqa: S106  # no secret
    child = cell.start_cli("bulk", "resume", str(cell.journal), "--yes", password="wrong")  # noqa: S106
    code = await cell.ended(child)
    cell.expect(code == 3, f"ended with {code}, 3 is right")  # noqa: PLR2004
    after = {row: entry.status for row, entry in cell.entries().items()}
    cell.expect(after == before, f"rows were {before} and are {after}")
    cell.options(password=None)
    await cell.resume()
    cell.expect_all_there()
    cell.expect_no_doubles()


async def destructive_jobs_ask(cell: Cell) -> None:
    """What destroys something asks before: without an answer, and without `--yes`, nothing is done."""
    _only_command(cell)
    cell.begin(2)
    words = tuple(word for word in cell.run_words() if word != "--yes")
    if cell.kind.name in _DESTROYS:
        plan_code, out, err = await cell.cli("bulk", "plan", str(cell.input), "--kind", cell.kind.name)
        shown = " ".join((out + err).split()).casefold()
        cell.expect(plan_code == 0, f"plan ended with {plan_code}")
        told = "delete" in shown if cell.kind.name == "delete-accounts" else "remove" in shown
        cell.expect(told, "the plan does not say what is destroyed")
        code, _, _ = await cell.cli(*words)
        cell.expect(code == 2, f"ended with {code} without being confirmed")  # noqa: PLR2004
        cell.expect_none_harmed("without being confirmed: ")
        cell.expect(cell.sent() == 0, "something was sent without being confirmed")
        return
    await cell.run()
    sent = sum(cell.sandbox.recorder.operations.values())
    code, _, err = await cell.cli("bulk", "undo", str(cell.journal))
    cell.expect(code == 2, f"undo ended with {code} without being confirmed: {err.strip()[-100:]}")  # noqa: PLR2004
    cell.expect(sum(cell.sandbox.recorder.operations.values()) >= sent, "undo was confirmed by nobody")
    cell.expect_all_there()


async def undone_rows_are_shown(cell: Cell) -> None:
    """`status` and `export` tell which rows were undone."""
    if not cell.kind.undoable:
        raise NotApplicableError(NO_UNDO)
    _only_command(cell)
    cell.begin(2)
    await cell.run()
    report = await cell.undo(include_live=True)
    cell.expect(report.all_done, "undo left something")
    _, out, err = await cell.cli("bulk", "status", str(cell.journal))
    cell.expect("undone" in (out + err).lower(), "status does not tell of undone rows")
    await cell.cli("bulk", "export", str(cell.journal), "--results", str(cell.folder / "out.csv"))
    cell.expect("undone" in cell.text("out.csv"), "export does not tell of undone rows")


async def partial_file_of_a_killed_run(cell: Cell) -> None:
    """The `.partial` result file of a killed run is taken up, or removed, by the resume."""
    cell.begin(3)
    results = cell.folder / "results.csv"
    await cell.run_killed(cell.kind.sends[-1:], "after", results=str(results))
    await cell.resume()
    partial = list(cell.folder.glob("*.partial*"))
    cell.expect(not partial, f"{', '.join(path.name for path in partial)} is left")
    lines = list(csv.DictReader(results.open(encoding="utf-8"))) if results.exists() else []
    cell.expect(len(lines) == len(cell.rows), f"the result file has {len(lines)} of {len(cell.rows)} rows")


async def undo_of_chosen_rows(cell: Cell) -> None:
    """`bulk undo --rows` takes back the rows that it names, and no other."""
    if not cell.kind.undoable:
        raise NotApplicableError(NO_UNDO)
    _only_command(cell)
    cell.begin(3)
    await cell.run()
    words = ("bulk", "undo", str(cell.journal), "--rows", "2", "--include-live", "--yes")
    code, out, err = await cell.cli(*words)
    cell.expect(code == 0, f"ended with {code}: {(out + err).strip()[-120:]}")
    there = [cell.kind.is_whole(cell.sandbox.store, row) for row in cell.rows]
    cell.expect(there == [True, False, True], f"there: {there}")


async def jobs_are_listed(cell: Cell) -> None:
    """`bulk list` names the jobs of the state folder: kind, state, counts."""
    _only_command(cell)
    cell.begin(1)
    words = ("bulk", "run", str(cell.input), "--kind", cell.kind.name, "--yes")
    code, _, err = await cell.cli(*words)
    cell.expect(code == 0, f"the job ended with {code}: {err.strip()[-120:]}")
    code, out, err = await cell.cli("bulk", "list", "--json")
    cell.expect(code == 0 and cell.kind.name in out, f"list ended with {code}: {(out + err).strip()[-120:]}")


SCENARIOS: Final[Mapping[str, tuple[Callable[[Cell], Awaitable[None]], Mapping[str, object]]]] = {
    "half-done-named": (half_done_rows_are_named, {}),
    "max-failures-ramp": (failures_ramp, {"latency_ms": 10}),
    "outage-parks-rows": (outage_is_nobodys_failure, {"unique": False}),
    "stdout-full": (stdout_cannot_be_written, {}),
    "stdout-reader-gone": (reader_has_gone, {"latency_ms": 30}),
    "sighup-stops": (hangup_stops_in_order, {"latency_ms": 20}),
    "sighup-nohup": (hangup_under_nohup, {"latency_ms": 10}),
    "401-storm": (tokens_are_revoked, {"latency_ms": 5}),
    "wrong-password": (wrong_password_changes_nothing, {"unique": False}),
    "destructive-asks": (destructive_jobs_ask, {}),
    "undone-shown": (undone_rows_are_shown, {}),
    "partial-file": (partial_file_of_a_killed_run, {}),
    "undo-chosen-rows": (undo_of_chosen_rows, {}),
    "jobs-listed": (jobs_are_listed, {}),
}
"""Each scenario, with the options of its sandbox."""
