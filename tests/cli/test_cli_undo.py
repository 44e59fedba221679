from __future__ import annotations

import asyncio
import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk import FileOptions
from alianza_async.bulk.journal import JobFacts, JournalReader, SqliteStore
from alianza_async.bulk.journal.lock import JobLock
from alianza_async.cli import main
from alianza_async.cli.bulk_options import UndoOptions
from alianza_async.cli.undo_screen import again
from alianza_async.session import Session
from tests.bulk.journal.journals import intent, leased
from tests.bulk.undo_jobs import NUMBERS, subscribers
from tests.cli.sandbox_child import SandboxChild, accounts_csv, numbers, still_runs

if TYPE_CHECKING:
    from collections.abc import Callable

JOURNAL = "job.db"


class Terminal(io.StringIO):
    """A standard input at which somebody sits."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def run_job(kind: str, source: object, journal: str = JOURNAL, **options: object) -> None:
    """Run a job with a journal."""

    async def job() -> None:
        async with Session() as session:
            await session.bulk.run(kind, source, journal=journal, **options).run()  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]

    asyncio.run(job())


def run_json(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object], str]:
    """Run a command with `--json` and return its code, its one object and its standard error."""
    capsys.readouterr()
    code = main([*line.split(), "--json"])
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    return code, cast("dict[str, object]", json.loads(printed.out)), printed.err


def words(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


def test_all_undone(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job of accounts is undone through real sockets: 0, one JSON object, and nothing is left."""
    sandbox = start_sandbox(delete_pending_s=0.2)
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(30)))

    code, facts, told = run_json(f"bulk undo {JOURNAL} --yes --rate 1000", capsys)

    assert (code, facts["rows"], facts["undone"], facts["steps"]) == (0, 30, 30, {"account": 30})
    assert (facts["not_undone"], facts["stopped"], facts["left"]) == ([], None, 0)
    assert sandbox.truth().accounts == 0
    assert (
        "Undoing it deletes, of 30 rows, for good: 30 account the account and its settings are gone"
        in words(told)
    )
    assert "About 210 requests, less than a second at 1000 a second." in told


def test_nothing_left_to_undo(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run again there is nothing to do: 0 without a word to type, and without a login."""
    sandbox = start_sandbox()
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(2)))
    assert main(["bulk", "undo", JOURNAL, "--yes"]) == 0
    logins = sandbox.truth().logins

    code, facts, told = run_json(f"bulk undo {JOURNAL}", capsys)

    assert (code, facts["undone"], facts["done_before"]) == (0, 0, 2)
    assert "There is nothing to undo." in told
    assert "Undone before: 2 rows" in told
    assert sandbox.truth().logins == logins


def test_summary_for_people(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers in service are left and named row by row, with 1; `--include-live` cuts them off."""
    (tmp_path / "numbers.txt").write_text("\n".join(NUMBERS))
    sandbox = start_sandbox(inventory=str(tmp_path / "numbers.txt"))
    run_job("subscribers", subscribers(3))
    capsys.readouterr()

    code = main(["bulk", "undo", JOURNAL, "--yes"])
    printed = words(capsys.readouterr().out)
    again = main(["bulk", "undo", JOURNAL, "--yes", "--include-live"])
    undone = capsys.readouterr()

    assert code == 1
    assert printed.startswith("0 of 3 rows are undone: ")
    assert "1 user.1 refused its number 18015550001 is in service" in printed
    assert printed.endswith(f"To look at them again, once the reasons are gone: alianza bulk undo {JOURNAL}")
    assert again == 0
    assert "All 3 rows are undone: " in undone.out
    assert "(3 lines, 3 activations, 3 numbers, 3 users, 3 accounts)" in words(undone.out)
    assert "row 1: its number 18015550001 is in service" in undone.err  # what the first one refused
    truth = sandbox.truth()
    assert (truth.accounts, truth.users, truth.device_lines) == (0, 0, 0)


async def test_an_open_row_names_the_command_that_settles_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What nobody knows of is refused before any login, with a command that can be pasted."""
    monkeypatch.setenv("ALIANZA_USERNAME", "ann")
    monkeypatch.setenv("ALIANZA_PASSWORD", "any")
    facts = JobFacts("j-1", "accounts", None, None, {}, "https://api.b2.alianza.com", "beta", "P", None, None)
    async with await SqliteStore.create("my job.db", facts) as store:
        await store.write(await leased(store), intent(1))

    assert main(["bulk", "undo", "my job.db"]) == 1

    told = words(capsys.readouterr().err)
    assert "row 1: whether its account is there is not known" in told
    assert "settle that with `alianza bulk reconcile 'my job.db'`, which creates nothing" in told


def test_an_older_copy_of_the_journal(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A journal that is refused has no sums: nothing says that rows are undone, on either output."""
    sandbox = start_sandbox()
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(1)))
    copy = (tmp_path / JOURNAL).read_bytes()
    assert main(["bulk", "undo", JOURNAL, "--yes"]) == 0
    (tmp_path / JOURNAL).write_bytes(copy)
    capsys.readouterr()

    code = main(["bulk", "undo", JOURNAL, "--yes"])

    printed = capsys.readouterr()
    assert code == 2
    assert "is an older copy of itself" in words(printed.err)
    assert "of 1 row, for good" in words(printed.err)
    assert "This deletes what 1 row has made." in words(printed.err)
    assert printed.out == ""
    assert sandbox.truth().created_accounts == 1


