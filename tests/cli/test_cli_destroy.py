"""What destroys something says so in the plan and before it runs, with host and partition, and asks."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.kinds.by_name import destroys
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.cli import main
from alianza_async.cli.choices import as_options, chosen
from alianza_async.errors import ConfigurationError
from tests.cli.sandbox_child import SandboxChild, accounts_csv, numbers, still_runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Terminal(io.StringIO):
    """A standard input at which somebody sits."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def accounts(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> SandboxChild:
    """Make three accounts, and a file that names them."""
    sandbox = start_sandbox(delete_pending_s=0.1)
    accounts_csv(tmp_path / "a.csv", numbers(3))
    assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--journal", "made.db"]) == 0
    (tmp_path / "d.csv").write_text("\n".join(["account_number", *numbers(3)]) + "\n")
    return sandbox


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what standard error has, as one line."""
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("kind", ["delete-accounts", "suspend-accounts"])
def test_nobody_there_to_confirm_it(
    accounts: SandboxChild, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody can type, a kind that destroys needs `--yes` or ends with 2, before anything is sent."""
    before = accounts.truth().requests
    capsys.readouterr()
    assert main(["bulk", "run", "d.csv", "--kind", kind]) == 2
    assert "there is no terminal to confirm it; confirm with --yes" in told(capsys)
    assert accounts.truth().requests == before


