from __future__ import annotations

import csv
import importlib
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import BaseModel, TypeAdapter, ValidationError

from alianza_async.endpoints.models import ReadModel
from tests.schema_values import SchemaValues
from tools.description import Json, load, load_patched, operations, patched, references
from tools.model_names import Plan, fields_of, make_plan
from tools.model_projection import LARGEST
from tools.models import MARK, TABLE, TARGET, generate_files

if TYPE_CHECKING:
    from collections.abc import Iterator

# Read before a fixture takes the developer's ALIANZA_* variables away.
DESCRIPTION = os.environ.get("ALIANZA_OPENAPI", "")
needs_description = pytest.mark.skipif(
    not DESCRIPTION, reason="ALIANZA_OPENAPI does not name the description"
)
needs_ruff = pytest.mark.skipif(
    find_spec("ruff") is None, reason="the environment of the lowest versions has no ruff"
)

with TABLE.open(encoding="utf-8", newline="") as _lines:
    ROWS = list(csv.DictReader(_lines))
READ = [row["schema"] for row in ROWS if row["read"]]
WRITE = [row["schema"] for row in ROWS if row["write"]]
PLACES = {row["schema"]: row for row in ROWS}

OURS = {"LoginTokenX": {"expiresIn"}}
"""Fields that the description does not list and servers send."""

HIDDEN = {"LoginTokenX": {"authToken", "pwdHash"}}
"""Secrets of an answer that is never sent back: they stay hidden in JSON too."""

LOOSE = {("LoginTokenX", "maxLifeInHours")}
"""Fields that take anything, because servers disagree; read by `LoginInfo.lifetime`."""

QUICK = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""A few values for each of the schemas; a failure shows the first value, not the smallest."""


@pytest.fixture(scope="module")
def description() -> Json:
    """The corrected description."""
    return load_patched(Path(DESCRIPTION))


@pytest.fixture(scope="module")
def plan(description: Json) -> Plan:
    """Names and files of every schema."""
    return make_plan(description)


def load_name(schema: str, side: str) -> Any:
    """Return the read or the write model of a schema: a class, or a tagged union."""
    row = PLACES[schema]
    loaded: Any = getattr(importlib.import_module(f"alianza_async.models.{row['module']}"), row[side])
    return loaded


def load_class(schema: str, side: str) -> type[BaseModel] | None:
    """Return the model if it is a class, None if it is a tagged union."""
    found = load_name(schema, side)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


READ_CLASSES = [schema for schema in READ if load_class(schema, "read")]
WRITE_CLASSES = [schema for schema in WRITE if load_class(schema, "write")]
"""Without the tagged unions, whose members are in the lists themselves."""


def wire_names(model: type[BaseModel]) -> dict[str, str]:
    """Return a model's field names by their names on the wire."""
    return {str(field.alias): name for name, field in model.model_fields.items()}


@needs_description
@needs_ruff
def test_files_are_what_the_generator_makes(description: Json) -> None:
    """The generated files are never edited: making them again gives the same text, and no other is there."""
    made = generate_files(description)
    assert {path.name: path.read_text("utf-8") for path in made} == {p.name: text for p, text in made.items()}
    marked = {path for path in TARGET.glob("*.py") if MARK in path.read_text("utf-8")}
    assert marked == {path for path in made if path.suffix == ".py"}


@needs_description
def test_every_schema_has_a_model_or_a_reason() -> None:
    """Each of the published schemas is in the table, with a class or with a sentence why there is none."""
    published = set(load(Path(DESCRIPTION))["components"]["schemas"])
    named = {row["schema"] for row in ROWS if row["read"] or row["write"] or row["reason"]}
    assert len(published) == 259
    assert published - named == set()


@needs_description
def test_a_schema_that_is_answered_can_be_read_and_one_that_is_sent_can_be_written(description: Json) -> None:
    """No answer is without a read model and no JSON body without a write model."""
    answered: set[str] = set()
    sent: set[str] = set()
    for _verb, _path, operation in operations(description):
        answered |= references(operation.get("responses", {}))
        sent |= references(operation.get("requestBody", {}))
    unmodelled = {row["schema"] for row in ROWS if row["reason"]}
    assert answered - set(READ) - unmodelled == set()
    assert sent - set(WRITE) - unmodelled == set()


