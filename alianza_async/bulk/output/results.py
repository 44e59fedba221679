"""The result file of a bulk job: the input's own columns, then what became of each row, in input order."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from alianza_async.bulk.input.rows import ResultLine, Row
from alianza_async.bulk.input.text_files import JSONL_SUFFIXES
from alianza_async.bulk.output.ordering import in_row_order
from alianza_async.bulk.output.result_lines import CsvLines, CsvTable, JsonLines
from alianza_async.errors import ResultFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import BinaryIO

    from alianza_async.bulk.input.sources import Source

__all__ = ["ResultFile", "ResultLine"]

_OWNER_ONLY: Final = 0o600
_JSON_SUFFIXES: Final = JSONL_SUFFIXES | {".json"}


class ResultFile:
    r"""One line per row of the input: its own columns in its own text, then the `result_*` columns.

    UTF-8; CSV with commas and `\n`, or JSON Lines where the path ends in `.jsonl .ndjson .json-lines .json`.
    Only the owner may read it (mode 0600). The input's text is kept as it is, also where a spreadsheet would
    take it for a formula.

    A line is handed to the system as soon as it is written, into `PATH.partial`, in the order in which rows
    end. `close()` puts the lines into input order in bounded memory and moves the whole file to `PATH` in one
    step. If the process is killed before, `PATH.partial` stays and tells what was done until then (CSV from
    JSON Lines or Python rows: as JSON Lines); a later job does not overwrite it but takes `PATH.partial.2`.

    Args:
        path: Where the file is to be; a file there is replaced at the end.
        source: The input, for its column names and so that it is not overwritten.

    Raises:
        ResultFileError: The place cannot be written, or is the input itself.
    """

    def __init__(self, path: str | os.PathLike[str], *, source: Source) -> None:
        self.path = Path(os.path.realpath(path))
        _refuse_unfit(self.path, source)
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
        self._header_size = len(header)
        self._size = 0
        self._last = 0
        self._in_order = True
        self.partial, self._descriptor = _create_partial(self.path)
        self._is_open = True
        try:
            self._append(header)
        except ResultFileError:
            os.close(self._descriptor)
            self.partial.unlink()
            raise

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
            try:
                os.fsync(self._descriptor)
            finally:
                os.close(self._descriptor)
            if self._in_order and self._table is None:
                self.partial.replace(self.path)
            else:
                self._write_final()
        except OSError as error:
            raise ResultFileError(
                f"the result file {self.path} cannot be written ({_reason(error)}): "
                f"its lines, not in input order, are in {self.partial}"
            ) from error

    def discard(self) -> None:
        """Leave nothing behind: the job did not begin."""
        if self._is_open:
            self._is_open = False
            os.close(self._descriptor)
            self.partial.unlink()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close, also after an error: what was done has to be told."""
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
            raise ResultFileError(
                f"{self.partial} cannot be written ({_reason(error)}): free space"
            ) from error
        self._size += len(data)

    def _write_final(self) -> None:
        descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)  # mode 0600
        try:
            with open(descriptor, "wb") as final:  # noqa: PTH123 - a descriptor, not a path
                self._copy_in_order(final)
                final.flush()
                os.fsync(final.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self.partial.unlink()

    def _copy_in_order(self, final: BinaryIO) -> None:
        with self.partial.open("rb") as partial:
            final.write(partial.read(self._header_size))
            lines: Iterator[bytes] = self._lines.split(partial)
            if not self._in_order:
                number = self._lines.number
                numbered = ((number(line), line) for line in lines)
                lines = in_row_order(numbered, directory=str(self.path.parent))
            if self._table is not None:
                lines = self._table.rewritten(lines)
            final.writelines(lines)


def _refuse_unfit(path: Path, source: Source) -> None:
    if path.is_dir():
        raise ResultFileError(f"{path} is a directory: name a file for the results")
    if path.exists() and not path.is_file():
        raise ResultFileError(f"{path} is not a regular file: name another for the results")
    if source.is_file and path.exists() and path.samefile(source.name):
        raise ResultFileError(f"{path} is the input: name another file for the results")


def _create_partial(path: Path) -> tuple[Path, int]:
    """Create `PATH.partial`, or the next free name: an older one is what is left of a killed job."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    number = 1
    while True:
        partial = path.with_name(f"{path.name}.partial" + (f".{number}" if number > 1 else ""))
        try:
            return partial, os.open(partial, flags, _OWNER_ONLY)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise ResultFileError(
                f"the result file {path} cannot be written ({_reason(error)}): name another place"
            ) from error


def _reason(error: OSError) -> str:
    return "the disk is full" if error.errno == errno.ENOSPC else error.strerror or type(error).__name__
