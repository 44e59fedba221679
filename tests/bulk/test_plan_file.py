from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, cast

import pytest

from alianza_async.bulk.input.fingerprints import RowDigest, fingerprint
from alianza_async.bulk.planning.plan import plan
from alianza_async.bulk.planning.plan_file import check_plan, read_facts
from alianza_async.errors import ConfigurationError, InputChangedError, ResultFileError, SourceError
from alianza_async.models.accounts import AccountCreate
from tests.bulk.engine import account, accounts, write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import BaseModel

    from alianza_async.bulk.planning.plan_report import Plan
    from alianza_async.session import Session


def read(path: Path) -> dict[str, object]:
    """Read a plan whole, as JSON."""
    return cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))


def names(folder: Path) -> list[str]:
    """Return the names of what lies in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


async def test_a_plan_is_one_json_object(session: Session, tmp_path: Path) -> None:
    """It holds what it was made of, each row that is not plainly created, the sums; for its owner alone."""
    await session.bulk.create_accounts([account(1), account(2, account_name="Theirs")]).run()
    rows = [account(1), account(2), account("x"), account("A-1 1"), account("a-11"), account(3)]
    source, saved = write_csv(tmp_path / "in.csv", rows), tmp_path / "plan.json"
    made = await plan(session, "accounts", source, check_remote=True, save=saved)
    told = read(saved)
    lines = cast("list[dict[str, object]]", told["rows"])
    assert sorted((line["row"], line["class"]) for line in lines) == [
        (1, "same"),
        (2, "differs"),
        (3, "invalid"),
        (5, "create"),
    ]
    by_row = {line["row"]: line for line in lines}
    assert by_row[2]["differences"] == [{"field": "account_name", "sent": "Ardent Bakery", "found": "Theirs"}]
    assert (by_row[5]["near"], by_row[5]["near_by"]) == (4, "case, spaces")
    assert {len(cast("str", line["digest"])) for line in lines} == {32}
    assert (told["sha256"], told["size"]) == fingerprint(source)
    assert (told["kind"], told["partition_id"], told["row_count"]) == ("accounts", "sandbox-partition", 6)
    assert told["counts"] == {"create": 3, "same": 1, "differs": 1, "invalid": 1}
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert made.saved == saved
    assert names(tmp_path) == ["in.csv", "plan.json"]


async def test_an_offline_plan_is_checked(tmp_path: Path) -> None:
    """The same bytes pass, under whatever name; a byte more does not, nor another kind or option."""
    source, saved = write_csv(tmp_path / "in.csv", accounts(3)), tmp_path / "plan.json"
    await plan(None, "accounts", source, ensure=True, save=saved)
    moved = source.rename(tmp_path / "moved.csv")
    check_plan(
        saved, moved, kind="accounts", partition_id="any", base_url="https://any", options={"ensure": True}
    )
    with pytest.raises(ConfigurationError, match="is for accounts, not for users"):
        check_plan(saved, moved, kind="users")
    with pytest.raises(ConfigurationError, match="was made with another ensure"):
        check_plan(saved, moved, options={"ensure": False, "other": 1})
    moved.write_text(moved.read_text() + "\n")
    with pytest.raises(InputChangedError, match=r"moved\.csv is not as it was when the plan"):
        check_plan(saved, moved, kind="accounts")


async def test_a_plan_is_bound_to_where_it_was_checked(session: Session, tmp_path: Path) -> None:
    """A plan of rows looked up in one partition is none for another."""
    source, saved = write_csv(tmp_path / "in.csv", accounts(1)), tmp_path / "plan.json"
    await plan(session, "accounts", source, check_remote=True, save=saved)
    check_plan(saved, source, partition_id="sandbox-partition", base_url="http://localhost")
    with pytest.raises(
        ConfigurationError, match="checked in partition sandbox-partition, this run is for P2"
    ):
        check_plan(saved, source, partition_id="P2")
    with pytest.raises(ConfigurationError, match="checked in base URL"):
        check_plan(saved, source, base_url="https://api.alianza.com")


async def test_a_plan_that_was_written_anew_is_read(tmp_path: Path) -> None:
    """A tool that lays the JSON out otherwise leaves it a plan."""
    source, saved = write_csv(tmp_path / "in.csv", accounts(2)), tmp_path / "plan.json"
    await plan(None, "accounts", source, save=saved)
    before = read_facts(saved)
    saved.write_text(json.dumps(read(saved), indent=2))
    assert read_facts(saved) == before
    options: dict[str, object] = {"ensure": False, "strict": False, "reading_of_the_file": {}}
    assert (before.kind, before.input, before.options) == ("accounts", str(source), options)


@pytest.mark.parametrize("text", ["", "no json", "[1]", '{"rows": []}', '{"version": 9, "sha256": "x"}'])
def test_what_is_no_plan(text: str, tmp_path: Path) -> None:
    """It is named with what to do."""
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"plan\.json is (no plan|another release's): make"):
        read_facts(tmp_path / "plan.json")


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    """Neither a missing plan nor a missing input is a traceback."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_facts(tmp_path / "plan.json")
    with pytest.raises(SourceError, match="cannot be read"):
        fingerprint(tmp_path / "in.csv")


async def test_an_input_that_changes_meanwhile(tmp_path: Path) -> None:
    """A file that is written to while it is planned has no plan, and nothing is left behind."""
    source = write_csv(tmp_path / "in.csv", accounts(3))

    def meddle(made: Plan) -> None:
        if made.rows == 2:
            source.write_text(source.read_text().replace("Ardent", "Other"))

    with pytest.raises(InputChangedError, match="changed while its plan was made"):
        await plan(None, "accounts", source, save=tmp_path / "plan.json", on_progress=meddle)
    assert names(tmp_path) == ["in.csv"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("in.csv", "is the input"), (".", "is a directory"), ("none/plan.json", "cannot be written")],
)
async def test_a_place_that_cannot_be_written(name: str, told: str, tmp_path: Path) -> None:
    """It is refused before a row is read."""
    source = write_csv(tmp_path / "in.csv", accounts(1))
    with pytest.raises(ResultFileError, match=told):
        await plan(None, "accounts", source, save=tmp_path / name)
    assert names(tmp_path) == ["in.csv"]


def row_digest(salt: bytes, values: Mapping[str, object] | BaseModel) -> str:
    """Return a row's digest as a plan writes it."""
    return RowDigest(salt)(values).hex()


def test_a_digest_is_of_the_values_alone() -> None:
    """Their order does not matter, a model is its own fields, a salt makes another; anything has one."""
    salt = b"salt"
    assert row_digest(salt, {"a": 1, "b": "x"}) == row_digest(salt, {"b": "x", "a": 1})
    assert row_digest(salt, {"a": 1}) != row_digest(b"other", {"a": 1})
    assert row_digest(salt, {"a": 1}) != row_digest(salt, {"a": "1"})
    model = AccountCreate.model_validate(account(1))
    assert row_digest(salt, model) == row_digest(salt, model.model_dump(by_alias=True, exclude_unset=True))
    assert len(row_digest(salt, {"a": {1: "\udce9", "b": 2}})) == 32
