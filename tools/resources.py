"""Write the declarations of a resource that has no file yet, from the description and operations.csv.

    python -m tools.resources [DESCRIPTION] [--print OPERATION_ID]

Each operation becomes one declaration in `alianza_async/resources/<resource>.py`: its name, class, key,
probe, replacement and docstring come from operations.csv, verb, path, parameters, body and answer from the
corrected description, the models from models.csv. From then on the file is owned by hand: this tool refuses
to write over one that exists, and tests/test_conformance.py holds it to the description. For an operation
that is new in a resource, `--print` shows a declaration to start from.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from dataclasses import dataclass, field

from pydantic.alias_generators import to_camel

from tools.description import HERE, Json, description_path, load_patched, operations, ref_name
from tools.model_names import Plan, make_plan, pascal, snake
from tools.resource_names import ANSWERS, ARGUMENTS, BODIES, IDS, PLAIN, WORDS

WIDTH = 110
SHORT = 50

TARGET = HERE.parent / "alianza_async" / "resources"

PARTS: dict[str, list[tuple[str, str, str]]] = {
    "accounts": [("_accounts_deprecated", "Operations on accounts that the API has given up.", "deprecated")],
    "reports": [("_reports_deprecated", "Reports that the API has given up.", "deprecated")],
    "business_lines": [
        (
            "_business_line_voicemail",
            "Voicemail boxes of business lines and their messages.",
            "/voicemail-box",
        )
    ],
    "telephone_numbers": [
        ("_telephone_number_orders", "Orders of telephone numbers at carriers.", "/tn-requests"),
        ("_telephone_number_inventory", "The partition's stock of telephone numbers.", "partition"),
    ],
}
"""File and docstring of each base class, and which operations it has: `Source.is_in` reads the last."""


@dataclass
class Source:
    """One operation: its line of the table, and what is published of it."""

    verb: str
    path: str
    published: Json
    row: dict[str, str]

    @property
    def deprecated(self) -> bool:
        """Whether the API has given it up."""
        return bool(self.row["replacement"])

    def is_in(self, part: str) -> bool:
        """Whether it belongs to a part of its resource."""
        if part == "deprecated":
            return self.deprecated
        return "/account/" not in self.path if part == "partition" else part in self.path


@dataclass
class Writer:
    """Writes declarations, and collects what their file must import."""

    plan: Plan
    paths: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict[str, str])
    lines: list[str] = field(default_factory=list[str])
    aliases: dict[str, str] = field(default_factory=dict[str, str])

    def model(self, schema: Json, *, write: str = "") -> str:  # noqa: PLR0911  (one line a kind of schema)
        """Return the annotation of a schema: as answered, or as a verb sends it."""
        name = ref_name(schema)
        if name == "StreamingOutput":
            return "Download"
        if name is not None and "items" in self.plan.schemas[name]:
            return self.model(self.plan.schemas[name])
        if name is not None:
            entry = self.plan.models[name]
            if not write:
                return entry.read or entry.write or "str"
            both = write != "post" and entry.read is not None and entry.read != entry.write
            return f"{entry.read} | {entry.write}" if both else entry.write or "str"
        if "oneOf" in schema:
            return " | ".join(self.model(each) for each in schema["oneOf"])
        if schema.get("type") == "array":
            return f"list[{self.model(schema['items'])}]"
        if schema.get("type") == "object":
            values: Json | bool = schema.get("additionalProperties", True)
            return f"dict[str, {'object' if isinstance(values, bool) else self.model(values)}]"
        return {"boolean": "bool", "integer": "int", "number": "float"}.get(schema.get("type", ""), "str")

    def parameter(self, schema: Json, name: str) -> str:
        """Return the annotation of a parameter."""
        target = ref_name(schema)
        schema = self.plan.schemas[target] if target else schema
        if schema.get("type") == "array":
            return f"list[{self.parameter(schema['items'], name)}]"
        if "enum" in schema:
            known = self.plan.enums.get(frozenset(schema["enum"]))
            if known:
                return known.name
            text = "Literal[" + ", ".join(f'"{value}"' for value in schema["enum"]) + "]"
            if len(text) < SHORT:
                return text
            alias = pascal(to_camel(name))
            if self.aliases.get(alias, text) != text:
                alias += "Filter"
            self.aliases[alias] = text
            return alias
        if schema.get("format") == "date":
            return "date"
        return {"boolean": "bool", "integer": "int", "number": "float"}.get(schema["type"], "str")

    def argument(self, wire: str, resource: str) -> str:
        """Return our name of a parameter."""
        return IDS[resource] if wire == "id" else ARGUMENTS.get(wire, snake(wire))

    def declare(self, source: Source) -> str:
        """Return one declaration, not formatted."""
        row, published, resource = source.row, source.published, source.row["resource"]
        path = re.sub(r"{(\w+)}", lambda m: f"{{{self.argument(m[1], resource)}}}", source.path)
        positional: list[str] = []
        keywords: list[str] = []
        partition = ""
        parameters: list[Json] = published.get("parameters", [])
        for wire in re.findall(r"{(\w+)}", source.path):
            schema: Json = next(p["schema"] for p in parameters if (p["name"], p["in"]) == (wire, "path"))
            kind, name = self.parameter(schema, wire), self.argument(wire, resource)
            if name == "partition_id":
                partition = "partition_id: str | None = None"
            else:
                positional.append(f"{name}: {_marked(kind, 'Named', wire, name)}")
        body, parts = self.body(source)
        for each in parameters:
            if each["in"] == "path":
                continue
            kind, name = self.parameter(each["schema"], each["name"]), self.argument(each["name"], resource)
            if name == "partition_id" and each.get("required"):
                partition = 'partition_id: Annotated[str | None, declare.FromClient("partitionId")] = None'
                continue
            kind = kind if each.get("required") else f"{kind} | None"
            marker = "Header" if each["in"] == "header" else "Named"
            default = "" if each.get("required") else " = None"
            keywords.append(f"{name}: {_marked(kind, marker, each['name'], name)}{default}")
        keywords = [*parts, *keywords, *([partition] if partition else [])]
        arguments = ["self", *positional, *body, *(["*", *keywords] if keywords else [])]
        doc = f'"""{row["doc"]}\n\n        `{source.verb.upper()} {source.path}`.\n        """'
        return (
            f"    @declare.{self.decorator(source, path)}\n"
            f"    async def {row['name']}({', '.join(arguments)}) -> {self.answer(source)}:\n"
            f"        {doc}\n        ...\n"
        )

    def body(self, source: Source) -> tuple[list[str], list[str]]:
        """Return the arguments that are the body, and those that are parts of it."""
        content: Json = source.published.get("requestBody", {}).get("content", {})
        operation_id = source.row["operation_id"]
        parts: list[str] = []
        form = content.get("multipart/form-data", {}).get("schema", {})
        name = ref_name(form)
        for wire, schema in (self.plan.schemas[name] if name else form).get("properties", {}).items():
            if schema.get("format") == "binary":
                parts.append(f"{snake(wire)}: {_marked('UploadSource', 'PartField', wire, snake(wire), '')}")
            else:
                kind = self.parameter(schema, wire)
                parts.append(f'{snake(wire)}: Annotated[{kind} | None, declare.PartField("{wire}")] = None')
        if "application/json" not in content:
            return (parts if len(parts) == 1 else []), ([] if len(parts) == 1 else parts)
        schema = content["application/json"]["schema"]
        kind = self.model(schema, write=source.verb)
        if kind == "dict[str, object]":
            return ["changes: Mapping[str, object]"], []
        named = re.sub(r"(Create|Write)$", "", kind.split(" | ")[-1])
        name = BODIES.get(operation_id, snake(named).rsplit("_", 1)[-1])
        if parts:
            parts = [
                p if p.endswith("= None") else p.replace("UploadSource", "UploadSource | None") + " = None"
                for p in parts
            ]
        optional = parts or operation_id == "deleteMultiple"
        return [f"{name}: {kind}{' | None = None' if optional else ''}"], parts

    def answer(self, source: Source) -> str:
        """Return what the operation answers."""
        if source.row["operation_id"] in ANSWERS:
            return ANSWERS[source.row["operation_id"]]
        for status in ("200", "201", "202", "204", "default"):
            content: Json = source.published["responses"].get(status, {}).get("content", {})
            for media, told in content.items():
                if media in {"text/csv", "application/octet-stream", "audio/mpeg"}:
                    return "Download"
                kind = self.model(told["schema"])
                # The bare text that some deletes answer says nothing.
                return "None" if source.verb == "delete" and kind == "str" else kind
        return "None"

    def decorator(self, source: Source, path: str) -> str:
        """Return the decorator."""
        row = source.row
        told = [self.shortened(path), f'operation_id="{row["operation_id"]}"']
        names = {each["name"] for each in source.published.get("parameters", [])}
        answer = self.answer(source)
        if answer.endswith("Page"):
            style = "BY_INDEX" if "firstResultIndex" in names else "BY_NUMBER"
            return f"get_pages({', '.join([*told, f'style={style}'])})"
        if row["key"]:
            told.append(f"key={self.key(row['key'])}")
        elif row["class"] != PLAIN[source.verb]:
            told.append(f"operation_class=OperationClass.{row['class'].upper()}")
        if row["replacement"]:
            name = f"{row['resource']}.{row['name']}"
            instead = row["reason"] if row["replacement"] == "none" else f"use {row['replacement']}"
            told.append(f'deprecated="{name} is deprecated: {instead}"')
        if match := re.search(r"probe: ([\w.]+)$", row["reason"]):
            told.append(f'probe="{match[1]}"')
        if source.published.get("security") == []:
            told.append("authenticated=False")
        return f"{source.verb}({', '.join(told)})"

    def key(self, text: str) -> str:
        """Return the natural key that the table tells of."""
        wire, _, lookup = text.partition(">")
        operation, _, query = lookup.partition("?")
        path = re.sub(r"{\w+}$", "{key}", self.paths[operation])
        path = re.sub(r"{(\w+)}", lambda m: f"{{{snake(m[1])}}}", path)
        pairs = ", ".join(
            f'("{pair.split("=")[0]}", "{pair.split("=")[1]}")' for pair in query.split("&") if pair
        )
        return f'NaturalKey("{wire}", {self.shortened(path)}' + (f", ({pairs},))" if pairs else ")")

    def shortened(self, path: str) -> str:
        """Return a path by the longest constant that begins it."""
        for prefix in sorted(self.constants, key=len, reverse=True):
            if path == prefix:
                return self.constants[prefix]
            if path.startswith(prefix + "/"):
                return f'{self.constants[prefix]} + "{path.removeprefix(prefix)}"'
        return f'"{path}"'

    def name_paths(self, paths: list[str]) -> str:
        """Name each beginning that several paths share; return the assignments."""
        out = ""
        pieces = [path.split("/")[1:] for path in paths]
        prefixes = {tuple(each[:end]) for each in pieces for end in range(2, len(each) + 1)}
        for prefix in sorted(prefixes, key=lambda p: (len(p), p)):
            under = [
                tuple(each[: len(prefix) + 1]) for each in pieces if tuple(each[: len(prefix)]) == prefix
            ]
            if not under[1:] or (len(set(under)) == 1 and under[0] != prefix):
                continue
            text = "/" + "/".join(prefix)
            is_one = prefix[-1].startswith("{")
            segment = next(each for each in reversed(prefix) if not each.startswith("{"))
            word = "_" + re.sub(r"\W+", "_", WORDS.get(segment, segment.removesuffix("s"))).upper()
            if not is_one and prefix in under and any(each[-1].startswith("{") for each in under):
                word = word + "ES" if word.endswith("X") else word + "S"
            word += "_PATH" if word in self.constants.values() else ""
            out += f"{word} = {self.shortened(text)}\n"
            self.constants[text] = word
        return out


def _marked(kind: str, marker: str, wire: str, name: str, plain: str = "Named") -> str:
    implied = (marker == plain or not plain) and to_camel(name) == wire
    return kind if implied else f'Annotated[{kind}, declare.{marker}("{wire}")]'


def write_file(
    writer: Writer, sources: list[Source], title: str, doc: str, bases: list[tuple[str, str]]
) -> str:
    """Return the text of one file: the class `title` with its declarations, `list` as the last."""
    plan = writer.plan
    resource = sources[0].row["resource"]
    constants = writer.name_paths(
        [re.sub(r"{(\w+)}", lambda m: f"{{{writer.argument(m[1], resource)}}}", s.path) for s in sources]
    )
    ordered = [s for s in sources if s.row["name"] != "list"]
    code = [writer.declare(source) for source in ordered]
    last = "    # Last, because from here on `list` is this operation.\n"
    code += [last + writer.declare(source) for source in sources if source.row["name"] == "list"]
    body = "\n".join(code)
    aliases = "".join(f"{name} = {text}\n" for name, text in sorted(writer.aliases.items()))
    head = re.sub(r"(?<!^)(?=[A-Z])", " ", title).capitalize()
    named = doc.startswith(head) or doc[1].isupper()
    about = doc if named else f"{head}: {doc[0].lower()}{doc[1:]}"
    # A part of a resource has no tag of its own.
    is_whole = title == pascal(to_camel(resource))
    tag = f'    tag = "{sources[0].published["tags"][0]}"\n\n' if is_whole else ""
    parents = ", ".join(name for _, name in bases) or "Resource"
    return (
        f'"""{about}"""\n\n'
        "# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that "
        "its answer comes from elsewhere)\n"
        "from __future__ import annotations\n\n"
        f"{_imports(plan, body + aliases, bases)}\n"
        f'__all__ = ["{title}"]\n\n{constants}\n{aliases}\n\n'
        f'class {title}({parents}):\n    """{doc}"""\n\n{tag}{body}'
    )


def _imports(plan: Plan, code: str, bases: list[tuple[str, str]]) -> str:
    known = {
        name: f"alianza_async.models.{m.module}"
        for m in plan.models.values()
        for name in (m.read, m.write)
        if name
    }
    known |= {e.name: f"alianza_async.models.{e.module}" for e in plan.enums.values()}
    known |= {
        "Annotated": "typing", "Literal": "typing", "Mapping": "collections.abc", "date": "datetime",
        "NaturalKey": "alianza_async.calls.call", "OperationClass": "alianza_async.calls.call",
        "Download": "alianza_async.calls.files", "UploadSource": "alianza_async.calls.files",
        "BY_INDEX": "alianza_async.resources.page_styles", "BY_NUMBER": "alianza_async.resources.page_styles",
    }  # fmt: skip
    plain = re.sub(r'""".*?"""|"[^"]*"', "", code, flags=re.DOTALL)
    used = {name for name in re.findall(r"\w+", plain) if name in known}
    lines = [f"from {known[name]} import {name}" for name in sorted(used)]
    lines += [f"from alianza_async.resources.{module} import {name}" for module, name in bases]
    lines += ["from alianza_async.endpoints import declare"]
    lines += [] if bases else ["from alianza_async.endpoints.endpoint import Resource"]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the files that are missing, or print single declarations."""
    parser = argparse.ArgumentParser(description="Write declarations; never over a file that exists.")
    parser.add_argument("--print", metavar="OPERATION_ID", action="append", default=[])
    parser.add_argument("description", nargs="?", help="default: ALIANZA_OPENAPI")
    options = parser.parse_args()
    description = load_patched(description_path(options.description))
    plan = make_plan(description)
    published = {each["operationId"]: (verb, path, each) for verb, path, each in operations(description)}
    paths = {operation_id: path for operation_id, (_, path, _) in published.items()}
    by_resource: dict[str, list[Source]] = {}
    with (HERE / "operations.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            source = Source(*published[row["operation_id"]], row)
            by_resource.setdefault(row["resource"], []).append(source)
            if row["operation_id"] in options.print:
                print(Writer(plan, paths).declare(source))
    if options.print:
        return 0
    with (HERE / "resources.csv").open(encoding="utf-8", newline="") as lines:
        docs = {row["resource"]: row["doc"] for row in csv.DictReader(lines)}
    for resource, rest in by_resource.items():
        bases: list[tuple[str, str]] = []
        for module, doc, part in PARTS.get(resource, []):
            title = pascal(to_camel(module.strip("_")))
            inside = [source for source in rest if source.is_in(part)]
            _write(module, write_file(Writer(plan, paths), inside, title, doc, []))
            rest = [source for source in rest if source not in inside]  # noqa: PLW2901
            bases.append((module, title))
        title = pascal(to_camel(resource))
        _write(resource, write_file(Writer(plan, paths), rest, title, docs[resource], bases))
    return 0


def _write(module: str, text: str) -> None:
    path = TARGET / f"{module}.py"
    if path.exists():
        print(f"{path.name} is owned by hand; left alone")
        return
    path.write_text(text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--select", "I", "--fix", "--quiet", path], check=True)  # noqa: S603
    subprocess.run([*ruff, "format", "--quiet", path], check=True)  # noqa: S603
    written = path.read_text("utf-8")
    if any(len(line) > WIDTH for line in written.splitlines()):
        written = written.replace(": PIE790  (", ": E501, PIE790  (a path is not broken; ", 1)
        path.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
