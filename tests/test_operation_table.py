"""`tools/operations.csv` names and classes every published operation, `tools/resources.csv` every tag."""

from __future__ import annotations

import csv
import keyword
import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from alianza_async.calls.call import NaturalKey, OperationClass
from alianza_async.endpoints.endpoint import Endpoint, Resource
from alianza_async.endpoints.lazy import Lazy
from alianza_async.resources.accounts import AccountIdType, Accounts
from alianza_async.resources.namespace import Namespace
from alianza_async.resources.registry import operations
from alianza_async.session import Session
from tools.lowest import ROOT

# Read here, because no test sees the settings of the person who runs it.
DESCRIPTION = os.environ.get("ALIANZA_OPENAPI")
needs_description = pytest.mark.skipif(
    not DESCRIPTION, reason="ALIANZA_OPENAPI does not say where the published description lies"
)

PLAIN = {"get": "safe", "put": "idempotent", "delete": "idempotent", "post": "action", "patch": "action"}
"""The class a verb has when nothing is said."""

WRITTEN_BY_HAND = {
    "accounts.get_by_number",
    "accounts.update",
    "accounts.ensure",
    "users.get_by_name",
    "users.update",
    "users.ensure",
    "jobs.wait",
}
"""Helpers beside the declarations, whose names no operation may take."""

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
NUMBERED_OR_TYPED = re.compile(r"(^|_)(v?\d+x?|x|by_id)(_|$)|v2x|dto")
PROBE = re.compile(r"probe: ([a-z_]+\.[a-z_0-9]+)$")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    operation_id: str
    resource: str
    name: str
    operation_class: str
    key: str
    replacement: str
    reason: str

    @property
    def python_name(self) -> str:
        """How a user writes it after `session.`."""
        return f"{self.resource}.{self.name}"