@pytest.mark.parametrize(
    ("typed", "code", "left"), [("delete-accounts 3\n", 0, 0), ("y\n", 2, 3), ("", 2, 3)]
)
def test_host_and_partition_come_before_the_question(
    *,
    accounts: SandboxChild,
    typed: str,
    code: int,
    left: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At a terminal the kind and the number of rows are typed, after what is destroyed and where was said."""
    capsys.readouterr()
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["bulk", "run", "d.csv", "--kind", "delete-accounts"]) == code
    text = told(capsys)
    question = text.index("Type 'delete-accounts 3' to continue:")
    for words in (
        "This deletes each account with its users",
        accounts.base_url,
        "partition sandbox-partition",
    ):
        assert 0 <= text.index(words) < question
    assert accounts.truth().accounts == left


def test_yes_asks_nothing_and_says_it_all_the_same(
    accounts: SandboxChild, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--yes` it runs; what it destroys is on the screen."""
    capsys.readouterr()
    assert main(["bulk", "run", "d.csv", "--kind", "delete-accounts", "--yes"]) == 0
    printed = capsys.readouterr()
    assert ("This deletes each account" in printed.err, "Type " in printed.err) == (True, False)
    assert " ".join(printed.out.split()).endswith("a second updated 3 deleted by this job")
    assert accounts.truth().accounts == 0


def test_a_resume_asks_too(
    accounts: SandboxChild, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that destroys and was interrupted is confirmed again before it goes on."""
    accounts.ask("PUT", "/_sandbox/options", {"latency_ms": 2000})
    job = subprocess.Popen(  # noqa: S603
        [
            *(sys.executable, "-m", "alianza_async.cli", "bulk", "run", "d.csv", "--kind", "delete-accounts"),
            *("--yes", "--journal", "j.db", "--grace", "0"),
        ],
        stderr=subprocess.DEVNULL,
    )
    while not (tmp_path / "j.db").exists():
        still_runs(job)
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=30)
    accounts.ask("PUT", "/_sandbox/options", {"latency_ms": 0})
    capsys.readouterr()
    assert main(["bulk", "resume", "j.db"]) == 2
    assert "confirm with --yes" in told(capsys)
    assert main(["bulk", "resume", "j.db", "--yes"]) == 0
    assert accounts.truth().accounts == 0


def test_a_resume_asks_for_the_rows_that_are_left(
    accounts: SandboxChild, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number that is typed counts rows that the job never came to, and none that is settled."""
    fault = {"kind": "status_before", "operation": "deleteAccount", "status": 403}
    accounts.ask("POST", "/_sandbox/faults", fault)
    stop = "--concurrency 1 --max-failures 1 --journal j.db --yes"
    assert main(["bulk", "run", "d.csv", "--kind", "delete-accounts", *stop.split()]) == 4
    assert accounts.truth().accounts == 3
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for line, rows in (("bulk resume j.db", 2), ("bulk resume j.db --retry-failed", 3)):
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", Terminal("no\n"))
        assert main(line.split()) == 2
        assert f"Type 'delete-accounts {rows}' to continue:" in told(capsys)
    monkeypatch.setattr(sys, "stdin", Terminal("delete-accounts 2\n"))
    assert main(["bulk", "resume", "j.db"]) == 1
    assert accounts.truth().accounts == 1


def test_a_plan_says_what_a_run_destroys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan of a kind that destroys has its sentence, on the screen and in JSON; others have none."""
    (tmp_path / "d.csv").write_text("account_number\nA-1\n")
    assert main(["bulk", "plan", "d.csv", "--kind", "suspend-accounts"]) == 0
    assert "A run cuts off the service of each account" in capsys.readouterr().out
    assert main(["bulk", "plan", "d.csv", "--kind", "delete-accounts", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["destroys"]) == 1
    accounts_csv(tmp_path / "a.csv", numbers(1))
    assert main(["bulk", "plan", "a.csv", "--kind", "accounts", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["destroys"] == []


def test_other_calling_plans_may_be_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--others keep` destroys nothing, in either spelling; the command to run repeats it."""
    (tmp_path / "p.csv").write_text("account_number,username,calling_plan_product_id\nA,u,p\n")
    sentences: list[list[str]] = []
    for options in ("", "--others remove", "--others keep", "--choice others=keep"):
        main([*f"bulk plan p.csv --kind calling-plans --json {options}".split()])
        facts = cast("dict[str, object]", json.loads(capsys.readouterr().out))
        sentences.append(cast("list[str]", facts["destroys"]))
        assert ("--others" in str(facts["next"])) is bool(options)
    assert [len(each) for each in sentences] == [1, 1, 0, 0]
    assert "removes each user's other calling plans" in sentences[0][0]


@pytest.mark.parametrize(
    "options", ["--others keep", "--choice others=perhaps", "--choice others", "--choice x=y"]
)
def test_a_choice_that_the_kind_does_not_have(
    tmp_path: Path, options: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A choice of another kind, an unknown value and half a choice end with 2 and a reason."""
    accounts_csv(tmp_path / "a.csv", numbers(1))
    kind = "accounts" if options == "--others keep" else "calling-plans"
    assert main(["bulk", "plan", "a.csv", "--kind", kind, *options.split()]) == 2
    assert "error: " in capsys.readouterr().err


def test_choices_are_read() -> None:
    """Named options and pairs become one set of choices; the same one with two values is refused."""
    assert chosen(["device-type-id=x", "others=keep"], others="keep", corrections=None) == {
        "others": "keep",
        "device_type_id": "x",
    }
    assert as_options({"others": "keep", "device_type_id": "x"}) == [
        *("--others", "keep"),
        *("--choice", "device_type_id=x"),
    ]
    assert as_options({"prevalidate": "skip", "e911_coordinates": "send"}) == [
        "--skip-prevalidate",
        "--e911-coordinates",
    ]
    with pytest.raises(ConfigurationError, match="given twice"):
        chosen(["others=keep"], others="remove")
    with pytest.raises(ConfigurationError, match="NAME=VALUE"):
        chosen(["=keep"])


def test_which_kinds_destroy() -> None:
    """Deletions, suspensions and removed plans destroy; what only creates does not."""
    assert {kind for kind in ("accounts", "users", "own", *WORKFLOWS) if destroys(kind)} == {
        "delete-accounts",
        "suspend-accounts",
        "calling-plans",
    }


# --- undo ---------------------------------------------------------------------------------------------------


def undo(options: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object], str]:
    """Undo some rows; returns the code, the JSON object and standard error."""
    capsys.readouterr()
    code = main(["bulk", "undo", "made.db", "--yes", "--json", *options.split()])
    printed = capsys.readouterr()
    facts = cast("dict[str, object]", json.loads(printed.out or "{}"))
    return code, facts, " ".join(printed.err.split())


def test_undo_says_where(accounts: SandboxChild, capsys: pytest.CaptureFixture[str]) -> None:
    """Host and partition are on the screen before the question, and before anything is deleted."""
    capsys.readouterr()
    assert main(["bulk", "undo", "made.db", "--yes"]) == 0
    text = told(capsys)
    assert f"This deletes what 3 rows have made. At {accounts.base_url}, partition sandbox-partition." in text


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ("--rows 1", [1, 2]),
        ("--rows 2-3", [0]),
        ("--rows 1,3-99", [1]),
        ("--keys keys.txt", [0]),
        ("--keys keys.txt --rows 1-2", [0, 2]),
        ("--status created", []),
        ("--status failed --status unknown", [0, 1, 2]),
    ],
)
def test_chosen_rows_are_undone(
    accounts: SandboxChild,
    tmp_path: Path,
    options: str,
    left: list[int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By number, by key or by status, and by several at once: only rows that fit all are undone."""
    (tmp_path / "keys.txt").write_text(f"\ufeff{numbers(3)[1]}\n\n {numbers(3)[2]} \n", encoding="utf-8")
    code, facts, text = undo(options, capsys)
    assert code == 0
    assert accounts.account_numbers() == [
        numbers(3)[row] for row in left
    ] or accounts.truth().accounts == len(left)
    assert facts["undone"] == 3 - len(left)
    assert "Chosen: " in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--rows 0", "give row numbers and ranges, such as 1,5-9"),
        ("--rows 5-2", "give row numbers and ranges, such as 1,5-9"),
        ("--rows one", "give row numbers and ranges, such as 1,5-9"),
        ("--rows 4", "--rows names row 4; the job has rows 1 to 3"),
        ("--keys nowhere.txt", "the file of --keys cannot be read (No such file or directory)"),
        ("--keys binary.txt", "the file of --keys is not UTF-8 text"),
        (
            "--keys others.txt",
            "the job has no row with these keys: 'X-0', 'X-1', 'X-2', 'X-3', 'X-4' and 2 more",
        ),
    ],
)
def test_a_choice_of_rows_that_is_wrong(
    accounts: SandboxChild, tmp_path: Path, options: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows that the job does not have, and files that cannot be read, end with 2; nothing is deleted."""
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "others.txt").write_text("\n".join(f"X-{number}" for number in range(7)))
    code, _, text = undo(options, capsys)
    assert (code, accounts.truth().accounts) == (2, 3)
    assert words in text


def test_the_way_on_repeats_the_choice(accounts: SandboxChild, capsys: pytest.CaptureFixture[str]) -> None:
    """The command after a dry run undoes the rows that were looked at, and no others."""
    capsys.readouterr()
    line = "bulk undo made.db --dry-run --rows 1-2 --status created"
    assert main(line.split()) == 0
    assert "alianza bulk undo made.db --rows 1-2 --status created" in capsys.readouterr().out
    assert accounts.truth().accounts == 3
