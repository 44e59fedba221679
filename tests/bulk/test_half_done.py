from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.half_done import (
    MAKER_UNKNOWN,
    NUMBER_STATES,
    HalfDone,
    left_by,
    reason_of,
)
from alianza_async.bulk.half_done_rows import half_done_rows
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.journal.entries import Entry, StepEntry
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.output.export import export
from alianza_async.bulk.report import ItemResult, Outage, Report, Status
from tests.bulk.engine import read_csv
from tests.bulk.undo_jobs import NUMBERS, subscriber

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session


def step(name: str, status: str, object_id: str | None = None, *, adopted: bool = False) -> StepEntry:
    """Make a step's entry."""
    return StepEntry(1, name, None, status, object_id, adopted=adopted)


def steps(*entries: StepEntry) -> dict[str, StepEntry]:
    """Name entries by their steps."""
    return {entry.step: entry for entry in entries}


def entry(**facts: object) -> Entry:
    """Make a row's entry."""
    return Entry(1, "A-1", None, **({"status": "failed"} | facts))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_what_is_left_is_what_the_job_made() -> None:
    """Objects made, or found after a lost answer, are left; what was there before, or failed, is not."""
    left = left_by(
        steps(
            step("account", "exists", "A"),
            step("user", "exists", "U", adopted=True),
            step("number", "created", "18015550000"),
            step("activation", "created", "18015550000"),
            step("line", "failed", "L"),
            step("service", "skipped"),
        )
    )
    assert left == ({"user": "U", "number": "18015550000"}, "activated", "line")


def test_a_journal_is_read_with_the_states_that_the_steps_declare() -> None:
    """Each step of a kind that says what a number then is has its state in the table, and no other has."""
    declared = {
        step.name: step.state for workflow in WORKFLOWS.values() for step in workflow.steps if step.state
    }
    assert declared == NUMBER_STATES


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (["account"], None),
        (["number"], "reserved"),
        (["activation", "number"], "activated"),
        (["activation", "number", "service"], "in service"),
    ],
)
def test_the_state_of_a_number(made: list[str], state: str | None) -> None:
    """The last step of its way into service says what a number is, in whatever order steps are read."""
    left = left_by(steps(*(step(name, "created", "n") for name in made)))
    assert left.number_state == state


@pytest.mark.parametrize(("activation", "state"), [("created", "in service"), ("exists", None)])
def test_a_number_that_is_found_in_service(activation: str, state: str | None) -> None:
    """Found in service counts for a number that the job activated, not for one that was there before."""
    left = left_by(steps(step("activation", activation, "n"), step("service", "exists", "n")))
    assert left.number_state == state


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([step("user", "skipped"), step("account", "failed")], "account"),
        ([step("a", "intent"), step("b", "unknown")], "b"),
        ([step("a", "created", "1"), step("b", "intent")], "b"),
        ([step("a", "created", "1")], None),
    ],
)
def test_the_step_that_failed(entries: list[StepEntry], expected: str | None) -> None:
    """A refused step comes before one whose outcome is unknown; those skipped because of it are not named."""
    assert left_by(steps(*entries)).failed_step == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(["account"], None)], "1 row half done: 1 account"),
        (
            [(["account", "user", "number"], "in service")] * 2,
            "2 rows half done: 2 accounts, 2 users, 2 numbers in service",
        ),
        (
            [(["number"], "in service"), (["number", "address"], "reserved")],
            "2 rows half done: 2 numbers (1 in service), 1 address",
        ),
    ],
)
def test_half_done_rows_in_words(rows: list[tuple[list[str], str | None]], expected: str) -> None:
    """Sums are told by step, and how many numbers calls reach."""
    found = HalfDone()
    for objects, state in rows:
        found.add(objects, state)
    assert found.in_words() == expected


def test_a_report_counts_half_done_rows() -> None:
    """Rows that are not done and left something are counted; done ones and empty ones are not."""
    report = Report()
    objects = {"account": "A", "user": "U", "number": "N"}
    statuses: tuple[Status, ...] = ("failed", "unknown", "skipped", "created")
    for status in statuses:
        report.add(ItemResult(1, "k", status, objects=objects, number_state="in service"))
    report.add(ItemResult(2, "k", "failed"))
    assert report.half_done.to_json() == {
        "rows": 3,
        "steps": {"account": 3, "user": 3, "number": 3},
        "numbers_in_service": 3,
        "numbers_not_in_service": 0,
    }