@needs_description
@pytest.mark.parametrize("schema", READ_CLASSES)
def test_read_fields_are_the_schemas_and_none_is_required(schema: str, plan: Plan) -> None:
    """A read model has the schema's fields, each under its wire name, and parses an empty object."""
    model = load_class(schema, "read")
    assert model is not None
    published = set(fields_of(plan.schemas, schema)[0])
    assert set(wire_names(model)) - OURS.get(schema, set()) == published
    assert issubclass(model, ReadModel)
    assert model.model_validate({}).model_fields_set == set()


@needs_description
@pytest.mark.parametrize("schema", WRITE_CLASSES)
def test_write_fields_are_the_schemas_and_the_same_are_required(schema: str, plan: Plan) -> None:
    """A write model has what a caller may set, requires what the schema requires, refuses the rest."""
    model = load_class(schema, "write")
    assert model is not None
    properties, required = fields_of(plan.schemas, schema)
    settable = {wire for wire, p in properties.items() if not p.get("readOnly") and not p.get("deprecated")}
    union = plan.tagged.get(schema, ("", ""))[0]
    tag = plan.schemas[union]["discriminator"]["propertyName"] if union else ""
    names = wire_names(model)
    assert set(names) == settable
    needed = {wire for wire, name in names.items() if model.model_fields[name].is_required()}
    assert needed == (set(required) & settable) - {tag}
    assert model.model_config.get("extra") == "forbid"


def _misfits(prop: Json, plan: Plan) -> Iterator[object]:
    """Yield a value of another type than the field's; nothing for a field that takes anything."""
    schema = plan.schemas[prop["$ref"].rsplit("/", 1)[-1]] if "$ref" in prop else prop
    kind = schema.get("type", "object" if "allOf" in schema or "discriminator" in schema else None)
    if schema.get("format") == "unix-time":
        return  # kept as text where it is no time
    if kind in ("integer", "number", "boolean"):
        yield "no such thing"
    elif kind == "string":
        yield {"an": "object"}
    elif kind == "array" or (
        kind == "object" and ("additionalProperties" in schema or schema.get("properties"))
    ):
        yield "no such thing"


@needs_description
@pytest.mark.parametrize("schema", READ_CLASSES)
def test_read_fields_have_the_schemas_types(schema: str, plan: Plan) -> None:
    """A field takes no value of another type, and the complaint names the field."""
    model = load_class(schema, "read")
    assert model is not None
    names = wire_names(model)
    for wire, prop in fields_of(plan.schemas, schema)[0].items():
        for misfit in () if (schema, wire) in LOOSE else _misfits(prop, plan):
            with pytest.raises(ValidationError) as caught:
                model.model_validate({wire: misfit})
            assert {error["loc"][0] for error in caught.value.errors()} == {names[wire]}


def _out_of_bounds(prop: Json, plan: Plan) -> Iterator[object]:
    """Yield values of the field's type that break one of its rules each."""
    schema = plan.schemas[prop["$ref"].rsplit("/", 1)[-1]] if "$ref" in prop else prop
    if "enum" in schema:
        yield "NO_SUCH_VALUE"
    if "pattern" in schema:
        yield "(does not fit)"
    if schema.get("minLength", 0) > 0:
        yield "1" * (schema["minLength"] - 1)
    if "maxLength" in schema:
        yield "1" * (schema["maxLength"] + 1)
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if schema.get("maximum", LARGEST) != LARGEST:
        yield schema["maximum"] + 1


@needs_description
@pytest.mark.parametrize("schema", WRITE_CLASSES)
def test_write_fields_are_held_to_the_schemas_bounds(schema: str, plan: Plan) -> None:
    """Lengths, ranges, patterns, enumerations and types are checked, and the complaint names the field."""
    model = load_class(schema, "write")
    assert model is not None
    properties = fields_of(plan.schemas, schema)[0]
    for wire, name in wire_names(model).items():
        for wrong in (*_misfits(properties[wire], plan), *_out_of_bounds(properties[wire], plan)):
            with pytest.raises(ValidationError) as caught:
                model.model_validate({wire: wrong})
            assert name in {error["loc"][0] for error in caught.value.errors()}


