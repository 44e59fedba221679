"""The result file of a bulk job: the input's own columns, then what became of each row, in input order."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from alianza_async.bulk.input.rows import RESULT_COLUMNS, ResultLine, Row
from alianza_async.bulk.input.text_files import JSONL_SUFFIXES, SPREADSHEETS
from alianza_async.bulk.output.ordering import in_row_order
from alianza_async.bulk.output.partial import create_partial, free_name, mark_of, remove_left
from alianza_async.bulk.output.place import refuse_place
from alianza_async.bulk.output.result_lines import CsvLines, CsvTable, JsonLines
from alianza_async.calls.output_files import OutputFile, is_direct, put_new
from alianza_async.errors import ResultFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import BinaryIO

    from pydantic import JsonValue

    from alianza_async.bulk.input.sources import Source

__all__ = ["ResultFile", "ResultLine", "is_result_file", "own_places"]

_PARTIALS: Final = "partials"
_PLACES: Final = "result_files"
_CSV_START: Final = ",".join(RESULT_COLUMNS[:2]).encode("ascii")
_JSON_START: Final = f'"{RESULT_COLUMNS[0]}": '.encode("ascii")
_JSON_SUFFIXES: Final = JSONL_SUFFIXES | {".json"}


class ResultFile:
    r"""One line per row of the input: its own columns in its own text, then the `result_*` columns.

    UTF-8; CSV with commas and `\n`, or JSON Lines where the path ends in `.jsonl .ndjson .json-lines .json`.
    Only the owner may read it (mode 0600). The input's text is kept as it is, also where a spreadsheet would
    take it for a formula; in CSV a `result_*` cell that it would take for one has an apostrophe before it,
    which is taken off again where the file is fed back.

    A line is handed to the system as soon as it is written, into `PATH.partial`, in the order in which rows
    end. `close()` puts the lines into input order in bounded memory and moves the whole file to `PATH` in one
    step. If the process is killed before, `PATH.partial` stays and tells what was done until then (CSV from
    JSON Lines or Python rows: as JSON Lines). The resume of the same job removes it, see `supersede`; any
    other job leaves it alone and takes `PATH.partial.2`.

    A device, a FIFO or a descriptor of this process (`/dev/null`, `/dev/stdout`) is written directly, when
    the job ends and the lines are in order; until then they are in an unnamed temporary file.

    Args:
        path: Where the file is to be.
        source: The input, for its column names and so that it is not overwritten.
        force: Whether a file that is there may be replaced.
        journals: The job's journal, which is never replaced.
        resumed: Whether the job goes on, and this is the place it began with: what is there is then its own,
            and may be replaced if it is a result file.

    Attributes:
        path: The place, without symbolic links.
        partial: Where the lines are until the end; None where `path` is written directly.

    Raises:
        ResultFileError: The place cannot be written, or holds what may not be replaced.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        source: Source,
        force: bool = False,
        journals: Iterable[str | os.PathLike[str]] = (),
        resumed: bool = False,
    ) -> None:
        if Path(path).suffix.lower() in SPREADSHEETS:
            raise ResultFileError(f"{path}: results are CSV or JSON Lines, no Excel file; name it .csv")
        self._inputs = [source.name] if source.is_file else []
        self._journals = list(journals)
        self.path = refuse_place(
            path,
            force=force or (resumed and is_result_file(path)),
            inputs=self._inputs,
            journals=self._journals,
        )
        self._was_there = self.path.exists()
        self._table: CsvTable | None = None
        self._lines: CsvLines | JsonLines
        header = b""
        if self.path.suffix.lower() in _JSON_SUFFIXES:
            self._lines = JsonLines(source.columns)
        elif source.columns:
            self._lines = CsvLines(source.columns)
            header = self._lines.header()
        else:  # the columns are known only when every row has been seen
            self._table = CsvTable()
            self._lines = JsonLines((), on_object=self._table.learn)
        self._header = header
        self._size = 0
        self._last = 0
        self._in_order = True
        self.partial: Path | None = None
        try:
            if is_direct(self.path):
                with tempfile.TemporaryFile() as unnamed:
                    self._descriptor = os.dup(unnamed.fileno())
            else:
                self.partial, self._descriptor = create_partial(self.path)
        except OSError as error:
            raise ResultFileError(
                f"the result file {self.path} cannot be written ({_reason(error)}): name another place"
            ) from error
        self._is_open = True
        try:
            self._append(header)
        except ResultFileError:
            self.discard()
            raise

    def supersede(self, options: Mapping[str, JsonValue]) -> None:
        """Remove the partial files that killed runs of this job left: this file has their rows too.

        To be called once the job's journal is locked. Files of other jobs, and whatever else has such a name,
        stay as they are.

        Args:
            options: What the job's journal keeps of its options, see `kept`.
        """
        if self.partial is not None:
            marks = options.get(_PARTIALS)
            remove_left(self.path, self.partial, marks if isinstance(marks, list) else [], self._header)
            self.partial = free_name(self.path, self.partial)

    def kept(self, options: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the options that the job's journal is to keep, before a line is written.

        They say how a later run knows `PATH.partial` again (by its path, device and inode), and that `PATH`
        is the job's own, so that a later run may replace it.
        """
        places: list[JsonValue] = [*sorted(own_places(options) | {str(self.path)})]
        if self.partial is None:
            return {**options, _PARTIALS: [], _PLACES: places}
        return {**options, _PARTIALS: [mark_of(self.partial, self._descriptor)], _PLACES: places}

    def write(self, row: Row, result: ResultLine) -> None:
        """Write what became of one row; rows may come in any order, each once.

        Args:
            row: The row as its source gave it.
            result: What became of it.

        Raises:
            ResultFileError: The disk is full or the file cannot be written, or it is closed. What was written
                before stays whole.
        """
        if not self._is_open:
            raise ResultFileError(f"the result file {self.path} is closed: row {row.number} came too late")
        self._append(self._lines.line(row, result))
        self._in_order = self._in_order and row.number > self._last
        self._last = row.number

    def close(self) -> None:
        """Put the lines into input order at `PATH` and remove `PATH.partial`; a second call does nothing.

        Blocks for about 5 s a million rows where they ended out of order, else for no time.

        Raises:
            ResultFileError: The final file cannot be written; the sentence names the partial, which stays.
        """
        if not self._is_open:
            return
        self._is_open = False
        try:
            with open(self._descriptor, "rb") as lines:  # noqa: PTH123 - a descriptor, not a path
                if self.partial is not None:
                    os.fsync(self._descriptor)
                self._refuse_new()
                is_there = self.path.exists()  # what may be replaced; what comes later may not
                is_final = self.partial is not None and self._in_order and self._table is None
                if not is_final:
                    lines.seek(0)
                    with OutputFile(self.path, over=is_there) as final:
                        self._copy_in_order(lines, final.handle)
            if self.partial is not None:
                if is_final and is_there:
                    self.partial.replace(self.path)
                elif is_final:
                    put_new(self.partial, self.path)
                else:
                    self.partial.unlink()
        except OSError as error:
            raise ResultFileError(
                f"the result file {self.path} cannot be written ({_reason(error)}): {self._where()}"
            ) from error

    def discard(self) -> None:
        """Leave nothing behind: the job did not begin."""
        if self._is_open:
            self._is_open = False
            os.close(self._descriptor)
            if self.partial is not None:
                self.partial.unlink()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close, also after an error: what was done has to be reported."""
        try:
            self.close()
        except ResultFileError as error:
            if exc is None:
                raise
            exc.add_note(str(error))  # the first error is the one to see

    def _append(self, data: bytes) -> None:
        """Hand bytes to the system; where that fails leave no half line behind."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
                os.lseek(self._descriptor, self._size, os.SEEK_SET)
            place = self.partial or tempfile.gettempdir()
            raise ResultFileError(f"{place} cannot be written ({_reason(error)}): free space") from error
        self._size += len(data)

    def _refuse_new(self) -> None:
        """Refuse to replace what came to the place while the job ran, but for a result file.

        Raises:
            ResultFileError: It is a journal, the input, a plan, or somebody else's file.
        """
        try:
            refuse_place(
                self.path,
                force=self._was_there or is_result_file(self.path),
                inputs=self._inputs,
                journals=self._journals,
            )
        except ResultFileError as error:
            raise ResultFileError(
                f"the result file {self.path} cannot be written, as {error}; {self._where()}"
            ) from None

    def _where(self) -> str:
        if self.partial is None:
            return "its lines are lost; name a file, or write them again with `alianza bulk export`"
        return f"its lines, not in input order, are in {self.partial}"

    def _copy_in_order(self, partial: BinaryIO, final: BinaryIO) -> None:
        final.write(partial.read(len(self._header)))
        lines: Iterator[bytes] = self._lines.split(partial)
        if not self._in_order:
            number = self._lines.number
            numbered = ((number(line), line) for line in lines)
            directory = tempfile.gettempdir() if self.partial is None else str(self.path.parent)
            lines = in_row_order(numbered, directory=directory)
        if self._table is not None:
            lines = self._table.rewritten(lines)
        final.writelines(lines)


def own_places(options: Mapping[str, JsonValue]) -> frozenset[str]:
    """Return where runs of a job wrote its result files, from the options that its journal keeps."""
    places = options.get(_PLACES)
    kept = [options.get("results"), *(places if isinstance(places, list) else ())]
    return frozenset(place for place in kept if isinstance(place, str))


def is_result_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is empty or begins as a result file does; what it says of a row does not matter."""
    try:
        with open(path, "rb") as handle:  # noqa: PTH123 - may be any kind of path
            first = handle.readline(1 << 20)
    except OSError:
        return False
    return not first or _CSV_START in first or _JSON_START in first


def _reason(error: OSError) -> str:
    return "the disk is full" if error.errno == errno.ENOSPC else error.strerror or type(error).__name__