def test_dry_run(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run asks nobody to type anything, looks, deletes nothing, and says what to run."""
    sandbox = start_sandbox()
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(3)))
    capsys.readouterr()

    assert main(["bulk", "undo", JOURNAL, "--dry-run"]) == 0

    printed = capsys.readouterr().out.split("\n")
    assert "3 of 3 rows could be undone; nothing was deleted" in printed
    assert [line.strip() for line in printed[-3:]] == ["To undo them:", f"alianza bulk undo {JOURNAL}", ""]
    assert sandbox.truth().accounts == 3
    code, facts, _ = run_json(f"bulk undo {JOURNAL} --dry-run", capsys)
    assert (code, facts["may_be_undone"], facts["dry_run"]) == (0, 3, True)


@pytest.mark.parametrize(
    ("typed", "code", "left"), [("undo 3\n", 0, 0), ("y\n", 2, 3), ("undo 4\n", 2, 3), ("", 2, 3)]
)
def test_it_is_typed(
    *,
    typed: str,
    code: int,
    left: int,
    start_sandbox: Callable[..., SandboxChild],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """At a terminal nothing is deleted before `undo` and the number of rows were typed."""
    sandbox = start_sandbox()
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(3)))
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    assert main(["bulk", "undo", JOURNAL]) == code

    assert sandbox.truth().accounts == left
    assert "Type 'undo 3' to continue: " in capsys.readouterr().err


def test_nobody_there_to_type_it(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody can type, it is `--yes` or 2; what would be lost is told all the same."""
    sandbox = start_sandbox()
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(3)))
    capsys.readouterr()

    assert main(["bulk", "undo", JOURNAL]) == 2

    told = capsys.readouterr().err
    assert "3 account" in words(told)
    assert "there is no terminal to confirm it; confirm with --yes" in told
    assert sandbox.truth().accounts == 3


def test_what_was_updated_is_restored(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows that the job updated have their old values again; the plan says so beforehand."""
    sandbox = start_sandbox()
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(3)), "first.db")
    run_job("accounts", accounts_csv(tmp_path / "b.csv", numbers(3), name="Other"), on_exists="update")

    code, facts, told = run_json(f"bulk undo {JOURNAL} --yes", capsys)

    assert (code, facts["restored"], facts["undone"], facts["restores"]) == (0, 3, 0, {"account": 3})
    assert "Undoing it restores the old values of 3 accounts." in told
    assert sandbox.truth().accounts == 3


def test_what_nothing_proves_is_listed(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An object that nothing proves to be ours is listed with its id, and needs `--unverified`."""
    sandbox = start_sandbox(history=False)
    sandbox.ask("POST", "/_sandbox/faults", {"kind": "cut_after", "operation": "createAccount"})
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(1)), settle_s=0.0)

    code, facts, told = run_json(f"bulk undo {JOURNAL} --yes", capsys)
    (unproven,) = cast("list[dict[str, object]]", facts["unproven"])
    again, after, _ = run_json(f"bulk undo {JOURNAL} --yes --unverified", capsys)

    assert (code, facts["maker_unknown"], unproven["row"], unproven["step"]) == (1, 1, 1, "account")
    assert "Exists, maker unknown: 1 object; left as it is" in told
    assert f"row 1: account {unproven['key']}, id {unproven['id']}" in told
    assert (again, after["undone"], sandbox.truth().accounts) == (0, 1, 0)


