"""`python -m tools.description --diff`: what a newer description would ask of us."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.description import Json, load, main

if TYPE_CHECKING:
    from collections.abc import Callable

# Read here, because no test sees the settings of the person who runs it.
DESCRIPTION = os.environ.get("ALIANZA_OPENAPI")
pytestmark = pytest.mark.skipif(
    not DESCRIPTION, reason="ALIANZA_OPENAPI does not say where the published description lies"
)

ACCOUNTS = "/v2/partition/{partitionId}/account"
ACCOUNT = ACCOUNTS + "/{accountId}"


@pytest.fixture(scope="module")
def published() -> Json:
    """The description of today."""
    return load(Path(DESCRIPTION or ""))


@pytest.fixture
def told(
    published: Json, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[Callable[[Json], object]], list[str]]:
    """Change a copy of the description and return what --diff prints."""

    def run(change: Callable[[Json], object]) -> list[str]:
        newer = copy.deepcopy(published)
        change(newer)
        (tmp_path / "newer.json").write_text(json.dumps(newer, default=str), encoding="utf-8")
        code = main(["--diff", str(tmp_path / "newer.json")])
        lines = capsys.readouterr().out.splitlines()
        assert code == (lines != ["nothing new"])
        return lines

    return run


def test_the_description_of_today_is_nothing_new(told: Callable[..., list[str]]) -> None:
    """What is declared and modelled is all of it."""
    assert told(Json.copy) == ["nothing new"]


def test_operations(told: Callable[..., list[str]]) -> None:
    """An operation more, one less, one elsewhere, one given up and one taken up again are each a line."""

    def change(newer: Json) -> None:
        paths: Json = newer["paths"]
        paths["/v2/new"] = {"get": {"operationId": "brandNew", "tags": ["Account"], "responses": {}}}
        del paths["/v2/language"]
        paths["/v3/job/{jobId}"] = paths.pop("/v2/job/{jobId}")
        paths[ACCOUNT]["get"]["deprecated"] = True
        del paths[ACCOUNT + "/devices"]["get"]["deprecated"]

    assert told(change) == [
        "+ operation brandNew: GET /v2/new",
        "- operation getLanguageFromHeader: languages.preferred",
        "~ operation getJobById (jobs.get): GET /v2/job/{jobId} is GET /v3/job/{jobId}",
        "~ operation listDevicesDeprecated (accounts.list_devices): no longer deprecated",
        "~ operation retrieveAccount (accounts.get): deprecated",
    ]


def test_parameters_and_bodies(told: Callable[..., list[str]]) -> None:
    """A parameter more, one less, one that is required now, a body that is new or gone are each a line."""

    def change(newer: Json) -> None:
        operations: Json = newer["paths"]
        operations[ACCOUNT]["get"]["parameters"] = [
            *(each for each in operations[ACCOUNT]["get"]["parameters"] if each["name"] != "accountIdType"),
            {"name": "asOf", "in": "query", "required": True, "schema": {"type": "string"}},
        ]
        for each in operations[ACCOUNT + "/user"]["get"]["parameters"]:
            each["required"] = True
        operations[ACCOUNT]["delete"]["requestBody"] = {}
        del operations[ACCOUNTS]["post"]["requestBody"]

    assert told(change) == [
        "~ operation createAccount (accounts.create): - body",
        "~ operation deleteAccount (accounts.delete): + body",
        "~ operation retrieveAccount (accounts.get): + query parameter asOf (required)",
        "~ operation retrieveAccount (accounts.get): - query parameter accountIdType",
        "~ operation retrieveEndUserList (users.list): query parameter limitedData is required",
    ]


def test_schemas(told: Callable[..., list[str]]) -> None:
    """A schema, a field or a value of an enumeration more or less are each a line."""

    def change(newer: Json) -> None:
        schemas: Json = newer["components"]["schemas"]
        schemas["Brand"] = {"type": "object"}
        properties: Json = schemas["Account"]["properties"]
        properties["colour"] = {"type": "string"}
        del properties["customField"]
        properties["accountType"]["enum"] = ["SIMPLE", "GRAND"]

    assert told(change) == [
        "+ schema Brand",
        "~ schema Account: + field colour",
        "~ schema Account: - field customField",
        "~ schema Account.accountType: + value GRAND",
        "~ schema Account.accountType: - value ADVANCED",
    ]


def test_a_patch_that_does_not_fit_is_told(told: Callable[..., list[str]]) -> None:
    """Where patches.toml no longer fits, that comes first, and the rest is held against what is published."""

    def change(newer: Json) -> None:
        del newer["components"]["schemas"]["DeviceData"]

    lines = told(change)
    assert lines[0] == "! patches.toml: there is no schema DeviceData"
    assert "- schema DeviceData" in lines[1:]
