"""What an operator sees of rows that stopped half way, were undone, were sent again, or were slowed down."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.half_done import HalfDone
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.report import ItemResult, Outage, Report
from alianza_async.cli import main
from alianza_async.cli.options import Output
from alianza_async.cli.progress import LineView
from alianza_async.cli.screen import Screen
from alianza_async.cli.summary import Command, tell
from alianza_async.cli.watch import Outcome
from tests.bulk.undo_jobs import NUMBERS, subscriber
from tests.cli.sandbox_child import SandboxChild, accounts_csv, numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def run_json(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    """Run a command with `--json` and return its code and its one object."""
    capsys.readouterr()
    code = main([*line.split(), "--json"])
    return code, cast("dict[str, object]", json.loads(capsys.readouterr().out))


def subscribers_csv(path: Path, *rows: dict[str, object]) -> None:
    """Write a file of subscribers."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def half_done(start_sandbox: Callable[..., SandboxChild], tmp_path: Path) -> list[str]:
    """Make a file of three subscribers, two of them with a device that has a line already."""
    (tmp_path / "numbers.txt").write_text("\n".join(NUMBERS))
    start_sandbox(inventory=str(tmp_path / "numbers.txt"))
    subscribers_csv(tmp_path / "first.csv", subscriber(8), subscriber(9))
    assert main(["bulk", "run", "first.csv", "--kind", "subscribers", "--json"]) == 0
    taken = [subscriber(number)["mac_address"] for number in (8, 9)]
    subscribers_csv(
        tmp_path / "s.csv",
        subscriber(1) | {"mac_address": taken[0]},
        subscriber(2) | {"mac_address": taken[1]},
        subscriber(3),
    )
    return ["bulk", "run", "s.csv", "--kind", "subscribers", "--journal", "j.db"]


SUMS = {
    "rows": 2,
    "steps": {"account": 2, "user": 2, "number": 2},
    "numbers_in_service": 2,
    "numbers_not_in_service": 0,
}
WORDS = "2 rows half done: 2 accounts, 2 users, 2 numbers in service"


