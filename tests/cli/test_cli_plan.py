from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, cast, get_args

import pytest

from alianza_async.bulk.engine.steps import Made, Need, step
from alianza_async.bulk.engine.workflow import Workflow
from alianza_async.bulk.kinds.kind_table import WORKFLOWS
from alianza_async.bulk.planning.plan_report import NearRow, Plan, PlannedRow
from alianza_async.cli import main
from alianza_async.cli.bulk_options import KindName, PlanOptions
from alianza_async.cli.options import Output, Where
from alianza_async.cli.plan import next_commands
from alianza_async.cli.plan_screen import brief, in_time, tell_plan
from alianza_async.cli.screen import Screen
from alianza_async.errors.facts import FieldError
from alianza_async.models.accounts import AccountCreate
from tests.cli.sandbox_child import HEADER, accounts_csv, numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.sandbox_child import SandboxChild

ROW = "Acme,SIMPLE,US/Eastern"


def lines_of(text: str) -> list[str]:
    """Return the words of each line that has any."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def as_json(line: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object], str]:
    """Run a command with `--json`; return its code, its one object and its standard error."""
    code = main([*line.split(), "--json"])
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    return code, cast("dict[str, object]", json.loads(printed.out)), printed.err


def test_offline_needs_no_login(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any variable set a file is planned: counts, reasons with rows, costs, what to type next."""
    lines = [HEADER, *(f"N-{n},{ROW},{1 if n % 2 else 99}" for n in range(100, 110))]
    lines += [f"N-101,{ROW},1", f"n-103,{ROW},1", f"ab,{ROW},1"]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    code = main(["bulk", "plan", "a.csv", "--kind", "accounts", "--rate", "2"])
    printed = capsys.readouterr()
    told = lines_of(printed.out)
    assert (code, printed.err) == (1, "")
    assert told[0] == "6 of 13 rows can run as accounts, as far as an offline check shows"
    assert "can be sent 6 whether they are there already was not asked" in told
    assert "invalid 7 cannot be sent as they stand; the others can run without them" in told
    assert "look alike 1 among those that can run: see below" in told
    assert any(line.startswith("billing_cycle_day is over 28 5 1, 3, 5, 7, 9") for line in told)
    assert any(
        line.startswith("account_number repeats an earlier row 1 11 (as row 2) (line") for line in told
    )
    assert any(line.startswith("is shorter than 3 1 13 (line 14)") for line in told)
    assert "12 n-103 4 N-103 case" in told
    assert any(
        line.startswith("The run: 6 calls, about 3 s at 2/s; begun now, it ends about ") for line in told
    )
    assert "The login: not asked; it needs Account CREATE." in told
    assert told[-4:] == [
        "To see what is there already, and what the login may do:",
        "alianza bulk plan a.csv --kind accounts --rate 2 --check-remote",
        "To run the 6 that can; the results name the others:",
        "alianza bulk run a.csv --kind accounts --rate 2 --results a-results.csv",
    ]


def test_the_rate_is_that_of_the_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without `--rate` the variable counts, in a named file too; all can run, so the code is 0."""
    accounts_csv(tmp_path / "a.csv", numbers(100))
    monkeypatch.setenv("ALIANZA_RATE", "20")
    code, facts, _ = as_json("bulk plan a.csv --kind accounts", capsys)
    assert (code, facts["calls"], facts["seconds"]) == (0, 100, 5.0)
    monkeypatch.delenv("ALIANZA_RATE")
    (tmp_path / "my.env").write_text("ALIANZA_RATE=50\n")
    code, facts, _ = as_json("bulk plan a.csv --kind accounts --ensure --env-file my.env", capsys)
    assert (code, facts["calls"], facts["seconds"]) == (0, 200, 4.0)
    assert (
        facts["next"]
        == "alianza bulk run a.csv --kind accounts --ensure --results a-results.csv --env-file my.env"
    )


def test_rows_are_looked_up(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--check-remote` what is there is told apart, nothing is made, and the plan is saved."""
    sandbox = start_sandbox()
    accounts_csv(tmp_path / "a.csv", numbers(3))
    assert main(["bulk", "run", "a.csv", "--kind", "accounts"]) == 0
    lines = [HEADER, f"ACME-00000,{ROW},1", f"ACME-00001,{ROW},9", f"ACME-9,{ROW},1"]
    (tmp_path / "b.csv").write_text("\n".join(lines))
    capsys.readouterr()
    assert main(["bulk", "plan", "b.csv", "--kind", "accounts", "--check-remote", "--save", "p.json"]) == 1
    printed = capsys.readouterr()
    told = lines_of(printed.out)
    assert told[0] == "2 of 3 rows can run as accounts"
    assert {"to create 1 not there yet", "same 1 there already, equal in every field"} <= set(told)
    assert "2 (line 3) ACME-00001 billing_cycle_day 9 1" in told
    assert "The login: may do all that is needed: Account CREATE." in told
    assert "The plan is in p.json; with it a run refuses any other input." in told
    assert told[-1] == "alianza bulk run b.csv --kind accounts --plan p.json --results b-results.csv"
    assert f"Looking up 3 accounts at {sandbox.base_url}, partition sandbox-partition" in printed.err
    assert stat.S_IMODE((tmp_path / "p.json").stat().st_mode) == 0o600
    assert sandbox.truth().created_accounts == 3


