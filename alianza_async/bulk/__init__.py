"""Bulk jobs: sources, a runner with back-pressure, one result per item."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.bulk.entry import Bulk
    from alianza_async.bulk.job import BulkJob
    from alianza_async.bulk.report import ItemResult, Report

__all__ = ["Bulk", "BulkJob", "ItemResult", "Report"]

_PLACES = {"Bulk": "entry", "BulkJob": "job", "ItemResult": "report", "Report": "report"}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used: whoever reads a journal needs no job."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
