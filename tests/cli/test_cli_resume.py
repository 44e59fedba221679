"""Jobs that are stopped, killed and gone on with, as processes of their own."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.journal import JobFacts, JournalReader, SqliteStore
from alianza_async.bulk.journal.lock import JobLock
from alianza_async.cli import main
from alianza_async.cli.job_place import as_it_began
from alianza_async.cli.options import Where
from alianza_async.errors import ConfigurationError
from tests.cli.sandbox_child import SandboxChild, accounts_csv, numbers, still_runs
from tests.unmeasured import unmeasured

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
ROWS = 250
JOB = "job.db"
RUN = f"bulk run a.csv --kind accounts --journal {JOB} --json"


def begin(line: str, *, file_size: int | None = None) -> subprocess.Popen[str]:
    """Start the command in a process of its own, which may write no file over a size."""

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size or 0, file_size or 0))

    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "alianza_async.cli", *line.split()],
        env=None if file_size is None else unmeasured(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=None if file_size is None else limit,  # noqa: PLW1509  (this process has one thread)
    )


def end(job: subprocess.Popen[str]) -> tuple[int, dict[str, object], str]:
    """Wait for the command's end; returns its code, its JSON object and its standard error."""
    out, told = job.communicate(timeout=60)
    return job.returncode, cast("dict[str, object]", json.loads(out or "{}")), told


def until(condition: Callable[[], bool], job: subprocess.Popen[str]) -> None:
    """Return once something holds, while a job runs."""
    deadline = time.monotonic() + 30
    while not condition():
        still_runs(job)
        assert time.monotonic() < deadline


def counts() -> dict[str, int]:
    """Return what the journal has by now."""
    if not Path(JOB).exists():
        return {}
    with JournalReader(JOB) as reader:
        return reader.counts()


