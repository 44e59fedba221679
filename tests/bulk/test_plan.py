from __future__ import annotations

import asyncio
import csv
import gc
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.planning.plan import plan
from alianza_async.bulk.planning.plan_report import VERDICTS, Plan, PlannedRow, row_json
from alianza_async.bulk.planning.remote_check import shown
from alianza_async.errors import AuthenticationError, ConfigurationError, Difference, SourceError
from alianza_async.sandbox import Fault, SandboxOptions
from tests.bulk.engine import account, accounts, session_on, user, write_csv
from tests.markdown import ROOT, codes, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.bulk.planning.plan_report import Verdict
    from alianza_async.sandbox import Sandbox
    from alianza_async.session import Session

DATA = os.environ.get("ALIANZA_DATA", "")


def counted(made: Plan) -> dict[str, int]:
    """Return the counts that are not zero."""
    return {name: count for name, count in made.counts.items() if count}


def test_the_page_is_true() -> None:
    """docs/plan.md is true of classes, of what each kind costs and needs, and of what does not go with it."""
    page = ROOT / "docs" / "plan.md"
    classes = {codes(row[0])[0]: row[2] for row in table(page, "class")}
    needs = {codes(row[0])[0]: (row[1], row[2]) for row in table(page, "kind")}
    excepted = {(codes(row[0])[0], row[1], row[2]) for row in table(page, "excepted kind")}
    assert classes.keys() == set(VERDICTS)
    for verdict, can_run in classes.items():
        made = Plan(WORKFLOWS["accounts"], "a.csv", checked=True, ensure=False, rate=1.0)
        made.add(PlannedRow(1, "A-1", cast("Verdict", verdict)))
        assert can_run == ("yes" if made.all_can_run else "no")
    assert needs == {
        kind: (str(workflow.calls), ", ".join(" ".join(need) for need in workflow.needs))
        for kind, workflow in WORKFLOWS.items()
    }
    assert excepted == {
        (kind, verb, reason)
        for kind, workflow in WORKFLOWS.items()
        for verb, reason in (("undo", workflow.no_undo), ("`--on-exists update`", workflow.no_update))
        if reason is not None
    }


# --- offline


async def test_every_row_is_read_offline() -> None:
    """Without a session rows are told apart into valid and invalid, and the calls of a run are counted."""
    rows = [account(1), account("no"), account(2), account(1), account(3, billing_cycle_day=31)]
    made = await plan(None, "accounts", rows, rate=2)
    assert counted(made) == {"valid": 2, "invalid": 3}
    assert (made.rows, made.can_run, made.all_can_run, made.checked) == (5, 2, False, False)
    assert (made.calls, made.seconds) == (2, 1.0)
    assert made.ends_at(datetime(2026, 5, 1, 12, 0, tzinfo=UTC)) == datetime(2026, 5, 1, 12, 0, 1, tzinfo=UTC)
    assert [(row.row, row.key) for row in made.first["invalid"]] == [
        (2, "no"),
        (4, "A-00001"),
        (5, "A-00003"),
    ]


async def test_reasons_are_put_together() -> None:
    """Rows with one complaint are one reason, whatever row or character it names; the worst comes first."""
    rows = [account(1), account("x"), account(1), account(2), account(2), account("y"), account("z")]
    rows += [account(8, account_name="a\0b"), account(9, account_name="ab\0c")]
    reasons = (await plan(None, "accounts", rows)).worst_reasons()
    assert [(one.field, one.message, one.count, one.rows) for one in reasons] == [
        (
            "account_number",
            "string should have at least 3 characters",
            3,
            [(2, None), (6, None), (7, None)],
        ),
        ("account_number", "is a duplicate: an earlier row has the same", 2, [(3, 1), (5, 4)]),
        ("account_name", "holds a control character (U+0000): remove it", 2, [(8, None), (9, None)]),
    ]


async def test_a_clean_input_can_run() -> None:
    """Where every row is valid all can run; with `ensure` each costs a look-up more."""
    made = await plan(None, "accounts", accounts(7), ensure=True)
    assert (made.all_can_run, made.calls, made.rate) == (True, 14, 100.0)


async def test_near_duplicates_are_reported_and_run() -> None:
    """A key that looks like an earlier one is a warning; an invalid row's key is nobody's twin."""
    rows = [account("ACME-1", billing_cycle_day=99), account("Acme-1"), account("ACME -1"), account("ACME-2")]
    made = await plan(None, "accounts", rows)
    assert (counted(made), made.near) == ({"valid": 3, "invalid": 1}, 1)
    (near,) = made.first_near
    assert (near.row, near.key, near.like, near.like_key, near.by) == (
        3,
        "ACME -1",
        2,
        "Acme-1",
        "case, spaces",
    )


