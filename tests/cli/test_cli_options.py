from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from alianza_async import cli
from alianza_async.cli.options import hoisted

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ["demo", "bench", "bulk run", "whoami", "health", "sandbox serve"]


def is_command(words: Sequence[str]) -> bool:
    """Tell the words of a small command tree."""
    return list(words) in (["bulk"], ["bulk", "run"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("bulk run F --json", "bulk run F --json"),
        ("--json bulk run F", "bulk run --json F"),
        ("bulk --json run F", "bulk run --json F"),
        ("--base-url U bulk run F --kind x", "bulk run --base-url U F --kind x"),
        ("--base-url=U --json bulk run F", "bulk run --base-url=U --json F"),
        ("--base-url bulk run F", "--base-url bulk run F"),
        ("--other bulk run", "--other bulk run"),
        ("--partition", "--partition"),
        ("bulk run run --json", "bulk run run --json"),
        ("", ""),
    ],
)
def test_common_options_move_behind_the_command(given: str, expected: str) -> None:
    """Common options before a command, or between its words, mean the same as after it."""
    assert hoisted(given.split(), is_command) == expected.split()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command's help goes to standard output, shows an example, and ends with 0."""
    code = cli.main([*command.split(), "--help"])
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    assert f"Example: alianza {command}" in " ".join(printed.out.split())


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`alianza --help` is one screen that names every command."""
    assert cli.main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert {name.split()[0] for name in COMMANDS} <= set(printed.split())
    assert len(printed.splitlines()) < 25


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`alianza --version` prints the release and nothing else."""
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"{version('alianza-async')}\n"


@pytest.mark.parametrize(
    "line",
    [
        "nope",
        "bulk run",
        "bulk run F",
        "bulk run F --kind dogs",
        "bulk run F --kind accounts --nope",
        "bulk run F --kind accounts --concurrency many",
        "--json bulk run F G --kind accounts",
        "demo --base-url http://127.0.0.1:1",
        "whoami --json --json",
    ],
)
def test_usage_errors(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that means nothing ends with 2 and one line on standard error."""
    code = cli.main(line.split())
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert printed.err.startswith("error: ")
    assert len(printed.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("whoami", "ALIANZA_USERNAME"),
        ("whoami --log-level LOUD", "DEBUG, INFO, WARNING, ERROR"),
        ("whoami --env-file none.env", "none.env"),
        ("whoami --environment moon", "moon"),
        ("--base-url http://example.com health", "plain http"),
        ("bulk run none.csv --kind accounts", "none.csv"),
    ],
)
def test_configuration_errors(
    line: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A configuration that cannot be meant ends with 2 and one line that names what it is about."""
    if line != "whoami":
        monkeypatch.setenv("ALIANZA_USERNAME", "me")
        monkeypatch.setenv("ALIANZA_PASSWORD", "open sesame")
    code = cli.main(line.split())
    printed = capsys.readouterr()
    assert (code, printed.out, len(printed.err.splitlines())) == (2, "", 1)
    assert told in printed.err
    assert "sesame" not in printed.err


def test_without_its_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without cyclopts or rich the command says what to install, and ends with 2."""

    def find(name: str) -> str | None:
        return None if name == "rich" else name

    monkeypatch.setattr(cli, "find_spec", find)
    assert cli.main([]) == 2
    assert "pip install 'alianza-async[cli]'" in capsys.readouterr().err


def test_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without arguments given, the process's own are read."""
    monkeypatch.setattr(sys, "argv", ["alianza", "--version"])
    assert cli.main() == 0
    assert capsys.readouterr().out == f"{version('alianza-async')}\n"


def test_start_is_light() -> None:
    """Naming the command loads neither rich nor the session: those come with the command that needs them."""
    heavy = "{'rich.table', 'httpx', 'anyio'}"
    script = f"import sys, alianza_async.cli.app; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "[]\n"