@dataclass(slots=True)
class Published:
    """What the description says of an operation, as far as the table depends on it."""

    verb: str
    path: str
    operation_id: str = ""
    tag: str = ""
    deprecated: bool = False
    statuses: list[str] = field(default_factory=list[str])
    parameters: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def placeholders(self) -> list[str]:
        """The path's placeholders, in order."""
        return re.findall(r"{(\w+)}", self.path)

    def note(self, section: str, line: str) -> None:
        """Take what a line inside a section of the operation tells."""
        if section == "tags" and (match := re.fullmatch(r"        - (.+)", line)):
            self.tag = match[1]
        elif section == "responses" and (match := re.fullmatch(r"        '(\d+)':", line)):
            self.statuses.append(match[1])
        elif section == "parameters" and (match := re.fullmatch(r"        - name: (\S+)", line)):
            self.parameters[match[1]] = ""
        elif section == "parameters" and (match := re.fullmatch(r"          in: (\w+)", line)):
            self.parameters[[*self.parameters][-1]] = match[1]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A key as the table writes it: `field>operation@placeholder?query=value&...`, the last two optional."""

    field: str
    operation_id: str
    query: dict[str, str]
    placeholder: str | None

    @classmethod
    def parse(cls, text: str) -> Lookup:
        """Read it."""
        match = re.fullmatch(r"(\w+)>(\w+)(?:@(\w+))?(?:\?(\w+=\w+(?:&\w+=\w+)*))?", text)
        assert match is not None, text
        query = dict(pair.split("=") for pair in (match[4] or "").split("&") if pair)
        return cls(match[1], match[2], query, match[3])


def read_csv(name: str) -> list[dict[str, str]]:
    """Read a table of `tools/`, header first."""
    with (ROOT / "tools" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@cache
def table() -> tuple[Row, ...]:
    """The table of operations, in its order."""
    return tuple(
        Row(
            line["operation_id"],
            line["resource"],
            line["name"],
            line["class"],
            line["key"],
            line["replacement"],
            line["reason"],
        )
        for line in read_csv("operations.csv")
    )


@cache
def tags() -> dict[str, str]:
    """Resource by tag."""
    return {line["tag"]: line["resource"] for line in read_csv("resources.csv")}


@cache
def published() -> dict[str, Published]:
    """Every operation of the description, by its id.

    Read line by line, for the file is indented regularly and a YAML parser is no dependency of ours. Were it
    laid out in another way, nothing would be found here and every test would say so.
    """
    assert DESCRIPTION is not None
    found: list[Published] = []
    path = section = ""
    for line in Path(DESCRIPTION).read_text(encoding="utf-8").splitlines():
        if re.match(r"\S", line):
            path = ""
        elif match := re.fullmatch(r"  (/\S*):", line):
            path = match[1]
        elif path and (match := re.fullmatch(r"    (get|put|post|delete|patch):", line)):
            found.append(Published(match[1], path))
        elif path and (match := re.fullmatch(r"      (\w+):(?: (.*))?", line)):
            section = match[1]
            if section == "operationId":
                found[-1].operation_id = match[2]
            elif section == "deprecated":
                found[-1].deprecated = match[2] == "true"
        elif path:
            found[-1].note(section, line)
    return {operation.operation_id: operation for operation in found}


def declared() -> dict[str, Endpoint[..., object]]:
    """Every declaration that the library has, by its Python name."""
    return {each.python: each.endpoint for each in operations()}


def key_of(key: NaturalKey | None) -> tuple[object, ...]:
    """Field and query of a declared key."""
    return (key.field, dict(key.lookup_query)) if key else ()


def test_names_are_unique() -> None:
    """A Python name means one operation, and an operation has one name."""
    names = [row.python_name for row in table()]
    ids = [row.operation_id for row in table()]

    assert [name for name in names if names.count(name) > 1] == []
    assert [each for each in ids if ids.count(each) > 1] == []


def test_names_are_well_formed() -> None:
    """Names are lower-case Python identifiers, without the numbers and type names of operation ids."""
    wrong = [
        row.python_name
        for row in table()
        for name in (row.resource, row.name)
        if not SNAKE.fullmatch(name.removesuffix("_"))
        or NUMBERED_OR_TYPED.search(name)
        or keyword.iskeyword(name)
        or (name.endswith("_") and not keyword.iskeyword(name.removesuffix("_")))
    ]

    assert wrong == []


def test_names_leave_what_is_there_alone() -> None:
    """No operation hides a helper or a member of `Resource`, no resource a member of `Session`."""
    ours = {f"{row.resource}.{row.name}" for row in table()}
    members = {name for owner in Session.__mro__ for name in vars(owner)}
    resources = {name for name, member in vars(Namespace).items() if isinstance(member, Lazy)}

    assert ours & WRITTEN_BY_HAND == set()
    assert {row.python_name for row in table() if hasattr(Resource, row.name)} == set()
    assert set(tags().values()) & (members - resources) == set()


def test_classes_are_the_librarys() -> None:
    """Each class is one of `OperationClass`, and a create, nothing else, has a key."""
    classes = {str(each) for each in OperationClass}

    assert [row.python_name for row in table() if row.operation_class not in classes] == []
    assert [row.python_name for row in table() if (row.operation_class == "create") != bool(row.key)] == []


def test_replacements_and_probes_exist() -> None:
    """A replacement is another operation, not deprecated itself; a probe is an operation that only reads."""
    rows = {row.python_name: row for row in table()}
    replaced = [row for row in table() if row.replacement not in {"", "none"}]
    probes = {row.python_name: match[1] for row in table() if (match := PROBE.search(row.reason))}

    assert [
        row.python_name
        for row in replaced
        if row.replacement not in rows or rows[row.replacement].replacement
    ] == []
    assert {
        name: probe
        for name, probe in probes.items()
        if probe not in rows or rows[probe].operation_class != "safe"
    } == {}
    assert len(probes) == sum("probe" in row.reason for row in table())


def test_every_resource_is_told_of() -> None:
    """`resources.csv` has each resource once, with a line of its own, and the tables name the same ones."""
    lines = read_csv("resources.csv")
    names = [line["resource"] for line in lines]
    docs = [line["doc"] for line in lines]

    assert [name for name in names if names.count(name) > 1] == []
    assert [doc for doc in docs if not doc.endswith(".") or docs.count(doc) > 1] == []
    assert set(names) == {row.resource for row in table()}


def test_declarations_agree_with_the_table() -> None:
    """What is declared has the table's name and class; a create looks itself up as the table says."""
    by_id = {row.operation_id: row for row in table()}
    told: dict[str, tuple[object, ...]] = {}
    wanted: dict[str, tuple[object, ...]] = {}
    for name, endpoint in declared().items():
        operation, row = endpoint.operation, by_id[endpoint.operation.operation_id]
        told[row.operation_id] = (name, str(operation.operation_class), *key_of(operation.key))
        lookup = Lookup.parse(row.key) if row.key else None
        wanted[row.operation_id] = (
            row.python_name,
            row.operation_class,
            *((lookup.field, lookup.query) if lookup else ()),
        )

    assert "createAccount" in told
    assert told == wanted


