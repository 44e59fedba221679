"""The matrix of scenarios: what its judge sees, and a few of its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alianza_async.sandbox import Sandbox
from tools.scenarios import findings, matrix
from tools.scenarios_cell import Cell, open_cell
from tools.scenarios_defects import DEFECTS, apply_defect
from tools.scenarios_kinds import KINDS, bystander
from tools.scenarios_run import SCENARIOS, Outcome, run_cell
from tools.scenarios_world import World

if TYPE_CHECKING:
    from pathlib import Path

# The user's own workflow among them, and one that deletes.
ALL_KINDS = list(KINDS)


def seeded() -> Sandbox:
    """Return a sandbox with a customer who has one object of each sort."""
    sandbox = Sandbox()
    things, numbers = bystander()
    sandbox.seed_inventory(numbers)
    sandbox.seed(things)
    return sandbox


def test_harm_is_seen_for_each_sort() -> None:
    """An object that is gone or changed is harmed, whatever its sort; what is new is not."""
    sandbox = seeded()
    store, before = sandbox.store, World.of(sandbox.store)
    assert sorted(identity[0] for identity in before.objects) == ["account", "line", "number", "plan", "user"]
    sandbox.seed({"accounts": [{**next(iter(store.accounts.values())), "accountNumber": "NEW"}]})
    assert World.of(store).harmed_since(before) == []
    assert [identity[0] for identity in World.of(store).new_since(before)] == ["account"]
    for things in (store.users, store.lines.lines, store.numbers.active):
        next(iter(things.values()))["name"] = "other"
    del store.accounts[next(iter(store.accounts))]
    harmed = World.of(store).harmed_since(before)
    assert sorted((text.partition("/")[0], text.rpartition(" ")[2]) for text in harmed) == [
        ("account", "gone"),
        ("line", "changed"),
        ("number", "changed"),
        ("user", "changed"),
    ]


def test_a_second_plan_is_harm() -> None:
    """A plan that somebody has twice is another world than the one where they had it once."""
    sandbox = seeded()
    store, before = sandbox.store, World.of(sandbox.store)
    (plan,) = store.plans.everything()
    account = next(iter(store.accounts.values()))
    store.plans.add(account, plan.owner, plan.product_id, unique=False)
    assert len(World.of(store).harmed_since(before)) == 1


@pytest.mark.parametrize("name", ALL_KINDS)
async def test_a_kind_is_judged_by_the_server(name: str, tmp_path: Path) -> None:
    """Before a job nothing of its rows is there; where equal objects are seeded everything is."""
    kind = KINDS[name]
    async with open_cell(kind, tmp_path, options={}) as cell:
        cell.begin(2)
        assert [kind.is_whole(cell.sandbox.store, row) for row in cell.rows] == [False, False]
    async with open_cell(kind, tmp_path, options={}) as cell:
        cell.begin(2, equal="crm")
        there = name != "delete-accounts"
        assert [kind.is_whole(cell.sandbox.store, row) for row in cell.rows] == [there, there]


@pytest.mark.parametrize("name", ALL_KINDS)
async def test_a_job_without_faults_is_right(name: str, tmp_path: Path) -> None:
    """Where nothing goes wrong no checker finds anything; a row that is taken away again is found."""
    async with open_cell(KINDS[name], tmp_path, options={"unique": False}) as cell:
        cell.begin(2)
        await cell.run()
        _expect_all(cell)
        assert cell.problems == []
        if not cell.kind.creates:
            return
        cell.rows[0] = cell.kind.rows(1, first=77)[0]
        _expect_all(cell)
        assert cell.problems


def _expect_all(cell: Cell) -> None:
    cell.expect_statuses("created", "updated")
    cell.expect_all_there()
    cell.expect_no_doubles()
    cell.expect_told_truly()


@pytest.mark.parametrize(
    ("scenario", "kind", "colour"),
    [
        ("intent-before-send", "accounts", "ok"),
        ("attempts-throttled", "customers", "ok"),
        ("update-killed-after-patch", "telephone-numbers", "n/a"),
        ("undone-shown", "delete-accounts", "n/a"),
    ],
)
async def test_a_cell(scenario: str, kind: str, colour: str, tmp_path: Path) -> None:
    """A cell runs alone, is right or cannot be, and then says why."""
    outcome = await run_cell(scenario, kind, tmp_path)
    assert (outcome.colour, outcome.reasons == []) == (colour, colour == "ok")


def test_the_matrix_names_what_is_wrong() -> None:
    """Each cell has its colour, and each that is not right its reasons below."""
    names = list(SCENARIOS)[:1]
    outcomes = [Outcome(names[0], "users", "WRONG", ["1 doubled"]), Outcome(names[0], "accounts", "ok")]
    assert "2 cells in 3 s: 1 ok, 1 WRONG, 0 n/a" in str(
        matrix(outcomes, names, ["users", "accounts"], 3).title
    )
    assert findings(outcomes) == [f"WRONG {names[0]} x users: 1 doubled"]


def test_a_defect_has_a_name() -> None:
    """No defect is none; one that there is not is refused."""
    apply_defect("")
    answers = ["believe-any-answer", "resend-after-gateway"]
    changes = ["own-every-change"]
    assert list(DEFECTS) == ["adopt-anything", "intent-after-send", *answers, *changes]
    with pytest.raises(ValueError, match="there is no defect typo"):
        apply_defect("typo")
