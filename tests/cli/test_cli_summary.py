from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from alianza_async.bulk.errors import BulkStoppedError, FailureBudgetError
from alianza_async.bulk.report import ItemResult, Report
from alianza_async.cli.options import Output
from alianza_async.cli.screen import Screen
from alianza_async.cli.summary import Command, in_words, tell, ways_on, why
from alianza_async.cli.watch import Outcome
from alianza_async.errors import (
    AlianzaError,
    CallContext,
    FieldError,
    InvalidInputError,
    RequestRejectedError,
    ResultFileError,
)

COMMAND = Command(Path("my file.csv"), "users", "A-1")


def told(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the words of each line that is told of an outcome, standard error after standard output."""
    tell(outcome, Screen(Output()), COMMAND)
    printed = capsys.readouterr()
    return [" ".join(line.split()) for line in (printed.out + printed.err).splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([(3, 3), (7, 9)], "3, 7-9"),
        ([(1000, 2000)], "1,000-2,000"),
        ([(n, n) for n in range(1, 15, 2)], "1, 3, 5, 7, 9 and 2 more ranges"),
    ],
)
def test_ranges(ranges: list[tuple[int, int]], expected: str) -> None:
    """Rows are named as ranges, the first few of many."""
    assert in_words(ranges) == expected


def test_the_way_on_is_a_command_line(tmp_path: Path) -> None:
    """Every way on is a whole command line, quoted as a shell needs it."""
    command = Command(Path("my file.csv"), "users", "A-1", {"corrections": "keep"})
    journal = tmp_path / "my job.db"
    assert command.after(tmp_path / "out.csv") == (
        "alianza bulk run out.csv --kind users --account-id A-1 --corrections keep --results out-2.csv"
    )
    assert command.export("Go", journal) == [
        ("Go", "alianza bulk export 'my job.db' --results 'my file-results.csv'")
    ]
    assert command.resume("Go", journal) == [("Go", "alianza bulk resume 'my job.db'")]
    assert command.resume("Go", journal, retry_failed=True) == [
        ("Go", "alianza bulk resume 'my job.db' --retry-failed")
    ]
    plain = Command(Path("a.csv"), "accounts")
    commands = [plain.after(tmp_path / name) for name in ("a.csv", "a-2.csv", "a-99.jsonl")]
    assert [line.rpartition(" ")[2] for line in commands] == ["a-2.csv", "a-3.csv", "a-100.jsonl"]


def test_all_done(capsys: pytest.CaptureFixture[str]) -> None:
    """A job that did everything says so, and proposes nothing."""
    report = Report(total=6, created=3, exists=1, skipped=2, done_before=2, adopted=1)
    lines = told(Outcome(report, 6), capsys)
    assert lines[0].startswith("All 6 rows are done: ")
    assert lines[1:] == [
        "created 3 made by this job; 1 found there after a lost answer",
        "exists 1 there before, equal in every field sent",
        "skipped 2 2 done by an earlier run",
    ]


def test_found_and_nobody_knows_whose(capsys: pytest.CaptureFixture[str]) -> None:
    """What was found after a lost answer counts as created only where it is proven to be ours."""
    report = Report(total=1, exists=1, adopted=1, maker_unknown=1)
    lines = told(Outcome(report, 1), capsys)
    assert lines[0].startswith("1 row is done: ")
    assert lines[1:3] == ["created 0 made by this job", "exists 1 there before, equal in every field sent"]
    assert lines[3].startswith("maker unknown 1 of these: found there after a lost answer")


def test_skipped_of_both_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    """Rows that were done before are told from those that had no turn."""
    outcome = Outcome(Report(total=5, skipped=5, done_before=2), 5, signal=signal.SIGINT)
    for row in (4, 3, 5):
        outcome.note(ItemResult(row, None, "skipped", done_before=row == 3))
    lines = told(outcome, capsys)
    assert "skipped 5 2 done by an earlier run, 3 not sent" in lines


def test_interrupted_without_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the input was not counted, every row after the last one taken is named."""
    lines = told(Outcome(Report(total=7, created=7), None, signal=signal.SIGTERM), capsys)
    assert lines[0].startswith("7 of so far unknown many rows are done: ")
    assert "interrupted by SIGTERM" in lines
    assert "Not sent: every row after row 7" in lines


def test_not_sent_within_the_rows_taken() -> None:
    """Rows passed over and rows never taken are put together where they touch, and only there."""
    outcome = Outcome(Report(total=10), 12, signal=signal.SIGINT)
    for row in (2, 9, 10):
        outcome.note(ItemResult(row, None, "skipped"))
    assert outcome.not_sent == [(2, 2), (9, 12)]
    outcome.report.total = 11
    assert outcome.not_sent == [(2, 2), (9, 10), (12, 12)]


def test_not_sent_in_the_order_of_the_input() -> None:
    """Rows that an outage held end in any order; they are named by number, as one range where they touch."""
    outcome = Outcome(Report(total=6), 300, signal=signal.SIGINT)
    for row in (3, 4, 5, 2, 6):
        outcome.note(ItemResult(row, None, "skipped"))
    assert outcome.not_sent == [(2, 300)]


def test_unsettled_rows_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Rows that were cut off are named, and that they may have been carried out."""
    report = Report(total=4, created=1, unsettled=(2, 4, 5))
    lines = told(Outcome(report, 4, signal=signal.SIGINT, left=True), capsys)
    assert "Not settled, may have been carried out: rows 2, 4-5" in lines


def test_a_broken_result_file_goes_on_from_the_journal(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the result file itself failed, the journal is the way on, once there is space."""
    report = Report(total=3, created=1, results_path=Path("out.csv"), journal_path=Path("job.db"))
    error = BulkStoppedError("the job stopped: no space", report=report)
    error.__cause__ = ResultFileError("no space")
    outcome = Outcome(report, 3, stopped=error)
    lines = told(outcome, capsys)
    assert "error: the job stopped: no space" in lines
    at = lines.index("To continue, once the cause is fixed:")
    assert lines[at + 1] == "alianza bulk resume job.db"
    assert (outcome.code, outcome.reason) == (2, "the job stopped: no space")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"created": 2}, []),
        ({"unknown": 1, "failed": 1}, ["resume job.db", "export job.db --results 'my file-results.csv'"]),
        ({"failed": 1}, ["resume job.db --retry-failed", "export job.db --results 'my file-results.csv'"]),
        ({"invalid": 1}, ["export job.db --results 'my file-results.csv'"]),
        (
            {"invalid": 1, "results_path": Path("o.csv")},
            ["run o.csv --kind users --account-id A-1 --results o-2.csv"],
        ),
        ({"invalid": 1, "journal_path": None}, []),
    ],
)
def test_ways_on(changes: dict[str, object], expected: list[str]) -> None:
    """What may be typed next follows from what is not done: looked up, tried again, or mended."""
    report = replace(Report(total=2, journal_path=Path("job.db")), **changes)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    lines = [line for _, line in ways_on(Outcome(report, 2), COMMAND)]
    assert lines == [f"alianza bulk {words}" for words in expected]


