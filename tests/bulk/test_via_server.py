from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.errors import BulkStoppedError
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.sqlite import SqliteStore
from alianza_async.errors import (
    ConfigurationError,
    ConflictError,
    InvalidInputError,
    JournalError,
    PermissionDeniedError,
    RequestRejectedError,
)
from alianza_async.models.users import UserCreate
from alianza_async.resources.server_jobs.bulk import ServerRow
from alianza_async.sandbox import Sandbox, SandboxOptions, handle_bulk
from alianza_async.sandbox.faults import Fault
from tests.bulk.engine import accounts, read_csv, session_on, user, write_csv
from tests.bulk.server_places import add_accounts, copied, sent, server_steps, usernames, users

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox.bulk_book import BulkJob as ServersJob
    from alianza_async.sandbox.routes import Incoming
    from alianza_async.session import Session

KEEP, START, CREATE, FIND = "create_collection", "create_job", "createEndUser", "retrieveEndUser"


async def test_rows_of_two_accounts_go_up_in_batches_and_come_home(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """300 users of two accounts: four server jobs, not one call a row, and an id beside each row."""
    await add_accounts(session, 2)
    source, results, path = (
        write_csv(tmp_path / "in.csv", users(300, 2)),
        tmp_path / "out.csv",
        tmp_path / "j",
    )
    job = session.bulk.run("users", source, via="server", batch=100, results=results, journal=path)
    report = await job.run()
    assert (report.created, report.total, report.all_done) == (300, 300, True)
    assert report.concurrency == 200
    assert sent(sandbox, KEEP, START, CREATE, FIND) == (4, 4, 0, 0)
    ids = {made.key: made.id for made in sandbox.store.created}
    assert {line["username"]: line["result_id"] for line in read_csv(results)} == {
        name: ids[name] for name in usernames(sandbox)
    }
    assert len(usernames(sandbox)) == 300
    steps = server_steps(path)
    assert {status for status, _ in steps} == {"created"}
    assert {job_id for _, job_id in steps} == set(sandbox.store.bulk.jobs)
    with JournalReader(path) as journal:
        assert (journal.counts(), journal.facts.options["via"]) == ({"created": 300}, "server")


async def test_what_is_made_is_what_the_row_says(session: Session) -> None:
    """Each column means its field: read back, the first rows hold all that was sent, or the job stops."""
    await add_accounts(session)
    report = await session.bulk.create_users(users(12), via="server", canary=4).run()
    assert (report.created, report.all_done) == (12, True)


async def test_intents_are_on_disk_before_the_job_is_started(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the server takes the job in, a copy of the journal has every row of it as an intent."""
    path, seen = tmp_path / "job.db", list[Counter[tuple[str, str]]]()
    start = sandbox.store.bulk.start

    def look(job: ServersJob, *others: object) -> None:
        with JournalReader(copied(path)) as journal:
            steps = [journal.steps(entry.row) for entry in journal.entries("intent")]
        seen.append(Counter((each["user"].status, each["server-job"].status) for each in steps))
        start(job, *others)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(sandbox.store.bulk, "start", look)
    await add_accounts(session)
    await session.bulk.run("users", users(5), via="server", journal=path).run()
    assert seen == [Counter({("intent", "unknown"): 5})]


async def test_the_job_s_id_is_on_disk_once_it_is_known(
    session: Session, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the job is first looked at, a copy of the journal knows its id for every row of it."""
    path, seen = tmp_path / "job.db", list[Counter[tuple[str, str | None]]]()
    look_at = sandbox.store.bulk.job

    def look(partition_id: str, job_id: str) -> object:
        seen.append(server_steps(copied(path)))
        return look_at(partition_id, job_id)

    monkeypatch.setattr(sandbox.store.bulk, "job", look)
    await add_accounts(session)
    await session.bulk.run("users", users(3), via="server", journal=path).run()
    (job_id,) = sandbox.store.bulk.jobs
    assert seen == [Counter({("unknown", job_id): 3})]


async def test_rows_that_are_refused_come_home_by_row(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Refused with the collection, or by the job: each row has its own reason, and the others are made."""
    (account_id,) = await add_accounts(session)
    await session.users.create(account_id, UserCreate.model_validate(user("u-003", first_name="Berta")))
    same = users(5)[4]
    del same["account_number"]
    await session.users.create(account_id, UserCreate.model_validate(same))
    rows = users(20)
    rows[6]["extension"] = rows[13]["extension"] = "12"
    report = await session.bulk.run("users", rows, via="server", journal=tmp_path / "job.db").run()
    odd = {result.row: result for result in report.results if result.status != "created"}
    assert {row: result.status for row, result in odd.items()} == {
        3: "failed",
        5: "exists",
        7: "failed",
        14: "failed",
    }
    assert isinstance(odd[3].error, ConflictError)
    assert "first_name" in {difference.field for difference in odd[3].error.differences}
    assert isinstance(odd[7].error, RequestRejectedError)
    assert "must be 3 to 6 digits" in str(odd[7].error)
    assert odd[7].error is not odd[14].error
    assert (report.created, sent(sandbox, START)) == (16, (1,))
    with JournalReader(tmp_path / "job.db") as journal:
        entry = journal.entry(7)
    assert entry is not None
    assert entry.error == "its user: 422: refused"


async def test_a_row_that_is_refused_alone_starts_no_job(session: Session, sandbox: Sandbox) -> None:
    """Where nothing is left of a batch there is nothing to start."""
    await add_accounts(session)
    rows = [row | {"extension": "12"} for row in users(2)]
    report = await session.bulk.run("users", rows, via="server", batch=1).run()
    assert ([result.status for result in report.results], sent(sandbox, START)) == (["failed"] * 2, (0,))


async def test_a_row_that_the_job_refuses_says_why(session: Session, tmp_path: Path) -> None:
    """The server's reason is told and not journaled; looked up, nothing stands in the way: it has failed."""
    await add_accounts(session, 2)
    row, taken = (user("u-001", account_number=f"A-0000{number}") for number in (1, 2))
    await session.bulk.create_users([taken], via="server").run()
    report = await session.bulk.create_users([row], via="server", journal=tmp_path / "job.db").run()
    (result,) = report.results
    assert result.status == "failed"
    assert "the server's bulk operation refuses it" in str(result.error)
    with JournalReader(tmp_path / "job.db") as journal:
        (entry,) = journal.entries()
        assert (entry.error_class, entry.attempts) == ("RequestRejectedError", 1)
        assert journal.steps(1)["server-job"].status == "failed"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("block_email", True),
        ("end_user_type", "REGULAR"),
        ("must_change_password", False),
        ("language_tag", "de-DE"),
    ],
)
async def test_what_has_no_column_is_refused_before_anything_is_sent(
    session: Session, sandbox: Sandbox, field: str, value: object
) -> None:
    """A field, or a language, that the server's columns cannot tell is named, and never dropped."""
    rows = [user("u-001", account_number="A-00001", **{field: value})]
    report = await session.bulk.run("users", rows, via="server").run()
    (result,) = report.results
    assert isinstance(result.error, InvalidInputError)
    assert [complaint.field for complaint in result.error.fields] == [field]
    assert (result.status, sent(sandbox, KEEP)) == ("invalid", (0,))


async def test_a_fully_refused_job_fails_its_rows_and_is_begun_again(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A job that the server does not start has done nothing: its rows failed, each with its own error."""
    path, file = tmp_path / "job.db", write_csv(tmp_path / "in.csv", users(4))
    await add_accounts(session)
    sandbox.faults.add(Fault(kind="status_before", status=403, operation=START))
    first = await session.bulk.run("users", file, via="server", journal=path).run()
    assert {type(result.error) for result in first.results} == {PermissionDeniedError}
    assert len({id(result.error) for result in first.results}) == first.failed == 4
    again = await session.bulk.resume(path, retry_failed=True).run()
    assert (again.created, set(usernames(sandbox).values())) == (4, {1})


async def test_many_failures_stop_the_job(session: Session, sandbox: Sandbox) -> None:
    """The failure budget holds here as elsewhere."""
    await add_accounts(session)
    sandbox.faults.add(Fault(kind="status_before", status=403, operation=START, times=None))
    with pytest.raises(BulkStoppedError, match="one after the other"):
        await session.bulk.run("users", users(300), via="server", batch=60).run()


async def test_an_id_that_is_not_told_is_looked_up(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API does not say that outcomes have an id: without one the user is looked up."""
    monkeypatch.setattr(ServerRow, "object_id", None)
    await add_accounts(session)
    report = await session.bulk.run("users", users(2), via="server").run()
    assert {result.id for result in report.results} == {
        made.id for made in sandbox.store.created if made.kind == "user"
    }


async def test_an_id_that_cannot_be_looked_up_is_left_out(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has told that it made the user: that stands, whatever becomes of the look-up."""
    monkeypatch.setattr(ServerRow, "object_id", None)
    sandbox.faults.add(Fault(kind="status_before", operation=FIND, times=None))
    async with session_on(sandbox, attempts=1) as session:
        await add_accounts(session)
        report = await session.bulk.run("users", users(2), via="server").run()
    assert [(result.status, result.id) for result in report.results] == [("created", None)] * 2


async def test_a_refusal_stands_where_nobody_can_look(sandbox: Sandbox) -> None:
    """What the server refuses it has not made: without a look-up the reason is all there is to tell."""
    async with session_on(sandbox, attempts=1) as session:
        await add_accounts(session)
        await session.bulk.run("users", users(2), via="server").run()
        sandbox.faults.add(Fault(kind="status_before", operation=FIND, times=None))
        report = await session.bulk.run("users", users(2), via="server").run()
    assert [type(result.error) for result in report.results] == [RequestRejectedError] * 2


async def test_what_is_too_much_for_one_collection_goes_as_several(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused as a whole, and no part of it refused: it is the number of rows, and the parts go as jobs."""
    keep = handle_bulk._keep  # pyright: ignore[reportPrivateUsage]

    def keep_four(incoming: Incoming, owner_id: str, kind: str, rows: list[object]) -> object:
        if len(rows) > 4:
            raise handle_bulk.BulkError(413, ("Too many rows",))
        return keep(incoming, owner_id, kind, rows)

    monkeypatch.setattr(handle_bulk, "_keep", keep_four)
    await add_accounts(session)
    report = await session.bulk.run("users", users(8), via="server").run()
    assert (report.created, len(usernames(sandbox)), sent(sandbox, START)) == (8, 8, (2,))


async def test_without_an_intent_on_disk_no_job_is_started(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A journal that cannot be written stops the job, and the server is asked for nothing."""

    async def refuse(*_args: object, **_options: object) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(SqliteStore, "write", refuse)
    await add_accounts(session)
    with pytest.raises(BulkStoppedError, match="the disk is full") as stopped:
        await session.bulk.run("users", users(8), via="server", journal=tmp_path / "job.db").run()
    assert (len(stopped.value.report.unsettled), sent(sandbox, START)) == (8, (0,))


async def test_what_is_there_already_exists(session: Session, sandbox: Sandbox) -> None:
    """A second run makes nothing; where that is asked for, it looks first or fails."""
    await add_accounts(session)
    await session.bulk.run("users", users(3), via="server").run()
    again = await session.bulk.run("users", users(3), via="server").run()
    ensured = await session.bulk.run("users", users(3), via="server", ensure=True).run()
    failed = await session.bulk.run("users", users(3), via="server", on_exists="fail").run()
    assert (again.exists, ensured.exists, failed.failed) == (3, 3, 3)
    assert (sent(sandbox, START), len(usernames(sandbox))) == ((3,), 3)


@pytest.mark.parametrize(
    ("kind", "options", "complaint"),
    [
        ("accounts", {}, "not with accounts"),
        ("subscribers", {}, "not with subscribers"),
        ("users", {"concurrency": 5}, "concurrency does not go"),
        (
            "users",
            {"on_exists": "update"},
            "does not go with users: the server's bulk operations change nothing",
        ),
        ("users", {"batch": 0}, "batch is 0"),
        ("users", {"batch": True}, "batch is True"),
        ("users", {"via": "pigeon"}, "via is 'pigeon'"),
        ("users", {"via": "calls", "batch": 20}, "batch goes with"),
    ],
)
async def test_options_that_do_not_go_together_are_refused(
    session: Session, kind: str, options: dict[str, object], complaint: str
) -> None:
    """What is invalid is said before a row is read."""
    with pytest.raises(ConfigurationError, match=complaint):
        session.bulk.run(kind, [], **{"via": "server", **options})  # type: ignore[arg-type]


async def test_a_job_goes_on_the_way_it_began(session: Session, tmp_path: Path) -> None:
    """A resume keeps the way; another one is refused: a server's job may still be at work."""
    path = tmp_path / "job.db"
    await add_accounts(session)
    await session.bulk.run("users", users(2), via="server", batch=7, journal=path, job_id="one").run()
    with pytest.raises(JournalError, match="is the journal of a job via 'server', not 'calls'"):
        await session.bulk.run("users", users(2), journal=path, job_id="one").run()
    with pytest.raises(JournalError, match="is the journal of a job via 'server', not 'calls'"):
        await session.bulk.resume(path, users(2), via="calls", batch=500).run()
    report = await session.bulk.resume(path, users(3)).run()
    assert (report.created, report.previously_settled) == (3, 2)


async def test_the_journal_of_single_calls_is_not_gone_on_with_by_the_server(tmp_path: Path) -> None:
    """The other way round it is refused as well, and a job of accounts is none for the server."""
    sandbox, path = Sandbox(SandboxOptions()), tmp_path / "job.db"
    async with session_on(sandbox) as session:
        await session.bulk.run("accounts", accounts(1), journal=path, job_id="one").run()
        with pytest.raises(ConfigurationError, match="not with accounts"):
            session.bulk.resume(path, accounts(1), via="server")


async def test_what_the_server_made_is_taken_back(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """A job that went through the server is undone as any other: its users go, and no other's."""
    path = tmp_path / "job.db"
    (account_id,) = await add_accounts(session)
    await session.users.create(account_id, UserCreate.model_validate(user("u-000")))
    file = write_csv(tmp_path / "in.csv", users(4))
    await session.bulk.run("users", file, via="server", journal=path).run()
    report = await session.bulk.undo(path)
    assert (report.undone, report.all_done) == (4, True)
    assert [there.username for there in await session.users.list(account_id)] == ["u-000"]
    assert usernames(sandbox)["u-004"] == 1
