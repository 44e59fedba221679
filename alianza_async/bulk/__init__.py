"""Bulk jobs: rows in, one result per row, nothing lost and nothing made twice.

What is public is named here; each name is loaded when it is first used: reading a journal loads no job.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.bulk.engine.history_facts import (
        ACCOUNTS,
        DEVICE_LINES,
        TELEPHONE_NUMBERS,
        USER_CALLING_PLANS,
        USERS,
        Subject,
        Traces,
    )
    from alianza_async.bulk.engine.steps import Item, Made, Need, Step, create, find_created, step
    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.entry import Bulk
    from alianza_async.bulk.errors import BulkStoppedError, FailureBudgetError
    from alianza_async.bulk.job import BulkJob
    from alianza_async.bulk.journal.reader import JournalReader
    from alianza_async.bulk.kinds.by_name import KINDS
    from alianza_async.bulk.kinds.kind_table import WORKFLOWS
    from alianza_async.bulk.output.export import Export, export
    from alianza_async.bulk.planning.plan_report import Plan
    from alianza_async.bulk.reconciling.doubles import doubles
    from alianza_async.bulk.reconciling.reconcile import Reconciliation
    from alianza_async.bulk.report import ItemResult, Report
    from alianza_async.bulk.undoing.undo_plan import UndoPlan, plan_undo
    from alianza_async.bulk.undoing.undo_report import UndoReport

__all__ = [
    "ACCOUNTS",
    "DEVICE_LINES",
    "KINDS",
    "TELEPHONE_NUMBERS",
    "USERS",
    "USER_CALLING_PLANS",
    "WORKFLOWS",
    "Bulk",
    "BulkJob",
    "BulkStoppedError",
    "Export",
    "FailureBudgetError",
    "Item",
    "ItemResult",
    "JournalReader",
    "Made",
    "Need",
    "Plan",
    "Reconciliation",
    "Report",
    "Step",
    "Subject",
    "Traces",
    "UndoPlan",
    "UndoReport",
    "Workflow",
    "create",
    "doubles",
    "export",
    "find_created",
    "plan_undo",
    "step",
]

_PLACES = {
    "engine.history_facts": (
        "ACCOUNTS",
        "DEVICE_LINES",
        "TELEPHONE_NUMBERS",
        "USERS",
        "USER_CALLING_PLANS",
        "Subject",
        "Traces",
    ),
    "engine.steps": ("Item", "Made", "Need", "Step", "create", "find_created", "step"),
    "engine.workflow": ("Workflow",),
    "entry": ("Bulk",),
    "errors": ("BulkStoppedError", "FailureBudgetError"),
    "job": ("BulkJob",),
    "journal.reader": ("JournalReader",),
    "kinds.by_name": ("KINDS",),
    "kinds.kind_table": ("WORKFLOWS",),
    "output.export": ("Export", "export"),
    "planning.plan_report": ("Plan",),
    "reconciling.doubles": ("doubles",),
    "reconciling.reconcile": ("Reconciliation",),
    "report": ("ItemResult", "Report"),
    "undoing.undo_plan": ("UndoPlan", "plan_undo"),
    "undoing.undo_report": ("UndoReport",),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
