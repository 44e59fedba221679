"""All declarations against the published description: the one place that says they are the same API."""

from __future__ import annotations

import csv
import inspect
import os
import re
import statistics
import types
import warnings
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from alianza_async.calls.files import Upload
from alianza_async.endpoints.binding import FromClient
from alianza_async.resources.registry import Declared, find, operations
from tests.kinds import Kind, argument_kind, kind, open_kind
from tools.description import Json, load_patched, operations as published_operations, ref_name
from tools.lowest import ROOT

# Read here, because no test sees the settings of the person who runs it.
DESCRIPTION = os.environ.get("ALIANZA_OPENAPI")
pytestmark = pytest.mark.skipif(
    not DESCRIPTION, reason="ALIANZA_OPENAPI does not say where the published description lies"
)

STRICTER = {"accounts.search": {"q"}}
"""Parameters that are required by us alone: a search for nothing is none."""

REQUIRED_BODIES_MAY_BE_PARTS = {
    "bulk_operation_collections.create",
    "bulk_operation_jobs.create",
    "sso_configurations.update",
    "sso_configurations.update_enforced",
}
"""What is sent as JSON or, by other arguments, as a form; so neither is required by itself."""

OWN_BODIES = {"accounts.replace": {"Account"}, "users.replace": {"User"}}
"""A whole object goes back as it was read; the write model is for a new one."""

OWN_ANSWERS: dict[str, tuple[Kind, str]] = {
    "business_lines.list_voicemail_boxes": (
        "[BusinessLineVoicemailBox]",
        "published as objects without fields",
    ),
    "business_lines.list_voicemail_boxes_expanded": (
        "[BusinessLineVoicemailBoxDetails]",
        "published as objects without fields",
    ),
    "business_lines.list_voicemail_messages": (
        "[BusinessLineVoicemailMessage]",
        "published as objects without fields",
    ),
    "ports.download_loa": ("Download", "published without a body, and it brings a letter"),
    "media.upload": ("Job|Media", "its 202 brings a job"),
    "user_groups.list": ("UserGroupSettings|null", "its 204 brings nothing"),
}


@cache
def description() -> Json:
    """The corrected description."""
    return load_patched(Path(DESCRIPTION or ""))


@cache
def published() -> dict[str, tuple[str, str, Json]]:
    """Verb, path and operation by its id."""
    return {
        each["operationId"]: (verb.upper(), path, each)
        for verb, path, each in published_operations(description())
    }


@cache
def models() -> dict[str, tuple[str, str, str]]:
    """Module, read class and write class of each schema."""
    with (ROOT / "tools" / "models.csv").open(encoding="utf-8", newline="") as file:
        return {row["schema"]: (row["module"], row["read"], row["write"]) for row in csv.DictReader(file)}


@cache
def rows() -> dict[str, dict[str, str]]:
    """The table of operations by operation id."""
    with (ROOT / "tools" / "operations.csv").open(encoding="utf-8", newline="") as file:
        return {row["operation_id"]: row for row in csv.DictReader(file)}


def told(each: Declared) -> Json:
    """Return what the description says of a declaration."""
    return published()[each.operation.operation_id][2]


def signature(each: Declared) -> dict[str, inspect.Parameter]:
    """Return the arguments of a declaration."""
    return dict(list(inspect.signature(each.endpoint.function).parameters.items())[1:])


def hints(each: Declared) -> dict[str, object]:
    """Return the types of the arguments of a declaration."""
    return get_type_hints(each.endpoint.function, include_extras=True)


def published_kind(schema: Json, *, side: int = 0) -> Kind:  # noqa: PLR0911  (a line a kind)
    """Return the kind of a published schema; a model by its class to read (0) or to write (1)."""
    name = ref_name(schema)
    if name == "StreamingOutput":
        return "Download"
    if name is not None:
        target: Json = description()["components"]["schemas"][name]
        if "items" in target or "enum" in target:
            return published_kind(target, side=side)
        module, *classes = models()[name]
        # A tagged union is no class: it is told by its members.
        return kind(
            getattr(import_module(f"alianza_async.models.{module}"), classes[side] or classes[1 - side])
        )
    if "enum" in schema:
        return f"enum {sorted(schema['enum'])}"
    if schema.get("type") == "array":
        return f"[{published_kind(schema['items'], side=side)}]"
    if "oneOf" in schema:
        return "|".join(sorted(str(published_kind(one, side=side)) for one in schema["oneOf"]))
    values: Json | bool = schema.get("additionalProperties", True)
    if schema.get("type") == "object":
        # What the server may add to is read as text, as every enumeration that is answered.
        return "object" if isinstance(values, bool) else f"{{{open_kind(published_kind(values))}}}"
    formats = {"date": "date", "binary": "file"}
    return formats.get(schema.get("format", "")) or schema["type"]


