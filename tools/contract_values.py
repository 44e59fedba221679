"""Made-up values that fit a JSON schema: as little as it allows, or everything it has, the same each time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.description import Json

_FORMATS: dict[str | None, str] = {
    "binary": "bytes",
    "byte": "Ynl0ZXM=",
    "date": "2026-01-15",
    "date-time": "2026-01-15T10:30:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/callback",
    "uuid": "b7d64f28-bbfd-4033-80f5-b73a04c2781d",
}
_TIME_ZONE = "US/Eastern"
"""For a field of that name: our models check more of it than a schema can say."""

_PHONE_NUMBER = "18015551212"
"""For a field of such a name, as above."""

_MEDIA_RANGE = "*/*"
"""For a header field of that name; Prism dies of one that is none."""

_TEXTS = ("text", "5551234567", "*72", "en-US", "longer-text", "12xx")
"""Candidates for a pattern; the first that fits is taken."""

_DEEP = 5
"""Below this only what is required is made; bodies nest five deep, with a hundred fields."""


class Values:
    """Makes values for the schemas of one document.

    Args:
        root: The document that a `$ref` points into.
        full: Whether optional fields are filled, too.
        choice: Which member is taken where there are several, counted around.
        formats: Formats of fields by name, where the schema itself says none: an id is text to our models,
            whatever it looks like.

    Attributes:
        widest: How many members the widest union had that was met.
    """

    def __init__(
        self, root: Json, *, full: bool, choice: int = 0, formats: Mapping[str, str] | None = None
    ) -> None:
        self._root = root
        self._full = full
        self._choice = choice
        self._formats = formats or {}
        self._above: list[str] = []
        self.widest = 1

    def of(self, schema: Json, name: str = "") -> object:
        """Return a value.

        Raises:
            ValueError: No candidate fits a pattern; `_TEXTS` needs one more.
        """
        if "$ref" in schema:
            return self._of_named(schema["$ref"], name)
        if "enum" in schema or "const" in schema:
            values: list[object] = schema.get("enum") or [schema["const"]]
            return values[self._choice % len(values)]
        if "allOf" in schema:
            return self._merged(schema["allOf"], name)
        members: list[Json] = schema.get("oneOf") or schema.get("anyOf") or []
        if members:
            return self._one_of([member for member in members if member.get("type") != "null"], name)
        return self._of_kind(schema, name)

    def _of_kind(self, schema: Json, name: str) -> object:
        match schema.get("type", "object" if "properties" in schema else "string"):
            case "object":
                return self._object(schema)
            case "array":
                count = max(cast("int", schema.get("minItems", 0)), 1 if self._filling else 0)
                return [self.of(schema.get("items", {}), name) for _ in range(count)]
            case "boolean":
                return self._full
            case "integer" | "number":
                return _number(schema)
            case _:
                return _text({"format": self._formats.get(name), **schema}, name)

    @property
    def _filling(self) -> bool:
        return self._full and len(self._above) <= _DEEP and len(set(self._above)) == len(self._above)

    def _of_named(self, ref: str, name: str) -> object:
        schema = self._root
        for part in ref.removeprefix("#/").split("/"):
            schema = schema[part]
        self._above.append(ref)
        try:
            return self.of(schema, name)
        finally:
            self._above.pop()

    def _one_of(self, members: list[Json], name: str) -> object:
        # Only a union of objects is worth a call for each member; of a date and text, the first says more.
        objects = [member for member in members if "$ref" in member]
        if len(objects) < len(members) or not objects:
            return self.of(members[0], name)
        self.widest = max(self.widest, len(members))
        return self.of(members[self._choice % len(members)], name)

    def _merged(self, parts: list[Json], name: str) -> object:
        made = [self.of(part, name) for part in parts]
        out: dict[str, object] = {}
        for value in made:
            if not isinstance(value, dict):
                return value
            out |= cast("dict[str, object]", value)
        return out

    def _object(self, schema: Json) -> dict[str, object]:
        properties: Mapping[str, Json] = schema.get("properties", {})
        required: list[str] = schema.get("required", [])
        out = {
            name: self.of(prop, name)
            for name, prop in properties.items()
            # A tag has a default, and is not required for that alone.
            if name in required or "const" in prop or self._filling
        }
        more: object = schema.get("additionalProperties")
        if isinstance(more, dict) and self._filling:
            out["some_key"] = self.of(cast("Json", more))
        return out


def _number(schema: Json) -> float:
    low = schema.get(
        "minimum", schema.get("exclusiveMinimum", 0) + 1 if "exclusiveMinimum" in schema else None
    )
    high = schema.get("maximum")
    if low is not None:
        return cast("float", low)
    return 1 if high is None else min(1, cast("float", high))


def _text(schema: Json, name: str) -> str:
    if name.lower().replace("_", "").endswith("timezone"):
        return _TIME_ZONE
    if name.lower().replace("_", "").endswith("phonenumber") and "pattern" not in schema:
        return _PHONE_NUMBER
    if name == "accept":
        return _MEDIA_RANGE
    low: int = schema.get("minLength", 0)
    high: int = schema.get("maxLength", 256)
    if "pattern" in schema:
        pattern: str = schema["pattern"]
        for text in _TEXTS:
            if re.fullmatch(pattern, text) and low <= len(text) <= high:
                return text
        raise ValueError(f"no text of tools/contract_values.py fits {pattern!r}; add one to _TEXTS")
    made = _FORMATS.get(schema["format"], "text")
    return made.ljust(low, "x")[:high]