def test_key_is_read_in_full() -> None:
    """A key names field, operation, placeholder and query; without the latter two it is the last and none."""
    written = "number>findIt@itId?kind=Number&all=true"

    assert Lookup.parse(written) == Lookup("number", "findIt", {"kind": "Number", "all": "true"}, "itId")
    assert Lookup.parse("number>findIt") == Lookup("number", "findIt", {}, None)


def test_account_key_is_an_id_type() -> None:
    """The look-up of an account asks for it by a kind of id that the library knows."""
    key = Accounts.create.operation.key

    assert isinstance(key, NaturalKey)
    assert dict(key.lookup_query)["accountIdType"] in get_args(AccountIdType)


@needs_description
def test_every_operation_is_in_the_table() -> None:
    """The table has every operation of the description and no other, sorted by tag, path and verb."""
    in_order = sorted(published().values(), key=lambda each: (each.tag, each.path, each.verb))

    assert [row.operation_id for row in table()] == [each.operation_id for each in in_order]
    assert len(table()) == len(published()) >= 471


@needs_description
def test_every_tag_is_a_resource() -> None:
    """A tag is one resource, and an operation stands in the resource of its tag."""
    assert {each.tag for each in published().values()} == set(tags())
    assert {row.operation_id: row.resource for row in table()} == {
        operation_id: tags()[each.tag] for operation_id, each in published().items()
    }


@needs_description
def test_deprecated_operations_name_a_replacement() -> None:
    """What is deprecated, and nothing else, names its replacement, or `none` and why."""
    told = {row.operation_id for row in table() if row.replacement}

    assert told == {each.operation_id for each in published().values() if each.deprecated}
    assert [row.python_name for row in table() if row.replacement == "none" and not row.reason] == []


@needs_description
def test_what_the_verb_does_not_tell_has_a_reason() -> None:
    """A class other than the verb's plain one is justified."""
    unexplained = [
        row.python_name
        for row in table()
        if row.operation_class != PLAIN[published()[row.operation_id].verb] and not row.reason
    ]

    assert unexplained == []


@needs_description
def test_an_action_by_post_says_why_it_is_no_create() -> None:
    """A POST that is named `create` and has no key says that nothing finds what it makes."""
    silent = [
        row.python_name
        for row in table()
        if row.name.startswith("create") and row.operation_class != "create"
        if "no operation finds it by a natural key" not in row.reason
    ]

    assert silent == []


@needs_description
def test_verbs_bound_classes() -> None:
    """A GET is safe or an action, a DELETE or PATCH never safe; starting a job is an action."""
    verbs: dict[str, set[str]] = {
        "get": {"safe", "action"},
        "put": {"safe", "idempotent", "action"},
        "post": {"safe", "idempotent", "create", "action"},
        "delete": {"idempotent", "action"},
        "patch": {"action"},
    }
    outside = [
        row.python_name
        for row in table()
        if row.operation_class not in verbs[published()[row.operation_id].verb]
    ]
    jobs = [
        row.python_name
        for row in table()
        if "202" in published()[row.operation_id].statuses
        and published()[row.operation_id].verb != "put"
        and row.operation_class != "action"
    ]

    assert outside == []
    assert jobs == []


@needs_description
def test_look_ups_exist_and_only_read() -> None:
    """A create is looked up by a safe GET that takes the parameters named and ids that the create has."""
    classes = {row.operation_id: row.operation_class for row in table()}
    wrong: list[str] = []
    for row in table():
        if not row.key:
            continue
        lookup, create = Lookup.parse(row.key), published()[row.operation_id]
        target = published()[lookup.operation_id]
        key_place = lookup.placeholder or target.placeholders[-1]
        others = [name for name in target.placeholders if name != key_place]
        if not (
            (target.verb, classes[lookup.operation_id]) == ("get", "safe")
            and target.path.endswith(f"{{{key_place}}}")
            and all(target.parameters.get(name) == "query" for name in lookup.query)
            and set(others) <= set(create.placeholders)
        ):
            wrong.append(row.python_name)

    assert wrong == []
    assert {row.python_name for row in table() if row.key} >= {"accounts.create", "users.create"}
