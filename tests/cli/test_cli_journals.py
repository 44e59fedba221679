"""What the command line does with journals besides running them: where they go, `export`, `reconcile`."""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import pytest

from alianza_async.bulk.input.fingerprints import sha256_of
from alianza_async.bulk.input.sources import open_source
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.lock import JobLock
from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.bulk.journal.store import StepIntent
from alianza_async.bulk.kinds.by_name import KINDS
from alianza_async.bulk.kinds.creates import ACCOUNTS
from alianza_async.bulk.reconciling.reconcile import Reconciliation, StillUnknown
from alianza_async.cli import main, reconcile as reconcile_command
from alianza_async.cli.bulk_options import KindName
from alianza_async.cli.journals import new_journal
from alianza_async.errors import JournalError
from tests.cli.sandbox_child import SandboxChild, accounts_csv, numbers

if TYPE_CHECKING:
    from collections.abc import Callable

JOB = "job.db"


def words(text: str) -> list[str]:
    """Return the words of each line."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_kinds_by_name() -> None:
    """`--kind` takes every kind there is, and `--help` names them."""
    assert get_args(KindName) == KINDS


def test_a_new_journal_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name each run has a new journal in the user's state folder, for its owner alone."""
    first, second = (new_journal(None, Path("some where/my accounts.csv")) for _ in range(2))
    assert first.parent == second.parent == tmp_path / "state" / "alianza" / "jobs"
    assert re.fullmatch(r"[0-9]{8}-[0-9]{6}-my_accounts-[0-9a-f]{4}\.db", first.name)
    assert first.name != second.name
    assert first.parent.stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert new_journal(None, Path("a.csv")).parent == tmp_path / "home/.local/state/alianza/jobs"


def no_access(_path: Path, _mode: int) -> bool:
    """Deny everything."""
    return False


def test_nowhere_for_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the state folder cannot be had, `--journal` is named."""
    (tmp_path / "state").write_text("a file")
    with pytest.raises(JournalError, match="--journal"):
        new_journal(None, Path("a.csv"))
    monkeypatch.delenv("XDG_STATE_HOME")

    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(JournalError, match="--journal"):
        new_journal(None, Path("a.csv"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    monkeypatch.setattr(os, "access", no_access)
    with pytest.raises(JournalError, match="--journal"):
        new_journal(None, Path("a.csv"))


def test_the_journal_is_named(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run says at its start where its journal is, and in its JSON object."""
    start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(2))
    assert main(["bulk", "run", "a.csv", "--kind", "accounts", "--json"]) == 0
    printed = capsys.readouterr()
    (journal,) = (tmp_path / "state/alianza/jobs").glob("*.db")
    assert f"Journal: {journal}" in printed.err.splitlines()
    assert json.loads(printed.out)["journal"] == str(journal)


def test_export(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An export needs no login, says what it wrote, and its file can be run."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", [*numbers(2), "ab"])
    assert main(f"bulk run a.csv --kind accounts --journal {JOB}".split()) == 1
    capsys.readouterr()
    assert main(f"bulk export {JOB} --results out.csv".split()) == 0
    assert words(capsys.readouterr().out) == [
        "3 rows written",
        "created 2 made by this job",
        "invalid 1 cannot be accepted as it stands; not sent",
        "Results: out.csv",
    ]
    assert main(f"bulk export {JOB} --results out.csv --separate --json".split()) == 0
    facts = cast("dict[str, object]", json.loads(capsys.readouterr().out))
    parts = {part: str(tmp_path / f"out-{part}.csv") for part in ("done", "failed", "unknown")}
    assert (facts["total"], facts["created"], facts["invalid"], facts["results"]) == (3, 2, 1, parts)
    out = tmp_path / "out-failed.csv"
    out.write_text(out.read_text().replace("ab,", "ACME-2,"))
    assert main(["bulk", "run", "out-failed.csv", "--kind", "accounts"]) == 0
    assert sandbox.account_numbers() == ["ACME-00000", "ACME-00001", "ACME-2"]


def test_export_of_a_running_job(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """While the job runs an export says that it is not the end."""
    start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(2))
    assert main(f"bulk run a.csv --kind accounts --journal {JOB}".split()) == 0
    lock = JobLock.acquire(tmp_path / JOB)
    assert main(f"bulk export {JOB} --results out.csv".split()) == 0
    lock.release()
    assert "The job runs: this is how far it was." in capsys.readouterr().err