def test_a_run_says_what_is_half_done(half_done: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Two rows without a line leave two accounts, users and numbers in service: told, and in the results."""
    capsys.readouterr()
    assert main([*half_done, "--results", "r.csv"]) == 1
    assert WORDS in capsys.readouterr().out
    with open("r.csv", newline="") as file:  # noqa: PTH123
        assert [row["result_status"] for row in csv.DictReader(file)] == ["failed", "failed", "created"]


def test_run_status_and_resume_agree_in_json(
    half_done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Per job the sums, per row the ids, the number's state and the failed step; also long after the run."""
    code, run = run_json(" ".join(half_done), capsys)
    _, status = run_json("bulk status j.db", capsys)
    _, resumed = run_json("bulk resume j.db", capsys)
    assert (code, run["half_done"], status["half_done"], resumed["half_done"]) == (1, SUMS, SUMS, SUMS)
    for facts in (status, resumed):
        first, second = cast("list[dict[str, object]]", facts["not_done"])
        assert [set(cast("dict[str, str]", row["objects"])) for row in (first, second)] == [
            {"account", "user", "number"}
        ] * 2
        assert (first["number_state"], first["in_service"], first["failed_step"]) == (
            "in service",
            True,
            "line",
        )
    capsys.readouterr()
    assert main(["bulk", "status", "j.db"]) == 0
    assert WORDS in capsys.readouterr().out


def test_undone_rows_are_shown(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After an undo `status` counts its rows and `export` calls them undone; fed back they are made again."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(3))
    assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--journal", "j.db"]) == 0
    assert main(["bulk", "undo", "j.db", "--yes"]) == 0
    capsys.readouterr()
    assert main(["bulk", "status", "j.db"]) == 0
    assert "Undone: 3 rows" in capsys.readouterr().out
    assert run_json("bulk status j.db", capsys)[1]["undone"] == 3
    assert run_json("bulk export j.db --results r.csv", capsys)[1]["undone"] == 3
    with open("r.csv", newline="") as file:  # noqa: PTH123
        assert [row["result_status"] for row in csv.DictReader(file)] == ["undone"] * 3
    assert main(["bulk", "export", "j.db", "--results", "again.csv"]) == 0
    assert "undone" in capsys.readouterr().out
    code, facts = run_json("bulk run r.csv --kind accounts --journal k.db", capsys)
    assert (code, facts["created"], sandbox.account_numbers()) == (0, 3, numbers(3))


def told(report: Report, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> str:
    """Return what the summary says of a report."""
    report.journal_path = tmp_path / "j.db"
    tell(Outcome(report, None), Screen(Output()), Command(tmp_path / "a.csv", "accounts"))
    printed = capsys.readouterr()
    return " ".join((printed.out + printed.err).split())


def test_the_summary_names_what_the_sums_hide(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Half done rows, rows sent again with the command that checks them, 429s and an outage are all told."""
    half = HalfDone()
    half.add(["account"], None)
    report = Report(
        total=3,
        exists=3,
        maker_unknown=2,
        half_done=half,
        sent_again=22,
        sent_again_rows=[1, 2, 5],
        throttled=7,
        lowest_rate=12.5,
        outage=Outage("api.example.com", 0.0),
    )
    text = told(report, capsys, tmp_path)
    for words in (
        "1 row half done: 1 account",
        "maker unknown 2 of these: found there after a lost answer",
        "22 rows tried more than once: 1-2, 5 and 19 more",
        "To check that nothing was made twice: alianza bulk reconcile j.db",
        "Slowed down by the server: 7 answers with 429; at the slowest 12.5 requests a second",
        "cannot reach api.example.com since ",
    ):
        assert words in text


def test_a_job_without_surprises_says_nothing_of_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Where all went well there is no line on half done rows, resends, 429s or outages."""
    text = told(Report(total=1, created=1), capsys, tmp_path)
    assert not [word for word in ("half done", "more than once", "429", "cannot reach") if word in text]


def test_json_has_what_the_summary_tells(tmp_path: Path) -> None:
    """The object of a run has the sums and each row that is printed."""
    report = Report(throttled=1, lowest_rate=50.0, outage=Outage("h", 1.0), sent_again=1, sent_again_rows=[4])
    outcome = Outcome(report, None)
    outcome.note(ItemResult(4, "A", "failed", objects={"account": "1"}, failed_step="user"))
    facts = outcome.to_json()
    assert (facts["throttled"], facts["outage"], facts["sent_again"]) == (
        {"answers": 1, "lowest_rate": 50.0},
        {"host": "h", "since": 1.0},
        {"rows": 1, "first": [4]},
    )
    (row,) = cast("list[dict[str, object]]", facts["not_done"])
    assert (row["row"], row["objects"], row["failed_step"]) == (4, {"account": "1"}, "user")
    assert tmp_path.exists()


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (Report(outage=Outage("api.example.com", 0.0)), "cannot reach api.example.com since "),
        (Report(slowed_to=25.0, throttled=2), "0/s (429: at most 25 requests a second)"),
        (Report(throttled=2), "0/s, 0 in flight"),
        (Report(paused=True), "paused, 0 in flight"),
    ],
    ids=["outage", "slowed", "fast again", "paused"],
)
def test_progress_says_what_holds_a_job_back(
    report: Report, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An outage, a rate cut by a 429 and a pause are shown in place of, or beside, the speed."""
    now = 0.0
    view = LineView(Screen(Output()), 10, lambda: now)
    now = 5.0
    view.update(report)
    assert words in " ".join(capsys.readouterr().err.split())


def test_429s_reach_the_report(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that sends more than the server allows says how often it was refused, and how slow it became."""
    start_sandbox(rate=40)
    accounts_csv(tmp_path / "a.csv", numbers(60))
    code, facts = run_json("bulk run a.csv --kind accounts --rate 400", capsys)
    throttled = cast("dict[str, float]", facts["throttled"])
    assert code == 0
    assert throttled["answers"] > 0
    assert throttled["lowest_rate"] < 400


def test_the_limit_of_an_outage_is_kept(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--outage-limit` is kept in the journal for a resume; a negative one ends with 2."""
    start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(1))
    line = "bulk run a.csv --kind accounts --journal j.db --outage-limit"
    assert main([*line.split(), "-1"]) == 2
    assert "--outage-limit is -1" in capsys.readouterr().err
    assert main([*line.split(), "7"]) == 0
    with JournalReader("j.db") as reader:
        assert reader.facts.options["outage_limit_s"] == 7
    assert main(["bulk", "resume", "j.db", "--outage-limit", "9"]) == 0
