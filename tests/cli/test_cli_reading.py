"""How a file is read, on the command line: what is told of it, and what has to be said before it runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.sandbox_child import SandboxChild

HEAD = "Acct #,account_name,account_type,time_zone,billing_cycle_day"
ROW = "SIMPLE,US/Eastern,1"
MAP = ["--map", "Acct #=account_number"]
GUESS = "Read as Windows-1252, as it is not UTF-8: that is a guess; to be sure, give --encoding cp1252"
NOTES = [
    GUESS,
    "Header found in line 2; 1 row above it left out",
    "2 blank rows skipped",
    "Totals at the end (line 7) skipped: they lack account_type, billing_cycle_day, time_zone",
]


def run(line: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run a command; return its code and what it printed."""
    code = main(line)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def exported(tmp_path: Path) -> Path:
    """Write a file as a person exports it: a title, Windows' letters, blank rows, a bad row, totals."""
    lines = ["Customers of 2026,,,,", HEAD, f"A-1,Café,{ROW}", ",,,,", f"A-2,Sh,{ROW}", ",,,,", "Total,2,,,"]
    path = tmp_path / "a.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return path


def test_plan_and_run_tell_the_same_of_a_file(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each note once and in the same words, on the screen and in JSON; each row by number and line."""
    start_sandbox()
    exported(tmp_path)
    code, _, told = run(["bulk", "plan", "a.csv", "--kind", "accounts", *MAP], capsys)
    assert (code, told.splitlines()) == (1, NOTES)
    code, out, _ = run(["bulk", "plan", "a.csv", "--kind", "accounts", *MAP, "--json"], capsys)
    planned = cast("dict[str, object]", json.loads(out))
    assert planned["notes"] == NOTES
    (invalid,) = cast("list[dict[str, object]]", planned["invalid"])
    assert (invalid["rows"], invalid["places"]) == ([2], ["row 2 (line 5)"])
    assert planned["next"] == (
        "alianza bulk run a.csv --kind accounts --map 'Acct #=account_number' --results a-results.csv"
    )

    line = ["bulk", "run", "a.csv", "--kind", "accounts", *MAP, "--results", "r.csv"]
    code, out, told = run(line, capsys)
    assert code == 1
    assert [note for note in told.splitlines() if note in NOTES] == NOTES
    words = [" ".join(each.split()) for each in out.splitlines()]
    assert any(each.startswith("2 (line 5) A-2 invalid account_name: ") for each in words)
    assert "alianza bulk run r.csv --kind accounts --map 'Acct #=account_number' --results r-2.csv" in words
    assert "a.csv row 2 (line 5), account_name: " in (tmp_path / "r.csv").read_text()

    code, out, _ = run([*line[:-1], "r2.csv", "--json"], capsys)
    ran = cast("dict[str, object]", json.loads(out))
    assert (ran["total"], ran["notes"]) == (2, NOTES)
    (bad,) = cast("list[dict[str, object]]", ran["not_done"])
    assert (bad["row"], bad["place"]) == (2, "line 5")


def test_a_misspelt_column_stops_a_run_until_it_is_mapped_or_dropped(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan proposes what to type, the run is refused with 2 and the same words; nothing is sent."""
    sandbox = start_sandbox()
    (tmp_path / "a.csv").write_text(
        f"{HEAD},Extension Lenght\nA-1,Shop,{ROW},4\n".replace("Acct #", "account_number")
    )
    proposed = 'map "Extension Lenght=extension_length"'
    code, out, told = run(["bulk", "plan", "a.csv", "--kind", "accounts"], capsys)
    assert (code, "did you mean extension_length? It stops a run" in told, f"--{proposed}" in told) == (
        1,
        True,
        True,
    )
    again = out.splitlines()[-1].split()
    assert again[:3] == ["alianza", "bulk", "plan"]
    assert "--map 'Extension Lenght=extension_length'" in out

    code, out, told = run(["bulk", "run", "a.csv", "--kind", "accounts"], capsys)
    assert (code, out) == (2, "")
    assert told.endswith(f'Map it with --{proposed}, or leave it out with --drop "Extension Lenght"\n')
    assert sandbox.truth().requests.get("createAccount", 0) == 0

    dropped = ["bulk", "run", "a.csv", "--kind", "accounts", "--drop", "extension lenght"]
    code, _, told = run(dropped, capsys)
    assert (code, told.count("not sent: Extension Lenght\n")) == (0, 1)


def test_a_job_goes_on_reading_its_file_as_it_began(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Resume, reconcile and undo need not be told; told otherwise, a resume is refused in options' words."""
    start_sandbox()
    exported(tmp_path)
    run(["bulk", "run", "a.csv", "--kind", "accounts", *MAP, "--journal", "job.db"], capsys)
    code, _, told = run(["bulk", "resume", "job.db", "--header-row", "2", "--restored"], capsys)
    assert code == 2
    assert "leave --map, --drop, --header-row, --sheet and --encoding out, and it is read as it was" in told

    code, out, _ = run(["bulk", "resume", "job.db", *MAP, "--json"], capsys)
    assert (code, cast("dict[str, object]", json.loads(out))["created"]) == (1, 1)
    assert run(["bulk", "export", "job.db", "--results", "e.csv"], capsys)[0] == 0
    assert (tmp_path / "e.csv").read_text().splitlines()[1].startswith("A-1,Café,")
    (tmp_path / "moved.csv").write_bytes((tmp_path / "a.csv").read_bytes())
    (tmp_path / "a.csv").unlink()
    moved = ["--input", "moved.csv", *MAP]
    assert run(["bulk", "reconcile", "job.db", *moved], capsys)[0] == 0
    code, out, told = run(["bulk", "undo", "job.db", "--dry-run", *moved], capsys)
    assert code == 0
    assert out.splitlines()[-1] == (
        "  alianza bulk undo job.db --input moved.csv --map 'Acct #=account_number'"
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--map", "Acct #"], "--map takes \"HEADER=FIELD\", and was given 'Acct #'"),
        (["--map", "Acct #=acct"], "'Acct #' is mapped to 'acct', which is no field"),
        (["--map", "Akct=account_number"], "there is no column 'Akct' (did you mean 'Acct #'?)"),
        (["--header-row", "0"], "--header-row is 0; give a row from 1 to 1,000"),
        (["--header-row", "40"], "has no row 40: see --header-row"),
        (["--sheet", "S"], "--sheet does not go with a text file: leave it out"),
        (["--encoding", "utf-16"], "is not valid utf-16-le: save it as UTF-8"),
        ([], "lacks the column account_number: name each in the header"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_option(
    options: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2, and the option as it is typed."""
    exported(tmp_path)
    code, out, err = run(["bulk", "plan", "a.csv", "--kind", "accounts", *options], capsys)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert told in err
