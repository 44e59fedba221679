"""`constraints.txt` pins what `pyproject.toml` asks for, and nothing but names and versions stands in it."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import constraints
from tools.constraints import TARGET, MissingPackageError, main, pins, render
from tools.lowest import ROOT, expand, read_project

if TYPE_CHECKING:
    from pathlib import Path


def pinned() -> dict[str, Version]:
    """Read the committed file: normal name -> version."""
    lines = [line for line in TARGET.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {name: Version(version) for name, _, version in (line.partition("==") for line in lines)}


def fake(path: Path, name: str, *requires: str, version: str = "1.0") -> None:
    """Lay an installed distribution's metadata down where `importlib.metadata` finds it."""
    folder = path / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "Provides-Extra: dev"]
    lines += [f"Requires-Dist: {each}" for each in requires]
    (folder / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_file_is_plain_sorted_pins() -> None:
    """Each line is `name==version`, sorted, each name once: no address, no hash, no path."""
    lines = [line for line in TARGET.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]

    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    assert [line.partition("==")[0] for line in lines] == sorted({line.partition("==")[0] for line in lines})


def test_file_pins_every_direct_dependency_inside_its_bounds() -> None:
    """What any extra asks for is pinned, at a version that its bounds allow."""
    name, dependencies, extras = read_project(ROOT / "pyproject.toml")
    wanted = expand([*dependencies, *(line for lines in extras.values() for line in lines)], extras, name)
    versions = pinned()

    wrong = [
        str(requirement)
        for requirement in wanted
        if (version := versions.get(canonicalize_name(requirement.name))) is None
        or version not in requirement.specifier
    ]
    assert wrong == []


def test_pins_follow_extras_and_markers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk takes the extra's packages and theirs, round a circle, without what does not fit here."""
    fake(tmp_path, "top", "one", "two[fast]; extra == 'dev'", "never; extra == 'other'")
    fake(tmp_path, "one", "never; python_version < '3'", version="1.1")
    fake(tmp_path, "two", "three; extra == 'fast'", "four; extra == 'slow'", version="2.2")
    fake(tmp_path, "three", "top", version="3.3")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    found = pins("top", "dev")

    assert found == {"one": "1.1", "two": "2.2", "three": "3.3"}
    assert render(found) == constraints.HEADER + "one==1.1\nthree==3.3\ntwo==2.2\n"


def test_package_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-installed environment gives an error with the package's name, never a shorter file."""
    fake(tmp_path, "top", "absent-package-of-no-one")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    with pytest.raises(MissingPackageError, match=r"^absent-package-of-no-one is not installed here"):
        pins("top", "dev")


def test_command_writes_the_file_or_says_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command writes the pins, code 0; where one is missing it leaves the file alone, code 2."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    fake(first, "top", "one")
    fake(second, "one")
    monkeypatch.setattr(sys, "path", [str(first), *sys.path])
    monkeypatch.setattr(constraints, "PROJECT", "top")
    target = tmp_path / "constraints.txt"
    monkeypatch.setattr(constraints, "TARGET", target)

    assert main() == 2
    assert not target.exists()
    monkeypatch.setattr(sys, "path", [str(second), *sys.path])
    assert main() == 0
    assert target.read_text(encoding="utf-8") == constraints.HEADER + "one==1.0\n"
    assert capsys.readouterr() == (
        "constraints.txt: 1 packages\n",
        "one is not installed here; run `make constraints`.\n",
    )
