"""`python -m tools.resources`: a declaration to start from, and nothing written over."""

from __future__ import annotations

import ast
import os
import textwrap
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from alianza_async.resources.registry import operations
from tools import resources

if TYPE_CHECKING:
    from pathlib import Path

# Read here, because no test sees the settings of the person who runs it.
DESCRIPTION = os.environ.get("ALIANZA_OPENAPI", "")
needs_description = pytest.mark.skipif(
    not DESCRIPTION, reason="ALIANZA_OPENAPI does not say where the published description lies"
)
needs_ruff = pytest.mark.skipif(
    find_spec("ruff") is None, reason="the environment of the lowest versions has no ruff"
)


@needs_description
def test_it_prints_a_declaration(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--print` shows one operation as Python, with the parts that its name, class and partition need."""
    monkeypatch.setattr("sys.argv", ["resources.py", DESCRIPTION, "--print", "unlinkSSO"])
    assert resources.main() == 0
    printed = capsys.readouterr().out
    (function,) = ast.parse(textwrap.dedent(printed)).body

    assert isinstance(function, ast.AsyncFunctionDef)
    assert (function.name, [arg.arg for arg in function.args.kwonlyargs]) == (
        "unlink",
        ["account_id", "user_id", "partition_id"],
    )
    assert "operation_class=OperationClass.ACTION" in printed
    assert 'declare.FromClient("partitionId")' in printed


@needs_description
@needs_ruff
def test_it_writes_each_resource_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It writes a file for every resource that has none, and leaves alone what is there."""
    monkeypatch.setattr(resources, "TARGET", tmp_path)
    monkeypatch.setattr("sys.argv", ["resources.py", DESCRIPTION])
    (tmp_path / "ports.py").write_text("mine", encoding="utf-8")
    assert resources.main() == 0

    assert {path.stem for path in tmp_path.iterdir() if not path.stem.startswith("_")} == {
        each.resource for each in operations()
    }
    assert (tmp_path / "ports.py").read_text(encoding="utf-8") == "mine"
    assert capsys.readouterr().out == "ports.py is owned by hand; left alone\n"
    for path in tmp_path.glob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))
