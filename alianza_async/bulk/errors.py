"""The errors of a bulk job that stopped before its input ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.errors import ClientError

if TYPE_CHECKING:
    from alianza_async.bulk.report import Report

__all__ = ["BulkStoppedError", "FailureBudgetError"]


class BulkStoppedError(ClientError):
    """A bulk job stopped before its input ended.

    Attributes:
        report: What was done and what was not.
    """

    def __init__(self, message: str, *, report: Report) -> None:
        super().__init__(message)
        self.report = report


class FailureBudgetError(BulkStoppedError):
    """Too many rows failed, so the job stopped before failing the rest too."""
