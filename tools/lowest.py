"""Print the constraints that hold every run-time dependency at the lowest version `pyproject.toml` allows.

`.ci/run` installs with them and runs the tests once more, so a floor that no longer works is found by us and
not by a user whose other packages hold ours back:

    python tools/lowest.py > lowest.txt
    python -m pip install -c lowest.txt -e '.[all]' $(python tools/lowest.py --tools)

Needs Python 3.11 and `packaging`; reads `pyproject.toml` and `constraints.txt` and touches no network.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
USERS_EXTRA = "all"
DEVELOPERS_EXTRA = "dev"
# Operators whose version is itself allowed, so that it can be installed as the floor.
FLOOR_OPERATORS = frozenset({">=", "==", "~=", "==="})
# The type checkers and the formatter never see the floors: the main environment runs them, and they are big.
CHECKERS = frozenset({"basedpyright", "mypy", "ruff"})
# Tools that ask for a version of what we depend on ourselves: at their pin they would not go with our floors.
HELD_LOW = frozenset({"fastapi"})


class FloorError(Exception):
    """Report a dependency whose lowest version cannot be told."""


def floor_of(requirement: Requirement) -> str:
    """Answer the constraint line, `name==lowest`, that holds a requirement at its floor; its marker is kept.

    Raises:
        FloorError: the requirement names no lowest version.
    """
    floors = [
        Version(specifier.version.removesuffix(".*"))
        for specifier in requirement.specifier
        if specifier.operator in FLOOR_OPERATORS
    ]
    if not floors:
        message = f"{requirement.name} has no lowest version in pyproject.toml; give it one with >=."
        raise FloorError(message)
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{canonicalize_name(requirement.name)}=={max(floors)}{marker}"


def expand(lines: Iterable[str], extras: dict[str, list[str]], project: str) -> Iterator[Requirement]:
    """Yield the requirements of `lines`, with what an extra asks for in place of each `project[extra]`.

    Raises:
        FloorError: a line is no requirement, or names an extra that does not exist.
    """
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement as error:
            message = f"{line!r} in pyproject.toml is no requirement; write it as name>=version."
            raise FloorError(message) from error
        if canonicalize_name(requirement.name) != canonicalize_name(project):
            yield requirement
            continue
        for extra in sorted(requirement.extras):
            if extra not in extras:
                message = f"The extra {extra!r} is named in pyproject.toml but not defined there; define it."
                raise FloorError(message)
            yield from expand(extras[extra], extras, project)


def read_project(path: Path) -> tuple[str, list[str], dict[str, list[str]]]:
    """Read a `pyproject.toml`: the project's name, its dependencies, its extras."""
    with path.open("rb") as file:
        table = cast("dict[str, object]", tomllib.load(file)["project"])
    return (
        cast("str", table["name"]),
        cast("list[str]", table.get("dependencies", [])),
        cast("dict[str, list[str]]", table.get("optional-dependencies", {})),
    )


def lowest(path: Path) -> list[str]:
    """Answer the sorted `name==lowest` lines for the dependencies and for the extras a user installs.

    Where two extras ask for the same package, the higher floor holds: both have to be content.

    Raises:
        FloorError: a dependency has no floor, or the file names an extra it does not define.
    """
    name, dependencies, extras = read_project(path)
    wanted = [*dependencies, *extras.get(USERS_EXTRA, [])]
    floors: dict[tuple[str, str], Version] = {}
    for line in map(floor_of, expand(wanted, extras, name)):
        package, _, rest = line.partition("==")
        version, semicolon, marker = rest.partition(";")
        key = package, semicolon + marker
        floors[key] = max(Version(version), floors.get(key, Version("0")))
    return sorted(f"{package}=={version}{marker}" for (package, marker), version in floors.items())


def tools_for_tests(path: Path, pins: Path) -> list[str]:
    """Answer what the tests need besides the project, sorted: as `pins` has it, else as the extra asks.

    What is built on our own dependencies is held at its floor.

    Raises:
        FloorError: such a tool has no floor.
    """
    name, _, extras = read_project(path)
    pinned: dict[str, str] = {}
    if pins.exists():
        for line in pins.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"([A-Za-z0-9._-]+)==\S+", line):
                pinned[canonicalize_name(match[1])] = match[0]
    answer: list[str] = []
    for line in extras.get(DEVELOPERS_EXTRA, []):
        requirement = Requirement(line)
        key = canonicalize_name(requirement.name)
        if key in HELD_LOW:
            answer.append(floor_of(requirement))
        elif key != canonicalize_name(name) and key not in CHECKERS:
            answer.append(pinned.get(key, str(requirement)))
    return sorted(answer)


def main(arguments: list[str]) -> int:
    """Print what was asked for, one item a line; answer the exit code."""
    parser = argparse.ArgumentParser(description="Print the lowest versions that pyproject.toml allows.")
    parser.add_argument("--tools", action="store_true", help="print what the tests need besides the project")
    options = parser.parse_args(arguments)
    path = ROOT / "pyproject.toml"
    try:
        lines = tools_for_tests(path, ROOT / "constraints.txt") if options.tools else lowest(path)
    except FloorError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
