from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import alianza_async
from tests.markdown import ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(alianza_async.__file__).parent
FACES = ("", "bulk", "calls", "endpoints", "policies", "transports")
"""Packages whose names are loaded when they are first used; "" is the package itself."""
OPEN = {"models", "resources"}
"""Packages whose modules are public, each by its own name."""


def package(face: str) -> str:
    """Return the full name of a package."""
    return f"alianza_async.{face}".rstrip(".")


NAMES = [(face, name) for face in FACES for name in dir(import_module(package(face)))]


def test_public_names_are_shown_and_nothing_else() -> None:
    """`dir(alianza_async)` lists the public names alone, sorted."""
    shown = dir(alianza_async)
    assert [name for name in shown if name.startswith("_")] == ["__version__"]
    assert {"Session", "Report", "AlianzaError"} <= set(shown)
    assert shown == sorted(shown)
    assert {"lazy", "annotations", "TYPE_CHECKING"}.isdisjoint(shown)


@pytest.mark.parametrize("face", FACES)
def test_checkers_and_python_see_the_same_names(face: str) -> None:
    """What a package imports for type checkers is what it loads at run time, from the same places."""
    tree = ast.parse((PACKAGE / face / "__init__.py").read_text("utf-8"))
    for_checkers: dict[str, str] = {}
    table: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for_checkers |= {alias.name: node.module or "" for alias in node.names if alias.asname}
        if isinstance(node, ast.Dict):
            homes: dict[str, str] = ast.literal_eval(node)
            table |= {name: home for home, names in homes.items() for name in names.split()}

    assert table
    assert {name: f"{package(face)}.{home}".rstrip(".") for name, home in table.items()} == for_checkers
    assert dir(import_module(package(face))) == sorted(for_checkers)


@pytest.mark.parametrize(("face", "name"), NAMES)
def test_every_public_name_loads(face: str, name: str) -> None:
    """Each name is found where the package says it lives, and hides no module of the same name."""
    value = getattr(import_module(package(face)), name)
    assert value is not None
    if (PACKAGE / face / f"{name}.py").exists():
        assert value is import_module(f"{package(face)}.{name}")


def imported(text: str) -> Iterator[str]:
    """Yield the modules that a piece of Python imports from."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(block.text, id=str(block)) for block in blocks("python")),
        *(pytest.param(path.read_text("utf-8"), id=path.name) for path in (ROOT / "examples").glob("*.py")),
    ],
)
def test_what_users_read_imports_from_the_first_level(text: str) -> None:
    """README, docs and examples import from the package and its first level; models each by its module."""
    ours = [name.split(".")[1:] for name in imported(text) if name.split(".")[0] == "alianza_async"]

    assert [parts for parts in ours if len(parts) > (1 if OPEN.isdisjoint(parts[:1]) else 2)] == []


def test_a_name_there_is_not_is_an_attribute_error() -> None:
    """A misspelt name is told as Python itself would."""
    with pytest.raises(AttributeError, match="Sesion"):
        getattr(alianza_async, "Sesion")  # noqa: B009  (checkers would refuse the attribute)


def test_importing_the_package_loads_next_to_nothing() -> None:
    """Importing the package loads neither httpx, pydantic nor any model: names come when touched."""
    script = (
        "import sys, alianza_async;"
        "heavy = ('httpx', 'pydantic', 'alianza_async.');"
        "print(*(name for name in sys.modules if name.startswith(heavy)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  (our own)
    assert done.stdout.split() == ["alianza_async._names"]


def test_a_session_loads_a_resource_when_it_is_touched() -> None:
    """Making a session loads no resource; `session.accounts` loads accounts, and not users."""
    script = (
        "import sys; from alianza_async import Session;"
        "session = Session(auth_token='t', environment='beta');"
        "told = lambda: [n for n in ('accounts', 'users') if f'alianza_async.resources.{n}' in sys.modules];"
        "before = told(); session.accounts; print(before, told())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  (our own)
    assert done.stdout.strip() == "[] ['accounts']"
