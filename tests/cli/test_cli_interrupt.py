from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import pytest

from alianza_async.bulk.report import ItemResult, Report
from alianza_async.cli.interrupts import Interrupts
from alianza_async.cli.options import Output
from alianza_async.cli.screen import Screen
from alianza_async.cli.watch import watch
from tests.cli.sandbox_child import SandboxChild, accounts_csv, numbers, still_runs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from alianza_async.bulk.job import BulkJob

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
ROWS = 250


def begin(line: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "alianza_async.cli", *line.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def made(sandbox: SandboxChild, count: int, job: subprocess.Popen[str]) -> None:
    """Return once so many accounts are made, while the job runs."""
    while sandbox.truth().created_accounts < count:
        still_runs(job)


def end(job: subprocess.Popen[str]) -> tuple[int, dict[str, object], str]:
    """Wait for the command's end; returns its code, its JSON object and its standard error."""
    out, told = job.communicate(timeout=30)
    return job.returncode, cast("dict[str, object]", json.loads(out)), told


def journal_of(facts: dict[str, object], here: Path) -> Path:
    """Return the path of a job's journal, from here."""
    return Path(str(facts["journal"])).relative_to(here)


def statuses(path: Path) -> list[str]:
    """Return the status of each row of a result file."""
    with path.open(newline="") as lines:
        return [row["result_status"] for row in csv.DictReader(lines)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_first_signal_settles(
    number: signal.Signals, start_sandbox: Callable[..., SandboxChild], tmp_path: Path
) -> None:
    """A signal lets what is under way settle: the report is the truth, and the result file goes on."""
    sandbox = start_sandbox(latency_ms=300)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    job = begin("bulk run a.csv --kind accounts --results out.csv --json")
    made(sandbox, 20, job)
    job.send_signal(number)
    code, facts, told = end(job)
    created = cast("int", facts["created"])
    assert code == 128 + number
    assert (sandbox.truth().created_accounts, facts["unsettled"]) == (created, [])
    assert 20 <= created < ROWS
    assert facts["not_sent"] == facts["skipped"] == ROWS - created
    assert facts["stopped"] == f"interrupted by {number.name}"
    assert statuses(tmp_path / "out.csv") == ["created"] * created + ["skipped"] * (ROWS - created)
    assert f"Not sent: rows {created + 1}-{ROWS}" in told
    assert "Everything that was under way is settled." in told
    assert f"alianza bulk resume {journal_of(facts, tmp_path)}" in told

    code, facts, _ = end(begin("bulk run out.csv --kind accounts --results out-2.csv --rate 400 --json"))
    assert (code, facts["created"], facts["done_before"]) == (0, ROWS - created, created)
    assert sandbox.account_numbers() == numbers(ROWS)


def test_first_signal_without_a_result_file(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path
) -> None:
    """Without a result file, the rows that were not sent are named all the same, and the journal goes on."""
    sandbox = start_sandbox(latency_ms=300)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    job = begin("bulk run a.csv --kind accounts --json")
    made(sandbox, 20, job)
    job.send_signal(signal.SIGINT)
    code, facts, told = end(job)
    created = cast("int", facts["created"])
    assert (code, facts["total"], facts["not_sent"]) == (130, created, ROWS - created)
    assert f"Not sent: rows {created + 1}-{ROWS}" in told
    assert f"alianza bulk resume {journal_of(facts, tmp_path)}" in told


def test_second_signal_leaves_at_once(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> None:
    """A second signal does not wait for what is under way but names it; the result file still goes on."""
    sandbox = start_sandbox(latency_ms=20)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    job = begin("bulk run a.csv --kind accounts --results out.csv --json")
    made(sandbox, 20, job)
    sandbox.ask("PUT", "/_sandbox/options", {"latency_ms": 20_000})
    job.send_signal(signal.SIGTERM)
    assert job.stderr is not None
    while "SIGTERM: taking no further row" not in job.stderr.readline():
        assert job.poll() is None
    job.send_signal(signal.SIGINT)
    code, facts, told = end(job)
    unsettled = cast("list[int]", facts["unsettled"])
    assert code == 143
    settled = cast("int", facts["created"])
    assert cast("int", facts["not_sent"]) + len(unsettled) + settled == facts["total"] == ROWS
    assert f"may have been carried out: rows {unsettled[0]}" in told
    assert f"Not sent: {facts['not_sent']} rows" in told
    assert cast("float", facts["elapsed_s"]) < 15

    sandbox.ask("PUT", "/_sandbox/options", {"latency_ms": 0})
    code, facts, _ = end(begin("bulk run out.csv --kind accounts --results out-2.csv --rate 400 --json"))
    assert (code, facts["done_before"]) == (0, settled)
    assert sandbox.account_numbers() == numbers(ROWS)


@pytest.mark.parametrize("has_handlers", [True, False], ids=["loop", "windows"])
def test_signals_are_given_back(*, has_handlers: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signals are taken for as long as the context lasts, also where the loop cannot take them itself."""
    before = [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)]
    told: list[signal.Signals] = []

    async def main() -> list[object]:
        def refuse(*_: object) -> NoReturn:
            raise NotImplementedError

        if not has_handlers:
            monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", refuse)
            monkeypatch.setattr(asyncio.get_running_loop(), "remove_signal_handler", refuse)
        got = asyncio.Event()

        def note(number: signal.Signals) -> None:
            told.append(number)
            got.set()

        with Interrupts(note) as interrupts:
            os.kill(os.getpid(), signal.SIGTERM)
            await got.wait()
            assert (interrupts.number, interrupts.left) == (signal.SIGTERM, False)
        return [interrupts.number, interrupts.left]

    with asyncio.Runner() as runner:
        assert runner.run(main()) == [signal.SIGTERM, False]
    assert told == [signal.SIGTERM]
    assert [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)] == before


def test_second_signal_cancels() -> None:
    """The second signal cancels the task that waits; later ones change nothing here."""

    async def main() -> bool:
        with Interrupts(lambda _: None) as interrupts:
            for _ in range(3):
                interrupts.arrived(signal.SIGINT)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return interrupts.left
        raise AssertionError("not cancelled")

    assert asyncio.run(main())


class Endless:
    """A job that never ends."""

    def __init__(self) -> None:
        self.report = Report()
        self.begun = asyncio.Event()

    def stop(self) -> None:
        """Do nothing."""

    async def __aiter__(self) -> AsyncIterator[ItemResult]:
        """Wait for ever."""
        self.begun.set()
        await asyncio.Event().wait()
        yield ItemResult(1, None, "created")


async def test_a_cancelled_task_stays_cancelled() -> None:
    """Who cancels the task that watches a job, without a signal, finds it cancelled."""
    job = Endless()
    watching = asyncio.create_task(watch(cast("BulkJob", job), Screen(Output()), rows=None))
    await job.begun.wait()
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


def test_a_hang_up_that_is_ignored_changes_nothing(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path
) -> None:
    """Under `nohup` a closed terminal stops nothing: every row is done."""
    sandbox = start_sandbox(latency_ms=300)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a child inherits what is ignored
    try:
        job = begin("bulk run a.csv --kind accounts --rate 400 --json")
    finally:
        signal.signal(signal.SIGHUP, before)
    made(sandbox, 20, job)
    job.send_signal(signal.SIGHUP)
    code, facts, _ = end(job)
    assert (code, facts["created"], facts["stopped"]) == (0, ROWS, None)


def test_a_hang_up_is_never_the_second_signal() -> None:
    """Shell and kernel both say that the terminal has gone: what is under way settles all the same."""

    async def main() -> list[object]:
        with Interrupts(lambda _: None) as interrupts:
            interrupts.arrived(signal.SIGHUP)
            interrupts.arrived(signal.SIGHUP)
            await asyncio.sleep(0)
            before = interrupts.left
            interrupts.arrived(signal.SIGTERM)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return [interrupts.number, before, interrupts.left]
        raise AssertionError("not cancelled")

    assert asyncio.run(main()) == [signal.SIGHUP, False, True]