def created(least: int) -> Callable[[], bool]:
    """Return whether the journal has so many rows created."""
    return lambda: counts().get("created", 0) >= least


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed(
    number: signal.Signals, start_sandbox: Callable[..., SandboxChild], tmp_path: Path
) -> None:
    """An interrupted job says how to resume it; resumed, every row is there once, and all are counted."""
    sandbox = start_sandbox(latency_ms=100, unique=False)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    job = begin(f"{RUN} --results out.csv")
    until(created(20), job)
    sent = time.monotonic()
    job.send_signal(number)
    code, facts, told = end(job)
    first = cast("int", facts["created"])
    assert (code, facts["stopped"], facts["unsettled"]) == (128 + number, f"interrupted by {number.name}", [])
    assert time.monotonic() - sent < 10
    assert facts["journal"] == str(tmp_path / JOB)
    assert told.splitlines()[-2:] == ["To continue:", f"  alianza bulk resume {JOB}"]

    code, facts, told = end(begin(f"bulk resume {JOB} --rate 400 --json"))
    assert (code, facts["total"], facts["created"], facts["previously_settled"]) == (0, ROWS, ROWS, first)
    assert facts["results"] == str(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().count(",created,") == ROWS
    assert sandbox.account_numbers() == numbers(ROWS)
    assert sandbox.truth().requests["createAccount"] == ROWS


@pytest.mark.slow
def test_killed_three_times_and_resumed(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> None:
    """A job killed three times and resumed makes every row once, at a server that refuses no double."""
    sandbox = start_sandbox(latency_ms=200, unique=False)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    for kill, line in enumerate([RUN, *[f"bulk resume {JOB}"] * 2]):
        job = begin(line)
        until(created(30 + 40 * kill), job)
        job.kill()
        assert end(job)[0] == -signal.SIGKILL
        with JournalReader(JOB) as reader:
            assert (reader.running(), reader.facts.state, reader.facts.runs) == (False, "running", kill + 1)
    code, facts, told = end(begin(f"bulk resume {JOB} --rate 400 --json"))
    assert (code, facts["created"], facts["unknown"]) == (0, ROWS, 0)
    assert "may have been sent and are looked up first" in told
    assert sandbox.account_numbers() == numbers(ROWS)


def test_second_signal_loses_nothing(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> None:
    """A second signal leaves at once; the resume looks up what was under way, and nothing is doubled."""
    sandbox = start_sandbox(latency_ms=20, unique=False)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    job = begin(RUN)
    until(created(20), job)
    sandbox.ask("PUT", "/_sandbox/options", {"latency_ms": 20_000})
    until(lambda: counts().get("intent", 0) > 0, job)
    job.send_signal(signal.SIGTERM)
    assert job.stderr is not None
    while "taking no further row" not in job.stderr.readline():
        assert job.poll() is None
    job.send_signal(signal.SIGTERM)
    code, facts, told = end(job)
    unsettled = cast("list[int]", facts["unsettled"])
    assert (code, len(unsettled) > 0) == (143, True)
    assert f"alianza bulk resume {JOB}" in told
    assert 0 < counts()["intent"] <= len(unsettled)  # an end may be on disk that nobody was told of

    sandbox.ask("PUT", "/_sandbox/options", {"latency_ms": 0})
    code, facts, _ = end(begin(f"bulk resume {JOB} --rate 400 --json"))
    assert (code, facts["created"]) == (0, ROWS)
    assert sandbox.account_numbers() == numbers(ROWS)


def test_grace_period_ends(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> None:
    """What is under way has the grace period and no more: then the job ends by itself and names it."""
    sandbox = start_sandbox(latency_ms=20, unique=False)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    job = begin(f"{RUN} --grace 0.5")
    until(created(20), job)
    sandbox.ask("PUT", "/_sandbox/options", {"latency_ms": 20_000})
    until(lambda: counts().get("intent", 0) > 0, job)
    sent = time.monotonic()
    job.send_signal(signal.SIGINT)
    code, facts, told = end(job)
    assert code == 130
    assert time.monotonic() - sent < 10
    assert 0 < counts()["intent"] <= len(cast("list[int]", facts["unsettled"]))
    assert "Not settled, may have been carried out: row" in told


def test_paused_from_another_process(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> None:
    """A job is paused, sped up and continued from elsewhere; paused, it sends nothing."""
    sandbox = start_sandbox(latency_ms=100)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    job = begin(f"{RUN} --rate 50")
    until(created(10), job)
    assert main(["bulk", "pause", JOB]) == 0
    until(lambda: "intent" not in counts(), job)
    held = sandbox.truth().created_accounts
    assert held == counts()["created"] < ROWS
    assert main(["bulk", "rate", "400", JOB]) == 0
    assert main(["bulk", "continue", JOB]) == 0
    code, facts, _ = end(job)
    assert (code, facts["created"], sandbox.truth().created_accounts) == (0, ROWS, ROWS)
    assert cast("float", facts["elapsed_s"]) < ROWS / 50
    assert sandbox.truth().peak_per_second > 60


def test_disk_full(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> None:
    """A journal that cannot grow stops the sending first, is named with the reason, and goes on later."""
    sandbox = start_sandbox(unique=False)
    accounts_csv(tmp_path / "a.csv", numbers(400))
    code, facts, told = end(begin(f"{RUN} --rate 400 --concurrency 5", file_size=200_000))
    assert code == 2
    assert f"the journal {tmp_path / JOB} cannot be written (" in str(facts["stopped"])
    assert "so nothing more is sent" in told
    assert f"alianza bulk resume {JOB}" in told
    # Whatever was sent is in the journal, at least as what is about to be sent.
    known = counts()
    assert 0 < sandbox.truth().created_accounts <= known["created"] + known.get("intent", 0) < 400

    code, facts, _ = end(begin(f"bulk resume {JOB} --rate 1000 --json"))
    assert (code, facts["created"]) == (0, 400)
    assert sandbox.account_numbers() == numbers(400)


def make_journal(facts: JobFacts) -> None:
    """Make the journal of a job that has sent nothing yet."""

    async def make() -> None:
        await (await SqliteStore.create(JOB, facts)).aclose()

    asyncio.run(make())


def resumed(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Resume the job in this process; returns its code and the last line of its standard error."""
    code = main(["bulk", "resume", JOB, *line.split()])
    return code, capsys.readouterr().err.strip().splitlines()[-1]


def test_what_cannot_be_resumed(
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another input, another place, a journal in use or none at all are refused with 2, each in one line."""
    sandbox = start_sandbox()
    assert resumed("", capsys) == (2, f"error: there is no journal {tmp_path / JOB}: check its name")
    accounts_csv(tmp_path / "first.csv", numbers(1), name="Other")
    assert main(["bulk", "run", "first.csv", "--kind", "accounts"]) == 0
    a = accounts_csv(tmp_path / "a.csv", numbers(3))
    assert main(RUN.split()) == 1
    lock = JobLock.acquire(tmp_path / JOB)
    code, told = resumed("", capsys)
    assert (code, "a process works with" in told) == (2, True)
    lock.release()
    assert main(RUN.split()) == 2
    assert f"alianza bulk resume {tmp_path / JOB}" in capsys.readouterr().err
    changed = accounts_csv(tmp_path / "b.csv", numbers(4))
    a.unlink()
    code, told = resumed("--retry-failed", capsys)
    assert (code, "--input" in told) == (2, True)
    code, told = resumed(f"--retry-failed --input {changed}", capsys)
    assert (code, "is not the input of" in told) == (2, True)
    accounts_csv(tmp_path / "moved.csv", numbers(3))
    monkeypatch.setenv("ALIANZA_BASE_URL", f"{sandbox.base_url}/elsewhere")
    code, told = resumed("--retry-failed --input moved.csv", capsys)
    assert (code, "base URL" in told) == (2, True)
    monkeypatch.setenv("ALIANZA_BASE_URL", sandbox.base_url)
    assert main(f"bulk resume {JOB} --retry-failed --input moved.csv".split()) == 1
    assert "differs" in capsys.readouterr().out
    assert sandbox.truth().requests["createAccount"] == 4


def test_finished(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Resuming a finished job says so, prints its sums, ends as it did and asks nobody; others may run."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", [*numbers(3), "ab"])
    assert main(RUN.split()) == 1
    sandbox.stop()
    capsys.readouterr()
    assert main(["bulk", "resume", JOB, "--results", "out.csv"]) == 1
    printed = capsys.readouterr()
    words = [" ".join(line.split()) for line in printed.out.splitlines() if line.strip()]
    assert "The job is finished: nothing is left to do, and nothing was sent." in printed.err
    assert words[:2] == ["3 of 4 rows are done", "created 3 made by this job"]
    assert words[-1] == "alianza bulk run out.csv --kind accounts --results out-2.csv"
    assert (tmp_path / "out.csv").read_text().count(",created,") == 3
    start_sandbox()
    for _ in range(2):
        assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--ensure"]) == 1
    assert len(list((tmp_path / "state" / "alianza" / "jobs").glob("*.db"))) == 2


def test_finished_and_undone(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A finished job of which something was undone is not told as done: it is refused like any other."""
    start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(3))
    assert main(RUN.split()) == 0
    assert main(["bulk", "undo", JOB, "--rows", "1", "--yes"]) == 0
    capsys.readouterr()
    assert main(["bulk", "resume", JOB]) == 2
    printed = capsys.readouterr()
    assert (printed.out, "was undone by" in " ".join(printed.err.split())) == ("", True)


def test_failed_rows_of_earlier_runs_are_shown(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A resume shows what failed before it, too: its counts and its code are the whole job's."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "first.csv", numbers(1), name="Other")
    assert main(["bulk", "run", "first.csv", "--kind", "accounts"]) == 0
    accounts_csv(tmp_path / "a.csv", [*numbers(3), "ab"])
    assert main([*RUN.split(), "--max-failures", "1", "--concurrency", "1"]) == 4
    capsys.readouterr()
    assert main(["bulk", "resume", JOB]) == 1
    words = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "Not done:" in words
    assert any(line.startswith("1 ACME-00000 failed it exists already and differs in") for line in words)
    assert "account_name" in " ".join(words)
    assert any(line.startswith("4 (line 5) ab invalid account_number") for line in words)
    assert sandbox.truth().created_accounts == 3


def test_production_is_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that began in production is gone on with there, once somebody has said so."""
    monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t0ken")
    source = accounts_csv(tmp_path / "a.csv", numbers(2))
    facts = JobFacts(
        job_id="j-1",
        kind="accounts",
        input=str(source),
        input_sha256=None,
        options={"rate": 30},
        base_url="https://api.alianza.com",
        environment="production",
        scope="P",
        login="ann",
        rows=2,
    )
    make_journal(facts)
    code, told = resumed("", capsys)
    assert (code, "there is no terminal to confirm it" in told) == (2, True)
    session = as_it_began(facts, Where(), None)
    assert (session.base_url, str(session.environment)) == ("https://api.alianza.com", "production")
    monkeypatch.setenv("ALIANZA_ENVIRONMENT", "beta")
    for where in (Where(), Where(environment="qa")):
        with pytest.raises(ConfigurationError, match="give --environment production alone"):
            as_it_began(facts, where, None)


def test_rows_from_python(capsys: pytest.CaptureFixture[str]) -> None:
    """A job whose rows came from Python is gone on with there, and the command says so."""
    facts = JobFacts("j-1", "accounts", None, None, {}, "https://api.b2.alianza.com", "beta", "P", None, None)
    make_journal(facts)
    code, told = resumed("", capsys)
    assert (code, "session.bulk.resume" in told) == (2, True)