@needs_description
@pytest.mark.parametrize("schema", READ)
def test_json_that_fits_is_read_and_goes_back_unchanged(schema: str, plan: Plan) -> None:
    """Any JSON that fits the schema parses; what is sent back is the same JSON, unknown fields with it."""
    adapter: TypeAdapter[BaseModel] = TypeAdapter(load_name(schema, "read"))

    @QUICK
    @given(SchemaValues(plan, write=False).of_schema(schema))
    def check(value: dict[str, object]) -> None:
        value = {**value, "notYetKnown": {"kept": [1, None, "x"]}}
        model = adapter.validate_python(value)
        text = adapter.dump_json(model, by_alias=True, exclude_unset=True)
        hidden = HIDDEN.get(schema, set())
        assert {**json.loads(text), **{k: value[k] for k in hidden & value.keys()}} == value
        assert hidden & value.keys() or adapter.validate_json(text) == model

    check()


@needs_description
@pytest.mark.parametrize("schema", WRITE)
def test_what_may_be_sent_is_accepted(schema: str, plan: Plan) -> None:
    """A body within the corrected schema's bounds is accepted, and its JSON is the same body."""
    adapter: TypeAdapter[BaseModel] = TypeAdapter(load_name(schema, "write"))

    @QUICK
    @given(SchemaValues(plan, write=True).of_schema(schema))
    def check(value: dict[str, object]) -> None:
        model = adapter.validate_python(value)
        text = adapter.dump_json(model, by_alias=True, exclude_unset=True)
        assert adapter.validate_json(text) == model
        assert set(json.loads(text)) == set(value)

    check()


@needs_description
def test_no_prose_of_the_description_is_copied() -> None:
    """Facts are generated, sentences are not: no longer description, summary or title is in a file."""
    found: list[str] = []

    def collect(node: object) -> None:
        if isinstance(node, dict):
            for key, value in node.items():  # pyright: ignore[reportUnknownVariableType]
                if key in {"description", "summary", "title"} and isinstance(value, str) and len(value) > 30:
                    found.append(value)
                collect(value)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(node, list):
            for value in node:  # pyright: ignore[reportUnknownVariableType]
                collect(value)  # pyright: ignore[reportUnknownArgumentType]

    collect(load(Path(DESCRIPTION)))
    everything = " ".join(path.read_text("utf-8") for path in sorted(TARGET.glob("*.py")))
    assert len(found) > 500
    assert [text for text in found if text in everything] == []


@needs_description
def test_a_patch_that_changes_nothing_is_refused(description: Json) -> None:
    """The table of patches cannot outlive what it corrects: applying it twice says which one is needless."""
    with pytest.raises(Exception, match=r"changes nothing|no field"):
        patched(description)


def run(code: str) -> list[str]:
    """Run code in a process of its own; return the words it printed."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603


def test_one_domain_does_not_import_another() -> None:
    """Importing the accounts' models loads no telephone number, trunk or voice menu."""
    code = (
        "import sys, alianza_async.models.accounts\n"
        "print(*sorted(m for m in sys.modules if m.startswith('alianza_async.models.')))"
    )
    names = {name.removeprefix("alianza_async.models.") for name in run(code)}
    reading = {"_reading", "_reading.macs", "_reading.numbers", "_reading.sorts"}
    assert names == {"accounts", "fields", *reading, "shared", "time_zones"}


def test_every_module_imports_by_itself() -> None:
    """No file needs another to have been imported first: each is imported into a process that has none."""
    code = (
        "import importlib, pathlib, sys, alianza_async.models as m\n"
        "for path in sorted(pathlib.Path(m.__path__[0]).glob('[a-z]*.py')):\n"
        "    for name in [n for n in sys.modules if n.startswith('alianza_async.models.')]:\n"
        "        del sys.modules[name]\n"
        "    module = importlib.import_module('alianza_async.models.' + path.stem)\n"
        "    print(path.stem)\n"
    )
    assert set(run(code)) >= {row["module"] for row in ROWS if row["module"]}


def test_every_field_named_like_a_secret_is_one() -> None:
    """No password, PIN, key or token of any model is a plain text."""
    words = ("password", "secret", "token", "pwd")
    keys = {"pin", "wireless_pin", "private_key", "api_key"}
    shown: set[str] = set()
    for row in ROWS:
        for side in ("read", "write"):
            model = load_class(row["schema"], side) if row[side] else None
            for name, field in model.model_fields.items() if model else ():
                secret = name in keys or any(word in name for word in words)
                kind = str(field.annotation)
                if secret and "bool" not in kind and "SecretStr" not in kind:
                    shown.add(f"{row['schema']}.{name}")
    assert shown == {"LoginTokenX.token_source"}  # where the token came from, not the token