def test_every_operation_is_declared_once() -> None:
    """What is published is declared, and nothing else is."""
    ids = [each.operation.operation_id for each in operations()]

    assert sorted(ids) == sorted(published())
    assert len(ids) >= 471


def test_verbs_and_paths() -> None:
    """Verb and path are the published ones, placeholder by placeholder; the docstring ends with them."""
    ours = {each.operation.operation_id: (each.operation.method, each.path) for each in operations()}
    docs = [
        each.python
        for each in operations()
        if f"`{each.operation.method} {each.path}`" not in (each.endpoint.__doc__ or "")
    ]

    assert ours == {key: (verb, path) for key, (verb, path, _) in published().items()}
    assert docs == []


def test_tags() -> None:
    """An operation stands in the resource of its published tag."""
    assert {each.python: each.tag for each in operations()} == {
        each.python: told(each)["tags"][0] for each in operations()
    }


def test_names_and_classes_are_the_tables() -> None:
    """Python name, class, probe, key and deprecation are those of tools/operations.csv."""
    ours: dict[str, tuple[object, ...]] = {}
    wanted: dict[str, tuple[object, ...]] = {}
    for each in operations():
        operation, row = each.operation, rows()[each.operation.operation_id]
        probe = re.search(r"probe: (\S+)$", row["reason"])
        instead = row["replacement"] if row["replacement"] != "none" else "deprecated"
        ours[each.python] = (
            str(operation.operation_class),
            operation.key.field if operation.key else "",
            operation.probe,
            bool(operation.deprecated and instead in operation.deprecated),
        )
        wanted[f"{row['resource']}.{row['name']}"] = (
            row["class"],
            row["key"].partition(">")[0],
            probe[1] if probe else None,
            bool(told(each).get("deprecated")),
        )

    assert ours == wanted


def test_parameters() -> None:
    """Each parameter has the published name, place and type, and is required where it is published so."""
    wrong: dict[str, object] = {}
    for each in operations():
        binder, arguments, types_ = each.endpoint.binder, signature(each), hints(each)
        ours: dict[tuple[str, str], tuple[bool, Kind]] = {}
        for name, argument in arguments.items():
            if name in binder.path.names:
                place, wire = "path", each.endpoint.wire_name(name)
            elif name in binder.query:
                place, wire = "query", binder.query[name]
            elif name in binder.headers:
                place, wire = "header", binder.headers[name]
            else:
                continue
            of_session = name == "partition_id" and (place == "path" or _is_of_session(types_[name]))
            required = argument.default is argument.empty or of_session
            ours[place, wire] = (
                required and wire not in STRICTER.get(each.python, set()),
                argument_kind(types_[name]),
            )
        theirs = {
            (parameter["in"], parameter["name"]): (
                bool(parameter.get("required")),
                published_kind(parameter["schema"]),
            )
            for parameter in told(each).get("parameters", [])
        }
        if ours != theirs:
            wrong[each.python] = set(ours.items()) ^ set(theirs.items())

    assert wrong == {}


def _is_of_session(hint: object) -> bool:
    return any(isinstance(extra, FromClient) for extra in getattr(hint, "__metadata__", ()))


def test_ids_are_positional_and_the_rest_is_named() -> None:
    """Ids come first in the order of the path, then the body; everything else goes by its name."""
    wrong: list[str] = []
    for each in operations():
        binder = each.endpoint.binder
        ids = [name for name in binder.path.names if name != "partition_id"]
        rest = [name for name in binder.positional if name not in ids]
        if (
            list(binder.positional) != [*ids, *rest]
            or len(rest) > 1
            or set(rest) - {binder.body, *binder.parts}
        ):
            wrong.append(each.python)

    assert wrong == []


def test_bodies() -> None:
    """What is sent is what is published: the model to write, a list, text, an object, or a form's parts."""
    wrong: dict[str, object] = {}
    for each in operations():
        content: Json = told(each).get("requestBody", {}).get("content", {})
        binder, types_ = each.endpoint.binder, hints(each)
        form: Json = content.get("multipart/form-data", {}).get("schema", {})
        name = ref_name(form)
        fields: Json = (description()["components"]["schemas"][name] if name else form).get("properties", {})
        parts = {wire: argument_kind(types_[argument]) for argument, wire in binder.parts.items()}
        if parts != {wire: published_kind(schema) for wire, schema in fields.items()}:
            wrong[each.python] = parts
        sent = set(str(kind(types_[binder.body])).split("|")) - {"null"} if binder.body else set[str]()
        schema: Json | None = content.get("application/json", {}).get("schema")
        read, write = (
            set(str(published_kind(schema, side=side)).split("|")) if schema else set[str]()
            for side in (0, 1)
        )
        if each.python in OWN_BODIES:
            assert sent == OWN_BODIES[each.python]
        elif not write <= sent <= read | write:
            wrong[each.python] = (sent, read, write)

    assert wrong == {}


