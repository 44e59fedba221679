"""What the command line does to files: its outputs never harm one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from alianza_async.cli import main
from tests.cli.sandbox_child import SandboxChild, accounts_csv, numbers
from tests.devices import device

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def job(folder: Path) -> None:
    """Run a job of three rows: `a.csv`, `job.db` and `out.csv`."""
    accounts_csv(folder / "a.csv", numbers(3))
    line = "bulk run a.csv --kind accounts --journal job.db --results out.csv"
    assert main(line.split()) == 0


@pytest.mark.parametrize("force", ["", " --force"])
@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("bulk export job.db --results {}", "journal input plan"),
        ("bulk run b.csv --kind accounts --results {}", "journal plan"),
        ("bulk run a.csv --kind accounts --plan plan.json --results {}", "journal input plan"),
        ("bulk resume job.db --results {}", "journal input plan"),
        ("bulk plan a.csv --kind accounts --save {}", "journal input"),
        ("call accounts.list --output {}", "journal plan"),
        ("call accounts.create --body @a.csv --output {}", "input"),
        ("demo --file a.csv --results {}", "journal input plan"),
    ],
)
def test_no_command_writes_over_what_a_job_needs(  # noqa: PLR0917  (what the table says)
    line: str,
    what: str,
    force: str,
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A journal, the input and a plan stay as they are, with --force too; the exit code is 2."""
    sandbox = start_sandbox()
    job(tmp_path)
    accounts_csv(tmp_path / "b.csv", numbers(3))
    assert main(["bulk", "plan", "a.csv", "--kind", "accounts", "--save", "plan.json"]) == 0
    if "call accounts.create" in line:
        (tmp_path / "a.csv").write_text("{}")
    capsys.readouterr()
    files = {"journal": "job.db", "input": "a.csv", "plan": "plan.json"}
    before = {name: (tmp_path / name).read_bytes() for name in files.values()}
    made = sandbox.truth().created_accounts
    for name in what.split():
        assert main((line.format(files[name]) + force).split()) == 2
        assert f" is the {name}" in capsys.readouterr().err.replace("is a plan", "is the plan")
    assert {name: (tmp_path / name).read_bytes() for name in files.values()} == before
    assert sandbox.truth().created_accounts == made


@pytest.mark.parametrize(
    "line",
    [
        "bulk export job.db --results x.csv",
        "bulk run b.csv --kind accounts --results x.csv",
        "bulk resume job.db --results x.csv",
        "bulk plan a.csv --kind accounts --save x.csv",
        "call accounts.list --output x.csv",
    ],
)
def test_a_file_that_is_there_is_replaced_with_force_alone(
    line: str, start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it nothing is sent, and the message names --force; with it the new one has mode 0600."""
    start_sandbox()
    job(tmp_path)
    accounts_csv(tmp_path / "b.csv", ["B-1", "B-2"])
    place = tmp_path / "x.csv"
    place.write_text("theirs")
    place.chmod(0o644)
    capsys.readouterr()
    assert main(line.split()) == 2
    assert "x.csv is there already: " in (said := capsys.readouterr().err)
    assert "replace it with --force" in said
    assert place.read_text() == "theirs"
    assert main([*line.split(), "--force"]) in {0, 1}
    assert place.read_text() != "theirs"
    assert place.stat().st_mode & 0o777 == 0o600


def test_a_job_that_goes_on_writes_its_own_results_again(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path
) -> None:
    """`resume` needs no --force for the file that its job began with, finished or not; `export` does."""
    start_sandbox()
    job(tmp_path)
    assert main(["bulk", "resume", "job.db", "--results", "out.csv"]) == 0
    assert main(["bulk", "export", "job.db", "--results", "out.csv"]) == 2
    assert main(["bulk", "export", "job.db", "--results", "out.csv", "--force"]) == 0
    (tmp_path / "out.csv").write_text("theirs")
    assert main(["bulk", "resume", "job.db", "--results", "out.csv"]) == 2
    assert (tmp_path / "out.csv").read_text() == "theirs"


def test_an_answer_that_is_cut_off_leaves_the_old_file(tmp_path: Path) -> None:
    """`call --output` to what cannot be reached leaves what was there, with --force too."""
    (tmp_path / "x.json").write_text("old")
    line = "call accounts.list --output x.json --force --base-url http://127.0.0.1:9"
    assert main(line.split()) != 0
    assert (tmp_path / "x.json").read_text() == "old"


@pytest.mark.parametrize("linked", [False, True])
def test_devices_are_written_directly(
    linked: bool, start_sandbox: Callable[..., SandboxChild], tmp_path: Path
) -> None:
    """Every output may go to a device such as /dev/null, which stays one; no --force is needed."""
    null = device(tmp_path, "null")
    start_sandbox()
    job(tmp_path)
    accounts_csv(tmp_path / "b.csv", ["B-1"])
    (tmp_path / "link").symlink_to(null)
    name = "link" if linked else str(null)
    for line in (
        "bulk export job.db --results {}",
        "bulk run b.csv --kind accounts --results {}",
        "bulk resume job.db --results {}",
        "bulk plan a.csv --kind accounts --save {}",
        "call accounts.list --output {}",
    ):
        assert main(line.format(name).split()) == 0
    assert (tmp_path / "link").is_symlink()
    assert null.is_char_device()
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="there is no /dev/stdout")  # noqa: PTH110
def test_standard_output_by_name(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> None:
    """`--results /dev/stdout > file` comes after what was written to the file and before the rest."""
    start_sandbox()
    job(tmp_path)
    with (tmp_path / "shell.txt").open("wb") as shell:
        shell.write(b"before\n")
        shell.flush()
        command = [sys.executable, "-m", "alianza_async.cli", "bulk", "export", "job.db"]
        subprocess.run(  # noqa: S603  (our own command)
            [*command, "--results", "/dev/stdout"], cwd=tmp_path, stdout=shell, check=True
        )
    text = (tmp_path / "shell.txt").read_text()
    assert text.startswith("before\n")
    assert text.count(",created,") == 3
    assert "3 rows written" in text