def test_ways_on_of_rows_from_python() -> None:
    """No command has the rows that came from Python: they are given again there, with their workflow."""
    report = Report(total=2, failed=1, sent_again=1, sent_again_rows=[1], journal_path=Path("job.db"))
    accounts = Command(Path(), "accounts", from_python=True)
    hires = Command(Path(), "hires", from_python=True)
    again = "in Python with the same rows"
    assert ways_on(Outcome(report, 2), accounts) == [
        (
            f"To check that nothing was made twice, {again}",
            "await session.bulk.reconcile('job.db', source=rows)",
        ),
        (
            f"To try again what failed, {again}",
            "await session.bulk.resume('job.db', rows, retry_failed=True).run()",
        ),
    ]
    assert ways_on(Outcome(report, 2, signal=signal.SIGINT), hires) == [
        (f"To continue, {again}", "await session.bulk.resume('job.db', rows, workflow=workflow).run()")
    ]


def test_a_job_that_was_undone_is_not_gone_on_with() -> None:
    """What was undone cannot be resumed: only the file with every row is proposed."""
    report = Report(total=2, failed=1, unknown=1, journal_path=Path("job.db"))
    ways = ways_on(Outcome(report, 2), Command(Path("a.csv"), "accounts", undone=True))
    assert [line for _, line in ways] == ["alianza bulk export job.db --results a-results.csv"]


