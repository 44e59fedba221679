"""What each schema is called in Python and which file it is in: read from models.toml and resources.csv.

A `Plan` answers for one schema: the module, the read class, the write class, or the reason why there is none.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field

from tools.description import HERE, Json, closure, operations, ref_name, references

SUFFIX = re.compile(r"(?:V2X|X|DTO|Dto)$")


@dataclass
class Model:
    """One schema in Python."""

    schema: str
    module: str
    read: str | None = None
    write: str | None = None
    owned: bool = False
    reason: str = ""


@dataclass
class Enumeration:
    """A closed list of texts, named once however many fields hold it."""

    name: str
    module: str
    values: tuple[str, ...]
    owned: bool = False


@dataclass
class Plan:
    """All names and places."""

    schemas: Json
    models: dict[str, Model] = field(default_factory=dict)
    enums: dict[frozenset[str], Enumeration] = field(default_factory=dict)
    fallbacks: dict[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    tagged: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Member of a tagged union -> (the union's schema, the member's tag)."""

    def enum(self, values: list[str]) -> Enumeration:
        """Return the name of a list of values."""
        return self.enums[frozenset(values)]


def pascal(wire: str) -> str:
    """Make `accountHistoryType` `AccountHistoryType`."""
    return wire[:1].upper() + wire[1:]


def snake(wire: str) -> str:
    """Make `canAcceptSMS` `can_accept_sms` and `e911Address` `e911_address`."""
    # Two names whose capitals mislead the rule below.
    text = wire.lstrip("@").replace("CSRs", "Csrs").replace("b2B", "b2b")
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    return text.lower()


def fields_of(schemas: Json, name: str) -> tuple[Json, list[str]]:
    """Return the properties of a schema with those it inherits, and the required ones."""
    schema = schemas[name]
    properties: Json = {}
    required: list[str] = []
    for part in schema.get("allOf", []):
        base = ref_name(part)
        inherited, needed = (
            fields_of(schemas, base) if base else (part.get("properties", {}), part.get("required", []))
        )
        properties |= inherited
        required += needed
    properties |= schema.get("properties", {})
    required += schema.get("required", [])
    return properties, required


def make_plan(description: Json) -> Plan:
    """Decide every name and every file.

    Raises:
        SystemExit: Two things would have one name, or a shared enumeration has none.
    """
    table = tomllib.loads((HERE / "models.toml").read_text(encoding="utf-8"))
    schemas: Json = description["components"]["schemas"]
    plan = Plan(schemas, fallbacks=table["fallbacks"], secrets=frozenset(table["secrets"]["fields"]))
    for base, schema in schemas.items():
        for tag, ref in schema.get("discriminator", {}).get("mapping", {}).items():
            plan.tagged[ref.rsplit("/", 1)[-1]] = (base, tag)
    _name_models(description, table, plan)
    _name_enums(table, plan)
    _refuse_clashes(plan)
    return plan


def _uses(description: Json) -> tuple[dict[str, set[str]], set[str], dict[str, set[str]]]:
    """Return the tags of each schema, the schemas that are answered, and the verbs that send each."""
    schemas: Json = description["components"]["schemas"]
    tags: dict[str, set[str]] = defaultdict(set)
    answered: set[str] = set()
    sent: dict[str, set[str]] = defaultdict(set)
    for verb, _path, operation in operations(description):
        for name in closure(schemas, references(operation)):
            tags[name].add(operation["tags"][0])
        answered |= closure(schemas, references(operation.get("responses", {})))
        for name in references(operation.get("requestBody", {})):
            sent[name].add(verb)
    return tags, answered, sent


def _name_models(description: Json, table: Json, plan: Plan) -> None:
    schemas = plan.schemas
    tags, answered, sent = _uses(description)
    writable = {name: _writable(schemas[name]) for name in schemas}
    written = closure(writable, set(sent))
    names = {schema: name for group in table["names"] for schema, name in group["names"].items()}
    files = {schema: module for module, listed in table["modules"].items() for schema in listed}
    with (HERE / "resources.csv").open(encoding="utf-8", newline="") as lines:
        resources = {row["tag"]: row["resource"] for row in csv.DictReader(lines)}
    reasons = {name: group["reason"] for group in table["unmodelled"] for name in group["schemas"]}
    for name, schema in sorted(schemas.items()):
        if name in table["owned"]:
            row = table["owned"][name]
            plan.models[name] = Model(name, row["module"], row.get("read"), row.get("write"), owned=True)
            continue
        if name in reasons:
            plan.models[name] = Model(name, "", reason=reasons[name])
            continue
        base = names.get(name, SUFFIX.sub("", name))
        module = files.get(name) or _only(name, {resources[tag] for tag in tags[name]})
        if "enum" in schema:
            plan.models[name] = Model(name, module, reason=f"An enumeration: {base}.")
            plan.enums[frozenset(schema["enum"])] = Enumeration(base, module, tuple(schema["enum"]))
            continue
        model = Model(name, module)
        if name in answered:
            model.read = base
        if name in written:
            creates = "post" in sent.get(name, ())
            model.write = base + ("Create" if creates else "Write") if model.read else base
        plan.models[name] = model


