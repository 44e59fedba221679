"""What `bulk plan` and `bulk run` say of values that are read otherwise than they stand in the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from alianza_async.cli import main
from tests.cli.sandbox_child import HEADER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.sandbox_child import SandboxChild

ROWS = ('"=""00123""",Shop One,SIMPLE,Eastern,1.0', "A-2,Null,SIMPLE,US/Eastern,2")


@pytest.fixture(autouse=True)
def _file(tmp_path: Path) -> None:
    """Have a file of two accounts, with values as a spreadsheet writes them."""
    (tmp_path / "a.csv").write_text("\n".join([HEADER, *ROWS]))


def lines_of(text: str) -> list[str]:
    """Return the words of each line that has any."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_values_read_otherwise_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """The plan shows old and new with the rule, and what is doubtful apart; `--json` has the same."""
    assert main(["bulk", "plan", "a.csv", "--kind", "accounts"]) == 0
    told = lines_of(capsys.readouterr().out)
    start = told.index("Read otherwise than in the file (--strict refuses them):")
    assert told[start + 1 : start + 8] == [
        "field rule values such as",
        'account_number text in ="..." 1 row 1: ="00123" -> 00123',
        "billing_cycle_day number with .0 1 row 1: 1.0 -> 1",
        "time_zone time zone 1 row 1: Eastern -> US/Eastern",
        "Sent as they stand: are they meant?",
        "field why values such as",
        "account_name word for no value 1 row 2: Null",
    ]
    assert main(["bulk", "plan", "a.csv", "--kind", "accounts", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["changed"]["count"], facts["doubtful"]["count"]) == (3, 1)


def test_strict_refuses_them_and_is_in_the_next_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`--strict` makes the row invalid, in the command line's words; the run that follows has it too."""
    assert main(["bulk", "plan", "a.csv", "--kind", "accounts", "--strict"]) == 1
    told = lines_of(capsys.readouterr().out)
    assert told[0] == "1 of 2 rows can run as accounts, as far as an offline check shows"
    reasons = " ".join(told[: told.index("To run the 1 that can; the results name the others:")])
    assert "time_zone would be read otherwise (time zone): " in reasons
    assert ("leave out --strict" in reasons, "strict=True" in reasons) == (True, False)
    assert told[-1] == "alianza bulk run a.csv --kind accounts --strict --results a-results.csv"


def test_a_run_sums_up_what_it_read_otherwise(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """A run tells what it read otherwise and what is doubtful; with `--strict` it sends the rest alone."""
    sandbox = start_sandbox()
    assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--strict"]) == 1
    assert sandbox.account_numbers() == ["A-2"]
    capsys.readouterr()
    assert main(["bulk", "run", "a.csv", "--kind", "accounts"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert (
        '3 values are read otherwise than in the file: account_number 1 (text in ="..."), '
        "billing_cycle_day 1 (number with .0), time_zone 1 (time zone)"
    ) in told
    assert ("1 value is sent as it stands and may not be meant: account_name 1 (word for no value)") in told
    assert sorted(sandbox.account_numbers()) == ["00123", "A-2"]


def test_a_run_has_to_be_as_strict_as_its_plan(
    start_sandbox: Callable[..., SandboxChild], capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan that was made with `--strict` refuses a run without it."""
    start_sandbox()
    main(["bulk", "plan", "a.csv", "--kind", "accounts", "--strict", "--save", "p.json"])
    capsys.readouterr()
    assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--plan", "p.json"]) == 2
    assert "was made with another strict" in capsys.readouterr().err
    assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--plan", "p.json", "--strict"]) == 1
