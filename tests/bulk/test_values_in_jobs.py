"""Values that are read otherwise: listed by a plan, summed up by a run, refused with strict."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from alianza_async.bulk.input.fingerprints import RowDigest
from alianza_async.bulk.input.sources import open_source
from alianza_async.bulk.kinds.by_name import kind_of, kind_options, workflow_named
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.planning.plan import plan
from alianza_async.bulk.planning.sessions import offline_session
from tests.bulk.engine import COLUMNS, account, read_csv, write_csv
from tests.bulk.kind_rows import SUBSCRIBER

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.bulk.engine.kind import AnyKind
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

HEADER = ",".join(COLUMNS)
MESSY = (
    '"=""00123""",Shop One,SIMPLE,Eastern,1.0',
    "\u200bA-2,Null,SIMPLE,US/Eastern,2",
    "A-3,Shop Three,SIMPLE,US/Eastern,3",
    "1.00001E+10,Shop Four,SIMPLE,US/Eastern,4",
)


def kind_named(name: str) -> AnyKind:
    """Return a kind that sends nothing."""
    return kind_of(offline_session(), workflow_named(name), JobSettings(), kind_options())


def messy(path: Path, *lines: str) -> Path:
    """Write a file of accounts with values as people have them."""
    path.write_text("\n".join([HEADER, *(lines or MESSY)]) + "\n", encoding="utf-8")
    return path


async def test_a_plan_lists_what_is_read_otherwise(tmp_path: Path) -> None:
    """Each change is counted by field and rule with examples; doubts stand apart."""
    made = await plan(None, "accounts", messy(tmp_path / "in.csv"))
    assert {name: count for name, count in made.counts.items() if count} == {"valid": 3, "invalid": 1}
    told = made.to_json()
    assert told["changed"] == {
        "count": 4,
        "groups": [
            {
                "field": field,
                "rule": rule,
                "count": 1,
                "examples": [{"row": row, "from": old, "to": new}],
            }
            for field, rule, row, old, new in (
                ("account_number", "invisible characters", 2, "\u200bA-2", "A-2"),
                ("account_number", 'text in ="..."', 1, '="00123"', "00123"),
                ("billing_cycle_day", "number with .0", 1, "1.0", "1"),
                ("time_zone", "time zone", 1, "Eastern", "US/Eastern"),
            )
        ],
    }
    assert told["doubtful"] == {
        "count": 1,
        "groups": [
            {
                "field": "account_name",
                "rule": "word for no value",
                "count": 1,
                "examples": [{"row": 2, "from": "Null", "to": "Null"}],
            }
        ],
    }


async def test_no_part_of_an_address_is_shown(tmp_path: Path) -> None:
    """Of a street, a city and a postal code the row and the rule are told alone, with strict too."""
    row = {**SUBSCRIBER, "telephone_number": "801-555-1212", "mac_address": "4a:e1:bc:53:ad:6b"}
    row |= {"e911_address": "12\u00a0Secret Street", "e911_city": "\u200bSecretville", "e911_state": "Utah"}
    source = write_csv(tmp_path / "in.csv", [row])
    for strict in (False, True):
        made = await plan(None, "subscribers", source, strict=strict, save=tmp_path / f"{strict}.json")
        told = json.dumps(made.to_json()) + (tmp_path / f"{strict}.json").read_text()
        assert ("Secret" in told, made.counts["valid"]) == (False, 0 if strict else 1)
    groups = {group.field: group for group in (await plan(None, "subscribers", source)).changes.groups()}
    assert groups.keys() == {"telephone_number", "mac_address", "e911_address", "e911_city", "e911_state"}
    assert groups["e911_address"].to_json()["examples"] == [{"row": 1}]
    assert groups["e911_state"].to_json()["examples"] == [{"row": 1, "from": "Utah", "to": "UT"}]


async def test_strict_refuses_what_would_be_read_otherwise(tmp_path: Path) -> None:
    """With strict the same rows are invalid, with what each field would be read as; a doubt is not."""
    made = await plan(None, "accounts", messy(tmp_path / "in.csv"), strict=True)
    assert {name: count for name, count in made.counts.items() if count} == {"valid": 1, "invalid": 3}
    assert made.changes.changed == 0
    (row, *_) = made.first["invalid"]
    assert [str(complaint) for complaint in row.complaints] == [
        "account_number: would be read as '00123' (text in =\"...\"): write it so, or leave out strict=True",
        "time_zone: would be read as 'US/Eastern' (time zone): write it so, or leave out strict=True",
        "billing_cycle_day: would be read as '1' (number with .0): write it so, or leave out strict=True",
    ]
    reasons = {(reason.field, reason.message) for reason in made.worst_reasons()}
    assert (
        "time_zone",
        "would be read otherwise (time zone): write it so, or leave out strict=True",
    ) in reasons


