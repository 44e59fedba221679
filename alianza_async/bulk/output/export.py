"""The result file of a job from its journal and its input, at any time, without asking anybody."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from alianza_async.bulk.engine.resume_state import line_of
from alianza_async.bulk.engine.validation import MAY_BE_THERE
from alianza_async.bulk.half_done import NOTHING, Left, left_by
from alianza_async.bulk.input.fingerprints import sha256_of
from alianza_async.bulk.input.rows import ResultLine
from alianza_async.bulk.input.sources import open_source
from alianza_async.bulk.journal import JournalReader
from alianza_async.bulk.kinds.by_name import kept_kind
from alianza_async.bulk.options import JobSettings
from alianza_async.bulk.output.place import refuse_place
from alianza_async.bulk.output.results import ResultFile
from alianza_async.bulk.planning.sessions import offline_session
from alianza_async.bulk.report import DONE
from alianza_async.bulk.undoing.undone import undone_rows
from alianza_async.calls.output_files import is_direct
from alianza_async.errors import ConfigurationError, InputChangedError, ResultFileError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from alianza_async.bulk.engine.workflow import Workflow
    from alianza_async.bulk.input.rows import Row
    from alianza_async.bulk.input.sources import Source
    from alianza_async.bulk.journal import Entry
    from alianza_async.endpoints.models import WriteModel

__all__ = ["PARTS", "Export", "export"]

W = TypeVar("W", bound="WriteModel")

PARTS: Final = ("done", "failed", "unknown")
"""What three separate files hold: what is there; what is not, or was not sent; what is unknown."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was written.

    Attributes:
        files: The file; or where they are separate, the three, in the order of `PARTS`.
        counts: How many rows have which status; `undone` is one of them here.
    """

    files: tuple[Path, ...]
    counts: Counter[str] = field(default_factory=Counter[str])


def export(
    journal: str | os.PathLike[str],
    results: str | os.PathLike[str],
    source: str | os.PathLike[str] | None = None,
    *,
    separate: bool = False,
    force: bool = False,
    workflow: Workflow[W] | None = None,
) -> Export:
    """Write what became of each row of a job, as its result file would have it.

    It may be done while the job runs, after it was killed, and after it ended. Of the words that the server
    refused a row with, the journal keeps what holds no secret and no address. Rows that were undone since are
    `undone`.

    Args:
        journal: The job's journal.
        results: Path of the file, CSV or JSON Lines by its suffix. It can be fed back as a source.
        source: The job's input, where that has moved; the same file.
        separate: Write three files instead, each with `-done`, `-failed` and `-unknown` before its suffix.
        force: Whether files that are there may be replaced; never the journal, the input or a plan.
        workflow: The job's workflow, where it is one of your own.

    Raises:
        JournalError: There is no such journal, or it cannot be read.
        InputChangedError: The input is not the one the journal was begun with.
        SourceError: The input cannot be read.
        ResultFileError: The file cannot be written, or there is one that may not be replaced.
        ConfigurationError: The rows came from Python, or the workflow is one of your own and is not given.
    """
    path = Path(results)
    paths = [path.with_name(f"{path.stem}-{part}{path.suffix}") for part in PARTS] if separate else [path]
    with JournalReader(journal) as reader, ExitStack() as open_files:
        rows = _input(reader, source, workflow)
        if separate and is_direct(path):
            raise ResultFileError(f"{path} is no file: leave --separate out, or name a file")
        kept = [] if reader.facts.input is None else [reader.facts.input]
        for each in paths:  # all of them before the first is begun
            refuse_place(each, force=force, inputs=[rows.name, *kept], journals=[reader.path])
        files = [
            open_files.enter_context(ResultFile(each, source=rows, force=force, journals=[reader.path]))
            for each in paths
        ]
        exported = Export(tuple(file.path for file in files))
        try:
            for row, line in _lines(rows, reader):
                files[_part(line.status) if separate else 0].write(row, line)
                exported.counts[line.status] += 1
        except BaseException:
            for file in files:  # half of it is no export: what was there before stays
                file.discard()
            raise
    return exported


def _input(
    reader: JournalReader,
    told: str | os.PathLike[str] | None,
    workflow: Workflow[W] | None,
) -> Source:
    """Return the job's rows.

    Raises:
        ConfigurationError: They came from Python.
        InputChangedError: The file is not the one that the journal was begun with.
    """
    facts = reader.facts
    file = told or facts.input
    if file is None or facts.input_sha256 is None:
        raise ConfigurationError(
            f"the rows of {reader.path} came from Python: there is no file to write again"
        )
    if sha256_of(file) != facts.input_sha256:
        raise InputChangedError(
            f"{file} is not as it was when {reader.path} was begun with {facts.input}: name that input"
        )
    # Only the names of its fields are needed: it makes no call.
    settings = JobSettings.from_json(facts.options)
    kind = kept_kind(offline_session(), facts, settings, workflow)
    return open_source(
        file,
        fields=kind.fields,
        required=kind.required,
        key_field=kind.key_field,
        options=settings.file,
    )


def _lines(rows: Source, reader: JournalReader) -> Iterator[tuple[Row, ResultLine]]:
    """Yield each row with what became of it; rows, entries and what was undone come in the input's order."""
    entries, undone = reader.entries(), undone_rows(reader)
    entry, gone = next(entries, None), next(undone, None)
    for row in rows:
        while entry is not None and entry.row < row.number:
            entry = next(entries, None)
        while gone is not None and gone[0] < row.number:
            gone = next(undone, None)
        if entry is None or entry.row != row.number:
            yield row, _line(row, None)
            continue
        line = _line(row, entry, left_by(reader.steps(entry.row)))
        if gone is not None and gone[0] == row.number:
            why = None if gone[1] == "undone" else "some of it still exists: run the undo again"
            line = replace(line, status="undone", error=why)
        yield row, line


def _line(row: Row, entry: Entry | None, left: Left = NOTHING) -> ResultLine:
    if entry is None or entry.status == "pending":
        if row.earlier is not None and row.earlier.status in DONE | MAY_BE_THERE:
            return row.earlier
        return ResultLine("skipped", error="not sent")
    if entry.status == "intent":
        how = "it may have been sent, and its end is not known: resume the job"
        entry = replace(entry, status="unknown", object_id=None, error=how, attempts=max(entry.attempts, 1))
    return line_of(row, entry, left)


def _part(status: str) -> int:
    if status in DONE:
        return 0
    return 2 if status == "unknown" else 1
