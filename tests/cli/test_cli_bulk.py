from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.cli import bulk as bulk_command, main
from tests.cli.sandbox_child import HEADER, SandboxChild, accounts_csv, numbers

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTS = ("total", "created", "exists", "updated", "failed", "invalid", "unknown", "skipped")


def run_json(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object], str]:
    """Run a command with `--json` and return its code, its one object and its standard error."""
    code = main([*line.split(), "--json"])
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    return code, cast("dict[str, object]", json.loads(printed.out)), printed.err


def counts(facts: dict[str, object]) -> dict[str, object]:
    """Return the counts that are not zero."""
    return {name: facts[name] for name in COUNTS if facts[name]}


def test_all_done(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clean file ends with 0 and one JSON object that the sandbox's own truth agrees with."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(60))
    code, facts, told = run_json("bulk run a.csv --kind accounts --results out.csv", capsys)
    assert (code, counts(facts)) == (0, {"total": 60, "created": 60})
    assert facts["results"] == str(tmp_path / "out.csv")
    assert {"elapsed_s", "items_per_s", "adopted", "unsettled", "stopped", "done_before"} <= facts.keys()
    assert facts["stopped"] is None
    assert sandbox.account_numbers() == numbers(60)
    assert f"60 accounts at {sandbox.base_url}, partition sandbox-partition, at most 100 requests" in told
    assert sum(sandbox.truth().requests.values()) == 61


def test_summary_for_people(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without `--json` standard output has the sums, the first rows not done, and how to see all."""
    start_sandbox()
    lines = [HEADER, *(f"N-{n},Acme,SIMPLE,US/Eastern,{1 if n % 2 else 99}" for n in range(100, 130))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    code = main(["bulk", "run", "a.csv", "--kind", "accounts"])
    printed = capsys.readouterr().out.splitlines()
    words = [" ".join(line.split()) for line in printed]
    assert code == 1
    assert words[1].startswith("15 of 30 rows are done: ")
    assert "created 15 made by this job" in words
    assert "Not done, 10 of 15:" in words
    assert len([line for line in words if " invalid billing_cycle_day" in line]) == 10
    (journal,) = (tmp_path / "state" / "alianza" / "jobs").glob("*.db")
    assert words[-2:] == [
        "To have every row with its reason in a file:",
        f"alianza bulk export {journal.relative_to(tmp_path)} --results a-results.csv",
    ]


def test_result_file_names_the_way_on(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a result file the rows not done are to be mended there, and the command to run is spelt out."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", ["ab", "ACME-1"])
    assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--results", "out.csv"]) == 1
    command = capsys.readouterr().out.splitlines()[-1].split()
    assert command == ["alianza", "bulk", "run", "out.csv", "--kind", "accounts", "--results", "out-2.csv"]
    out = tmp_path / "out.csv"
    out.write_text(out.read_text().replace("ab,", "ACME-2,"))
    code, facts, _ = run_json(" ".join(command[1:]), capsys)
    assert (code, counts(facts)) == (0, {"total": 2, "created": 1, "skipped": 1})
    assert (facts["done_before"], sandbox.account_numbers()) == (1, ["ACME-1", "ACME-2"])


def test_ensure(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--ensure` what is there is found, also by a server that would make it twice."""
    sandbox = start_sandbox(unique=False)
    accounts_csv(tmp_path / "a.csv", numbers(10))
    assert main(["bulk", "run", "a.csv", "--kind", "accounts"]) == 0
    capsys.readouterr()
    code, facts, _ = run_json("bulk run a.csv --kind accounts --ensure", capsys)
    assert (code, counts(facts)) == (0, {"total": 10, "exists": 10})
    assert sandbox.truth().created_accounts == 10


def test_plan_is_kept_to(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run by a plan makes what was planned, and refuses another file, another kind and other options."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(3))
    assert main(["bulk", "plan", "a.csv", "--kind", "accounts", "--check-remote", "--save", "plan.json"]) == 0
    run = "bulk run a.csv --kind accounts --plan plan.json"
    for line in (f"{run} --ensure", "bulk run a.csv --kind delete-accounts --plan plan.json"):
        assert main(line.split()) == 2
    assert main(f"{run} --partition another".split()) == 2
    assert main(run.split()) == 0
    accounts_csv(tmp_path / "a.csv", numbers(4))
    capsys.readouterr()
    assert main(run.split()) == 2
    assert "make the plan again" in capsys.readouterr().err
    assert sandbox.truth().created_accounts == 3


def test_on_exists_and_canary(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there is changed where that is asked for, or refused; a canary goes before the rest."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(3))
    code, facts, _ = run_json("bulk run a.csv --kind accounts --canary 1", capsys)
    assert (code, counts(facts)) == (0, {"total": 3, "created": 3})
    assert sandbox.truth().requests["retrieveAccount"] >= 1
    accounts_csv(tmp_path / "a.csv", numbers(3), name="Another")
    code, facts, _ = run_json("bulk run a.csv --kind accounts --on-exists update", capsys)
    assert (code, counts(facts)) == (0, {"total": 3, "updated": 3})
    code, facts, _ = run_json("bulk run a.csv --kind accounts --on-exists fail", capsys)
    assert (code, counts(facts)) == (1, {"total": 3, "failed": 3})


def test_unknown_columns_are_named_once(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Columns that mean nothing are named once, whether a header told them or only the rows did."""
    start_sandbox()
    (tmp_path / "a.csv").write_text(f"{HEADER},shoe size\nACME-1,Acme,SIMPLE,US/Eastern,1,44\n")
    row = {"accountNumber": "ACME-2", "accountName": "Acme", "accountType": "SIMPLE"}
    row |= {"timeZone": "US/Eastern", "billingCycleDay": "1", "hat": "red"}
    (tmp_path / "b.jsonl").write_text(json.dumps(row))
    assert main(["bulk", "run", "a.csv", "--kind", "accounts"]) == 0
    assert capsys.readouterr().err.count("not sent: shoe size\n") == 1
    assert main(["bulk", "run", "b.jsonl", "--kind", "accounts"]) == 0
    assert capsys.readouterr().err.count("not sent: hat\n") == 1


def test_users(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Users are made in the account that `--account-id` names, also when the job is gone on with."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", ["ACME-1"])
    main(["bulk", "run", "a.csv", "--kind", "accounts"])
    accounts = cast("list[dict[str, str]]", sandbox.ask("GET", "/_sandbox/accounts"))
    (tmp_path / "u.csv").write_text("username,time_zone\nann@acme,US/Eastern\nbob@acme,Europe/Paris\n")
    capsys.readouterr()
    line = f"bulk run u.csv --kind users --account-id {accounts[0]['id']}"
    code, facts, _ = run_json(f"{line} --results o.csv", capsys)
    assert (code, counts(facts)) == (1, {"total": 2, "created": 1, "invalid": 1})
    assert sandbox.truth().users == 1
    code, facts, told = run_json(f"bulk resume {facts['journal']} --results o.csv", capsys)
    assert (code, counts(facts)) == (1, {"total": 2, "created": 1, "invalid": 1})
    assert f"alianza bulk run o.csv --kind users --account-id {accounts[0]['id']} --results o-2.csv" in told
    assert sandbox.truth().users == 1


def test_login_refused(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused login ends with 3, after one login and without a secret told; nothing is made."""
    sandbox = start_sandbox(password="another")
    accounts_csv(tmp_path / "a.csv", numbers(5))
    assert main(["bulk", "run", "a.csv", "--kind", "accounts"]) == 3
    printed = capsys.readouterr()
    assert "login was refused" in printed.err
    assert "sesame" not in printed.err + printed.out
    assert (sandbox.truth().requests, sandbox.truth().accounts) == ({"logUserIn": 1}, 0)


def test_login_refused_within_a_job(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the partition is told, the job itself finds out that the login is refused: 3, and why as JSON."""
    start_sandbox(password="another")
    accounts_csv(tmp_path / "a.csv", numbers(5))
    line = "--partition P bulk run a.csv --kind accounts --results out.csv"
    code, facts, told = run_json(line, capsys)
    assert (code, counts(facts), facts["not_sent"]) == (3, {"total": 5, "skipped": 5}, 5)
    assert "login was refused" in str(facts["stopped"])
    assert "Not sent: rows 1-5" in told


def test_failure_budget(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spent failure budget ends with 4 and says how to go on."""
    start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(20))
    main(["bulk", "run", "a.csv", "--kind", "accounts"])
    accounts_csv(tmp_path / "b.csv", numbers(20), name="Other")
    capsys.readouterr()
    line = "bulk run b.csv --kind accounts --max-failures 3 --concurrency 1 --results out.csv"
    code, facts, told = run_json(line, capsys)
    assert (code, counts(facts)) == (4, {"total": 20, "failed": 3, "skipped": 17})
    assert "3 rows failed" in str(facts["stopped"])
    assert f"alianza bulk resume {Path(str(facts['journal'])).relative_to(tmp_path)} --retry-failed" in told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a.csv --kind accounts --account-id X", "--account-id"),
        ("a.csv --kind accounts --concurrency 0", "--concurrency"),
        ("a.csv --kind accounts --rate 0", "rate"),
        ("a.csv --kind accounts --max-failures few", "--max-failures"),
        ("a.csv --kind accounts --results a.csv", "is the input"),
        ("a.csv --kind accounts --settle -1", "--settle"),
        ("a.csv --kind accounts --grace nan", "--grace"),
        ("a.csv --kind accounts --journal .", "is a folder"),
        ("a.csv --kind accounts --journal there.db", "alianza bulk resume"),
        ("a.csv --kind accounts --corrections keep", "corrections"),
        ("a.csv --kind users --account-id A --on-exists never", "--on-exists"),
        ("a.csv --kind accounts --results none/out.csv", "out.csv"),
        ("a.csv --kind accounts --results there.db", "is there already"),
        ("a.csv --kind accounts --journal a.csv/x.db", "cannot be made"),
        ("a.csv --kind users", "username"),
        (". --kind accounts", "directory"),
    ],
)
def test_nothing_to_run(
    line: str,
    told: str,
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What cannot be meant or read ends with 2, before anything is made; standard output stays empty."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(3))
    (tmp_path / "there.db").write_text("something else")
    assert main(["bulk", "run", *line.split(), "--json"]) == 2
    printed = capsys.readouterr()
    assert (printed.out, sandbox.truth().accounts) == ("", 0)
    assert told in printed.err.splitlines()[-1]
    assert "Creating" not in printed.err


def test_env_file(
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Credentials may come from a file that is named."""
    sandbox = start_sandbox(username="ann", password="from a file")
    for name in ("BASE_URL", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"ALIANZA_{name}")
    values = f'ALIANZA_BASE_URL={sandbox.base_url}\nALIANZA_USERNAME=ann\nALIANZA_PASSWORD="from a file"\n'
    (tmp_path / "my.env").write_text(values)
    accounts_csv(tmp_path / "a.csv", numbers(2))
    code, facts, _ = run_json("--env-file my.env bulk run a.csv --kind accounts", capsys)
    assert (code, facts["created"]) == (0, 2)


class Terminal(io.StringIO):
    """An input that passes for a terminal."""

    def isatty(self) -> bool:
        """Pass for a terminal."""
        return True


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[object]:
    """Name production, with a job that is noted and not run."""
    ran: list[object] = []

    async def note(*arguments: object) -> int:
        ran.append(arguments[2])
        return 0

    monkeypatch.setattr(bulk_command, "_run", note)
    monkeypatch.setenv("ALIANZA_ENVIRONMENT", "production")
    monkeypatch.setenv("ALIANZA_AUTH_TOKEN", "t0ken")
    accounts_csv(tmp_path / "a.csv", numbers(3))
    return ran


@pytest.mark.parametrize(("typed", "code", "jobs"), [("production\n", 0, 1), ("yes\n", 2, 0), ("", 2, 0)])
def test_production_is_confirmed(
    *,
    typed: str,
    code: int,
    jobs: int,
    production: list[object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """At a terminal a job in production runs only once the environment's name was typed."""
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["bulk", "run", "a.csv", "--kind", "accounts"]) == code
    assert len(production) == jobs
    assert "This creates up to 3 accounts in production (https://api.alianza.com)." in " ".join(
        capsys.readouterr().err.split()
    )


def test_production_with_nobody_there(production: list[object], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal a job in production needs `--yes`."""
    assert main(["bulk", "run", "a.csv", "--kind", "accounts"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--yes"]) == 0
    assert len(production) == 1


def test_messy_file(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that holds terminal codes is shown with them as escapes."""
    start_sandbox()
    accounts_csv(tmp_path / "a.csv", ["\x1b[2JACME-1"])
    assert main(["bulk", "run", "a.csv", "--kind", "accounts"]) == 1
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert "\\x1b[2JACME-1" in printed.out
