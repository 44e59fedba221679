"""What `alianza bulk resume` may be told: a journal from a backup, another result file, how long to wait."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.engine import outage
from alianza_async.cli import main
from tests.bulk.journal import version_1
from tests.cli.sandbox_child import SandboxChild, accounts_csv, numbers

if TYPE_CHECKING:
    from collections.abc import Callable

JOB = "job.db"
ROWS = 12


def run_json(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object], str]:
    """Run a command with `--json`; returns its code, its object and its standard error."""
    capsys.readouterr()
    code = main([*line.split(), "--json"])
    printed = capsys.readouterr()
    return code, cast("dict[str, object]", json.loads(printed.out or "{}")), printed.err


@pytest.fixture
def sandbox(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> SandboxChild:
    """Run a job that stops at its first row, at a server that refuses no double."""
    sandbox = start_sandbox(unique=False)
    accounts_csv(tmp_path / "a.csv", numbers(ROWS))
    refused = {"kind": "status_before", "operation": "createAccount", "status": 403}
    sandbox.ask("POST", "/_sandbox/faults", refused)
    line = f"bulk run a.csv --kind accounts --journal {JOB} --max-failures 1 --concurrency 1"
    assert main(line.split()) == 4
    assert sandbox.truth().created_accounts == 0
    return sandbox


def test_a_journal_from_a_backup(
    sandbox: SandboxChild, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An older copy is refused with 2 before anything is sent; `--restored` looks every row up first."""
    shutil.copy(JOB, "backup.db")
    assert main(["bulk", "resume", JOB, "--retry-failed"]) == 0
    assert sandbox.account_numbers() == numbers(ROWS)
    for end in ("-wal", "-shm"):
        Path(f"{JOB}{end}").unlink(missing_ok=True)
    shutil.copy("backup.db", JOB)
    sent = sandbox.truth().requests["createAccount"]

    code, _, told = run_json(f"bulk resume {JOB} --retry-failed", capsys)
    assert (code, f"alianza bulk resume {tmp_path / JOB} --restored" in told) == (2, True)
    code, facts, _ = run_json(f"bulk resume {JOB} --retry-failed --restored", capsys)

    assert (code, facts["total"], facts["exists"]) == (0, ROWS, ROWS)
    assert sandbox.truth().requests["createAccount"] == sent
    assert sandbox.account_numbers() == numbers(ROWS)


def test_a_result_file_of_somebody_elses(
    sandbox: SandboxChild, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--results` on a file that is there ends with 2 and sends nothing; `--force` replaces it."""
    out = tmp_path / "out.csv"
    out.write_text("theirs")
    line = f"bulk resume {JOB} --retry-failed --results out.csv"

    assert main(line.split()) == 2
    assert "replace it with --force" in capsys.readouterr().err
    assert (out.read_text(), sandbox.truth().created_accounts) == ("theirs", 0)
    assert main([*line.split(), "--force"]) == 0

    assert out.read_text().count(",created,") == ROWS
    out.write_text("theirs again")
    assert main(line.split()) == 2  # finished by now: the file is written from the journal
    assert main([*line.split(), "--force"]) == 0
    assert out.read_text().count(",created,") == ROWS


def test_a_host_that_stays_away(
    sandbox: SandboxChild, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After `--outage-limit` seconds the resume ends with 1, and no row has failed for it."""
    for name in ("_FIRST_PROBE_S", "_LAST_PROBE_S"):
        monkeypatch.setattr(outage, name, 0.01)
    monkeypatch.setenv("ALIANZA_ATTEMPTS", "1")
    monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t0ken")  # so that the job itself is the first to connect
    sandbox.stop()

    line = f"--partition sandbox-partition bulk resume {JOB} --outage-limit 0.2"
    code, facts, told = run_json(line, capsys)

    assert (code, facts["created"], facts["not_sent"]) == (1, 0, ROWS - 1)
    assert facts["failed"] == 1  # in the run before
    assert "longer than the outage limit" in str(facts["stopped"])
    assert f"Not sent: {ROWS - 1} rows" in told
    assert f"alianza bulk resume {JOB}" in told
    assert run_json(f"bulk status {JOB}", capsys)[1]["state"] == "stopped"


def test_a_job_that_was_undone(sandbox: SandboxChild, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not gone on with: it would build on what is gone. Its status says what was undone."""
    assert main(["bulk", "resume", JOB]) == 1
    assert main(["bulk", "undo", JOB, "--yes", "--rows", "2"]) == 0

    code, _, told = run_json(f"bulk resume {JOB} --retry-failed", capsys)

    assert (code, "was undone by `alianza bulk undo`" in told) == (2, True)
    assert sandbox.account_numbers() == numbers(ROWS)[2:]
    code, facts, _ = run_json(f"bulk status {JOB}", capsys)
    assert (code, facts["undone"], facts["partly_undone"]) == (0, 1, 0)


def test_a_journal_of_version_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an older release has left is told by `status`, which leaves it as it was."""
    old = tmp_path / "old.db"
    version_1.write(old)
    before = old.read_bytes()

    code, facts, _ = run_json("bulk status old.db", capsys)

    assert (code, facts["state"], facts["created"], facts["under_way"]) == (0, "stopped", 2, 1)
    assert old.read_bytes() == before
