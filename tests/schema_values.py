"""Strategies that make JSON to fit a schema of the description."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tools.description import ref_name
from tools.model_names import fields_of

if TYPE_CHECKING:
    from tools.description import Json
    from tools.model_names import Plan

Values = st.SearchStrategy[object]

_DEPTH = 2
"""Below this only what is required is made: the activation bodies nest five deep, with a hundred fields."""

_PLAIN = st.text("abcdefghijklmnopqrstuvwxyz0123456789", max_size=12)
_FREE = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4), st.lists(st.integers(0, 9), max_size=2)
)
_TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


class SchemaValues:
    """JSON for the read side (anything that fits), or for the write side (what a caller may send)."""

    def __init__(self, plan: Plan, *, write: bool) -> None:
        self.plan = plan
        self.write = write

    def of_schema(self, name: str, depth: int = 0) -> Values:
        """Return values of a named schema."""
        schema = self.plan.schemas[name]
        if "discriminator" in schema:
            mapping: dict[str, str] = schema["discriminator"]["mapping"]
            members = [self.of_schema(ref.rsplit("/", 1)[-1], depth) for ref in mapping.values()]
            return st.one_of(members)
        if "enum" in schema or schema.get("type") == "array":
            return self.of_type(schema, depth)
        return self._object(name, depth)

    def _object(self, name: str, depth: int) -> Values:
        properties, required = fields_of(self.plan.schemas, name)
        union, tag = self.plan.tagged.get(name, ("", ""))
        marker = self.plan.schemas[union]["discriminator"]["propertyName"] if union else ""
        needed: dict[str, Values] = {}
        optional: dict[str, Values] = {}
        for wire, prop in properties.items():
            if wire == marker:
                needed[wire] = st.just(tag)
            elif self.write and (prop.get("readOnly") or prop.get("deprecated")):
                continue
            elif wire in required:
                needed[wire] = self.of_type(prop, depth + 1)
            elif depth < _DEPTH:
                optional[wire] = self.of_type(prop, depth + 1)
        if self.write and name == "Account":
            # A rule between two fields, which no schema can say: ADVANCED accounts need it.
            needed["extensionLength"] = st.integers(3, 6)
            optional.pop("extensionLength", None)
        return st.fixed_dictionaries(needed, optional=optional).map(dict)

    def of_type(self, prop: Json, depth: int) -> Values:
        """Return values of a field, an array's item or a map's value."""
        target = ref_name(prop)
        if target:
            return self.of_schema(target, depth)
        if "enum" in prop:
            return st.sampled_from(list[object](prop["enum"]))
        if "anyOf" in prop:
            return st.one_of([self.of_type(part, depth) for part in prop["anyOf"]])
        kind = prop.get("type")
        if kind == "array":
            low = prop.get("minItems", 0)
            return st.lists(self.of_type(prop["items"], depth), min_size=low, max_size=low + 1).map(list)
        if kind == "object":
            inner: Json | bool = prop.get("additionalProperties") or True
            values = _FREE if isinstance(inner, bool) else self.of_type(inner, depth)
            return st.dictionaries(_PLAIN, values, max_size=2).map(dict)
        return self._scalar(prop)

    def _scalar(self, prop: Json) -> Values:
        numbers = st.integers(prop.get("minimum", -(2**31)), prop.get("maximum", 2**31 - 1))
        by_format: dict[str, Values] = {
            "unix-time": st.integers(0, 7_000_000_000_000),
            "date-time": _TIMES.map(datetime.isoformat),
            "date": st.dates().map(date.isoformat),
            "uuid": st.uuids().map(str),
        }
        by_type: dict[str, Values] = {
            "integer": numbers,
            "number": st.floats(allow_nan=False, allow_infinity=False),
            "boolean": st.booleans(),
            "string": self._text(prop) if self.write else st.text(max_size=8),
        }
        form: str = prop.get("format", "")
        return by_format[form] if form in by_format else by_type[prop["type"]]

    def _text(self, prop: Json) -> Values:
        low, high = prop.get("minLength", 0), prop.get("maxLength", 256)
        if "pattern" not in prop:
            return _PLAIN.map(lambda text: text.ljust(low, "x")[:high])
        pattern: str = prop["pattern"]
        typed = st.characters(min_codepoint=33, max_codepoint=126)
        texts = st.from_regex(pattern, fullmatch=True, alphabet=typed)
        return texts.filter(lambda text: low <= len(text) <= high)