@pytest.mark.usefixtures("short_waits")
def test_reconcile(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unknown rows are found, or are absent; a key that is there twice is listed with who and when."""
    sandbox = start_sandbox(unique=False)
    accounts_csv(tmp_path / "a.csv", numbers(4))
    accounts_csv(tmp_path / "twice.csv", numbers(2)[1:])
    assert main(["bulk", "run", "twice.csv", "--kind", "accounts"]) == 0
    assert main(f"bulk run a.csv --kind accounts --settle 0 --journal {JOB}".split()) == 0
    made = cast("list[dict[str, str]]", sandbox.ask("GET", "/_sandbox/accounts"))
    twice = [each["id"] for each in made if each["accountNumber"] == "ACME-00001"]
    accounts_csv(tmp_path / "a.csv", [*numbers(3), "ACME-99999"])

    async def forget() -> None:
        with JournalReader(JOB) as reader:
            facts = reader.facts
        digest, shape = sha256_of(tmp_path / "a.csv"), ACCOUNTS.shape
        source = open_source("a.csv", fields=shape.fields, key_field=shape.key_field)
        async with await SqliteStore.create("lost.db", replace(facts, input_sha256=digest)) as store:
            fence = await store.lease(owner="test", ttl_s=30)
            for row in source:
                key = shape.key_of(row.values)
                intent = StepIntent(row.number, key, store.digest(row.values), "account", key)
                await store.write(fence, intent)

    asyncio.run(forget())
    creates = sandbox.truth().requests["createAccount"]
    capsys.readouterr()
    assert main(["bulk", "reconcile", "lost.db"]) == 1
    lines = words(capsys.readouterr().out)
    assert lines[:4] == [
        "3 of 4 unknown rows are known now; 1 key is there twice",
        "exists 2 there and equal, made by somebody else or maker unknown",
        "pending 1 not complete: a resume continues it",
        "unknown 1 still not known",
    ]
    assert lines[4:6] == ["There twice, oldest first:", "row 2, account ACME-00001"]
    assert [line.split()[0] for line in lines[6:8]] == twice
    assert all(line.endswith(" UTC by sandbox") for line in lines[6:8])  # made before this job's intent
    assert lines[8:] == ["To continue with what is pending:", "alianza bulk resume lost.db"]
    assert main(["bulk", "reconcile", "lost.db", "--json"]) == 1
    facts = cast("dict[str, object]", json.loads(capsys.readouterr().out))
    assert (facts["looked_at"], facts["unknown"], facts["pending"]) == (1, 1, 0)
    (double,) = cast("list[dict[str, list[dict[str, object]]]]", facts["doubles"])
    assert [each["id"] for each in double["objects"]] == twice
    assert sandbox.truth().requests["createAccount"] == creates
    assert main(["bulk", "resume", "lost.db"]) == 1
    assert sandbox.truth().requests["createAccount"] == creates + 1


def test_reconcile_with_nothing_to_find(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where all is known and nothing twice it says so and ends with 0; a journal in use is refused."""
    start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(2))
    assert main(f"bulk run a.csv --kind accounts --journal {JOB}".split()) == 0
    capsys.readouterr()
    assert main(f"bulk reconcile {JOB}".split()) == 0
    assert words(capsys.readouterr().out) == ["No row was unknown; nothing is there twice"]
    lock = JobLock.acquire(tmp_path / JOB)
    assert main(f"bulk reconcile {JOB}".split()) == 2
    assert "a process works with" in capsys.readouterr().err
    lock.release()


def test_reconcile_that_cannot_tell(
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What stays unknown is named with its reason, the first hundred of many; so is what was not asked."""
    start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(2))
    assert main(f"bulk run a.csv --kind accounts --journal {JOB}".split()) == 0
    left = [StillUnknown(row, f"K-{row}", None, "history was not told") for row in range(1, 121)]
    found = Reconciliation(
        looked_at=121,
        counts={"unknown": 120, "created": 1},
        still_unknown=left,
        no_history="403: refused",
    )

    async def found_before(*_: object, **__: object) -> Reconciliation:
        return found

    monkeypatch.setattr(reconcile_command, "reconcile", found_before)
    capsys.readouterr()
    assert main(f"bulk reconcile {JOB}".split()) == 1
    printed = capsys.readouterr()
    lines = words(printed.out)
    assert lines[0] == "1 of 121 unknown rows are known now; nothing is there twice"
    assert lines[3:6] == ["Still unknown, 100 of 120:", "row key reason", "1 K-1 history was not told"]
    assert lines[-1] == "100 K-100 history was not told"
    assert "warning: 403: refused" in printed.err