async def test_a_run_sends_what_was_read_and_keeps_what_stands_in_the_file(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The API gets the values as read; the report sums them up; the result file holds the file's own text."""
    source, results = messy(tmp_path / "in.csv"), tmp_path / "out.csv"
    report = await session.bulk.create_accounts(source, results=results).run()
    assert (report.created, report.invalid) == (3, 1)
    assert (report.changes.changed, report.changes.doubtful) == (4, 1)
    assert sandbox.truth().accounts == 3
    there = {number: await session.accounts.get_by_number(number) for number in ("00123", "A-2", "A-3")}
    assert {number: (one.time_zone, one.billing_cycle_day) for number, one in there.items()} == {
        "00123": ("US/Eastern", 1),
        "A-2": ("US/Eastern", 2),
        "A-3": ("US/Eastern", 3),
    }
    lines = read_csv(results)
    assert [line["account_number"] for line in lines] == ['="00123"', "\u200bA-2", "A-3", "1.00001E+10"]
    again = await session.bulk.create_accounts(results, results=tmp_path / "again.csv").run()
    assert (again.done_before, again.created, again.invalid) == (3, 0, 1)


async def test_strict_is_an_option_of_a_run(session: Session, sandbox: Sandbox, tmp_path: Path) -> None:
    """With strict nothing is sent that is read otherwise."""
    report = await session.bulk.create_accounts(messy(tmp_path / "in.csv"), strict=True).run()
    assert (report.created, report.invalid, report.changes.changed) == (1, 3, 0)
    assert (sandbox.truth().accounts, (await session.accounts.get_by_number("A-3")).account_number) == (
        1,
        "A-3",
    )


@pytest.mark.parametrize("form", ["csv", "jsonl", "mappings"])
def test_text_is_read_alike_wherever_a_row_comes_from(form: str, tmp_path: Path) -> None:
    """CSV cells, JSON strings and text from Python are read alike, and each row keeps what was given."""
    given = account("'00124", time_zone="Pacific Time", account_name="Shop\u00a0Two") | {
        "billing_cycle_day": "5.0",
        "send_welcome_email": "NO",
    }
    kind = kind_named("accounts")
    source: Path | list[dict[str, object]] = [given]
    if form == "csv":
        source = write_csv(tmp_path / "in.csv", [given])
    elif form == "jsonl":
        source = tmp_path / "in.jsonl"
        source.write_text(json.dumps(given))
    (row,) = open_source(
        source,
        fields=kind.fields,
        required=kind.required,
        key_field=kind.key_field,
        readings=kind.readings(),
    )
    assert (row.values, row.problems) == (
        account("00124", time_zone="US/Pacific", account_name="Shop Two")
        | {"billing_cycle_day": "5", "send_welcome_email": "false"},
        (),
    )
    assert row.given == given
    assert {change.field for change in row.changes} == given.keys() - {"account_type"}


def test_only_text_is_read() -> None:
    """A value with a type of its own is what its type says, and is not touched."""
    given: dict[str, object] = {"account_number": 10001.0, "billing_cycle_day": 5, "send_welcome_email": True}
    kind = kind_named("accounts")
    (row,) = open_source([given], fields=kind.fields, key_field=kind.key_field, readings=kind.readings())
    assert (row.values, row.changes) == (given, ())


def test_a_row_is_known_again_by_what_stands_in_the_file(tmp_path: Path) -> None:
    """What a journal and a plan keep of a row is that of the file's own text: earlier ones stay good."""
    kind, digest = kind_named("accounts"), RowDigest(b"salt")
    source = messy(tmp_path / "in.csv", *MESSY, '"=""""",Shop,SIMPLE,US/Eastern,\u00a01')
    plain = list(open_source(source, fields=kind.fields, key_field=kind.key_field))
    read = list(open_source(source, fields=kind.fields, key_field=kind.key_field, readings=kind.readings()))
    assert [digest(row.given) for row in read] == [digest(row.values) for row in plain]
    assert [kind.key_of(row.given) for row in read] == [kind.key_of(row.values) for row in plain]
    assert sum(bool(row.changes) for row in read) == 3


@pytest.mark.parametrize("strict", [True, False])
async def test_a_job_that_was_stopped_goes_on_as_strict_as_it_began(
    session: Session, sandbox: Sandbox, tmp_path: Path, strict: bool
) -> None:
    """A resume knows its rows again, and refuses what the run would have refused."""
    source, journal = messy(tmp_path / "in.csv"), tmp_path / "job.db"
    job = session.bulk.create_accounts(source, journal=journal, strict=strict)
    job.stop()
    stopped = await job.run()
    assert (stopped.created, stopped.invalid) == (0, 0)
    report = await session.bulk.resume(journal).run()
    assert (report.created, report.invalid) == ((1, 3) if strict else (3, 1))
    assert sandbox.truth().accounts == report.created
    again = await session.bulk.resume(journal).run()
    assert (again.created, again.total) == (report.created, 4)


async def test_two_spellings_of_one_value_are_one(tmp_path: Path) -> None:
    """Rows that come to the same number or the same device are duplicates, however they are written."""
    rows = [
        SUBSCRIBER
        | {"account_number": f"A-{n}", "username": f"ada{n}", "telephone_number": number, "mac_address": mac}
        for n, (number, mac) in enumerate(
            (
                ("801-555-1212", "4a:e1:bc:53:ad:6b"),
                ("18015551212", "4AE1BC53AD6C"),
                ("18015551213", "4ae1.bc53.ad6b"),
            )
        )
    ]
    made = await plan(None, "subscribers", write_csv(tmp_path / "in.csv", rows))
    assert [(reason.field, reason.rows) for reason in made.worst_reasons()] == [
        ("telephone_number", [(2, 1)]),
        ("mac_address", [(3, 1)]),
    ]
