from __future__ import annotations

import csv
import json
import os
import sys
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.input.counting import count_rows
from alianza_async.cli import demo, main, sandbox as sandbox_command
from alianza_async.errors import ConfigurationError
from tests.cli.sandbox_child import accounts_csv, numbers

if TYPE_CHECKING:
    from pathlib import Path
    from typing import NoReturn

    from alianza_async.sandbox import Truth


def test_sample() -> None:
    """The bundled sample is 2,000 accounts, each with a number of its own."""
    with demo.SAMPLE.open(newline="", encoding="utf-8") as lines:
        found = [row["account_number"] for row in csv.DictReader(lines)]
    assert (len(found), len(set(found)), count_rows(demo.SAMPLE)) == (2000, 2000, 2000)


def test_demo_of_the_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The demo makes the sample's accounts, keeps to its rate, and says so in one JSON object."""
    facts: dict[str, object] = {}
    for _ in range(3):
        assert main(["demo", "--rate", "400", "--json"]) == 0
        facts = cast("dict[str, object]", json.loads(capsys.readouterr().out))
        if not facts["throttled"]:
            break
        # A machine that holds the sandbox up for over 17 ms makes requests bunch up: then it is asked again.
        (tmp_path / "demo-results.csv").unlink()
    assert (facts["total"], facts["created"], facts["created_at_sandbox"]) == (2000, 2000, 2000)
    assert (facts["duplicates"], facts["throttled"], facts["logins"]) == (0, 0, 1)
    assert cast("int", facts["peak_per_second"]) <= 400
    assert facts["results"] == str(tmp_path / "demo-results.csv")
    assert count_rows(tmp_path / "demo-results.csv") == 2000


def test_demo_for_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It heeds no `ALIANZA_*` variable, shows the sums and the sandbox's view, and what to do next."""
    monkeypatch.setenv("ALIANZA_PARTITION_ID", "somebody-else")
    monkeypatch.setenv("ALIANZA_ENVIRONMENT", "production")
    monkeypatch.setenv("ALIANZA_PROXY", "http://127.0.0.1:9")
    accounts_csv(tmp_path / "a.csv", [*numbers(30), "ab"])
    assert main(["demo", "--file", "a.csv", "--results", "mine.csv"]) == 1
    printed = capsys.readouterr()
    words = [" ".join(line.split()) for line in printed.out.splitlines()]
    assert words[1].startswith("30 of 31 rows are done: ")
    assert "at Alianza 30 accounts made, as the sandbox counted" in words
    assert "duplicates 0 account numbers used twice" in words
    assert "Results: mine.csv" in words
    assert words[-1] == "alianza bulk run accounts.csv --kind accounts"
    assert "31 accounts at an embedded Alianza" in printed.err


def test_demo_that_does_not_add_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report that the sandbox does not bear out is an error, not a success."""
    from dataclasses import replace

    from alianza_async.sandbox import SandboxProcess

    honest = SandboxProcess.truth

    async def other(self: SandboxProcess) -> Truth:
        return replace(await honest(self), created_accounts=7, duplicate_account_numbers=["ACME-1"])

    monkeypatch.setattr(SandboxProcess, "truth", other)
    accounts_csv(tmp_path / "a.csv", numbers(5))
    assert main(["demo", "--file", "a.csv", "--json"]) == 1
    assert "made 7 accounts, 1 of them twice, and the report says 5" in capsys.readouterr().err


def test_results_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where this folder cannot be written, the results go to a temporary one."""
    assert demo.default_results() == tmp_path / "demo-results.csv"

    def refuse(*_: object) -> bool:
        return False

    monkeypatch.setattr(os, "access", refuse)
    assert demo.default_results().parent != tmp_path


def test_without_the_sandbox(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without its extra, the demo and the sandbox say what to install."""
    monkeypatch.setitem(sys.modules, "alianza_async.sandbox", None)
    monkeypatch.delattr("alianza_async.sandbox")
    for line in ("demo", "sandbox serve"):
        assert main(line.split()) == 2
        assert "pip install 'alianza-async[sandbox]'" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["demo --rate 0", "demo --rate nan", "demo --file none.csv"])
def test_demo_of_nothing(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be meant or read ends with 2 and one line."""
    assert main(line.split()) == 2
    printed = capsys.readouterr()
    assert (printed.out, len(printed.err.splitlines())) == ("", 1)


def test_port_taken(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A port that cannot be had ends with 2 and names it."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr("alianza_async.sandbox.run", refuse)
    assert main(["sandbox", "serve", "--port", "8099"]) == 2
    assert "port 8099 (Address already in use)" in capsys.readouterr().err


def test_serve_is_told_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option of `sandbox serve` reaches the sandbox."""
    told: list[tuple[object, object]] = []

    def note(options: object, **rest: object) -> None:
        told.append((options, rest))

    monkeypatch.setattr("alianza_async.sandbox.run", note)
    line = (
        "--json sandbox serve --port 1 --latency-ms 2 --latency-jitter-ms 3 --rate 4 --token-ttl 5 "
        "--no-unique --username u --password p --must-change-password --partition q --inventory n.csv"
    )
    assert main(line.split()) == 0
    expected = sandbox_command.sandbox_options(
        latency_ms=2.0,
        latency_jitter_ms=3.0,
        rate=4.0,
        token_ttl_s=5.0,
        unique=False,
        username="u",
        password="p",
        must_change_password=True,
        partition_id="q",
        inventory="n.csv",
    )
    assert told == [(expected, {"port": 1, "as_json": True})]
    with pytest.raises(ConfigurationError, match="latency_ms"):
        sandbox_command.sandbox_options(latency_ms=-1)