def test_a_permission_that_is_lacking(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told before the look-ups and at the end, and the code is 1 though every row could run."""
    start_sandbox(permissions={"Account": "READ"})
    accounts_csv(tmp_path / "a.csv", numbers(2))
    code, facts, told = as_json("bulk plan a.csv --kind accounts --check-remote", capsys)
    assert (code, facts["can_run"], facts["all_can_run"]) == (1, 2, False)
    assert facts["permissions"] == {
        "needed": [{"area": "Account", "level": "CREATE"}],
        "held": [{"area": "Account", "level": "CREATE", "has": "READ", "enough": False}],
    }
    lines = lines_of(told)
    assert lines[1] == "warning: the login lacks Account CREATE"
    assert "The login: lacks Account CREATE (Account is READ): rows would be refused." in lines
    assert lines[-2] == "Once the login has Account CREATE:"


def test_users(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user whose account is not there is blocked; `--account-id` is repeated in what to type."""
    start_sandbox()
    (tmp_path / "u.csv").write_text("username,time_zone,account_number\nann@acme,US/Eastern,ABSENT\n")
    assert main(["bulk", "plan", "u.csv", "--kind", "users", "--check-remote"]) == 1
    told = lines_of(capsys.readouterr().out)
    assert "blocked 1 what they belong to is not there" in told
    assert "1 (line 2) ann@acme blocked its account: there is no account with this" in told
    (tmp_path / "u.csv").write_text("username,time_zone\nann@acme,US/Eastern\n")
    code, facts, _ = as_json("bulk plan u.csv --kind users --account-id A", capsys)
    assert (code, facts["calls"]) == (0, 1)
    assert facts["next"] == "alianza bulk run u.csv --kind users --account-id A --results u-results.csv"


def test_what_to_type_next_can_be_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the plan recommends takes every choice that the plan was given."""
    (tmp_path / "c.csv").write_text("account_number,username,calling_plan_product_id\nA-1,ann,p-1\n")
    assert main(["bulk", "plan", "c.csv", "--kind", "calling-plans", "--others", "keep"]) == 0
    said = lines_of(capsys.readouterr().out)
    again = next(line for line in said if line.startswith("alianza bulk plan "))
    assert "--others keep" in again
    assert main([*again.removeprefix("alianza ").replace("--check-remote", "").split(), "--json"]) == 0


@pytest.mark.parametrize("option", ["--corrections accept", "--choice corrections=accept"])
def test_a_choice_of_a_plan_is_that_of_the_run(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Corrections are decided for a plan as for a run: it recommends the commands with that decision."""
    row = "18015551212,A-1,12 Main St,Springfield,IL,62701"
    header = "telephone_number,account_number,e911_address,e911_city,e911_state,postal_code"
    (tmp_path / "t.csv").write_text(f"{header}\n{row}\n")
    assert main(["bulk", "plan", "t.csv", "--kind", "telephone-numbers", *option.split()]) == 0
    said = lines_of(capsys.readouterr().out)
    again = next(line for line in said if line.startswith("alianza bulk plan "))
    assert main([*again.removeprefix("alianza ").replace("--check-remote", "").split(), "--json"]) == 0


def test_a_plan_names_the_numbers_that_are_not_prevalidated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a run leaves out on request is counted in the plan, and the run it recommends says so too."""
    row = "18015551212,A-1,12 Main St,Springfield,IL,62701,4B,fr-CA"
    header = "telephone_number,account_number,e911_address,e911_city,e911_state,postal_code,Apt,E911 Language"
    (tmp_path / "t.csv").write_text(f"{header}\n{row}\n")
    command = ["bulk", "plan", "t.csv", "--kind", "telephone-numbers"]
    assert main(command) == 0
    assert "without prevalidation" not in capsys.readouterr().out
    assert main([*command, "--skip-prevalidate"]) == 0
    said = lines_of(capsys.readouterr().out)
    assert "1 number without prevalidation." in said
    assert any(line.startswith("alianza bulk run ") and "--skip-prevalidate" in line for line in said)


def test_login_refused(
    start_sandbox: Callable[..., SandboxChild], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused login ends with 3, and leaves no plan behind."""
    start_sandbox(password="another")
    accounts_csv(tmp_path / "a.csv", numbers(5))
    assert main(["bulk", "plan", "a.csv", "--kind", "accounts", "--check-remote", "--save", "p.json"]) == 3
    assert "login was refused" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a.csv --kind accounts --account-id X", "--account-id"),
        ("a.csv --kind accounts --rate 0", "rate"),
        ("a.csv --kind shoes", "shoes"),
        ("a.csv --kind accounts --save a.csv", "is the input"),
        ("a.csv --kind accounts --check-remote", "nothing to log in with"),
        ("a.csv --kind users", "username"),
        ("none.csv --kind accounts", "there is no file"),
    ],
)
def test_what_is_invalid(line: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is invalid or cannot be read ends with 2; standard output stays empty."""
    accounts_csv(tmp_path / "a.csv", numbers(3))
    assert main(["bulk", "plan", *line.split(), "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert told in printed.err.splitlines()[-1]


def test_unknown_columns_and_steering_characters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Columns that mean nothing are named; what would steer the terminal is shown as escapes."""
    (tmp_path / "a.csv").write_text(
        f"{HEADER},shoe size\nACME\x1b[2J,{ROW},1,44\nAB\uff23,{ROW},1,4\nabc,{ROW},1,4\n"
    )
    main(["bulk", "plan", "a.csv", "--kind", "accounts"])
    printed = capsys.readouterr()
    assert printed.err == "Kept in the results, not sent: shoe size\n"
    assert "\x1b" not in printed.out
    assert "3 abc 2 AB\uff23 case, letter forms" in lines_of(printed.out)


# --- how it is told


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[Plan], list[str]]:
    """Tell a plan, and return the words of each line."""

    def told(plan: Plan) -> list[str]:
        tell_plan(plan, Screen(Output()), [])
        return lines_of(capsys.readouterr().out)

    return told


