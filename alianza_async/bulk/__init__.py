"""Many items through the one road: sources, a runner with back-pressure, one result per item."""

from __future__ import annotations

from alianza_async.bulk.entry import Bulk
from alianza_async.bulk.job import BulkJob
from alianza_async.bulk.report import ItemResult, Report

__all__ = ["Bulk", "BulkJob", "ItemResult", "Report"]
