"""How a file is read stays with its job: mapped and dropped columns, and what is refused beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alianza_async import ConfigurationError, InputChangedError, JournalError, SourceError
from alianza_async.bulk import FileOptions, JournalReader, check_plan, export, plan
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.planning.plan_file import READING

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async import Session
    from alianza_async.sandbox import Sandbox

HEAD = "Acct #,account_name,account_type,time_zone,billing_cycle_day,Extension Lenght"
REST = "Shop,SIMPLE,US/Eastern,1,4"
FILE = FileOptions(columns={"Acct #": "account_number"}, drop=["Extension Lenght"])
MISSPELT = (
    "the column 'Extension Lenght' is no field; did you mean extension_length? Map it with columns="
    "{'Extension Lenght': 'extension_length'}, or leave it out with drop=['Extension Lenght']"
)


def _file(tmp_path: Path, rows: int = 3) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("\n".join([HEAD, *(f"A-{number},{REST}" for number in range(1, rows + 1)), ""]))
    return path


async def test_a_misspelt_column_stops_a_run_before_anything_is_sent(
    tmp_path: Path, session: Session, sandbox: Sandbox
) -> None:
    """Its values would be left out without a word; mapped they are sent, dropped they are not."""
    path = _file(tmp_path)
    mapped = FileOptions(columns={"Acct #": "account_number"})
    with pytest.raises(SourceError) as caught:
        session.bulk.run("accounts", path, file=mapped)
    assert str(caught.value) == f"{path}: {MISSPELT}"
    assert sandbox.truth().requests == {}

    report = await session.bulk.run("accounts", path, file=FILE).run()
    assert (report.created, report.unknown_columns) == (3, ("Extension Lenght",))
    both = FileOptions(columns={"Acct #": "account_number", "Extension Lenght": "extension_length"})
    report = await session.bulk.run("accounts", _file(tmp_path, 4), file=both, on_exists="update").run()
    assert (report.exists + report.updated + report.created, report.unknown_columns) == (4, ())


async def test_a_plan_proposes_the_field(tmp_path: Path) -> None:
    """A plan reads the file to its end and says what would stop a run; a column near nothing stops none."""
    path = _file(tmp_path)
    made = await plan(None, "accounts", path, file=FileOptions(columns={"Acct #": "account_number"}))
    assert (made.can_run, made.all_can_run, made.misspelt) == (
        3,
        False,
        {"Extension Lenght": "extension_length"},
    )
    assert made.to_json()["misspelt"] == {"Extension Lenght": "extension_length"}
    path.write_text(path.read_text().replace("Extension Lenght", "Shoe size"))
    made = await plan(None, "accounts", path, file=FileOptions(columns={"Acct #": "account_number"}))
    assert (made.all_can_run, made.misspelt, made.unknown_columns) == (True, {}, ("Shoe size",))


async def test_the_journal_remembers_how_the_file_was_read(tmp_path: Path, session: Session) -> None:
    """Resume, reconcile, undo and export read it in the same way without being told."""
    path, journal = _file(tmp_path), tmp_path / "job.db"
    await session.bulk.run("accounts", path, journal=journal, file=FILE, results=tmp_path / "r.csv").run()
    with JournalReader(journal) as reader:
        assert JobSettings.from_json(reader.facts.options).file == FILE

    report = await session.bulk.resume(journal).run()
    assert (report.created, report.missing) == (3, ())
    export(journal, tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "r.csv").read_text()
    assert (await session.bulk.reconcile(journal)).no_input is None
    undone = await session.bulk.undo(journal)
    assert (undone.undone, undone.results) == (3, [])


async def test_a_resume_reads_the_file_as_it_began_or_is_refused(tmp_path: Path, session: Session) -> None:
    """Another mapping would make other rows of the same bytes; the same one is no change."""
    path, journal = _file(tmp_path), tmp_path / "job.db"
    await session.bulk.run("accounts", path, journal=journal, job_id="nightly", file=FILE).run()
    other = FileOptions(columns={"Acct #": "account_number", "Extension Lenght": "extension_length"})
    with pytest.raises(
        ConfigurationError, match="was read in another way when the job began: leave file= out"
    ):
        session.bulk.resume(journal, file=other)
    assert (await session.bulk.resume(journal, file=FILE).run()).created == 3
    with pytest.raises(JournalError, match="was read in another way when the job began: give file= as then"):
        await session.bulk.run("accounts", path, journal=journal, job_id="nightly", file=other).run()


async def test_a_job_that_began_is_resumed_whatever_its_columns_are_called(
    tmp_path: Path, session: Session
) -> None:
    """A misspelt column stops the first run alone: an older release's jobs go on as they began."""
    path, journal = tmp_path / "a.csv", tmp_path / "job.db"
    path.write_text(_file(tmp_path).read_text().replace("Acct #", "account_number"))
    await session.bulk.run(
        "accounts", path, journal=journal, file=FileOptions(drop=["Extension Lenght"])
    ).run()
    with JournalReader(journal) as reader:
        kept = dict(reader.facts.options)
    assert kept.pop("file") == {"drop": ["Extension Lenght"]}
    assert JobSettings.from_json(kept).file == FileOptions()