def own(*needs: Need) -> Workflow[AccountCreate]:
    """Return a workflow that a user has declared."""

    async def send(_item: object) -> Made:
        return Made("id")

    return Workflow("mine", step("one", send, needs=needs), fields=AccountCreate, key="account_number")


def a_plan(**changes: object) -> Plan:
    """Make a plan that was checked and has no rows yet."""
    made = Plan(own(), "s.csv", checked=True, ensure=False, rate=100.0, keep=2)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_what_is_not_known_is_said(tell: Callable[[Plan], list[str]]) -> None:
    """Steps that name no permission say so; so does a login whose answer named none."""
    assert tell(a_plan())[-2:] == [
        "The run: nothing to send.",
        "The login: the steps of mine do not say what it must be allowed to do.",
    ]
    assert tell(a_plan(workflow=own(Need("Account", "READ"))))[-1] == (
        "The login: its permissions are not known; it needs Account READ."
    )


def test_what_is_half_done_and_what_is_destroyed_is_shown(tell: Callable[[Plan], list[str]]) -> None:
    """Rows that are partly there name their steps; rows that destroy something name what."""
    made = a_plan(workflow=WORKFLOWS["calling-plans"], destroys=("takes plans away",))
    steps = (("account", "there"), ("user", "there"), ("line", "to do"))
    made.add(PlannedRow(1, "K-1", "partly", steps=steps))
    made.add(PlannedRow(2, "K-2", "create", destroys=(("others", "plan-1,plan-2"),)))
    made.add(PlannedRow(3, "K-3", "differs", updates=True))
    said = tell(made)
    assert "1 K-1 there: account, user to do: line" in said
    assert "A run takes plans away." in said
    assert "2 K-2 plan-1,plan-2" in said
    assert "to do 1 not done yet" in said
    assert "--on-exists update does not go with it: a plan is bought or taken away, never changed." in said
    assert any("--on-exists update changes 1 of them" in line for line in said)


