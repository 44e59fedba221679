from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from alianza_async.cli import app
from alianza_async.cli.options import Output
from alianza_async.cli.screen import Screen
from alianza_async.cli.streams import Stream
from tests.cli.sandbox_child import SandboxChild, accounts_csv, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

has_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")  # noqa: PTH110
UNENCODABLE = """\
account_number,account_name,account_type,time_zone,billing_cycle_day
店-1,Shop 店 → ✓,SIMPLE,US/Eastern,1
店-1,Shop 店,SIMPLE,US/Eastern,1
店-2,店,SIMPLE,US/Eastern,99
ACME-é,Shop,SIMPLE,Zürich,1
"""
"""Keys, names and time zones of which a Windows console has no letter."""
JSON_OPTIONS = pytest.mark.parametrize("as_json", [False, True], ids=["people", "json"])


def command(line: str) -> list[str]:
    """Return the command line of a process of its own."""
    return [sys.executable, "-m", "alianza_async.cli", *line.split()]


def run(
    line: str, stdout: str, *, stderr: int = subprocess.PIPE, encoding: str | None = None
) -> tuple[int, str]:
    """Run a command whose standard output goes to a place; returns its code and its standard error."""
    environment = {**os.environ, **({"PYTHONIOENCODING": encoding} if encoding else {})}
    with open(stdout, "w") as place:  # noqa: PTH123
        done = subprocess.run(  # noqa: S603
            command(line), stdout=place, stderr=stderr, env=environment, timeout=60, check=False
        )
    return done.returncode, (done.stderr or b"").decode("utf-8", "replace")


def run_into_a_closed_pipe(line: str) -> tuple[int, str]:
    """Run a command whose reader has gone before it writes anything."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(  # noqa: S603
        command(line), stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(writing)
    return done.returncode, done.stderr


@has_full
@JSON_OPTIONS
def test_a_full_disk_behind_stdout_changes_nothing(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, *, as_json: bool
) -> None:
    """All accounts are made and the exit code says so; the output's end is said once, with no advice."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(20))
    code, told = run(f"bulk run a.csv --kind accounts {'--json' if as_json else ''}", "/dev/full")
    assert (code, sandbox.account_numbers()) == (0, numbers(20))
    assert told.count("standard output cannot be written (No space left on device)") == 1
    assert ("Traceback" in told, "again" in told, "unexpected" in told) == (False, False, False)


@JSON_OPTIONS
def test_a_reader_that_has_gone_changes_nothing(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, *, as_json: bool
) -> None:
    """A run whose output goes to `| head` ends as it would, without a traceback."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(20))
    code, told = run_into_a_closed_pipe(f"bulk run a.csv --kind accounts {'--json' if as_json else ''}")
    assert (code, sandbox.account_numbers()) == (0, numbers(20))
    assert ("Broken pipe" in told, "Traceback" in told, "Exception ignored" in told) == (True, False, False)


@has_full
def test_an_undo_without_outputs_changes_as_it_should(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path
) -> None:
    """Taking a job back, both outputs on a full disk, deletes what it should and ends with 0."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(3))
    assert run("bulk run a.csv --kind accounts --journal j.db", os.devnull)[0] == 0
    with open("/dev/full", "w") as full:  # noqa: PTH123
        code, _ = run("bulk undo j.db --yes", "/dev/full", stderr=full.fileno())
    assert (code, sandbox.account_numbers()) == (0, [])


