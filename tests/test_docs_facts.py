"""What README and docs state as fact is what the code says: tables, names, defaults, links."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Final, get_args

import pytest

from alianza_async import errors
from alianza_async.bulk import errors as bulk_errors
from alianza_async.bulk.input.rows import RESULT_COLUMNS
from alianza_async.bulk.report import DONE, STATUSES
from alianza_async.calls.call import OperationClass
from alianza_async.calls.failures import Failure
from alianza_async.cli.exits import Exit, interrupted
from alianza_async.policies.retry import TABLE, Decision
from alianza_async.policies.values import LimitPolicy, RetryPolicy, TokenPolicy
from alianza_async.sandbox import Sandbox, SandboxOptions, Truth
from alianza_async.sandbox.admin import admin_app
from alianza_async.sandbox.faults import FaultKind
from alianza_async.session import Session
from alianza_async.settings import Environment, Settings
from tests.markdown import PAGES, ROOT, anchors, codes, prose, table

if TYPE_CHECKING:
    from pathlib import Path

DOCS: Final = ROOT / "docs"
SETTINGS, BULK, SENT_AGAIN, SANDBOX, OPTIONS, FAULTS, TRUTH = (
    DOCS / f"{name}.md"
    for name in (
        *("settings", "bulk", "sent-again", "sandbox", "sandbox-options", "sandbox-faults"),
        "sandbox-truth",
    )
)
OPERATIONS: Final = DOCS / "operations.md"
_LONGEST_PAGE = 150


def spoken(name: str) -> str:
    """Return a constant's name as the docs write it."""
    return name.lower().replace("_", " ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each relative link names a file that is there, and each anchor a heading of it."""
    broken: list[str] = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        name, _, anchor = link.partition("#")
        if name.startswith(("https:", "http:")):
            continue
        target = page.parent / name if name else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", [page for page in PAGES if page != OPERATIONS], ids=lambda page: page.name)
def test_every_page_is_short(page: Path) -> None:
    """A page that nobody reads to its end tells nothing; what is looked things up in may be long."""
    assert len(page.read_text(encoding="utf-8").splitlines()) < _LONGEST_PAGE


def test_every_page_is_linked_from_the_readme() -> None:
    """A reader who starts at the front door finds every page."""
    linked = set(re.findall(r"\]\((docs/[^)#]+\.md)\)", prose(PAGES[0])))

    assert linked == {f"docs/{page.name}" for page in PAGES[1:]}


def test_what_is_sent_again_is_the_table_the_code_follows() -> None:
    """docs/sent-again.md shows `policies.retry.TABLE`, row by row and cell by cell."""
    shown = {row[0]: row[1:] for row in table(SENT_AGAIN, "what happened")}

    assert shown == {
        spoken(failure.name): [spoken(TABLE[failure][each].name) for each in OperationClass]
        for failure in Failure
    }


def test_every_word_of_that_table_is_explained() -> None:
    """Each class, each failure and each decision has one line that says what it is."""
    assert [codes(row[0])[0] for row in table(SENT_AGAIN, "class")] == list(OperationClass)
    assert [row[0] for row in table(SENT_AGAIN, "what happened", number=2)] == [
        spoken(failure.name) for failure in Failure
    ]
    assert [row[0] for row in table(SENT_AGAIN, "what follows")] == [
        spoken(decision.name) for decision in Decision
    ]


def test_every_error_says_what_to_do() -> None:
    """docs/sent-again.md lists every error there is, but for the root, in the order of the tree."""
    listed = [codes(row[0])[0] for row in table(SENT_AGAIN, "error")]
    tree = [
        line.split()[0] for line in re.findall(r"^[│├└─ ]+(\w+Error .*)$", errors.__doc__ or "", re.MULTILINE)
    ]

    assert listed == tree
    public = {*errors.__all__, *bulk_errors.__all__}
    assert {*listed, "AlianzaError", "ClientError"} == {
        name for name in public if name.endswith("Error") and name != "FieldError"
    }


def test_every_variable_and_argument_is_documented() -> None:
    """docs/settings.md lists each `ALIANZA_*` variable and each argument of `Session`, and no other."""
    rows = table(SETTINGS, "argument of `Session`")
    variables = [name for row in rows for name in codes(row[1])]
    arguments = [name for row in rows for name in codes(row[0])]

    assert sorted(variables) == sorted(f"ALIANZA_{name.upper()}" for name in Settings.model_fields)
    assert sorted(arguments) == sorted(inspect.signature(Session).parameters)


def test_every_variable_named_anywhere_exists() -> None:
    """No page, README included, names a variable that nothing reads."""
    named = {name for page in PAGES for name in re.findall(r"ALIANZA_[A-Z][A-Z_]*", page.read_text("utf-8"))}

    assert named - {f"ALIANZA_{name.upper()}" for name in Settings.model_fields} == set()


def test_every_policy_setting_has_its_default() -> None:
    """docs/settings.md shows each field of each policy with the default the code has."""
    shown = {codes(row[0])[0]: row[1] for row in table(SETTINGS, "value")}
    policies = (RetryPolicy(), LimitPolicy(), TokenPolicy())

    assert shown == {
        f"{type(policy).__name__}.{field.name}": repr(getattr(policy, field.name))
        for policy in policies
        for field in fields(policy)
    }


def test_every_environment_is_where_the_docs_say() -> None:
    """docs/settings.md shows each environment with its URL."""
    shown = {codes(row[0])[0]: codes(row[1])[0] for row in table(SETTINGS, "name")}

    assert shown == {each.value: each.base_url for each in Environment}


def test_every_status_and_whether_it_is_done() -> None:
    """docs/bulk.md lists every status; `skipped` alone is done or not as the case may be."""
    shown = {codes(row[0])[0]: row[2] for row in table(BULK, "status")}

    assert shown == {
        status: "" if status == "skipped" else "yes" if status in DONE else "no" for status in STATUSES
    }


def test_every_result_column_is_named() -> None:
    """docs/bulk.md names the columns a result file adds, in their order."""
    named = [name for name in codes(prose(BULK)) if re.fullmatch(r"result_[a-z_]+", name)]

    assert named == list(RESULT_COLUMNS)


def test_every_exit_code_is_documented() -> None:
    """docs/bulk.md lists the codes the command ends with."""
    shown = [int(code) for row in table(BULK, "exit code") for code in row[0].split(",")]

    assert shown == [*Exit, interrupted(1), interrupted(2), interrupted(15)]


def test_every_sandbox_option_has_its_default() -> None:
    """docs/sandbox-options.md shows each option with the default the code has."""
    shown = {codes(row[0])[0]: row[1] for row in table(OPTIONS, "option")}
    options = SandboxOptions()

    assert shown == {field.name: repr(getattr(options, field.name)) for field in fields(options)}


def test_every_kind_of_fault_and_every_figure_is_documented() -> None:
    """docs/sandbox-faults.md lists each kind of fault, docs/sandbox-truth.md each figure of the truth."""
    kinds = [codes(row[0])[0] for row in table(FAULTS, "kind")]
    figures = [name for row in table(TRUTH, "figure") for name in codes(row[0])]

    assert kinds == list(get_args(FaultKind))
    assert figures == [field.name for field in fields(Truth)]


def test_every_page_of_the_sandbox_is_documented() -> None:
    """docs/sandbox.md names every path that tests may ask, with its verb."""
    shown = re.findall(r"`(GET|POST|PUT) (/(?:health|_sandbox)\S*)`", prose(SANDBOX))
    served = {
        (verb, str(getattr(route, "path", "")))
        for route in admin_app(Sandbox()).routes
        for verb in getattr(route, "methods", set[str]()) - {"HEAD"}
    }

    assert set(shown) == served