def _writable(schema: Json) -> Json:
    """Return a schema without what only the server writes."""
    out = dict(schema)
    out["properties"] = {k: p for k, p in schema.get("properties", {}).items() if not p.get("readOnly")}
    return out


def _only(name: str, modules: set[str]) -> str:
    if len(modules) != 1:
        raise SystemExit(f"models.toml: {name} is used by {sorted(modules)}; give it a file in [modules]")
    return modules.pop()


def _enum_fields(node: Json, where: str) -> list[tuple[str, list[str]]]:
    """Return each list of values inside a field, however deep in arrays and maps."""
    if "enum" in node:
        return [(where, node["enum"])]
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            return _enum_fields(node[key], where)
    return []


def _used_enums(plan: Plan) -> dict[frozenset[str], list[tuple[str, str, tuple[str, ...]]]]:
    """Return where each set of values stands: schema, field, values in their order."""
    used: dict[frozenset[str], list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
    for name, schema in sorted(plan.schemas.items()):
        if not plan.models[name].module:
            continue
        parts = [schema, *(part for part in schema.get("allOf", []) if "$ref" not in part)]
        for part in parts:
            for wire, prop in part.get("properties", {}).items():
                for _where, values in _enum_fields(prop, wire):
                    used[frozenset(values)].append((name, wire, tuple(values)))
    return used


def _name_enums(table: Json, plan: Plan) -> None:
    used = _used_enums(plan)
    wanted: dict[str, str] = table["enums"]
    short = [pascal(places[0][1].lstrip("@")) for places in used.values()]
    taken = {name for model in plan.models.values() for name in (model.read, model.write) if name}
    taken |= {name.rsplit(".", 1)[-1] for name in wanted.values()} | set(plan.fallbacks.values())
    for values, places in used.items():
        if values in plan.enums:
            continue
        schema, wire, listed = places[0]
        name = next((wanted[f"{s}.{w}"] for s, w, _ in places if f"{s}.{w}" in wanted), "")
        if "." in name:
            module, name = name.split(".")
            plan.enums[values] = Enumeration(name, module, listed, owned=True)
            continue
        if not name and len({w for _, w, _ in places}) > 1:
            raise SystemExit(f"models.toml: {places} share their values; give them a name in [enums]")
        if not name:
            name = _enum_name(plan.models[schema], wire, short, taken)
        modules = {plan.models[s].module for s, _, _ in places}
        plan.enums[values] = Enumeration(name, modules.pop() if len(modules) == 1 else "enums", listed)


def _enum_name(model: Model, wire: str, short: list[str], taken: set[str]) -> str:
    """Return the field's name if it says enough by itself, else class and field."""
    name = pascal(wire.lstrip("@"))
    owner = model.read or model.write or ""
    speaks = len(re.findall(r"[A-Z0-9]+[a-z]*", name)) > 1 and short.count(name) == 1 and name not in taken
    return name if speaks or name.startswith(owner) else owner + name


def _refuse_clashes(plan: Plan) -> None:
    seen: dict[tuple[str, str], str] = {}
    everywhere: dict[str, str] = {}
    generated: list[tuple[str, str, str]] = [
        (name, model.module, schema)
        for schema, model in plan.models.items()
        for name in (model.read, model.write)
        if name
    ]
    generated += [(enum.name, enum.module, "an enumeration") for enum in plan.enums.values()]
    generated += [(name, "", schema + " (fallback)") for schema, name in plan.fallbacks.items()]
    for name, module, schema in generated:
        if (name, module) in seen or name in everywhere:
            raise SystemExit(
                f"models.toml: {name} would be both {everywhere[name]} and {schema}; name one of them"
            )
        seen[name, module] = schema
        everywhere[name] = schema


def as_rows(plan: Plan) -> list[tuple[str, str, str, str, str]]:
    """Return the plan as a table with its header."""
    rows = [(m.schema, m.module, m.read or "", m.write or "", m.reason) for m in plan.models.values()]
    return [("schema", "module", "read", "write", "reason"), *rows]
