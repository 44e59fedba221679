"""Write `constraints.txt`: one pin for each package that `.[dev]` pulls into this environment.

`make constraints` runs it in a fresh environment that nothing held back, so the pins are the newest releases
that `pyproject.toml` allows. Only names and versions are written: no address, no hash, no path.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "alianza-async"
EXTRA = "dev"
TARGET = Path(__file__).resolve().parent.parent / "constraints.txt"
HEADER = """\
# What CI tests: every package that `.[dev]` pulls in, at one exact version. It binds nobody who installs the
# library; pyproject.toml's bounds do that. Refresh with `make constraints`, then `make check`.
"""


class MissingPackageError(Exception):
    """Report a package that the project needs and this environment lacks."""


def pins(project: str, extra: str) -> dict[str, str]:
    """Answer name -> version for all that `project[extra]` needs here, directly or not, without the project.

    A requirement whose marker does not fit this machine is left out, as pip leaves it out.

    Raises:
        MissingPackageError: a package that is needed is not installed.
    """
    found: dict[str, str] = {}
    root = canonicalize_name(project)
    waiting: list[tuple[str, str]] = [(root, ""), (root, extra)]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        try:
            installed = distribution(name)
        except PackageNotFoundError as error:
            message = f"{name} is not installed here; run `make constraints`."
            raise MissingPackageError(message) from error
        if name != root:
            found[name] = installed.version
        for line in installed.requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": wanted}):
                needed = canonicalize_name(requirement.name)
                waiting.extend((needed, each) for each in ("", *sorted(requirement.extras)))
    return found


def render(found: dict[str, str]) -> str:
    """Answer the file's whole text, sorted by name."""
    return HEADER + "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def main() -> int:
    """Write the file; answer the exit code."""
    try:
        found = pins(PROJECT, EXTRA)
    except MissingPackageError as error:
        print(error, file=sys.stderr)
        return 2
    TARGET.write_text(render(found), encoding="utf-8")
    print(f"{TARGET.name}: {len(found)} packages")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
