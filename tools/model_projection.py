"""Turn a corrected schema into the two schemas we mean: one to read, one to write.

The result is JSON Schema that datamodel-code-generator renders as it stands: Python names, our base classes
(`customBasePath`), our types (`customTypePath`), our one-line docstrings, none of the description's prose.
"""

from __future__ import annotations

from typing import Final

from pydantic.alias_generators import to_camel

from tools.description import Json, ref_name
from tools.model_names import Enumeration, Model, Plan, fields_of, snake

MODELS: Final = "alianza_async.models"
BASE: Final = "alianza_async.endpoints.models"
LOCAL: Final = "#/components/schemas/"
LIMITS: Final = ("minimum", "maximum", "minLength", "maxLength")
LARGEST: Final = 2_147_483_647
"""An upper bound of this size is Java's largest int, not a rule."""

SPELLED: Final = {
    "macAddress": "MacAddress",
    **dict.fromkeys(
        (
            *("billingTelephoneNumber", "callbackNumber", "callerIdNumber", "callerIdPhoneNumber"),
            *("e911CallbackNumber", "emergencyCallbackPhoneNumber", "emergencyNumber"),
            *("mainTelephoneNumber", "phoneNumber", "primaryTn", "telephoneNumber", "tn"),
        ),
        "PhoneNumber",
    ),
}
"""The type of what is sent in one spelling, by its name on the wire; numbers to dial stay as they are."""


