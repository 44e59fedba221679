from __future__ import annotations

import copy
import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tools.contract_prism import PrismError, for_prism, missing, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tools.description import Json

REF = "#/components/schemas/"
DESCRIPTION: Json = {
    "paths": {
        "/v2/pet": {
            "get": {
                "operationId": "getPets",
                "responses": {
                    "200": {"content": {"text/csv": {"schema": {"$ref": REF + "Stream"}, "example": {}}}},
                    "202": {"content": {"text/plain": {"schema": {"type": "boolean"}}}},
                    "400": {"content": {"application/json": {"schema": {"type": "boolean"}}}},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "kind": {"type": "string", "enum": ["DOG", "CAT"]}},
                "discriminator": {
                    "propertyName": "kind",
                    "mapping": {"DOG": REF + "Dog", "CAT": REF + "Cat"},
                },
                "anyOf": [{"$ref": REF + "Dog"}, {"$ref": REF + "Cat"}],
            },
            "Dog": {"allOf": [{"$ref": REF + "Pet"}, {"properties": {"barks": {"type": "boolean"}}}]},
            "Cat": {"allOf": [{"$ref": REF + "Pet"}, {"type": "object"}]},
            "Litter": {"properties": {"all": {"type": "array", "minItems": 1, "maxItems": 2147483647}}},
        }
    },
}


def test_a_union_and_its_members_no_longer_name_each_other() -> None:
    """Each member has the union's fields and its own tag; the union is a choice of members, no more."""
    schemas = for_prism(DESCRIPTION)["components"]["schemas"]
    assert schemas["Pet"] == {"anyOf": [{"$ref": REF + "Dog"}, {"$ref": REF + "Cat"}]}
    assert schemas["Dog"] == {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "kind": {"type": "string", "enum": ["DOG"]},
            "barks": {"type": "boolean"},
        },
        "required": ["id", "kind"],
    }


def test_what_is_no_json_is_served_as_text() -> None:
    """An answer that is no JSON becomes text, a truth value one of two texts; JSON stays as it is."""
    responses = for_prism(DESCRIPTION)["paths"]["/v2/pet"]["get"]["responses"]
    assert responses["200"]["content"]["text/csv"] == {"schema": {"type": "string"}}
    assert responses["202"]["content"]["text/plain"]["schema"]["enum"] == ["true", "false"]
    assert responses["400"] == DESCRIPTION["paths"]["/v2/pet"]["get"]["responses"]["400"]


def test_a_bound_that_bounds_nothing_goes() -> None:
    """A list of 2,147,483,647 items at the most keeps its lower bound alone; the original is untouched."""
    before = copy.deepcopy(DESCRIPTION)
    schemas = for_prism(DESCRIPTION)["components"]["schemas"]
    assert schemas["Litter"]["properties"]["all"] == {"type": "array", "minItems": 1}
    assert before == DESCRIPTION


def fake_npx(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program named npx before all others."""
    npx = folder / "npx"
    npx.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    npx.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


def test_prism_runs_while_the_block_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The block begins once Prism listens; at its end Prism and what it started are gone."""
    fake_npx(tmp_path, monkeypatch, f"sleep 600 & echo $! > {tmp_path}/pid; echo 'Prism is listening'; wait")
    with serving(DESCRIPTION, tmp_path, seed="1") as base_url:
        child = int((tmp_path / "pid").read_text("utf-8"))
        os.kill(child, 0)  # raises where there is none
        assert base_url.startswith("http://127.0.0.1:")
    assert not _runs(child)


def test_a_prism_that_does_not_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Prism ends before it listens, its last words are in the error, at once."""
    fake_npx(tmp_path, monkeypatch, "echo 'the description is no description' >&2; exit 1")
    began = time.monotonic()
    with (
        pytest.raises(PrismError, match="the description is no description"),
        serving(DESCRIPTION, tmp_path, seed="1"),
    ):
        pass
    assert time.monotonic() - began < 30


def test_a_machine_without_npx_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without npx there is a reason to skip; with it there is none."""
    fake_npx(tmp_path, monkeypatch, "exit 0")
    assert missing() is None
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert missing() == "there is no npx on this machine; install Node.js 18 or newer"


def _runs(process: int) -> bool:
    """Tell whether a process runs; one that ended and waits to be reaped does not."""
    state = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", f"cat /proc/{process}/stat 2>/dev/null || ps -o pid=,comm=,stat= -p {process}"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return bool(state.strip()) and " Z" not in state
