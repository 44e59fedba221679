from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import alianza_async

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(alianza_async.__file__).parent

# From the ground up; a module may import its own layer and what is under it.
LAYERS = [
    {
        "errors",
        "error_facts",
        "error_fields",
        "error_bodies",
        "redaction",
        "retry_after",
        "identifiers",
        "version",
    },
    {"models"},
    {
        *("bodies", "call", "comparison", "elsewhere", "paths", "settings", "transport", "wire"),
        *("binding", "operations", "paging", "declare", "ensure", "raw_calls"),
        *("polling", "job_tracker", "server_bulk", "server_bulk_rows"),
    },
    {"policies"},
    {"namespace", "session_state", "session"},
    {"resources"},
    {"bulk"},
    {"cli"},
]
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}
SANDBOX = {"sandbox", "models", *LAYERS[0]}

MODULES = sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the modules of this package that a module imports as it is loaded itself."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue  # an import inside a function is made when it is called
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            yield from imported(node)


def layers_of(module: str) -> set[str]:
    """Return the top-level parts of this package that a module imports."""
    tree = ast.parse((ROOT / f"{module}.py").read_text("utf-8"))
    names = [name.split(".") for name in imported(tree)]
    return {parts[1] for parts in names if parts[0] == "alianza_async" and len(parts) > 1}


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("__main__")])
def test_every_module_loads(module: str) -> None:
    """Each module can be the first one that is imported by name."""
    name = "alianza_async." + module.replace("/", ".")
    assert import_module(name.removesuffix(".__init__")) is not None


@pytest.mark.parametrize("module", [name for name in MODULES if name != "__init__"])
def test_nothing_imports_upward(module: str) -> None:
    """A module imports, as it is loaded, its own layer and those under it; the sandbox stands apart."""
    own = module.partition("/")[0]
    if own == "sandbox":
        assert layers_of(module) <= SANDBOX
        return
    assert own in HEIGHT, f"say in LAYERS where {own} belongs"
    above = {name for name in layers_of(module) if HEIGHT.get(name, len(LAYERS)) > HEIGHT[own]}
    assert above == set()


def test_the_package_itself_imports_nothing() -> None:
    """The package's own module loads no other: its names are lazy."""
    assert layers_of("__init__") == set()


def test_httpx_is_behind_one_door() -> None:
    """Only one module knows httpx: it is imported in `transport.py` alone."""
    users = {
        module
        for module in MODULES
        if any(
            name.partition(".")[0] == "httpx"
            for name in imported(ast.parse((ROOT / f"{module}.py").read_text("utf-8")))
        )
    }
    assert users == {"transport"}


def test_no_file_is_too_long_to_read() -> None:
    """A file written by hand has 400 lines at the most."""
    long = {
        module: lines
        for module in MODULES
        if (lines := len((ROOT / f"{module}.py").read_text("utf-8").splitlines())) > 400
    }
    assert long == {}