def test_a_spent_budget_is_gone_on_with_from_what_failed() -> None:
    """After a spent failure budget the way on tries again what failed, too."""
    report = Report(total=3, failed=3, journal_path=Path("job.db"))
    outcome = Outcome(report, 9, stopped=FailureBudgetError("3 rows failed", report=report))
    assert ways_on(outcome, COMMAND) == [
        ("To continue, once the cause is fixed", "alianza bulk resume job.db --retry-failed")
    ]


def test_a_job_gone_on_with_and_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    """What earlier runs may have sent is told apart from what was never sent, and no rows are made up."""
    report = Report(total=6, created=6, previously_settled=5, journal_path=Path("job.db"))
    outcome = Outcome(report, 10, signal=signal.SIGINT, to_look_up=1)
    lines = told(outcome, capsys)
    assert lines[0].startswith("6 of 10 rows are done: ")
    assert lines[0].endswith("a second, 5 settled by earlier runs")
    assert "Still to be looked up: 1 row of earlier runs" in lines
    assert "Not sent: 3 rows" in lines
    assert (outcome.not_sent, outcome.to_json()["previously_settled"]) == ([], 5)


def test_why() -> None:
    """The reason of a row leaves out what the table shows already, and keeps what support asks for."""
    context = CallContext("createUser", "POST", "/v2/x", "r-1", 1)
    rejected = RequestRejectedError("no such plan", context=context, status=400)
    invalid = InvalidInputError("f row 1, a: b", fields=(FieldError("a", "b"), FieldError("c", "d")))
    errors = (rejected, invalid, AlianzaError("so it is"), None)
    assert [why(ItemResult(1, None, "failed", error=error)) for error in errors] == [
        "no such plan (request r-1)",
        "a: b; c: d",
        "so it is",
        "",
    ]


def test_long_reasons_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """A reason longer than two lines is cut; the result file has it whole."""
    outcome = Outcome(Report(total=1, failed=1), 1)
    outcome.note(ItemResult(1, "k", "failed", error=AlianzaError("x" * 500)))
    lines = told(outcome, capsys)
    assert sum(line.count("x") for line in lines[4:]) == 156
    assert (outcome.code, outcome.to_json()["failed"]) == (1, 1)


def test_numbers_without_911_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    """A row whose number is on an account without 911 is shown before others, and is never left out."""
    outcome = Outcome(Report(), 20)
    for row in range(1, 21):
        stuck = {"number_state": "activated", "objects": {"number": "18015550020"}} if row == 20 else {}
        result = ItemResult(row, f"A-{row}", "unknown" if stuck else "failed", **stuck)  # type: ignore[arg-type]
        outcome.report.total += 1
        outcome.report.add(result)
        outcome.note(result)
    lines = told(outcome, capsys)
    first = lines.index("row key status reason") + 1
    assert lines[first].startswith("20 A-20 unknown")
    assert lines[first + 1].startswith("1 A-1 failed")
    assert (
        "1 number is on an account and not in service: emergency calls may not reach the right place" in lines
    )


def test_numbers_without_prevalidation_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the prevalidation is left out, the report counts the numbers that were put on accounts so."""
    report = Report(warns=("number without prevalidation",))
    report.add(ItemResult(1, "A-1", "created", number_state="in service"))
    report.add(ItemResult(2, "A-2", "exists", number_state="in service"))
    report.add(ItemResult(3, "A-3", "failed"))
    assert "1 number without prevalidation" in told(Outcome(report, 3), capsys)
