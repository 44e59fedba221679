"""`alianza bulk status`, `pause`, `continue` and `rate`: what a journal tells, without a login."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from rich.console import Console

from alianza_async.bulk.journal import JobFacts, JournalReader, RowOutcome, SqliteStore, StepOutcome
from alianza_async.cli import main, status as status_command
from alianza_async.cli.options import Output
from alianza_async.cli.screen import Screen
from alianza_async.cli.status import run_status
from alianza_async.errors import CallContext, FieldError, InvalidInputError, UnknownOutcomeError
from tests.bulk.journal.journals import intent, leased, outcome

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from alianza_async.bulk.journal import Fence

JOB = Path("job.db")
FACTS = JobFacts(
    job_id="j-1",
    kind="accounts",
    input=None,
    input_sha256=None,
    options={"rate": 100.0},
    base_url="https://api.b2.alianza.com",
    environment="beta",
    scope="part-1",
    login="ann",
    rows=10,
)
LOST = UnknownOutcomeError("it may be there", context=CallContext("createAccount", "POST", "/v2/x", "r-1", 1))


@dataclass(frozen=True)
class Job:
    """A job's journal, and the right to write it."""

    store: SqliteStore
    fence: Fence

    async def finish(self) -> None:
        """Say that it ended, and let go of it."""
        await self.store.set_job(self.fence, state="finished")
        await self.store.aclose()


@pytest.fixture
async def job(tmp_path: Path) -> AsyncGenerator[Job]:
    """Make a journal of a job that is half done, and runs."""
    facts = replace(FACTS, input=str(tmp_path / "a.csv"))
    wrong = InvalidInputError("no", fields=[FieldError("account_type", "is missing; give account_type")])
    async with await SqliteStore.create(JOB, facts) as store:
        fence = await leased(store)
        await store.write(fence, *(intent(row) for row in range(1, 8)))
        for row in range(1, 5):
            await store.write(fence, *outcome(row))
        await store.write(
            fence,
            StepOutcome(5, "account", "unknown", error=LOST),
            RowOutcome(5, "A-5", b"d", "unknown", error=LOST, failed_step="account"),
            RowOutcome(8, "A-8", b"d", "invalid", error=wrong),
        )
        yield Job(store, fence)


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the words of each line that standard output has."""
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line.strip()]


def as_json(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    """Run a command with `--json`; returns its code and its object."""
    code = main([*line.split(), "--json"])
    return code, cast("dict[str, object]", json.loads(capsys.readouterr().out))


@pytest.mark.usefixtures("job")
def test_of_a_running_job(capsys: pytest.CaptureFixture[str]) -> None:
    """It tells what runs, where, how far it is, what is not done and why, and how to pause it."""
    assert main(["bulk", "status", "job.db"]) == 0
    lines = told(capsys)
    assert lines[:2] == ["job accounts from a.csv", "at beta, https://api.b2.alianza.com, partition part-1"]
    assert lines[2].startswith("state running, since 20")
    assert lines[3].startswith("pace ")
    assert lines[4].endswith(" 6/10")
    assert lines[5:] == [
        "created 4 made by this job",
        "invalid 1 cannot be accepted as it stands; not sent",
        "unknown 1 may be there: look before sending again",
        "under way 2 sent, not answered yet",
        "left 2 not sent yet",
        "Not done:",
        "row key status reason",
        "5 A-5 unknown it may have been carried out; look before it is sent again",
        "8 A-8 invalid account_type: is missing; give account_type",
        "To pause it:",
        "alianza bulk pause job.db",
    ]


def test_as_json(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """One object has all of it."""
    code, facts = as_json("bulk status job.db", capsys)
    assert code == 0
    assert facts.pop("journal") == str(job.store.path)
    assert facts.pop("input") == str(job.store.path.with_name("a.csv"))
    for name in ("created_at", "started_at", "items_per_s", "seconds_left"):
        assert cast("float", facts.pop(name)) >= 0
    not_done = cast("list[dict[str, object]]", facts.pop("not_done"))
    assert [(bad["row"], bad["key"], bad["status"]) for bad in not_done] == [
        (5, "A-5", "unknown"),
        (8, "A-8", "invalid"),
    ]
    assert facts == {
        "job_id": "j-1",
        "kind": "accounts",
        "base_url": "https://api.b2.alianza.com",
        "environment": "beta",
        "partition_id": "part-1",
        "login": "ann",
        "state": "running",
        "runs": 1,
        "ended_at": None,
        "rows": 10,
        "created": 4,
        "exists": 0,
        "updated": 0,
        "failed": 0,
        "invalid": 1,
        "unknown": 1,
        "skipped": 0,
        "under_way": 2,
        "left": 2,
        "rate": None,
        "half_done": {"rows": 0, "steps": {}, "numbers_in_service": 0, "numbers_not_in_service": 0},
        "maker_unknown": 0,
        "sent_again": {"rows": 0, "first": []},
        "undone": 0,
        "partly_undone": 0,
    }


async def test_of_a_killed_job(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """A job that ended without a word is called killed, and what it had under way is to be looked up."""
    await job.store.aclose()
    assert main(["bulk", "status", "job.db"]) == 0
    lines = told(capsys)
    assert lines[2].startswith("state killed: begun 20")
    assert lines[2].endswith(", and no process works with it")
    assert "under way 2 may have been sent: looked up by resume" in lines
    assert lines[-2:] == ["To continue:", "alianza bulk resume job.db"]
    assert main(["bulk", "pause", "job.db"]) == 2
    assert "no job works with" in capsys.readouterr().err


async def test_a_path_is_quoted_as_a_shell_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The command that an error proposes can be pasted, whatever the journal is called."""
    async with await SqliteStore.create("my job.db", FACTS) as store:
        await leased(store)
    here = Path.cwd()
    assert main(["bulk", "pause", "my job.db"]) == 2
    assert f"continue it with `alianza bulk resume '{here}/my job.db'`" in capsys.readouterr().err