def test_required_bodies_are_required() -> None:
    """A body that is published as required has no default."""
    wrong: list[str] = []
    for each in operations():
        binder, arguments = each.endpoint.binder, signature(each)
        if (
            told(each).get("requestBody", {}).get("required")
            and each.python not in REQUIRED_BODIES_MAY_BE_PARTS
        ):
            names = [binder.body] if binder.body else list(binder.parts)
            wrong += [each.python for name in names if arguments[name].default is not inspect.Parameter.empty]

    assert wrong == []


def test_answers() -> None:
    """What is answered is the published model, list, text or boolean; a file is a `Download`."""
    wrong: dict[str, object] = {}
    for each in operations():
        ours = kind(each.endpoint.answer)
        if each.python in OWN_ANSWERS:
            assert ours == OWN_ANSWERS[each.python][0]
        elif open_kind(ours) != (theirs := published_answer(each)):
            wrong[each.python] = (ours, theirs)

    assert wrong == {}


def published_answer(each: Declared) -> Kind:
    """Return the kind of the first 2xx answer that has a body."""
    for status, response in sorted(told(each)["responses"].items()):
        if not status.startswith("2"):
            continue
        content: Json = response.get("content", {})
        if media := next(iter(content), None):
            if media not in {"application/json", "text/plain"}:
                return "Download"
            answer = open_kind(published_kind(content[media]["schema"]))
            # Some deletes answer a bare text that says nothing.
            return "null" if each.operation.method == "DELETE" and answer == "string" else answer
    return "null"


def test_what_is_published_without_a_token_is_sent_without() -> None:
    """No token is sent to what is published as open to everybody."""
    ours = {each.operation.operation_id for each in operations() if not each.operation.authenticated}

    assert ours == {key for key, (_, _, each) in published().items() if each.get("security") == []}


def made_up(hint: object) -> object:
    """Return a value of a type of ours."""
    hint = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(hint) in {Union, types.UnionType}:
        hint = get_args(hint)[0]
    if get_origin(hint) is list:
        return [made_up(get_args(hint)[0])] * 2
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if get_origin(hint) is not None:
        return {}
    simple: dict[object, object] = {
        str: "x y", int: 3, float: 0.5, bool: True, date: date(2026, 1, 31), Upload: Upload(b"a,b"),
    }  # fmt: skip
    if hint in simple:
        return simple[hint]
    assert inspect.isclass(hint)
    assert issubclass(hint, BaseModel)
    return hint.model_construct()


def test_every_declaration_makes_a_call() -> None:
    """With made-up arguments each declaration makes a call whose path and query have all of them."""
    wrong: list[str] = []
    for each in operations():
        types_ = hints(each)
        values = {name: made_up(types_[name]) for name in signature(each)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            call = each.endpoint.prepare(
                (), values, {"partition_id": "p"} if "partition_id" in values else {}
            )
        binder = each.endpoint.binder
        target, _, query = call.target.partition("?")
        sent = {pair.partition("=")[0] for pair in query.split("&") if pair}
        if not (
            target.count("/") == each.path.count("/")
            and "{" not in call.target
            and sent == set(binder.query.values())
            and set(call.headers) == set(binder.headers.values())
            and [part.name for part in call.parts] == list(binder.parts.values())
            and (call.body is None) == (binder.body is None)
        ):
            wrong.append(each.python)

    assert wrong == []


def test_declarations_are_short() -> None:
    """Half of the declarations have 8 lines or fewer without their docstring."""
    lengths: list[int] = []
    for each in operations():
        source = inspect.getsource(each.endpoint.function)
        lengths.append(len(re.sub(r'\n\s*""".*?"""', "", source, flags=re.DOTALL).splitlines()))

    assert statistics.median(lengths) <= 8


def test_docstrings_are_the_tables() -> None:
    """The first line of each docstring is the table's."""
    assert {each.python: each.doc for each in operations()} == {
        f"{row['resource']}.{row['name']}": row["doc"] for row in rows().values()
    }


def test_find_knows_both_names() -> None:
    """An operation is found by its Python name and by its published id."""
    assert find("accounts.create") is find("createAccount")
