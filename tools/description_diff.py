"""What a newer description adds, drops or changes, against what the library declares and models today.

The judge is the library, not an older description: what is told here is what there is to do.
"""

from __future__ import annotations

import csv
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, get_args, get_origin

from pydantic import BaseModel

from alianza_async.resources.registry import Declared, operations
from tools.description import HERE, Json, operations as published_operations, ref_name
from tools.model_names import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = {"LoginTokenX": {"expiresIn"}}
"""Fields of ours that no description has, and servers send."""


def differences(newer: Json) -> list[str]:
    """Return a line for each thing that a newer description adds (+), drops (-) or changes (~)."""
    return [*_operations(newer), *_schemas(newer)]


def _operations(newer: Json) -> Iterator[str]:
    ours = {each.operation.operation_id: each for each in operations()}
    theirs = {
        each["operationId"]: (verb.upper(), path, each) for verb, path, each in published_operations(newer)
    }
    for operation_id in sorted(theirs.keys() - ours.keys()):
        verb, path, _ = theirs[operation_id]
        yield f"+ operation {operation_id}: {verb} {path}"
    for operation_id in sorted(ours.keys() - theirs.keys()):
        yield f"- operation {operation_id}: {ours[operation_id].python}"
    for operation_id in sorted(ours.keys() & theirs.keys()):
        declared = ours[operation_id]
        for line in _changes(declared, *theirs[operation_id]):
            yield f"~ operation {operation_id} ({declared.python}): {line}"


def _changes(declared: Declared, verb: str, path: str, newer: Json) -> Iterator[str]:
    operation = declared.operation
    if (operation.method, declared.path) != (verb, path):
        yield f"{operation.method} {declared.path} is {verb} {path}"
    if bool(newer.get("deprecated")) != (operation.deprecated is not None):
        yield "deprecated" if newer.get("deprecated") else "no longer deprecated"
    binder = declared.endpoint.binder
    ours = {
        **{("path", declared.endpoint.wire_name(name)): True for name in binder.path.names},
        **{("query", wire): name in binder.required for name, wire in binder.query.items()},
        **{("header", wire): name in binder.required for name, wire in binder.headers.items()},
    }
    theirs = {(each["in"], each["name"]): bool(each.get("required")) for each in newer.get("parameters", [])}
    for place, name in sorted(theirs.keys() - ours.keys()):
        yield f"+ {place} parameter {name}{' (required)' if theirs[place, name] else ''}"
    for place, name in sorted(ours.keys() - theirs.keys()):
        yield f"- {place} parameter {name}"
    for place, name in sorted(ours.keys() & theirs.keys()):
        # One that the session fills in, or that we require by ourselves, is no change.
        filled = (place, name) == ("query", "partitionId")
        if theirs[place, name] and not ours[place, name] and not filled:
            yield f"{place} parameter {name} is required"
    takes_body = binder.body is not None or bool(binder.parts)
    if takes_body != ("requestBody" in newer):
        yield "- body" if takes_body else "+ body"


def _schemas(newer: Json) -> Iterator[str]:
    with (HERE / "models.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["schema"]: row for row in csv.DictReader(file)}
    schemas: Json = newer["components"]["schemas"]
    for name in sorted(schemas.keys() - rows.keys()):
        yield f"+ schema {name}"
    for name in sorted(rows.keys() - schemas.keys()):
        yield f"- schema {name}"
    for name in sorted(rows.keys() & schemas.keys()):
        ours = _fields(rows[name])
        if ours is None:
            continue
        properties, _ = fields_of(schemas, name)
        if not rows[name]["read"]:
            # What only the server sets is no field of a model that is only sent.
            properties = {wire: field for wire, field in properties.items() if not field.get("readOnly")}
        for wire in sorted(properties.keys() - ours.keys()):
            yield f"~ schema {name}: + field {wire}"
        for wire in sorted(ours.keys() - properties.keys() - OURS.get(name, set())):
            yield f"~ schema {name}: - field {wire}"
        for wire in sorted(ours.keys() & properties.keys()):
            known, told = ours[wire], _values(properties[wire], schemas)
            if known and told:
                yield from (f"~ schema {name}.{wire}: + value {value}" for value in sorted(told - known))
                yield from (f"~ schema {name}.{wire}: - value {value}" for value in sorted(known - told))


def _fields(row: dict[str, str]) -> dict[str, set[str]] | None:
    """Return the fields of a schema's models by wire name, each with its known values; None for no class."""
    found: dict[str, set[str]] = {}
    for name in (row["read"], row["write"]):
        model: object = (
            getattr(import_module(f"alianza_async.models.{row['module']}"), name) if name else None
        )
        if isinstance(model, type) and issubclass(model, BaseModel):
            for wire, field in (
                (field.alias or python, field) for python, field in model.model_fields.items()
            ):
                found.setdefault(wire, set()).update(_literals(field.annotation))
    return found or None


def _literals(hint: object) -> set[str]:
    """Return the texts that a type lists, however deep inside it."""
    if get_origin(hint) is Annotated:  # its marks, such as what sort of text it is, are no values
        return _literals(get_args(hint)[0])
    return {text for arg in get_args(hint) for text in ({arg} if isinstance(arg, str) else _literals(arg))}


def _values(schema: Json, schemas: Json) -> set[str]:
    """Return the texts that a published field lists."""
    target = ref_name(schema)
    schema = schemas.get(target, {}) if target else schema
    inner: Json = schema.get("items") or {}
    return set(schema.get("enum", [])) or (_values(inner, schemas) if inner else set())