async def test_of_rows_whose_maker_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """The status next morning counts them as the run did: an undo will leave them."""
    found = {"object_id": "Y1", "adopted": True, "evidence": "none"}
    async with await SqliteStore.create("lost.db", replace(FACTS, rows=1)) as store:
        fence = await leased(store)
        await store.write(fence, intent(1))
        await store.write(
            fence,
            StepOutcome(1, "account", "exists", **found),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            RowOutcome(1, "A-1", b"d", "exists", **found),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        )
        await store.set_job(fence, state="finished")
    assert main(["bulk", "status", "lost.db"]) == 0
    assert any(line.startswith("maker unknown 1 of these") for line in told(capsys))


async def test_of_rows_without_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    """A row that a named job could not tell by a key is called invalid, not one that is still to be sent."""
    async with await SqliteStore.create("named.db", replace(FACTS, rows=2)) as store:
        fence = await leased(store)
        await store.write(fence, intent(1))
        await store.write(fence, *outcome(1))
        await store.set_job(fence, state="finished")
    assert main(["bulk", "status", "named.db"]) == 0
    assert "left 1 invalid: without a key of their own, so not in the journal" in told(capsys)


async def test_of_a_finished_job(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """A finished job with rows that are not done names what can be done about them."""
    await job.finish()
    assert main(["bulk", "status", "job.db"]) == 0
    assert told(capsys)[-4:] == [
        "To look up what became of the unknown:",
        "alianza bulk resume job.db",
        "To have every row with its reason in a file:",
        "alianza bulk export job.db --results a-results.csv",
    ]
    code, facts = as_json("bulk status job.db --watch", capsys)
    assert (code, facts["state"]) == (1, "finished")


async def test_asked_from_elsewhere(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """What is asked of a running job is in its journal at once, is told, and shows in its status."""
    assert main(["bulk", "pause", "job.db"]) == 0
    lines = told(capsys)
    assert lines[0].startswith("Paused: the job takes no further row within a second")
    assert lines[0].endswith("; 5 of 10 rows are settled.")
    assert lines[1:] == ["To have it go on:", "alianza bulk continue job.db"]
    assert await job.store.control() == (True, None)
    assert main(["bulk", "status", "job.db"]) == 0
    lines = told(capsys)
    assert lines[2].startswith("state paused, since ")
    assert lines[-1] == "alianza bulk continue job.db"
    assert main(["bulk", "continue", "job.db"]) == 0
    assert told(capsys) == ["The job takes rows again within a second; 5 of 10 rows are settled."]
    code, facts = as_json("bulk rate 40 job.db", capsys)
    assert (code, facts["paused"], facts["rate"]) == (0, False, 40.0)
    assert await job.store.control() == (False, 40.0)
    assert main(["bulk", "rate", "0", "job.db"]) == 2


def test_no_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no journal is refused with 2, in one line."""
    (tmp_path / "text.db").write_text("nothing of the kind")
    for name in ("none.db", "text.db"):
        for line in (
            f"status {name}",
            f"pause {name}",
            f"export {name} --results o.csv",
            f"reconcile {name}",
        ):
            assert main(["bulk", *line.split()]) == 2
            printed = capsys.readouterr()
            assert (printed.out, len(printed.err.splitlines()), name in printed.err) == ("", 1, True)


@pytest.mark.parametrize("is_terminal", [True, False], ids=["terminal", "lines"])
async def test_watched_to_its_end(
    *,
    is_terminal: bool,
    job: Job,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Watching shows the job until it ends, live on a terminal, else as lines, and ends as it did."""
    drawn = io.StringIO()
    screen = Screen(Output())
    screen.out = Console(file=drawn, force_terminal=is_terminal, width=80, color_system=None)
    looked = threading.Event()

    def look_again(_: float) -> None:
        looked.set()
        if ended.is_set():
            return
        ended.wait(10)

    ended = threading.Event()
    monkeypatch.setattr(status_command, "sleep", look_again)
    codes: list[int] = []
    watcher = threading.Thread(target=lambda: codes.append(run_status(JOB, screen, watch=True)))
    watcher.start()
    assert looked.wait(10)
    for row in (6, 7, 9, 10):
        await job.store.write(job.fence, *([intent(row)] if row > 8 else []), *outcome(row))
    await job.finish()
    ended.set()
    watcher.join(10)
    assert codes == [1]
    assert "state  running" in drawn.getvalue() or not is_terminal
    assert "state  finished" in drawn.getvalue()
    assert "10/10" in drawn.getvalue()
    lines = capsys.readouterr().err
    assert ("6 of 10 rows, 2 under way, 2 errors, " in lines) is not is_terminal


@pytest.mark.usefixtures("job")
def test_rows_that_were_not_counted() -> None:
    """There are never fewer rows than the journal has; where nobody counted them, nothing is made up."""
    with JournalReader(JOB) as reader:
        standing = status_command.Standing.of(reader)
    more = replace(standing, facts=replace(standing.facts, rows=3))
    assert (more.rows, more.left) == (8, 0)
    unknown = replace(standing, facts=replace(standing.facts, rows=None))
    assert (unknown.rows, unknown.left, unknown.seconds_left) == (None, None, None)