async def test_an_account_is_looked_up_once_by_a_run_of_users() -> None:
    """Users that name their account by number cost one look-up an account, on top of their own call."""
    rows = [user(f"user{n}", account_number=f"ACME-{n % 3}") for n in range(9)]
    assert (await plan(None, "users", rows)).calls == 9 + 3
    assert (await plan(None, "users", [user("ann")], ids={"account_id": "A"})).calls == 1


async def test_a_result_file_is_planned_as_it_goes_on(
    session: Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    """What an earlier run did is done and costs nothing; what failed is looked up before it is sent."""
    sandbox.faults.add(Fault(kind="status_before", operation="createAccount", status=403))
    source, out = write_csv(tmp_path / "in.csv", accounts(4)), tmp_path / "out.csv"
    await session.bulk.create_accounts(source, results=out, concurrency=1).run()
    made = await plan(None, "accounts", out)
    assert (counted(made), made.calls, made.all_can_run) == ({"valid": 1, "done": 3}, 2, True)


@pytest.mark.skipif(not DATA, reason="ALIANZA_DATA does not say where the input files lie")
def test_the_messy_file() -> None:
    """Of the messy accounts exactly the spoilt rows are invalid, for the reason each was spoilt by."""
    truth: dict[str, str] = json.loads(Path(DATA, "accounts-messy.truth.json").read_text())
    made = asyncio.run(plan(None, "accounts", Path(DATA, "accounts-messy.csv"), keep=300))
    spoilt = {int(row): why for row, why in truth.items() if not why.startswith("ok_")}
    assert {row.row for row in made.first["invalid"]} == spoilt.keys()
    by_reason = [{spoilt[row] for row, _ in reason.rows} for reason in made.worst_reasons()]
    assert sorted(why for whys in by_reason for why in whys) == sorted(set(spoilt.values()))


async def test_memory_does_not_grow_with_the_input() -> None:
    """8,000 rows more leave nothing behind, however they end."""
    objects: dict[int, int] = {}

    def look(made: Plan) -> None:
        if made.rows in {2000, 10_000}:
            gc.collect()
            objects[made.rows] = len(gc.get_objects())

    def rows() -> Iterator[dict[str, object]]:
        return (account(n if n % 3 else "x", account_name=f"Name {n}") for n in range(10_000))

    made = await plan(None, "accounts", rows(), on_progress=look)
    assert (made.rows, objects[10_000] - objects[2000] < 100) == (10_000, True)
    assert {len(kept) for kept in made.first.values()} == {0, 20}


async def test_what_varies_without_end_is_kept_within_bounds() -> None:
    """A thousand different reasons are the first hundred and the rest together."""
    rows = [account(n, time_zone=f"Mars/{n}") for n in range(1, 301)]
    made = await plan(None, "accounts", rows)
    assert len(made.reasons) == 101
    assert made.reasons["time_zone", ""].count == 200


# --- at the API


async def test_rows_are_looked_up(session: Session, sandbox: Sandbox) -> None:
    """Absent, equal and different are told apart, the difference field by field; nothing is written."""
    await session.bulk.create_accounts([account(1), account(2), account(3)]).run()
    rows = [account(1), account(2, account_name="Another"), account(4), account(3, billing_cycle_day=9)]
    made = await plan(session, "accounts", rows, check_remote=True)
    assert counted(made) == {"create": 1, "same": 1, "differs": 2}
    differing = [
        (row.row, [(one.field, one.sent, one.found) for one in row.differences])
        for row in made.first["differs"]
    ]
    assert differing == [
        (2, [("account_name", "Another", "Ardent Bakery")]),
        (4, [("billing_cycle_day", 9, 5)]),
    ]
    assert {row.row: row.id is not None for row in made.first["same"]} == {1: True}
    assert (made.base_url, made.partition_id) == ("http://localhost", "sandbox-partition")
    assert sandbox.truth().created_accounts == 3
    assert sandbox.truth().requests["retrieveAccount"] == 4


@pytest.mark.parametrize("ensure", [False, True])
async def test_the_calls_are_those_of_the_run(sandbox: Sandbox, *, ensure: bool) -> None:
    """What a plan at the API counts is what the run then sends, the login aside."""
    rows = [account(n, account_name="Other" if n < 3 else "Ardent Bakery") for n in range(1, 10)]
    async with session_on(sandbox) as session:
        await session.bulk.create_accounts(accounts(5)).run()
        made = await plan(session, "accounts", rows, check_remote=True, ensure=ensure)
        before = sum(sandbox.truth().requests.values())
        await session.bulk.create_accounts(rows, ensure=ensure).run()
        assert made.calls == sum(sandbox.truth().requests.values()) - before


async def test_a_user_without_its_account_is_blocked(session: Session, sandbox: Sandbox) -> None:
    """A parent that is not there is asked for once, and its children are told apart from what failed."""
    await session.bulk.create_accounts([account("ACME-1")]).run()
    rows = [user("ann.x", account_number="ACME-1"), user("bob.x", account_number="ABSENT")]
    rows += [user("cid.x", account_number="ABSENT")]
    made = await plan(session, "users", rows, check_remote=True)
    assert counted(made) == {"create": 1, "blocked": 2}
    assert (made.calls, made.all_can_run) == (1 + 2, False)
    assert made.first["blocked"][0].error == (
        "its account: there is no account with this account_number; create it first"
    )
    assert sandbox.truth().requests["retrieveAccount"] == 2


async def test_an_id_that_cannot_stand_in_a_path_is_invalid(session: Session) -> None:
    """What is found unfit only when the call is made is invalid too, as in a run."""
    made = await plan(session, "users", [user("ann.x", account_id="..")], check_remote=True)
    assert counted(made) == {"invalid": 1}


async def test_a_look_up_that_fails_is_unknown(session: Session, sandbox: Sandbox) -> None:
    """It is named with status and request id, in our words: the server's own may repeat what was sent."""
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", status=403))
    made = await plan(session, "accounts", accounts(3), check_remote=True)
    assert counted(made) == {"create": 2, "unknown": 1}
    (unknown,) = made.first["unknown"]
    assert (unknown.error or "").startswith("403: it was refused (request ")
    assert not made.all_can_run


async def test_look_ups_stop_where_all_fail(sandbox: Sandbox) -> None:
    """After 50 in a row nobody is asked any more; the rows are still read, and called unknown."""
    sandbox.faults.add(Fault(kind="status_before", operation="retrieveAccount", status=403, times=None))
    async with session_on(sandbox, capacity=5) as session:
        made = await plan(session, "accounts", [*accounts(300), account("x")], check_remote=True)
    assert counted(made) == {"unknown": 300, "invalid": 1}
    assert 50 <= sandbox.truth().requests["retrieveAccount"] < 60
    assert "50 rows failed one after the other" in (made.stopped or "")
    assert made.first["unknown"][-1].row == 20


async def test_a_refused_login_ends_the_plan(sandbox: Sandbox) -> None:
    """Nobody is asked anything after a refused login."""
    sandbox.options = SandboxOptions(login_status=401)
    async with session_on(sandbox) as session:
        with pytest.raises(AuthenticationError, match="the login was refused"):
            await plan(session, "accounts", accounts(3), check_remote=True)
    assert sandbox.truth().requests == {"logUserIn": 1}


async def test_rows_end_in_any_order_and_are_kept_by_number(session: Session, sandbox: Sandbox) -> None:
    """The first rows of a class are the first of the input, whichever answer came first."""
    sandbox.options = SandboxOptions(latency_ms=1, latency_jitter_ms=6)
    made = await plan(session, "accounts", accounts(60), check_remote=True, keep=5)
    assert [row.row for row in made.first["create"]] == [1, 2, 3, 4, 5]


async def test_an_error_of_the_caller_s_iterator_is_raised_as_it_is(session: Session) -> None:
    """What breaks the input is not wrapped in a group of errors."""

    def rows() -> Iterator[dict[str, object]]:
        yield account(1)
        raise LookupError("the database went away")

    with pytest.raises(LookupError, match="the database went away"):
        await plan(session, "accounts", rows(), check_remote=True)


async def test_private_fields_are_named_without_values() -> None:
    """A difference in an address or a secret has no values, here or in the JSON."""
    found = [Difference(name, "mine", "theirs") for name in ("sip_password", "e911_address.street", "tags")]
    differences = tuple(shown(each) for each in [*found, Difference("group", {"address": "x"}, None)])
    row = PlannedRow(1, "A-1", "differs", differences=differences)
    assert [(one.field, one.hidden) for one in row.differences] == [
        ("sip_password", True),
        ("e911_address.street", True),
        ("tags", False),
        ("group", True),
    ]
    assert json.dumps(row_json(row)).count("mine") == 1


# --- what is invalid


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kind": "shoes"}, "there is no kind 'shoes'"),
        ({"check_remote": True}, "needs an open session"),
        ({"rate": 0.0}, "rate is 0"),
        ({"save": "plan.json"}, "saved for a file alone"),
    ],
)
async def test_an_option_that_is_invalid(options: dict[str, object], told: str) -> None:
    """It is refused in a sentence."""
    arguments = {"kind": "accounts", **options}
    with pytest.raises(ConfigurationError, match=told):
        await plan(None, arguments.pop("kind"), [], **arguments)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_a_file_without_its_columns(tmp_path: Path) -> None:
    """A file that lacks a column is no plan."""
    with (tmp_path / "a.csv").open("w", newline="") as handle:
        csv.writer(handle).writerows([["account_number"], ["A-1"]])
    with pytest.raises(SourceError, match="lacks the columns"):
        await plan(None, "accounts", tmp_path / "a.csv")
