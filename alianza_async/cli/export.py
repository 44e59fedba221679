"""`alianza bulk export`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.output.export import PARTS, export
from alianza_async.bulk.report import STATUSES
from alianza_async.cli.exits import Exit
from alianza_async.cli.journals import report_of
from alianza_async.cli.summary import short, sums

if TYPE_CHECKING:
    from pathlib import Path

    from alianza_async.cli.screen import Screen

__all__ = ["run_export"]


def run_export(
    journal: Path,
    results: Path,
    screen: Screen,
    *,
    separate: bool = False,
    force: bool = False,
    source: Path | None = None,
) -> int:
    """Write what became of each row of a job, tell where, and return the exit code.

    Args:
        journal: The job's journal.
        results: The file, or what the names of three are made of.
        screen: Where it is told.
        separate: Whether it is three files.
        force: Whether files that are there may be replaced.
        source: The input, where it has moved.

    Raises:
        JournalError: There is no such journal.
        InputChangedError: The input is not the one it was begun with.
        SourceError: The input cannot be read.
        ResultFileError: A file cannot be written.
        ConfigurationError: The job's rows came from Python.
    """
    with JournalReader(journal) as reader:
        is_running, kind = reader.running(), reader.facts.kind
    written = export(journal, results, source, separate=separate, force=force)
    if is_running:
        screen.say("The job runs: this is how far it was.", "yellow")
    report, undone = report_of(dict(written.counts)), written.counts["undone"]
    if screen.as_json:
        files = [str(file) for file in written.files]
        screen.json(
            {
                "total": report.total,
                **{status: written.counts[status] for status in (*STATUSES, "undone")},
                "results": dict(zip(PARTS, files, strict=True)) if separate else files[0],
            }
        )
        return Exit.DONE
    screen.line(f"{report.total:,} rows written", "bold")
    extra = [("undone", f"{undone:,}", "deleted again by an undo")] if undone else []
    screen.show(sums(report, extra, kind=kind))
    screen.line()
    for file in written.files:
        screen.line(f"Results: {short(file)}")
    return Exit.DONE