@pytest.mark.parametrize("kind", get_args(KindName))
def test_what_is_recommended_is_what_the_kind_allows(kind: KindName, tmp_path: Path) -> None:
    """A kind that nothing updates is never told to be run with an update; nor is a run of no row."""
    workflow = WORKFLOWS[kind]
    made = Plan(workflow, "s.csv", checked=True, ensure=False, rate=100.0)
    file, options = tmp_path / "s.csv", PlanOptions(kind=kind)
    assert next_commands(file, options, made, Where()) == []
    updates = workflow.no_update is None and all(step.update for step in workflow.steps if step.writes)
    made.add(PlannedRow(1, "K-1", "differs", updates=updates))
    made.add(PlannedRow(2, "K-2", "create"))
    lines = [line for _, line in next_commands(file, options, made, Where())]
    assert len(lines) == 1 + updates
    assert all(line.endswith("--on-exists update") for line in lines[:-1])


@pytest.mark.parametrize("kind", WORKFLOWS)
def test_what_cannot_be_done_is_said_beforehand(kind: str, tell: Callable[[Plan], list[str]]) -> None:
    """Deletions say that they cannot be undone; kinds that nothing updates say that too."""
    workflow = WORKFLOWS[kind]
    said = "\n".join(tell(Plan(workflow, "s.csv", checked=True, ensure=False, rate=100.0)))
    assert ("It cannot be undone" in said) == (workflow.no_undo is not None) == (kind == "delete-accounts")
    assert ("--on-exists update does not go with it" in said) == (workflow.no_update is not None)


def test_a_run_that_ends_on_another_day(tell: Callable[[Plan], list[str]]) -> None:
    """A run of many days says on which day it ends, not the hour alone."""
    line = next(line for line in tell(a_plan(calls=100 * 86_400 * 3)) if line.startswith("The run: "))
    assert line.startswith("The run: 25,920,000 calls, about 72 h at 100/s; begun now, it ends about ")
    assert len(line.partition("ends about ")[2].split()) == 4


def test_the_first_of_many_are_shown(tell: Callable[[Plan], list[str]]) -> None:
    """Lists that were cut say of how many; ranges of rows are put together."""
    made = a_plan(keep=30)
    complaint = FieldError("account_name", "field required")
    for number in [*range(1, 10), *range(20, 60, 2)]:
        made.add(PlannedRow(number, f"K-{number}", "invalid", complaints=(complaint,)))
    made.keep = 2
    for number in range(100, 105):
        made.add(PlannedRow(number, f"K-{number}", "unknown", error="500: it was refused (request r)"))
        made.add_near(NearRow(number, "a", 1, "A", "case"))
    made.stopped = "look-ups stopped after row 104: 50 rows failed one after the other"
    told = tell(made)
    assert "account_name is missing 29 1-9, 20, 22, 24, 26, 28, 30, 32 and 13 more" in told
    assert "Blocked or unknown, 2 of 5:" in told
    assert "Look alike and are two all the same: are both meant, 2 of 5?" in told
    assert made.stopped in told


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "less than a second"),
        (0.6, "1 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (10_000, "2 h 47 min"),
        (7199, "2 h"),
    ],
)
def test_times_in_words(seconds: float, expected: str) -> None:
    """A time has the two units that matter."""
    assert in_time(seconds) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("string should have at most 256 characters", "is longer than 256 characters"),
        ("input should be greater than or equal to 3", "is under 3"),
        ("input should be 'A' or 'B'", "is not 'A' or 'B'"),
        (
            "'Mars' is not a time zone this library knows; " + "use " * 30,
            "'Mars' is not a time zone this library knows ...",
        ),
        ("word " * 30, "word " * 16 + "word ..."),
        ("\x1b[2J", "\\x1b[2J"),
    ],
)
def test_reasons_in_few_words(reason: str, expected: str) -> None:
    """A reason fits a table's cell: plain words, cut where a clause or a word ends."""
    assert brief(reason) == expected