class Projection:
    """The read or the write side of the schemas of one file."""

    def __init__(self, plan: Plan, module: str, *, write: bool) -> None:
        self.plan = plan
        self.module = module
        self.write = write

    def name(self, schema: str) -> str | None:
        """Return the class of a schema on this side."""
        model = self.plan.models[schema]
        return model.write if self.write else model.read

    def document(self, schema: str) -> Json:
        """Return what to render for one schema."""
        properties, required = fields_of(self.plan.schemas, schema)
        union, tag = self.plan.tagged.get(schema, ("", ""))
        marker = self.plan.schemas[union]["discriminator"]["propertyName"] if union else ""
        base = f"{BASE}.ReadModel"
        if self.write:
            base = f"{MODELS}.fields.TaggedWrite" if union else f"{BASE}.WriteModel"
        out: Json = {"type": "object", "customBasePath": base, "description": self._docstring(schema)}
        fields: Json = {}
        needed: list[str] = []
        for wire, prop in properties.items():
            if self.write and (prop.get("readOnly") or prop.get("deprecated")):
                continue
            # What to_camel restores needs no alias; the rest keeps its wire name here and gets one.
            name = snake(wire) if to_camel(snake(wire)) == wire else wire
            if self.write and wire == marker:
                fields[name] = {"const": tag, "default": tag}
            else:
                fields[name] = self._field(wire, prop)
            if self.write and wire in required and wire != marker:
                needed.append(name)
        # Required first, as a person would write them.
        out["properties"] = {n: fields[n] for n in sorted(fields, key=lambda n: n not in needed)}
        if needed:
            out["required"] = needed
        return out

    def fallback(self, union: str) -> Json:
        """Return the member of a tagged union that takes what no other does."""
        out = self.document(union)
        out["description"] = f"A `{union}` of a kind this release does not know; all of it is kept."
        return out

    def _docstring(self, schema: str) -> str:
        if not self.write:
            return f"`{schema}` as the API answers it."
        return f"`{schema}` to send."

    def _field(self, wire: str, prop: Json) -> Json:
        if wire in self.plan.secrets and prop.get("type") == "string":
            out: Json = {"type": "string", "customTypePath": f"{MODELS}.fields.Secret"}
            if self.write:
                out |= {key: prop[key] for key in LIMITS if key in prop}
            return out | {"repr": False}
        spelled = SPELLED.get(wire) if self.write and prop.get("type") == "string" else None
        if spelled is not None and "enum" not in prop:
            return self._scalar(prop) | {"customTypePath": f"{MODELS}.fields.{spelled}"}
        return self._type(prop)

    def _type(self, prop: Json) -> Json:
        target = ref_name(prop)
        if target:
            return self._reference(target)
        if "enum" in prop:
            return self._enumeration(self.plan.enum(prop["enum"]))
        if "anyOf" in prop:
            return {"anyOf": [self._type(part) for part in prop["anyOf"]]}
        kind = prop.get("type")
        if kind == "array":
            out: Json = {"type": "array", "items": self._type(prop["items"])}
            if self.write:
                out |= {
                    key: prop[key] for key in ("minItems", "maxItems") if prop.get(key, LARGEST) != LARGEST
                }
            return out
        if kind == "object":
            return self._map(prop)
        return self._scalar(prop)

    def _map(self, prop: Json) -> Json:
        inner = prop.get("additionalProperties")
        if isinstance(inner, dict) and inner:
            return {"type": "object", "additionalProperties": self._type(inner)}  # pyright: ignore[reportUnknownArgumentType]
        if "properties" in prop and inner is None:
            return {"customTypePath": "builtins.object"}
        return {"type": "object", "additionalProperties": {"customTypePath": "builtins.object"}}

    def _scalar(self, prop: Json) -> Json:
        kind, form = prop.get("type"), prop.get("format")
        if form in ("date-time", "date", "unix-time"):
            return {"type": "string", "customTypePath": self._time(str(form))}
        out: Json = {"type": kind}
        if self.write:
            if form == "uuid":
                return {"type": "string", "format": "uuid"}
            out |= {key: prop[key] for key in LIMITS if key in prop and prop[key] != LARGEST}
            if "pattern" in prop:
                # The server's checks hold the whole value to the pattern; JSON Schema's look for it inside.
                out["pattern"] = f"^(?:{prop['pattern'].removeprefix('^').removesuffix('$')})$"
        return out

    def _time(self, form: str) -> str:
        if not self.write:
            return f"{BASE}.Timestamp"
        return {"date-time": "pydantic.AwareDatetime", "date": "datetime.date"}.get(form, "builtins.int")

    def _reference(self, target: str) -> Json:
        schema = self.plan.schemas[target]
        if "enum" in schema:
            return self._enumeration(self.plan.enum(schema["enum"]))
        if schema.get("type") == "array":
            return self._type(schema)
        name = self.name(target)
        if name is None:
            raise SystemExit(
                f"{target} has no {'write' if self.write else 'read'} model, yet one refers to it"
            )
        module = self.plan.models[target].module
        if module == self.module and "discriminator" not in schema:
            return {"$ref": f"{LOCAL}{name}"}
        return {"customTypePath": f"{MODELS}.{module}.{name}"}

    def _enumeration(self, enum: Enumeration) -> Json:
        path = f"{MODELS}.{enum.module}.{enum.name}"
        if not self.write:
            return {"anyOf": [{"customTypePath": path}, {"type": "string"}]}
        return {"customTypePath": f"{MODELS}.fields.TimeZone" if enum.name == "ApiTimeZone" else path}


def union_source(plan: Plan, schema: str, *, write: bool) -> tuple[str, str]:
    """Return the name and the Python source of a tagged union."""
    side = Projection(plan, plan.models[schema].module, write=write)
    name = str(side.name(schema))
    discriminator = plan.schemas[schema]["discriminator"]
    wire = discriminator["propertyName"]
    members = [(tag, str(side.name(ref.rsplit("/", 1)[-1]))) for tag, ref in discriminator["mapping"].items()]
    parts = [f'Annotated[{member}, Tag("{tag}")]' for tag, member in members]
    other = ""
    if not write:
        parts.append(f'Annotated[{plan.fallbacks[schema]}, Tag("")]')
        other = ', other=""'
    known = ", ".join(f'"{tag}"' for tag, _ in members)
    teller = f'by_tag("{snake(wire)}", "{wire}", frozenset({{{known}}}){other})'
    text = f"{name} = Annotated[{' | '.join(parts)}, {teller}]\n"
    what = "to send, told by its tag" if write else "as the API answers it, told by its tag"
    return name, f'{text}"""`{schema}` {what}."""\n'


def is_union(plan: Plan, model: Model) -> bool:
    """Return whether a schema is a tagged union."""
    return "discriminator" in plan.schemas[model.schema]
