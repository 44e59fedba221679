"""Write docs/public-api.txt: every public name with its signature, so that a change is seen in review.

    python tools/public_api.py [--check]

griffe reads the sources; nothing is called. What a public name promises says docs/stability.md. Of models the
names alone are listed: their files are generated, and are nothing but declarations.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a file, as `make docs` does, only tools/ is on the path

from tools.generated import write_or_check  # noqa: E402  (after the path)

PAGE = ROOT / "docs" / "public-api.txt"
PACKAGE: Final = "alianza_async"
FACES: Final = (
    *("errors", "calls", "endpoints", "policies", "transports", "client", "settings", "carrier", "session"),
    *("bulk", "sandbox", "cli", "version"),
)
"""Where names are public beside the package itself; a name is described in the first that has it."""
OPEN: Final = ("models", "resources")
"""Packages whose modules are public, each by its own name."""
NO_RESOURCES: Final = {"namespace", "page_styles", "registry", "server_jobs"}
HEAD: Final = """\
# The public names of alianza_async; `tools/public_api.py` writes this file (`make docs`).
# What is stable, and what may change: docs/stability.md.
"""
SHOWN: Final = frozenset({"__init__", "__call__", "__aiter__", "__await__", "__aenter__", "__aexit__"})
_LONGEST: Final = 300


class Api:
    """The public names, and where each is described.

    Attributes:
        home: The full public name of what has a path in the sources.
    """

    def __init__(self) -> None:
        self._root = griffe.load(PACKAGE, search_paths=[ROOT], resolve_aliases=True, resolve_external=False)
        self._faces = {f"{PACKAGE}.{face}": names_of(f"{PACKAGE}.{face}") for face in FACES}
        for package in OPEN:
            for name in modules_in(f"{PACKAGE}.{package}"):
                self._faces[name] = names_of(name)
        self._faces[PACKAGE] = names_of(PACKAGE)
        self.home: dict[str, str] = {}
        for face, names in self._faces.items():
            for name in names:
                self.home.setdefault(self.find(f"{face}.{name}").path, f"{face}.{name}")

    def find(self, path: str) -> griffe.Object:
        """Return what a public name stands for."""
        found = self._root[path.removeprefix(f"{PACKAGE}.")]
        return found.final_target if isinstance(found, griffe.Alias) else found

    def page(self) -> str:
        """Return the listing."""
        lines = [HEAD]
        for face in sorted(self._faces):
            lines.append(f"\n== {face}\n")
            for name in self._faces[face]:
                path = f"{face}.{name}"
                found = self.find(path)
                if self.home[found.path] != path:
                    lines.append(f"{name} = {self.home[found.path]}")
                elif face.startswith(f"{PACKAGE}.models."):
                    lines.append(f"{found.kind.value} {name}")
                else:
                    lines += self._object(name, found)
        return "\n".join(lines) + "\n"

    def _object(self, name: str, found: griffe.Object) -> Iterator[str]:
        if isinstance(found, griffe.Class):
            bases = ", ".join(str(base) for base in found.bases)
            yield f"class {name}({bases})" if bases else f"class {name}"
            for member, value in sorted(self._members(found).items()):
                yield from (f"    {line}" for line in self._object(member, value))
        elif isinstance(found, griffe.Function):
            yield from (signature(name, each) for each in found.overloads or [found])
        elif isinstance(found, griffe.Attribute):
            yield attribute(name, found)
        else:
            yield f"{found.kind.value} {name}"
            for member in names_of(found.path):
                value = self.find(f"{found.path}.{member}")
                home = self.home.get(value.path)
                shown = self._object(member, value) if home is None else [f"{member} = {home}"]
                yield from (f"    {line}" for line in shown)

    def _members(self, found: griffe.Class) -> dict[str, griffe.Object]:
        """Return the public members of a class, with those of bases that have no public name of their own."""
        members: dict[str, griffe.Object] = {}
        for base in reversed(found.resolved_bases):
            if isinstance(base, griffe.Class) and base.path not in self.home:
                members |= self._members(base)
        for name, member in found.members.items():
            value = member.final_target if isinstance(member, griffe.Alias) else member
            if not name.startswith("_") or (name in SHOWN and name in found.members):
                members[name] = value
        return members


def modules_in(package: str) -> list[str]:
    """Return the public modules of a package whose modules are public."""
    names = (module.name for module in iter_modules(import_module(package).__path__))
    return [f"{package}.{name}" for name in names if not name.startswith("_") and name not in NO_RESOURCES]


def names_of(module: str) -> list[str]:
    """Return the public names of a module."""
    names: list[str] = import_module(module).__all__
    return sorted(names)


def signature(name: str, function: griffe.Function) -> str:
    """Return a function's line."""
    kinds = function.labels & {"async", "classmethod", "staticmethod", "property", "cached"}
    answer = "" if function.returns is None else f" -> {function.returns}"
    marks = "".join(f"{kind} " for kind in sorted(kinds))
    if "property" in kinds:
        return f"{marks}{name}{answer}"
    return f"{marks}def {name}({', '.join(parameters(function))}){answer}"


def parameters(function: griffe.Function) -> Iterator[str]:
    """Yield a function's parameters, with the marks between their kinds."""
    seen_keyword = seen_positional = False
    for each in function.parameters:
        if each.kind is griffe.ParameterKind.positional_only:
            seen_positional = True
        elif seen_positional:
            seen_positional = False
            yield "/"
        if each.kind is griffe.ParameterKind.var_positional:
            seen_keyword = True
        elif each.kind is griffe.ParameterKind.keyword_only and not seen_keyword:
            seen_keyword = True
            yield "*"
        stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
        mark = stars.get(each.kind, "") if each.kind is not None else ""
        hint = "" if each.annotation is None else f": {each.annotation}"
        default = "" if each.default is None or mark else f" = {each.default}"
        yield f"{mark}{each.name}{hint}{default}"
    if seen_positional:
        yield "/"


def attribute(name: str, found: griffe.Attribute) -> str:
    """Return an attribute's line; of a constant its value too, where it is a name for types."""
    if "property" in found.labels:
        return f"property {name}" + ("" if found.annotation is None else f" -> {found.annotation}")
    hint = "" if found.annotation is None else f": {found.annotation}"
    if "class-attribute" not in found.labels and "instance-attribute" in found.labels:
        return f"{name}{hint}"
    value = str(found.value) if found.value is not None else ""
    in_class = found.parent is not None and found.parent.is_class
    told = value.startswith(("Literal[", "Annotated[", "Callable[")) or (in_class and not hint)
    return f"{name}{hint} = {value}" if told and len(value) <= _LONGEST else f"{name}{hint}"


def main() -> int:
    """Write the listing, or with --check say whether it is as it would be written."""
    return write_or_check(PAGE, Api().page())


if __name__ == "__main__":
    raise SystemExit(main())