@has_full
def test_a_failed_row_keeps_its_exit_code(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> None:
    """Rows that are not done end with 1, with an output or without one."""
    start_sandbox()
    (tmp_path / "a.csv").write_text(UNENCODABLE)
    line = "bulk run a.csv --kind accounts"
    assert run(f"{line} --journal 1.db", "/dev/full")[0] == run(f"{line} --journal 2.db", os.devnull)[0] == 1


@JSON_OPTIONS
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_letters_that_a_console_lacks_are_escaped(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, encoding: str, *, as_json: bool
) -> None:
    """Names of which the console has no letter stop nothing: they are shown escaped, in both outputs."""
    sandbox = start_sandbox()
    (tmp_path / "a.csv").write_text(UNENCODABLE, encoding="utf-8")
    code, told = run(
        f"bulk run a.csv --kind accounts --results r.csv {'--json' if as_json else ''}",
        "out",
        encoding=encoding,
    )
    shown = (tmp_path / "out").read_text(encoding=encoding) + told
    assert (code, sandbox.account_numbers()) == (1, ["店-1"])
    assert "\\u5e97-2" in shown
    assert ("Traceback" in shown, "cannot be written" in shown, "unexpected" in shown) == (
        False,
        False,
        False,
    )
    assert "店-1" in (tmp_path / "r.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line", ["bulk plan a.csv --kind accounts", "bulk status j.db", "bulk export j.db --results r.csv"]
)
def test_commands_that_read_show_escaped_letters(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, line: str
) -> None:
    """A plan, a status and an export come through on a console that lacks the letters."""
    start_sandbox()
    (tmp_path / "a.csv").write_text(UNENCODABLE, encoding="utf-8")
    assert run("bulk run a.csv --kind accounts --journal j.db", os.devnull)[0] == 1
    code, told = run(line, "out", encoding="cp1252")
    assert (code in {0, 1}, "Traceback" in told, "cannot be written" in told) == (True, False, False)


@has_full
def test_a_command_that_only_reads_is_not_done_without_its_output(tmp_path: Path) -> None:
    """A list that nobody can read ends with 1, as other programs do."""
    assert [run(f"operations{more}", "/dev/full")[0] for more in ("", " --json")] == [1, 1]
    assert run("--help", "/dev/full")[0] == 1
    assert run_into_a_closed_pipe("operations")[0] == 1
    assert tmp_path.exists()


@has_full
def test_a_call_that_creates_is_done_without_its_output(
    start_sandbox: Callable[..., SandboxChild],
) -> None:
    """The answer of a create may be lost on its way to the screen: it is created, and the code says so."""
    sandbox = start_sandbox()
    body = {
        "accountNumber": "A-1",
        "accountName": "Acme",
        "accountType": "SIMPLE",
        "timeZone": "US/Eastern",
        "billingCycleDay": 1,
    }
    text = json.dumps(body, separators=(",", ":"))
    code, told = run(f"call accounts.create --body {text}", "/dev/full")
    assert code == 0, told
    assert sandbox.account_numbers() == ["A-1"]
    assert run("call authorize.user_info", "/dev/full")[0] == 1


def test_outputs_that_were_closed_before(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> None:
    """A service manager may start a command with both outputs closed: it works all the same."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(3))
    line: Sequence[str] = command("bulk run a.csv --kind accounts --json")
    done = subprocess.run(["/bin/sh", "-c", 'exec "$@" >&- 2>&-', "sh", *line], timeout=60, check=False)  # noqa: S603
    assert (done.returncode, sandbox.account_numbers()) == (0, numbers(3))


class Full(io.StringIO):
    """A text file on a full disk."""

    tries = 0

    def write(self, _: str) -> int:
        """Fail."""
        self.tries += 1
        raise OSError(28, "No space left on device")


def test_a_lost_output_is_tried_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is given up at the first failure, and said once; what follows is not tried."""
    full = Full()
    monkeypatch.setattr(sys, "stdout", full)
    screen = Screen(Output())
    for _ in range(3):
        screen.line("hello")
        screen.json({})
        screen.write_bytes(b"x")
    assert (full.tries, screen.is_lost) == (1, True)
    assert capsys.readouterr().err.count("No space left on device") == 1


def test_a_closed_output_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed file is a lost output, for text, bytes, a flush and the question whether it is a terminal."""
    closed = io.TextIOWrapper(io.BytesIO())
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    for use in ("write", "write_bytes", "flush"):
        reasons: list[str] = []
        stream = Stream("stdout", reasons.append)
        assert not stream.isatty()
        for _ in range(2):
            if use == "write":
                stream.write("x")
            elif use == "write_bytes":
                stream.write_bytes(b"x")
            else:
                stream.flush()
        assert (len(reasons), stream.lost is not None, stream.encoding) == (1, True, "UTF-8")


def test_an_end_of_its_own_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that only reads and has failed anyway keeps its own code."""
    monkeypatch.setattr(sys, "stdout", Full())

    def work(screen: Screen) -> int:
        screen.line("x")
        return 3

    assert app.finish(Output(), work, only_reads=True) == 3