async def test_undo_reads_a_copy_in_its_own_way(tmp_path: Path, session: Session) -> None:
    """The rows are the same though the columns are called something else: each is held to its digest."""
    path, journal = _file(tmp_path), tmp_path / "job.db"
    await session.bulk.run("accounts", path, journal=journal, file=FILE).run()
    copy = tmp_path / "copy.csv"
    copy.write_text("Exported\n\n" + path.read_text().replace("Acct #", "Our number"))
    file = FileOptions(columns={"Our number": "account_number"}, drop=["Extension Lenght"])
    assert (await session.bulk.reconcile(journal, copy, file=file)).no_input is None
    assert (await session.bulk.undo(journal, copy, file=file)).undone == 3


async def test_a_plan_is_of_the_file_read_in_one_way(tmp_path: Path) -> None:
    """A run that reads the planned bytes in another way is not the one that was planned."""
    path, saved = _file(tmp_path), tmp_path / "plan.json"
    await plan(None, "accounts", path, save=saved, file=FILE)
    assert check_plan(saved, path, options={READING: FILE.to_json()}).size == path.stat().st_size
    with pytest.raises(
        ConfigurationError, match="was made with another reading of the file: make another one"
    ):
        check_plan(saved, path, options={READING: {}})
    _file(tmp_path, 2)
    with pytest.raises(InputChangedError, match="is not as it was when the plan"):
        check_plan(saved, path, options={READING: FILE.to_json()})


async def test_rows_of_json_lines_with_a_misspelt_key_are_not_sent(
    tmp_path: Path, session: Session, sandbox: Sandbox
) -> None:
    """Keys are known only when they are met, so the row is invalid; mapped or dropped it is sent."""
    path = tmp_path / "a.jsonl"
    row = '{"account_number": "A-%d", "account_name": "Shop", "account_type": "SIMPLE",'
    row += ' "time_zone": "US/Eastern",'
    path.write_text(
        "".join(
            f'{row % number} "billing_cycle_day": 1, "mac": 1, "extention_length": 4}}\n' for number in (1, 2)
        )
    )
    report = await session.bulk.run("accounts", path).run()
    assert (report.invalid, report.unknown_columns) == (2, ("mac", "extention_length"))
    assert str(report.results[0].error).endswith(
        "a.jsonl row 1, extention_length: is no field; did you mean extension_length?"
    )
    dropped = FileOptions(drop=["extention_length"])
    assert (await session.bulk.run("accounts", path, file=dropped).run()).created == 2
    mapped = FileOptions(columns={"extention_length": "extension_length"})
    assert (await plan(None, "accounts", path, file=mapped)).all_can_run
    assert sandbox.truth().created_accounts == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"columns": ["a"]}, "columns is no mapping; give one such as {'Acct #': 'account_number'}"),
        ({"drop": "Notes"}, "drop is one text; give a list of headers"),
        ({"header_row": 0}, "header_row is 0; give a row from 1 to 1,000"),
        ({"header_row": True}, "header_row is True; give a row from 1 to 1,000"),
        ({"encoding": "latin-1"}, "encoding is 'latin-1'; give one of utf-8, utf-16, cp1252"),
        ({"columns": {"a": "b"}, "drop": ["a"]}, "the column 'a' is mapped and dropped: do one of them"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], told: str) -> None:
    """Callers may be untyped; each has its sentence."""
    with pytest.raises(ConfigurationError) as caught:
        FileOptions(**options)
    assert str(caught.value) == told


def test_what_is_no_file_option_and_no_field_is_refused(tmp_path: Path, session: Session) -> None:
    """A dict in place of the value, and a field that there is not, are named before anything is sent."""
    with pytest.raises(ConfigurationError, match=r"file is no FileOptions; give file=FileOptions\(\.\.\.\)"):
        session.bulk.run("accounts", [], file={"drop": []})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(
        ConfigurationError, match=r"mapped to 'account_numer', .* \(did you mean account_number\?\)"
    ):
        session.bulk.run("accounts", _file(tmp_path), file=FileOptions(columns={"Acct #": "account_numer"}))
