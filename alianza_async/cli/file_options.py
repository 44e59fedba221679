"""How a file is read, as the command line gives it, and as it is written into the commands to type next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from alianza_async.cli.wording import in_options
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alianza_async.bulk.input.file_options import FileOptions
    from alianza_async.cli.screen import Screen

__all__ = ["FileReading", "as_words", "columns_as_words", "in_cli_words", "tell_notes"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class FileReading:
    """How the file is read, where it does not say so itself.

    Attributes:
        columns: Say what a column means, as "HEADER=FIELD"; once for each.
        drop: A column that means nothing: kept in the results, not sent; once for each.
        header_row: The header's row, as a spreadsheet counts rows [default: looked for in the first 20].
        sheet: The sheet of an Excel file [default: the first one that has a header].
        encoding: The encoding of a text file [default: found out; a guess is told].
    """

    columns: Annotated[list[str] | None, Parameter(name="--map", negative=(), show_default=False)] = None
    drop: Annotated[list[str] | None, Parameter(negative=(), show_default=False)] = None
    header_row: Annotated[int | None, Parameter(show_default=False)] = None
    sheet: Annotated[str | None, Parameter(show_default=False)] = None
    encoding: Annotated[Literal["utf-8", "utf-16", "cp1252"] | None, Parameter(show_default=False)] = None

    @property
    def is_given(self) -> bool:
        """Whether any of them is given."""
        return self != FileReading()

    @property
    def options(self) -> FileOptions:
        """What is given, checked.

        Raises:
            ConfigurationError: One is invalid.
        """
        from alianza_async.bulk.input.file_options import FileOptions

        columns: dict[str, str] = {}
        for pair in self.columns or ():
            header, equals, field = pair.rpartition("=")
            if not equals or not header.strip() or not field.strip():
                raise ConfigurationError(f'--map takes "HEADER=FIELD", and was given {pair!r}')
            columns[header] = field.strip()
        return FileOptions(
            columns=columns,
            drop=self.drop or (),
            header_row=self.header_row,
            sheet=self.sheet,
            encoding=self.encoding,
        )


def columns_as_words(options: FileOptions) -> list[str]:
    """Return what is said of columns as the words of a command line: what a result file needs as well."""
    words: list[str] = []
    for header, field in options.columns.items():
        words += ["--map", f"{header}={field}"]
    for header in options.drop:
        words += ["--drop", header]
    return words


def as_words(options: FileOptions) -> list[str]:
    """Return how a file is read as the words of a command line."""
    words = columns_as_words(options)
    for name in ("header_row", "sheet", "encoding"):
        value: object = getattr(options, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def in_cli_words(notes: Iterable[str]) -> list[str]:
    """Return how a file was read in the command line's words."""
    return [in_options(note) for note in notes]


def tell_notes(notes: Iterable[str], screen: Screen, told: set[str]) -> None:
    """Tell how a file was read, each sentence once.

    Args:
        notes: The sentences.
        screen: Where.
        told: What was told already; it is added to.
    """
    for note in in_cli_words(notes):
        if note not in told:
            told.add(note)
            screen.say(note, "yellow")
