"""What a whole job has left behind, over all its runs: read from its journal once, when it has ended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from alianza_async.bulk.half_done import HalfDone
from alianza_async.bulk.half_done_rows import half_done_rows
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.report import DONE
from alianza_async.bulk.undoing.undone import undone_rows
from alianza_async.errors import AlianzaError

if TYPE_CHECKING:
    from alianza_async.bulk.report import ItemResult, Report

__all__ = ["WholeJob", "row_to_json", "tell_whole"]

_NAMED: Final = 20


@dataclass(slots=True)
class WholeJob:
    """The sums that no single run knows.

    Attributes:
        half_done: Rows that are not done, and of which something exists.
        sent_again: Rows for which something was sent more than once.
        sent_again_rows: The first of them.
        maker_unknown: Rows that are done, and have an object that was found after a lost answer, with no
            proof of who made it.
        undone: Rows that were undone.
        partly_undone: Rows of which an undo has left something.
    """

    half_done: HalfDone = field(default_factory=HalfDone)
    sent_again: int = 0
    sent_again_rows: list[int] = field(default_factory=list[int])
    maker_unknown: int = 0
    undone: int = 0
    partly_undone: int = 0

    @classmethod
    def of(cls, reader: JournalReader, *, runs: bool = False) -> WholeJob:
        """Read them.

        Args:
            reader: The job's journal.
            runs: Whether the job runs: then rows under way are not half done.

        Raises:
            JournalError: It cannot be read.
        """
        whole = cls(half_done_rows(reader, under_way=not runs))
        for entry in reader.entries(resent=True):
            whole.sent_again += 1
            if len(whole.sent_again_rows) < _NAMED:
                whole.sent_again_rows.append(entry.row)
        whole.maker_unknown = sum(
            entry.adopted and entry.evidence == "none" for entry in reader.entries(*DONE, adopted=True)
        )
        for _, how in undone_rows(reader):
            if how == "undone":
                whole.undone += 1
            else:
                whole.partly_undone += 1
        return whole

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        return {
            "half_done": self.half_done.to_json(),
            "maker_unknown": self.maker_unknown,
            "sent_again": {"rows": self.sent_again, "first": self.sent_again_rows},
            "undone": self.undone,
            "partly_undone": self.partly_undone,
        }

    def tell(self, report: Report) -> None:
        """Have a report tell of the whole job, not of its latest run alone."""
        report.half_done = self.half_done
        report.sent_again, report.sent_again_rows = self.sent_again, self.sent_again_rows
        report.maker_unknown = self.maker_unknown


def tell_whole(report: Report) -> None:
    """Have the report of a run that has ended tell of its whole job, where it has a journal."""
    if report.journal_path is None:
        return
    with suppress(AlianzaError), JournalReader(report.journal_path) as reader:
        WholeJob.of(reader).tell(report)


def row_to_json(result: ItemResult) -> dict[str, object]:
    """Return what `--json` prints of a row that is not done."""
    return {
        "row": result.row,
        "place": None if result.place is None else result.place.beside,
        "key": result.key,
        "status": result.status,
        "reason": str(result.error or ""),
        "attempts": result.attempts,
        "request_id": result.request_id,
        "objects": dict(result.objects),
        "number_state": result.number_state,
        "in_service": result.in_service,
        "failed_step": result.failed_step,
        "evidence": result.evidence,
    }
