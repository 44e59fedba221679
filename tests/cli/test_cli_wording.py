from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.cli import main
from alianza_async.cli.wording import in_options

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("max_failures is 'few'; give a number", "--max-failures is 'few'; give a number"),
        ("settle_s is -1; give a number", "--settle is -1; give a number"),
        ("concurrency is 0; give a number", "--concurrency is 0; give a number"),
        ("on_exists='update' does not go with x", "--on-exists update does not go with x"),
        (
            "concurrency does not go with via='server': set how many rows go at once by batch=",
            "--concurrency does not go with --via server: set how many rows go at once by --batch",
        ),
        ("resume it, or raise max_failures", "resume it, or raise --max-failures"),
        ("undo with include_live=True", "undo with --include-live"),
        ("the results are in journal.db; the rate is low", "the results are in journal.db; the rate is low"),
        ("account_id is missing; give account_id", "account_id is missing; give account_id"),
        ("give --max-failures 5", "give --max-failures 5"),
        (
            """map it by columns={'Acct #': 'account_number', "Ann's": 'mac_address'}, or drop=['Acct #']""",
            """map it by --map "Acct #=account_number" --map "Ann's=mac_address", or --drop "Acct #\"""",
        ),
        ("to be sure, give encoding='cp1252'", "to be sure, give --encoding cp1252"),
        ("leave file= out", "leave --map, --drop, --header-row, --sheet and --encoding out"),
    ],
)
def test_an_argument_is_named_as_its_option(message: str, said: str) -> None:
    """What the library says of its arguments the command line says of its options, and of nothing else."""
    assert in_options(message) == said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--kind accounts --max-failures few", "error: --max-failures is 'few'; give a number"),
        ("--kind accounts --settle -1", "error: --settle is -1"),
        ("--kind accounts --batch 5", "error: --batch goes with --via server"),
        ("--kind accounts --via server", "error: --via server goes with"),
        ("--kind calling-plans --on-exists update --yes", "error: --on-exists update does not go with"),
    ],
)
def test_an_invalid_option_is_named_as_it_was_typed(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An option that cannot be used ends the command with 2 and is named as the command line has it."""
    monkeypatch.chdir(tmp_path)
    columns = "account_number,account_name,account_type,time_zone,billing_cycle_day,username"
    (tmp_path / "a.csv").write_text(f"{columns},calling_plan_product_id\n", encoding="utf-8")
    for name, value in (("USERNAME", "ann"), ("PASSWORD", "x"), ("BASE_URL", "http://127.0.0.1:9")):
        monkeypatch.setenv(f"ALIANZA_{name}", value)
    assert main(["bulk", "run", "a.csv", *line.split()]) == 2
    assert capsys.readouterr().err.startswith(said)
