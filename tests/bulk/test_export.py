from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.journal import JobFacts, JournalReader, PutBack, RowOutcome
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.kinds.removals import AccountRow
from alianza_async.bulk.output.export import export
from alianza_async.errors import ConfigurationError, InputChangedError, JournalError, ResultFileError
from tests.bulk.engine import account, accounts, journal_with, read_csv, write_csv
from tests.bulk.journal.journals import intent

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


def facts_of(path: Path) -> JobFacts:
    """Return what a journal says of its job."""
    with JournalReader(path) as reader:
        return reader.facts


async def test_export_is_the_result_file(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """What is exported is what the job itself wrote, line by line, and costs no request."""
    rows = [*accounts(3), account("x"), account(5, account_name="Ä;\n\"'")]
    source = write_csv(tmp_path / "a.csv", rows)
    report = await session.bulk.create_accounts(
        source, results=tmp_path / "out.csv", journal=tmp_path / "job.db"
    ).run()
    requests = sum(sandbox.truth().requests.values())
    written = export(tmp_path / "job.db", tmp_path / "again.csv")
    own, again = read_csv(tmp_path / "out.csv"), read_csv(tmp_path / "again.csv")
    assert (written.files, written.counts) == (
        (tmp_path / "again.csv",),
        {"created": report.created, "invalid": 2},
    )
    errors = [
        (mine.pop("result_error"), theirs.pop("result_error"))
        for mine, theirs in zip(own, again, strict=True)
    ]
    assert own == again
    assert errors[3][0].endswith(errors[3][1])  # the journal leaves out which file and row it is
    assert (tmp_path / "again.csv").stat().st_mode & 0o777 == 0o600
    assert sum(sandbox.truth().requests.values()) == requests


async def test_separate_files(tmp_path: Path, session: Session) -> None:
    """Apart, the three files hold each row once: what is there, what is not, what nobody can tell of."""
    source = write_csv(tmp_path / "a.csv", accounts(8))
    await session.bulk.create_accounts(source, journal=tmp_path / "job.db").run()
    facts = facts_of(tmp_path / "job.db")
    await journal_with(
        tmp_path / "half.db",
        facts,
        RowOutcome(1, "A-00001", b"d", "exists", object_id="id-1"),
        RowOutcome(2, "A-00002", b"d", "failed"),
        RowOutcome(3, "A-00003", b"d", "unknown"),
        intent(4),
        RowOutcome(5, "A-00005", b"d", "invalid"),
        intent(7),
        PutBack(7, "account"),
        PutBack(7),
    )
    written = export(tmp_path / "half.db", tmp_path / "out.csv", separate=True)
    assert [path.name for path in written.files] == ["out-done.csv", "out-failed.csv", "out-unknown.csv"]
    told = [
        [(line["result_row"], line["result_status"]) for line in read_csv(path)] for path in written.files
    ]
    assert told == [
        [("1", "exists")],
        [("2", "failed"), ("5", "invalid"), ("6", "skipped"), ("7", "skipped"), ("8", "skipped")],
        [("3", "unknown"), ("4", "unknown")],
    ]


async def test_what_an_earlier_result_file_said_stays(session: Session, tmp_path: Path) -> None:
    """Of a fed-back result file, what was done before keeps the line it had, also after a resume."""
    source = write_csv(tmp_path / "a.csv", accounts(2))
    await session.bulk.create_accounts(source, results=tmp_path / "first.csv").run()
    more = read_csv(tmp_path / "first.csv")
    fed = write_csv(tmp_path / "fed.csv", [*more, {**dict.fromkeys(more[0], ""), **account(3)}])
    await session.bulk.create_accounts(fed, results=tmp_path / "own.csv", journal=tmp_path / "job.db").run()
    export(tmp_path / "job.db", tmp_path / "again.csv")
    assert read_csv(tmp_path / "again.csv") == read_csv(tmp_path / "own.csv")
    assert [line["result_status"] for line in read_csv(tmp_path / "again.csv")] == ["created"] * 3
    await session.bulk.resume(tmp_path / "job.db", results=tmp_path / "resumed.csv").run()
    assert read_csv(tmp_path / "resumed.csv") == read_csv(tmp_path / "own.csv")


async def test_json_lines(session: Session, tmp_path: Path) -> None:
    """A file of JSON Lines is exported as such, or as CSV, by the name."""
    source = tmp_path / "a.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in accounts(2)))
    await session.bulk.create_accounts(source, journal=tmp_path / "job.db").run()
    export(tmp_path / "job.db", tmp_path / "out.jsonl")
    export(tmp_path / "job.db", tmp_path / "out.csv")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["result_status"] for line in lines] == ["created"] * 2
    assert [line["account_number"] for line in read_csv(tmp_path / "out.csv")] == ["A-00001", "A-00002"]


async def test_what_cannot_be_exported(session: Session, tmp_path: Path) -> None:
    """Rows from Python, another input, the input's own place and what is no journal are refused."""
    source = write_csv(tmp_path / "a.csv", accounts(2))
    await session.bulk.create_accounts(source, journal=tmp_path / "job.db").run()
    await session.bulk.create_accounts(accounts(1), journal=tmp_path / "python.db").run()
    with pytest.raises(ConfigurationError, match="came from Python"):
        export(tmp_path / "python.db", tmp_path / "out.csv")
    with pytest.raises(ResultFileError, match="is the input"):
        export(tmp_path / "job.db", source)
    moved = source.rename(tmp_path / "moved.csv")
    assert export(tmp_path / "job.db", tmp_path / "out.csv", moved).counts == {"created": 2}
    moved.write_text(moved.read_text() + "\n")
    with pytest.raises(InputChangedError, match="is not as it was"):
        export(tmp_path / "job.db", tmp_path / "out.csv", moved)
    with pytest.raises(JournalError, match="no journal"):
        export(tmp_path / "none.db", tmp_path / "out.csv")


async def test_a_workflow_of_ones_own(session: Session, tmp_path: Path) -> None:
    """The kind of a journal that only its author knows has to be given."""
    source = write_csv(tmp_path / "a.csv", accounts(1))
    await session.bulk.create_accounts(source, journal=tmp_path / "job.db").run()
    facts = facts_of(tmp_path / "job.db")
    await journal_with(tmp_path / "own.db", replace(facts, kind="my-own"))
    with pytest.raises(ConfigurationError, match="my-own"):
        export(tmp_path / "own.db", tmp_path / "out.csv")
    own = Workflow(
        "my-own", *WORKFLOWS["delete-accounts"].steps, fields=AccountRow, key=("account_number", "account_id")
    )
    assert export(tmp_path / "own.db", tmp_path / "out.csv", workflow=own).counts == {"skipped": 1}
