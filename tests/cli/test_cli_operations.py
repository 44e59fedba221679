from __future__ import annotations

import json
from typing import cast

import pytest

from alianza_async.cli import main
from alianza_async.resources.registry import operations


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    """Run `alianza operations --json` and return its array."""
    assert main(["operations", "--json", *words]) == 0
    return cast("list[dict[str, object]]", json.loads(capsys.readouterr().out))


def test_json_is_one_array_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    """It is one array, an object an operation, with these keys, and needs no credentials."""
    found = listed(capsys)

    assert len(found) == len(operations()) >= 471
    assert {tuple(each) for each in found} == {
        ("operation_id", "method", "path", "python", "class", "deprecated")
    }
    assert sum(each["deprecated"] is True for each in found) == 50


def test_a_path_is_the_published_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Placeholders are those of the description, also where ours are called otherwise."""
    paths = {each["operation_id"]: each["path"] for each in listed(capsys)}

    assert paths["retrieveAccount"] == "/v2/partition/{partitionId}/account/{accountId}"
    assert paths["deviceGraph"] == "/v2/ces/deviceGraph/{macaddress}"
    assert paths["getDocumentVersionById"] == "/v2/document-repository/document-version/{id}"


@pytest.mark.parametrize("tag", ["SIP Trunk Group", "sip trunk group", "sip_trunk_groups"])
def test_a_tag_or_a_resource_chooses(tag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A tag is named as published or as the resource; only its operations are listed."""
    assert {str(each["python"]).partition(".")[0] for each in listed(capsys, "--tag", tag)} == {
        "sip_trunk_groups"
    }


def test_for_people_each_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json there is a line an operation; what the API has given up is marked."""
    assert main(["operations", "--tag", "ports"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]

    assert [
        "ports.get",
        "safe",
        "GET",
        "/v2/partition/{partitionId}/account/{accountId}/port/{portId}",
    ] in lines
    assert {line[0] for line in lines if line[-1] == "(deprecated)"} == {
        "ports.download_loa",
        "ports.loa_metadata",
        "ports.upload_loa",
    }


def test_an_unknown_tag_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A tag that is none ends with 2 and the tags there are."""
    assert main(["operations", "--tag", "Fax Machine"]) == 2
    assert "there is no tag 'Fax Machine'; the tags are Account, " in capsys.readouterr().err
