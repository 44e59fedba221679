"""Read the published description and correct it: patches are data with a reason each, in patches.toml.

    python -m tools.description --diff NEWER

tells what a newer description adds, drops or changes against the declarations and models of today.

The path comes from the argument or from ALIANZA_OPENAPI. A patch that no longer changes anything is an error,
so that the table does not outlive what it corrects.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import tomllib
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

HERE = Path(__file__).parent
PATCHES = HERE / "patches.toml"
REF = "#/components/schemas/"


class PatchError(Exception):
    """A patch does not fit the description."""


def description_path(given: str | None = None) -> Path:
    """Return where the description is: the argument, else ALIANZA_OPENAPI.

    Raises:
        SystemExit: Neither is given.
    """
    found = given or os.environ.get("ALIANZA_OPENAPI")
    if not found:
        raise SystemExit("no description: give its path, or set ALIANZA_OPENAPI")
    return Path(found)


def load(path: Path) -> Json:
    """Read a description, JSON or YAML, as published."""
    text = path.read_text(encoding="utf-8")
    if text.lstrip().startswith("{"):
        loaded: Json = json.loads(text)
        return loaded
    import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

    # The C loader reads the megabyte of YAML in one second, the Python one in ten.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parsed: Json = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
    return parsed


def load_patched(path: Path) -> Json:
    """Read a description and correct it."""
    return patched(load(path))


def patched(description: Json) -> Json:
    """Return a corrected copy of a description.

    Raises:
        PatchError: A patch names what is not there, or changes nothing.
    """
    out = copy.deepcopy(description)
    schemas: Json = out["components"]["schemas"]
    for patch in tomllib.loads(PATCHES.read_text(encoding="utf-8"))["patch"]:
        for name in patch["schemas"]:
            if name not in schemas:
                raise PatchError(f"patches.toml: there is no schema {name}")
            _apply(schemas, name, patch)
    return out


def _apply(schemas: Json, name: str, patch: Json) -> None:
    schema: Json = schemas[name]
    before = copy.deepcopy(schema)
    required = [field for field in schema.get("required", []) if field not in patch.get("optional", [])]
    required += [field for field in patch.get("required", []) if field not in required]
    schema["required"] = required
    if not required:
        del schema["required"]
    properties: Json = schema.setdefault("properties", {})
    for field in patch.get("server_set", []):
        if field not in properties:
            raise PatchError(f"patches.toml: {name} has no field {field}")
        properties[field]["readOnly"] = True
    for field, keywords in patch.get("fields", {}).items():
        target: Json = properties.setdefault(field, {})
        target.update(keywords)
        for keyword in [key for key, value in keywords.items() if value is False]:
            del target[keyword]
    if "mapping" in patch:
        schema["discriminator"]["mapping"] = {tag: REF + to for tag, to in patch["mapping"].items()}
    for field, new in patch.get("inline", {}).items():
        schemas[new] = properties[field]["items"]
        properties[field]["items"] = {"$ref": REF + new}
    if schema == before:
        raise PatchError(f"patches.toml: the patch of {name} changes nothing ({patch['reason']})")


def ref_name(schema: Json) -> str | None:
    """Return the schema a `$ref` points to."""
    ref = schema.get("$ref")
    return ref.removeprefix(REF) if isinstance(ref, str) else None


def references(node: object) -> set[str]:
    """Return the schemas that a piece of the description points to, wherever in it."""
    found: set[str] = set()
    if isinstance(node, dict):
        for key, value in node.items():  # pyright: ignore[reportUnknownVariableType]
            if key == "$ref" and isinstance(value, str) and value.startswith(REF):
                found.add(value.removeprefix(REF))
            else:
                found |= references(value)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(node, list):
        for value in node:  # pyright: ignore[reportUnknownVariableType]
            found |= references(value)  # pyright: ignore[reportUnknownArgumentType]
    return found


def closure(schemas: Json, names: set[str]) -> set[str]:
    """Return the schemas that some schemas reach."""
    seen: set[str] = set()
    todo = [name for name in names if name in schemas]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += references(schemas[name]) & schemas.keys()
    return seen


def operations(description: Json) -> list[tuple[str, str, Json]]:
    """Return each operation as verb, path and itself."""
    verbs = ("get", "put", "post", "patch", "delete")
    return [
        (verb, path, item[verb])
        for path, item in description["paths"].items()
        for verb in verbs
        if verb in item
    ]


def main(words: list[str] | None = None) -> int:
    """Tell what a newer description changes; fails where there is anything to do."""
    parser = argparse.ArgumentParser(description="Hold a newer description against the library.")
    parser.add_argument("--diff", metavar="NEWER", required=True, help="a description, JSON or YAML")
    from tools.description_diff import differences

    published = load(Path(parser.parse_args(words).diff))
    lines: list[str] = []
    try:
        published = patched(published)
    except PatchError as error:
        lines.append(f"! {error}")
    lines += differences(published)
    print("\n".join(lines) or "nothing new")
    return 1 if lines else 0


if __name__ == "__main__":
    # As a module of its own name, so that its errors are those that others know.
    from tools.description import main as run

    raise SystemExit(run())
