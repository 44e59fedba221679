"""The floors that `.ci/run` installs are those of `pyproject.toml`, all of them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tools.lowest import ROOT, FloorError, floor_of, lowest, main, read_project, tools_for_tests

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, dependencies: str, extras: str = "") -> Path:
    """Write a small `pyproject.toml` and answer its path."""
    file = path / "pyproject.toml"
    file.write_text(
        f'[project]\nname = "My.Project"\ndependencies = [{dependencies}]\n'
        f"[project.optional-dependencies]\n{extras}",
        encoding="utf-8",
    )
    return file


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("httpx>=0.28,<0.29", "httpx==0.28"),
        ("Typing_Extensions>=4.9,>=4.12", "typing-extensions==4.12"),
        ("a~=1.4", "a==1.4"),
        ("a==2.*", "a==2"),
        ("uvloop>=0.21; sys_platform != 'win32'", 'uvloop==0.21; sys_platform != "win32"'),
    ],
)
def test_floor_is_the_lowest_version_allowed(requirement: str, expected: str) -> None:
    """A requirement's floor is the highest of its lower bounds, under its normal name, marker kept."""
    assert floor_of(Requirement(requirement)) == expected


@pytest.mark.parametrize("requirement", ["httpx", "httpx<0.29", "httpx!=0.28", "httpx>0.27"])
def test_requirement_without_floor_is_refused_by_name(requirement: str) -> None:
    """A dependency that any old version would satisfy cannot be tested at its floor, so it is an error."""
    with pytest.raises(FloorError, match=r"^httpx has no lowest version"):
        floor_of(Requirement(requirement))


def test_of_two_floors_the_higher_holds(tmp_path: Path) -> None:
    """A package that two extras ask for is held where both are content, each marker on its own."""
    path = write(
        tmp_path,
        '"b>=2"',
        """all = ["my-project[x,y]"]\nx = ["a>=3.11", "c>=1; python_version < '4'"]\n"""
        """y = ["a>=3.9", "B>=2.1", "c>=2"]\n""",
    )

    assert lowest(path) == ["a==3.11", "b==2.1", 'c==1; python_version < "4"', "c==2"]


def test_floors_cover_dependencies_and_all_extras_of_users(tmp_path: Path) -> None:
    """What a plain install and `[all]` bring is held at its floor, however deep; what `dev` brings is not."""
    path = write(
        tmp_path,
        '"b>=2"',
        'all = ["my-project[x,y]"]\nx = ["c>=3"]\ny = ["my_project[x]", "a>=1"]\ndev = ["pytest>=8"]\n',
    )

    assert lowest(path) == ["a==1", "b==2", "c==3"]


@pytest.mark.parametrize(
    ("dependencies", "extras", "said"),
    [
        ('"my-project[gone]"', "", "The extra 'gone' is named"),
        ('"a >= "', "", "'a >= ' in pyproject.toml is no requirement"),
    ],
)
def test_broken_project_file_is_named(tmp_path: Path, dependencies: str, extras: str, said: str) -> None:
    """An extra that does not exist and a line that is no requirement are errors that name it."""
    with pytest.raises(FloorError, match=said):
        lowest(write(tmp_path, dependencies, extras))


def test_tools_are_pinned_and_neither_checkers_nor_the_project(tmp_path: Path) -> None:
    """The tests' own tools come as pinned, else as asked for; no checker is installed twice."""
    path = write(
        tmp_path, "", 'dev = ["my-project[all]", "ruff>=0.14", "mypy>=1", "PyTest>=8", "respx>=0.2"]\n'
    )
    pins = tmp_path / "constraints.txt"
    pins.write_text("# a comment\npytest==9.1\nother==1\n", encoding="utf-8")

    assert tools_for_tests(path, pins) == ["pytest==9.1", "respx>=0.2"]
    assert tools_for_tests(path, tmp_path / "absent.txt") == ["PyTest>=8", "respx>=0.2"]


def test_tool_built_on_our_dependencies_is_held_at_its_floor(tmp_path: Path) -> None:
    """FastAPI at its pin asks for a newer starlette than our floor; at its own floor the two go together."""
    path = write(tmp_path, "", 'dev = ["fastapi>=0.120,<1"]\n')
    pins = tmp_path / "constraints.txt"
    pins.write_text("fastapi==0.165.0\n", encoding="utf-8")

    assert tools_for_tests(path, pins) == ["fastapi==0.120"]


def test_command_prints_one_floor_for_each_direct_dependency() -> None:
    """Run as `.ci/run` runs it, the tool prints a floor for every dependency of this project."""
    shown = subprocess.run(  # noqa: S603 - our own tool
        [sys.executable, str(ROOT / "tools" / "lowest.py")], check=True, capture_output=True, text=True
    )
    _, dependencies, _ = read_project(ROOT / "pyproject.toml")

    floors = {Requirement(line).name for line in shown.stdout.splitlines()}
    assert {Requirement(line).name for line in dependencies} <= floors
    assert {"cyclopts", "rich", "starlette", "uvicorn"} <= floors
    assert not floors & {"pytest", "ruff"}


def test_command_says_what_is_wrong_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing floor ends the command with code 2 and one sentence on stderr, nothing on stdout."""
    write(tmp_path, '"httpx"')
    monkeypatch.setattr("tools.lowest.ROOT", tmp_path)

    assert main([]) == 2
    assert capsys.readouterr() == (
        "",
        "httpx has no lowest version in pyproject.toml; give it one with >=.\n",
    )