def test_a_report_counts_what_was_sent_again_and_whose_maker_is_unknown() -> None:
    """The first twenty rows sent again are named; a row found without evidence after a lost answer counts."""
    report = Report()
    for row in range(1, 31):
        report.add(ItemResult(row, "k", "exists", adopted=True, evidence="none", resent=True))
    report.add(ItemResult(31, "k", "exists"))
    report.add(ItemResult(32, "k", "created", adopted=True, evidence="history"))
    assert (report.sent_again, report.sent_again_rows) == (30, list(range(1, 21)))
    assert (report.maker_unknown, report.adopted) == (30, 31)


def test_a_report_knows_its_pace() -> None:
    """Without a 429 there is no lowest rate; with one the lowest stays and the present one is told."""
    report = Report()
    report.note_pace(0, 90.0, 100.0)
    assert (report.throttled, report.lowest_rate, report.slowed_to) == (0, None, None)
    for refusals, rate in ((1, 50.0), (2, 25.0), (2, 60.0)):
        report.note_pace(refusals, rate, 100.0)
    assert (report.throttled, report.lowest_rate, report.slowed_to) == (2, 25.0, 60.0)
    report.note_pace(2, 100.0, 100.0)
    assert (report.lowest_rate, report.slowed_to) == (25.0, None)


def test_a_report_knows_its_outage() -> None:
    """The host that cannot be reached is named, with the time since when."""
    outage = Outage("api.example.com", 1_000_000.0)
    assert (Report().waiting_since, Report(outage=outage).waiting_since) == (None, 1_000_000.0)
    assert str(outage).startswith("cannot reach api.example.com since ")
    report = Report()
    report.note_outage("h", 5.0)
    assert report.outage == Outage("h", 5.0)
    report.note_outage("h", None)
    assert report.waiting_since is None


def test_in_service_is_known_only_of_a_number() -> None:
    """A row without a number is neither in service nor out of it."""
    states = ("in service", "reserved", None)
    assert [ItemResult(1, "k", "failed", number_state=state).in_service for state in states] == [
        True,
        False,
        None,
    ]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, None),
        ({"error_class": "StepError"}, "StepError"),
        ({"error": "answered 422"}, "answered 422"),
        ({"error": "answered 422", "message": "the MAC is taken"}, "answered 422: the MAC is taken"),
        ({"error": "answered 422: taken", "message": "taken"}, "answered 422: taken"),
        ({"message": "taken", "server_request_id": "s-1"}, "taken (server's request s-1)"),
        ({"status": "exists", "adopted": True, "evidence": "none"}, MAKER_UNKNOWN),
    ],
)
def test_the_reason_of_a_row(facts: dict[str, object], expected: str | None) -> None:
    """The server's own words and its id of the request stand behind ours, none of them twice."""
    assert reason_of(entry(**facts)) == expected


async def half_done_job(sandbox: Sandbox, session: Session, folder: Path) -> Path:
    """Run two subscribers, one with a device that has a line already: only that line cannot be made."""
    sandbox.seed_inventory(NUMBERS)
    await session.bulk.run("subscribers", [subscriber(9)], journal=folder / "first.db").run()
    taken = subscriber(9)["mac_address"]
    rows = [subscriber(number) for number in (1, 2)]
    fields = list(rows[0])
    with (folder / "s.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerow(rows[0] | {"mac_address": taken})
        writer.writerow(rows[1])
    report = await session.bulk.run(
        "subscribers", folder / "s.csv", journal=folder / "j.db", results=folder / "own.csv"
    ).run()
    assert report.half_done.in_words() == "1 row half done: 1 account, 1 user, 1 number in service"
    assert (report.created, report.failed, sandbox.truth().accounts) == (1, 1, 3)
    return folder / "j.db"


async def test_a_journal_tells_what_is_half_done(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    """Of a subscriber whose device is taken the account, the user and a number in service exist."""
    journal = await half_done_job(sandbox, session, tmp_path)
    with JournalReader(journal) as reader:
        found = half_done_rows(reader)
    assert found.in_words() == "1 row half done: 1 account, 1 user, 1 number in service"


async def test_an_export_names_what_is_half_done(sandbox: Sandbox, session: Session, tmp_path: Path) -> None:
    """Each row has the ids of what exists, the number's state and its failed step; it can be fed back."""
    journal = await half_done_job(sandbox, session, tmp_path)
    export(journal, tmp_path / "r.csv")
    said = [
        [{**line, "result_error": ""} for line in read_csv(tmp_path / name)] for name in ("r.csv", "own.csv")
    ]
    assert said[0] == said[1]
    with (tmp_path / "r.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert first["result_account_id"]
    assert first["result_user_id"]
    assert (first["result_number_state"], first["result_failed_step"]) == ("in service", "line")
    assert (second["result_status"], second["result_failed_step"]) == ("created", "")
    report = await session.bulk.run("subscribers", tmp_path / "r.csv", journal=tmp_path / "again.db").run()
    assert (report.unknown_columns, report.done_before) == ((), 1)