@pytest.mark.usefixtures("short_waits")
def test_unsettled_rows_are_named(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows whose outcome is not known are refused, with the command that settles them."""
    sandbox = start_sandbox()
    for fault in (
        {"kind": "cut_after", "operation": "createAccount"},
        {"kind": "status_before", "operation": "retrieveAccount", "status": 403, "times": None},
    ):
        sandbox.ask("POST", "/_sandbox/faults", fault)
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(1)), settle_s=0.0)

    code, facts, told = run_json(f"bulk undo {JOURNAL} --yes", capsys)

    assert (code, facts["refused"], facts["rows"]) == (1, 1, 1)
    assert "row 1: whether its account is there is not known" in told
    assert "alianza bulk reconcile" in str(cast("list[dict[str, object]]", facts["not_undone"])[0]["reason"])


def test_the_way_on_has_every_option() -> None:
    """What was told of the rows and of the input is repeated; what is given anew each time is not."""
    told = UndoOptions(
        include_live=True,
        unverified=True,
        dry_run=True,
        rows="1,3-9",
        keys=Path("my keys.txt"),
        status=["created", "failed"],
        input=Path("moved.csv"),
        rate=50.0,
        yes=True,
    )
    file = FileOptions(columns={"Acct #": "account_number"}, drop=["Note"], header_row=3, encoding="cp1252")
    assert again(Path(JOURNAL), told, file) == (
        f"alianza bulk undo {JOURNAL} --include-live --unverified --rows 1,3-9 --keys 'my keys.txt' "
        "--status created --status failed --input moved.csv "
        "--map 'Acct #=account_number' --drop Note --header-row 3 --encoding cp1252"
    )


def test_a_running_job(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that a process works with is refused with 2."""
    sandbox = start_sandbox()
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(1)))
    lock = JobLock.acquire(tmp_path / JOURNAL)

    assert main(["bulk", "undo", JOURNAL, "--yes"]) == 2

    lock.release()
    assert "a process works with" in capsys.readouterr().err
    assert main(["bulk", "undo", "absent.db", "--yes"]) == 2
    assert sandbox.truth().accounts == 1


def test_the_place_is_in_the_journal(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job is undone at the place that it was sent to; another one is refused."""
    sandbox = start_sandbox()
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(1)))
    start_sandbox()
    assert main(["bulk", "undo", JOURNAL, "--yes"]) == 2
    monkeypatch.delenv("ALIANZA_BASE_URL")

    assert main(["bulk", "undo", JOURNAL, "--yes", "--base-url", sandbox.base_url]) == 0
    assert sandbox.truth().accounts == 0


def test_a_refused_login(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A login that is refused in the middle ends with 3, one JSON object, and what is left."""
    sandbox = start_sandbox()
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(3)))
    sandbox.ask("PUT", "/_sandbox/options", {"login_status": 401})

    code, facts, told = run_json(f"--partition sandbox-partition bulk undo {JOURNAL} --yes", capsys)

    assert (code, facts["undone"]) == (3, 0)
    assert "login was refused" in str(facts["stopped"])
    assert "sesame" not in told
    assert sandbox.truth().accounts == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_interrupted_it_goes_on(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGINT finishes what is under way and ends with 130; run again it ends with nothing left."""
    sandbox = start_sandbox(latency_ms=20)
    run_job("accounts", accounts_csv(tmp_path / "a.csv", numbers(80)))
    command = [sys.executable, "-m", "alianza_async.cli", "bulk", "undo", JOURNAL, "--yes", "--json"]
    undo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    while sandbox.truth().accounts > 60:
        still_runs(undo)
    undo.send_signal(signal.SIGINT)
    out, told = undo.communicate(timeout=30)

    facts = cast("dict[str, object]", json.loads(out))
    with JournalReader(JOURNAL) as journal:
        kept = journal.undo_counts()
    left = sandbox.truth().accounts
    assert (undo.returncode, facts["stopped"]) == (130, "interrupted by SIGINT")
    assert 0 < left <= 60
    assert (facts["undone"], facts["left"], kept) == (80 - left, left, {"undone": 80 - left})
    assert f"Not undone yet: {left} rows" in told
    code, facts_after, _ = run_json(f"bulk undo {JOURNAL} --yes --rate 1000", capsys)
    assert (code, facts_after["undone"], facts_after["done_before"]) == (0, left, 80 - left)
    assert sandbox.truth().accounts == 0
